//! What is known when a `.travis.yml` is planned, its messages as they are stored, and what a file
//! would build.

pub(crate) mod context;
pub(crate) mod fetch;
pub mod lint;
pub mod messages;
pub(crate) mod plan;

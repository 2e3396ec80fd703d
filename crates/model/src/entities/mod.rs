//! What the system keeps, as values without behaviour: neither rows nor wire types.

mod account;
mod build;
mod repository;
mod worker;

pub use account::*;
pub use build::*;
pub use repository::*;
pub use worker::*;

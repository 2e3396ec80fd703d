//! Broken and odd input for everything that reads `.travis.yml`: files to jobs, conditions, and
//! jobs to scripts.
//!
//! A case is a function of a seed and a number: a piece of the corpus, changed a few times. So a
//! case that ended the whole process can be made again from its number, and no coverage tool or
//! other compiler is needed. What went wrong once is kept in `regressions` and run by the tests.

pub mod corpus;
pub mod mutate;
pub mod random;
pub mod target;

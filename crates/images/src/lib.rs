//! Which image a job and a service run in, where the executor `container` is used.
//!
//! Three tables of the same form come one after the other, and the first row that fits counts: that
//! of the worker's owner (`images.toml`), that of the server's operator ([`examine`] checks it
//! before it is taken), and the one that comes with the program. Pure: names are worked out here,
//! and pulled elsewhere.

mod check;
pub mod reference;
mod table;

pub use check::{LONGEST, MOST_ROWS, TableError, examine, rows};
pub use table::{ImageRow, ImageTable, ServiceRow};

/// The image that a job asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageWish {
    /// By name; only an image of this name will do.
    pub name: Option<String>,
    /// Language, as in `.travis.yml`.
    pub language: String,
    /// Its version.
    pub version: Option<String>,
    /// Distribution, as in `.travis.yml`.
    pub dist: Option<String>,
}

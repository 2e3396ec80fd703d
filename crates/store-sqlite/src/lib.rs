//! The store on SQLite: one writer that gathers commits, and a few readers that see committed
//! rows only.

mod dialect;
mod options;
#[path = "../../store/shared/mod.rs"]
mod shared;
mod store;
mod writer;

pub use options::SqliteOptions;
pub use store::SqliteStore;

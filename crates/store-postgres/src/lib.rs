//! The store on PostgreSQL: for several servers beside each other.

mod dialect;
#[path = "../../store/shared/mod.rs"]
mod shared;
mod store;
#[cfg(feature = "testing")]
pub mod testing;

pub use store::{PostgresOptions, PostgresStore};

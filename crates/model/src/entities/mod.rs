//! What the system keeps, as values without behaviour: neither rows nor wire types.

mod account;
mod build;
mod cache;
mod cron;
mod forge;
mod repository;
mod worker;

pub use account::*;
pub use build::*;
pub use cache::*;
pub use cron::*;
pub use forge::*;
pub use repository::*;
pub use worker::*;

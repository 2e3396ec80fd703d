//! API v3 (reference E.2): every object carries `@type`, `@href`, `@representation`; nested
//! objects are minimal unless `include` asks for more; lists are paged.

mod account;
mod admin;
mod badge;
mod build;
mod cache;
mod common;
mod config;
mod cron;
mod delivery;
mod enrolment;
mod fleet;
mod forge;
mod images;
mod log;
mod pull_request;
mod repository;
mod results;
mod stats;
mod worker;

pub use account::*;
pub use admin::*;
pub use badge::*;
pub use build::*;
pub use cache::*;
pub use common::*;
pub use config::*;
pub use cron::*;
pub use delivery::*;
pub use enrolment::*;
pub use fleet::*;
pub use forge::*;
pub use images::*;
pub use log::*;
pub use pull_request::*;
pub use repository::*;
pub use results::*;
pub use stats::*;
pub use worker::*;

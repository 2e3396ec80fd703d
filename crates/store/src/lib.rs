//! The port behind which rows are kept, and the contract suite that every adapter runs.
//!
//! A reader sees committed rows. A transaction sees its own writes; nothing of it is seen by
//! anybody before [`Tx::commit`] has returned, and dropping it without that undoes it. Whoever
//! changes a build, its stages, jobs or attempts first locks the build by
//! [`Tx::lock_build`], so that changes to one build come one after another and lock order is the
//! same everywhere.

#[cfg(feature = "testing")]
pub mod contract;
mod error;
mod port;
mod port_admin;
mod port_cache;
mod port_cron;
mod port_fleet;
mod port_forge;
mod port_results;
mod port_stats;
mod port_trust;
mod values;
mod values_forge;

pub use error::StoreError;
pub use port::{Reader, Store, Tx};
pub use port_admin::{AdminReader, AdminTx, Holdings};
pub use port_cache::{CacheReader, CacheTx, NewCache};
pub use port_cron::{CronReader, CronTx, NewCron};
pub use port_fleet::*;
pub use port_forge::{HostingReader, HostingTx};
pub use port_results::*;
pub use port_stats::*;
pub use port_trust::{NewKnownAnswer, TrustReader, TrustTx};
pub use values::*;
pub use values_forge::*;

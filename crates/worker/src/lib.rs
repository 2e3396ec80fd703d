//! The agent that runs jobs on a machine.
//!
//! It only ever calls the server, never the other way round. What it holds of a job is a lease; the
//! truth about a log is the spool on its disk until the server says that the log is sealed.
//!
//! - `agent`: the poll loop: heartbeat, work and orders;
//! - `runner`: one attempt from assignment to seal;
//! - `intake`, `spool`, `uplink`: a log's way from the terminal to the server;
//! - `cache`: a job's cache, fetched before and stored after;
//! - `images`: the operator's table of images;
//! - `session`, `identity`, `client`: who this worker is and how it speaks.

mod agent;
mod backoff;
mod cache;
mod client;
mod config;
mod control;
mod doctor;
mod drive;
mod error;
mod facts;
mod identity;
mod images;
mod intake;
mod local;
mod owner;
mod preamble;
mod report;
mod results;
mod runner;
mod session;
mod speed;
mod spool;
mod uplink;
mod verdict;
mod watch;

pub use agent::run;
pub use config::{MaxLimits, WorkerConfig};
pub use doctor::{doctor, machine};
pub use error::WorkerError;
pub use facts::measure;
pub use identity::{enrolled_with, is_enrolled};
pub use images::OPERATORS_IMAGES;
pub use local::{LocalEnd, LocalError, LocalJob, run_here};
pub use owner::{
    AskError, Contact, Done, JobStanding, JobStep, NetworkUse, Order, OwnerSettings, SETTINGS,
    SettingsError, Standing, ask,
};

//! The use cases and loops: intake, planner, dispatcher, reaper, poller. They see ports, never an
//! adapter. Every loop reads rows that the one before it wrote, so each can be killed at any
//! instruction and run again.

mod access;
mod accounts;
mod attempts;
mod badges;
mod changes;
mod clock;
mod dispatcher;
mod draft;
mod error;
mod hosting;
mod intake;
mod label;
mod offer;
mod planner;
mod poller;
mod reaper;
mod report;
mod repositories;
mod runs;
mod source;
mod vault;
mod waiting;
mod workers;

use std::sync::Arc;
use std::time::Duration;
use travis_bus::Bus;
use travis_forge::Forge;
use travis_logs::LogStore;
use travis_store::Store;

pub use access::Viewer;
pub use attempts::{AttemptAccess, Finished, Finishing};
pub use clock::{Clock, SystemClock};
pub use dispatcher::{Orders, PollCall};
pub use error::EngineError;
pub use hosting::{Connect, Forged, Hosted, remote_ref};
pub use intake::{BuildDemand, Ping, PingOutcome};
pub use label::{env_label, job_label};
pub use offer::Offer;
pub use report::{Reported, ReportedState, reported};
pub use repositories::NewRepository;
pub use travis_model::Secret;
pub use vault::{Vault, VaultError};
pub use waiting::Waits;
pub use workers::{Enrolment, Introduction};

/// What the operator decided.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The address under which people reach the server, without a slash at the end.
    pub public_url: String,
    /// Local paths and loopback addresses may be clone URLs.
    pub allow_local_git: bool,
    /// A repository of the server's own making, which is local and allowed all the same.
    pub sample_url: Option<String>,
    /// How long a lease lasts.
    pub lease: Duration,
    /// How long an idle poll is held.
    pub idle_poll: Duration,
    /// How often a busy worker is to be heard of.
    pub heartbeat: Duration,
    /// Limits of jobs.
    pub limits: JobLimits,
}

impl Policy {
    /// Whether this clone URL may be a local path or a loopback address.
    #[must_use]
    pub fn allows_local(&self, url: &str) -> bool {
        self.allow_local_git || self.sample_url.as_deref() == Some(url)
    }
}

/// What a job may use at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobLimits {
    /// In all.
    pub total: Duration,
    /// Without output.
    pub silence: Duration,
    /// Bytes of log.
    pub log_bytes: u64,
    /// Bytes of memory; no limit of the server's when `None`.
    pub memory_bytes: Option<u64>,
    /// Processes and threads.
    pub processes: Option<u64>,
    /// Whether jobs may use the network.
    pub network: bool,
}

impl Default for JobLimits {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(50 * 60),
            silence: Duration::from_secs(10 * 60),
            log_bytes: 100_000_000,
            memory_bytes: None,
            processes: Some(4096),
            network: true,
        }
    }
}

/// The ports that the use cases work with.
pub struct Ports {
    /// Rows.
    pub store: Arc<dyn Store>,
    /// Logs.
    pub logs: Arc<dyn LogStore>,
    /// Wake-ups and events.
    pub bus: Arc<dyn Bus>,
    /// Plain git repositories.
    pub forge: Arc<dyn Forge>,
    /// Makes the adapters of forges.
    pub connect: Connect,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// All use cases, over their ports.
pub struct Engine {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) logs: Arc<dyn LogStore>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) forge: Arc<dyn Forge>,
    pub(crate) connect: Connect,
    pub(crate) adapters: hosting::Adapters,
    pub(crate) renewing: tokio::sync::Mutex<()>,
    pub(crate) grants: access::Grants,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) vault: Vault,
    pub(crate) policy: Policy,
    pub(crate) keys: attempts::KeyCache,
    pub(crate) held: dispatcher::HeldPolls,
}

impl Engine {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(ports: Ports, vault: Vault, policy: Policy) -> Self {
        Self {
            store: ports.store,
            logs: ports.logs,
            bus: ports.bus,
            forge: ports.forge,
            connect: ports.connect,
            adapters: hosting::Adapters::default(),
            renewing: tokio::sync::Mutex::default(),
            grants: access::Grants::default(),
            clock: ports.clock,
            vault,
            policy,
            keys: attempts::KeyCache::default(),
            held: dispatcher::HeldPolls::default(),
        }
    }

    /// The rows, for reading.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The logs, for reading.
    #[must_use]
    pub fn logs(&self) -> &Arc<dyn LogStore> {
        &self.logs
    }

    /// The bus, for listening.
    #[must_use]
    pub fn bus(&self) -> &Arc<dyn Bus> {
        &self.bus
    }

    /// What the operator decided.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> travis_model::Timestamp {
        self.clock.now()
    }

    /// Runs every loop until one of them ends, which none does by itself. Drop the future to stop.
    pub async fn run_loops(self: Arc<Self>) {
        tokio::join!(
            self.clone().plan_for_ever(),
            self.clone().reap_for_ever(),
            self.clone().poll_for_ever(),
            self.clone().report_for_ever(),
        );
    }
}

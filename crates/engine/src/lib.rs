//! The use cases and loops: intake, planner, dispatcher, reaper, poller. They see ports, never an
//! adapter. Every loop reads rows that the one before it wrote, so each can be killed at any
//! instruction and run again.

mod access;
mod accounts;
mod admin;
mod allowed;
mod approvals;
mod attempts;
mod badges;
mod build_changes;
mod caches;
mod changes;
mod claims;
mod clock;
mod compare;
mod configuration;
mod crons;
mod deliveries;
mod dispatcher;
mod draft;
mod enrolments;
mod error;
mod events;
mod fleet;
mod hooks;
mod hosting;
mod images;
mod intake;
pub mod keys;
mod known;
mod label;
mod ledger;
mod liars;
mod limits;
mod masks;
mod offer;
mod plain;
mod planner;
mod planning;
mod poller;
mod preview;
mod reaper;
mod report;
mod repositories;
mod results;
mod rights;
mod rules;
mod runs;
mod said;
mod secrets;
mod secure;
mod sessions;
mod settings;
mod setup;
mod sign_in;
mod source;
mod ssh_keys;
mod standing;
mod stats;
mod switch;
mod sync;
mod variables;
mod vault;
mod verify;
mod versions;
mod waiting;
mod workers;

use std::sync::Arc;
use std::time::Duration;
use travis_blobs::Blobs;
use travis_bus::Bus;
use travis_forge::Forge;
use travis_logs::LogStore;
use travis_store::Store;

pub use access::{Rights, Viewer};
pub use admin::{Overview, UserChange};
pub use allowed::Allowed;
pub use attempts::{AttemptAccess, Finished, Finishing};
pub use caches::{CacheFilter, CacheOffer, CachePolicy, CacheUpload};
pub use clock::{Clock, SystemClock};
pub use configuration::lint::{Linted, LintedJob, lint};
pub use configuration::messages::MAIN as CONFIG_FILE;
pub use crons::CronWish;
pub use dispatcher::{GivenBack, Orders, PollCall};
pub use enrolments::{EnrolmentChange, EnrolmentWish};
pub use error::EngineError;
pub use fleet::{FleetView, FleetWaits, PlatformView, SlotView, WaitGroup};
pub use hooks::Taken;
pub use hosting::{Connect, Forged, Hosted, remote_ref};
pub use images::OperatorImages;
pub use intake::BuildDemand;
pub use known::KnownOffer;
pub use label::{env_label, job_label};
pub use offer::{ImageWish, Offer};
pub use preview::Preview;
pub use report::{Reported, ReportedState, reported};
pub use repositories::NewRepository;
pub use results::{
    ARTIFACT, Declared, JobTests, REPORT, ResultUpload, ResultsPolicy, TestRun, Told, Wanted,
};
pub use said::{Heard, PageOrders};
pub use secure::has_encrypted;
pub use settings::settings_list;
pub use setup::{ForgeConfig, OAuthClient, kind_label, kind_of};
pub use sign_in::{Arrival, SignInError, SignedIn, own_path};
pub use standing::WorkerPolicy;
pub use stats::{BuildCounts, FleetPoint, FleetStats, PlatformQueue, QueueStats, RepositoryStats};
pub use travis_model::Secret;
pub use variables::EnvVarChange;
pub use vault::{Vault, VaultError};
pub use waiting::Waits;
pub use workers::{Enrolment, Introduction, WorkerEdit, signed_by};

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
    /// Who may sign in with a forge, and whose repositories are worked on.
    pub access: Allowed,
    /// How often branches and pull requests are compared with their forge.
    pub compare_every: Duration,
    /// How long the keys of repositories are.
    pub key_length: keys::KeyLength,
    /// Caches of jobs.
    pub caches: CachePolicy,
    /// What jobs leave.
    pub results: ResultsPolicy,
    /// What workers may run.
    pub workers: WorkerPolicy,
    /// The oldest version of workers that gets work; every one when `None`.
    pub minimum_worker_version: Option<String>,
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
    /// Bytes of caches.
    pub blobs: Arc<dyn Blobs>,
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
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) forge: Arc<dyn Forge>,
    pub(crate) connect: Connect,
    pub(crate) adapters: hosting::Adapters,
    pub(crate) read_files: configuration::fetch::ReadFiles,
    pub(crate) renewing: tokio::sync::Mutex<()>,
    pub(crate) grants: access::Grants,
    pub(crate) presence: rights::Presence,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) vault: Vault,
    pub(crate) policy: Policy,
    pub(crate) keys: attempts::KeyCache,
    pub(crate) masks: masks::Masks,
    /// Logs that are read for tests.
    pub(crate) tests: results::Live,
    pub(crate) remembered: secure::Remembered,
    pub(crate) making_keys: tokio::sync::Mutex<()>,
    pub(crate) held: dispatcher::HeldPolls,
    /// What workers said of themselves, and were told, a moment ago.
    pub(crate) said: said::Said,
    /// Repositories whose limit keeps a job waiting.
    pub(crate) full: std::sync::Mutex<std::collections::HashSet<travis_model::RepositoryId>>,
}

impl Engine {
    /// Signs a statement of the server's that everybody may check, with Ed25519.
    #[must_use]
    pub fn sign_statement(&self, bytes: &[u8]) -> Vec<u8> {
        self.vault.sign_statement(bytes)
    }

    /// The public key with which its statements are checked.
    #[must_use]
    pub fn statement_key(&self) -> Vec<u8> {
        self.vault.statement_key()
    }

    /// Puts the use cases together.
    #[must_use]
    pub fn new(ports: Ports, vault: Vault, policy: Policy) -> Self {
        Self {
            store: ports.store,
            logs: ports.logs,
            blobs: ports.blobs,
            bus: ports.bus,
            forge: ports.forge,
            connect: ports.connect,
            adapters: hosting::Adapters::default(),
            read_files: configuration::fetch::ReadFiles::default(),
            renewing: tokio::sync::Mutex::default(),
            grants: access::Grants::default(),
            presence: rights::Presence::default(),
            clock: ports.clock,
            vault,
            policy,
            keys: attempts::KeyCache::default(),
            masks: masks::Masks::default(),
            tests: results::Live::default(),
            remembered: secure::Remembered::default(),
            making_keys: tokio::sync::Mutex::default(),
            held: dispatcher::HeldPolls::default(),
            said: said::Said::default(),
            full: std::sync::Mutex::default(),
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
            self.clone().sync_for_ever(),
            self.clone().recheck_for_ever(),
            self.clone().remove_hooks_for_ever(),
            self.clone().deliver_for_ever(),
            self.clone().compare_for_ever(),
            self.clone().sweep_caches_for_ever(),
            self.clone().watch_tests_for_ever(),
            self.clone().run_crons_for_ever(),
            self.clone().sample_fleet_for_ever(),
        );
    }
}

/// Ends when somebody is to look here, or when wake-ups were missed.
pub(crate) async fn waiting_for(
    wakes: &mut tokio::sync::broadcast::Receiver<travis_bus::Wake>,
    here: &travis_bus::Wake,
) {
    use tokio::sync::broadcast::error::RecvError;
    loop {
        match wakes.recv().await {
            Ok(wake) if wake == *here => return,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return,
            // Nobody can wake any more: only the time does.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

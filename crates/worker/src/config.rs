//! How a worker is set up.

use std::path::PathBuf;
use std::sync::Arc;

use travis_api::lend::Lending;
use travis_api::worker::Limits;
use travis_sandbox::{Executor, Network};

use crate::OwnerSettings;

/// How a worker is set up.
///
/// [`WorkerConfig::new`] lends everything; set what is to be otherwise.
#[derive(Clone)]
pub struct WorkerConfig {
    /// Address of the server: `https://ci.example.org`.
    pub server: String,
    /// The worker's own directory: key, spools, mirrors.
    pub data_dir: PathBuf,
    /// Name for people; the server may add to it.
    pub name: String,
    /// Jobs side by side when nobody says anything else.
    pub slots: u32,
    /// What the command line says, besides the owner's file and the page: the strictest counts.
    pub flags: Lending,
    /// Where jobs run.
    pub executor: Arc<dyn Executor>,
    /// Single-use token; needed until the worker is enrolled.
    pub enrolment_token: Option<String>,
    /// What the owner allows a job at most.
    pub max_limits: MaxLimits,
    /// Stronger executors that work here, for jobs that demand one; the strongest first.
    pub stronger: Vec<Arc<dyn Executor>>,
    /// The network that the owner lets jobs have.
    pub network: Network,
    /// What the owner says, and where it is read again.
    pub owner: OwnerSettings,
    /// The file with that; need not exist.
    pub settings_path: PathBuf,
    /// Jobs get what nobody else wants of processors and disks.
    pub polite: bool,
    /// Certificates in PEM of authorities to trust besides the known ones.
    pub authorities: Vec<u8>,
    /// Where the local page is, instead of where the owner's file says.
    pub local_page: Option<std::net::SocketAddr>,
    /// How it was started: `command`, `systemd`, `container`, `image`, `up`.
    pub started_by: String,
    /// Whether the owner lets clone URLs be local paths and loopback addresses.
    pub allow_local_git: bool,
}

impl WorkerConfig {
    /// A worker for `server` that keeps its things in `data_dir` and takes one job at a time.
    #[must_use]
    pub fn new(server: impl Into<String>, data_dir: PathBuf, executor: Arc<dyn Executor>) -> Self {
        Self {
            server: server.into(),
            name: crate::facts::hostname(),
            slots: 1,
            flags: Lending::default(),
            executor,
            enrolment_token: None,
            max_limits: MaxLimits::default(),
            stronger: Vec::new(),
            network: Network::Machine,
            owner: OwnerSettings::default(),
            settings_path: data_dir.join(crate::owner::SETTINGS),
            polite: false,
            authorities: Vec::new(),
            local_page: None,
            started_by: "command".to_owned(),
            allow_local_git: false,
            data_dir,
        }
    }

    /// The executor for a job that demands at least `kind`; `None` when there is none.
    pub(crate) fn executor_for(&self, least: Option<&str>) -> Option<&Arc<dyn Executor>> {
        let Some(least) = least else {
            return Some(&self.executor);
        };
        let all = std::iter::once(&self.executor).chain(self.stronger.iter().rev());
        all.into_iter()
            .find(|executor| strength(executor.kind()) >= strength(least))
    }

    /// All executors that work here.
    pub(crate) fn all_executors(&self) -> impl Iterator<Item = &Arc<dyn Executor>> {
        std::iter::once(&self.executor).chain(&self.stronger)
    }

    /// Images and root file systems that are here by name now.
    pub(crate) async fn images(&self) -> Vec<String> {
        let mut names = Vec::new();
        for executor in self.all_executors() {
            names.extend(executor.images().await);
        }
        names.sort();
        names.dedup();
        names
    }

    /// Kinds of all executors that work here, the strongest first.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let mut kinds: Vec<&str> = Vec::new();
        for executor in self.stronger.iter().chain([&self.executor]) {
            if !kinds.contains(&executor.kind()) {
                kinds.push(executor.kind());
            }
        }
        kinds.sort_by_key(|kind| std::cmp::Reverse(strength(kind)));
        kinds.into_iter().map(str::to_owned).collect()
    }
}

/// How well an executor keeps a job from the machine. What nobody knows can't be met.
fn strength(kind: &str) -> u8 {
    match kind {
        "host" | "dummy" => 0,
        "namespace" => 1,
        "container" => 2,
        "vm" => 3,
        _ => 4,
    }
}

/// What the owner allows a job at most; `None` leaves the job's own limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MaxLimits {
    /// Seconds in all.
    pub total_seconds: Option<u64>,
    /// Seconds without output.
    pub silence_seconds: Option<u64>,
    /// Bytes of log.
    pub log_bytes: Option<u64>,
    /// Bytes of memory.
    pub memory_bytes: Option<u64>,
    /// Processes and threads.
    pub processes: Option<u64>,
}

impl MaxLimits {
    /// The smaller ones of these and others.
    pub(crate) fn with(self, other: Self) -> Self {
        let least = |one: Option<u64>, other: Option<u64>| match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Self {
            total_seconds: least(self.total_seconds, other.total_seconds),
            silence_seconds: least(self.silence_seconds, other.silence_seconds),
            log_bytes: least(self.log_bytes, other.log_bytes),
            memory_bytes: least(self.memory_bytes, other.memory_bytes),
            processes: least(self.processes, other.processes),
        }
    }

    /// The smaller of what the job may and what the owner allows.
    pub(crate) fn bound(&self, job: &Limits) -> Limits {
        let smaller = |job: u64, owner: Option<u64>| owner.map_or(job, |owner| owner.min(job));
        let smaller_of = |job: Option<u64>, owner: Option<u64>| match (job, owner) {
            (Some(job), Some(owner)) => Some(job.min(owner)),
            (job, owner) => job.or(owner),
        };
        Limits {
            total_seconds: smaller(job.total_seconds, self.total_seconds),
            silence_seconds: smaller(job.silence_seconds, self.silence_seconds),
            log_bytes: smaller(job.log_bytes, self.log_bytes),
            memory_bytes: smaller_of(job.memory_bytes, self.memory_bytes),
            processes: smaller_of(job.processes, self.processes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_can_only_take_away() {
        let job = Limits {
            total_seconds: 100,
            silence_seconds: 10,
            log_bytes: 1000,
            memory_bytes: None,
            processes: Some(5),
        };
        assert_eq!(MaxLimits::default().bound(&job), job);
        let owner = MaxLimits {
            total_seconds: Some(50),
            silence_seconds: Some(20),
            memory_bytes: Some(7),
            processes: Some(9),
            ..MaxLimits::default()
        };
        let bound = owner.bound(&job);
        assert_eq!((bound.total_seconds, bound.silence_seconds), (50, 10));
        assert_eq!((bound.memory_bytes, bound.processes), (Some(7), Some(5)));
    }
}

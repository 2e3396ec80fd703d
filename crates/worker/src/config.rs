//! How a worker is set up.

use std::path::PathBuf;
use std::sync::Arc;

use travis_api::worker::Limits;
use travis_sandbox::Executor;

/// How a worker is set up.
#[derive(Clone)]
pub struct WorkerConfig {
    /// Address of the server: `https://ci.example.org`.
    pub server: String,
    /// The worker's own directory: key, spools, mirrors.
    pub data_dir: PathBuf,
    /// Name for people; the server may add to it.
    pub name: String,
    /// Jobs side by side.
    pub slots: u32,
    /// Where jobs run.
    pub executor: Arc<dyn Executor>,
    /// Single-use token; needed until the worker is enrolled.
    pub enrolment_token: Option<String>,
    /// What the owner allows a job at most.
    pub max_limits: MaxLimits,
    /// Whether the owner lets jobs use the network.
    pub network_allowed: bool,
    /// Whether the owner lets clone URLs be local paths and loopback addresses.
    pub allow_local_git: bool,
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

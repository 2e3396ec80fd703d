use super::{Head, JobMinimal, RepositoryMinimal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// All workers together: what is there, how busy it is, and what waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Fleet {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Workers in all.
    pub workers: u32,
    /// Of these, online: also paused and draining ones.
    pub online: u32,
    /// People who lend those online.
    pub people: u32,
    /// Slots of those online that run jobs.
    pub slots_busy: u32,
    /// Slots of those online that are lent now, busy or free.
    pub slots: u32,
    /// Jobs that wait for a worker.
    pub waiting: u64,
    /// How long the last jobs waited for a worker, the middle one, in milliseconds; missing while
    /// none did.
    #[schema(required = true)]
    pub usual_wait_ms: Option<u64>,
    /// Work that counts, in this calendar month, UTC.
    pub month_core_seconds: u64,
    /// The oldest version of workers that gets work; every one does when missing.
    #[schema(required = true)]
    pub minimum_version: Option<String>,
    /// Workers online that are older.
    pub too_old: u32,
    /// Versions of those online, the most common first.
    pub versions: Vec<FleetVersion>,
    /// By platform: those with workers online or jobs waiting, the largest first.
    pub platforms: Vec<FleetPlatform>,
    /// What waits and why, the most-blocked first.
    pub waits: Vec<FleetWait>,
}

/// How many workers have a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FleetVersion {
    /// The version.
    pub version: String,
    /// Workers online.
    pub workers: u32,
}

/// A platform of the fleet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FleetPlatform {
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub arch: String,
    /// Workers online.
    pub workers: u32,
    /// Slots of those that run jobs.
    pub slots_busy: u32,
    /// Slots of those that are lent now, busy or free.
    pub slots: u32,
    /// Jobs that wait for a worker.
    pub waiting: u64,
    /// How long the last jobs waited, the middle one, in milliseconds. While no worker is online,
    /// how long the oldest one waits by now.
    #[schema(required = true)]
    pub usual_wait_ms: Option<u64>,
    /// Slots busy on average in each half hour of the last 24 hours, the oldest first: 48 values,
    /// the last one is the half hour that runs now.
    pub load: Vec<f64>,
}

/// Jobs that wait for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FleetWait {
    /// The reason for programs, as in [`super::Waiting`]; `queue` for those beyond what was looked at.
    pub code: String,
    /// The reason for people: `No worker has linux ppc64le`.
    pub title: String,
    /// More: what is next, since when.
    pub text: String,
    /// Operating system that they ask for, when it matters.
    #[schema(required = true)]
    pub os: Option<String>,
    /// Architecture that they ask for, when it matters.
    #[schema(required = true)]
    pub arch: Option<String>,
    /// The repository that they belong to, when it matters and the reader may see it.
    #[schema(required = true)]
    pub repository: Option<RepositoryMinimal>,
    /// So many.
    pub jobs: u64,
    /// The oldest one waits since then.
    pub since: String,
    /// The first of them that the reader may see, at most three.
    pub next: Vec<FleetJob>,
    /// What helps: `lend` a machine, `settings` of the repository, `own_worker`, `wait`, `upgrade`.
    pub remedy: String,
}

/// A job that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FleetJob {
    /// The job.
    pub job: JobMinimal,
    /// Its repository.
    pub repository: RepositoryMinimal,
}

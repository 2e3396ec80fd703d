use super::{Head, JobMinimal, Owner, RepositoryMinimal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Worker {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Who lends it.
    pub owner: Owner,
    /// `enrolled`, `online`, `offline`, `paused`, `draining`, `banned`.
    pub state: String,
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub arch: String,
    /// The executor that it uses.
    pub executor: String,
    /// Jobs that it takes side by side.
    pub slots: u32,
    /// What it runs now.
    pub running: Vec<RunningAttempt>,
    /// What was measured of its machine.
    pub facts: crate::worker::Facts,
    /// Jobs that it finished.
    pub finished_jobs: u64,
    /// When it was registered.
    pub created_at: String,
    /// When it was last heard of.
    #[schema(required = true)]
    pub last_seen_at: Option<String>,
    /// What the reader may do.
    #[serde(rename = "@permissions")]
    pub permissions: WorkerPermissions,
}

/// What the reader may do with a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkerPermissions {
    /// Pause, drain and remove it.
    pub admin: bool,
}

/// What a worker does now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunningAttempt {
    /// The attempt.
    pub attempt: i64,
    /// Its job.
    pub job: JobMinimal,
    /// Its repository.
    pub repository: RepositoryMinimal,
    /// When it was given out.
    pub leased_at: String,
}

/// All workers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Workers {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Slots of the workers online.
    pub slots: u32,
    /// Of these, busy.
    pub busy: u32,
    /// Jobs that wait.
    pub queued: u64,
    /// The workers.
    pub workers: Vec<Worker>,
}

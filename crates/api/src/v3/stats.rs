use super::{Head, RepositoryMinimal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is usual and what is bad among many times, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatsSpread {
    /// How many there are.
    pub count: u64,
    /// Half of them are at most this; none when there are none.
    #[schema(required = true)]
    pub p50: Option<f64>,
    /// 95 of 100 are at most this.
    #[schema(required = true)]
    pub p95: Option<f64>,
}

/// Builds that ended in a day, or in a whole span.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatsBuilds {
    /// The day in UTC, as in `2026-11-23`; of a span its first.
    pub day: String,
    /// All of them.
    pub builds: u64,
    /// All commands returned 0.
    pub passed: u64,
    /// The project's commands failed.
    pub failed: u64,
    /// Could not be run.
    pub errored: u64,
    /// By a person, or overtaken.
    pub canceled: u64,
    /// From start to end of those that passed or failed.
    pub duration: StatsSpread,
    /// How long their jobs waited for workers, from when each might run.
    pub waiting: StatsSpread,
}

/// One build that ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatsBuild {
    /// Identifier.
    pub id: i64,
    /// Its number.
    pub number: i64,
    /// `passed`, `failed`, `errored` or `canceled`.
    pub state: String,
    /// When, RFC 3339.
    pub finished_at: String,
    /// Seconds from its start; none when it never started.
    #[schema(required = true)]
    pub duration: Option<f64>,
    /// How long its jobs waited for workers.
    pub waiting: StatsSpread,
}

/// Builds of a repository over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RepositoryStats {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Which.
    pub repository: RepositoryMinimal,
    /// Of this branch without pull requests; none: all builds.
    #[schema(required = true)]
    pub branch: Option<String>,
    /// How many days.
    pub span_days: u32,
    /// From there on nothing is left out, RFC 3339.
    pub since: String,
    /// Nothing of the span is left out: the answer is made of the newest 10,000 builds.
    pub complete: bool,
    /// Of the whole span.
    pub total: StatsBuilds,
    /// By day, the oldest first; those without builds, too.
    pub days: Vec<StatsBuilds>,
    /// Each of them when there are 100 at most, the oldest first; else empty.
    pub builds: Vec<StatsBuild>,
}

/// The queue of a platform in a slice of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QueuePoint {
    /// When the slice began, RFC 3339.
    pub at: String,
    /// Jobs that waited, on average; none when nothing was noted.
    #[schema(required = true)]
    pub waiting: Option<f64>,
    /// How long those waited that a worker received in it.
    pub waited: StatsSpread,
}

/// The queue of a platform over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlatformQueue {
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub arch: String,
    /// The most jobs that waited at once.
    pub most_waiting: u64,
    /// How long jobs waited, in the whole span.
    pub waited: StatsSpread,
    /// By slice, the oldest first.
    pub points: Vec<QueuePoint>,
}

/// Jobs that waited over all platforms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WaitingPoint {
    /// When the slice began, RFC 3339.
    pub at: String,
    /// Jobs that waited, on average; none when nothing was noted.
    #[schema(required = true)]
    pub waiting: Option<f64>,
}

/// The queue over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QueueStats {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// How many hours.
    pub span_hours: u32,
    /// Seconds that a slice is long.
    pub step: u64,
    /// By slice, the oldest first.
    pub points: Vec<WaitingPoint>,
    /// By platform, the busiest first.
    pub platforms: Vec<PlatformQueue>,
}

/// The fleet in a slice of time, on average; nothing when nothing was noted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FleetPoint {
    /// When the slice began, RFC 3339.
    pub at: String,
    /// Workers connected.
    #[schema(required = true)]
    pub workers: Option<f64>,
    /// Slots lent, busy or free.
    #[schema(required = true)]
    pub slots: Option<f64>,
    /// Slots that ran jobs.
    #[schema(required = true)]
    pub busy: Option<f64>,
    /// Seconds times cores of work that ended in it and counts.
    #[schema(required = true)]
    pub core_seconds: Option<f64>,
}

/// The fleet over time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FleetStats {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// How many hours.
    pub span_hours: u32,
    /// Seconds that a slice is long.
    pub step: u64,
    /// By slice, the oldest first.
    pub points: Vec<FleetPoint>,
}

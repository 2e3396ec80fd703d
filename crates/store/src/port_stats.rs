//! The part of the port about how things went over time: ends of builds, the queue, the fleet.

use crate::StoreError;
use async_trait::async_trait;
use travis_model::{BuildId, JobState, RepositoryId, Timestamp};

/// Which ended builds are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndsWanted<'a> {
    /// Of which repository.
    pub repository: RepositoryId,
    /// Of this branch, without pull requests; none: all.
    pub branch: Option<&'a str>,
    /// Ended then or later.
    pub since: Timestamp,
    /// The newest, at most so many.
    pub limit: u64,
}

/// A build that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildEnd {
    /// Which.
    pub id: BuildId,
    /// Its number.
    pub number: i64,
    /// How it ended.
    pub state: JobState,
    /// When.
    pub at: Timestamp,
    /// Milliseconds from its start; none when it never started.
    pub took: Option<i64>,
    /// Milliseconds that each job waited for a worker.
    pub waits: Vec<i64>,
}

/// How the fleet and the queue stand in a minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetSample {
    /// Minutes since 1970.
    pub minute: i64,
    /// Workers connected.
    pub workers: u32,
    /// Their slots that are lent.
    pub slots: u32,
    /// Slots that run attempts.
    pub busy: u32,
    /// Jobs that wait by operating system and architecture; those without any are left out.
    pub waiting: Vec<(String, String, u64)>,
}

/// The fleet in a slice of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetSlice {
    /// Number of the slice since 1970.
    pub slice: i64,
    /// Samples taken in it.
    pub samples: u64,
    /// Sums over the samples: workers, slots, busy slots.
    pub workers: u64,
    /// Slots lent.
    pub slots: u64,
    /// Slots that ran attempts.
    pub busy: u64,
    /// Milliseconds times cores of all work, at the slice's last sample.
    pub core_ms: i64,
}

/// The queue of a platform in a slice of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSlice {
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub arch: String,
    /// Number of the slice since 1970.
    pub slice: i64,
    /// Sum over the samples.
    pub waiting: u64,
    /// The most of any sample.
    pub most: u64,
}

/// What can be read about it. A slice is `minutes` long; slice `n` begins `n * minutes` minutes
/// after 1970.
#[async_trait]
pub trait StatsReader: Send {
    /// Builds that have ended, the oldest first.
    async fn build_ends(&mut self, wanted: EndsWanted<'_>) -> Result<Vec<BuildEnd>, StoreError>;
    /// The fleet from that minute on, the oldest first; slices without a sample are left out.
    async fn fleet_slices(
        &mut self,
        since_minute: i64,
        minutes: i64,
    ) -> Result<Vec<FleetSlice>, StoreError>;
    /// The queue from that minute on, by platform and time; slices in which nothing waited are
    /// left out.
    async fn queue_slices(
        &mut self,
        since_minute: i64,
        minutes: i64,
    ) -> Result<Vec<QueueSlice>, StoreError>;
    /// Platforms for which jobs were received since then.
    async fn platforms_received(
        &mut self,
        since: Timestamp,
    ) -> Result<Vec<(String, String)>, StoreError>;
    /// Milliseconds that a platform's jobs waited for a worker, by the slice in which they were
    /// received, the oldest slice first; of the newest `limit` jobs.
    async fn waits_received(
        &mut self,
        os: &str,
        arch: &str,
        since: Timestamp,
        minutes: i64,
        limit: u64,
    ) -> Result<Vec<(i64, Vec<i64>)>, StoreError>;
}

/// What can be changed about it. Ends of builds are kept by [`crate::Tx::update_build`].
#[async_trait]
pub trait StatsTx: StatsReader {
    /// Keeps a minute's sample and forgets those of before `oldest`. `false` when
    /// the minute has one already, of another server.
    async fn put_sample(
        &mut self,
        sample: &FleetSample,
        oldest: Timestamp,
    ) -> Result<bool, StoreError>;
}

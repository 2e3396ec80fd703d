//! The part of the port about workers as people see them: how they join, what they say of
//! themselves, what they did, and what waits for them.

use crate::{Listing, Page, SeenBy, StoreError};
use async_trait::async_trait;
use travis_model::{
    Attempt, AttemptId, EnrolmentId, JobId, RepositoryId, Timestamp, UserId, WorkerId,
};

/// A token with which a machine joins, to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEnrolment {
    /// Who made it, and will own the worker.
    pub user_id: UserId,
    /// Hash of the token.
    pub token_hash: Vec<u8>,
    /// How the machine is to join.
    pub way: String,
    /// The name wanted.
    pub name: Option<String>,
    /// What it is to lend at most.
    pub lending: Option<serde_json::Value>,
    /// Now.
    pub at: Timestamp,
    /// It is good until then.
    pub expires_at: Timestamp,
}

/// A token with which a machine joins, or joined.
#[derive(Debug, Clone, PartialEq)]
pub struct Enrolment {
    /// Identifier.
    pub id: EnrolmentId,
    /// Who made it.
    pub user_id: UserId,
    /// How the machine is to join.
    pub way: String,
    /// The name wanted.
    pub name: Option<String>,
    /// What it is to lend at most.
    pub lending: Option<serde_json::Value>,
    /// When it was made.
    pub created_at: Timestamp,
    /// It is good until then.
    pub expires_at: Timestamp,
    /// When a worker came with it.
    pub used_at: Option<Timestamp>,
    /// When it was made worthless.
    pub revoked_at: Option<Timestamp>,
    /// The worker that came with it.
    pub worker_id: Option<WorkerId>,
}

/// What a worker said of itself when it was last heard of.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkerNow {
    /// Which.
    pub worker_id: WorkerId,
    /// Heard of without a gap since then.
    pub online_since: Timestamp,
    /// Jobs that it takes side by side now.
    pub slots: u32,
    /// Whether the machine lends itself now.
    pub presence: Option<serde_json::Value>,
    /// It says so since then.
    pub presence_since: Option<Timestamp>,
    /// What jobs use of it.
    pub usage: Option<serde_json::Value>,
    /// What it lends.
    pub lending: Option<serde_json::Value>,
    /// Attempts that are frozen.
    pub frozen: Vec<AttemptId>,
    /// The network that it calls from.
    pub network: Option<String>,
}

/// What a worker's page says that it may lend.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkerWish {
    /// Which.
    pub worker_id: WorkerId,
    /// What it may lend.
    pub lending: serde_json::Value,
    /// When that was said.
    pub updated_at: Timestamp,
}

/// How an attempt ended, for the record of its worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkEnd {
    /// The worker brought it to its end.
    Finished,
    /// The worker handed it back because its owner came.
    Yielded,
    /// The worker was lost, or could not go on.
    Broken,
}

/// An attempt that ended, for the record of its worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkDone {
    /// Whose.
    pub worker_id: WorkerId,
    /// The platform's operating system.
    pub os: String,
    /// The platform's architecture.
    pub arch: String,
    /// For which repository; none for work of the server's own.
    pub repository_id: Option<RepositoryId>,
    /// When the worker got it.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// How it ended.
    pub end: WorkEnd,
    /// Milliseconds times cores that count already; those of a result that has yet to be confirmed
    /// come by [`FleetTx::credit_work`].
    pub core_ms: i64,
}

/// What a worker did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WorkerTally {
    /// Jobs brought to an end, all time.
    pub jobs: u64,
    /// Milliseconds times cores that count, all time.
    pub core_ms: u64,
    /// Times that it handed a job back because its owner came, all time.
    pub yields: u64,
    /// How long it usually takes to freeze a job.
    pub freeze_ms: Option<u64>,
    /// Jobs brought to an end since the time asked for.
    pub recent_jobs: u64,
    /// Attempts since then that it finished or handed back properly.
    pub recent_kept: u64,
    /// Attempts since then that it lost or could not go on with.
    pub recent_broken: u64,
    /// Repositories that it worked for since then.
    pub recent_repositories: u64,
}

/// Work of one worker in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusyHour {
    /// Hours since 1970.
    pub hour: i64,
    /// Milliseconds of work of all slots together.
    pub busy_ms: i64,
}

/// What all workers of a person did, of those removed too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnerLedger {
    /// When the first one was registered.
    pub since: Option<Timestamp>,
    /// Jobs brought to an end.
    pub jobs: u64,
    /// Milliseconds times cores that count.
    pub core_ms: u64,
    /// Repositories that they worked for.
    pub repositories: u64,
    /// By day, the newest first, of the last 400 days: days since 1970, jobs, core milliseconds.
    pub days: Vec<(i64, u64, u64)>,
}

/// How busy a platform was in a half hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlatformLoad {
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub arch: String,
    /// Half hours since 1970.
    pub period: i64,
    /// Milliseconds of work of attempts that have ended.
    pub busy_ms: i64,
}

/// Queued jobs of one repository for one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedGroup {
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub arch: String,
    /// Of which repository.
    pub repository_id: RepositoryId,
    /// So many.
    pub jobs: u64,
    /// The oldest one waits since then.
    pub since: Timestamp,
    /// The first of them.
    pub first: JobId,
}

/// Queued jobs for one platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedPlatform {
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub arch: String,
    /// So many.
    pub jobs: u64,
    /// The oldest one waits since then.
    pub since: Timestamp,
}

/// What can be read about the fleet.
#[async_trait]
pub trait FleetReader: Send {
    /// A token with which a machine joins.
    async fn enrolment(&mut self, id: EnrolmentId) -> Result<Option<Enrolment>, StoreError>;
    /// Tokens that a person made since then, newest first.
    async fn enrolments(
        &mut self,
        user: UserId,
        since: Timestamp,
        limit: u64,
    ) -> Result<Vec<Enrolment>, StoreError>;
    /// What workers said of themselves; those that said nothing are left out.
    async fn workers_now(&mut self, ids: &[WorkerId]) -> Result<Vec<WorkerNow>, StoreError>;
    /// What pages of workers say that they may lend; those without are left out.
    async fn worker_wishes(&mut self, ids: &[WorkerId]) -> Result<Vec<WorkerWish>, StoreError>;
    /// What workers did, one for each identifier in that order; by day where a time is asked for.
    async fn worker_tallies(
        &mut self,
        ids: &[WorkerId],
        since: Timestamp,
    ) -> Result<Vec<WorkerTally>, StoreError>;
    /// Hours in which a worker worked, the oldest first.
    async fn worker_hours(
        &mut self,
        worker: WorkerId,
        since: Timestamp,
    ) -> Result<Vec<BusyHour>, StoreError>;
    /// Attempts of a worker that may be seen, newest first, of the last thousand.
    async fn attempts_of_worker(
        &mut self,
        worker: WorkerId,
        seen_by: SeenBy,
        page: Page,
    ) -> Result<Listing<Attempt>, StoreError>;
    /// What all workers of a person did.
    async fn owner_ledger(&mut self, owner: UserId) -> Result<OwnerLedger, StoreError>;
    /// Milliseconds times cores that count, of all workers since the day of that time.
    async fn core_ms_since(&mut self, since: Timestamp) -> Result<u64, StoreError>;
    /// How busy platforms were since the half hour of that time.
    async fn platform_load(&mut self, since: Timestamp) -> Result<Vec<PlatformLoad>, StoreError>;
    /// Queued jobs by platform and repository, the longest waiting first.
    async fn queued_groups(&mut self, limit: u64) -> Result<Vec<QueuedGroup>, StoreError>;
    /// Queued jobs by platform.
    async fn queued_platforms(&mut self) -> Result<Vec<QueuedPlatform>, StoreError>;
    /// Milliseconds that the last jobs of a platform waited for a worker, newest first.
    async fn last_waits(
        &mut self,
        os: &str,
        arch: &str,
        limit: u64,
    ) -> Result<Vec<i64>, StoreError>;
}

/// What can be changed about it.
#[async_trait]
pub trait FleetTx: FleetReader {
    /// Keeps a token with which a machine joins once.
    async fn insert_enrolment(&mut self, new: &NewEnrolment) -> Result<EnrolmentId, StoreError>;
    /// Uses it up; `None` when it is unknown, used, revoked or too old.
    async fn take_enrolment(
        &mut self,
        token_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<Enrolment>, StoreError>;
    /// Notes which worker came with it.
    async fn note_enrolled(&mut self, id: EnrolmentId, worker: WorkerId) -> Result<(), StoreError>;
    /// Changes way, name and lending of a token that still waits for its machine; `false` when it
    /// is unknown, used, revoked or too old.
    async fn change_enrolment(
        &mut self,
        enrolment: &Enrolment,
        now: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Makes a person's token worthless. [`StoreError::NotFound`] when it is not theirs, or used.
    async fn revoke_enrolment(
        &mut self,
        user: UserId,
        id: EnrolmentId,
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// Keeps what a worker says of itself now.
    async fn put_worker_now(&mut self, now: &WorkerNow) -> Result<(), StoreError>;
    /// Keeps what a worker may lend.
    async fn put_worker_wish(&mut self, wish: &WorkerWish) -> Result<(), StoreError>;
    /// Notes an attempt that ended, in all ledgers.
    async fn note_work(&mut self, work: &WorkDone) -> Result<(), StoreError>;
    /// Adds work that counts since its result was confirmed; takes some away when negative.
    async fn credit_work(
        &mut self,
        worker: WorkerId,
        at: Timestamp,
        core_ms: i64,
    ) -> Result<(), StoreError>;
    /// Notes how long a worker took to freeze a job; the usual time follows slowly.
    async fn note_freeze(&mut self, worker: WorkerId, ms: u64) -> Result<(), StoreError>;
}

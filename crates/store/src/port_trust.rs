//! The part of the port about whose word counts: what workers have shown, known-answer jobs, and
//! jobs whose results want a second opinion.

use crate::StoreError;
use async_trait::async_trait;
use travis_model::{
    AttemptState, Job, KnownAnswer, KnownAnswerId, Timestamp, WorkerId, trust::Standing,
};

/// A known-answer job to be given out. It starts as `leased`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKnownAnswer {
    /// To which worker.
    pub worker_id: WorkerId,
    /// What the answer depends on.
    pub nonce: String,
    /// Hash of its token.
    pub token_hash: Vec<u8>,
    /// When its lease ends.
    pub lease_until: Timestamp,
    /// How it is isolated.
    pub executor: String,
    /// Now.
    pub at: Timestamp,
}

/// What can be read about trust.
#[async_trait]
pub trait TrustReader: Send {
    /// What a worker has shown; nothing yet when it has no row.
    async fn standing(&mut self, worker: WorkerId) -> Result<Standing, StoreError>;
    /// What all workers have shown that have a row.
    async fn standings(&mut self) -> Result<Vec<(WorkerId, Standing)>, StoreError>;
    /// Jobs whose results want one more word and nobody gives it now, in the order of the queue:
    /// those that are held up by it first.
    async fn jobs_wanting_opinions(
        &mut self,
        os: &str,
        arch: &str,
        limit: u64,
    ) -> Result<Vec<Job>, StoreError>;
    /// Finished jobs that stand by the word of this worker alone, since then, newest first.
    async fn unchecked_jobs(
        &mut self,
        worker: WorkerId,
        since: Timestamp,
        limit: u64,
    ) -> Result<Vec<Job>, StoreError>;
    /// A known-answer job.
    async fn known_answer(&mut self, id: KnownAnswerId) -> Result<Option<KnownAnswer>, StoreError>;
    /// Known-answer jobs of a worker, newest first.
    async fn known_answers(
        &mut self,
        worker: WorkerId,
        limit: u64,
    ) -> Result<Vec<KnownAnswer>, StoreError>;
    /// Live known-answer jobs whose lease ended before `now`.
    async fn expired_known_answers(
        &mut self,
        now: Timestamp,
        limit: u64,
    ) -> Result<Vec<KnownAnswer>, StoreError>;
}

/// What can be changed about it, in the same transaction as the rest.
#[async_trait]
pub trait TrustTx: TrustReader {
    /// What a worker has shown; nobody else changes it until the transaction ends.
    async fn lock_standing(&mut self, worker: WorkerId) -> Result<Standing, StoreError>;
    /// Keeps what a worker has shown.
    async fn save_standing(
        &mut self,
        worker: WorkerId,
        standing: &Standing,
    ) -> Result<(), StoreError>;
    /// Makes a known-answer job.
    async fn insert_known_answer(
        &mut self,
        new: &NewKnownAnswer,
    ) -> Result<KnownAnswer, StoreError>;
    /// Saves it, if its stored state is `expected`. [`StoreError::Conflict`] otherwise.
    async fn save_known_answer(
        &mut self,
        known: &KnownAnswer,
        expected: AttemptState,
    ) -> Result<(), StoreError>;
    /// Lengthens the leases of a worker's live known-answer jobs. Answers those still live.
    async fn renew_known_answers(
        &mut self,
        worker: WorkerId,
        ids: &[KnownAnswerId],
        until: Timestamp,
    ) -> Result<Vec<KnownAnswerId>, StoreError>;
    /// Removes ended known-answer jobs of a worker but the newest few. Answers those removed, whose
    /// logs are to be removed after the commit.
    async fn drop_known_answers(
        &mut self,
        worker: WorkerId,
        keep: u64,
    ) -> Result<Vec<KnownAnswerId>, StoreError>;
}

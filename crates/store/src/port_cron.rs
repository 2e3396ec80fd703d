//! The part of the port about builds that are asked for again and again, and about the keys with
//! which a repository's jobs reach other sources.

use crate::StoreError;
use async_trait::async_trait;
use travis_model::{
    Cron, CronId, RepositoryId, RequestId, SshKey, Timestamp, UserId, cron::CronInterval,
};

/// A cron to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCron {
    /// Of which repository.
    pub repository_id: RepositoryId,
    /// Of which branch.
    pub branch: String,
    /// How often.
    pub interval: CronInterval,
    /// Nothing is built when the branch had a build lately.
    pub skip_if_recent: bool,
    /// When it is due first.
    pub next_run: Timestamp,
    /// Who makes it.
    pub created_by: Option<UserId>,
    /// Now.
    pub at: Timestamp,
}

/// What can be read about them.
#[async_trait]
pub trait CronReader: Send {
    /// One cron.
    async fn cron(&mut self, id: CronId) -> Result<Option<Cron>, StoreError>;
    /// Crons of a repository, by branch.
    async fn crons(&mut self, repository: RepositoryId) -> Result<Vec<Cron>, StoreError>;
    /// Crons of repositories that are on whose time has come, the longest due first.
    async fn crons_due(&mut self, now: Timestamp, limit: u64) -> Result<Vec<Cron>, StoreError>;
    /// The key of a repository's own.
    async fn ssh_key(&mut self, repository: RepositoryId) -> Result<Option<SshKey>, StoreError>;
}

/// What can be changed about them, in the same transaction as the rest.
#[async_trait]
pub trait CronTx: CronReader {
    /// Makes a cron, in place of the one that its branch has.
    async fn put_cron(&mut self, new: &NewCron) -> Result<CronId, StoreError>;
    /// Removes a cron. [`StoreError::NotFound`] when there is none.
    async fn delete_cron(&mut self, id: CronId) -> Result<(), StoreError>;
    /// Notes at `at` that the run planned for then is taken and which one is the next. `false`
    /// when somebody else took it, or the cron is gone.
    async fn run_cron(
        &mut self,
        id: CronId,
        planned: Timestamp,
        next: Timestamp,
        at: Timestamp,
    ) -> Result<bool, StoreError>;
    /// Notes what a cron asked for last.
    async fn note_cron(&mut self, id: CronId, request: RequestId) -> Result<(), StoreError>;
    /// Keeps a repository's own key, in place of the one before.
    async fn put_ssh_key(&mut self, key: &SshKey) -> Result<(), StoreError>;
    /// Removes it. [`StoreError::NotFound`] when there is none.
    async fn delete_ssh_key(&mut self, repository: RepositoryId) -> Result<(), StoreError>;
}

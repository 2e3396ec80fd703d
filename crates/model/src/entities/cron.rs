use crate::{CronId, RepositoryId, RequestId, Timestamp, UserId, cron::CronInterval};

/// A build of a branch that is asked for again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    /// Identifier.
    pub id: CronId,
    /// Of which repository.
    pub repository_id: RepositoryId,
    /// Of which branch; a branch has one at most.
    pub branch: String,
    /// How often.
    pub interval: CronInterval,
    /// Nothing is built when the branch had a build in the last 24 hours.
    pub skip_if_recent: bool,
    /// When it is due.
    pub next_run: Timestamp,
    /// When it last asked for a build, or found that none was needed.
    pub last_run: Option<Timestamp>,
    /// What it last asked for.
    pub last_request_id: Option<RequestId>,
    /// Who made it.
    pub created_by: Option<UserId>,
    /// When it was made. Later runs are counted from here.
    pub created_at: Timestamp,
}

/// A private key of a repository's own, with which its jobs reach other sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshKey {
    /// Whose.
    pub repository_id: RepositoryId,
    /// What people call it.
    pub description: String,
    /// The public half, as it stands in `authorized_keys`.
    pub public_key: String,
    /// By which people compare keys: `SHA256:` and the digest in base64.
    pub fingerprint: String,
    /// The private half, encrypted.
    pub private_key: Vec<u8>,
    /// When it was set.
    pub created_at: Timestamp,
}

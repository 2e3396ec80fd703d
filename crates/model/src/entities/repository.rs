use crate::{
    BuildId, CommitId, DeliveryId, EnvVarId, Hosting, PullRequest, RepositoryId,
    RepositorySettings, RequestId, RequestState, Sender, Slug, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

/// A source tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// Identifier.
    pub id: RepositoryId,
    /// Its address.
    pub slug: Slug,
    /// One line for people.
    pub description: Option<String>,
    /// Where its commits come from. Never holds a password.
    pub clone_url: String,
    /// The branch that is built when none is named; empty until it is known.
    pub default_branch: String,
    /// Hidden from everybody who has no right to it.
    pub private: bool,
    /// Its pings make builds.
    pub active: bool,
    /// Signs its pings; kept encrypted by the caller.
    pub ping_secret: Vec<u8>,
    /// How often its branches are asked for new commits, in seconds; never when `None`.
    pub poll_seconds: Option<u32>,
    /// When its branches were last asked.
    pub polled_at: Option<Timestamp>,
    /// Where it lives, unless it is plain git.
    pub hosting: Option<Hosting>,
    /// What its maintainers decided.
    pub settings: RepositorySettings,
    /// The build shown first.
    pub current_build_id: Option<BuildId>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A variable of a repository's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvVar {
    /// Identifier.
    pub id: EnvVarId,
    /// Whose.
    pub repository_id: RepositoryId,
    /// Its name.
    pub name: String,
    /// Its value; encrypted by the caller unless it is public.
    pub value: Vec<u8>,
    /// Its value may be shown.
    pub public: bool,
    /// Only for this branch.
    pub branch: Option<String>,
}

/// The pair of keys by which values in a repository's `.travis.yml` are encrypted and decrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryKey {
    /// Whose.
    pub repository_id: RepositoryId,
    /// The public half: a `SubjectPublicKeyInfo` in DER.
    pub public_key: Vec<u8>,
    /// The private half; encrypted by the caller.
    pub private_key: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A demand for a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Identifier.
    pub id: RequestId,
    /// Of which repository.
    pub repository_id: RepositoryId,
    /// `push`, `pull_request`, `api`, `cron`.
    pub event_type: String,
    /// Where it stands.
    pub state: RequestState,
    /// Why no build came of it.
    pub reason: Option<String>,
    /// The branch asked for.
    pub branch: Option<String>,
    /// The commit asked for.
    pub sha: Option<String>,
    /// The tag asked for.
    pub tag: Option<String>,
    /// The message asked for, instead of the commit's.
    pub message: Option<String>,
    /// The sender's own number of the ping: the same one twice makes one request.
    pub delivery: Option<String>,
    /// The pull request it is about.
    pub pull_request: Option<PullRequest>,
    /// Who did what it came of, on the forge.
    pub sender: Option<Sender>,
    /// The commit before a push.
    pub before_sha: Option<String>,
    /// A page that shows the change.
    pub compare_url: Option<String>,
    /// The hook's message that it came of.
    pub delivery_id: Option<DeliveryId>,
    /// It waits for a maintainer's word, since then.
    pub held_at: Option<Timestamp>,
    /// Configuration that was given with it.
    pub config: Option<GivenConfig>,
    /// Who asked, when it is known.
    pub created_by: Option<UserId>,
    /// When it came.
    pub created_at: Timestamp,
}

/// Configuration that somebody gives with their demand for a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenConfig {
    /// As `.travis.yml` has it.
    pub text: String,
    /// How the file is merged into it: `deep_merge_append` and the like.
    pub mode: String,
}

/// A commit that was built or asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Identifier.
    pub id: CommitId,
    /// Of which repository.
    pub repository_id: RepositoryId,
    /// The whole hash.
    pub sha: String,
    /// The reference it was found at, such as `refs/heads/main`.
    pub reference: Option<String>,
    /// Its message.
    pub message: String,
    /// Who wrote it.
    pub author_name: String,
    /// Where to reach who wrote it.
    pub author_email: String,
    /// Who committed it.
    pub committer_name: String,
    /// When it was committed.
    pub committed_at: Timestamp,
}

/// A branch with its last build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Of which repository.
    pub repository_id: RepositoryId,
    /// Its name.
    pub name: String,
    /// The newest build on it.
    pub last_build_id: Option<BuildId>,
    /// The newest commit seen on it by polling or by a push.
    pub head_sha: Option<String>,
    /// It was deleted on the forge.
    pub gone: bool,
}

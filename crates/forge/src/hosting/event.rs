//! What a forge's hook tells, in words that are the same for every forge.

use super::types::{RemoteAccount, RemotePerson, RemotePullRequest, RemoteRef, RemoteRepository};

/// A hook's message, read. The signature is checked before, over the raw body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// The sender's own number of the delivery; the same one twice is the same message.
    pub delivery: Option<String>,
    /// The forge's own name of the event: `pull_request`.
    pub event: String,
    /// What happened, where the event has kinds: `synchronize`.
    pub action: Option<String>,
    /// The repository it is about.
    pub repository: Option<RemoteRepository>,
    /// Who did it, authenticated by the forge.
    pub sender: Option<RemotePerson>,
    /// The App's installation it came through.
    pub installation_id: Option<i64>,
    /// What happened.
    pub what: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The hook works.
    Ping,
    /// Commits came, or a branch or tag was made, moved or deleted.
    Push(Push),
    /// Something happened to a pull request.
    PullRequest(Box<PullRequestEvent>),
    /// Somebody wants a check again.
    Rerun(Rerun),
    /// The App was installed, removed, or given other repositories.
    Installation(Box<InstallationChange>),
    /// The repository itself changed.
    Repository(RepositoryChange),
    /// Somebody's rights changed.
    Member(MemberChange),
    /// Known to the forge, and nothing to do for us.
    Other(Unsupported),
}

/// Why an event is of no use here, for the list of deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported(pub String);

/// Commits came, or a ref was made, moved or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Push {
    /// The short name of the branch; else a tag.
    pub branch: Option<String>,
    /// The short name of the tag.
    pub tag: Option<String>,
    /// The commit before; `None` for a new ref.
    pub before: Option<String>,
    /// The commit now; `None` when the ref was deleted.
    pub after: Option<String>,
    /// The commits that came, oldest first, as far as the forge lists them.
    pub commits: Vec<PushedCommit>,
    /// The commit now, with its message, where the forge sends it.
    pub head: Option<PushedCommit>,
    /// A page that shows the change.
    pub compare_url: Option<String>,
    /// History was overwritten.
    pub forced: bool,
}

/// A commit of a push. Names and addresses in it are whatever its writer claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedCommit {
    /// The whole hash.
    pub sha: String,
    /// Its message.
    pub message: String,
}

/// Something happened to a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestEvent {
    /// What.
    pub change: PullChange,
    /// The pull request as it is now.
    pub pull: RemotePullRequest,
    /// The head before, where it moved.
    pub before: Option<String>,
}

/// What happened to a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullChange {
    /// It is new.
    Opened,
    /// It is open again.
    Reopened,
    /// Its head moved.
    Synchronized,
    /// It is over, merged or not.
    Closed,
    /// It is for another branch now.
    BaseChanged,
    /// Its labels changed.
    Labeled,
    /// It is not a draft any more.
    ReadyForReview,
    /// Anything else: title, assignee, …
    Other,
}

/// Somebody wants a check again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rerun {
    /// Of this commit.
    pub sha: String,
    /// [`super::Check::external_id`] of the check; all checks of the commit when `None`.
    pub external_id: Option<String>,
}

/// The App was installed, removed, or given other repositories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallationChange {
    /// The installation.
    pub id: i64,
    /// Whose.
    pub account: RemoteAccount,
    /// It is gone or suspended.
    pub gone: bool,
    /// Repositories that it may act on from now on, as far as the message lists them.
    pub added: Vec<RemoteRef>,
    /// Repositories that it may not act on any more.
    pub removed: Vec<RemoteRef>,
}

/// The repository itself changed; [`Hook::repository`] says how it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RepositoryChange {
    /// It has another name or owner.
    Moved,
    /// It is no more.
    Deleted,
    /// Its visibility, description, default branch or archive flag changed.
    Changed,
}

/// Somebody's rights changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberChange {
    /// Whose; everybody's of the repository or organisation when `None`.
    pub person: Option<RemotePerson>,
    /// The organisation, when it is about one.
    pub organization: Option<RemoteAccount>,
}

/// Why a hook's message can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// A header that names the event is missing.
    #[error("the header {0} is missing; send the hook as the forge does")]
    MissingHeader(&'static str),
    /// The body is not what this event has.
    #[error("the body of a {event} event can't be read: {detail}")]
    Body {
        /// The event.
        event: String,
        /// What is wrong, and where.
        detail: String,
    },
}

impl RemoteRef {
    /// The part before the last slash and the part after it.
    #[must_use]
    pub fn owner_and_name(&self) -> Option<(&str, &str)> {
        self.path.rsplit_once('/')
    }
}

use crate::{
    AccountId, ApprovalId, DeliveryId, ForgeId, IdentityId, RepositoryId, RequestId, Timestamp,
    UserId,
};
use serde::{Deserialize, Serialize};

/// A forge that this installation works with. What is secret is encrypted by the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgeSite {
    /// Identifier.
    pub id: ForgeId,
    /// Its kind: `github`, `gitea`, `gitlab`.
    pub kind: String,
    /// Its name for people; unique.
    pub name: String,
    /// Where people go, without a slash at the end.
    pub web_url: String,
    /// Where calls go, without a slash at the end.
    pub api_url: String,
    /// The OAuth client.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<Vec<u8>>,
    /// The App's number.
    pub app_id: Option<i64>,
    /// The App's name in addresses.
    pub app_slug: Option<String>,
    /// The App's private key.
    pub app_key: Option<Vec<u8>>,
    /// What the App's hook signs with.
    pub hook_secret: Option<Vec<u8>>,
    /// It stands in the operator's configuration, and is changed there.
    pub configured: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed: what is made of it is made anew then.
    pub updated_at: Timestamp,
}

/// Who a person is on a forge. The forge's number counts, not the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Identifier.
    pub id: IdentityId,
    /// Whose.
    pub user_id: UserId,
    /// On which forge.
    pub forge_id: ForgeId,
    /// The forge's number of the person.
    pub remote_id: String,
    /// The name there.
    pub login: String,
    /// Name for people.
    pub name: Option<String>,
    /// Verified address.
    pub email: Option<String>,
    /// Picture.
    pub avatar_url: Option<String>,
    /// Calls in the person's name carry it; encrypted. None once it was given back or refused.
    pub token: Option<Vec<u8>>,
    /// Gets a new one; encrypted.
    pub refresh_token: Option<Vec<u8>>,
    /// When the token ends.
    pub token_expires_at: Option<Timestamp>,
    /// What it allows.
    pub scopes: String,
    /// How far the list of repositories is.
    pub sync: SyncState,
    /// Repositories seen by the synchronisation that runs or ran last.
    pub sync_done: u32,
    /// Repositories in all, where the forge says so.
    pub sync_total: Option<u32>,
    /// Why the last synchronisation failed.
    pub sync_error: Option<String>,
    /// When the last one began.
    pub sync_started_at: Option<Timestamp>,
    /// When the last good one ended.
    pub synced_at: Option<Timestamp>,
    /// When the person first signed in.
    pub created_at: Timestamp,
}

impl Identity {
    /// Asks for a synchronisation, to be begun by whoever looks first.
    pub fn begin_sync(&mut self) {
        self.sync = SyncState::Running;
        self.sync_started_at = None;
        (self.sync_done, self.sync_total, self.sync_error) = (0, None, None);
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }
        impl $name {
            /// The word used in rows and on wires.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $word),+ } }
            /// Reads the word back.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words! {
    /// How far a list of repositories is.
    SyncState {
        /// Nothing goes on.
        Idle = "idle",
        /// To be begun, or begun.
        Running = "running",
        /// The last one failed.
        Failed = "failed",
    }
}

words! {
    /// What a person may do with a repository. Ordered.
    Level {
        /// See it.
        Read = "read",
        /// Push to it: ask for builds, cancel and restart them, approve.
        Write = "write",
        /// Everything: switch it on and off, change its settings.
        Admin = "admin",
    }
}

words! {
    /// How far a delivery is.
    DeliveryState {
        /// Stored, not looked at yet.
        Pending = "pending",
        /// Something came of it, or nothing was to come of it; its outcome says which.
        Done = "done",
        /// It could not be worked on; its outcome says why.
        Failed = "failed",
    }
}

words! {
    /// Which pull requests from forks wait for a maintainer.
    ApprovalPolicy {
        /// Those of people who have not contributed before.
        FirstTime = "first_time",
        /// All.
        Forks = "forks",
        /// None.
        Never = "never",
    }
}

/// A user or organisation that owns repositories on a forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgeAccount {
    /// Identifier.
    pub id: AccountId,
    /// On which forge.
    pub forge_id: ForgeId,
    /// The forge's number.
    pub remote_id: String,
    /// Its name there.
    pub login: String,
    /// Name for people.
    pub name: Option<String>,
    /// Picture.
    pub avatar_url: Option<String>,
    /// An organisation, not a person.
    pub organization: bool,
    /// The App's installation on it.
    pub installation_id: Option<i64>,
}

/// Where on a forge a repository lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosting {
    /// On which forge.
    pub forge_id: ForgeId,
    /// The forge's number of it: holds through renames.
    pub remote_id: String,
    /// Its path there: `owner/name`, or with groups of groups.
    pub path: String,
    /// Its page.
    pub html_url: String,
    /// It is a fork.
    pub fork: bool,
    /// The App's installation that acts on it.
    pub installation_id: Option<i64>,
    /// The hook that was made for it.
    pub hook_id: Option<String>,
    /// Who switched it on: calls are made in this person's name where there is no App.
    pub hooked_by: Option<UserId>,
    /// When its forge was found not to have it any more.
    pub gone_at: Option<Timestamp>,
    /// When its branches and pull requests were last compared with the forge.
    pub compared_at: Option<Timestamp>,
}

/// What a maintainer decided about a repository. The names are the original's (reference E.2)
/// where it has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RepositorySettings {
    /// Pushes make builds.
    pub build_pushes: bool,
    /// Pull requests make builds.
    pub build_pull_requests: bool,
    /// A newer push to a branch cancels its older builds, running ones too.
    pub auto_cancel_pushes: bool,
    /// A newer head of a pull request cancels its older builds, running ones too.
    pub auto_cancel_pull_requests: bool,
    /// A commit without a `.travis.yml` makes no build.
    pub builds_only_with_travis_yml: bool,
    /// Other private repositories of the same owner may import files of this one, when it is
    /// private itself. A public one's may be imported anyway.
    pub allow_config_imports: bool,
    /// Jobs that run side by side at most; no limit when 0.
    pub maximum_number_of_builds: u32,
    /// Which pull requests from forks wait for a maintainer.
    pub approval: ApprovalPolicy,
    /// The weakest executor that may run its jobs; any when `None`.
    pub min_executor: Option<crate::scheduling::ExecutorKind>,
}

impl Default for RepositorySettings {
    fn default() -> Self {
        Self {
            build_pushes: true,
            build_pull_requests: true,
            auto_cancel_pushes: false,
            auto_cancel_pull_requests: true,
            builds_only_with_travis_yml: true,
            allow_config_imports: false,
            maximum_number_of_builds: 0,
            approval: ApprovalPolicy::FirstTime,
            min_executor: None,
        }
    }
}

/// What a request and its build know of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// Its number.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// The commit proposed: statuses and approvals are bound to it.
    pub head_sha: String,
    /// The branch proposed.
    pub head_branch: String,
    /// `owner/name` of where it lies; none when that is gone.
    pub head_slug: Option<String>,
    /// The commit it stood against.
    pub base_sha: String,
    /// It comes from another repository. Missing repositories count as others.
    pub fork: bool,
    /// Not meant for review yet.
    pub draft: bool,
    /// The forge's number of who opened it.
    pub author_id: String,
    /// That person's name.
    pub author_login: String,
    /// The ref that is built: the merge of both, or the head where the forge makes none.
    pub git_ref: String,
    /// Its page.
    pub html_url: String,
}

/// Who did what a request came of, authenticated by the forge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// The forge's number.
    pub remote_id: String,
    /// The name there.
    pub login: String,
    /// Picture.
    pub avatar_url: Option<String>,
}

/// A hook's message, stored before it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Identifier.
    pub id: DeliveryId,
    /// The forge it came from; none for a repository of plain git.
    pub forge_id: Option<ForgeId>,
    /// The repository it is about, once that is known.
    pub repository_id: Option<RepositoryId>,
    /// The sender's own number of it.
    pub guid: String,
    /// The forge's name of the event.
    pub event: String,
    /// What happened, where the event has kinds.
    pub action: Option<String>,
    /// The headers that matter for reading it.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: Vec<u8>,
    /// How far it is.
    pub state: DeliveryState,
    /// What came of it.
    pub outcome: Option<String>,
    /// The request that came of it.
    pub request_id: Option<RequestId>,
    /// How often it was tried in vain.
    pub tries: u32,
    /// When it came.
    pub received_at: Timestamp,
    /// When it was done with.
    pub done_at: Option<Timestamp>,
}

/// A maintainer's word for one commit of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Identifier.
    pub id: ApprovalId,
    /// Of which repository.
    pub repository_id: RepositoryId,
    /// Of which pull request.
    pub pull_request_number: i64,
    /// For exactly this commit.
    pub head_sha: String,
    /// Who gave it.
    pub user_id: UserId,
    /// This commit may have the repository's secrets.
    pub secrets: bool,
    /// When it was given.
    pub created_at: Timestamp,
}

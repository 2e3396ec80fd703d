//! What goes to a forge and what comes back, the same words for every forge.

use travis_model::Secret;

/// Where a forge is and what this installation is to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// A name of [`super::KINDS`]: `github`, `gitea`, `gitlab`.
    pub kind: String,
    /// Where people go, without a slash at the end: `https://github.com`.
    pub web_url: String,
    /// Where calls go, without a slash at the end: `https://api.github.com`.
    pub api_url: String,
    /// The OAuth client.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<Secret>,
    /// The App, where the forge has such a thing and one is set up.
    pub app: Option<AppIdentity>,
}

/// An App of a forge: acts by itself on repositories where it is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppIdentity {
    /// Its number.
    pub id: i64,
    /// Its name in addresses.
    pub slug: String,
    /// Its private key, PEM.
    pub private_key: Secret,
}

/// In whose name a call is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Nobody's: public things only.
    Anonymous,
    /// A person's.
    User(Secret),
    /// The App's, in one installation.
    Installation(i64),
}

/// What a forge can do for us beyond what every forge can.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Features {
    /// An App is set up: its own hook, checks with annotations, installations.
    pub app: bool,
    /// An App can be made by a manifest.
    pub manifest: bool,
}

/// What a person is sent to the forge with.
#[derive(Debug, Clone, Copy)]
pub struct SignInDemand<'a> {
    /// The exact address to come back to.
    pub redirect_uri: &'a str,
    /// Comes back unchanged; single use.
    pub state: &'a str,
    /// PKCE: base64url of the SHA-256 of the verifier.
    pub challenge: &'a str,
}

/// What a person let us do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Calls in the person's name carry it.
    pub token: Secret,
    /// Gets a new one when it ends.
    pub refresh_token: Option<Secret>,
    /// Seconds until it ends; never when `None`.
    pub expires_in: Option<u64>,
    /// What it allows, as the forge says.
    pub scopes: String,
}

/// A person on a forge. The id is what counts: names can change hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemotePerson {
    /// The forge's number of the person.
    pub id: String,
    /// Unique name, for now.
    pub login: String,
    /// Name for people.
    pub name: Option<String>,
    /// A verified address, where the forge gives one out.
    pub email: Option<String>,
    /// Picture.
    pub avatar_url: Option<String>,
}

/// A user or organisation that owns repositories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteAccount {
    /// The forge's number.
    pub id: String,
    /// Unique name.
    pub login: String,
    /// Name for people.
    pub name: Option<String>,
    /// Picture.
    pub avatar_url: Option<String>,
    /// An organisation or group, not a person.
    pub organization: bool,
    /// The App's installation on it.
    pub installation_id: Option<i64>,
}

/// What somebody may do with a repository, as the forge says. Ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Nothing, not even see it when it is private.
    None,
    /// Read.
    Read,
    /// Push.
    Write,
    /// Everything.
    Admin,
}

/// Names a repository to its forge. The number holds through renames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRef {
    /// The forge's number.
    pub id: String,
    /// `owner/name` as last heard; groups of groups keep their slashes.
    pub path: String,
}

/// A repository as its forge describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteRepository {
    /// Its number and path.
    pub at: RemoteRef,
    /// One line for people.
    pub description: Option<String>,
    /// Its page.
    pub html_url: String,
    /// Its https clone address.
    pub clone_url: String,
    /// The default branch; empty while there is none.
    pub default_branch: String,
    /// Not for everybody.
    pub private: bool,
    /// Read-only.
    pub archived: bool,
    /// A fork of another.
    pub fork: bool,
    /// What the caller may do, where the forge said it along.
    pub permission: Option<Permission>,
    /// The account it belongs to.
    pub owner: RemoteAccount,
    /// The App's installation through which it is seen.
    pub installation_id: Option<i64>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemotePage<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next part begins: opaque.
    pub next: Option<String>,
    /// Items in all, where the forge says so.
    pub total: Option<u64>,
}

/// A pull or merge request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemotePullRequest {
    /// Its number in the base repository.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// It is open.
    pub open: bool,
    /// It was merged.
    pub merged: bool,
    /// Not meant for review yet.
    pub draft: bool,
    /// Its page.
    pub html_url: String,
    /// The commit proposed.
    pub head_sha: String,
    /// The branch proposed.
    pub head_branch: String,
    /// Where the branch lies; `None` when that repository is gone.
    pub head_repository: Option<RemoteRef>,
    /// The commit it stands against.
    pub base_sha: String,
    /// The branch it is for.
    pub base_branch: String,
    /// Who opened it.
    pub author: RemotePerson,
    /// The forge vouches that the author has contributed before; `None` when it says nothing.
    pub author_known: Option<bool>,
    /// The ref of the merge of both, where the forge makes one.
    pub merge_ref: Option<String>,
    /// The ref of the head in the base repository.
    pub head_ref: String,
    /// Whether it merges; `None` while the forge has not found out.
    pub mergeable: Option<bool>,
}

/// A hook to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookDemand {
    /// Where it sends.
    pub url: String,
    /// What it signs with.
    pub secret: Secret,
}

/// How a commit stands, in the words that every forge has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusState {
    /// Waits or runs.
    Pending,
    /// All is well, or there was nothing to do.
    Success,
    /// The project's commands failed.
    Failure,
    /// It could not be run, or was canceled.
    Error,
}

impl StatusState {
    /// GitHub's word, which the others understand or translate.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Error => "error",
        }
    }
}

/// A status of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitStatus {
    /// How it stands.
    pub state: StatusState,
    /// Names this status among others of the commit: `travis/push`.
    pub context: String,
    /// One line; cut to what the forge takes.
    pub description: String,
    /// Where more is said.
    pub target_url: String,
    /// The branch that a pull request's head comes from, for forges that don't find the commits of
    /// forks by themselves.
    pub branch: Option<String>,
}

/// How far a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckState {
    /// Waits.
    Queued,
    /// Runs.
    InProgress,
    /// Over.
    Completed(Conclusion),
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Passed.
    Success,
    /// Failed.
    Failure,
    /// Could not be run.
    Error,
    /// Canceled.
    Canceled,
    /// There was nothing to build.
    Skipped,
    /// A maintainer has to do something first.
    ActionRequired,
}

/// A check of a commit: a result with a summary and lines of code to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Names this check among others of the commit.
    pub name: String,
    /// How far it is.
    pub state: CheckState,
    /// One line.
    pub title: String,
    /// Markdown.
    pub summary: String,
    /// Lines of code with what failed there.
    pub annotations: Vec<Annotation>,
    /// Where more is said.
    pub details_url: String,
    /// Our own name of it, given back with a demand to run it again.
    pub external_id: String,
    /// When it began, in seconds since 1970.
    pub started_at: Option<i64>,
    /// When it ended, in seconds since 1970.
    pub completed_at: Option<i64>,
}

/// A line of code with what failed there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// The file, from the root of the repository.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// A warning, not a failure.
    pub warning: bool,
    /// A few words.
    pub title: String,
    /// What was said.
    pub message: String,
}

/// An App to be made.
#[derive(Debug, Clone, Copy)]
pub struct ManifestDemand<'a> {
    /// Our public address, without a slash at the end.
    pub public_url: &'a str,
    /// Where its hook sends.
    pub hook_url: &'a str,
    /// Where people come back to after signing in.
    pub sign_in_url: &'a str,
    /// Where the operator comes back to with a code.
    pub done_url: &'a str,
    /// Comes back unchanged; single use.
    pub state: &'a str,
    /// The organisation that is to own it; the person who makes it when `None`.
    pub organization: Option<&'a str>,
}

/// A form that the operator's browser sends to the forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestForm {
    /// Where it is posted.
    pub action: String,
    /// The value of its field `manifest`: JSON.
    pub manifest: String,
}

/// What the forge made of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeApp {
    /// The App.
    pub app: AppIdentity,
    /// Its name for people.
    pub name: String,
    /// The OAuth client that comes with it.
    pub client_id: String,
    /// That client's secret.
    pub client_secret: Secret,
    /// What its hook signs with.
    pub hook_secret: Secret,
    /// Its page.
    pub html_url: String,
}

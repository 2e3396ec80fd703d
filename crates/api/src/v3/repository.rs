use super::{BuildMinimal, Head, Owner, Pagination};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A repository inside something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RepositoryMinimal {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// The part of the slug after the slash.
    pub name: String,
    /// `owner/name`.
    pub slug: String,
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Repository {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// The part of the slug after the slash.
    pub name: String,
    /// `owner/name`.
    pub slug: String,
    /// One line for people.
    #[schema(required = true)]
    pub description: Option<String>,
    /// Where its commits come from.
    pub clone_url: String,
    /// Which kind of forge it lies on: `git` for plain git, else `github`, `gitea`, `gitlab`.
    pub vcs_type: String,
    /// Its pings make builds.
    pub active: bool,
    /// Hidden from everybody who has no right to it.
    pub private: bool,
    /// Whose.
    pub owner: Owner,
    /// The part of the slug before the slash.
    pub owner_name: String,
    /// The branch that is built when none is named.
    #[schema(required = true)]
    pub default_branch: Option<BranchMinimal>,
    /// The build shown first.
    #[schema(required = true)]
    pub current_build: Option<BuildMinimal>,
    /// Usual time of a passed build in seconds (median of the last 20), if any passed.
    #[schema(required = true)]
    pub usual_seconds: Option<i64>,
    /// How often its branches are asked for new commits, in seconds.
    #[schema(required = true)]
    pub poll_seconds: Option<u32>,
    /// The reader starred it.
    pub starred: bool,
    /// The forge it lies on; null for plain git.
    #[schema(required = true)]
    pub forge: Option<super::ForgeMinimal>,
    /// Its page on its forge.
    #[schema(required = true)]
    pub html_url: Option<String>,
    /// It is a fork.
    pub fork: bool,
    /// An App tells of changes: no hook is needed.
    pub managed_by_installation: bool,
    /// Its forge does not have it any more.
    pub gone: bool,
    /// What the reader may do.
    #[serde(rename = "@permissions")]
    pub permissions: RepositoryPermissions,
    /// When it was added.
    pub created_at: String,
}

/// What the reader may do with a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RepositoryPermissions {
    /// See it.
    pub read: bool,
    /// Ask for builds, restart and cancel them.
    pub create_request: bool,
    /// Change its settings.
    pub admin: bool,
    /// Ask for builds, restart, cancel and approve them.
    pub build: bool,
    /// Change its settings and variables.
    pub settings: bool,
    /// Switch it on and off.
    pub activate: bool,
    /// Star it.
    pub star: bool,
}

/// A page of repositories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Repositories {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Which part of the list this is.
    #[serde(rename = "@pagination")]
    pub pagination: Pagination,
    /// The repositories.
    pub repositories: Vec<Repository>,
}

/// Adds a git repository.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRepository {
    /// `owner/name`.
    pub slug: String,
    /// https, http or ssh; local paths and `file:` where the operator allows them.
    pub clone_url: String,
    /// One line for people.
    pub description: Option<String>,
    /// Hide it from everybody but administrators.
    #[serde(default)]
    pub private: bool,
    /// Ask its branches for new commits every so many seconds (15 to 86,400).
    pub poll_seconds: Option<u32>,
}

/// The address that any git host's hook can call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PingAddress {
    /// Always `ping`.
    #[serde(rename = "@type")]
    pub kind: String,
    /// Where to post to.
    pub url: String,
    /// Signs the body: `X-Hub-Signature-256: sha256=<hex HMAC-SHA256>`.
    pub secret: String,
    /// A line that tries it out.
    pub example: String,
}

/// A branch inside something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BranchMinimal {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Its name.
    pub name: String,
}

/// A branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Branch {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Its name.
    pub name: String,
    /// Whose.
    pub repository: super::RepositoryMinimal,
    /// It is the one built when none is named.
    pub default_branch: bool,
    /// The newest build on it.
    #[schema(required = true)]
    pub last_build: Option<super::Build>,
    /// The newest builds on it, newest first, ten at most.
    pub recent_builds: Vec<BuildMinimal>,
}

/// A page of branches.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Branches {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Which part of the list this is.
    #[serde(rename = "@pagination")]
    pub pagination: Pagination,
    /// The branches.
    pub branches: Vec<Branch>,
}

/// Asks for a build. The original wraps the fields in `request`; both forms are taken.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
pub struct NewRequest {
    /// The branch; the default branch when nothing is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub branch: Option<String>,
    /// The commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sha: Option<String>,
    /// The message to show instead of the commit's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub message: Option<String>,
}

/// A demand for a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Request {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// `pending`, `accepted`, `rejected`.
    pub state: String,
    /// `approved`, `rejected`, or nothing while pending (the original's word for the outcome).
    #[schema(required = true)]
    pub result: Option<String>,
    /// Why no build came of it.
    #[schema(required = true)]
    pub message: Option<String>,
    /// `push`, `pull_request`, `api`, `cron`.
    pub event_type: String,
    /// The branch asked for.
    #[schema(required = true)]
    pub branch_name: Option<String>,
    /// The commit asked for.
    #[schema(required = true)]
    pub sha: Option<String>,
    /// Of which repository.
    pub repository: RepositoryMinimal,
    /// The pull request it is about.
    #[schema(required = true)]
    pub pull_request: Option<super::PullRequestBrief>,
    /// Who did what it comes of, on the forge.
    #[schema(required = true)]
    pub sender: Option<super::Sender>,
    /// A page that shows the change.
    #[schema(required = true)]
    pub compare_url: Option<String>,
    /// Since when it waits for a maintainer's word.
    #[schema(required = true)]
    pub held_at: Option<String>,
    /// Why it waits for one.
    #[schema(required = true)]
    pub held_reason: Option<String>,
    /// The hook's message that it came of.
    #[schema(required = true)]
    pub delivery_id: Option<i64>,
    /// What maintainers said of its commit.
    pub approvals: Vec<super::Approval>,
    /// What came of it.
    pub builds: Vec<BuildMinimal>,
    /// When it came.
    pub created_at: String,
}

/// A page of requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Requests {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Which part of the list this is.
    #[serde(rename = "@pagination")]
    pub pagination: Pagination,
    /// The requests.
    pub requests: Vec<Request>,
}

/// A request was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PendingRequest {
    /// Always `pending`.
    #[serde(rename = "@type")]
    pub kind: String,
    /// Always `request`.
    pub resource_type: String,
    /// Of which repository.
    pub repository: RepositoryMinimal,
    /// The request.
    pub request: Request,
}

/// A variable of a repository's settings. Values that are not public are never shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnvVar {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its value, if it is public.
    #[schema(required = true)]
    pub value: Option<String>,
    /// Its value may be shown.
    pub public: bool,
    /// Only for this branch.
    #[schema(required = true)]
    pub branch: Option<String>,
}

/// All variables of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnvVars {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The variables.
    pub env_vars: Vec<EnvVar>,
}

/// Sets a variable; one of the same name and branch is replaced. Names with `env_var.` before them,
/// as the original has them, are taken too.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEnvVar {
    /// Its name.
    #[serde(alias = "env_var.name")]
    pub name: String,
    /// Its value.
    #[serde(alias = "env_var.value")]
    pub value: String,
    /// Its value may be shown.
    #[serde(default, alias = "env_var.public")]
    pub public: bool,
    /// Only for this branch.
    #[serde(default, alias = "env_var.branch")]
    pub branch: Option<String>,
}

/// Changes a variable; what is not given stays.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedEnvVar {
    /// Its name.
    #[serde(
        default,
        alias = "env_var.name",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// Its value.
    #[serde(
        default,
        alias = "env_var.value",
        skip_serializing_if = "Option::is_none"
    )]
    pub value: Option<String>,
    /// Its value may be shown. A secret one needs a new value for that.
    #[serde(
        default,
        alias = "env_var.public",
        skip_serializing_if = "Option::is_none"
    )]
    pub public: Option<bool>,
    /// Only for this branch; `null` for all.
    #[serde(
        default,
        alias = "env_var.branch",
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>)]
    pub branch: Option<Option<String>>,
}

/// Tells `null` from what is not there.
fn given<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A key of a repository: the one that `secure:` values are made with, or its own for SSH.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyPair {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// What it is for.
    pub description: String,
    /// In PEM; of an SSH key the line of `authorized_keys`.
    pub public_key: String,
    /// SHA-256 of the key, by which people compare keys.
    pub fingerprint: String,
}

/// The same key in the form of older clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublicKey {
    /// In PEM; of an SSH key the line of `authorized_keys`.
    pub key: String,
    /// SHA-256 of the key, by which people compare keys.
    pub fingerprint: String,
}

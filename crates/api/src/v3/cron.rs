use super::{BranchMinimal, Head, Pagination, RepositoryMinimal, Request};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A build of a branch that is asked for again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cron {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// What the reader may do.
    #[serde(rename = "@permissions")]
    pub permissions: CronPermissions,
    /// Identifier.
    pub id: i64,
    /// Of which repository.
    pub repository: RepositoryMinimal,
    /// Of which branch; a branch has one at most.
    pub branch: BranchMinimal,
    /// `daily`, `weekly` or `monthly`.
    pub interval: String,
    /// Nothing is built when the branch had a build in the last 24 hours.
    pub dont_run_if_recent_build_exists: bool,
    /// When it last asked for a build, RFC 3339.
    #[schema(required = true)]
    pub last_run: Option<String>,
    /// When it is due, RFC 3339. It then waits while the repository is off.
    pub next_run: String,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// The repository is on, so that it runs.
    pub active: bool,
    /// What it last asked for, and what came of it.
    #[schema(required = true)]
    pub last_request: Option<Request>,
}

/// What a reader may do with a cron.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CronPermissions {
    /// See it.
    pub read: bool,
    /// Remove it.
    pub delete: bool,
}

/// Crons of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Crons {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Which part of the list this is.
    #[serde(rename = "@pagination")]
    pub pagination: Pagination,
    /// By branch.
    pub crons: Vec<Cron>,
}

/// What is wanted of a cron.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewCron {
    /// `daily`, `weekly` or `monthly`.
    pub interval: String,
    /// Nothing is built when the branch had a build in the last 24 hours.
    #[serde(default)]
    pub dont_run_if_recent_build_exists: bool,
}

/// An SSH key for a repository's jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewKeyPair {
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// The private key without a passphrase, from `-----BEGIN` to `-----END`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub value: Option<String>,
}

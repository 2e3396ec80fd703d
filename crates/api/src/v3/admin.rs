use super::{Head, Pagination};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the installation stands. Only for its administrators.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Admin {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The server's version.
    pub version: String,
    /// How much is kept.
    pub holdings: Holdings,
    /// Jobs that wait for a worker.
    pub queued: u64,
    /// Jobs that a worker holds.
    pub running: u64,
    /// What holds, by its name in the configuration file; nothing secret is among it.
    pub settings: Vec<AdminSetting>,
    /// Versions of workers that were heard of lately, and how many have each.
    pub worker_versions: Vec<WorkerVersions>,
    /// The oldest version that gets work.
    #[schema(required = true)]
    pub minimum_worker_version: Option<String>,
}

/// How much is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Holdings {
    /// People with an account.
    pub users: u64,
    /// Repositories that are known.
    pub repositories: u64,
    /// Those that are switched on.
    pub active: u64,
    /// Builds of all times.
    pub builds: u64,
    /// Jobs of all times.
    pub jobs: u64,
    /// Bytes that jobs printed, before they were packed.
    pub log_bytes: u64,
    /// Caches.
    pub caches: u64,
    /// Their bytes.
    pub cache_bytes: u64,
}

/// Something that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdminSetting {
    /// Its name in the configuration file.
    pub name: String,
    /// Its value, for people.
    pub value: String,
}

/// Workers of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkerVersions {
    /// The version.
    pub version: String,
    /// How many have it.
    pub count: u64,
    /// They get work.
    pub accepted: bool,
}

/// Somebody with an account, as administrators see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdminUser {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// Unique name.
    pub login: String,
    /// Name for people.
    #[schema(required = true)]
    pub name: Option<String>,
    /// May do everything on this installation.
    pub admin: bool,
    /// Since when they are kept out, RFC 3339.
    #[schema(required = true)]
    pub suspended_at: Option<String>,
    /// When the account was made, RFC 3339.
    pub created_at: String,
}

/// Everybody with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdminUsers {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Which part of the list this is.
    #[serde(rename = "@pagination")]
    pub pagination: Pagination,
    /// By login.
    pub users: Vec<AdminUser>,
}

/// What is to be different about somebody; what is not given stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdminUserChange {
    /// Whether they are an administrator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub admin: Option<bool>,
    /// Whether they are kept out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub suspended: Option<bool>,
}

/// Who did what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// `user:kestrel`, `worker:3`, `system`.
    pub actor: String,
    /// `repository.enable`, `job.cancel`, …
    pub action: String,
    /// What it was done to: `job:17`.
    pub subject: String,
    /// More, for people.
    pub detail: String,
    /// When, RFC 3339.
    pub at: String,
}

/// Who did what, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditLog {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Which part of the list this is.
    #[serde(rename = "@pagination")]
    pub pagination: Pagination,
    /// Newest first.
    pub entries: Vec<AuditEntry>,
}

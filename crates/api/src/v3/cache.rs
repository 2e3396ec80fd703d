use super::Head;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What jobs kept for later ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cache {
    /// Of which repository.
    pub repository_id: i64,
    /// Bytes.
    pub size: u64,
    /// Of which branch; `PR.<number>` for a pull request.
    pub branch: String,
    /// Which jobs it fits: system, variables, language and version.
    pub name: String,
    /// When its bytes last changed, RFC 3339.
    pub last_modified: String,
    /// When a job last read or wrote it, RFC 3339.
    pub last_used: String,
}

/// Caches of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Caches {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The last used first; after a removal those that were removed.
    pub caches: Vec<Cache>,
}

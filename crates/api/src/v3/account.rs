use super::Head;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
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
}

/// The owner of a repository or a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Owner {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Unique name.
    pub login: String,
}

/// A token of the API. The token itself is shown once, when it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiToken {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// What its owner called it.
    pub name: String,
    /// The token, only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub token: Option<String>,
    /// What it may be used for at most: `read`, `build`, `settings`, `all`.
    #[serde(default = "all")]
    pub scope: String,
    /// When it was made.
    pub created_at: String,
    /// When it ends, if ever.
    #[schema(required = true)]
    pub expires_at: Option<String>,
    /// When it was last used.
    #[schema(required = true)]
    pub last_used_at: Option<String>,
}

/// What tokens may be used for when nothing else is said.
fn all() -> String {
    "all".to_owned()
}

/// A list of tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiTokens {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The tokens.
    pub tokens: Vec<ApiToken>,
}

/// Makes a token.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// What to call it.
    pub name: String,
    /// What it may be used for at most: `read`, `build`, `settings`, `all`.
    #[serde(default = "all")]
    pub scope: String,
    /// Days until it ends; never when missing.
    pub expires_in_days: Option<u32>,
}

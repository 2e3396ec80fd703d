use super::Head;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What to write elsewhere so that a repository's badge is shown there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Badges {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The badge itself. Of a private repository it carries a token that shows this badge and
    /// nothing else.
    pub image_url: String,
    /// One text for each markup.
    pub badges: Vec<Badge>,
}

/// A text that shows a badge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Badge {
    /// `markdown`, `html`, `asciidoc`, `rst`, `url`.
    pub format: String,
    /// The text.
    pub text: String,
}

/// What the forge was told of a build's commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BuildReport {
    /// `told`, `waiting`, `failed` (given up), `none`.
    pub state: String,
    /// The context of the status, or the name of the check.
    pub context: String,
    /// What was said last; what is to be said while nothing was.
    pub description: String,
    /// Why it could not be said, and what to do.
    #[schema(required = true)]
    pub error: Option<String>,
    /// When it was said last.
    #[schema(required = true)]
    pub told_at: Option<String>,
    /// When it is tried again.
    #[schema(required = true)]
    pub next_try_at: Option<String>,
}

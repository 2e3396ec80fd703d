use super::{BuildMinimal, Head, Pagination, Request};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A pull request as a request or build knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PullRequestBrief {
    /// Its number.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// The commit proposed.
    pub head_sha: String,
    /// The branch proposed.
    pub head_branch: String,
    /// `owner/name` of where it lies; nothing when that is gone.
    #[schema(required = true)]
    pub head_slug: Option<String>,
    /// It comes from another repository.
    pub fork: bool,
    /// Not meant for review yet.
    pub draft: bool,
    /// Who opened it.
    pub author_login: String,
    /// Its page.
    pub html_url: String,
}

/// Somebody on a forge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sender {
    /// The name there.
    pub login: String,
    /// Picture.
    #[schema(required = true)]
    pub avatar_url: Option<String>,
}

/// A maintainer's word for one commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Approval {
    /// The commit may have the repository's secrets.
    pub secrets: bool,
    /// Who gave it.
    pub user: super::Owner,
    /// When.
    pub created_at: String,
}

/// Lets a held request go on.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    /// Gives this very commit the repository's secrets.
    #[serde(default)]
    pub secrets: bool,
}

/// A pull request with what was built of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PullRequest {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// What is known of it.
    #[serde(flatten)]
    pub brief: PullRequestBrief,
    /// The newest build of it.
    #[schema(required = true)]
    pub last_build: Option<BuildMinimal>,
    /// The newest request of it, when it waits for the planner or a maintainer.
    #[schema(required = true)]
    pub waiting_request: Option<Request>,
    /// The newest builds of it, newest first, ten at most.
    pub recent_builds: Vec<BuildMinimal>,
}

/// A page of pull requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PullRequests {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Which part of the list this is.
    #[serde(rename = "@pagination")]
    pub pagination: Pagination,
    /// The pull requests, the newest activity first.
    pub pull_requests: Vec<PullRequest>,
}

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What every object begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Head {
    /// The kind of thing.
    #[serde(rename = "@type")]
    pub kind: String,
    /// Where to fetch it.
    #[serde(rename = "@href")]
    pub href: String,
    /// `minimal` or `standard`.
    #[serde(rename = "@representation")]
    pub representation: String,
}

impl Head {
    /// The head of a minimal representation.
    #[must_use]
    pub fn minimal(kind: &str, href: String) -> Self {
        Self {
            kind: kind.to_owned(),
            href,
            representation: "minimal".to_owned(),
        }
    }

    /// The head of a standard representation.
    #[must_use]
    pub fn standard(kind: &str, href: String) -> Self {
        Self {
            kind: kind.to_owned(),
            href,
            representation: "standard".to_owned(),
        }
    }
}

/// A page's address and place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PageLink {
    /// Where to fetch it.
    #[serde(rename = "@href")]
    pub href: String,
    /// Items left out before it.
    pub offset: u64,
    /// Items on it at most.
    pub limit: u64,
}

/// Which part of a list this is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Pagination {
    /// Items on a page at most.
    pub limit: u64,
    /// Items left out before.
    pub offset: u64,
    /// Items in all.
    pub count: u64,
    /// There is nothing before.
    pub is_first: bool,
    /// There is nothing after.
    pub is_last: bool,
    /// The page after.
    #[schema(required = true)]
    pub next: Option<PageLink>,
    /// The page before.
    #[schema(required = true)]
    pub prev: Option<PageLink>,
    /// The first page.
    pub first: PageLink,
    /// The last page.
    pub last: PageLink,
}

/// Something that was asked for and can't be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// Always `error`.
    #[serde(rename = "@type")]
    pub kind: String,
    /// A stable word for programs: `not_found`, `login_required`, `wrong_params`, …
    pub error_type: String,
    /// A sentence for people that says what to do.
    pub error_message: String,
    /// The kind of thing it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub resource_type: Option<String>,
    /// The right that is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub permission: Option<String>,
    /// Log uploads only: bytes held.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub held: Option<u64>,
    /// Errors of the server only: names the entry in its log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error_id: Option<String>,
}

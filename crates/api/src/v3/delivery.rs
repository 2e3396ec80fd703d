use super::{Head, Pagination};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A hook's message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// The sender's own number of it.
    pub guid: String,
    /// The forge's name of the event.
    pub event: String,
    /// What happened, where the event has kinds.
    #[schema(required = true)]
    pub action: Option<String>,
    /// `pending`, `done`, `failed`.
    pub state: String,
    /// What came of it.
    #[schema(required = true)]
    pub outcome: Option<String>,
    /// The request that came of it.
    #[schema(required = true)]
    pub request: Option<RequestMinimal>,
    /// When it came.
    pub received_at: String,
    /// When it was done with.
    #[schema(required = true)]
    pub done_at: Option<String>,
    /// How often it was tried in vain.
    pub tries: u32,
    /// The headers that were kept; only on a single delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Object>)]
    pub headers: Option<serde_json::Map<String, serde_json::Value>>,
    /// The body; only on a single delivery, and while it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Object>)]
    pub payload: Option<serde_json::Value>,
}

/// A request inside something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RequestMinimal {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// `pending`, `accepted`, `rejected`.
    pub state: String,
}

/// A page of hooks' messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Deliveries {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Which part of the list this is.
    #[serde(rename = "@pagination")]
    pub pagination: Pagination,
    /// The messages.
    pub deliveries: Vec<Delivery>,
}

/// A hook's message was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Taken {
    /// `delivery`; of plain git `pending` when a request came of it, else `ignored`.
    #[serde(rename = "@type")]
    pub kind: String,
    /// Under which it is kept.
    pub id: i64,
    /// Always `request`, when one came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub resource_type: Option<String>,
    /// The request that came of it; of plain git only, where that is known at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub request: Option<RequestMinimal>,
    /// Why nothing came of it; of plain git only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<String>,
}

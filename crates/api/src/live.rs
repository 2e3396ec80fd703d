//! The live channel, `GET /live`: one websocket a page.
//!
//! The client sends [`ClientMessage`]s as text; the server sends [`ServerMessage`]s as text, and
//! log bytes as binary frames: 8 bytes attempt id, 8 bytes offset, both big endian, then the
//! bytes as the job printed them. Events are numbered per topic without gaps; a gap, or another
//! `epoch` in [`ServerMessage::Hello`], means: fetch again.
//!
//! Topics: `repos` (every repository that one may see), `repo:ID`, `job:ID`, `owner:LOGIN`,
//! `workers`, `worker:ID` (also how much of its machine jobs use), `user:ID` (one's own),
//! `log:ATTEMPT@OFFSET`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// From the page.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// Wants to hear of topics.
    Subscribe {
        /// Their names.
        topics: Vec<String>,
    },
    /// Wants to hear no more of them. For logs without `@OFFSET`.
    Unsubscribe {
        /// Their names.
        topics: Vec<String>,
    },
    /// Asks for a sign of life.
    Ping,
}

/// To the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The first message.
    Hello {
        /// Changes when event numbers start again.
        epoch: String,
    },
    /// A topic is heard from here on.
    Subscribed {
        /// Its name.
        topic: String,
        /// Number of the last event before.
        seq: u64,
    },
    /// A topic can't be heard.
    Refused {
        /// Its name.
        topic: String,
        /// Why.
        reason: String,
    },
    /// Something changed.
    Event {
        /// Where.
        topic: String,
        /// Its number in the topic.
        seq: u64,
        /// `job:started`, `build:finished`, `request:changed`, `worker:changed`, `repository:changed`, …
        event: String,
        /// The thing as API v3 represents it; missing when it is too large: fetch it.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        data: Option<serde_json::Value>,
    },
    /// Events were dropped because the page was slow: fetch again.
    Gap {
        /// Where.
        topic: String,
        /// Number of the newest event.
        seq: u64,
    },
    /// A log is complete up to its end and sealed.
    LogEnd {
        /// Which.
        attempt: i64,
        /// Its length in bytes.
        length: u64,
    },
    /// The answer to a ping.
    Pong,
}

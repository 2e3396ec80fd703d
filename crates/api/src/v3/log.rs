use super::Head;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The log of a job's present attempt, whole (the original's form).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Log {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The attempt's identifier.
    pub id: i64,
    /// All of it, as text; cut after 4 MiB: fetch the raw log then.
    pub content: String,
    /// The same in parts, as the original's clients read it.
    pub log_parts: Vec<LogPart>,
    /// Where the raw log lies.
    #[serde(rename = "@raw_log_href")]
    pub raw_log_href: String,
}

/// A part of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogPart {
    /// Its place.
    pub number: u64,
    /// Its text.
    pub content: String,
    /// It is the last one.
    #[serde(rename = "final")]
    pub is_final: bool,
}

/// Some lines of a log, as a terminal would show them: markers taken out, `\r` and erasing
/// carried out, colours (SGR) kept, every other escape removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLines {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The attempt whose log it is.
    pub attempt: i64,
    /// Place of the first line given; 0 is the first of the log.
    pub first: u64,
    /// The lines.
    pub lines: Vec<String>,
    /// Lines in all so far.
    pub total: u64,
    /// The log is complete.
    pub complete: bool,
    /// Bytes of the raw log up to the end of the last line given: subscribe from there.
    pub next_offset: u64,
}

/// What is known of a log without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogIndex {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The attempt whose log it is.
    pub attempt: i64,
    /// Bytes so far.
    pub length: u64,
    /// Lines so far.
    pub lines: u64,
    /// The log is complete.
    pub complete: bool,
    /// Folds in order of their first lines.
    pub folds: Vec<LogFold>,
    /// Timed commands in order of their lines.
    pub times: Vec<LogTime>,
    /// The first line in red, if any.
    #[schema(required = true)]
    pub first_red: Option<u64>,
}

/// A part that can be folded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogFold {
    /// Its name, such as `git.checkout`.
    pub name: String,
    /// Its first line; 0 is the first of the log.
    pub first: u64,
    /// Its last line; missing while it is open.
    #[schema(required = true)]
    pub last: Option<u64>,
    /// How long it took, in nanoseconds.
    #[schema(required = true)]
    pub duration_ns: Option<u64>,
}

/// A timed command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogTime {
    /// The line it began at.
    pub line: u64,
    /// When it began: nanoseconds since 1970.
    #[schema(required = true)]
    pub start_ns: Option<u64>,
    /// How long it took, in nanoseconds.
    #[schema(required = true)]
    pub duration_ns: Option<u64>,
    /// The phase it belongs to.
    #[schema(required = true)]
    pub event: Option<String>,
}

/// Where a text was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogSearch {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The attempt whose log it is.
    pub attempt: i64,
    /// Hits in all.
    pub total: u64,
    /// Lines with hits, in order; 10,000 at most.
    pub lines: Vec<u64>,
    /// There are more.
    pub truncated: bool,
}

//! The port: what a place that keeps logs must do.

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::index::{Fold, Time};

/// The most lines that one call of [`LogStore::lines`] returns.
pub const MAX_LINES: u32 = 2_000;

/// Why a log could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The chunk starts after the bytes that are held.
    #[error("log chunk leaves a gap: {held} bytes are held; send again from offset {held}")]
    Gap {
        /// How many bytes are held; the next chunk must start at or before this offset.
        held: u64,
    },
    /// The log is closed for good.
    #[error("log is sealed and takes no more bytes; start a new attempt to print more")]
    Sealed,
    /// The chunk would make the log longer than this server allows.
    #[error("log would exceed {limit} bytes; print less, or raise the log limit of the server")]
    TooLong {
        /// The limit in bytes.
        limit: u64,
    },
    /// The search text is not a usable regular expression.
    #[error("search pattern is not usable: {0}; correct it, or search for plain text")]
    BadQuery(String),
    /// What is on disk is not what was written.
    #[error("log {attempt} is damaged on disk: {detail}; restore it from a backup or remove it")]
    Damaged {
        /// The attempt whose log it is.
        attempt: i64,
        /// What does not fit.
        detail: String,
    },
    /// The disk refused.
    #[error("log storage failed: {0}; check free space and permissions of the log directory")]
    Io(#[from] std::io::Error),
}

/// What is known of a log without reading it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogInfo {
    /// Bytes held.
    pub length: u64,
    /// Set once the log is closed.
    pub sealed: Option<Seal>,
    /// Lines so far, a last one without its newline included.
    pub lines: u64,
}

/// The closing of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// SHA-256 of all bytes, in lower-case hexadecimal.
    pub sha256_hex: String,
}

/// A run of cleaned lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineBlock {
    /// The number of the first line here, from 0.
    pub first: u64,
    /// The cleaned lines, in order. May be fewer than asked for: at the end of the log, or when the
    /// block would grow past 4 MiB (at least one line comes all the same).
    pub lines: Vec<String>,
    /// Lines of the whole log so far.
    pub total: u64,
    /// Whether the log is closed.
    pub sealed: bool,
    /// Byte offset just after the last line returned (its newline included).
    pub next_offset: u64,
}

/// Where things stand in a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogIndex {
    /// Bytes held.
    pub length: u64,
    /// Lines so far.
    pub lines: u64,
    /// Whether the log is closed.
    pub sealed: bool,
    /// Folds in order of their first lines; at most [`crate::FileLogs::MAX_FOLDS`].
    pub folds: Vec<Fold>,
    /// Timed commands in order of their lines; at most [`crate::FileLogs::MAX_TIMES`].
    pub times: Vec<Time>,
    /// The first line that turns its text red.
    pub first_red: Option<u64>,
}

/// What to search for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// Plain text, or a regular expression. Colors are not part of the text that is searched.
    pub text: String,
    /// Whether `A` and `a` differ.
    pub case_sensitive: bool,
    /// Whether `text` is a regular expression.
    pub regex: bool,
}

/// Lines that match a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Matching lines in the whole log.
    pub total: u64,
    /// The first of them.
    pub hits: Vec<Hit>,
    /// Whether `hits` leaves some out.
    pub truncated: bool,
}

/// One matching line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// The line's number, from 0.
    pub line: u64,
}

/// What came of asking to seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SealOutcome {
    /// Closed: the worker may forget its copy.
    Sealed,
    /// Bytes are missing from the end; send them from `held`, then seal again.
    Missing {
        /// How many bytes are held.
        held: u64,
    },
    /// The bytes differ from what was printed. The log has been emptied; send the whole again.
    Mismatch,
}

/// How far a log reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LogTip {
    /// Bytes held.
    pub length: u64,
    /// Whether the log is closed.
    pub sealed: bool,
}

/// A place that keeps logs.
///
/// Contract, checked by the suite in `contract`:
/// - An attempt that was never written to is an empty, open log; nothing needs to be created first.
/// - [`append`](Self::append) is idempotent by offset. Bytes already held are skipped unread, so a
///   chunk may be sent any number of times and in any cut; only a gap is refused. A sealed log
///   answers chunks that lie within it and refuses the rest.
/// - [`seal`](Self::seal) is idempotent; after `Sealed` every read gives the same answer for ever.
/// - A call that is dropped before it ends has either happened or not; no half of a chunk counts.
/// - Calls for one attempt may come from many tasks at once.
#[async_trait]
pub trait LogStore: Send + Sync {
    /// Adds bytes at `offset` and returns the length then held.
    ///
    /// # Errors
    /// [`LogError::Gap`], [`LogError::Sealed`], [`LogError::TooLong`] and [`LogError::Io`]; the log
    /// is unchanged then.
    async fn append(&self, attempt: i64, offset: u64, bytes: Bytes) -> Result<u64, LogError>;

    /// Length, seal and number of lines.
    ///
    /// # Errors
    /// [`LogError::Io`] or [`LogError::Damaged`].
    async fn info(&self, attempt: i64) -> Result<LogInfo, LogError>;

    /// The raw bytes from offset `from`, at most `max` (and at most 8 MiB a call); empty at the end.
    ///
    /// # Errors
    /// [`LogError::Io`] or [`LogError::Damaged`].
    async fn read(&self, attempt: i64, from: u64, max: usize) -> Result<Bytes, LogError>;

    /// Cleaned lines from `first` (from 0), at most `count` and [`MAX_LINES`].
    ///
    /// # Errors
    /// [`LogError::Io`] or [`LogError::Damaged`].
    async fn lines(&self, attempt: i64, first: u64, count: u32) -> Result<LineBlock, LogError>;

    /// Folds, times and the first red line.
    ///
    /// # Errors
    /// [`LogError::Io`] or [`LogError::Damaged`].
    async fn index(&self, attempt: i64) -> Result<LogIndex, LogError>;

    /// Lines whose cleaned text, without colors, matches.
    ///
    /// # Errors
    /// [`LogError::BadQuery`], [`LogError::Io`] or [`LogError::Damaged`].
    async fn find(&self, attempt: i64, query: &Query, limit: u32) -> Result<Found, LogError>;

    /// Closes the log when `length` and `sha256_hex` agree with what is held.
    ///
    /// # Errors
    /// [`LogError::Sealed`] when it was sealed with another digest before; [`LogError::Io`], and
    /// then the log is open as before.
    async fn seal(
        &self,
        attempt: i64,
        length: u64,
        sha256_hex: &str,
    ) -> Result<SealOutcome, LogError>;

    /// Forgets the log; the attempt is an empty, open log again.
    ///
    /// # Errors
    /// [`LogError::Io`].
    async fn remove(&self, attempt: i64) -> Result<(), LogError>;

    /// Wakes when the log grows, is emptied or is sealed. Holds the present tip from the start.
    fn watch(&self, attempt: i64) -> tokio::sync::watch::Receiver<LogTip>;
}

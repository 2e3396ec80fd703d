//! What jobs printed.
//!
//! A log belongs to one attempt and is addressed by the attempt's id. While the attempt runs, bytes
//! are appended by offset; when the worker and this side agree on length and SHA-256 the log is
//! sealed: packed into seekable zstd frames with an index, and never changed again.
//!
//! [`LogStore`] is the port; [`FileLogs`] keeps logs in a directory, [`MemoryLogs`] in memory.
//! [`clean`] says what a line looks like once terminal control is taken out of it, and [`mask`]
//! keeps secrets out of the bytes in the first place.

pub mod clean;
#[cfg(any(test, feature = "testing"))]
pub mod contract;
mod files;
mod index;
mod marker;
pub mod mask;
mod memory;
mod port;
mod view;

pub use files::{FileLogs, Limits};
pub use memory::MemoryLogs;
pub use port::{
    Found, Hit, LineBlock, LogError, LogIndex, LogInfo, LogStore, LogTip, MAX_LINES, Query, Seal,
    SealOutcome,
};

pub use index::{Fold, Time};

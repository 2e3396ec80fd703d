//! What jobs leave: tests, found in their logs and in files, and artifacts. Nothing of this can fail
//! a job: what can't be read is said beside its tests.

mod files;
mod gather;
mod live;
mod read;

pub use files::{Declared, ResultUpload, Wanted};
pub use read::{JobTests, TestRun, Told};

pub(crate) use live::Live;

/// What is read for tests.
pub const REPORT: &str = "report";
/// What is kept for people.
pub const ARTIFACT: &str = "artifact";

/// What the operator decided about results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultsPolicy {
    /// Files that an attempt may leave.
    pub files: u64,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of all files of an attempt.
    pub bytes: u64,
    /// Bytes of one file that is read for tests.
    pub report_bytes: u64,
}

impl Default for ResultsPolicy {
    fn default() -> Self {
        Self {
            files: 200,
            file_bytes: 100 << 20,
            bytes: 300 << 20,
            report_bytes: 8 << 20,
        }
    }
}

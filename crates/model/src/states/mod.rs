//! One enum per lifecycle, and the transitions between their values as pure functions.

mod attempt;
mod job;
mod request;
mod worker;

pub use attempt::{AttemptEvent, AttemptState, attempt_transition};
pub use job::{Decision, JobEffect, JobEvent, JobState, LOST_LIMIT, Rejected, job_transition};
pub use request::RequestState;
pub use worker::{WorkerState, worker_state};

use serde::{Deserialize, Serialize};

/// How an attempt, and with it its job, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every command that counts returned 0.
    Passed,
    /// The project's own commands failed.
    Failed,
    /// The job could not be run: set-up, limits, lost workers.
    Errored,
    /// A person or a newer build stopped it.
    Canceled,
}

impl Outcome {
    /// The word used in rows and on wires.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Errored => "errored",
            Self::Canceled => "canceled",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "passed" => Self::Passed,
            "failed" => Self::Failed,
            "errored" => Self::Errored,
            "canceled" => Self::Canceled,
            _ => return None,
        })
    }

    /// What the exit code of a job's script means: 0 passed, 1 failed, anything else errored
    /// (reference C.3).
    #[must_use]
    pub const fn of_exit_code(code: i32) -> Self {
        match code {
            0 => Self::Passed,
            1 => Self::Failed,
            _ => Self::Errored,
        }
    }
}

/// Builds use the states of jobs; theirs are computed from their jobs' ([`crate::progress`]).
pub type BuildState = JobState;

#[cfg(test)]
mod tests;

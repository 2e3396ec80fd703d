//! States of builds, jobs and stages: shape, color, word.

use super::{Color, Paint};

/// Where a build, job or stage stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// An earlier stage is not done, or there are no jobs yet.
    Created,
    /// May run and waits for a worker.
    Queued,
    /// A worker prepares it.
    Received,
    /// Runs.
    Started,
    /// Every command succeeded.
    Passed,
    /// A command failed.
    Failed,
    /// It could not be run.
    Errored,
    /// Stopped.
    Canceled,
    /// A word of a newer server.
    Unknown,
}

impl State {
    /// From the API's word.
    #[must_use]
    pub fn of(word: &str) -> Self {
        match word {
            "created" => Self::Created,
            "queued" => Self::Queued,
            "received" => Self::Received,
            "started" => Self::Started,
            "passed" => Self::Passed,
            "failed" => Self::Failed,
            "errored" => Self::Errored,
            "canceled" => Self::Canceled,
            _ => Self::Unknown,
        }
    }

    /// It will not change by itself.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Passed | Self::Failed | Self::Errored | Self::Canceled
        )
    }

    /// One character.
    #[must_use]
    pub fn shape(self) -> &'static str {
        match self {
            Self::Created | Self::Queued => "◌",
            Self::Received => "◐",
            Self::Started => "●",
            Self::Passed => "✓",
            Self::Failed => "✗",
            Self::Errored => "!",
            Self::Canceled => "⊘",
            Self::Unknown => "?",
        }
    }

    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Created | Self::Queued => "waiting",
            Self::Received => "starting",
            Self::Started => "running",
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Errored => "errored",
            Self::Canceled => "canceled",
            Self::Unknown => "unknown",
        }
    }

    /// Its color.
    #[must_use]
    pub fn color(self) -> Color {
        match self {
            Self::Received | Self::Started => Color::Yellow,
            Self::Passed => Color::Green,
            Self::Failed => Color::Red,
            Self::Errored => Color::Magenta,
            Self::Created | Self::Queued | Self::Canceled | Self::Unknown => Color::Gray,
        }
    }

    /// The shape in its color.
    #[must_use]
    pub fn sign(self, paint: Paint) -> String {
        paint.text(self.color(), self.shape())
    }
}

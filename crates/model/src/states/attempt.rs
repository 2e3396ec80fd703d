//! The life of an attempt: `leased → running → finished | lost | refused`.

use super::{Outcome, job::Rejected};
use serde::{Deserialize, Serialize};

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// Given to a worker, which has not said that it runs.
    Leased,
    /// The script runs.
    Running,
    /// The worker has said how it ended, or it was stopped.
    Finished,
    /// The worker was not heard of for longer than its lease.
    Lost,
    /// The worker could not take it.
    Refused,
}

impl AttemptState {
    /// Every state.
    pub const ALL: [Self; 5] = [
        Self::Leased,
        Self::Running,
        Self::Finished,
        Self::Lost,
        Self::Refused,
    ];

    /// The word used in rows and on wires.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leased => "leased",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Lost => "lost",
            Self::Refused => "refused",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Its lease is good: its worker may write.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Leased | Self::Running)
    }
}

/// What can happen to an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptEvent {
    /// The worker began the script.
    Run,
    /// The worker, or a cancellation, ended it.
    Finish(Outcome),
    /// Its lease ran out.
    Expire,
    /// The worker gave it back.
    Refuse,
}

/// What an event makes of an attempt.
///
/// # Errors
/// [`Rejected::Finished`] when it has ended: a lost worker's late words change nothing.
pub const fn attempt_transition(
    state: AttemptState,
    event: AttemptEvent,
) -> Result<AttemptState, Rejected> {
    use AttemptState as S;
    match (state, event) {
        (S::Leased | S::Running, AttemptEvent::Run) => Ok(S::Running),
        (S::Leased | S::Running, AttemptEvent::Finish(_)) => Ok(S::Finished),
        (S::Leased | S::Running, AttemptEvent::Expire) => Ok(S::Lost),
        (S::Leased | S::Running, AttemptEvent::Refuse) => Ok(S::Refused),
        (S::Finished | S::Lost | S::Refused, _) => Err(Rejected::Finished),
    }
}

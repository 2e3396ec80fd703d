//! The life of a job: `created → queued → received → started → passed | failed | errored |
//! canceled`, and `restart` (the original's states, reference D.6).

use super::Outcome;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How often a job whose worker was lost is given to another before it counts as errored.
pub const LOST_LIMIT: u32 = 3;

/// Where a job, a stage or a build stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// An earlier stage is not done.
    Created,
    /// May run, waits for a worker.
    Queued,
    /// A worker has it and prepares.
    Received,
    /// Its script runs.
    Started,
    /// See [`Outcome::Passed`].
    Passed,
    /// See [`Outcome::Failed`].
    Failed,
    /// See [`Outcome::Errored`].
    Errored,
    /// See [`Outcome::Canceled`].
    Canceled,
}

impl JobState {
    /// Every state, in the order of a job's life.
    pub const ALL: [Self; 8] = [
        Self::Created,
        Self::Queued,
        Self::Received,
        Self::Started,
        Self::Passed,
        Self::Failed,
        Self::Errored,
        Self::Canceled,
    ];

    /// The word used in rows and on wires.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Queued => "queued",
            Self::Received => "received",
            Self::Started => "started",
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Errored => "errored",
            Self::Canceled => "canceled",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Nothing but a restart leads out of it.
    #[must_use]
    pub const fn is_finished(self) -> bool {
        matches!(
            self,
            Self::Passed | Self::Failed | Self::Errored | Self::Canceled
        )
    }

    /// A worker holds it.
    #[must_use]
    pub const fn is_held(self) -> bool {
        matches!(self, Self::Received | Self::Started)
    }
}

impl From<Outcome> for JobState {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Passed => Self::Passed,
            Outcome::Failed => Self::Failed,
            Outcome::Errored => Self::Errored,
            Outcome::Canceled => Self::Canceled,
        }
    }
}

/// What can happen to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEvent {
    /// Its stage may run.
    Enqueue,
    /// A worker was given it.
    Receive,
    /// The worker began its script.
    Start,
    /// The worker says how it ended.
    Finish(Outcome),
    /// Its worker was lost or refused it; the number counts this loss too.
    Lose {
        /// How many attempts of this run of the job were lost, this one included.
        lost: u32,
    },
    /// A person, a newer build or an earlier stage stops it.
    Cancel,
    /// A person wants it run again.
    Restart,
    /// Other workers have spoken: so it ended, whatever the first one said.
    Settle(Outcome),
    /// Its outcome never counted, and now nobody waits for the word that it lacked.
    Withdraw,
}

/// What has to be done besides saving the new state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEffect {
    /// Workers may be asked to look at the queue.
    WakeWorkers,
    /// The worker that holds it has to stop it.
    StopAttempt,
    /// Forget the times and the outcome of the run before.
    ForgetRun,
    /// Too many workers were lost: say so in the log.
    ExplainLost,
    /// The build has to be computed again.
    RecomputeBuild,
}

/// The next state, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The state to save.
    pub next: JobState,
    /// To be carried out after the commit, at least once.
    pub effects: Vec<JobEffect>,
}

/// Why an event changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Rejected {
    /// The job has ended.
    #[error("the job has already finished")]
    Finished,
    /// The job has not ended.
    #[error("the job has not finished yet; cancel it first")]
    NotFinished,
    /// The event does not fit the state.
    #[error("the job is {0:?}, which does not allow this")]
    NotAllowed(JobState),
}

/// What an event makes of a job.
///
/// # Errors
/// [`Rejected`] when the event does not fit the state; nothing is to be saved then.
pub fn job_transition(state: JobState, event: JobEvent) -> Result<Decision, Rejected> {
    use JobEffect as E;
    use JobState as S;
    let decide = |next, effects: &[E]| {
        Ok(Decision {
            next,
            effects: effects.to_vec(),
        })
    };
    match (state, event) {
        (S::Created, JobEvent::Enqueue) => decide(S::Queued, &[E::WakeWorkers, E::RecomputeBuild]),
        (S::Queued, JobEvent::Receive) => decide(S::Received, &[E::RecomputeBuild]),
        (S::Received, JobEvent::Start) => decide(S::Started, &[E::RecomputeBuild]),
        // A worker may report the end before its "started" arrives.
        (S::Received | S::Started, JobEvent::Finish(outcome)) => {
            decide(outcome.into(), &[E::RecomputeBuild])
        }
        (S::Received | S::Started, JobEvent::Lose { lost }) if lost < LOST_LIMIT => decide(
            S::Queued,
            &[E::ForgetRun, E::WakeWorkers, E::RecomputeBuild],
        ),
        (S::Received | S::Started, JobEvent::Lose { .. }) => {
            decide(S::Errored, &[E::ExplainLost, E::RecomputeBuild])
        }
        (S::Received | S::Started, JobEvent::Cancel) => {
            decide(S::Canceled, &[E::StopAttempt, E::RecomputeBuild])
        }
        (S::Created | S::Queued, JobEvent::Cancel) => decide(S::Canceled, &[E::RecomputeBuild]),
        (state, JobEvent::Restart) if state.is_finished() => {
            decide(S::Created, &[E::ForgetRun, E::RecomputeBuild])
        }
        (_, JobEvent::Restart) => Err(Rejected::NotFinished),
        (S::Passed | S::Failed | S::Errored, JobEvent::Settle(outcome)) => {
            decide(outcome.into(), &[E::RecomputeBuild])
        }
        (S::Passed | S::Failed | S::Errored, JobEvent::Withdraw) => {
            decide(S::Canceled, &[E::RecomputeBuild])
        }
        (state, _) if state.is_finished() => Err(Rejected::Finished),
        (state, _) => Err(Rejected::NotAllowed(state)),
    }
}

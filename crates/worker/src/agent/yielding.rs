//! The machine is its owner's: what runs stands still when they come back, and goes elsewhere when
//! they stay.

use travis_api::worker::{Assignment, RefusedAttempt};

use super::{Agent, REMEMBERED};
use crate::owner::{Ended, JobStep};
use crate::runner::Left;

/// Why an attempt is handed back.
const WANTED: &str = "the owner of the machine wants it back";

impl Agent {
    /// Does what the owner's side says.
    pub(super) fn heed_owner(&mut self) {
        let stand = self.stands.borrow_and_update().clone();
        tracing::info!(state = ?stand.state, slots = stand.slots, freeze = stand.freeze, hand_back = stand.hand_back, "{}", stand.text);
        let mut back = Vec::new();
        for (attempt, control) in &self.live {
            if control.is_over() {
                continue;
            }
            match self.shop.desk.job_step(*attempt) {
                // All that is left to do is to send some kilobytes.
                JobStep::Reporting => control.set_frozen(false),
                // Nothing is lost yet.
                JobStep::Preparing if stand.freeze => back.push(*attempt),
                _ if stand.hand_back => back.push(*attempt),
                _ => control.set_frozen(stand.freeze),
            }
        }
        for attempt in back {
            self.hand_back(attempt);
        }
    }

    /// Ends an attempt here, and tells the server at once that it may run elsewhere.
    fn hand_back(&mut self, attempt: i64) {
        let Some(control) = self.live.get(&attempt) else {
            return;
        };
        tracing::info!(attempt, "handed a job back: the owner wants the machine");
        control.end(WANTED);
        self.yielded.insert(attempt);
        self.refused.push(RefusedAttempt {
            attempt,
            reason: WANTED.to_owned(),
            yielded: true,
        });
    }

    /// Attempts that stand still.
    pub(super) fn frozen(&self) -> Vec<i64> {
        let frozen = self.live.iter().filter(|(attempt, control)| {
            control.is_frozen()
                && !control.is_over()
                && self.shop.desk.job_step(**attempt) == JobStep::Running
        });
        let mut frozen: Vec<i64> = frozen.map(|(attempt, _)| *attempt).collect();
        frozen.sort_unstable();
        frozen
    }

    /// Why a new assignment is not taken, when it is not.
    pub(super) fn turn_down(&self, assignment: &Assignment) -> Option<RefusedAttempt> {
        let refused = |reason: String, yielded| RefusedAttempt {
            attempt: assignment.attempt,
            reason,
            yielded,
        };
        if self.draining {
            return Some(refused("the worker is leaving".to_owned(), false));
        }
        // Given while the owner came back.
        if self.stands.borrow().slots == 0 {
            return Some(refused(WANTED.to_owned(), true));
        }
        let repository = &assignment.repository;
        (!self.shop.desk.may_run(repository)).then(|| {
            refused(
                format!("the owner of the machine does not lend it to {repository}"),
                false,
            )
        })
    }

    /// Remembers that an attempt ended here.
    pub(super) fn note_end(&mut self, attempt: i64, left: &Left) {
        self.ended.push_back(attempt);
        if self.ended.len() > REMEMBERED {
            self.ended.pop_front();
        }
        let how = match left {
            _ if self.yielded.remove(&attempt) => Ended::Yielded,
            Left::Sealed => Ended::Finished,
            Left::Over | Left::Refused(_) => Ended::GivenUp,
        };
        self.shop.desk.job_left(attempt, how);
    }
}

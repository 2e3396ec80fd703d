//! How a build goes forward: which stage may run, and what the build's state is. A build's state
//! is never set by hand; it is computed from its jobs (reference D.6).

use crate::states::JobState;

/// What is looked at of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobView {
    /// The position of its stage in the build.
    pub stage: u32,
    /// Where it stands.
    pub state: JobState,
    /// Its failure does not count.
    pub allow_failure: bool,
    /// Its outcome does not count before somebody else confirms it: until then it is as one that
    /// runs.
    pub provisional: bool,
}

impl JobView {
    const fn is_open(&self) -> bool {
        self.provisional || !self.state.is_finished()
    }
}

/// What has to happen to a build's jobs now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Advance {
    /// Indexes of the jobs that may run now.
    pub enqueue: Vec<usize>,
    /// Indexes of the jobs that never will, because an earlier stage did not pass.
    pub cancel: Vec<usize>,
}

/// Says which jobs may run and which never will. A stage may run when all stages before it have
/// finished, and passed as far as it counts.
#[must_use]
pub fn advance(jobs: &[JobView]) -> Advance {
    let mut todo = Advance::default();
    let mut stages: Vec<u32> = jobs.iter().map(|job| job.stage).collect();
    stages.sort_unstable();
    stages.dedup();
    for stage in stages {
        let members = || {
            jobs.iter()
                .enumerate()
                .filter(|(_, job)| job.stage == stage)
        };
        todo.enqueue.extend(
            members()
                .filter(|(_, job)| job.state == JobState::Created)
                .map(|(index, _)| index),
        );
        match group_state(&members().map(|(_, job)| *job).collect::<Vec<_>>(), false) {
            JobState::Passed => {}
            JobState::Failed | JobState::Errored | JobState::Canceled => {
                todo.cancel.extend(
                    jobs.iter()
                        .enumerate()
                        .filter(|(_, job)| job.stage > stage && job.state == JobState::Created)
                        .map(|(index, _)| index),
                );
                return todo;
            }
            JobState::Created | JobState::Queued | JobState::Received | JobState::Started => {
                return todo;
            }
        }
    }
    todo
}

/// The state of a group of jobs that run side by side: a stage, or a build without stages.
///
/// With `fast_finish` the group is finished as soon as all jobs that count are.
#[must_use]
pub fn group_state(jobs: &[JobView], fast_finish: bool) -> JobState {
    let required = || jobs.iter().filter(|job| !job.allow_failure);
    let open = |job: &&JobView| job.is_open();
    let fast = fast_finish && required().next().is_some() && !required().any(|job| open(&job));
    if jobs.iter().any(|job| open(&job)) && !fast {
        let any = |state| jobs.iter().any(|job| job.state == state);
        let begun = jobs.iter().any(|job| job.state.is_finished());
        return if any(JobState::Started) || begun {
            JobState::Started
        } else if any(JobState::Received) {
            JobState::Received
        } else if any(JobState::Queued) {
            JobState::Queued
        } else {
            JobState::Created
        };
    }
    [JobState::Canceled, JobState::Errored, JobState::Failed]
        .into_iter()
        .find(|state| required().any(|job| job.state == *state))
        .unwrap_or(JobState::Passed)
}

/// The state of a build: that of its first stage that has not passed, once everything has
/// finished; "started" from the first job's start on.
#[must_use]
pub fn build_state(jobs: &[JobView], fast_finish: bool) -> JobState {
    let mut stages: Vec<u32> = jobs.iter().map(|job| job.stage).collect();
    stages.sort_unstable();
    stages.dedup();
    let states: Vec<JobState> = stages
        .iter()
        .map(|stage| {
            let members: Vec<_> = jobs
                .iter()
                .filter(|job| job.stage == *stage)
                .copied()
                .collect();
            group_state(&members, fast_finish)
        })
        .collect();
    if states.iter().all(|state| state.is_finished()) {
        return states
            .into_iter()
            .find(|state| *state != JobState::Passed)
            .unwrap_or(JobState::Passed);
    }
    let begun = states
        .iter()
        .any(|state| *state == JobState::Started || state.is_finished());
    if begun {
        JobState::Started
    } else if states.contains(&JobState::Received) {
        JobState::Received
    } else if states.contains(&JobState::Queued) {
        JobState::Queued
    } else {
        JobState::Created
    }
}

/// The state of a build when the words are believed that nobody confirmed yet; `None` unless it
/// waits for nothing but second opinions.
#[must_use]
pub fn provisional_state(jobs: &[JobView], fast_finish: bool) -> Option<JobState> {
    let works = |job: &JobView| !job.state.is_finished() && job.state != JobState::Created;
    if !jobs.iter().any(|job| job.provisional) || jobs.iter().any(works) {
        return None;
    }
    // Stages that have not begun say nothing yet.
    let believed = jobs
        .iter()
        .filter(|job| job.state.is_finished())
        .map(|job| JobView {
            provisional: false,
            ..*job
        });
    Some(build_state(&believed.collect::<Vec<_>>(), fast_finish))
}

#[cfg(test)]
mod tests {
    use super::*;
    use JobState as S;

    fn job(stage: u32, state: S) -> JobView {
        JobView {
            stage,
            state,
            allow_failure: false,
            provisional: false,
        }
    }

    #[test]
    fn the_first_stage_starts_and_later_ones_wait() {
        let jobs = [job(0, S::Created), job(0, S::Created), job(1, S::Created)];
        assert_eq!(
            advance(&jobs),
            Advance {
                enqueue: vec![0, 1],
                cancel: vec![]
            }
        );
        assert_eq!(build_state(&jobs, false), S::Created);
    }

    #[test]
    fn a_passed_stage_lets_the_next_one_run() {
        let jobs = [job(0, S::Passed), job(1, S::Created), job(2, S::Created)];
        assert_eq!(
            advance(&jobs),
            Advance {
                enqueue: vec![1],
                cancel: vec![]
            }
        );
        assert_eq!(build_state(&jobs, false), S::Started);
    }

    #[test]
    fn a_failed_stage_cancels_the_later_ones_and_decides_the_build() {
        let jobs = [
            job(0, S::Failed),
            job(0, S::Passed),
            job(1, S::Created),
            job(2, S::Created),
        ];
        assert_eq!(advance(&jobs).cancel, vec![2, 3]);
        let after = [
            job(0, S::Failed),
            job(0, S::Passed),
            job(1, S::Canceled),
            job(2, S::Canceled),
        ];
        assert_eq!(build_state(&after, false), S::Failed);
    }

    #[test]
    fn an_allowed_failure_does_not_count() {
        let allowed = JobView {
            allow_failure: true,
            ..job(0, S::Failed)
        };
        assert_eq!(build_state(&[job(0, S::Passed), allowed], false), S::Passed);
        assert_eq!(build_state(&[allowed], false), S::Passed);
        assert_eq!(advance(&[allowed, job(1, S::Created)]).enqueue, vec![1]);
    }

    #[test]
    fn fast_finish_does_not_wait_for_what_does_not_count() {
        let running = JobView {
            allow_failure: true,
            ..job(0, S::Started)
        };
        assert_eq!(build_state(&[job(0, S::Passed), running], true), S::Passed);
        assert_eq!(
            build_state(&[job(0, S::Passed), running], false),
            S::Started
        );
    }

    #[test]
    fn the_worst_required_job_decides() {
        let jobs = |state| [job(0, S::Passed), job(0, S::Failed), job(0, state)];
        assert_eq!(build_state(&jobs(S::Errored), false), S::Errored);
        assert_eq!(build_state(&jobs(S::Canceled), false), S::Canceled);
        assert_eq!(build_state(&jobs(S::Passed), false), S::Failed);
    }

    #[test]
    fn what_nobody_confirmed_holds_up_what_comes_after() {
        let unconfirmed = JobView {
            provisional: true,
            ..job(1, S::Passed)
        };
        let jobs = [unconfirmed, job(1, S::Passed), job(2, S::Created)];
        assert_eq!(advance(&jobs), Advance::default());
        assert_eq!(build_state(&jobs, false), S::Started);
        assert_eq!(provisional_state(&jobs, false), Some(S::Passed));
        let failed = JobView {
            state: S::Failed,
            ..unconfirmed
        };
        let jobs = [failed, job(1, S::Passed), job(2, S::Created)];
        assert!(
            advance(&jobs).cancel.is_empty(),
            "a stranger's failure cancels nothing"
        );
        assert_eq!(provisional_state(&jobs, false), Some(S::Failed));
        let works = [unconfirmed, job(1, S::Started)];
        assert_eq!(provisional_state(&works, false), None);
        assert_eq!(provisional_state(&[job(1, S::Passed)], false), None);
        // A build that is over as soon as what counts is waits for confirmation, too.
        assert_eq!(build_state(&[unconfirmed], true), S::Started);
    }
}

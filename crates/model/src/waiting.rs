//! Why a job waits, in words: no wait goes unexplained.

use crate::{
    scheduling::{ExecutorKind, Requirements},
    states::JobState,
};
use serde::{Deserialize, Serialize};

/// What is known when a job waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitFacts {
    /// Where the job stands.
    pub state: JobState,
    /// The stage that has to pass first, if any.
    pub waits_for_stage: Option<String>,
    /// What it asks for.
    pub needs: Requirements,
    /// Workers online that fit it, whatever they do now.
    pub fitting_workers: u32,
    /// Workers online that would fit it, but whose owners do not lend them for its repository.
    pub unlent_workers: u32,
    /// Free slots on those that fit.
    pub free_slots: u32,
    /// Workers online in all.
    pub online_workers: u32,
    /// Jobs ahead of it in the queue.
    pub ahead: u32,
    /// Its repository is private: only machines of people who may see it count above.
    pub private: bool,
    /// The stage that it waits for has ended, and waits for a second opinion itself.
    pub unconfirmed_stage: bool,
    /// As many jobs as its repository may run run already: so many.
    pub repository_limit: Option<u32>,
}

/// Why a job waits and what would change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// A stable word for programs.
    pub code: String,
    /// A sentence for people.
    pub text: String,
}

/// Says why a job waits; `None` when it does not.
#[must_use]
pub fn why(facts: &WaitFacts) -> Option<Wait> {
    let wait = |code: &str, text: String| {
        Some(Wait {
            code: code.to_owned(),
            text,
        })
    };
    let isolates = match facts.needs.least_executor {
        Some(ExecutorKind::Vm) => " that runs jobs in virtual machines",
        Some(ExecutorKind::Container) => " that runs jobs in containers or better",
        Some(ExecutorKind::Namespace) => " that isolates jobs",
        _ => "",
    };
    let platform = format!("{} {}", facts.needs.os, facts.needs.arch);
    match facts.state {
        JobState::Created => match &facts.waits_for_stage {
            Some(stage) if facts.unconfirmed_stage => wait(
                "second_opinion",
                format!("Starts when a second worker has confirmed what the stage {stage} says."),
            ),
            Some(stage) => wait(
                "stage",
                format!("Starts when the stage {stage} has passed."),
            ),
            None => wait("planning", "Is about to be queued.".to_owned()),
        },
        JobState::Queued if facts.online_workers == 0 => wait(
            "no_worker",
            "No worker is online. Start one with: travis worker".to_owned(),
        ),
        JobState::Queued if facts.fitting_workers == 0 && facts.private => wait(
            "no_trusted_worker",
            format!(
                "Waits for a {platform} worker of somebody who may see this private repository. \
                 None is online."
            ),
        ),
        JobState::Queued if facts.fitting_workers == 0 && facts.unlent_workers > 0 => {
            let whose = match facts.unlent_workers {
                1 => "The one online is not".to_owned(),
                n => format!("None of the {n} online is"),
            };
            wait(
                "no_fitting_worker",
                format!(
                    "Waits for a {platform} worker{isolates} whose owner lends it for this \
                     repository. {whose}."
                ),
            )
        }
        JobState::Queued if facts.fitting_workers == 0 => wait(
            "no_fitting_worker",
            format!("Waits for a {platform} worker{isolates}. None is online."),
        ),
        JobState::Queued if facts.repository_limit.is_some() => {
            let limit = facts.repository_limit.unwrap_or_default();
            let jobs = if limit == 1 {
                "1 job"
            } else {
                &format!("{limit} jobs")
            };
            wait(
                "repository_limit",
                format!(
                    "Its repository runs {jobs} at once, as its settings say; that many run now."
                ),
            )
        }
        JobState::Queued if facts.free_slots == 0 => {
            let all = match facts.fitting_workers {
                1 => "The one that fits is busy".to_owned(),
                n => format!("All {n} that fit are busy"),
            };
            let ahead = match facts.ahead {
                0 => "it is next".to_owned(),
                1 => "1 job is ahead".to_owned(),
                n => format!("{n} jobs are ahead"),
            };
            wait(
                "busy",
                format!("Waits for a {platform} worker. {all}; {ahead}."),
            )
        }
        JobState::Queued => wait("next", "A worker is about to take it.".to_owned()),
        JobState::Received => wait("preparing", "The worker prepares the sandbox.".to_owned()),
        _ => None,
    }
}

/// Says why a job's result waits for one more word. `able`: workers online that may give it, of
/// which `free` have room.
#[must_use]
pub fn why_no_opinion(third: bool, able: usize, free: usize) -> Wait {
    let (code, text) = match (third, able, free) {
        (false, 0, _) => (
            "no_second_opinion",
            "Needs a second opinion from a worker of another owner; none is online.".to_owned(),
        ),
        (true, 0, _) => (
            "no_second_opinion",
            "Two workers disagree. A worker of the repository's owners or of the operator decides; \
             none is online."
                .to_owned(),
        ),
        (_, 1, 0) => ("busy", "The one worker that may give its opinion is busy.".to_owned()),
        (_, all, 0) => (
            "busy",
            format!("All {all} workers that may give their opinion are busy."),
        ),
        _ => ("next", "A worker is about to give its opinion.".to_owned()),
    };
    Wait {
        code: code.to_owned(),
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> WaitFacts {
        WaitFacts {
            state: JobState::Queued,
            waits_for_stage: None,
            needs: Requirements {
                os: "linux".into(),
                arch: "amd64".into(),
                least_executor: None,
            },
            fitting_workers: 2,
            unlent_workers: 0,
            private: false,
            free_slots: 0,
            online_workers: 3,
            ahead: 4,
            repository_limit: None,
            unconfirmed_stage: false,
        }
    }

    #[test]
    fn each_wait_has_its_reason() {
        let code = |facts: WaitFacts| why(&facts).map(|wait| wait.code);
        assert_eq!(code(facts()).as_deref(), Some("busy"));
        assert_eq!(
            code(WaitFacts {
                online_workers: 0,
                ..facts()
            })
            .as_deref(),
            Some("no_worker")
        );
        assert_eq!(
            code(WaitFacts {
                fitting_workers: 0,
                ..facts()
            })
            .as_deref(),
            Some("no_fitting_worker")
        );
        assert_eq!(
            code(WaitFacts {
                free_slots: 1,
                ..facts()
            })
            .as_deref(),
            Some("next")
        );
        assert_eq!(
            code(WaitFacts {
                state: JobState::Started,
                ..facts()
            }),
            None
        );
        let stage = WaitFacts {
            state: JobState::Created,
            waits_for_stage: Some("lint".into()),
            ..facts()
        };
        assert!(why(&stage).unwrap().text.contains("lint"));
    }

    #[test]
    fn a_worker_that_is_lent_for_others_is_not_said_to_be_away() {
        for (unlent, said) in [(0, "None is online."), (1, "The one online is not.")] {
            let wait = why(&WaitFacts {
                fitting_workers: 0,
                unlent_workers: unlent,
                ..facts()
            })
            .unwrap();
            assert_eq!(wait.code, "no_fitting_worker");
            assert!(wait.text.ends_with(said), "{}", wait.text);
        }
    }

    #[test]
    fn a_repository_at_its_limit_is_named_before_busy_workers() {
        let wait = why(&WaitFacts {
            repository_limit: Some(2),
            ..facts()
        })
        .unwrap();
        assert_eq!(wait.code, "repository_limit");
        assert!(wait.text.contains("2 jobs"), "{}", wait.text);
    }

    #[test]
    fn says_how_many_are_ahead() {
        assert_eq!(
            why(&facts()).unwrap().text,
            "Waits for a linux amd64 worker. All 2 that fit are busy; 4 jobs are ahead."
        );
    }

    #[test]
    fn a_private_job_waits_for_a_machine_of_its_own_people() {
        let none = WaitFacts {
            private: true,
            fitting_workers: 0,
            ..facts()
        };
        assert_eq!(
            why(&none).map(|wait| wait.code),
            Some("no_trusted_worker".into())
        );
        let busy = WaitFacts {
            private: true,
            ..facts()
        };
        assert_eq!(why(&busy).map(|wait| wait.code), Some("busy".into()));
    }
}

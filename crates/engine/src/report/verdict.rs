//! What is said of a commit, from how its newest request and build stand. Pure.

use super::words::{count_of, span};
use travis_forge::hosting::{CheckState, Conclusion, StatusState};
use travis_model::{Build, Job, JobState, Request, RequestState, Timestamp};
use travis_results::Counts;

/// Reasons for no build that are nobody's fault: the commit counts as fine. They are matched from
/// the start, so that words of a forge inside of another reason can't make a commit count as fine.
const NOTHING_TO_DO: [&str; 13] = [
    "Build skipped",
    "Branch not included",
    "Branch excluded",
    "Build type disabled",
    "Build config did not create any jobs",
    "There is no .travis.yml",
    ".travis.yml is missing",
    "Condition",
    "The pull request was closed",
    "The branch was deleted",
    "The repository is switched off",
    "the repository is not active",
    "Draft",
];

/// The context of statuses; the original's, so that rules of branch protection go on to work.
pub(crate) fn context(side: &str) -> String {
    format!("continuous-integration/travis-ci/{side}")
}

/// The name of checks, the original's too.
pub(crate) fn check_name(side: &str) -> &'static str {
    if side == "pr" {
        "Travis CI - Pull Request"
    } else {
        "Travis CI - Branch"
    }
}

/// How things stand for one commit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing<'a> {
    /// The request that counts.
    pub request: &'a Request,
    /// The build that came of it.
    pub build: Option<&'a Build>,
    /// That build's jobs.
    pub jobs: &'a [Job],
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// As a status.
    pub state: StatusState,
    /// As a check.
    pub check: CheckState,
    /// In one line.
    pub description: String,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub completed_at: Option<Timestamp>,
}

impl Verdict {
    /// Says how many tests failed, beside the jobs.
    pub(crate) fn add_tests(&mut self, tests: Counts) {
        if tests.failed > 0 {
            let (failed, total) = (tests.failed, tests.total());
            let word = if total == 1 { "test" } else { "tests" };
            let more = format!(": {failed} of {total} {word} failed");
            self.description.push_str(&more);
        }
    }
}

/// What is to be said of a commit that stands so.
#[must_use]
pub(crate) fn verdict(standing: &Standing<'_>) -> Verdict {
    match standing.build {
        Some(build) => of_build(build, standing.jobs),
        None => of_request(standing.request),
    }
}

fn of_request(request: &Request) -> Verdict {
    let waits = |check, description: &str| Verdict {
        state: StatusState::Pending,
        check,
        description: description.to_owned(),
        started_at: None,
        completed_at: None,
    };
    let over = |state, conclusion, description| Verdict {
        state,
        check: CheckState::Completed(conclusion),
        description,
        started_at: Some(request.created_at),
        completed_at: Some(request.created_at),
    };
    match request.state {
        RequestState::Pending if request.held_at.is_some() => Verdict {
            completed_at: request.held_at,
            started_at: Some(request.created_at),
            ..waits(
                CheckState::Completed(Conclusion::ActionRequired),
                "Waits for approval by a maintainer",
            )
        },
        RequestState::Pending => waits(CheckState::Queued, "Waits to be looked at"),
        // Its build is stored in the same transaction; without one it was removed since.
        RequestState::Accepted => over(
            StatusState::Error,
            Conclusion::Error,
            "The build is gone; ask for another".to_owned(),
        ),
        RequestState::Rejected => {
            let reason = request.reason.as_deref().unwrap_or("no reason is known");
            let line = reason.lines().next().unwrap_or(reason);
            if NOTHING_TO_DO.iter().any(|start| line.starts_with(start)) {
                let said = format!("No build: {line}");
                over(StatusState::Success, Conclusion::Skipped, said)
            } else {
                let said = format!("Could not be built: {line}");
                over(StatusState::Error, Conclusion::Error, said)
            }
        }
    }
}

fn of_build(build: &Build, jobs: &[Job]) -> Verdict {
    let number = build.number;
    let took = match (build.started_at, build.finished_at) {
        (Some(from), Some(to)) => format!(" in {}", span(to.since(from))),
        _ => String::new(),
    };
    let counted = |state: JobState| {
        let those = jobs
            .iter()
            .filter(|job| job.state == state && !job.allow_failure);
        those.count()
    };
    let of_all = |state| count_of(counted(state), jobs.len());
    let said = |state, check, description| Verdict {
        state,
        check,
        description,
        started_at: build.started_at,
        completed_at: build.finished_at.filter(|_| build.state.is_finished()),
    };
    match build.state {
        JobState::Created | JobState::Queued => said(
            StatusState::Pending,
            CheckState::Queued,
            format!("Build #{number} waits for a worker"),
        ),
        JobState::Received => said(
            StatusState::Pending,
            CheckState::InProgress,
            format!("Build #{number} is being prepared"),
        ),
        JobState::Started => said(
            StatusState::Pending,
            CheckState::InProgress,
            match build.provisional {
                // A stranger's word is not told as a result before somebody else confirms it.
                Some(believed) => format!(
                    "Build #{number} {}; pending verification by a second worker",
                    believed.as_str()
                ),
                None => format!("Build #{number} runs"),
            },
        ),
        JobState::Passed => said(
            StatusState::Success,
            CheckState::Completed(Conclusion::Success),
            format!("Build #{number} passed{took}"),
        ),
        JobState::Failed => said(
            StatusState::Failure,
            CheckState::Completed(Conclusion::Failure),
            match counted(JobState::Failed) {
                0 => format!("Build #{number} failed{took}"),
                _ => format!(
                    "Build #{number} failed{took}: {} failed",
                    of_all(JobState::Failed)
                ),
            },
        ),
        JobState::Errored => said(
            StatusState::Error,
            CheckState::Completed(Conclusion::Error),
            match counted(JobState::Errored) {
                0 => format!("Build #{number} could not be run"),
                _ => format!(
                    "Build #{number} could not be run: {} errored",
                    of_all(JobState::Errored)
                ),
            },
        ),
        JobState::Canceled => said(
            StatusState::Error,
            CheckState::Completed(Conclusion::Canceled),
            format!("Build #{number} was canceled"),
        ),
    }
}

/// Which of the requests for a commit counts: the newest that has a build or still waits, since a
/// later demand that came to nothing must not hide a result; else the newest. `built` are the
/// requests that have a build.
#[must_use]
pub(crate) fn that_counts(
    requests: &[Request],
    built: impl Fn(&Request) -> bool,
) -> Option<&Request> {
    let newest = |fits: &dyn Fn(&Request) -> bool| {
        let those = requests.iter().filter(|request| fits(request));
        those.max_by_key(|request| request.id)
    };
    newest(&|request| request.state == RequestState::Pending || built(request))
        .or_else(|| newest(&|_| true))
}

#[cfg(test)]
mod tests;

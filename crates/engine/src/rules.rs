//! Which events become builds (reference B.6), with the original's words where it has them. Pure.

use travis_forge::hosting::{PullChange, Push};
use travis_model::RepositorySettings;

/// The commit's message asks for no build.
pub(crate) const SKIPPED: &str = "Build skipped via commit message";
/// The settings say that such events make no builds.
pub(crate) const TYPE_DISABLED: &str = "Build type disabled via repository settings";
/// There is nothing that could be built.
pub(crate) const NO_MERGE_COMMIT: &str = "GitHub payload is missing a merge commit (please confirm the pull request is open and mergeable)";
/// The branch is not among those that are built.
pub(crate) const NOT_INCLUDED: &str = "Branch not included per configuration";
/// The branch is among those that are not built.
pub(crate) const EXCLUDED: &str = "Branch excluded per configuration";
/// The configuration names no job.
pub(crate) const NO_JOBS: &str = "Build config did not create any jobs";
/// The original's column held no longer one.
pub(crate) const COMPARE_URL_TOO_LONG: &str =
    "compare URL too long; branch/tag names may be too long";
/// A pull request's head has moved on.
pub(crate) const HEAD_MOVED: &str =
    "A newer commit came to the pull request before this one was built";
/// A pull request is over.
pub(crate) const PULL_CLOSED: &str = "The pull request was closed before it was built";
/// A message did not arrive.
pub(crate) const MISSED: &str = "The forge's ping did not arrive; found by comparison";

/// How the number of a request begins that was found by comparison.
pub(crate) const MISSED_PREFIX: &str = "missed:";

const COMPARE_URL_LIMIT: usize = 255;

/// Why nothing comes of a request whatever its commit holds.
pub(crate) fn refused_at_once(
    settings: &RepositorySettings,
    event_type: &str,
    compare_url: Option<&str>,
) -> Option<&'static str> {
    let built = match event_type {
        "push" => settings.build_pushes,
        "pull_request" => settings.build_pull_requests,
        _ => true,
    };
    if !built {
        Some(TYPE_DISABLED)
    } else if compare_url.is_some_and(|url| url.len() > COMPARE_URL_LIMIT) {
        Some(COMPARE_URL_TOO_LONG)
    } else {
        None
    }
}

/// The commit of a push that is built: the last one whose message does not ask for no build, else
/// the last, else the head.
pub(crate) fn pushed_commit(push: &Push) -> Option<&str> {
    let built = |message: &str| !crate::draft::skips(message);
    push.commits
        .iter()
        .rfind(|commit| built(&commit.message))
        .or(push.commits.last())
        .or(push.head.as_ref())
        .map(|commit| commit.sha.as_str())
        .or(push.after.as_deref())
}

/// What comes of something that happened to a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PullAct {
    /// What maintainers said of it counts no more.
    pub rearm: bool,
    /// What is done.
    pub step: PullStep,
}

/// What is done with a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PullStep {
    /// A request is made.
    Build,
    /// What is unfinished is canceled.
    Close,
    /// Nothing, for this reason.
    Nothing(&'static str),
}

/// Decides what comes of something that happened to a pull request. `head_known`: there was a
/// request for this very head.
pub(crate) const fn pull_act(change: PullChange, open: bool, head_known: bool) -> PullAct {
    use PullStep::{Build, Close, Nothing};
    let (rearm, step) = match change {
        PullChange::Closed => (true, Close),
        _ if !open => (false, Nothing("The pull request is closed.")),
        PullChange::Opened if head_known => (
            false,
            Nothing("The pull request was found by comparison before."),
        ),
        PullChange::Opened => (false, Build),
        PullChange::Reopened | PullChange::BaseChanged => (true, Build),
        PullChange::Synchronized if head_known => (
            true,
            Nothing("The head commit is not new: it was looked at before."),
        ),
        PullChange::Synchronized => (true, Build),
        PullChange::Labeled => (true, Nothing("Labels make no builds.")),
        PullChange::ReadyForReview if head_known => (
            false,
            Nothing("Its commit was looked at while it was a draft."),
        ),
        PullChange::ReadyForReview => (false, Build),
        PullChange::Other => (false, Nothing("This makes no builds.")),
    };
    PullAct { rearm, step }
}

/// Whether a merge's message says that it merges another head than this one, as GitHub's messages
/// do: `Merge <head> into <base>`.
pub(crate) fn merges_another(message: &str, head_sha: &str) -> bool {
    let words: Vec<&str> = message.split_whitespace().take(4).collect();
    let is_sha = |word: &str| word.len() == 40 && word.bytes().all(|b| b.is_ascii_hexdigit());
    matches!(words.as_slice(), ["Merge", head, "into", base]
        if is_sha(head) && is_sha(base) && *head != head_sha)
}

#[cfg(test)]
mod tests {
    use super::*;
    use travis_forge::hosting::PushedCommit;

    fn push(messages: &[&str], head: Option<&str>) -> Push {
        let commit = |message: &str| PushedCommit {
            sha: format!("sha of {message}"),
            message: message.to_owned(),
        };
        Push {
            branch: Some("main".into()),
            tag: None,
            before: None,
            after: Some("after".into()),
            commits: messages.iter().map(|message| commit(message)).collect(),
            head: head.map(commit),
            compare_url: None,
            forced: false,
        }
    }

    #[test]
    fn the_last_commit_that_asks_for_no_skip_is_built() {
        for (messages, head, built) in [
            (&["a", "b"][..], None, "sha of b"),
            (&["a", "b [ci skip]"], None, "sha of a"),
            (&["a [skip ci]", "b [ci skip]"], None, "sha of b [ci skip]"),
            (&[], Some("h"), "sha of h"),
            (&[], None, "after"),
        ] {
            assert_eq!(pushed_commit(&push(messages, head)), Some(built));
        }
    }

    #[test]
    fn settings_and_overlong_addresses_refuse_at_once() {
        let on = RepositorySettings::default();
        let off = RepositorySettings {
            build_pushes: false,
            build_pull_requests: false,
            ..on.clone()
        };
        let long = "x".repeat(256);
        for (settings, event, url, reason) in [
            (&on, "push", None, None),
            (&off, "push", None, Some(TYPE_DISABLED)),
            (&off, "pull_request", None, Some(TYPE_DISABLED)),
            (&off, "api", None, None),
            (&off, "cron", None, None),
            (&on, "push", Some(&long[1..]), None),
            (&on, "push", Some(&long[..]), Some(COMPARE_URL_TOO_LONG)),
        ] {
            assert_eq!(refused_at_once(settings, event, url), reason);
        }
    }

    #[test]
    fn what_happens_to_a_pull_request_has_its_consequence() {
        use PullChange::*;
        // What happened; approvals end; what is done with a new head; with one that is known.
        for (change, rearm, fresh, known) in [
            (Opened, false, 'b', 'n'),
            (Reopened, true, 'b', 'b'),
            (Synchronized, true, 'b', 'n'),
            (BaseChanged, true, 'b', 'b'),
            (ReadyForReview, false, 'b', 'n'),
            (Labeled, true, 'n', 'n'),
            (Other, false, 'n', 'n'),
            (Closed, true, 'c', 'c'),
        ] {
            for (head_known, wanted) in [(false, fresh), (true, known)] {
                let act = pull_act(change, change != Closed, head_known);
                let step = match act.step {
                    PullStep::Build => 'b',
                    PullStep::Close => 'c',
                    PullStep::Nothing(_) => 'n',
                };
                assert_eq!(
                    (act.rearm, step),
                    (rearm, wanted),
                    "{change:?} {head_known}"
                );
            }
            if change != Closed {
                let act = pull_act(change, false, false);
                assert!(matches!(act.step, PullStep::Nothing(_)));
            }
        }
    }

    #[test]
    fn a_merge_of_another_head_is_seen() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let message = format!("Merge {a} into {b}");
        assert!(!merges_another(&message, &a));
        assert!(merges_another(&message, &b));
        assert!(!merges_another("Merge of both", &b));
        assert!(!merges_another(&format!("Merge {a} into main"), &b));
    }
}

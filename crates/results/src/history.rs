//! A case over several runs: since when it fails, and whether its outcome can be trusted.

use crate::case::{Case, Outcome};
use serde::{Deserialize, Serialize};

/// Bytes that one case takes in [`marks`].
pub const MARK_BYTES: usize = 9;
/// Changes from run to run on one branch from which a case counts as flaky: one more than breaking it
/// and mending it make.
const CHANGES: usize = 3;

/// The outcomes of many cases in few bytes: sorted by [`Case::key`], eight bytes of it and one for the
/// outcome each.
#[must_use]
pub fn marks(cases: &[Case]) -> Vec<u8> {
    let mut all: Vec<(u64, u8)> = cases
        .iter()
        .map(|case| {
            let mark = match case.outcome {
                Outcome::Passed if case.retried => b'r',
                Outcome::Passed => b'p',
                Outcome::Failed => b'f',
                Outcome::Skipped => b's',
            };
            (case.key(), mark)
        })
        .collect();
    all.sort_unstable();
    all.dedup_by_key(|(key, _)| *key);
    let mut out = Vec::with_capacity(all.len() * MARK_BYTES);
    for (key, mark) in all {
        out.extend_from_slice(&key.to_be_bytes());
        out.push(mark);
    }
    out
}

fn mark(marks: &[u8], key: u64) -> Option<u8> {
    let wanted = key.to_be_bytes();
    let (mut low, mut high) = (0, marks.len() / MARK_BYTES);
    while low < high {
        let middle = usize::midpoint(low, high);
        let at = marks.get(middle * MARK_BYTES..(middle + 1) * MARK_BYTES)?;
        let (key, mark) = at.split_at_checked(8)?;
        match key.cmp(&wanted) {
            std::cmp::Ordering::Equal => return mark.first().copied(),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

/// How a case ended in a run, if it was among its cases.
#[must_use]
pub fn outcome_in(marks: &[u8], key: u64) -> Option<Outcome> {
    match mark(marks, key)? {
        b'f' => Some(Outcome::Failed),
        b's' => Some(Outcome::Skipped),
        _ => Some(Outcome::Passed),
    }
}

/// An earlier run of the same job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// Names it, for whoever asks.
    pub id: i64,
    /// It was of the very commit that is asked about.
    pub same_commit: bool,
    /// It was of the branch that is compared with.
    pub on_branch: bool,
    /// Its [`marks`].
    pub marks: Vec<u8>,
}

/// What the past says of a case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// It fails now and passed in the branch's run before.
    pub newly_failing: bool,
    /// It ended in both ways for one commit, or changes too often.
    pub flaky: bool,
}

/// One run of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dot {
    /// Which: [`Past::id`].
    pub id: i64,
    /// How it ended; `None` where it was not among the cases.
    pub outcome: Option<Outcome>,
}

/// A case's past.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Story {
    /// What it means.
    pub standing: Standing,
    /// Runs of the branch, the oldest first.
    pub dots: Vec<Dot>,
}

/// What earlier runs, the oldest first, say of each case of a run.
#[must_use]
pub fn stories(cases: &[Case], past: &[Past]) -> Vec<Story> {
    cases.iter().map(|case| story(case, past)).collect()
}

fn story(case: &Case, past: &[Past]) -> Story {
    let key = case.key();
    let mut dots = Vec::new();
    let mut last = None;
    let mut changes = 0;
    let mut both = case.retried;
    for run in past {
        let found = mark(&run.marks, key);
        let outcome = outcome_in(&run.marks, key);
        // Its runner saw it end in both ways.
        both |= found == Some(b'r');
        let ran = outcome.filter(|outcome| *outcome != Outcome::Skipped);
        let ran_now = Some(case.outcome).filter(|outcome| *outcome != Outcome::Skipped);
        if run.same_commit && ran.is_some() && ran_now.is_some() && ran != ran_now {
            both = true;
        }
        if run.on_branch {
            dots.push(Dot {
                id: run.id,
                outcome,
            });
            if let Some(ran) = ran {
                changes += usize::from(last.is_some_and(|last| last != ran));
                last = Some(ran);
            }
        }
    }
    let before = last;
    if case.outcome != Outcome::Skipped {
        changes += usize::from(last.is_some_and(|last| last != case.outcome));
    }
    Story {
        standing: Standing {
            newly_failing: case.outcome == Outcome::Failed && before == Some(Outcome::Passed),
            flaky: both || changes >= CHANGES,
        },
        dots,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: i64, outcome: Outcome, same_commit: bool, on_branch: bool) -> Past {
        Past {
            id,
            same_commit,
            on_branch,
            marks: marks(&[
                Case::new("s", "other", Outcome::Passed),
                Case::new("s", "a", outcome),
            ]),
        }
    }

    fn standing(now: Outcome, past: &[Past]) -> Standing {
        stories(&[Case::new("s", "a", now)], past)[0].standing
    }

    #[test]
    fn marks_are_found_again() {
        let cases: Vec<Case> = (0..999)
            .map(|n| {
                let outcome = [Outcome::Passed, Outcome::Failed, Outcome::Skipped][n % 3];
                Case::new("suite", &format!("case {n}"), outcome)
            })
            .collect();
        let packed = marks(&cases);
        assert_eq!(packed.len(), 999 * MARK_BYTES);
        for case in &cases {
            assert_eq!(outcome_in(&packed, case.key()), Some(case.outcome));
        }
        assert_eq!(outcome_in(&packed, 5), None);
        assert_eq!(outcome_in(&packed[..100], u64::MAX), None);
        assert_eq!(outcome_in(&[], 5), None);
    }

    #[test]
    fn what_broke_now_is_new_and_what_flips_is_flaky() {
        use Outcome::{Failed, Passed, Skipped};
        let branch = |list: &[Outcome]| -> Vec<Past> {
            let runs = list.iter().enumerate();
            runs.map(|(at, outcome)| run(at as i64, *outcome, false, true))
                .collect()
        };
        let new = |now, past: &[Outcome]| standing(now, &branch(past)).newly_failing;
        assert!(new(Failed, &[Passed]));
        assert!(new(Failed, &[Failed, Passed, Skipped]));
        assert!(!new(Failed, &[Passed, Failed]));
        assert!(!new(Passed, &[Passed]));
        // Nothing is known of it: it is not called new.
        assert!(!new(Failed, &[]));
        let flaky = |now, past: &[Outcome]| standing(now, &branch(past)).flaky;
        assert!(!flaky(Passed, &[Passed, Failed, Failed]));
        assert!(flaky(Failed, &[Passed, Failed, Passed]));
        assert!(!flaky(Skipped, &[Passed, Failed, Passed]));
        assert!(!flaky(Failed, &[Passed, Passed, Passed]));
    }

    #[test]
    fn one_commit_with_both_outcomes_is_flaky() {
        let past = [run(1, Outcome::Failed, true, false)];
        assert!(standing(Outcome::Passed, &past).flaky);
        assert!(!standing(Outcome::Failed, &past).flaky);
        let other = [run(1, Outcome::Failed, false, false)];
        assert!(!standing(Outcome::Passed, &other).flaky);
        // Runs elsewhere make no dots.
        let story = &stories(&[Case::new("s", "a", Outcome::Passed)], &past)[0];
        assert_eq!(story.dots, []);
        let mut retried = Case::new("s", "a", Outcome::Passed);
        retried.retried = true;
        assert!(stories(&[retried], &[])[0].standing.flaky);
    }
}

//! When a result counts: whose word needs a second opinion, who may give it, and what follows when
//! words agree or do not.

use super::Tier;
use crate::scheduling::Mismatch;
use crate::{Outcome, UserId, WorkerId};

/// Of all results of a volunteer so many are checked, however long its row of agreements: without
/// a floor a machine that turns would falsify thousands before it is found out.
const FLOOR_VOLUNTEER: f64 = 0.05;
/// The same on probation.
const FLOOR_PROBATION: f64 = 0.20;
/// So many words have to stand against a forged success before it counts as proven: a test that
/// fails now and then explains one or two of them.
const PROOF: usize = 3;
/// More words than this are asked of nobody.
const MOST_WORDS: usize = 6;

/// What is compared of two results. Not the log: times and addresses differ between machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Said {
    /// How it ended.
    pub outcome: Outcome,
    /// The exit code of its script.
    pub exit_code: Option<i32>,
}

/// A worker's word for a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Whose.
    pub worker: WorkerId,
    /// Who lends it.
    pub owner: UserId,
    /// Where it comes from, as far as that is known.
    pub network: Option<String>,
    /// How far its word counts for the job's repository.
    pub tier: Tier,
    /// The word.
    pub said: Said,
}

/// Whether two results say the same.
#[must_use]
pub fn agree(one: &Said, other: &Said) -> bool {
    one == other
}

/// Whether a result of this tier counts before anybody else has agreed.
#[must_use]
pub fn binds(tier: Tier) -> bool {
    tier >= Tier::Volunteer
}

/// The share of results that are checked. `streak` is the worker's row of agreements, `trusted`
/// the operator's choice for machines that are trusted anyhow.
#[must_use]
pub fn check_rate(tier: Tier, streak: u32, trusted: f64) -> f64 {
    let by_streak = 1.0 / f64::from(streak.max(1));
    match tier {
        Tier::Quarantined => 1.0,
        Tier::Probation => by_streak.max(FLOOR_PROBATION),
        Tier::Volunteer => by_streak.max(FLOOR_VOLUNTEER),
        Tier::Bound | Tier::Attested => trusted,
    }
}

/// Whether a result wants a second opinion. One that does not bind always does: it counts only with
/// agreement. Of the others a share is drawn; `seed` is random, so that no worker can know which.
#[must_use]
pub fn needs_verification(tier: Tier, streak: u32, trusted: f64, seed: u64) -> bool {
    !binds(tier) || fraction(seed) < check_rate(tier, streak, trusted)
}

/// A number from 0 up to 1.
#[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
fn fraction(seed: u64) -> f64 {
    (seed >> 11) as f64 / (1_u64 << 53) as f64
}

/// Whether a worker may give its opinion on a job. `candidate` has a word of no meaning;
/// `trusted_only`: words disagree, a trusted one decides; `better_online`: somebody whose word
/// binds may give it, which keeps beginners from vouching for each other.
///
/// # Errors
/// [`Mismatch::NotIndependent`].
pub fn may_opine(
    candidate: &Word,
    words: &[Word],
    trusted_only: bool,
    better_online: bool,
) -> Result<(), Mismatch> {
    let trusted = candidate.tier.is_trusted();
    let spoke_first = words
        .first()
        .is_some_and(|first| first.worker == candidate.worker);
    // A trusted machine may run it once more: there may be only one, and what is asked is whether
    // the job does the same twice.
    if spoke_first || (trusted_only && !trusted) {
        return Err(Mismatch::NotIndependent);
    }
    if trusted {
        return Ok(());
    }
    let same = |word: &Word| {
        word.worker == candidate.worker
            || word.owner == candidate.owner
            || (word.network.is_some() && word.network == candidate.network)
    };
    if words.iter().any(same) || (better_online && !binds(candidate.tier)) {
        return Err(Mismatch::NotIndependent);
    }
    Ok(())
}

/// What became of one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Confirmed.
    Agreed,
    /// Contradicted; it may have been an accident.
    Doubted,
    /// False, and no accident explains it.
    False,
}

/// What follows from the words on a job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// The word that stands; `None`: nobody knows yet, the first one is provisional.
    pub stands: Option<usize>,
    /// One more word is wanted, of a trusted worker when `Some(true)`.
    pub wanted: Option<bool>,
    /// Trusted workers disagree: the job does not do the same twice.
    pub flaky: bool,
    /// What became of the words of those that are not trusted; only when nothing is wanted.
    pub verdicts: Vec<(usize, Verdict)>,
}

/// Judges the words on a job, in the order in which they came.
#[must_use]
pub fn judge(words: &[Word]) -> Judgement {
    let Some(first) = words.first() else {
        return Judgement::default();
    };
    let so_far = binds(first.tier).then_some(0);
    if words.len() == 1 {
        return Judgement {
            stands: so_far,
            wanted: Some(false),
            ..Judgement::default()
        };
    }
    let says = |at: usize, said: &Said| words.get(at).is_some_and(|word| agree(&word.said, said));
    let support = |said: &Said| (0..words.len()).filter(|at| says(*at, said)).count();
    if support(&first.said) == words.len() {
        return Judgement {
            stands: Some(0),
            verdicts: verdicts(words, &first.said, false),
            ..Judgement::default()
        };
    }
    let trusted = || words.iter().filter(|word| word.tier.is_trusted());
    let Some(leading) = trusted().max_by_key(|word| {
        let same = trusted()
            .filter(|other| agree(&other.said, &word.said))
            .count();
        (same, support(&word.said))
    }) else {
        return Judgement {
            stands: so_far,
            wanted: Some(true),
            ..Judgement::default()
        };
    };
    let said = leading.said;
    let stands = words
        .iter()
        .position(|word| word.tier.is_trusted() && agree(&word.said, &said));
    let flaky = trusted().any(|word| !agree(&word.said, &said));
    if flaky {
        return Judgement {
            stands,
            flaky,
            verdicts: verdicts(words, &said, flaky),
            wanted: None,
        };
    }
    if words.len() == 2 {
        return Judgement {
            stands: so_far,
            wanted: Some(true),
            ..Judgement::default()
        };
    }
    let forged = words.iter().any(|word| is_forged(word, &said));
    if forged && support(&said) < PROOF && words.len() < MOST_WORDS {
        return Judgement {
            stands,
            wanted: Some(true),
            ..Judgement::default()
        };
    }
    Judgement {
        stands,
        verdicts: verdicts(words, &said, flaky),
        ..Judgement::default()
    }
}

/// A success that was none.
fn is_forged(word: &Word, said: &Said) -> bool {
    !word.tier.is_trusted()
        && word.said.outcome == Outcome::Passed
        && said.outcome != Outcome::Passed
}

fn verdicts(words: &[Word], said: &Said, flaky: bool) -> Vec<(usize, Verdict)> {
    let judged = words
        .iter()
        .enumerate()
        .filter(|(_, word)| !word.tier.is_trusted());
    let verdict = |word: &Word| {
        if agree(&word.said, said) {
            Some(Verdict::Agreed)
        } else if flaky || word.said.outcome == Outcome::Errored {
            // A machine that could not run it says nothing about the job: that costs reliability.
            None
        } else if is_forged(word, said) {
            Some(Verdict::False)
        } else {
            Some(Verdict::Doubted)
        }
    };
    judged
        .filter_map(|(at, word)| Some((at, verdict(word)?)))
        .collect()
}

#[cfg(test)]
mod tests;

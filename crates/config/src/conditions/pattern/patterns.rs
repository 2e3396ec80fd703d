//! What all patterns of one file may cost together.

use std::collections::HashMap;

use super::{Translated, read};
use crate::conditions::error::ConditionError;

/// The units that all patterns of a file may cost: under a second.
const BUDGET: u64 = 1 << 30;
/// What making a pattern ready counts, and each of its states.
const COMPILING: u64 = 1 << 19;
const COMPILING_STATE: u64 = 1 << 12;
/// Steps back that one match may take, at most.
const MAX_STEPS: u64 = 200_000;
/// Where a match may step back, steps times the length of a short text.
const SHORT_MATCH: u64 = 1 << 22;
/// Steps back for each character of a long text. One for each is needed to look at every place.
const STEPS_PER_CHARACTER: u64 = 4;
/// Answers about longer texts are not kept.
const MAX_KEPT_BYTES: usize = 4 * 1024;

/// Matches patterns until they cost too much together: a file may have thousands of conditions, on
/// texts that are as long. Patterns and answers are kept, since the jobs of a file ask the same.
#[derive(Debug)]
pub(crate) struct Patterns {
    /// By the pattern, and the steps that it may take.
    compiled: HashMap<(String, u64), Result<Known, ConditionError>>,
    left: u64,
}

#[derive(Debug)]
struct Known {
    pattern: super::CompiledPattern,
    /// What one character of a text counts.
    weight: u64,
    last: Option<(String, bool)>,
}

impl Default for Patterns {
    fn default() -> Self {
        Self {
            compiled: HashMap::new(),
            left: BUDGET,
        }
    }
}

impl Patterns {
    /// Whether a pattern that is written for Ruby can be matched at all.
    ///
    /// # Errors
    /// When Ruby would refuse it, or it asks for more than is matched here.
    pub(crate) fn check(&mut self, pattern: &str) -> Result<(), ConditionError> {
        self.known(pattern, 0).map(|_| ())
    }

    /// Whether a pattern that is written for Ruby matches anywhere in the text.
    ///
    /// # Errors
    /// As for [`Self::check`], and when matching takes too long.
    pub(crate) fn matches(&mut self, pattern: &str, text: &str) -> Result<bool, ConditionError> {
        let known = self.known(pattern, text.len())?;
        if let Some((_, answer)) = known.last.as_ref().filter(|(last, _)| last == text) {
            return Ok(*answer);
        }
        let cost = known.weight.saturating_mul(text.len() as u64);
        self.spend(cost)?;
        let known = self.known(pattern, text.len())?;
        let answer = known.pattern.matches(text)?;
        if text.len() <= MAX_KEPT_BYTES {
            known.last = Some((text.to_owned(), answer));
        }
        Ok(answer)
    }

    fn known(&mut self, pattern: &str, length: usize) -> Result<&mut Known, ConditionError> {
        let steps = steps(length);
        // Most patterns never step back, and are the same one for texts of all lengths.
        for key in [0, steps] {
            let key = (pattern.to_owned(), key);
            if self.compiled.contains_key(&key) {
                return match self.compiled.get_mut(&key) {
                    Some(Ok(known)) => Ok(known),
                    Some(Err(error)) => Err(error.clone()),
                    None => Err(ConditionError::slow_pattern(pattern)),
                };
            }
        }
        let translated = read(pattern);
        let states = translated.as_ref().map_or(0, Translated::states) as u64;
        self.spend(COMPILING + COMPILING_STATE * states)?;
        let (key, known) = match translated {
            Ok(translated) if translated.may_step_back() => (steps, know(translated, steps, steps)),
            Ok(translated) => (0, know(translated, MAX_STEPS, states)),
            Err(error) => (0, Err(error)),
        };
        let entry = self.compiled.entry((pattern.to_owned(), key));
        match entry.or_insert(known) {
            Ok(known) => Ok(known),
            Err(error) => Err(error.clone()),
        }
    }

    fn spend(&mut self, cost: u64) -> Result<(), ConditionError> {
        match self.left.checked_sub(cost) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(ConditionError::judged(
                "the regular expressions of this file take too long together: write fewer of \
                 them, or simpler ones"
                    .to_owned(),
            )),
        }
    }
}

fn know(translated: Translated, steps: u64, weight: u64) -> Result<Known, ConditionError> {
    let steps = usize::try_from(steps).unwrap_or(usize::MAX);
    Ok(Known {
        pattern: translated.compile(steps)?,
        weight,
        last: None,
    })
}

/// The steps back that a match on a text of this length may take; few lengths have numbers of their
/// own. Each step may look at the whole text.
fn steps(length: usize) -> u64 {
    let length = length.max(16).next_power_of_two() as u64;
    (SHORT_MATCH / length)
        .max(STEPS_PER_CHARACTER * length)
        .min(MAX_STEPS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_right_whether_kept_or_not() {
        let mut patterns = Patterns::default();
        for _ in 0..2 {
            for (pattern, text, want) in [
                ("^v\\d+$", "v1", true),
                ("^v\\d+$", "w1", false),
                ("^(?!skip)", "skip-me", false),
                ("^(?!skip)", "build-me", true),
                ("(a)\\1", "baa", true),
            ] {
                assert_eq!(
                    patterns.matches(pattern, text),
                    Ok(want),
                    "{pattern} {text}"
                );
            }
        }
    }

    #[test]
    fn the_same_question_costs_once() {
        let mut patterns = Patterns::default();
        patterns.matches("^a{2,9}$", "aaa").unwrap();
        let left = patterns.left;
        for _ in 0..10_000 {
            patterns.matches("^a{2,9}$", "aaa").unwrap();
        }
        assert_eq!(patterns.left, left);
    }

    #[test]
    fn long_texts_and_steps_back_have_an_end() {
        let long = "ab".repeat(45_000);
        for pattern in ["(?<!b)(a|b)*c|t$", "(?=(?:a|b)*c)x"] {
            let error = Patterns::default().matches(pattern, &long).unwrap_err();
            assert!(error.to_string().contains("too long"), "{error}");
        }
        let mut patterns = Patterns::default();
        let some = (0..5000).take_while(|n| patterns.check(&format!("^a{n}$")).is_ok());
        let some = some.count();
        assert!((500..3000).contains(&some), "{some}");
    }

    #[test]
    fn look_around_on_a_long_message_is_matched() {
        let message = "A line of a message that says what was done, and why.\n".repeat(90);
        let mut patterns = Patterns::default();
        let answer = patterns.matches(r"^(?!.*\[skip ci\]).*(?<!not )done", &message);
        assert_eq!(answer, Ok(true));
    }
}

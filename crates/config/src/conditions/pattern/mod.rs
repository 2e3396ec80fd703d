//! Ruby's regular expressions, in bounded time.
//!
//! A pattern is read by Ruby's grammar and written anew for the engine that matches it: `^` and
//! `$` are borders of lines, `\d`, `\s` and `\w` know ASCII only, and what Ruby refuses is refused.

mod class;
mod group;
mod patterns;
mod translate;

use fancy_regex::{Regex, RegexBuilder};

use super::error::ConditionError;
pub(crate) use patterns::Patterns;

/// Bytes that a compiled pattern may take.
const MAX_COMPILED_BYTES: usize = 512 * 1024;
/// The longest pattern, in bytes. A longer one may have more states than the engine keeps, and then
/// takes a step for each of them at each character.
const MAX_PATTERN_BYTES: usize = 2 * 1024;
/// States that a pattern within these limits can have, about.
const MAX_STATES: usize = 16 * 1024;
/// States of a class of all letters of the world, about.
const CLASS_STATES: usize = 500;

/// A pattern that can be matched.
#[derive(Debug)]
struct CompiledPattern {
    regex: Regex,
    source: String,
}

/// A pattern in the words of the engine.
struct Translated {
    source: String,
    text: String,
}

/// Reads a pattern by Ruby's grammar.
fn read(pattern: &str) -> Result<Translated, ConditionError> {
    if pattern.len() > MAX_PATTERN_BYTES {
        return Err(ConditionError::invalid_pattern(pattern, "it is too long"));
    }
    match translate::translate(pattern) {
        Ok(text) => Ok(Translated {
            source: pattern.to_owned(),
            text,
        }),
        Err(problem) => Err(ConditionError::invalid_pattern(pattern, problem.text())),
    }
}

impl Translated {
    /// Whether the engine may step back in it. Where this is not sure, it says yes.
    fn may_step_back(&self) -> bool {
        let marks = [
            "(?=", "(?!", "(?<=", "(?<!", "(?>", "\\k", "++", "*+", "?+", "}+", "\\G",
        ];
        let text = self.text.as_str();
        marks.iter().any(|mark| text.contains(mark))
            || text
                .as_bytes()
                .windows(2)
                .any(|pair| matches!(pair, [b'\\', b'1'..=b'9']))
    }

    /// How many states it has at most, about: its length, as often as its repeats ask for.
    fn states(&self) -> usize {
        let text = self.text.as_str();
        let classes = ["[:", "\\p", "\\P"].map(|mark| text.matches(mark).count());
        let mut states = text.len().max(1) + classes.iter().sum::<usize>() * CLASS_STATES;
        for repeat in text.split('{').skip(1) {
            let counts = repeat.split('}').next().unwrap_or_default();
            let highest = counts.rsplit(',').find_map(|count| count.parse().ok());
            states = states.saturating_mul(highest.unwrap_or(1).max(1));
        }
        states.min(MAX_STATES)
    }

    /// Makes it ready to match, with so many steps back.
    fn compile(self, steps: usize) -> Result<CompiledPattern, ConditionError> {
        let regex = RegexBuilder::new(&self.text)
            .backtrack_limit(steps)
            .delegate_size_limit(MAX_COMPILED_BYTES)
            .build()
            .map_err(|_| {
                let reason = "it can't be matched here: write it more simply";
                ConditionError::invalid_pattern(&self.source, reason)
            })?;
        Ok(CompiledPattern {
            regex,
            source: self.source,
        })
    }
}

impl CompiledPattern {
    /// Whether it matches anywhere in the text.
    ///
    /// # Errors
    /// When that would take too long.
    fn matches(&self, text: &str) -> Result<bool, ConditionError> {
        self.regex
            .is_match(text)
            .map_err(|_| ConditionError::slow_pattern(&self.source))
    }
}

#[cfg(test)]
mod tests;

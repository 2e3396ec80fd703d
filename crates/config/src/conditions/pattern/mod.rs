//! Ruby's regular expressions, in bounded time.
//!
//! A pattern is read by Ruby's grammar and written anew for the engine that matches it: `^` and
//! `$` are borders of lines, `\d`, `\s` and `\w` know ASCII only, and what Ruby refuses is refused.

mod class;
mod group;
mod translate;

use fancy_regex::{Regex, RegexBuilder};

use super::error::ConditionError;

/// Steps back that a pattern with look-around may take. Others take linear time.
const MAX_STEPS: usize = 200_000;
/// Bytes that a compiled pattern may take.
const MAX_COMPILED_BYTES: usize = 512 * 1024;
/// The longest pattern, in bytes.
const MAX_PATTERN_BYTES: usize = 16 * 1024;

/// A pattern that can be matched.
#[derive(Debug)]
pub(crate) struct CompiledPattern {
    regex: Regex,
    source: String,
}

/// Compiles a pattern that is written for Ruby.
///
/// # Errors
/// When Ruby would refuse it, or it asks for more than is matched here.
pub(crate) fn compile(pattern: &str) -> Result<CompiledPattern, ConditionError> {
    let invalid = |reason: &str| ConditionError::invalid_pattern(pattern, reason);
    if pattern.len() > MAX_PATTERN_BYTES {
        return Err(invalid("it is too long"));
    }
    let translated = translate::translate(pattern).map_err(|problem| invalid(problem.text()))?;
    let regex = RegexBuilder::new(&translated)
        .backtrack_limit(MAX_STEPS)
        .delegate_size_limit(MAX_COMPILED_BYTES)
        .build()
        .map_err(|_| invalid("it can't be matched here: write it more simply"))?;
    Ok(CompiledPattern {
        regex,
        source: pattern.to_owned(),
    })
}

impl CompiledPattern {
    /// Whether it matches anywhere in the text.
    ///
    /// # Errors
    /// When that would take too long.
    pub(crate) fn matches(&self, text: &str) -> Result<bool, ConditionError> {
        self.regex
            .is_match(text)
            .map_err(|_| ConditionError::slow_pattern(&self.source))
    }
}

#[cfg(test)]
mod tests;

//! `if:` conditions: read, printed, and judged by what is known of a build and a job.
//!
//! The language is the original's `conditions: v1`, with its texts for what can't be read.

mod ast;
mod data;
mod error;
mod eval;
mod hints;
mod judge;
mod parser;
mod pattern;

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use crate::PlanContext;
pub use data::Data;
pub use error::ConditionError;
pub use hints::{Hint, nearest_fact};
pub use judge::{DataJudge, data_of};
pub(crate) use pattern::Patterns;

/// A condition that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    expr: ast::Expr,
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// When it breaks the grammar, with the original's text, or is nested too deep. Regular
    /// expressions are looked at only when they are needed.
    pub fn parse(text: &str) -> Result<Self, ConditionError> {
        parser::parse(&join_lines(text)).map(|expr| Self { expr })
    }

    /// Whether it may stand under `conditions: v0`, which has fewer forms.
    pub(crate) fn is_of_first_form(&self) -> bool {
        self.expr.is_of_first_form()
    }

    /// Judges it.
    ///
    /// # Errors
    /// When a part that counts can't be judged: a regular expression that is invalid or takes too
    /// long, a function with wrong arguments. Such a condition counts as one that does not hold.
    pub fn holds(&self, data: &Data) -> Result<bool, ConditionError> {
        self.holds_within(data, &mut Patterns::default())
    }

    /// As [`Self::holds`], with what is left for the regular expressions of its file.
    pub(crate) fn holds_within(
        &self,
        data: &Data,
        patterns: &mut Patterns,
    ) -> Result<bool, ConditionError> {
        eval::holds(&self.expr, data, patterns)
    }

    /// Texts in it that were probably meant as facts.
    #[must_use]
    pub fn hints(&self) -> Vec<Hint> {
        hints::hints(&self.expr)
    }
}

/// The condition in a form that reads to the same one.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.expr)
    }
}

/// Joins lines that a backslash continues. Positions in errors count in this text.
#[must_use]
pub fn join_lines(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let after = &rest[at + 1..];
        let space = after
            .find(|c: char| !matches!(c, ' ' | '\t'..='\r'))
            .unwrap_or(after.len());
        match after[..space].rfind(['\n', '\r']) {
            Some(end) => {
                result.push_str(&rest[..at]);
                result.push(' ');
                rest = &after[end + 1..];
            }
            None => {
                result.push_str(&rest[..=at]);
                rest = after;
            }
        }
    }
    result.push_str(rest);
    Cow::Owned(result)
}

/// What a condition stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A job of `jobs.include`.
    Job,
    /// An entry of `stages`.
    Stage,
    /// A rule of `jobs.exclude`.
    Exclude,
    /// A rule of `jobs.allow_failures`.
    AllowFailure,
    /// An entry of a section of `notifications`.
    Notification,
    /// An entry of `import`.
    Import,
}

/// Decides whether a condition holds. `None` means that it was not judged: jobs and stages are
/// then kept, and rules do not apply, so that nothing is dropped or forgiven on a guess.
pub trait Judge {
    /// Judges `condition` for the given job (the whole configuration for a stage
    /// or a notification).
    fn holds(
        &self,
        subject: Subject,
        condition: &str,
        context: &PlanContext,
        job: &Map<String, Value>,
    ) -> Option<bool>;
}

/// Judges nothing.
#[derive(Debug, Clone, Copy)]
pub struct Unevaluated;

impl Judge for Unevaluated {
    fn holds(
        &self,
        _subject: Subject,
        _condition: &str,
        _context: &PlanContext,
        _job: &Map<String, Value>,
    ) -> Option<bool> {
        None
    }
}

#[cfg(test)]
mod tests;

//! The seam where `if:` conditions are judged.

use serde_json::{Map, Value};

use crate::PlanContext;

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
}

/// Decides whether a condition holds. `None` means that it was not judged: jobs and stages are
/// then kept, and rules do not apply, so that nothing is dropped or forgiven on a guess.
pub trait Judge {
    /// Judges `condition` for the given job (empty for a stage).
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

/// Whether the condition can be read.
///
/// # Errors
/// What is wrong with it.
pub fn check(_condition: &str) -> Result<(), String> {
    Ok(())
}

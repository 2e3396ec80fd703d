//! How the jobs of one run came out.

use super::chosen::Chosen;
use super::title;
use crate::failure::{Failure, Status};
use crate::output::table::{Cell, Table};
use crate::output::{Color, words};
use crate::session::Session;
use serde_json::json;
use std::time::Duration;
use travis_worker::LocalEnd;

/// How a job came out.
pub struct Outcome<'a> {
    /// Which.
    pub chosen: &'a Chosen<'a>,
    /// Its end; none when it was not run.
    pub end: Option<LocalEnd>,
    /// How long it took.
    pub took: Duration,
}

/// The table at the end, and the exit code.
pub fn report(outcomes: &[Outcome<'_>], session: &mut Session) -> Result<Status, Failure> {
    let word = |outcome: &Outcome<'_>| match (&outcome.end, &outcome.chosen.skipped) {
        (Some(end), _) => end.outcome,
        (None, Some(_)) => "skipped",
        (None, None) => "not run",
    };
    if session.is_json() {
        let jobs: Vec<_> = outcomes
            .iter()
            .map(|outcome| {
                let end = outcome.end.as_ref();
                json!({
                    "number": outcome.chosen.number,
                    "name": outcome.chosen.job.name,
                    "stage": outcome.chosen.job.stage,
                    "allow_failure": outcome.chosen.job.allow_failure,
                    "state": word(outcome),
                    "exit_code": end.and_then(|end| end.exit_code),
                    "reason": end.map_or(outcome.chosen.skipped.clone(), |end| end.reason.clone()),
                    "seconds": outcome.took.as_secs_f64(),
                })
            })
            .collect();
        session.screen.json(&json!({ "jobs": jobs }))?;
    } else {
        let mut table = Table::with_head(&["JOB", "", "RESULT", "TIME", ""]);
        for outcome in outcomes {
            let color = match word(outcome) {
                "passed" => Color::Green,
                "failed" => Color::Red,
                "errored" => Color::Magenta,
                _ => Color::Gray,
            };
            let ran = outcome.end.is_some();
            let nanoseconds = u64::try_from(outcome.took.as_nanos()).unwrap_or(u64::MAX);
            let note = match (&outcome.end, &outcome.chosen.skipped) {
                (Some(end), _) if end.outcome != "passed" && outcome.chosen.job.allow_failure => {
                    "allowed to fail"
                }
                (Some(end), _) => end.reason.as_deref().unwrap_or_default(),
                (None, Some(why)) => why,
                (None, None) => "an earlier one broke",
            };
            table.row(vec![
                Cell::new(&outcome.chosen.number.to_string()).right(),
                Cell::new(&title(outcome.chosen)),
                Cell::new(word(outcome)).color(color),
                Cell::new(&if ran {
                    words::measured(nanoseconds)
                } else {
                    String::new()
                })
                .right(),
                Cell::new(note).color(Color::Gray),
            ]);
        }
        table.print(&mut session.screen)?;
    }
    let counted = outcomes
        .iter()
        .filter(|outcome| !outcome.chosen.job.allow_failure)
        .filter_map(|outcome| outcome.end.as_ref())
        .map(|end| end.outcome);
    let worst = counted
        .map(|word| match word {
            "passed" => Status::Passed,
            "failed" => Status::Failed,
            "canceled" => Status::Canceled,
            _ => Status::Errored,
        })
        .max_by_key(|status| *status as u8);
    Ok(worst.unwrap_or(Status::Passed))
}

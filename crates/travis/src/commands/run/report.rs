//! How the jobs of one run came out.

use super::chosen::Chosen;
use super::job::title;
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
    /// The run was stopped before it.
    pub stopped: bool,
}

fn word(outcome: &Outcome<'_>) -> &'static str {
    match (&outcome.end, &outcome.chosen.skipped) {
        (Some(end), _) => end.outcome,
        (None, Some(_)) => "skipped",
        (None, None) => "not run",
    }
}

fn color(word: &str) -> Color {
    match word {
        "passed" => Color::Green,
        "failed" => Color::Red,
        "errored" => Color::Magenta,
        _ => Color::Gray,
    }
}

fn time(took: Duration) -> String {
    words::measured(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX))
}

/// The line that a job's log ends with.
///
/// # Errors
/// When writing fails.
pub fn line(outcome: &Outcome<'_>, session: &mut Session) -> Result<(), Failure> {
    let Some(end) = &outcome.end else {
        return Ok(());
    };
    if session.is_json() {
        return Ok(());
    }
    let mut text = match end.outcome {
        "passed" => format!("✓ passed in {}", time(outcome.took)),
        word => format!("✗ {word} after {}", time(outcome.took)),
    };
    if end.outcome != "passed" && outcome.chosen.job.allow_failure {
        text.push_str(", which it is allowed to");
    }
    if let Some(reason) = &end.reason {
        text.push_str(": ");
        text.push_str(&crate::output::plain(reason.trim_end_matches('.')));
    }
    let text = session.screen.paint.text(color(end.outcome), &text);
    session.screen.line(&text)?;
    Ok(())
}

/// The table at the end, where there is more than one job, and the exit code.
pub fn report(outcomes: &[Outcome<'_>], session: &mut Session) -> Result<Status, Failure> {
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
    } else if outcomes.len() > 1 || outcomes.iter().any(|outcome| outcome.end.is_none()) {
        session.screen.line("")?;
        let mut table = Table::with_head(&["JOB", "", "RESULT", "TIME", ""]);
        for outcome in outcomes {
            let ran = outcome.end.is_some();
            let note = match (&outcome.end, &outcome.chosen.skipped) {
                (Some(end), _) if end.outcome != "passed" && outcome.chosen.job.allow_failure => {
                    "allowed to fail"
                }
                (Some(end), _) => end.reason.as_deref().unwrap_or_default(),
                (None, Some(why)) => why,
                (None, None) if outcome.stopped => "the run was stopped",
                (None, None) => "a job of an earlier stage broke",
            };
            table.row(vec![
                Cell::new(&outcome.chosen.number.to_string()).right(),
                Cell::new(&title(outcome.chosen)),
                Cell::new(word(outcome)).color(color(word(outcome))),
                Cell::new(&if ran {
                    time(outcome.took)
                } else {
                    String::new()
                })
                .right(),
                Cell::new(note).color(Color::Gray),
            ]);
        }
        table.print(&mut session.screen)?;
    }
    let ran = outcomes.iter().any(|outcome| outcome.end.is_some());
    if !ran && !outcomes.iter().any(|outcome| outcome.stopped) {
        return Err(Failure::new(
            Status::Errored,
            "none of these jobs can run on this machine",
        )
        .remedy("Add one that can, such as: os: linux. All of them: travis run --list"));
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

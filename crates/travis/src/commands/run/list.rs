//! `travis run --list`: which jobs there are, and which of them run here.

use super::chosen::Chosen;
use crate::commands::expand::{job_words, left};
use crate::commands::sources::Sources;
use crate::failure::{Failure, Status};
use crate::output::Color;
use crate::output::table::{Cell, Table};
use crate::session::Session;
use serde_json::{Value, json};
use travis_config::{Plan, PlanContext};

/// Shows the jobs.
pub fn list(
    sources: &Sources,
    known: &PlanContext,
    plan: &Plan,
    all: &[Chosen<'_>],
    session: &mut Session,
) -> Result<Status, Failure> {
    let left = left::left_out(sources, known, plan);
    if session.is_json() {
        let jobs: Vec<Value> = all
            .iter()
            .map(|chosen| {
                json!({
                    "number": chosen.number,
                    "name": chosen.job.name,
                    "stage": chosen.job.stage,
                    "allow_failure": chosen.job.allow_failure,
                    "skipped": chosen.skipped,
                    "config": chosen.job.config,
                })
            })
            .collect();
        let left = left::as_json(&left);
        session
            .screen
            .json(&json!({ "jobs": jobs, "left_out": left }))?;
        return Ok(Status::Passed);
    }
    let mut table = Table::with_head(&["JOB", "STAGE", "NAME", "WHAT", "MAY FAIL", "HERE"]);
    for chosen in all {
        let staged = !plan.stages.is_empty();
        table.row(vec![
            Cell::new(&chosen.number.to_string()).right(),
            Cell::new(if staged { &chosen.job.stage } else { "" }),
            Cell::new(chosen.job.name.as_deref().unwrap_or_default()),
            Cell::new(&job_words(chosen.job)),
            Cell::new(if chosen.job.allow_failure { "yes" } else { "" }).color(Color::Gray),
            Cell::new(chosen.skipped.as_deref().unwrap_or("runs")).color(Color::Gray),
        ]);
    }
    table.print(&mut session.screen)?;
    left::print(&left, session)?;
    Ok(Status::Passed)
}

/// Says that there is nothing to run, and why.
pub fn nothing(
    sources: &Sources,
    known: &PlanContext,
    plan: &Plan,
    session: &mut Session,
) -> Result<Status, Failure> {
    let left = left::left_out(sources, known, plan);
    if session.is_json() {
        let left = left::as_json(&left);
        session
            .screen
            .json(&json!({ "jobs": [], "left_out": left }))?;
        return Ok(Status::Passed);
    }
    session.screen.line("No job of the file is left to run.")?;
    left::print(&left, session)?;
    Ok(Status::Passed)
}

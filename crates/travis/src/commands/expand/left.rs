//! Jobs that are left out of a build, and why.

use super::job_words;
use crate::commands::sources::Sources;
use crate::failure::Failure;
use crate::output::Color;
use crate::output::table::{Cell, Table};
use crate::session::Session;
use serde_json::{Map, Value, json};
use travis_config::conditions::{DataJudge, Judge as _, Subject, Unevaluated};
use travis_config::{Plan, PlanContext, PlannedJob};

/// A job that the file has and this build has not.
pub struct Left {
    /// The job.
    pub job: PlannedJob,
    /// Why, as words.
    pub why: String,
}

/// The jobs that are there without conditions and are not among those of the plan.
pub fn left_out(sources: &Sources, known: &PlanContext, plan: &Plan) -> Vec<Left> {
    let Ok(whole) = sources.plan(known, &Unevaluated) else {
        return Vec::new();
    };
    let mut kept: Vec<Value> = plan.jobs.iter().map(sense).collect();
    let mut left = Vec::new();
    for job in whole.jobs {
        let sense = sense(&job);
        if let Some(place) = kept.iter().position(|one| *one == sense) {
            kept.swap_remove(place);
            continue;
        }
        let why = why(&job, &whole.config, known);
        left.push(Left { job, why });
    }
    left
}

/// What makes a job the same one: rules about failures may be judged differently.
fn sense(job: &PlannedJob) -> Value {
    let mut config = job.config.clone();
    if let Value::Object(map) = &mut config {
        map.shift_remove("allow_failure");
    }
    config
}

fn why(job: &PlannedJob, config: &Value, known: &PlanContext) -> String {
    let none = Map::new();
    let own = job.config.as_object().unwrap_or(&none);
    if let Some(condition) = own.get("if").and_then(Value::as_str)
        && DataJudge::default().holds(Subject::Job, condition, known, own) == Some(false)
    {
        return format!("its if is false: {condition}");
    }
    let stages = config.get("stages").and_then(Value::as_array);
    let whole = config.as_object().unwrap_or(&none);
    for stage in stages.into_iter().flatten() {
        let name = stage.get("name").and_then(Value::as_str);
        let condition = stage.get("if").and_then(Value::as_str);
        if let (Some(name), Some(condition)) = (name, condition)
            && name.to_lowercase() == job.stage.to_lowercase()
            && DataJudge::default().holds(Subject::Stage, condition, known, whole) == Some(false)
        {
            return format!("the if of its stage is false: {condition}");
        }
    }
    "a rule of jobs.exclude whose if holds".to_owned()
}

/// For programs.
pub fn as_json(left: &[Left]) -> Value {
    left.iter()
        .map(|left| {
            json!({
                "name": left.job.name,
                "stage": left.job.stage,
                "why": left.why,
                "config": left.job.config,
            })
        })
        .collect()
}

/// For people; nothing when no job is left out.
///
/// # Errors
/// When writing fails.
pub fn print(left: &[Left], session: &mut Session) -> Result<(), Failure> {
    if left.is_empty() {
        return Ok(());
    }
    session.screen.line("")?;
    let mut table = Table::with_head(&["LEFT OUT", "WHY"]);
    for left in left {
        let words = job_words(&left.job);
        let what = left.job.name.as_deref().unwrap_or(&words);
        table.row(vec![
            Cell::new(what),
            Cell::new(&left.why).color(Color::Gray),
        ]);
    }
    table.print(&mut session.screen)?;
    Ok(())
}

//! Stages: which job belongs to which, and in which order they run.

use serde_json::{Map, Value};

use super::Court;
use super::notices::Notices;
use crate::conditions::Subject;

/// The stage of jobs that name none.
pub(super) const DEFAULT: &str = "test";

type Job = Map<String, Value>;

fn declared(config: &Job) -> impl Iterator<Item = &Job> {
    let list = config.get("stages").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}

fn name(stage: &Job) -> Option<&str> {
    stage.get("name").and_then(Value::as_str)
}

fn same(left: &str, right: &str) -> bool {
    left.to_lowercase() == right.to_lowercase()
}

/// Gives the jobs without a stage the default one and answers all names in order; empty when
/// neither the file declares stages nor a job names one.
pub(super) fn assign(config: &Job, jobs: &mut [Job]) -> Vec<String> {
    let uses_stages =
        config.contains_key("stages") || jobs.iter().any(|job| job.contains_key("stage"));
    if !uses_stages {
        return Vec::new();
    }
    let named = |job: &Job| job.get("stage").and_then(Value::as_str).map(str::to_owned);
    // The default takes the spelling that the file uses for it.
    let default = declared(config)
        .filter_map(name)
        .map(str::to_owned)
        .chain(jobs.iter().filter_map(named))
        .find(|name| same(name, DEFAULT))
        .unwrap_or_else(|| DEFAULT.to_owned());
    let mut order: Vec<String> = Vec::new();
    let mut know = |name: &str| {
        if !order.iter().any(|known| same(known, name)) {
            order.push(name.to_owned());
        }
    };
    declared(config).filter_map(name).for_each(&mut know);
    for job in jobs {
        if let Some(stage) = job.get("stage").and_then(Value::as_str) {
            know(stage);
        } else {
            know(&default);
            job.insert("stage".to_owned(), Value::String(default.clone()));
        }
    }
    order
}

/// The stages whose condition does not hold.
pub(super) fn dropped(
    config: &Job,
    whole: &Job,
    court: &Court<'_>,
    notices: &mut Notices,
) -> Vec<String> {
    let mut dropped = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for (index, stage) in declared(config).enumerate() {
        // What is declared again says nothing.
        let known = name(stage).is_some_and(|name| seen.iter().any(|seen| same(seen, name)));
        if known {
            continue;
        }
        seen.extend(name(stage));
        let Some(condition) = stage.get("if").and_then(Value::as_str) else {
            continue;
        };
        let judged = court
            .judge
            .holds(Subject::Stage, condition, court.context, whole);
        if judged == Some(false) {
            notices.add("stages", "skip_stage", None, index + 1, condition);
            dropped.extend(name(stage).map(str::to_owned));
        }
    }
    dropped
}

/// Whether the job belongs to one of these stages.
pub(super) fn is_in(job: &Job, stages: &[String]) -> bool {
    job.get("stage")
        .and_then(Value::as_str)
        .is_some_and(|stage| stages.iter().any(|name| same(name, stage)))
}

/// The stages that have jobs.
pub(super) fn present(order: &[String], jobs: &[Job]) -> Vec<String> {
    order
        .iter()
        .filter(|name| {
            jobs.iter()
                .any(|job| is_in(job, std::slice::from_ref(name)))
        })
        .cloned()
        .collect()
}

/// The place of the job's stage in the order.
pub(super) fn index(stages: &[String], job: &Job) -> usize {
    let stage = job.get("stage").and_then(Value::as_str).unwrap_or(DEFAULT);
    stages
        .iter()
        .position(|name| same(name, stage))
        .unwrap_or_default()
}

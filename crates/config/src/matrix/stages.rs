//! Stages: which job belongs to which, and in which order they run.

use serde_json::{Map, Value};

use crate::PlanContext;
use crate::conditions::{Judge, Subject};

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

/// Gives every job its stage and answers all names in order; empty when the file uses none.
pub(super) fn assign(config: &Job, jobs: &mut [Job]) -> Vec<String> {
    let uses_stages =
        config.contains_key("stages") || jobs.iter().any(|job| job.contains_key("stage"));
    if !uses_stages {
        return Vec::new();
    }
    let mut order: Vec<String> = Vec::new();
    let mut know = |name: &str| {
        if !order.iter().any(|known| same(known, name)) {
            order.push(name.to_owned());
        }
    };
    declared(config).filter_map(name).for_each(&mut know);
    let given: Vec<Option<String>> = jobs
        .iter()
        .map(|job| job.get("stage").and_then(Value::as_str).map(str::to_owned))
        .collect();
    // The default takes the spelling that the file uses for it.
    let default = declared(config)
        .filter_map(name)
        .chain(given.iter().flatten().map(String::as_str))
        .find(|name| same(name, DEFAULT))
        .unwrap_or(DEFAULT)
        .to_owned();
    let mut current = default;
    for (job, given) in jobs.iter_mut().zip(given) {
        if let Some(given) = given {
            current = given;
        }
        know(&current);
        job.insert("stage".to_owned(), Value::String(current.clone()));
    }
    for job in jobs {
        let spelled = job.get("stage").and_then(Value::as_str).unwrap_or(DEFAULT);
        if let Some(known) = order.iter().find(|known| same(known, spelled)) {
            let known = Value::String(known.clone());
            job.insert("stage".to_owned(), known);
        }
    }
    order
}

/// The stages whose condition does not hold.
pub(super) fn dropped(config: &Job, context: &PlanContext, judge: &dyn Judge) -> Vec<String> {
    declared(config)
        .filter(|stage| {
            let condition = stage.get("if").and_then(Value::as_str);
            condition.is_some_and(|text| {
                judge.holds(Subject::Stage, text, context, &Job::new()) == Some(false)
            })
        })
        .filter_map(name)
        .map(str::to_owned)
        .collect()
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

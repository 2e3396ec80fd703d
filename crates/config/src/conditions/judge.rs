//! Conditions of one file, judged for each of its jobs.

use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};

use super::{Condition, Data, Judge, Patterns, Subject};
use crate::PlanContext;

/// Judges by what the context says of the build and by the job's own keys. What can't be read or
/// judged does not hold. One judge is meant for one file: its regular expressions have a budget
/// together.
#[derive(Debug, Default)]
pub struct DataJudge {
    patterns: Mutex<Patterns>,
}

impl Judge for DataJudge {
    fn holds(
        &self,
        _subject: Subject,
        condition: &str,
        context: &PlanContext,
        job: &Map<String, Value>,
    ) -> Option<bool> {
        let data = data_of(context, job);
        let mut patterns = self.patterns.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = Condition::parse(condition)
            .and_then(|condition| condition.holds_within(&data, &mut patterns));
        Some(holds.unwrap_or(false))
    }
}

/// The keys of a job that conditions may ask for.
const JOB_KEYS: [&str; 5] = ["os", "dist", "group", "sudo", "language"];

/// What is known of a build and one of its jobs (empty for a stage or the whole build).
#[must_use]
pub fn data_of(context: &PlanContext, job: &Map<String, Value>) -> Data {
    let mut data = Data::default();
    let mut set = |name: &str, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            data.set(name, value);
        }
    };
    set("type", Some(&context.event_type));
    set("repo", Some(&context.repo_slug));
    set("branch", Some(&context.branch));
    set("head_repo", context.head_repo.as_deref());
    set("head_branch", context.head_branch.as_deref());
    set("sender", context.sender.as_deref());
    set("tag", context.tag.as_deref());
    set("commit_message", context.commit_message.as_deref());
    set("os", context.os.as_deref());
    if let Some(fork) = context.fork {
        data.set_bool("fork", fork);
    }
    for key in JOB_KEYS {
        // A list counts by its first value, as for a job without the matrix.
        let value = match job.get(key) {
            Some(Value::Array(list)) => list.first(),
            value => value,
        };
        match value {
            Some(Value::String(text)) => {
                data.set(key, text);
            }
            Some(Value::Bool(value)) => {
                data.set_bool(key, *value);
            }
            _ => {}
        }
    }
    for (name, value) in &context.env {
        data.set_env(name, value);
    }
    match job.get("env") {
        Some(Value::Object(sections)) if sections.contains_key("global") => {
            data.add_env(&sections["global"]);
        }
        Some(env) => data.add_env(env),
        None => {}
    }
    data
}

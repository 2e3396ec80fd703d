//! When a rule of `exclude` or `allow_failures` means a job.

use serde_json::{Map, Value};

use super::stages::DEFAULT;

/// Whether all that the rule says equals what the job says. An empty
/// rule means no job.
pub(super) fn matches(
    rule: &Map<String, Value>,
    job: &Map<String, Value>,
    global_env: &[Value],
    branch: &str,
) -> bool {
    !rule.is_empty()
        && rule.iter().all(|(key, wanted)| match key.as_str() {
            "if" | "branches" => true,
            "branch" => wanted.as_str() == Some(branch),
            "env" => own_env(wanted, global_env) == own_env_of(job, global_env),
            "stage" => {
                let stage = job.get("stage").and_then(Value::as_str).unwrap_or(DEFAULT);
                wanted
                    .as_str()
                    .is_some_and(|wanted| wanted.eq_ignore_ascii_case(stage))
            }
            _ => job
                .get(key)
                .is_some_and(|value| wrapped(value) == wrapped(wanted)),
        })
}

fn wrapped(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        other => vec![other],
    }
}

fn own_env_of<'v>(job: &'v Map<String, Value>, global_env: &[Value]) -> Vec<(&'v str, &'v Value)> {
    job.get("env")
        .map(|env| own_env(env, global_env))
        .unwrap_or_default()
}

/// The variables without the global ones, one by one: `A=1 B=2` and a list of both are equal.
fn own_env<'v>(env: &'v Value, global_env: &[Value]) -> Vec<(&'v str, &'v Value)> {
    wrapped(env)
        .into_iter()
        .filter(|entry| !global_env.contains(entry))
        .filter_map(Value::as_object)
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
        .collect()
}

/// About how many bytes a configuration takes.
pub(super) fn weight(config: &Map<String, Value>) -> usize {
    config.iter().fold(0, |sum, (key, value)| {
        sum.saturating_add(64 + key.len())
            .saturating_add(value_weight(value))
    })
}

fn value_weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 16,
        Value::String(text) => 24 + text.len(),
        Value::Array(items) => items
            .iter()
            .fold(24, |sum, item| sum.saturating_add(value_weight(item))),
        Value::Object(map) => weight(map),
    }
}

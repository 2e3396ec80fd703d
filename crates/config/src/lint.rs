//! The answer of `lint` in the original's form.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use crate::conditions::DataJudge;
use crate::{ConfigError, Message, Plan, PlanContext, plan_with};

/// What conditions see where a file is looked at without a commit: a push to `master`.
#[must_use]
pub fn lint_context() -> PlanContext {
    PlanContext {
        branch: "master".to_owned(),
        event_type: "push".to_owned(),
        fork: Some(false),
        ..PlanContext::default()
    }
}

/// Reads one file and answers `config`, `jobs`, `stages` and `messages` as the original does, or
/// `error` and `error_message` for a file that is refused as a whole.
///
/// The original dropped all characters beyond ASCII before it read a file, and so does this form of
/// the answer. Builds keep them: who names a job “Prüfung” means it.
#[must_use]
pub fn lint_json(source: &str, context: &PlanContext) -> Value {
    let ascii: Cow<'_, str> = if source.is_ascii() {
        Cow::Borrowed(source)
    } else {
        Cow::Owned(source.chars().filter(char::is_ascii).collect())
    };
    match plan_with(&ascii, context, &DataJudge::default()) {
        Ok(plan) => answer(plan),
        Err(error) => refusal(&error),
    }
}

fn answer(plan: Plan) -> Value {
    let stages: Vec<Value> = plan
        .stages
        .iter()
        .map(|name| declared(&plan.config, name).unwrap_or_else(|| json!({ "name": name })))
        .collect();
    let messages: Vec<Value> = plan.messages.iter().map(message).collect();
    let jobs: Vec<Value> = plan.jobs.into_iter().map(|job| job.config).collect();
    json!({ "config": plan.config, "jobs": jobs, "stages": stages, "messages": messages })
}

/// The stage as the configuration declares it.
fn declared(config: &Value, name: &str) -> Option<Value> {
    let stages = config.get("stages")?.as_array()?;
    let named = |stage: &&Value| {
        stage
            .get("name")
            .and_then(Value::as_str)
            .is_some_and(|known| known == name)
    };
    stages.iter().find(named).cloned()
}

fn message(message: &Message) -> Value {
    let mut answer = Map::new();
    let mut set = |name: &str, value: Value| answer.insert(name.to_owned(), value);
    set("type", "config".into());
    set("level", message.level.as_str().into());
    set("key", message.key.as_str().into());
    set("code", message.code.into());
    // The original has no arguments there, not none of them.
    set(
        "args",
        match message.args.is_empty() {
            true => Value::Null,
            false => Value::Object(message.args.clone()),
        },
    );
    if let Some(line) = message.line {
        // The original counts lines from 0.
        set("line", line.saturating_sub(1).into());
    }
    Value::Object(answer)
}

fn refusal(error: &ConfigError) -> Value {
    json!({ "error": error.name(), "error_message": error.to_string() })
}

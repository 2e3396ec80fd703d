//! `travis condition`

use super::jsonl;
use crate::cli::file::{ConditionArgs, FactArgs};
use crate::failure::{Failure, Status};
use crate::output::{Color, plain};
use crate::session::Session;
use serde_json::{Map, Value, json};
use travis_config::conditions::{Condition, ConditionError, Data, join_lines};

/// Judges one condition, or one a line.
pub fn run(args: &ConditionArgs, session: &mut Session) -> Result<Status, Failure> {
    let Some(expression) = &args.expression else {
        return jsonl::run(session, answer);
    };
    let result =
        Condition::parse(expression).and_then(|condition| condition.holds(&data(&args.facts)));
    match result {
        Ok(holds) => {
            if session.is_json() {
                session.screen.json(&json!({ "result": holds }))?;
            } else {
                session.screen.line(if holds { "true" } else { "false" })?;
            }
            Ok(if holds {
                Status::Passed
            } else {
                Status::Failed
            })
        }
        Err(error) => {
            if session.is_json() {
                session.screen.json(&problem(&error))?;
            } else {
                explain(expression, &error, session)?;
            }
            Ok(Status::Errored)
        }
    }
}

fn data(facts: &FactArgs) -> Data {
    let mut data = Data::default();
    for (name, value) in facts.all() {
        data.set(name, value);
    }
    for (name, value) in &facts.env {
        data.set_env(name, value);
    }
    data
}

/// The error, and the condition with a caret where it starts to be wrong.
fn explain(expression: &str, error: &ConditionError, session: &mut Session) -> Result<(), Failure> {
    let label = session.screen.paint.text(Color::Red, "error:");
    session
        .screen
        .remark(&format!("{label} {}", plain(&error.to_string())))?;
    if let Some(offset) = error.offset() {
        let text = join_lines(expression);
        let before = text.get(..offset).unwrap_or(&text);
        let indent = " ".repeat(crate::output::width(&plain(before)));
        session.screen.remark(&format!("  {}", plain(&text)))?;
        let caret = session.screen.paint.text(Color::Red, "^");
        session.screen.remark(&format!("  {indent}{caret}"))?;
    }
    Ok(())
}

fn problem(error: &ConditionError) -> Value {
    match error.offset() {
        Some(offset) => json!({ "error": error.to_string(), "offset": offset }),
        None => json!({ "error": error.to_string() }),
    }
}

/// One line of `--jsonl`.
fn answer(line: Value) -> Value {
    let Some(text) = line.get("cond").and_then(Value::as_str) else {
        return json!({ "error": "the line has no \"cond\" with a condition in it" });
    };
    let none = Map::new();
    let data = match line.get("data") {
        None | Some(Value::Null) => Data::from_json(&none),
        Some(Value::Object(data)) => Data::from_json(data),
        Some(_) => return json!({ "error": "\"data\" is no object of facts by their names" }),
    };
    match Condition::parse(text).and_then(|condition| condition.holds(&data)) {
        Ok(holds) => json!({ "result": holds }),
        Err(error) => json!({ "error": error.to_string() }),
    }
}

//! `travis condition`

use super::jsonl;
use crate::cli::file::{ConditionArgs, FactArgs};
use crate::failure::{Failure, Status};
use crate::output::{Color, plain};
use crate::session::Session;
use serde_json::{Map, Value, json};
use travis_config::conditions::{Condition, ConditionError, Data, Hint, join_lines};

/// Judges one condition, or one a line.
pub fn run(args: &ConditionArgs, session: &mut Session) -> Result<Status, Failure> {
    let Some(expression) = &args.expression else {
        return jsonl::run(session, answer);
    };
    let parsed = Condition::parse(expression);
    let hints = parsed.as_ref().map(Condition::hints).unwrap_or_default();
    let result = parsed.and_then(|condition| condition.holds(&data(&args.facts)));
    match result {
        Ok(holds) => {
            if session.is_json() {
                let hints: Vec<_> = hints.iter().map(hint).collect();
                let mut answer = json!({ "result": holds });
                if !hints.is_empty() {
                    answer["hints"] = json!(hints);
                }
                session.screen.json(&answer)?;
            } else {
                session.screen.line(if holds { "true" } else { "false" })?;
                for one in &hints {
                    let label = session.screen.paint.text(Color::Yellow, "hint:");
                    session.screen.remark(&format!("{label} {}", hint(one)))?;
                }
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
        if let Some(help) = help(before, text.get(offset..).unwrap_or_default()) {
            session.screen.remark(&format!("  {help}"))?;
        }
    }
    Ok(())
}

/// What to write in the place of what can't be read.
fn help(before: &str, rest: &str) -> Option<&'static str> {
    let rest = rest.trim_start();
    let word = rest.split(char::is_whitespace).next().unwrap_or_default();
    match word.to_ascii_lowercase().as_str() {
        "is" => return Some("After IS stands one of: present, blank, true, false."),
        "<>" => return Some("Write != in the place of <>."),
        _ => {}
    }
    if before.trim_end().to_ascii_lowercase().ends_with(" is") {
        return Some("After IS stands one of: present, blank, true, false.");
    }
    if before.trim() == "if" {
        return Some("Leave the `if` out: a condition is what stands after it.");
    }
    match rest.chars().next()? {
        '[' | '{' => Some("Write a list as (a, b)."),
        c if c.is_alphanumeric() => {
            Some("Join two conditions by AND or OR; put quotes around a text with blanks.")
        }
        _ => None,
    }
}

/// A word that is taken for a text and was probably meant otherwise.
fn hint(hint: &Hint) -> String {
    let word = plain(&hint.word);
    match hint.meant {
        Some("env") => format!("{word} is taken as a text; variables are asked for by env(NAME)"),
        Some(meant) => {
            format!("{word} is taken as a text, since no fact has this name; did you mean {meant}?")
        }
        None if is_variable(&word) => {
            format!("{word} is taken as a text; did you mean the variable, env({word})?")
        }
        None => format!(
            "{word} is taken as a text: it is none of the facts that `travis condition --help` lists"
        ),
    }
}

/// Whether a word looks as variables of the environment do.
fn is_variable(word: &str) -> bool {
    let fine = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    word.starts_with(|c: char| c.is_ascii_uppercase()) && word.chars().all(fine)
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

//! Keys of a language beyond its versions, handed to its functions as variables of the script.

use std::fmt::Write as _;

use serde_json::Value;

use crate::ScriptError;
use crate::shell::{check, quote};

/// A key and how its value is handed on.
#[derive(Debug)]
pub(crate) struct Choice {
    /// The key; a dot leads into a map.
    pub path: &'static str,
    pub kind: Kind,
}

/// The shape that the functions expect.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// A text, or `true` and `false`.
    Text,
    /// An array of texts.
    List,
    /// An array of `key=value`, from a map.
    Pairs,
}

/// `travis_<path>=…` for each key that the configuration has and the functions read, dots written as
/// underscores. The values are literal words: what becomes of them is the functions' choice.
pub(super) fn assignments(
    choices: &[Choice],
    config: &Value,
    readers: &str,
) -> Result<String, ScriptError> {
    let mut text = String::new();
    for choice in choices {
        let variable = choice.path.replace('.', "_");
        if !readers.contains(&format!("travis_{variable}")) {
            continue;
        }
        let found = choice
            .path
            .split('.')
            .try_fold(config, |at, key| at.get(key));
        let Some(value) = found else {
            continue;
        };
        let words: Vec<String> = match value {
            Value::Array(list) => list.iter().filter_map(word).collect(),
            Value::Object(map) if matches!(choice.kind, Kind::Pairs) => map
                .iter()
                .filter_map(|(key, value)| word(value).map(|text| format!("{key}={text}")))
                .collect(),
            other => word(other).into_iter().collect(),
        };
        for word in &words {
            check(word, || format!("the key {}", choice.path))?;
        }
        let words: Vec<String> = words.iter().map(|word| quote(word)).collect();
        match (choice.kind, &words[..]) {
            (_, []) => {}
            (Kind::List | Kind::Pairs, words) => {
                let _ = writeln!(text, "  travis_{variable}=({})", words.join(" "));
            }
            (Kind::Text, [first, ..]) => {
                let _ = writeln!(text, "  travis_{variable}={first}");
            }
        }
    }
    Ok(text)
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

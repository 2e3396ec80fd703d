//! What conditions are judged by.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::ast::Variable;

/// A value while a condition is judged.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Datum {
    Nil,
    Bool(bool),
    /// Shared: a condition may ask for a long message thousands of times.
    Text(Arc<str>),
    /// A number or a collection, which only data from outside can bring.
    Other(Json),
}

impl Datum {
    fn from_json(value: &Json) -> Self {
        match value {
            Json::Null => Self::Nil,
            Json::Bool(value) => Self::Bool(*value),
            Json::String(text) => Self::Text(text.as_str().into()),
            other => Self::Other(other.clone()),
        }
    }

    /// Texts that say true or false are that.
    pub(super) fn cast(self) -> Self {
        match self {
            Self::Text(text) if text.eq_ignore_ascii_case("true") => Self::Bool(true),
            Self::Text(text) if text.eq_ignore_ascii_case("false") => Self::Bool(false),
            other => other,
        }
    }

    pub(super) fn is_truthy(&self) -> bool {
        !matches!(self, Self::Nil | Self::Bool(false))
    }

    pub(super) fn is_present(&self) -> bool {
        match self {
            Self::Text(text) => !text.is_empty(),
            Self::Other(Json::Array(list)) => !list.is_empty(),
            Self::Other(Json::Object(map)) => !map.is_empty(),
            other => other.is_truthy(),
        }
    }

    /// The text that it is joined and matched as.
    pub(super) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Nil => Cow::Borrowed(""),
            Self::Bool(value) => Cow::Owned(value.to_string()),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Other(value) => Cow::Owned(value.to_string()),
        }
    }
}

/// What a condition is judged by: facts of the build and of the job, and environment variables.
#[derive(Debug, Clone, Default)]
pub struct Data {
    variables: BTreeMap<Variable, Datum>,
    env: HashMap<String, Datum>,
}

impl Data {
    /// Reads an object of facts by name (`type`, `branch`, …). `env` is an object, or a list of
    /// objects and lines as `A=1 B="x y"`. Other keys are ignored.
    #[must_use]
    pub fn from_json(object: &Map<String, Json>) -> Self {
        let mut data = Self::default();
        for (name, value) in object {
            if name == "env" {
                data.add_env(value);
            } else if let Some(variable) = variable(name) {
                data.variables.insert(variable, Datum::from_json(value));
            }
        }
        data
    }

    /// The names of the facts that conditions may ask for, `env` not among them.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Variable::ALL.iter().map(|variable| variable.name())
    }

    /// Sets a fact to a text. `false` when there is none of this name.
    pub fn set(&mut self, name: &str, value: &str) -> bool {
        let Some(variable) = variable(name) else {
            return false;
        };
        self.variables.insert(variable, Datum::Text(value.into()));
        true
    }

    /// Sets a fact to true or false. `false` when there is none of this name.
    pub fn set_bool(&mut self, name: &str, value: bool) -> bool {
        let Some(variable) = variable(name) else {
            return false;
        };
        self.variables.insert(variable, Datum::Bool(value));
        true
    }

    /// Sets an environment variable; a later value replaces an earlier one.
    pub fn set_env(&mut self, name: &str, value: &str) {
        self.env.insert(name.to_owned(), env_value(value));
    }

    /// Adds environment variables in any form that a configuration has them in. Encrypted ones
    /// have no value here.
    pub fn add_env(&mut self, env: &Json) {
        match env {
            Json::Object(map) => {
                for (name, value) in map {
                    let value = match value {
                        Json::String(text) => env_value(text),
                        other => Datum::from_json(other),
                    };
                    self.env.insert(name.clone(), value);
                }
            }
            Json::Array(list) => list.iter().for_each(|item| self.add_env(item)),
            Json::String(line) => {
                for (name, value) in assignments(line).unwrap_or_default() {
                    self.env.insert(name, env_value(&unquoted(&value)));
                }
            }
            _ => {}
        }
    }

    pub(super) fn variable(&self, variable: Variable) -> Datum {
        self.variables.get(&variable).cloned().unwrap_or(Datum::Nil)
    }

    pub(super) fn env(&self, name: &str) -> Datum {
        self.env.get(name).cloned().unwrap_or(Datum::Nil)
    }
}

fn variable(name: &str) -> Option<Variable> {
    Variable::ALL
        .iter()
        .copied()
        .find(|variable| variable.name() == name)
}

fn env_value(text: &str) -> Datum {
    Datum::Text(unquoted(text).into())
}

/// Takes the quotes from lines that stand in quotes as a whole.
fn unquoted(text: &str) -> String {
    let lines: Vec<&str> = text
        .split('\n')
        .map(|line| {
            ['"', '\'']
                .iter()
                .find_map(|quote| line.strip_prefix(*quote)?.strip_suffix(*quote))
                .unwrap_or(line)
        })
        .collect();
    lines.join("\n")
}

/// Splits a line of assignments as a shell would, values with their quotes. `None` where a quote
/// is not closed.
fn assignments(line: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut word = String::new();
    let mut quote: Option<char> = None;
    let mut open = 0_usize;
    let mut chars = line.trim().chars().peekable();
    loop {
        let next = chars.next();
        match (next, quote) {
            (None, Some(_)) => return None,
            (Some('\\'), quote) if quote != Some('\'') => {
                word.push('\\');
                word.extend(chars.next());
            }
            (Some(c), Some(end)) => {
                word.push(c);
                if c == end {
                    quote = None;
                }
            }
            (Some(c), None) if !c.is_whitespace() || open > 0 => {
                word.push(c);
                match c {
                    '"' | '\'' | '`' => quote = Some(c),
                    '$' if matches!(chars.peek(), Some('(' | '{')) => {
                        word.extend(chars.next());
                        open += 1;
                    }
                    '(' if open > 0 => open += 1,
                    ')' | '}' => open = open.saturating_sub(1),
                    _ => {}
                }
            }
            (_, None) => {
                let done = std::mem::take(&mut word);
                if !done.is_empty() {
                    // The whole assignment may stand in quotes: `"A=x y"`.
                    let done = done
                        .strip_prefix('"')
                        .and_then(|inner| inner.strip_suffix('"'))
                        .unwrap_or(&done);
                    let (name, value) = done.split_once('=').unwrap_or((done, ""));
                    pairs.push((name.to_owned(), value.to_owned()));
                }
                if next.is_none() {
                    return Some(pairs);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn env(value: &Json, name: &str) -> Datum {
        let mut data = Data::default();
        data.add_env(value);
        data.env(name)
    }

    #[test]
    fn lines_of_assignments() {
        let text = |text: &str| Datum::Text(text.into());
        for (line, name, want) in [
            ("A=1 B=2", "B", text("2")),
            (r#"A="a b" B='c d'"#, "A", text("a b")),
            (r#"A="a b" B='c d'"#, "B", text("c d")),
            (r"A=a\ b", "A", text(r"a\ b")),
            ("A=`x 'y z'` B=1", "A", text("`x 'y z'`")),
            ("A=$(x 'y' z) B=1", "A", text("$(x 'y' z)")),
            (r#""A=a b""#, "A", text("a b")),
            ("A", "A", text("")),
            (r#"A="a"#, "A", Datum::Nil),
            ("", "A", Datum::Nil),
        ] {
            assert_eq!(env(&json!([line]), name), want, "{line}");
        }
    }

    #[test]
    fn later_ones_win_and_secrets_have_no_name() {
        let list = json!([{"A": "1"}, "A='2'", {"secure": "x"}, {"N": 1, "T": true}]);
        assert_eq!(env(&list, "A"), Datum::Text("2".into()));
        assert_eq!(env(&list, "T"), Datum::Bool(true));
        assert_eq!(env(&list, "N"), Datum::Other(json!(1)));
        assert_eq!(env(&list, "B"), Datum::Nil);
    }
}

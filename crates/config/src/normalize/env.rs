//! `env`: strings of assignments, maps, and secure values.

use serde_json::{Map, Value as Json};

use super::{Walk, join};
use crate::message::Level;
use crate::table::Scope;
use crate::yaml::{Entry, Node, Value};

impl Walk<'_> {
    /// At the top `{global, jobs}`, in a job one list.
    pub(super) fn env(&mut self, scope: Scope, path: &str, node: &Node) -> Option<Json> {
        if scope == Scope::Job {
            return self.variables(path, node);
        }
        let mut result = Map::new();
        let Value::Map(entries) = &node.value else {
            let jobs = self.variables(&join(path, "jobs"), node)?;
            result.insert("jobs".to_owned(), jobs);
            return Some(Json::Object(result));
        };
        let mut rest: Vec<Entry> = Vec::new();
        for entry in entries {
            let key = match entry.key.as_str() {
                "global" => "global",
                "jobs" => "jobs",
                "matrix" => {
                    self.messages.add(
                        Level::Info,
                        path,
                        "alias_key",
                        [("alias", "matrix".into()), ("key", "jobs".into())],
                        Some((entry.line, entry.column)),
                    );
                    "jobs"
                }
                _ => {
                    rest.push(entry.clone());
                    continue;
                }
            };
            if let Some(value) = self.variables(&join(path, key), &entry.value) {
                result.insert(key.to_owned(), value);
            }
        }
        if !rest.is_empty() && !result.contains_key("jobs") {
            let node = Node {
                value: Value::Map(rest),
                line: node.line,
                column: node.column,
            };
            if let Some(value) = self.variables(&join(path, "jobs"), &node) {
                result.insert("jobs".to_owned(), value);
            }
        }
        (!result.is_empty()).then_some(Json::Object(result))
    }

    /// A list of maps, one a job of the matrix.
    fn variables(&mut self, path: &str, node: &Node) -> Option<Json> {
        let mut result = Vec::new();
        match &node.value {
            Value::Null => return None,
            Value::Seq(items) => {
                for item in items {
                    match &item.value {
                        Value::Seq(inner) => {
                            for item in inner {
                                self.variable(path, item, &mut result);
                            }
                        }
                        _ => self.variable(path, item, &mut result),
                    }
                }
            }
            _ => self.variable(path, node, &mut result),
        }
        (!result.is_empty()).then_some(Json::Array(result))
    }

    fn variable(&mut self, path: &str, node: &Node, result: &mut Vec<Json>) {
        match &node.value {
            Value::Null => result.push(Json::Object(Map::new())),
            Value::Bool(_) | Value::Seq(_) => {
                self.invalid(path, node, "map");
            }
            Value::Str(text) => match assignments(text) {
                Some(pairs) => result.push(Json::Object(pairs)),
                None => {
                    self.messages.add(
                        Level::Error,
                        path,
                        "invalid_env_var",
                        [("var", text.as_str().into())],
                        node.position(),
                    );
                    result.push(Json::Object(Map::new()));
                }
            },
            Value::Map(entries) => {
                let map = entries
                    .iter()
                    .filter_map(|entry| Some((entry.key.clone(), setting(&entry.value)?)))
                    .collect();
                result.push(Json::Object(map));
            }
        }
    }
}

/// The value of one variable: text, or `{secure: …}` as it is.
fn setting(node: &Node) -> Option<Json> {
    match &node.value {
        Value::Null => Some(Json::String(String::new())),
        Value::Bool(value) => Some(Json::String(value.to_string())),
        Value::Str(text) => Some(Json::String(text.clone())),
        Value::Map(entries) => entries
            .iter()
            .any(|entry| entry.key == "secure")
            .then(|| node.to_json()),
        Value::Seq(_) => None,
    }
}

/// Splits `A=1 B="x y"` into pairs. Values keep their quotes: the shell evaluates them. `None`
/// where a quote is not closed or a word is no assignment.
fn assignments(text: &str) -> Option<Map<String, Json>> {
    let mut pairs = Map::new();
    for word in words(text)? {
        // `"A=1"`: the whole assignment is quoted.
        let word = match word.chars().next() {
            Some(quote @ ('"' | '\'')) if word.len() > 1 && word.ends_with(quote) => {
                word[1..word.len() - 1].to_owned()
            }
            _ => word,
        };
        // A word without `=` is taken as a variable without a value, as in the original.
        let (name, value) = word.split_once('=').unwrap_or((&word, ""));
        if name.is_empty() || name.contains(char::is_whitespace) {
            return None;
        }
        pairs.insert(name.to_owned(), Json::String(value.to_owned()));
    }
    Some(pairs)
}

/// The words of a line as a shell would split them, quotes kept.
fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote: Option<char> = None;
    let mut depth = 0_usize;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' && quote != Some('\'') {
            word.push(c);
            word.extend(chars.next());
            continue;
        }
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None => match c {
                '"' | '\'' | '`' => quote = Some(c),
                '$' if matches!(chars.peek(), Some('(' | '{')) => {
                    word.push(c);
                    word.extend(chars.next());
                    depth += 1;
                    continue;
                }
                '(' if depth > 0 => depth += 1,
                ')' | '}' => depth = depth.saturating_sub(1),
                c if c.is_whitespace() && depth == 0 => {
                    if !word.is_empty() {
                        words.push(std::mem::take(&mut word));
                    }
                    continue;
                }
                _ => {}
            },
        }
        word.push(c);
    }
    if quote.is_some() {
        return None;
    }
    if !word.is_empty() {
        words.push(word);
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_split_as_a_shell_does() {
        for (text, want) in [
            ("A=1", serde_json::json!({"A": "1"})),
            ("A=1  B='x y'", serde_json::json!({"A": "1", "B": "'x y'"})),
            (
                "A=\"a b\" B=$(echo x y)",
                serde_json::json!({"A": "\"a b\"", "B": "$(echo x y)"}),
            ),
            (
                "FOO=foo \"BAR='bar'\"",
                serde_json::json!({"FOO": "foo", "BAR": "'bar'"}),
            ),
            ("A=a=b", serde_json::json!({"A": "a=b"})),
            ("export A=1", serde_json::json!({"export": "", "A": "1"})),
            ("A=", serde_json::json!({"A": ""})),
            ("", serde_json::json!({})),
        ] {
            assert_eq!(assignments(text).map(Json::Object), Some(want), "{text}");
        }
        for text in ["A=\"", "=x"] {
            assert_eq!(assignments(text), None, "{text}");
        }
    }
}

//! The variables of `env`: strings of assignments turn into maps.

use super::Walk;
use crate::message::Level;
use crate::yaml::{Entry, Node, Value};

impl Walk<'_> {
    /// Each entry as a map of variables; nothing, and what cannot be read, as an empty one.
    pub(super) fn env_vars(&mut self, items: Vec<Node>) -> Vec<Node> {
        let mut vars = Vec::with_capacity(items.len());
        for item in items {
            match item.value {
                Value::Str(ref text) => match assignments(text) {
                    Some(pairs) => vars.push(item.with(Value::Map(entries(pairs, &item)))),
                    None => {
                        self.tell(
                            Level::Error,
                            "invalid_env_var",
                            &item,
                            [("var", text.as_str().into())],
                        );
                        vars.push(item.with(Value::Map(Vec::new())));
                    }
                },
                Value::Null => vars.push(item.with(Value::Map(Vec::new()))),
                _ => vars.push(item),
            }
        }
        vars
    }
}

fn entries(pairs: Vec<(String, String)>, place: &Node) -> Vec<Entry> {
    pairs
        .into_iter()
        .map(|(key, value)| Entry {
            key,
            line: place.line,
            column: place.column,
            value: place.with(Value::Str(value)),
        })
        .collect()
}

/// Splits `A=1 B="x y"` into pairs. Values keep their quotes: the shell evaluates them. `None`
/// where a quote is not closed or a word is no assignment.
fn assignments(text: &str) -> Option<Vec<(String, String)>> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for word in words(text)? {
        // A word that is quoted as a whole holds an assignment of its own.
        let word = match word.chars().next() {
            Some(quote @ ('"' | '\'')) if word.len() > 1 && word.ends_with(quote) => {
                let inner = word.get(1..word.len() - 1).unwrap_or_default();
                words(inner)?.into_iter().next().unwrap_or_default()
            }
            _ => word,
        };
        // A word without `=` is taken as a variable without a value, as in the original.
        let (name, value) = word.split_once('=').unwrap_or((&word, ""));
        if name.is_empty() || name.contains(['"', '\'']) {
            return None;
        }
        match pairs.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => pairs.push((name.to_owned(), value.to_owned())),
        }
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
            // Between words it stands for itself.
            let alone = word.len() == 1 && chars.peek().is_none_or(|next| next.is_whitespace());
            if !alone {
                word.extend(chars.next());
            }
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
            let pairs: serde_json::Map<_, _> = assignments(text)
                .unwrap()
                .into_iter()
                .map(|(name, value)| (name, value.into()))
                .collect();
            assert_eq!(serde_json::Value::Object(pairs), want, "{text}");
        }
        for text in ["A=\"", "=x"] {
            assert_eq!(assignments(text), None, "{text}");
        }
    }
}

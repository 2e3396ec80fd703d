//! The variables of `env`: strings of assignments turn into maps.

mod assignments;

use self::assignments::assignments;
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
                    Ok(pairs) => vars.push(item.with(Value::Map(entries(pairs, &item)))),
                    Err(_) => {
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

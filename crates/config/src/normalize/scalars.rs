//! Single values: types, case, and the spelling of closed values.

use serde_json::Number;

use super::Walk;
use super::matching::find_choice;
use super::words::nearest;
use crate::message::Level;
use crate::table::{Choice, Kind, Shape, is_everywhere_known, is_stop_word};
use crate::yaml::{Node, Type, Value};

const TRUE: &[&str] = &["true", "on", "yes", "enabled", "required"];
const FALSE: &[&str] = &["false", "off", "no", "disabled", "not required"];
const BOOLEANS: &[&str] = &[
    "true",
    "on",
    "yes",
    "enabled",
    "required",
    "false",
    "off",
    "no",
    "disabled",
    "not required",
];

/// The boolean that a word stands for.
pub(super) fn boolean(text: &str) -> Option<bool> {
    if FALSE.contains(&text) {
        Some(false)
    } else if TRUE.contains(&text) {
        Some(true)
    } else {
        None
    }
}

impl Walk<'_> {
    pub(super) fn change_scalar(&mut self, shape: &Shape, node: Node) -> Node {
        let node = match node.value {
            Value::Seq(_) => self.pick(shape, node),
            _ => node,
        };
        let node = self.cast(shape, node);
        let node = self.downcase(shape, node);
        match shape.kind {
            Kind::OneOf(choices) => self.choose(shape, choices, node),
            _ => node,
        }
    }

    fn cast(&mut self, shape: &Shape, mut node: Node) -> Node {
        match (shape.kind, &node.value) {
            (Kind::Str | Kind::OneOf(_), Value::Bool(value)) => {
                node.value = Value::Str(value.to_string());
            }
            (Kind::Str | Kind::OneOf(_), Value::Num(number)) => {
                node.value = Value::Str(number.to_string());
            }
            (Kind::Num, Value::Str(text)) => {
                if let Some(number) = number(text) {
                    node.value = Value::Num(number);
                }
            }
            (Kind::Bool, Value::Str(text)) => {
                if let Some(value) = boolean(text) {
                    node.value = Value::Bool(value);
                } else {
                    let word: String = text
                        .chars()
                        .filter(|c| c.is_alphanumeric() || *c == '_')
                        .collect();
                    let found = if self.may_search() {
                        nearest(BOOLEANS, &word)
                    } else {
                        None
                    };
                    if let Some(value) = found.and_then(boolean) {
                        node.value = Value::Bool(value);
                    }
                }
            }
            _ => {}
        }
        node
    }

    fn downcase(&mut self, shape: &Shape, mut node: Node) -> Node {
        if !shape.downcase {
            return node;
        }
        if let Value::Str(text) = &node.value {
            let lower = text.to_lowercase();
            if lower != *text {
                let original = text.clone();
                self.tell(Level::Info, "downcase", &node, [("value", original.into())]);
                node.value = Value::Str(lower);
            }
        }
        node
    }

    /// The value of a closed list that was meant.
    fn choose(&mut self, shape: &Shape, choices: &'static [Choice], mut node: Node) -> Node {
        let Value::Str(text) = &node.value else {
            return node;
        };
        if find_choice(choices, text, shape.ignore_case).is_some() {
            return node;
        }
        let aliased = choices
            .iter()
            .find(|choice| choice.aliases.contains(&text.as_str()));
        if let Some(choice) = aliased {
            let alias = text.clone();
            self.tell(
                Level::Info,
                "alias_value",
                &node,
                [("alias", alias.into()), ("value", choice.name.into())],
            );
            node.value = Value::Str(choice.name.to_owned());
            return node;
        }
        if !self.options.fix || text.is_empty() {
            return node;
        }
        if let Some((first, _)) = text.split_once('\n') {
            let first = first.to_owned();
            node = self.respell("clean_value", node, first);
        }
        let Value::Str(text) = &node.value else {
            return node;
        };
        if find_choice(choices, text, shape.ignore_case).is_some() {
            return node;
        }
        let names: Vec<&'static str> = choices.iter().map(|choice| choice.name).collect();
        let stop = is_stop_word(text) || is_everywhere_known(text);
        let found = if !stop && self.may_search() {
            nearest(&names, text)
        } else {
            None
        };
        if let Some(found) = found {
            return self.respell("find_value", node, found.to_owned());
        }
        if let Some(found) = cleaned(&names, text) {
            return self.respell("clean_value", node, found.to_owned());
        }
        node
    }

    fn respell(&mut self, code: &'static str, mut node: Node, value: String) -> Node {
        let original = node.to_json();
        self.tell(
            Level::Warn,
            code,
            &node,
            [("original", original), ("value", value.as_str().into())],
        );
        node.value = Value::Str(value);
        node
    }
}

/// The known value that is left when special characters or further words are taken away.
fn cleaned(names: &[&'static str], text: &str) -> Option<&'static str> {
    let whole: String = text
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
        .collect::<String>()
        .to_lowercase();
    let first = text.split_whitespace().next().unwrap_or_default();
    let letters: String = first.chars().filter(char::is_ascii_lowercase).collect();
    [first, &whole, &letters]
        .into_iter()
        .find_map(|word| names.iter().find(|name| **name == word).copied())
}

/// A number out of digits and dots.
fn number(text: &str) -> Option<Number> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    if text.contains('.') {
        return text.parse::<f64>().ok().and_then(Number::from_f64);
    }
    text.parse::<u64>().ok().map(Number::from)
}

/// Whether a value of this type may stand where a scalar of the shape is expected.
pub(super) fn is_of(shape: &Shape, kind: Type) -> bool {
    match shape.kind {
        Kind::Str => kind == Type::Str,
        Kind::Bool => kind == Type::Bool,
        Kind::Num => kind == Type::Num,
        Kind::OneOf(_) => matches!(kind, Type::Str | Type::Bool | Type::Num),
        Kind::Secure => matches!(kind, Type::Str | Type::Secure),
        Kind::Map(_) => kind == Type::Map,
        Kind::Seq(_) => kind == Type::Seq,
        Kind::Any(_) => true,
    }
}

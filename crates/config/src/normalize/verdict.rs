//! Tells what is wrong with a single value.

use super::matching::{find_choice, format_text, formatted};
use super::support::{is_supported, obstacles};
use super::{Walk, plain};
use crate::message::Level;
use crate::table::{Choice, Format, Kind, Shape};
use crate::yaml::{Node, Type, Value};

impl Walk<'_> {
    pub(super) fn validate_scalar(&mut self, shape: &Shape, node: Node) -> Node {
        let mut node = self.check_type(shape, node);
        if let Kind::OneOf(choices) = shape.kind {
            node = self.unknown_value(shape, choices, node);
            self.unsupported_value(choices, &node);
        }
        if shape.only_false && matches!(node.value, Value::Bool(true)) {
            node = self.refuse(node);
        }
        node = self.default_value(shape, node);
        if matches!(shape.kind, Kind::Secure) {
            self.secret(shape, &node);
        }
        self.flags(shape, &node);
        if shape.format != Format::Any && !node.is_missing() && !formatted(shape.format, &node) {
            self.tell(
                Level::Error,
                "invalid_format",
                &node,
                [
                    ("format", format_text(shape.format).into()),
                    ("value", plain(&node)),
                ],
            );
            if self.options.drop {
                node = node.with(Value::Null);
            }
        }
        self.template(shape, &node);
        node
    }

    fn unknown_value(&mut self, shape: &Shape, choices: &'static [Choice], node: Node) -> Node {
        if !node.is_scalar() || node.is_missing() {
            return node;
        }
        let known = node
            .text()
            .is_some_and(|text| find_choice(choices, text, shape.ignore_case).is_some());
        if known {
            return node;
        }
        self.refuse(node)
    }

    fn refuse(&mut self, node: Node) -> Node {
        self.tell(
            Level::Error,
            "unknown_value",
            &node,
            [("value", node.to_json())],
        );
        if self.options.drop {
            return node.with(Value::Null);
        }
        node
    }

    fn unsupported_value(&mut self, choices: &'static [Choice], node: &Node) {
        if !self.options.support {
            return;
        }
        let Some(choice) = node
            .text()
            .and_then(|text| find_choice(choices, text, false))
        else {
            return;
        };
        for (on_key, on_value) in obstacles(choice.support, &self.systems) {
            let key = self.path.last().to_owned();
            self.tell(
                Level::Warn,
                "unsupported",
                node,
                [
                    ("on_key", on_key.into()),
                    ("on_value", on_value.into()),
                    ("key", key.into()),
                    ("value", node.to_json()),
                ],
            );
        }
    }

    fn default_value(&mut self, shape: &Shape, node: Node) -> Node {
        if !self.options.defaults || !matches!(node.value, Value::Null) || shape.defaults.is_empty()
        {
            return node;
        }
        let Some(default) = shape
            .defaults
            .iter()
            .find(|default| is_supported(default.support, &self.systems))
        else {
            return node;
        };
        let key = self.path.last().to_owned();
        let key_line = self.path.lines.last().copied().unwrap_or_default();
        self.path.pop();
        let provider = self.provider.clone();
        let provider = provider.map(|provider| ("provider", provider));
        // There is no place in the file to point at.
        self.messages.add_under(
            Level::Info,
            &self.path.show(),
            "default",
            [
                ("key", key.as_str().into()),
                ("default", default.value.into()),
            ]
            .into_iter()
            .chain(provider),
            None,
            self.path.lines.last().copied(),
        );
        self.path.push(&key, key_line);
        node.with(Value::Str(default.value.to_owned()))
    }

    fn secret(&mut self, shape: &Shape, node: &Node) {
        match &node.value {
            Value::Str(text)
                if self.options.alert && shape.strict != Some(false) && is_plain_secret(text) =>
            {
                self.tell(Level::Alert, "secure", node, [("type", "str".into())]);
            }
            Value::Map(_) => {
                let valid = is_empty_secret(node) || node.get("secure").is_some_and(is_cipher_text);
                if !valid {
                    self.tell(
                        Level::Warn,
                        "invalid_secure",
                        node,
                        [("value", node.to_json())],
                    );
                }
            }
            _ => {}
        }
    }

    fn template(&mut self, shape: &Shape, node: &Node) {
        if shape.vars.is_empty() {
            return;
        }
        let Some(mut rest) = node.text() else {
            return;
        };
        while let Some((_, after)) = rest.split_once("%{") {
            let Some((name, after)) = after.split_once('}') else {
                return;
            };
            if !name.is_empty() && !shape.vars.contains(&name) {
                self.tell(Level::Warn, "unknown_var", node, [("var", name.into())]);
            }
            rest = after;
        }
    }
}

/// Whether it may be what encryption answers: Base64 with nothing missing.
fn is_cipher_text(node: &Node) -> bool {
    let Some(text) = node.text() else {
        return false;
    };
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let body = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - body.len() <= 2
        && body
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
}

/// `secure:` without a value.
pub(super) fn is_empty_secret(node: &Node) -> bool {
    node.kind() == Type::Secure
        && node
            .get("secure")
            .is_none_or(|text| !matches!(text.value, Value::Str(_)))
}

/// Whether the text is the secret itself and not the name of a variable that holds it.
fn is_plain_secret(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('$')
}

//! Tells what is wrong with a changed value, fills in defaults, and drops what is empty.

use super::matching::{find_choice, is_private, resembles};
use super::scalars::is_of;
use super::support::{System, obstacles};
use super::verdict::is_empty_secret;
use super::{Walk, plain};
use crate::message::Level;
use crate::table::{Kind, Map, Shape};
use crate::yaml::{Node, Type, Value};

impl Walk<'_> {
    pub(super) fn validate(&mut self, shape: &Shape, node: Node) -> Node {
        match shape.kind {
            Kind::Any(shapes) => {
                let candidates = self.candidates(shape, shapes, &node);
                let candidates = candidates.as_slice();
                let child = if candidates.len() == 1 {
                    candidates.first()
                } else {
                    candidates
                        .iter()
                        .find(|part| resembles(&part.within(shape), &node))
                        .or_else(|| candidates.iter().find(|part| is_of(part, node.kind())))
                        .or_else(|| candidates.first())
                };
                match child {
                    Some(child) => self.validate(&child.within(shape), node),
                    None => node,
                }
            }
            Kind::Seq(items) => self.validate_seq(shape, items, node),
            Kind::Map(map) => self.validate_map(shape, map, node),
            Kind::Secure | Kind::Str | Kind::Bool | Kind::Num | Kind::OneOf(_) => {
                self.validate_scalar(shape, node)
            }
        }
    }

    /// A value of another type is dropped.
    pub(super) fn check_type(&mut self, shape: &Shape, node: Node) -> Node {
        if node.is_missing() || is_of(shape, node.kind()) {
            return node;
        }
        let expected = match shape.kind {
            Kind::Any(_) => "any",
            Kind::Seq(_) => "seq",
            Kind::Map(_) => "map",
            Kind::Secure => "secure",
            Kind::Str | Kind::OneOf(_) => "str",
            Kind::Bool => "bool",
            Kind::Num => "num",
        };
        self.tell(
            Level::Error,
            "invalid_type",
            &node,
            [
                ("expected", expected.into()),
                ("actual", node.kind().as_str().into()),
                ("value", node.to_json()),
            ],
        );
        if !self.options.drop {
            let mut node = node;
            node.errored = true;
            return node;
        }
        let mut blank = node.with(match shape.kind {
            Kind::Seq(_) => Value::Seq(Vec::new()),
            Kind::Map(_) => Value::Map(Vec::new()),
            _ => Value::Null,
        });
        blank.errored = true;
        blank
    }

    fn validate_seq(&mut self, shape: &Shape, items: &'static Shape, mut node: Node) -> Node {
        let inner = items.within(shape);
        if let Value::Seq(list) = &mut node.value {
            for item in list {
                let place = item.with(Value::Null);
                let value = std::mem::replace(item, place);
                *item = self.validate(&inner, value);
            }
        }
        let mut node = self.check_type(shape, node);
        if let Value::Seq(list) = &mut node.value {
            let mut dropped = Vec::new();
            list.retain(|item| {
                let is_gone = match &item.value {
                    Value::Map(entries) => entries.is_empty() && !shape.env_vars,
                    _ => matches!(item.value, Value::Null),
                } || is_empty_secret(item);
                if is_gone {
                    dropped.push(item.with(item.value.clone()));
                }
                !is_gone
            });
            for item in dropped {
                self.tell_empty(&item);
            }
        }
        self.check_empty(&node);
        self.check_unique(&inner, &node);
        self.flags(shape, &node);
        node
    }

    /// Tells about an empty value that is dropped.
    fn tell_empty(&mut self, node: &Node) {
        let wanted = self.options.empty || is_empty_secret(node);
        if wanted && !node.errored && !matches!(node.value, Value::Null) {
            let mut key = self.path.show();
            if node.kind() == Type::Secure {
                key += ".secure";
            }
            self.tell(Level::Warn, "empty", node, [("key", key.into())]);
        }
    }

    fn check_empty(&mut self, node: &Node) {
        if self.options.empty && node.is_missing() && !node.errored {
            let key = self.path.show();
            self.tell(Level::Warn, "empty", node, [("key", key.into())]);
        }
    }

    /// No two maps of a list may have the same value for some keys.
    fn check_unique(&mut self, items: &Shape, node: &Node) {
        let (Kind::Map(map), Value::Seq(list)) = (items.kind, &node.value) else {
            return;
        };
        let mut told = Vec::new();
        for key in map.unique() {
            let values: Vec<&str> = list
                .iter()
                .filter_map(|item| item.get(key).and_then(Node::text))
                .collect();
            let mut seen = std::collections::HashMap::new();
            for value in &values {
                *seen.entry(*value).or_insert(0_usize) += 1;
            }
            let mut repeated: Vec<&str> = Vec::new();
            for value in values {
                if seen.get(value).is_some_and(|count| *count > 1) {
                    seen.remove(value);
                    repeated.push(value);
                }
            }
            if !repeated.is_empty() {
                told.push(format!("{key}: {}", repeated.join(", ")));
            }
        }
        if !told.is_empty() {
            let values = told.join(", ");
            self.tell(Level::Info, "duplicate", node, [("values", values.into())]);
        }
    }

    fn validate_map(&mut self, shape: &Shape, map: &'static Map, node: Node) -> Node {
        let decides = node.kind() == Type::Map;
        if decides {
            self.systems.push(System::of(&node));
        }
        let provider = node.get("provider").filter(|_| self.detected);
        let provider = provider.map(Node::to_json);
        let outer = std::mem::replace(&mut self.provider, provider);
        let node = self.validate_entries(map, node);
        self.provider = outer;
        let node = self.check_type(shape, node);
        let node = self.unknown_keys(map, node);
        self.unsupported_keys(map, &node);
        let node = self.compact(map, node);
        let node = self.required(map, node);
        self.check_empty(&node);
        self.once(shape, &node);
        self.flags(shape, &node);
        let node = self.condition(map, node);
        if decides {
            self.systems.pop();
        }
        node
    }

    /// Values of known keys come last, in their order.
    fn validate_entries(&mut self, map: &'static Map, mut node: Node) -> Node {
        if node.kind() != Type::Map {
            return node;
        }
        if let Value::Map(entries) = &mut node.value {
            let open = map.pattern.map(|(_, shape)| shape);
            let (mut known, mut rest): (Vec<_>, Vec<_>) = std::mem::take(entries)
                .into_iter()
                .partition(|entry| map.get(&entry.key).or(open).is_some());
            for entry in &mut known {
                let Some(shape) = map.get(&entry.key).or(open) else {
                    continue;
                };
                let place = entry.value.with(Value::Null);
                let value = std::mem::replace(&mut entry.value, place);
                self.path.push(&entry.key, entry.line);
                entry.value = self.validate(shape, value);
                self.path.pop();
                if let Some(system) = self.systems.last_mut() {
                    system.set(&entry.key, &entry.value);
                }
            }
            rest.append(&mut known);
            *entries = rest;
        }
        node
    }

    fn unknown_keys(&mut self, map: &'static Map, mut node: Node) -> Node {
        if !map.strict || node.kind() != Type::Map {
            return node;
        }
        let is_unknown = |entry: &crate::yaml::Entry| {
            map.get(&entry.key).is_none()
                && !is_private(&entry.key)
                && !entry.value.is_missing()
                && entry.key != "merge_mode"
        };
        let unknown: Vec<_> = node
            .entries()
            .iter()
            .filter(|e| is_unknown(e))
            .cloned()
            .collect();
        for entry in &unknown {
            let place = Some((entry.line, entry.column));
            if self.anchored.contains(&entry.key) {
                self.tell_at(
                    Level::Warn,
                    "deprecated_key",
                    &node,
                    [
                        ("key", entry.key.as_str().into()),
                        ("info", "anchor on a non-private key".into()),
                    ],
                    place,
                );
            } else {
                self.tell_at(
                    Level::Warn,
                    "unknown_key",
                    &node,
                    [
                        ("key", entry.key.as_str().into()),
                        ("value", plain(&entry.value)),
                    ],
                    place,
                );
                if self.options.drop
                    && let Value::Map(entries) = &mut node.value
                {
                    entries.retain(|other| other.key != entry.key);
                }
            }
        }
        node
    }

    fn unsupported_keys(&mut self, map: &'static Map, node: &Node) {
        if !self.options.support {
            return;
        }
        for entry in node.entries() {
            let Some(shape) = map.get(&entry.key) else {
                continue;
            };
            let obstacles = obstacles(shape.supported(), &self.systems);
            for (on_key, on_value) in obstacles {
                self.path.push(&entry.key, entry.line);
                self.tell_at(
                    Level::Warn,
                    "unsupported",
                    &entry.value,
                    [
                        ("on_key", on_key.into()),
                        ("on_value", on_value.into()),
                        ("key", entry.key.as_str().into()),
                        ("value", plain(&entry.value)),
                    ],
                    Some((entry.line, entry.column)),
                );
                self.path.pop();
            }
        }
    }

    fn compact(&mut self, map: &'static Map, mut node: Node) -> Node {
        if !map.strict {
            return node;
        }
        if let Value::Map(entries) = &mut node.value {
            let mut dropped = Vec::new();
            entries.retain(|entry| {
                let gone = match &entry.value.value {
                    Value::Null => true,
                    Value::Map(entries) => entries.is_empty(),
                    _ => false,
                } || is_empty_secret(&entry.value);
                if gone {
                    dropped.push(entry.clone());
                }
                !gone
            });
            for entry in dropped {
                self.path.push(&entry.key, entry.line);
                self.tell_empty(&entry.value);
                self.path.pop();
            }
        }
        node
    }

    fn required(&mut self, map: &'static Map, node: Node) -> Node {
        if !self.options.defaults || node.kind() != Type::Map {
            return node;
        }
        let mut missing = false;
        for key in map.required {
            if node.get(key).is_none_or(Node::is_missing) {
                self.tell(Level::Error, "required", &node, [("key", (*key).into())]);
                missing = true;
            }
        }
        if missing && self.options.drop {
            return node.with(Value::Map(Vec::new()));
        }
        node
    }

    /// Names that may be given only once in a file.
    fn once(&mut self, shape: &Shape, node: &Node) {
        if !shape.unique_globally || node.is_missing() {
            return;
        }
        let Some(name) = node.entries().first().and_then(|entry| entry.value.text()) else {
            return;
        };
        if !self.names.insert(name.to_owned()) {
            let mut names: Vec<&str> = self.names.iter().map(String::as_str).collect();
            names.sort_unstable();
            let names: Vec<serde_json::Value> = names.into_iter().map(Into::into).collect();
            self.tell(Level::Error, "duplicate", node, [("values", names.into())]);
        }
    }

    pub(super) fn flags(&mut self, shape: &Shape, node: &Node) {
        if node.is_missing() {
            return;
        }
        if shape.edge {
            self.tell(Level::Info, "edge", node, []);
        }
        if let Kind::Map(map) = shape.kind {
            for entry in node.entries() {
                if let Some(info) = map.get(&entry.key).and_then(|shape| shape.deprecated) {
                    self.tell_at(
                        Level::Warn,
                        "deprecated_key",
                        node,
                        [("key", entry.key.as_str().into()), ("info", info.into())],
                        Some((entry.line, entry.column)),
                    );
                }
            }
        }
        if let (Kind::OneOf(choices), Value::Str(text)) = (shape.kind, &node.value)
            && let Some(choice) = find_choice(choices, text, false)
            && let Some(info) = choice.deprecated
        {
            self.tell(
                Level::Warn,
                "deprecated_value",
                node,
                [("value", text.as_str().into()), ("info", info.into())],
            );
        }
    }
}

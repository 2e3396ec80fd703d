//! What some sections do with values that stand for the section as a whole.

use super::Walk;
use super::matching::resembles;
use super::scalars::boolean;
use super::words::nearest;
use crate::message::Level;
use crate::table::{Change, Kind, Map, Shape};
use crate::yaml::{Entry, Node, Type, Value};

/// An entry that takes the place of a value.
fn entry(key: &str, value: Node) -> Entry {
    Entry {
        key: key.to_owned(),
        line: value.line,
        column: value.column,
        value,
    }
}

impl Walk<'_> {
    pub(super) fn change_whole(&mut self, map: &'static Map, node: Node) -> Node {
        match map.change {
            Change::None | Change::Inherit(_) => node,
            Change::Caches => self.caches(map, node),
            Change::Enable => enable(map, node),
        }
    }

    /// `cache: bundler` and lists of names, directories and maps.
    fn caches(&mut self, map: &'static Map, node: Node) -> Node {
        let switches: Vec<&'static str> = map
            .rows()
            .filter(|key| matches!(key.shape.kind, Kind::Bool) && key.name != "edge")
            .map(|key| key.name)
            .collect();
        match &node.value {
            Value::Str(text) => {
                let mut name = text.clone();
                if !switches.contains(&name.as_str())
                    && self.may_search()
                    && let Some(found) = nearest(&switches, &name)
                {
                    self.tell(
                        Level::Info,
                        "find_value",
                        &node,
                        [("original", name.as_str().into()), ("value", found.into())],
                    );
                    found.clone_into(&mut name);
                }
                if !switches.contains(&name.as_str()) {
                    let list = node.with(Value::Seq(vec![node.clone()]));
                    return node.with(Value::Map(vec![entry("directories", list)]));
                }
                let on = entry(&name, node.with(Value::Bool(true)));
                node.with(Value::Map(vec![on]))
            }
            Value::Seq(_) => cache_list(&switches, node),
            _ => node,
        }
    }

    /// A value without the section's keys stands for one of them.
    pub(super) fn prefix(&mut self, shape: &Shape, map: &'static Map, node: Node) -> Node {
        let Some(prefix) = map.prefix else {
            return node;
        };
        if node.is_missing() || (prefix.only_text && node.kind() != Type::Str) {
            return node;
        }
        let wrapped = if node.kind() == Type::Map {
            let entries = node.entries();
            let known =
                |entry: &&Entry| map.get(&entry.key).is_some() || map.alias(&entry.key).is_some();
            if node.get(prefix.key).is_some() || entries.iter().all(|entry| known(&entry)) {
                return node;
            }
            let (mine, others): (Vec<_>, Vec<_>) = entries
                .iter()
                .cloned()
                .partition(|entry| map.get(&entry.key).is_some());
            let mut all = vec![entry(prefix.key, node.with(Value::Map(others)))];
            all.extend(mine);
            node.with(Value::Map(all))
        } else {
            let inner = entry(prefix.key, node.clone());
            node.with(Value::Map(vec![inner]))
        };
        if prefix.only_text || resembles(shape, &wrapped) {
            return wrapped;
        }
        let wrapped = self.change(shape, wrapped);
        if resembles(shape, &wrapped) {
            return wrapped;
        }
        node
    }

    /// Keys of the section that are meant for each of its entries.
    pub(super) fn hand_down(&mut self, map: &'static Map, mut node: Node) -> Node {
        let Change::Inherit(keys) = map.change else {
            return node;
        };
        if node.kind() != Type::Map {
            return node;
        }
        let Value::Map(entries) = std::mem::replace(&mut node.value, Value::Null) else {
            return node;
        };
        let (handed, mut rest): (Vec<Entry>, Vec<Entry>) = entries
            .into_iter()
            .partition(|entry| keys.contains(&entry.key.as_str()));
        for entry in &handed {
            // Told for the section, and once more for each entry that it is handed to.
            if let Some(shape) = map.get(&entry.key) {
                self.path.push(&entry.key, entry.line);
                self.change(shape, entry.value.clone());
                self.path.pop();
            }
        }
        for entry in &mut rest {
            if let Some(shape) = map.get(&entry.key)
                && !matches!(entry.value.kind(), Type::Map | Type::Seq)
            {
                let place = entry.value.with(Value::Null);
                let value = std::mem::replace(&mut entry.value, place);
                self.path.push(&entry.key, entry.line);
                entry.value = self.change(shape, value);
                self.path.pop();
            }
            give(&handed, &mut entry.value);
        }
        node.value = Value::Map(rest);
        node
    }
}

fn give(handed: &[Entry], node: &mut Node) {
    match &mut node.value {
        Value::Seq(items) => {
            for item in items {
                if item.kind() == Type::Map {
                    give(handed, item);
                }
            }
        }
        Value::Map(entries) => {
            for given in handed {
                if !entries.iter().any(|entry| entry.key == given.key) {
                    entries.push(given.clone());
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Num(_) | Value::Str(_) => {}
    }
}

/// The names are switches, other strings are directories, maps are taken as they are.
fn cache_list(switches: &[&'static str], node: Node) -> Node {
    let place = node.with(Value::Null);
    let Value::Seq(items) = node.value else {
        return node;
    };
    let mut entries: Vec<Entry> = Vec::new();
    let mut set = |new: Entry| match entries.iter_mut().find(|old| old.key == new.key) {
        Some(old) => *old = new,
        None => entries.push(new),
    };
    let mut directories = Vec::new();
    let mut strings = Vec::new();
    for item in items {
        match item.value {
            Value::Str(ref text) if switches.contains(&text.as_str()) => {
                set(entry(text, item.with(Value::Bool(true))));
            }
            Value::Str(_) => strings.push(item),
            Value::Map(list) => {
                for given in list {
                    match (given.key.as_str(), given.value.value) {
                        ("directories", Value::Seq(list)) => directories.extend(list),
                        ("directories", value) => {
                            let mut one = place.with(value);
                            (one.line, one.column) = (given.value.line, given.value.column);
                            directories.push(one);
                        }
                        (_, value) => set(Entry {
                            value: Node::new(value, (given.value.line, given.value.column)),
                            ..given_key(given.key, given.line, given.column, &place)
                        }),
                    }
                }
            }
            _ => {}
        }
    }
    directories.extend(strings);
    if !directories.is_empty() {
        set(entry("directories", place.with(Value::Seq(directories))));
    }
    place.with(Value::Map(entries))
}

fn given_key(key: String, line: u32, column: u32, place: &Node) -> Entry {
    Entry {
        key,
        line,
        column,
        value: place.clone(),
    }
}

/// `true` and `false` stand for `enabled`, and `disabled` for its opposite.
fn enable(map: &'static Map, mut node: Node) -> Node {
    if map.get("enabled").is_some() {
        let switch = match &node.value {
            Value::Bool(value) => Some(*value),
            Value::Str(text) if text == "yes" || text == "no" => boolean(text),
            _ => None,
        };
        if let Some(switch) = switch {
            let on = entry("enabled", node.with(Value::Bool(switch)));
            return node.with(Value::Map(vec![on]));
        }
    }
    if node.kind() != Type::Map || node.get("disabled").is_none() {
        return node;
    }
    let truth = |node: &Node| match &node.value {
        Value::Bool(value) => Some(*value),
        Value::Str(text) => boolean(text),
        _ => None,
    };
    let enabled = match (node.get("enabled"), node.get("disabled")) {
        (Some(enabled), _) => truth(enabled),
        (None, Some(disabled)) => truth(disabled).map(|disabled| !disabled),
        (None, None) => None,
    };
    let place = node.with(Value::Null);
    if let Value::Map(entries) = &mut node.value {
        entries.retain(|entry| entry.key != "disabled" && entry.key != "enabled");
        if let Some(enabled) = enabled {
            entries.push(entry("enabled", place.with(Value::Bool(enabled))));
        }
    }
    node
}

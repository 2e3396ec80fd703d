//! Finds the key that was meant.

use super::Walk;
use super::matching::is_private;
use super::words::nearest;
use crate::message::Level;
use crate::table::{Map, TYPOS, is_everywhere_known, is_stop_word, known_to_search};
use crate::yaml::{Entry, Node, Type, Value};

impl Walk<'_> {
    /// Gives each key its name, and missing keys that have a default a place.
    pub(super) fn change_keys(&mut self, map: &'static Map, mut node: Node) -> Node {
        if node.kind() != Type::Map {
            return node;
        }
        if self.options.defaults && !map.defaults().is_empty() {
            self.add_defaults(map, &mut node);
        }
        let strange = node
            .entries()
            .iter()
            .any(|entry| map.get(&entry.key).is_none() && !is_private(&entry.key));
        if !strange {
            return node;
        }
        let mut renames = Vec::new();
        for index in 0..node.entries().len() {
            let Some(entry) = node.entries().get(index) else {
                break;
            };
            if map.get(&entry.key).is_some() || is_private(&entry.key) {
                continue;
            }
            let (key, place) = (entry.key.clone(), (entry.line, entry.column));
            if let Some(name) = self.find_key(map, &node, &key, place) {
                renames.push((index, name));
            }
        }
        rename(&mut node, &renames);
        node
    }

    fn add_defaults(&mut self, map: &'static Map, node: &mut Node) {
        let place = (node.line, node.column);
        let Value::Map(entries) = &mut node.value else {
            return;
        };
        let mut front = Vec::new();
        for name in map.defaults() {
            if let Some(index) = entries.iter().position(|entry| entry.key == *name) {
                front.push(entries.remove(index));
            } else {
                front.push(Entry {
                    key: (*name).to_owned(),
                    line: place.0,
                    column: place.1,
                    value: Node::new(Value::Null, place),
                });
            }
        }
        front.append(entries);
        *entries = front;
    }

    /// The name of a key that is no key as written.
    fn find_key(
        &mut self,
        map: &'static Map,
        node: &Node,
        key: &str,
        place: (u32, u32),
    ) -> Option<&'static str> {
        if let Some(name) = self.by_alias(map, node, key, place) {
            return Some(name);
        }
        if !self.options.fix {
            return None;
        }
        let stripped = key.trim_matches(|c: char| c.is_whitespace() || c == '\u{a0}');
        let underscored = if map.strict {
            underscore(key)
        } else {
            key.replace('-', "_")
        };
        let cleaned = clean(key);
        for (candidate, code, level) in [
            (stripped, "strip_key", Level::Warn),
            (underscored.as_str(), "underscore_key", Level::Info),
            (cleaned.as_str(), "clean_key", Level::Warn),
        ] {
            if let Some(name) = map.name(candidate) {
                self.renamed(level, code, node, key, name, place);
                return Some(name);
            }
        }
        if !map.strict || is_stop_word(key) || is_everywhere_known(key) {
            return None;
        }
        let typo = TYPOS
            .binary_search_by_key(&key, |(typo, _)| typo)
            .ok()
            .and_then(|index| TYPOS.get(index))
            .and_then(|(_, meant)| map.name(meant));
        let found = typo.or_else(|| {
            if !self.may_search() {
                return None;
            }
            nearest(&known_to_search(map), key).filter(|found| *found != "elm_test")
        })?;
        self.renamed(Level::Warn, "find_key", node, key, found, place);
        if map.get(found).is_some() {
            return Some(found);
        }
        self.by_alias(map, node, found, place)
    }

    fn by_alias(
        &mut self,
        map: &'static Map,
        node: &Node,
        key: &str,
        place: (u32, u32),
    ) -> Option<&'static str> {
        let name = map
            .alias(key)
            .or_else(|| map.alias(&key.replace('-', "_")))?;
        self.tell_at(
            Level::Info,
            "alias_key",
            node,
            [("alias", key.into()), ("key", name.into())],
            Some(place),
        );
        let is_asked_for = self.options.defaults && map.required.contains(&name);
        if is_asked_for || node.get(name).is_some() {
            self.tell_at(
                Level::Error,
                "overwrite",
                node,
                [("key", key.into()), ("other", name.into())],
                Some(place),
            );
        }
        Some(name)
    }

    fn renamed(
        &mut self,
        level: Level,
        code: &'static str,
        node: &Node,
        key: &str,
        name: &'static str,
        place: (u32, u32),
    ) {
        self.tell_at(
            level,
            code,
            node,
            [("original", key.into()), ("key", name.into())],
            Some(place),
        );
    }
}

/// Moves renamed entries to the end, in order; what has the name already is overwritten.
fn rename(node: &mut Node, renames: &[(usize, &'static str)]) {
    let Value::Map(entries) = &mut node.value else {
        return;
    };
    let mut moved = Vec::new();
    for (index, name) in renames {
        if let Some(entry) = entries.get_mut(*index) {
            let place = (entry.value.line, entry.value.column);
            let value = std::mem::replace(&mut entry.value, Node::new(Value::Null, place));
            let mut value = value;
            let old = std::mem::take(&mut entry.key);
            if old != *name {
                value.was = Some(old.into());
            }
            moved.push(Entry {
                key: (*name).to_owned(),
                line: entry.line,
                column: entry.column,
                value,
            });
        }
    }
    let gone: std::collections::HashSet<usize> = renames.iter().map(|(index, _)| *index).collect();
    let mut index = 0;
    entries.retain(|_| {
        index += 1;
        !gone.contains(&(index - 1))
    });
    for entry in moved {
        match entries.iter_mut().find(|other| other.key == entry.key) {
            Some(other) => *other = entry,
            None => entries.push(entry),
        }
    }
}

/// `beforeScript` and `before-script` as `before_script`.
fn underscore(key: &str) -> String {
    let chars: Vec<char> = key.chars().collect();
    let mut text = String::with_capacity(key.len() + 4);
    for (index, c) in chars.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| chars.get(index));
        let after = chars.get(index + 1);
        if c.is_ascii_uppercase() {
            let new_word = match before {
                Some(b) if b.is_ascii_lowercase() || b.is_ascii_digit() => true,
                Some(b) if b.is_ascii_uppercase() => after.is_some_and(char::is_ascii_lowercase),
                _ => false,
            };
            if new_word {
                text.push('_');
            }
        }
        text.push(if *c == '-' { '_' } else { *c });
    }
    text.to_lowercase()
}

/// Without the characters that no key has.
fn clean(key: &str) -> String {
    let text: String = key
        .chars()
        .map(|c| if c == '-' || c == ' ' { '_' } else { c })
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '.')
        .collect();
    let text = text.trim_end_matches('_');
    let text = if text.starts_with("__") {
        text.trim_start_matches('_')
    } else {
        text
    };
    text.replace("__", "_")
}

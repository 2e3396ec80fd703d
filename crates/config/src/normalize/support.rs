//! What exists for which language and system.

use crate::table::Support;
use crate::yaml::{Node, Value};

/// The keys that decide it.
const KEYS: [&str; 4] = ["language", "os", "dist", "arch"];

/// What one map says about language and system.
#[derive(Debug, Clone, Default)]
pub(super) struct System([Vec<String>; 4]);

fn texts(node: &Node) -> Vec<String> {
    match &node.value {
        Value::Str(text) if !text.is_empty() => vec![text.clone()],
        Value::Seq(items) => items
            .iter()
            .filter_map(|item| item.text().map(str::to_owned))
            .collect(),
        // No system at all, which none of the lists has.
        Value::Map(entries) if !entries.is_empty() => vec![String::new()],
        _ => Vec::new(),
    }
}

impl System {
    pub(super) fn of(map: &Node) -> Self {
        Self(KEYS.map(|key| map.get(key).map(texts).unwrap_or_default()))
    }

    /// Takes note of a key's new value.
    pub(super) fn set(&mut self, key: &str, value: &Node) {
        for (name, slot) in KEYS.iter().zip(&mut self.0) {
            if *name == key {
                *slot = texts(value);
            }
        }
    }
}

/// What is said about a key, by the innermost map that says something.
fn given<'s>(systems: &'s [System], key: &str) -> &'s [String] {
    let Some(index) = KEYS.iter().position(|name| *name == key) else {
        return &[];
    };
    systems
        .iter()
        .rev()
        .filter_map(|system| system.0.get(index))
        .find(|values| !values.is_empty())
        .map_or(&[], Vec::as_slice)
}

/// The keys and values that do not go with something; empty where it is supported. With several
/// systems it is enough that one of them supports it.
pub(super) fn obstacles(support: Support, systems: &[System]) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for (key, allowed) in support.only {
        let given = given(systems, key);
        let is_allowed = |value: &&String| allowed.contains(&value.as_str());
        if given.iter().any(|value| is_allowed(&value)) {
            continue;
        }
        for value in given.iter().filter(|value| !is_allowed(value)) {
            found.push((*key, value.clone()));
        }
    }
    for (key, refused) in support.except {
        let given = given(systems, key);
        if given.iter().any(|value| !refused.contains(&value.as_str())) {
            continue;
        }
        for value in given {
            found.push((*key, value.clone()));
        }
    }
    found
}

/// Whether nothing stands against it.
pub(super) fn is_supported(support: Support, systems: &[System]) -> bool {
    (support.only.is_empty() && support.except.is_empty()) || obstacles(support, systems).is_empty()
}

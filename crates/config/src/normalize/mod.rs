//! Walks the table over the tree: first changes it into the normal form, then validates that.
//!
//! `change` repairs keys and values and wraps what stands for a list or section; it never
//! complains about what it cannot repair. `validate` tells what is wrong, fills in defaults and
//! drops what is empty. Both go by the shape of each value alone, no key is special.

mod change;
mod condition;
mod env;
mod keys;
mod matching;
mod scalars;
mod special;
mod support;
mod validate;
mod verdict;
mod words;

pub(crate) use words::nearest;

use std::collections::HashSet;

use serde_json::{Map, Value as Json};

use crate::Options;
use crate::conditions::Patterns;
use crate::message::{Level, Messages};
use crate::table;
use crate::yaml::{Document, Node, Type, Value};

/// The normalized configuration of a whole file.
pub(crate) fn normalize(
    document: Document,
    options: Options,
    messages: &mut Messages,
) -> Map<String, Json> {
    let version_0 = document
        .root
        .get("conditions")
        .and_then(Node::text)
        .is_some_and(|version| version == "v0");
    let mut walk = Walk {
        options,
        messages,
        anchored: document.anchored,
        path: Path::default(),
        systems: Vec::new(),
        detected: false,
        provider: None,
        patterns: Patterns::default(),
        searches: MAX_SEARCHES,
        names: HashSet::new(),
        version_0,
    };
    for duplicate in &document.duplicates {
        walk.messages.add(
            Level::Error,
            &duplicate.path,
            "duplicate_key",
            [("key", duplicate.key.as_str().into())],
            Some((duplicate.line, duplicate.column)),
        );
    }
    let root = walk.change(&table::ROOT, document.root);
    let root = walk.validate(&table::ROOT, root);
    match root.to_json() {
        Json::Object(config) => config,
        _ => Map::new(),
    }
}

/// Looking for the nearest word costs time; no real file has as many typos.
const MAX_SEARCHES: usize = 2_000;

/// One walk over a file.
struct Walk<'m> {
    options: Options,
    messages: &'m mut Messages,
    /// The keys before whose values an anchor stands.
    anchored: HashSet<String>,
    path: Path,
    /// The languages and systems of the maps around the value, outermost first.
    systems: Vec<support::System>,
    /// A provider was recognized: messages on maps with one name it.
    detected: bool,
    /// The provider of the section whose entries are looked at.
    provider: Option<Json>,
    patterns: Patterns,
    /// How often the nearest key or value may still be looked for.
    searches: usize,
    /// The names that may be given once in a file.
    names: HashSet<String>,
    /// Conditions are written in the old form.
    version_0: bool,
}

/// The keys that lead to a value. Entries of a list have the key of the list.
#[derive(Debug, Default)]
struct Path {
    text: String,
    ends: Vec<usize>,
    lines: Vec<u32>,
}

impl Path {
    fn push(&mut self, key: &str, line: u32) {
        self.lines.push(line);
        self.ends.push(self.text.len());
        self.text.push_str(key);
        self.text.push('\0');
    }

    fn pop(&mut self) {
        self.lines.pop();
        if let Some(end) = self.ends.pop() {
            self.text.truncate(end);
        }
    }

    /// As messages write it: each key once.
    fn show(&self) -> String {
        let mut keys: Vec<&str> = Vec::with_capacity(self.ends.len());
        for key in self.text.split_terminator('\0') {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys.join(".")
    }

    /// The last key.
    fn last(&self) -> &str {
        let start = self.ends.last().copied().unwrap_or_default();
        self.text
            .get(start..)
            .map_or("", |key| key.trim_end_matches('\0'))
    }
}

impl Walk<'_> {
    /// Tells something about a value.
    fn tell<const N: usize>(
        &mut self,
        level: Level,
        code: &'static str,
        node: &Node,
        args: [(&str, Json); N],
    ) {
        let line = self.path.lines.last().copied();
        self.tell_with(level, code, node, args, node.position(), line);
    }

    /// Tells something about a value, with the place of one of its keys.
    fn tell_at<const N: usize>(
        &mut self,
        level: Level,
        code: &'static str,
        node: &Node,
        args: [(&str, Json); N],
        place: Option<(u32, u32)>,
    ) {
        self.tell_with(level, code, node, args, place, place.map(|place| place.0));
    }

    fn tell_with<const N: usize>(
        &mut self,
        level: Level,
        code: &'static str,
        node: &Node,
        args: [(&str, Json); N],
        place: Option<(u32, u32)>,
        line: Option<u32>,
    ) {
        let mut path = self.path.show();
        if node.kind() == Type::Secure {
            path = if path.is_empty() {
                "root.secure".to_owned()
            } else {
                path + ".secure"
            };
        }
        let provider = node
            .get("provider")
            .filter(|_| self.detected)
            .map(|provider| ("provider", provider.to_json()));
        self.messages.add_under(
            level,
            &path,
            code,
            args.into_iter().chain(provider),
            place,
            line,
        );
    }

    /// Whether there is still time to look for the nearest of many words.
    fn may_search(&mut self) -> bool {
        let may = self.searches > 0;
        self.searches = self.searches.saturating_sub(1);
        may
    }
}

/// The value in a text form, as messages quote it.
fn plain(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        _ => node.to_json(),
    }
}

#[cfg(test)]
mod tests;

//! Walks the table over the tree: wraps, casts, resolves aliases, and says what it did.

mod env;
mod keys;
mod values;

use serde_json::{Map, Value as Json};

use crate::message::{Level, Messages};
use crate::table::{self, KEYS, KeyRow, Kind, Scope};
use crate::yaml::{Entry, Node, Value};

/// The normalized configuration of a whole file.
pub(crate) fn normalize(root: &[Entry], messages: &mut Messages) -> Map<String, Json> {
    let mut walk = Walk {
        messages,
        searches: MAX_SEARCHES,
    };
    let given = walk.section(KEYS, Scope::Root, "", root);
    let mut config = Map::new();
    walk.defaults(&given, &mut config);
    for (key, value) in given {
        config.entry(key).or_insert(value);
    }
    config
}

/// Looking for the nearest word costs time; no real file has as many typos.
const MAX_SEARCHES: usize = 1_000;

/// One walk over a file.
struct Walk<'a> {
    messages: &'a mut Messages,
    /// How often the nearest key or value may still be looked for.
    searches: usize,
}

impl Walk<'_> {
    /// Whether there is still time to look for the nearest of many words.
    fn may_search(&mut self) -> bool {
        let may = self.searches > 0;
        self.searches = self.searches.saturating_sub(1);
        may
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

impl Walk<'_> {
    /// A map with the keys of `rows`; keys that nobody knows are kept as parsed.
    fn section(
        &mut self,
        rows: &'static [KeyRow],
        scope: Scope,
        path: &str,
        entries: &[Entry],
    ) -> Map<String, Json> {
        let mut result = Map::new();
        let mut sources: Vec<(&'static str, &str)> = Vec::new();
        for entry in entries {
            let Some(row) = self.find_key(rows, scope, path, entry) else {
                if !entry.key.starts_with(['_', '.']) {
                    self.messages.add(
                        Level::Warn,
                        path,
                        "unknown_key",
                        [
                            ("key", entry.key.as_str().into()),
                            ("value", entry.value.to_json()),
                        ],
                        Some((entry.line, entry.column)),
                    );
                }
                result.insert(entry.key.clone(), entry.value.to_json());
                continue;
            };
            if let Some((_, other)) = sources.iter().find(|(name, _)| *name == row.name) {
                // Of a key and its alias the alias wins, wherever it stands.
                let keeps = entry.key == row.name;
                let (key, other) = if keeps {
                    (*other, row.name)
                } else {
                    (entry.key.as_str(), *other)
                };
                self.messages.add(
                    Level::Error,
                    path,
                    "overwrite",
                    [("key", key.into()), ("other", other.into())],
                    Some((entry.line, entry.column)),
                );
                if keeps {
                    continue;
                }
            }
            sources.push((row.name, &entry.key));
            let below = join(path, row.name);
            match self.value(row.kind, scope, &below, &entry.value) {
                Some(value) => {
                    if let Some(why) = row.deprecated {
                        self.messages.add(
                            Level::Warn,
                            path,
                            "deprecated_key",
                            [("key", row.name.into()), ("info", why.into())],
                            Some((entry.line, entry.column)),
                        );
                    }
                    result.insert(row.name.to_owned(), value);
                }
                None => {
                    result.remove(row.name);
                }
            }
        }
        result
    }

    /// A value by its kind; `None` where nothing usable is left.
    fn value(&mut self, kind: Kind, scope: Scope, path: &str, node: &Node) -> Option<Json> {
        if matches!(node.value, Value::Null) && !matches!(kind, Kind::Env) {
            return None;
        }
        match kind {
            Kind::Str => self.string(path, node).map(Json::String),
            Kind::Value(rows) => self.known(rows, path, node).map(Json::String),
            Kind::Strs => self.list(node, |walk, item| walk.string(path, item).map(Json::String)),
            Kind::Values(rows) => self.list(node, |walk, item| {
                walk.known(rows, path, item).map(Json::String)
            }),
            Kind::Versions(rows) if scope == Scope::Job => {
                let text = if rows.is_empty() {
                    self.string(path, node)
                } else {
                    self.known(rows, path, node)
                };
                text.map(Json::String)
            }
            Kind::Versions(&[]) => self.value(Kind::Strs, scope, path, node),
            Kind::Versions(rows) => self.value(Kind::Values(rows), scope, path, node),
            Kind::Bool => self.boolean(path, node),
            Kind::BoolOrStr => self.boolean_or_string(path, node),
            Kind::Num => self.number(path, node),
            Kind::NumOrBool => match &node.value {
                Value::Bool(value) => Some(Json::Bool(*value)),
                _ => self.number(path, node),
            },
            Kind::Any => Some(node.to_json()),
            Kind::List => self.list(node, |_, item| Some(item.to_json())),
            Kind::Map(rows) => match &node.value {
                Value::Map(entries) => not_empty(self.section(rows, Scope::Any, path, entries)),
                _ => self.invalid(path, node, "map"),
            },
            Kind::Prefix(rows, prefix) => self.prefix(rows, prefix, path, node),
            Kind::Maps(rows, prefix) => self.list(node, |walk, item| match &item.value {
                Value::Map(entries) => not_empty(walk.section(rows, Scope::Any, path, entries)),
                _ => {
                    let text = walk.string(path, item)?;
                    let entry = (prefix.to_owned(), Json::String(text));
                    Some(Json::Object(std::iter::once(entry).collect()))
                }
            }),
            Kind::Jobs => self.list(node, |walk, item| match &item.value {
                Value::Map(entries) => {
                    Some(Json::Object(walk.section(KEYS, Scope::Job, path, entries)))
                }
                _ => walk.invalid(path, item, "map"),
            }),
            Kind::JobsSection => self.jobs(path, node),
            Kind::Env => self.env(scope, path, node),
            Kind::Cache => self.cache(path, node),
        }
    }

    /// A map of `rows`, or the value of its key `prefix`.
    fn prefix(
        &mut self,
        rows: &'static [KeyRow],
        prefix: &'static str,
        path: &str,
        node: &Node,
    ) -> Option<Json> {
        if let Value::Map(entries) = &node.value {
            return not_empty(self.section(rows, Scope::Any, path, entries));
        }
        let row = rows.iter().find(|row| row.name == prefix)?;
        let value = self.value(row.kind, Scope::Any, &join(path, prefix), node)?;
        let entry = (prefix.to_owned(), value);
        Some(Json::Object(std::iter::once(entry).collect()))
    }

    /// `jobs`: its section, or directly the jobs to include.
    fn jobs(&mut self, path: &str, node: &Node) -> Option<Json> {
        if let Value::Map(entries) = &node.value {
            let is_section = entries.iter().any(|entry| {
                table::JOBS
                    .iter()
                    .any(|row| row.name == entry.key || row.aliases.contains(&entry.key.as_str()))
            });
            let is_job = entries
                .iter()
                .any(|entry| table::row(&entry.key).is_some_and(|row| row.in_scope(Scope::Job)));
            if is_section || !is_job {
                return not_empty(self.section(table::JOBS, Scope::Any, path, entries));
            }
        }
        self.prefix_jobs(path, node)
    }

    fn prefix_jobs(&mut self, path: &str, node: &Node) -> Option<Json> {
        let include = self.value(Kind::Jobs, Scope::Any, &join(path, "include"), node)?;
        let entry = ("include".to_owned(), include);
        Some(Json::Object(std::iter::once(entry).collect()))
    }

    /// `cache`: names of strategies become keys, a list means several.
    fn cache(&mut self, path: &str, node: &Node) -> Option<Json> {
        let mut result = Map::new();
        match &node.value {
            Value::Bool(false) => return Some(Json::Bool(false)),
            Value::Map(entries) => {
                for entry in entries {
                    let value = if entry.key == "directories" {
                        self.value(
                            Kind::Strs,
                            Scope::Any,
                            &join(path, &entry.key),
                            &entry.value,
                        )
                    } else {
                        Some(entry.value.to_json()).filter(|value| !value.is_null())
                    };
                    if let Some(value) = value {
                        result.insert(entry.key.clone(), value);
                    }
                }
            }
            Value::Seq(items) => {
                for item in items {
                    match &item.value {
                        Value::Map(_) => {
                            if let Some(Json::Object(more)) = self.cache(path, item) {
                                result.extend(more);
                            }
                        }
                        _ => {
                            if let Some(name) = item.text() {
                                result.insert(name.to_owned(), Json::Bool(true));
                            }
                        }
                    }
                }
            }
            Value::Str(name) => {
                if values::boolean(name) == Some(false) {
                    return Some(Json::Bool(false));
                }
                result.insert(name.clone(), Json::Bool(true));
            }
            Value::Bool(true) | Value::Null => {}
        }
        not_empty(result)
    }

    /// A list, wrapping a single value; `None` when nothing is left.
    fn list(
        &mut self,
        node: &Node,
        mut each: impl FnMut(&mut Self, &Node) -> Option<Json>,
    ) -> Option<Json> {
        let mut result = Vec::new();
        match &node.value {
            Value::Seq(items) => {
                for item in items {
                    match &item.value {
                        // A list in a list comes of an alias to a list: its items are meant.
                        Value::Seq(inner) => {
                            result.extend(inner.iter().filter_map(|item| each(self, item)));
                        }
                        Value::Null => {}
                        _ => result.extend(each(self, item)),
                    }
                }
            }
            _ => result.extend(each(self, node)),
        }
        (!result.is_empty()).then_some(Json::Array(result))
    }

    fn invalid(&mut self, path: &str, node: &Node, expected: &str) -> Option<Json> {
        if !matches!(node.value, Value::Null) {
            self.messages.add(
                Level::Error,
                path,
                "invalid_type",
                [
                    ("expected", expected.into()),
                    ("actual", node.type_name().into()),
                    ("value", node.to_json()),
                ],
                node.position(),
            );
        }
        None
    }

    /// What every file has, said or not: language, os and dist.
    fn defaults(&mut self, given: &Map<String, Json>, config: &mut Map<String, Json>) {
        let only_osx = given
            .get("os")
            .and_then(Json::as_array)
            .is_some_and(|list| list.first().and_then(Json::as_str) == Some("osx"));
        let language = match given.get("language").and_then(Json::as_str) {
            Some(language) => language.to_owned(),
            None => self.default("language", if only_osx { "objective-c" } else { "ruby" }),
        };
        config.insert("language".to_owned(), Json::String(language.clone()));
        let os = match given.get("os").and_then(Json::as_array) {
            Some(list) => list.clone(),
            None => {
                let os = self.default(
                    "os",
                    if language == "objective-c" {
                        "osx"
                    } else {
                        "linux"
                    },
                );
                vec![Json::String(os)]
            }
        };
        let on_linux = os
            .iter()
            .filter_map(Json::as_str)
            .any(|os| os == "linux" || os == "linux-ppc64le");
        config.insert("os".to_owned(), Json::Array(os));
        if given.get("dist").is_none() && on_linux {
            let dist = self.default("dist", "focal");
            config.insert("dist".to_owned(), Json::String(dist));
        }
    }

    fn default(&mut self, key: &str, value: &str) -> String {
        self.messages.add(
            Level::Info,
            "",
            "default",
            [("key", key.into()), ("default", value.into())],
            None,
        );
        value.to_owned()
    }
}

fn not_empty(map: Map<String, Json>) -> Option<Json> {
    (!map.is_empty()).then_some(Json::Object(map))
}

//! The file as a tree with positions.
//!
//! Scalars stay strings as written (`1.10`, `on`, `yes`), only plain `true`, `false` and null
//! are recognized: what a value means is decided later by the key that it stands on.

mod build;

use serde_json::{Map, Value as Json};

pub(crate) use build::parse;

/// A value and where it begins.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub value: Value,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Str(String),
    Seq(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub key: String,
    /// Where the key begins, from 1.
    pub line: u32,
    pub column: u32,
    pub value: Node,
}

/// A key that was given twice in one map.
#[derive(Debug, Clone)]
pub(crate) struct Duplicate {
    /// The path of the map.
    pub path: String,
    pub key: String,
    pub line: u32,
    pub column: u32,
}

/// A file read.
#[derive(Debug)]
pub(crate) struct Document {
    pub root: Vec<Entry>,
    pub duplicates: Vec<Duplicate>,
}

impl Node {
    /// The original's word for the type, as its messages use it.
    pub(crate) fn type_name(&self) -> &'static str {
        match self.value {
            Value::Null => "none",
            Value::Bool(_) => "bool",
            Value::Str(_) => "str",
            Value::Seq(_) => "seq",
            Value::Map(_) => "map",
        }
    }

    pub(crate) fn position(&self) -> Option<(u32, u32)> {
        Some((self.line, self.column))
    }

    /// A scalar as text; booleans as `true` and `false`.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Str(text) => Some(text),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            Value::Null | Value::Seq(_) | Value::Map(_) => None,
        }
    }

    /// The value as it was parsed.
    pub(crate) fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Str(text) => Json::String(text.clone()),
            Value::Seq(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Value::Map(entries) => Json::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.to_json()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

#[cfg(test)]
mod tests;

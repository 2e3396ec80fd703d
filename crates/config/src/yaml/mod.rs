//! The file as a tree with positions.
//!
//! Scalars stay strings as written (`1.10`, `on`, `yes`), only plain `true`, `false` and null
//! are recognized: what a value means is decided later by the key that it stands on.

mod build;
mod mend;
mod scalar;

use std::collections::HashSet;

use serde_json::{Map, Number, Value as Json};

pub(crate) use build::{parse, visible};

/// A value and where it begins.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub value: Value,
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
    /// How the value is merged with that of an importing file, where a tag says so.
    pub mode: Option<MergeMode>,
    /// An error was told about it: what follows from that is not told as well.
    pub errored: bool,
    /// What its key was called in the file, where that has been mended.
    pub was: Option<Box<str>>,
}

/// How an imported value and the own one become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeMode {
    /// The own value stands, the imported one is dropped.
    Replace,
    /// The keys of both, on the first level.
    Merge,
    /// As `Merge`, lists are joined, the imported one first.
    MergeAppend,
    /// The keys of both, on all levels.
    DeepMerge,
    /// As `DeepMerge`, lists are joined, the imported one first.
    DeepMergeAppend,
    /// As `DeepMerge`, lists are joined, the own one first.
    DeepMergePrepend,
    /// The own list is put behind the imported one.
    Append,
    /// The own list is put before the imported one.
    Prepend,
}

impl MergeMode {
    /// The mode that a tag of the file asks for.
    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        Some(match tag {
            "map+replace" => Self::Replace,
            "map+merge" => Self::Merge,
            "map+merge+append" => Self::MergeAppend,
            "map+deep_merge" => Self::DeepMerge,
            "map+deep_merge+append" => Self::DeepMergeAppend,
            "map+deep_merge+prepend" => Self::DeepMergePrepend,
            "seq+append" => Self::Append,
            "seq+prepend" => Self::Prepend,
            _ => return None,
        })
    }
}

/// The original's word for a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    None,
    Bool,
    Num,
    Str,
    Seq,
    Map,
    /// A map with the one key `secure`.
    Secure,
}

impl Type {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bool => "bool",
            Self::Num => "num",
            Self::Str => "str",
            Self::Seq => "seq",
            Self::Map => "map",
            Self::Secure => "secure",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// Only made by the walk: the file's numbers are strings.
    Num(Number),
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
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub root: Node,
    /// The keys before whose values an anchor stands.
    pub anchored: HashSet<String>,
    pub duplicates: Vec<Duplicate>,
}

impl Default for Document {
    fn default() -> Self {
        Self {
            root: Node::new(Value::Map(Vec::new()), (1, 1)),
            anchored: HashSet::new(),
            duplicates: Vec::new(),
        }
    }
}

impl Node {
    pub(crate) fn new(value: Value, (line, column): (u32, u32)) -> Self {
        Self {
            value,
            line,
            column,
            mode: None,
            errored: false,
            was: None,
        }
    }

    /// Another value in the same place.
    pub(crate) fn with(&self, value: Value) -> Self {
        Self::new(value, (self.line, self.column))
    }

    pub(crate) fn kind(&self) -> Type {
        match &self.value {
            Value::Null => Type::None,
            Value::Bool(_) => Type::Bool,
            Value::Num(_) => Type::Num,
            Value::Str(_) => Type::Str,
            Value::Seq(_) => Type::Seq,
            Value::Map(entries) => match entries.as_slice() {
                [only] if only.key == "secure" => Type::Secure,
                _ => Type::Map,
            },
        }
    }

    pub(crate) fn is_scalar(&self) -> bool {
        matches!(
            self.value,
            Value::Null | Value::Bool(_) | Value::Num(_) | Value::Str(_)
        )
    }

    /// Whether there is nothing in it: null, or empty.
    pub(crate) fn is_missing(&self) -> bool {
        match &self.value {
            Value::Null => true,
            Value::Bool(_) | Value::Num(_) => false,
            Value::Str(text) => text.is_empty(),
            Value::Seq(items) => items.is_empty(),
            Value::Map(entries) => entries.is_empty(),
        }
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key of a map.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .find(|entry| entry.key == key)
            .map(|entry| &entry.value)
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
            Value::Null | Value::Num(_) | Value::Seq(_) | Value::Map(_) => None,
        }
    }

    /// The value as it was parsed.
    pub(crate) fn to_json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(*value),
            Value::Num(number) => Json::Number(number.clone()),
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

//! Two trees made one: the own file's and that of a file that it imports.
//!
//! The own value stands wherever only one can. The mode says how far maps are joined and what
//! becomes of lists; a tag on a value says it for that value.

use crate::yaml::{Entry, MergeMode, Node, Value};

/// How an imported value and the own one become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The own value stands.
    Replace,
    /// The keys of both, on the first level.
    Merge,
    /// As `Merge`, lists joined, the own one first.
    MergeAppend,
    /// The keys of both, on all levels.
    DeepMerge,
    /// As `DeepMerge`, lists joined, the own one first.
    DeepMergeAppend,
    /// As `DeepMerge`, lists joined, the imported one first.
    DeepMergePrepend,
}

impl Mode {
    /// The mode of this name, as people who ask for a build name it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "replace" => Self::Replace,
            "merge" => Self::Merge,
            "deep_merge" => Self::DeepMerge,
            "deep_merge_append" => Self::DeepMergeAppend,
            "deep_merge_prepend" => Self::DeepMergePrepend,
            _ => return None,
        })
    }

    /// The mode that an import asks for; the default for none.
    pub(super) fn of_import(name: Option<&str>) -> Self {
        match name {
            Some("merge") => Self::Merge,
            Some("deep_merge") => Self::DeepMerge,
            Some("deep_merge_prepend") => Self::DeepMergePrepend,
            _ => Self::DeepMergeAppend,
        }
    }

    /// The mode for the values of a map that is merged by this one; `None` for the own value.
    fn below(self, value: &Value) -> Option<Self> {
        match self {
            Self::Replace | Self::Merge => None,
            Self::MergeAppend => matches!(value, Value::Seq(_)).then_some(self),
            deep => Some(deep),
        }
    }
}

/// The mode that a value's tag asks for.
fn tagged(node: &Node) -> Option<Mode> {
    Some(match node.mode? {
        MergeMode::Replace => Mode::Replace,
        MergeMode::Merge => Mode::Merge,
        MergeMode::MergeAppend => Mode::MergeAppend,
        MergeMode::DeepMerge => Mode::DeepMerge,
        MergeMode::DeepMergeAppend | MergeMode::Append => Mode::DeepMergeAppend,
        MergeMode::DeepMergePrepend | MergeMode::Prepend => Mode::DeepMergePrepend,
    })
}

/// The keys of both; those that only the imported map has come last.
pub(super) fn merge(mut own: Vec<Entry>, imported: Vec<Entry>, mode: Mode) -> Vec<Entry> {
    if mode == Mode::Replace {
        return own;
    }
    for entry in imported {
        match own.iter().position(|known| known.key == entry.key) {
            None => own.push(entry),
            Some(at) => {
                let value = &own[at].value;
                let mode = tagged(value)
                    .or_else(|| tagged(&entry.value))
                    .or_else(|| mode.below(&value.value));
                if let Some(mode) = mode {
                    merge_node(&mut own[at].value, entry.value, mode);
                }
            }
        }
    }
    own
}

fn is_scalar(node: &Node) -> bool {
    matches!(node.value, Value::Bool(_) | Value::Num(_) | Value::Str(_))
}

fn merge_node(own: &mut Node, imported: Node, mode: Mode) {
    let single = is_scalar(own);
    match (&mut own.value, imported.value) {
        (Value::Map(own), Value::Map(imported)) => {
            *own = merge(std::mem::take(own), imported, mode);
        }
        (Value::Seq(own), imported_value) => {
            let node = Node {
                value: imported_value,
                ..imported
            };
            let mut items = match node.value {
                Value::Seq(items) => items,
                _ if is_scalar(&node) => vec![node],
                _ => return,
            };
            match mode {
                Mode::MergeAppend | Mode::DeepMergeAppend => own.append(&mut items),
                Mode::DeepMergePrepend => {
                    items.append(own);
                    *own = items;
                }
                Mode::Replace | Mode::Merge | Mode::DeepMerge => {}
            }
        }
        // A single value beside a list counts as a list of one.
        (value, Value::Seq(mut items)) if single => {
            let node = Node {
                value: std::mem::replace(value, Value::Null),
                was: own.was.take(),
                ..*own
            };
            match mode {
                Mode::MergeAppend | Mode::DeepMergeAppend => items.insert(0, node),
                Mode::DeepMergePrepend => items.push(node),
                Mode::Replace | Mode::Merge | Mode::DeepMerge => items = vec![node],
            }
            own.value = Value::Seq(items);
        }
        _ => {}
    }
}

//! Whether a value has a shape already.

use crate::table::{Choice, Format, Kind, Map, Shape};
use crate::yaml::{Node, Type, Value};

/// Whether the value has this shape, with all keys that it requires. Nothing at all has every
/// shape.
pub(super) fn matches(shape: &Shape, node: &Node) -> bool {
    fits(shape, node, true)
}

/// Whether the value has this shape, though required keys may be missing.
pub(super) fn resembles(shape: &Shape, node: &Node) -> bool {
    fits(shape, node, false)
}

fn fits(shape: &Shape, node: &Node, complete: bool) -> bool {
    let kind = node.kind();
    if kind == Type::None {
        return true;
    }
    match shape.kind {
        Kind::Any(shapes) => shapes
            .iter()
            .any(|part| fits(&part.within(shape), node, complete)),
        Kind::Seq(items) => match &node.value {
            Value::Seq(list) => {
                let items = items.within(shape);
                list.iter().all(|item| fits(&items, item, complete))
            }
            _ => false,
        },
        Kind::Map(map) => kind == Type::Map && fits_map(map, node, complete),
        Kind::Secure => kind == Type::Secure || kind == Type::Str,
        Kind::Str => kind == Type::Str && formatted(shape.format, node),
        Kind::Bool => match node.value {
            Value::Bool(value) => !(value && shape.only_false),
            _ => false,
        },
        Kind::Num => kind == Type::Num,
        Kind::OneOf(choices) => {
            kind == Type::Str
                && (shape.strict != Some(true)
                    || node.text().is_some_and(|text| {
                        find_choice(choices, text, shape.ignore_case).is_some()
                            || choices.iter().any(|choice| choice.aliases.contains(&text))
                    }))
        }
    }
}

fn fits_map(map: &'static Map, node: &Node, complete: bool) -> bool {
    let is_complete = !complete
        || map
            .required
            .iter()
            .all(|key| node.get(key).is_some_and(|value| !value.is_missing()));
    is_complete
        && node
            .entries()
            .iter()
            .all(|entry| match map.get(&entry.key) {
                Some(shape) => fits(shape, &entry.value, complete),
                None => is_private(&entry.key) || map.admits(&entry.key),
            })
}

/// Keys for the file's own use, such as anchors.
pub(super) fn is_private(key: &str) -> bool {
    key.starts_with(['_', '.'])
}

/// The value of a closed list that is meant by a text.
pub(super) fn find_choice(
    choices: &'static [Choice],
    text: &str,
    ignore_case: bool,
) -> Option<&'static Choice> {
    choices.iter().find(|choice| {
        choice.name == text || (ignore_case && choice.name.eq_ignore_ascii_case(text))
    })
}

/// Whether a string has the form that is asked for.
pub(super) fn formatted(format: Format, node: &Node) -> bool {
    let text = node.text().unwrap_or_default();
    match format {
        Format::Any => true,
        Format::Version => is_requirement(text),
        Format::Assignment => text
            .split_once('=')
            .is_some_and(|(name, value)| !name.is_empty() && !value.contains('=')),
    }
}

/// How messages name a form.
pub(super) fn format_text(format: Format) -> &'static str {
    match format {
        Format::Any => "",
        Format::Version => r"^(~>|>|>=|=|<=|<) (\d+(?:\.\d+)?(?:\.\d+)?)$",
        Format::Assignment => "^[^=]+=[^=]*$",
    }
}

/// An operator, a space, and one to three numbers.
fn is_requirement(text: &str) -> bool {
    let Some((operator, version)) = text.split_once(' ') else {
        return false;
    };
    let parts: Vec<&str> = version.split('.').collect();
    ["~>", ">", ">=", "=", "<=", "<"].contains(&operator)
        && parts.len() <= 3
        && parts
            .iter()
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

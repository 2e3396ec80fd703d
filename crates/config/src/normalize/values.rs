//! Scalars: strings, closed values, booleans, numbers.

use serde_json::Value as Json;

use super::{Walk, keys::distance};
use crate::message::Level;
use crate::table::ValueRow;
use crate::yaml::{Node, Value};

/// YAML's and the original's spellings of true and false.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" | "enabled" | "required" => Some(true),
        "false" | "off" | "no" | "disabled" | "not required" => Some(false),
        _ => None,
    }
}

impl Walk<'_> {
    /// The first of a list with a message, else the value itself.
    fn single<'n>(&mut self, path: &str, node: &'n Node) -> Option<&'n Node> {
        let Value::Seq(items) = &node.value else {
            return Some(node);
        };
        let first = items.first()?;
        self.messages.add(
            Level::Warn,
            path,
            "unexpected_seq",
            [("value", first.to_json())],
            node.position(),
        );
        Some(first)
    }

    pub(super) fn string(&mut self, path: &str, node: &Node) -> Option<String> {
        let node = self.single(path, node)?;
        let Some(text) = node.text() else {
            self.invalid(path, node, "str");
            return None;
        };
        Some(text.to_owned())
    }

    /// One of a closed set; what is not known is said and kept, as the original does.
    pub(super) fn known(
        &mut self,
        rows: &'static [ValueRow],
        path: &str,
        node: &Node,
    ) -> Option<String> {
        let node = self.single(path, node)?;
        let given = self.string(path, node)?;
        let text = given.trim().to_lowercase();
        let position = node.position();
        if rows.iter().any(|row| row.name == given) || given.is_empty() {
            return Some(given);
        }
        if let Some(row) = rows.iter().find(|row| row.name == text) {
            self.messages.add(
                Level::Info,
                path,
                "downcase",
                [("value", given.as_str().into())],
                position,
            );
            return Some(row.name.to_owned());
        }
        if let Some(row) = rows.iter().find(|row| row.aliases.contains(&text.as_str())) {
            self.messages.add(
                Level::Info,
                path,
                "alias_value",
                [("alias", text.into()), ("value", row.name.into())],
                position,
            );
            return Some(row.name.to_owned());
        }
        let loose = text.replace('-', "_");
        let short = loose.chars().count() <= 40 && self.may_search();
        let nearest = rows
            .iter()
            .filter(|_| short)
            .map(|row| (distance(row.name, &loose), row))
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, row)| {
                *distance < 4.min(loose.chars().count() / 2) && !row.name.starts_with("__")
            });
        if let Some((_, row)) = nearest {
            self.messages.add(
                Level::Warn,
                path,
                "find_value",
                [("original", text.into()), ("value", row.name.into())],
                position,
            );
            return Some(row.name.to_owned());
        }
        self.messages.add(
            Level::Error,
            path,
            "unknown_value",
            [("value", given.as_str().into())],
            position,
        );
        Some(given)
    }

    pub(super) fn boolean(&mut self, path: &str, node: &Node) -> Option<Json> {
        let node = self.single(path, node)?;
        match node.text().and_then(boolean) {
            Some(value) => Some(Json::Bool(value)),
            None => self.invalid(path, node, "bool"),
        }
    }

    pub(super) fn boolean_or_string(&mut self, path: &str, node: &Node) -> Option<Json> {
        let node = self.single(path, node)?;
        let Some(text) = node.text() else {
            return self.invalid(path, node, "bool");
        };
        Some(boolean(text).map_or_else(|| Json::String(text.to_owned()), Json::Bool))
    }

    pub(super) fn number(&mut self, path: &str, node: &Node) -> Option<Json> {
        let node = self.single(path, node)?;
        let text = node.text().unwrap_or_default();
        match text.parse::<i64>() {
            Ok(number) => Some(Json::from(number)),
            Err(_) if boolean(text) == Some(false) => Some(Json::Bool(false)),
            Err(_) => self.invalid(path, node, "num"),
        }
    }
}

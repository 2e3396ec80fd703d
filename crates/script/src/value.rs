//! Values of the configuration as texts.

use serde_json::Value;

/// The text of a plain value, or of one that was decrypted for this job. Nothing for values that only
/// the repository's key opens.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => decrypted(value).map(str::to_owned),
    }
}

/// The text of a value that was decrypted for this job: it is never shown.
pub(crate) fn decrypted(value: &Value) -> Option<&str> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    map.get("decrypted").and_then(Value::as_str)
}

/// The text of the value at a key.
pub(crate) fn at(section: &Value, key: &str) -> Option<String> {
    section.get(key).and_then(text)
}

/// Whether the value at a key is on: `true`, or a text that says so.
pub(crate) fn is_on(section: &Value, key: &str) -> bool {
    at(section, key).is_some_and(|text| text == "true")
}

/// The texts of a list, or of the one value that stands in its place.
pub(crate) fn list(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(list)) => list.iter().filter_map(text).collect(),
        Some(value) => text(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// All texts that were decrypted for this job, wherever they stand.
pub(crate) fn all_decrypted<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    if let Some(text) = decrypted(value) {
        found.push(text);
        return;
    }
    match value {
        Value::Array(list) => list.iter().for_each(|item| all_decrypted(item, found)),
        Value::Object(map) => map.values().for_each(|item| all_decrypted(item, found)),
        _ => {}
    }
}

/// The configuration without what was decrypted, for jobs that may have no secrets: the server
/// never sends them there, and this only never makes it worse.
pub(crate) fn without_decrypted(value: &Value) -> Value {
    match value {
        _ if decrypted(value).is_some() => Value::Null,
        Value::Array(list) => Value::Array(list.iter().map(without_decrypted).collect()),
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(key, item)| (key.clone(), without_decrypted(item)))
                .filter(|(_, item)| !item.is_null())
                .collect(),
        ),
        _ => value.clone(),
    }
}

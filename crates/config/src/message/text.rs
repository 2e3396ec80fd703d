//! The sentence of each message.

use serde_json::{Map, Value};

/// The sentences by code. `%name` stands for an argument; the codes of the stages after reading
/// (conditions, imports, jobs) are here too, so that all texts stand in one place.
const TEXTS: &[(&str, &str)] = &[
    (
        "alias_key",
        "the key %alias is an alias for %key, using %key",
    ),
    (
        "alias_value",
        "the value %alias is an alias for %value, using %value",
    ),
    (
        "clean_key",
        "key %original contains unsupported characters, using %key",
    ),
    (
        "clean_value",
        "value %original is not known, but %value is, using %value",
    ),
    ("default", "missing %key, using the default \"%default\""),
    ("deprecated", "%given is deprecated"),
    ("deprecated_key", "deprecated key: \"%key\" (%info)"),
    ("deprecated_value", "deprecated value: \"%value\" (%info)"),
    ("downcase", "using lower case of %value"),
    ("duplicate", "duplicate values: %values"),
    ("duplicate_key", "duplicate key: %key"),
    (
        "edge",
        "this key is experimental and might change or be removed",
    ),
    ("empty", "dropping empty key: %key"),
    (
        "find_key",
        "key %original is not known, but %key is, using %key",
    ),
    (
        "find_value",
        "value %original is not known, but %value is, using %value",
    ),
    (
        "flagged",
        "your repository must be feature flagged for %key to be used",
    ),
    (
        "import_not_allowed",
        "importing from the private repo %repo is not allowed as per its settings",
    ),
    (
        "invalid_condition",
        "invalid condition: %condition %message",
    ),
    ("invalid_env_var", "invalid env var: %var"),
    ("invalid_format", "dropping invalid format %value"),
    (
        "invalid_ownership",
        "cannot import a private config file from another owner (%owner)",
    ),
    ("invalid_ref", "invalid import reference: %ref"),
    ("invalid_secure", "invalid value on secure string: %value"),
    (
        "invalid_type",
        "dropping unexpected %actual, expected %expected (%value)",
    ),
    (
        "invalid_visibility",
        "cannot import a private config file into a public config (%repo)",
    ),
    (
        "overwrite",
        "both %key and %other given. %key overwrites %other",
    ),
    ("required", "missing required key: %key"),
    ("secure", "expected an encrypted string"),
    (
        "skip_allow_failure",
        "skipping jobs allow failure rule #%number because its condition does not match: %condition",
    ),
    (
        "skip_exclude",
        "skipping jobs exclude rule #%number because its condition does not match: %condition",
    ),
    (
        "skip_import",
        "skipping import %source because its condition does not match: %condition",
    ),
    (
        "skip_job",
        "skipping job #%number because its condition does not match: %condition",
    ),
    (
        "skip_notification",
        "skipping notification %type #%number, condition does not match: %condition",
    ),
    (
        "skip_stage",
        "skipping stage #%number because its condition does not match: %condition",
    ),
    ("strip_key", "key %original contains whitespace, using %key"),
    (
        "too_many_imports",
        "importing more than %max files is not allowed",
    ),
    (
        "underscore_key",
        "key %original is not underscored, using %key",
    ),
    (
        "unexpected_seq",
        "unexpected sequence, using the first value (%value)",
    ),
    ("unknown_import", "import not found: %source"),
    ("unknown_key", "unknown key \"%key\" (%value)"),
    ("unknown_value", "dropping unknown value: %value"),
    ("unknown_var", "unknown template variable \"%var\""),
    (
        "unsupported",
        "the key \"%key\" is not supported on the %on_key %on_value (%value)",
    ),
];

/// Values are quoted in messages only up to this many characters.
const MAX_SHOWN: usize = 2_000;

/// The sentence of a message.
pub(super) fn render(code: &str, args: &Map<String, Value>) -> String {
    let Ok(index) = TEXTS.binary_search_by_key(&code, |(code, _)| code) else {
        return code.replace('_', " ");
    };
    let mut rest = TEXTS.get(index).map_or("", |(_, text)| *text);
    let mut text = String::with_capacity(rest.len() + 40);
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        let end = after
            .find(|c: char| !c.is_ascii_lowercase() && c != '_')
            .unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        if let Some(value) = args.get(name) {
            push(&mut text, value);
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

fn push(text: &mut String, value: &Value) {
    let start = text.len();
    match value {
        Value::String(value) => text.push_str(value),
        Value::Null => {}
        other => inspect(text, other),
    }
    let limit = text
        .get(start..)
        .and_then(|shown| shown.char_indices().nth(MAX_SHOWN))
        .map(|(end, _)| start + end);
    if let Some(limit) = limit {
        text.truncate(limit);
        text.push('…');
    }
}

/// Collections in the notation of the original's language.
fn inspect(text: &mut String, value: &Value) {
    match value {
        Value::Null => text.push_str("nil"),
        Value::String(value) => text.push_str(&quoted(value)),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                inspect(text, item);
            }
            text.push(']');
        }
        Value::Object(map) => {
            text.push('{');
            for (index, (key, value)) in map.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                text.push(':');
                if is_bare(key) {
                    text.push_str(key);
                } else {
                    text.push_str(&quoted(key));
                }
                text.push_str("=>");
                inspect(text, value);
            }
            text.push('}');
        }
        other => text.push_str(&other.to_string()),
    }
}

fn is_bare(key: &str) -> bool {
    !key.starts_with(|c: char| c.is_ascii_digit())
        && !key.is_empty()
        && key.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '\r' => text.push_str("\\r"),
            '\u{1b}' => text.push_str("\\e"),
            '#' if matches!(chars.peek(), Some('{' | '$' | '@')) => text.push_str("\\#"),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn codes_are_in_order() {
        assert!(TEXTS.is_sorted_by_key(|(code, _)| code));
    }

    #[test]
    fn values_are_quoted_as_the_original_does() {
        let args = json!({"key": "a", "value": {"a": ["b", true, null], "c-d": "e\"#{f}"}});
        let Value::Object(args) = args else {
            unreachable!("it is a map")
        };
        assert_eq!(
            render("unknown_key", &args),
            r##"unknown key "a" ({:a=>["b", true, nil], :"c-d"=>"e\"\#{f}"})"##
        );
    }
}

//! Making an error of an answer that is none of the good ones.

use super::answer::in_short;
use super::call::Call;
use crate::ForgeError;
use serde_json::Value;

/// What a status other than 2xx means.
pub(super) fn fault(call: &Call, status: u16, body: &[u8]) -> ForgeError {
    let detail = || {
        let said = message(body, call.auth.secret());
        match said.is_empty() {
            true => format!("status {status} for {}", call.what),
            false => format!("{said} (status {status} for {})", call.what),
        }
    };
    match status {
        401 => ForgeError::Denied,
        403 | 451 => ForgeError::Forbidden { detail: detail() },
        404 | 410 => ForgeError::not_found(call.what.as_str()),
        408 => ForgeError::Upstream { detail: detail() },
        400..=499 => ForgeError::Refused { detail: detail() },
        _ => ForgeError::Upstream { detail: detail() },
    }
}

/// The words of a body that says what is wrong. Without the credential, should it be in there.
pub(super) fn message(body: &[u8], secret: Option<&str>) -> String {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return String::new();
    };
    let mut words = Vec::new();
    for key in ["message", "error", "error_description", "errors"] {
        if let Some(value) = value.get(key) {
            collect(value, &mut words, 0);
        }
    }
    let mut text = words.join(": ");
    if let Some(secret) = secret.filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "[secret]");
    }
    in_short(&text)
}

/// Texts, and names of fields with texts, as far as somebody would read them.
fn collect(value: &Value, words: &mut Vec<String>, depth: usize) {
    if words.len() >= 8 || depth > 3 {
        return;
    }
    match value {
        Value::String(text) => words.push(text.clone()),
        Value::Array(values) => values
            .iter()
            .for_each(|value| collect(value, words, depth + 1)),
        Value::Object(map) => match map.get("message") {
            Some(message) => collect(message, words, depth + 1),
            None => {
                for (key, value) in map {
                    let mut inside = Vec::new();
                    collect(value, &mut inside, depth + 1);
                    words.push(format!("{key} {}", inside.join(", ")));
                }
            }
        },
        _ => {}
    }
}

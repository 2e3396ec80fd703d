//! Reading what forges send.

use super::event::HookError;
use super::types::Access;
use crate::ForgeError;
use crate::http::Auth;
use http::HeaderMap;
use serde::de::DeserializeOwned;

/// Git's way to say that there is no commit.
pub(crate) fn sha(text: &str) -> Option<String> {
    let none = text.is_empty() || text.bytes().all(|byte| byte == b'0');
    (!none).then(|| text.to_owned())
}

/// Seconds since 1970 of a time as JSON has it.
pub(crate) fn seconds(time: &str) -> i64 {
    time.parse::<jiff::Timestamp>()
        .map_or(0, jiff::Timestamp::as_second)
}

/// A text that is not empty.
pub(crate) fn told(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// At most this many characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most - 1).collect();
    short.push('…');
    short
}

/// The first of these headers that is there.
pub(crate) fn header(headers: &HeaderMap, names: &[&'static str]) -> Option<String> {
    let found = names.iter().find_map(|name| headers.get(*name))?;
    Some(found.to_str().ok()?.to_owned())
}

/// The body of an event.
pub(crate) fn body<T: DeserializeOwned>(event: &str, body: &[u8]) -> Result<T, HookError> {
    serde_json::from_slice(body).map_err(|error| HookError::Body {
        event: event.to_owned(),
        detail: error.to_string(),
    })
}

/// In whose name, on a forge without Apps.
pub(crate) fn auth(access: &Access) -> Result<Auth, ForgeError> {
    match access {
        Access::Anonymous => Ok(Auth::Anonymous),
        Access::User(token) => Ok(Auth::Bearer(token.clone())),
        Access::Installation(_) => Err(ForgeError::NotSetUp { what: "an App" }),
    }
}

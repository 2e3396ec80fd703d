//! Messages about a configuration, in the form in which builds keep them.

use serde_json::{Value, json};
use travis_config::{ConfigError, Message};

/// The name of the file that everything begins with, as messages give it.
pub const MAIN: &str = ".travis.yml";

/// A message as it is kept and shown.
pub(crate) fn kept(message: &Message) -> Value {
    json!({
        "level": message.level.as_str(),
        "key": message.key,
        "code": message.code,
        "args": message.args,
        "src": message.file.as_deref().unwrap_or(MAIN),
        "line": message.line,
        "column": message.column,
        "text": message.text,
        "edit": message.edit,
    })
}

/// Why a configuration could not be used at all, as a message. `text` is that of the first file.
pub(crate) fn fatal(error: &ConfigError, text: &str) -> Value {
    let (src, error, text) = match error {
        // Its text is not at hand; the remedy only loses a hint.
        ConfigError::Imported { name, error } => (name.as_str(), error.as_ref(), ""),
        own => (MAIN, own, text),
    };
    let code = match error {
        ConfigError::Syntax { .. } => "syntax_error",
        ConfigError::NotAMap { .. } => "invalid_config_format",
        ConfigError::TooManyJobs { .. } => "too_many_jobs",
        _ => "too_large",
    };
    let said = match error {
        ConfigError::Syntax { reason, .. } => reason.clone(),
        other => other.to_string(),
    };
    json!({
        "level": "error",
        "key": "root",
        "code": code,
        "args": {},
        "src": src,
        "line": error.line(),
        "column": error.column(),
        "text": said,
        "edit": null,
        "fatal": true,
        "remedy": error.advice(text),
    })
}

//! Messages about a configuration, in the form in which builds keep them.

use serde_json::{Map, Value, json};
use travis_config::{ConfigError, Level, Message};

/// The name of the file that everything begins with, as messages give it.
pub const MAIN: &str = ".travis.yml";

/// The longest text that a message repeats of the file, in characters: it has the place as well.
const LONGEST: usize = 2_000;
/// The longest change that is proposed, in bytes. Beyond it would be the file's own text again.
const LONGEST_EDIT: usize = 16 << 10;

/// A message as it is kept and shown.
pub(crate) fn kept(message: &Message) -> Value {
    let edit = message.edit.as_ref();
    json!({
        "level": message.level.as_str(),
        "key": message.key,
        "code": message.code,
        "args": bounded(&message.args),
        "src": message.file.as_deref().unwrap_or(MAIN),
        "line": message.line,
        "column": message.column,
        "text": message.text,
        "edit": edit.filter(|edit| edit.replacement.len() <= LONGEST_EDIT),
        "remedy": remedy(message),
    })
}

fn bounded(args: &Map<String, Value>) -> Map<String, Value> {
    let short = |value: &Value| match value {
        Value::String(text) => match text.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &text[..end]).into(),
            None => value.clone(),
        },
        other => other.clone(),
    };
    let short = args
        .iter()
        .map(|(name, value)| (name.clone(), short(value)));
    short.collect()
}

/// What to do where neither the text says it nor an edit does it: about a secret in plain text, and
/// imports that were left out. Nothing here depends on whether a repository that the reader may not
/// see exists.
fn remedy(message: &Message) -> Option<String> {
    let arg = |name: &str| message.args.get(name).and_then(Value::as_str);
    let text = match message.code {
        "unknown_import" if arg("source")?.contains(':') => {
            "It has no such file, branch or tag, or this server knows of no such repository that \
             this one may import from: one on the same forge that is public, or that is private and \
             of the same owner."
                .to_owned()
        }
        "unknown_import" => {
            "This commit has no such file. Write its path from the top of the repository.".to_owned()
        }
        "invalid_visibility" => {
            "Everybody sees what a public repository is built from. Move the file to a public \
             repository."
                .to_owned()
        }
        "import_not_allowed" => format!(
            "Switch on “Share its configuration” in the settings of {}.",
            arg("repo")?
        ),
        "invalid_ref" => {
            "Write `path/to/file.yml`, or `owner/name:path/to/file.yml@ref`.".to_owned()
        }
        "secure" if message.level == Level::Alert => {
            "Whoever can read the file can read this. Revoke it, then keep the new one as a variable \
             in Settings, or write here what `travis encrypt` prints."
                .to_owned()
        }
        "too_many_imports" => "Put what some of them say into one file.".to_owned(),
        _ => return None,
    };
    Some(text)
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

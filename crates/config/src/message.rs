//! Messages about a configuration, in the original's codes.

use serde_json::{Map, Value};

/// How grave a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A note: something was filled in or renamed.
    Info,
    /// Probably not what was meant.
    Warn,
    /// Something was dropped or overwritten.
    Error,
    /// A secret may be exposed.
    Alert,
}

impl Level {
    /// The word used in the API and in texts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Alert => "alert",
        }
    }
}

/// One message about one place of the file.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Message {
    /// How grave it is.
    pub level: Level,
    /// The path of the section, `root` for the top.
    pub key: String,
    /// The original's code, such as `unknown_key`.
    pub code: &'static str,
    /// The values that the text mentions.
    pub args: Map<String, Value>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
    /// The name of the file, where there are several.
    pub file: Option<String>,
    /// The sentence to show, without level and key.
    pub text: String,
}

/// Collects messages up to a bound, so that an odd file cannot make a list without end.
#[derive(Debug, Default)]
pub(crate) struct Messages(Vec<Message>);

/// More than a person would read, and enough for every real file.
const MAX_MESSAGES: usize = 500;
/// Values are quoted in messages only up to this many characters.
const MAX_SHOWN: usize = 200;

impl Messages {
    /// Adds one message; `position` is line and column, from 1.
    pub(crate) fn add<const N: usize>(
        &mut self,
        level: Level,
        key: &str,
        code: &'static str,
        args: [(&str, Value); N],
        position: Option<(u32, u32)>,
    ) {
        if self.0.len() >= MAX_MESSAGES {
            return;
        }
        let args: Map<String, Value> = args
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        self.0.push(Message {
            level,
            key: if key.is_empty() { "root" } else { key }.to_owned(),
            code,
            text: render(code, &args),
            args,
            line: position.map(|p| p.0),
            column: position.map(|p| p.1),
            file: None,
        });
    }

    pub(crate) fn into_vec(self) -> Vec<Message> {
        self.0
    }
}

fn show(args: &Map<String, Value>, name: &str) -> String {
    let text = match args.get(name) {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn render(code: &str, args: &Map<String, Value>) -> String {
    let a = |name: &str| show(args, name);
    match code {
        "alias_key" => format!(
            "the key {} is an alias for {}, using {}",
            a("alias"),
            a("key"),
            a("key")
        ),
        "alias_value" => format!(
            "the value {} is an alias for {}, using {}",
            a("alias"),
            a("value"),
            a("value")
        ),
        "default" => format!(
            "missing {}, using the default \"{}\"",
            a("key"),
            a("default")
        ),
        "deprecated_key" => format!("deprecated key: \"{}\" ({})", a("key"), a("info")),
        "downcase" => format!("using lower case of {}", a("value")),
        "duplicate_key" => format!("duplicate key: {}", a("key")),
        "overwrite" => format!(
            "both {} and {} given. {} overwrites {}",
            a("key"),
            a("other"),
            a("key"),
            a("other")
        ),
        "find_key" => format!(
            "key {} is not known, but {} is, using {}",
            a("original"),
            a("key"),
            a("key")
        ),
        "find_value" => format!(
            "value {} is not known, but {} is, using {}",
            a("original"),
            a("value"),
            a("value")
        ),
        "clean_key" => format!(
            "key {} contains unsupported characters, using {}",
            a("original"),
            a("key")
        ),
        "strip_key" => format!(
            "key {} contains whitespace, using {}",
            a("original"),
            a("key")
        ),
        "underscore_key" => format!(
            "key {} is not underscored, using {}",
            a("original"),
            a("key")
        ),
        "unexpected_seq" => format!(
            "unexpected sequence, using the first value ({})",
            a("value")
        ),
        "unknown_key" => format!("unknown key \"{}\" ({})", a("key"), a("value")),
        "unknown_value" => format!("dropping unknown value: {}", a("value")),
        "invalid_type" => format!(
            "dropping unexpected {}, expected {} ({})",
            a("actual"),
            a("expected"),
            a("value")
        ),
        "invalid_env_var" => format!("invalid env var: {}", a("var")),
        other => other.replace('_', " "),
    }
}

//! Messages about a configuration, in the original's codes.

mod advice;
pub(crate) mod edit;
mod text;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value};

pub use edit::{apply_edits, offer_edits};

/// How grave a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
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

/// A change of the file that mends what a message is about.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Edit {
    /// The line where the replaced text begins, from 1.
    pub line: u32,
    /// The column where it begins, in characters, from 1.
    pub column: u32,
    /// The line where it ends.
    pub end_line: u32,
    /// The column of the first character that stays.
    pub end_column: u32,
    /// What stands there instead.
    pub replacement: String,
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
    /// The file, where it is not the repository's own `.travis.yml`.
    pub file: Option<String>,
    /// The sentence to show, without level and key.
    pub text: String,
    /// What mends it, where that is certain and [`offer_edits`] was asked.
    pub edit: Option<Edit>,
    /// The line of the key that it is about, from 1: where the original says that it is.
    #[serde(skip)]
    pub key_line: Option<u32>,
}

impl Message {
    /// A message without a place in the file.
    #[must_use]
    pub fn new(level: Level, key: &str, code: &'static str, args: Map<String, Value>) -> Self {
        Self {
            level,
            key: if key.is_empty() { "root" } else { key }.to_owned(),
            code,
            text: text::render(code, &args),
            args,
            line: None,
            column: None,
            file: None,
            edit: None,
            key_line: None,
        }
    }

    /// The whole sentence, with level and key.
    #[must_use]
    pub fn full_text(&self) -> String {
        format!("[{}] on {}: {}", self.level.as_str(), self.key, self.text)
    }

    /// What a person can do about it where no edit is certain; `None` where the text says all.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        advice::advice(self)
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        // Some things are told once a section, wherever they stand in it.
        let once = ["secure", "duplicate_key"].contains(&self.code);
        let line = self.key_line.filter(|_| !once);
        (self.level, &self.key, self.code, line, &self.text).hash(&mut hasher);
        hasher.finish()
    }
}

/// Collects messages up to a bound, so that an odd file cannot make a list without end.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    list: Vec<Message>,
    seen: HashSet<u64>,
}

/// More than a person would read, and enough for every real file.
const MAX_MESSAGES: usize = 500;

impl Messages {
    /// Adds one message; `position` is line and column, from 1. What was said is not said again.
    pub(crate) fn add<'a>(
        &mut self,
        level: Level,
        key: &str,
        code: &'static str,
        args: impl IntoIterator<Item = (&'a str, Value)>,
        position: Option<(u32, u32)>,
    ) {
        let line = position.map(|position| position.0);
        self.add_under(level, key, code, args, position, line);
    }

    /// As `add`, about something under a key in another line.
    pub(crate) fn add_under<'a>(
        &mut self,
        level: Level,
        key: &str,
        code: &'static str,
        args: impl IntoIterator<Item = (&'a str, Value)>,
        position: Option<(u32, u32)>,
        key_line: Option<u32>,
    ) {
        if self.list.len() >= MAX_MESSAGES {
            return;
        }
        let args: Map<String, Value> = args
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        let mut message = Message::new(level, key, code, args);
        message.line = position.map(|p| p.0);
        message.column = position.map(|p| p.1);
        message.key_line = key_line;
        if self.seen.insert(message.fingerprint()) {
            self.list.push(message);
        }
    }

    /// How many there are: a point to come back to.
    pub(crate) fn mark(&self) -> usize {
        self.list.len()
    }

    /// Takes back what was said since a mark.
    pub(crate) fn rewind(&mut self, mark: usize) -> Vec<Message> {
        let taken = self.list.split_off(mark.min(self.list.len()));
        for message in &taken {
            self.seen.remove(&message.fingerprint());
        }
        taken
    }

    /// Says again what was taken back.
    pub(crate) fn replay(&mut self, messages: Vec<Message>) {
        for message in messages {
            if self.list.len() < MAX_MESSAGES && self.seen.insert(message.fingerprint()) {
                self.list.push(message);
            }
        }
    }

    pub(crate) fn into_vec(self) -> Vec<Message> {
        self.list
    }
}

//! One test, and counts of many.

use serde::{Deserialize, Serialize};

/// The longest name of a case, suite or file, in characters.
const NAME: usize = 500;
/// The longest message of a case, in bytes.
const MESSAGE: usize = 4 << 10;

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It held.
    Passed,
    /// It did not hold, or could not be run to its end.
    Failed,
    /// It was left out.
    Skipped,
}

impl Outcome {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// The outcome of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Passed, Self::Failed, Self::Skipped]
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
    }
}

/// One test of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// What it belongs to: a class, a package, a file, a chain of descriptions; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub suite: String,
    /// The file it stands in, where the runner says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, in microseconds, where the runner says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub micros: Option<u64>,
    /// Why it failed or was left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The log's line that told of it; 0 is the first of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_line: Option<u64>,
    /// It failed first and passed when its runner tried it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retried: bool,
}

impl Case {
    /// A case by its names, which are made printable and cut to what is reasonable.
    #[must_use]
    pub fn new(suite: &str, name: &str, outcome: Outcome) -> Self {
        Self {
            name: short(name),
            suite: short(suite),
            file: None,
            outcome,
            micros: None,
            message: None,
            log_line: None,
            retried: false,
        }
    }

    /// Notes where it stands.
    pub fn set_file(&mut self, file: &str) {
        self.file = Some(short(file)).filter(|file| !file.is_empty());
    }

    /// Notes why it failed. The beginning is kept of what is too long.
    pub fn set_message(&mut self, text: &str) {
        self.message = Some(message(text)).filter(|text| !text.is_empty());
    }

    /// A number that names the case in every run: FNV-1a of suite and name.
    #[must_use]
    pub fn key(&self) -> u64 {
        key(&self.suite, &self.name)
    }
}

/// See [`Case::key`].
pub(crate) fn key(suite: &str, name: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in suite.bytes().chain([0]).chain(name.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

/// A name that can be shown on one line.
pub(crate) fn short(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let text = text.trim();
    let mut out: String = text.chars().take(NAME).map(clean).collect();
    if text.chars().nth(NAME).is_some() {
        out.push('…');
    }
    out
}

fn message(text: &str) -> String {
    let text = text.trim_matches(['\n', '\r']).trim_end();
    let mut end = text.len().min(MESSAGE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut out: String = text
        .get(..end)
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    if end < text.len() {
        out.push_str("\n…");
    }
    out
}

/// How many tests ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Held.
    pub passed: u64,
    /// Did not.
    pub failed: u64,
    /// Were left out.
    pub skipped: u64,
    /// What they took together, in microseconds; 0 where no runner says so.
    #[serde(default)]
    pub micros: u64,
}

impl Counts {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.passed
            .saturating_add(self.failed)
            .saturating_add(self.skipped)
    }

    pub(crate) fn of(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Passed => &mut self.passed,
            Outcome::Failed => &mut self.failed,
            Outcome::Skipped => &mut self.skipped,
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.passed = self.passed.saturating_add(other.passed);
        self.failed = self.failed.saturating_add(other.failed);
        self.skipped = self.skipped.saturating_add(other.skipped);
        self.micros = self.micros.saturating_add(other.micros);
    }
}

/// Microseconds of seconds written with a point, as `1.25` or `1,234.5`.
pub(crate) fn micros(seconds: &str) -> Option<u64> {
    let plain: String = seconds.trim().chars().filter(|c| *c != ',').collect();
    let seconds: f64 = plain.parse().ok()?;
    // A day is longer than any job.
    (0.0..=86_400.0)
        .contains(&seconds)
        .then_some((seconds * 1e6).round() as u64)
}

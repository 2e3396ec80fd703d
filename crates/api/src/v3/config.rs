//! What `.travis.yml` says, what was made of it, and what was noticed.

use super::Head;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// What was noticed in the configuration of a build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BuildConfig {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The `.travis.yml` as it stood at the commit; `None` when there was none.
    #[schema(required = true)]
    pub raw: Option<String>,
    /// Every file that the configuration was made of: `.travis.yml` first, then what it imports,
    /// in the order in which they were read. Empty when there was none.
    pub raw_configs: Vec<RawConfig>,
    /// The normalized configuration.
    pub config: Value,
    /// Messages about it.
    pub messages: Vec<ConfigMessage>,
}

/// One file of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RawConfig {
    /// Where it is from: `.travis.yml`, `ci/common.yml`, `owner/repo:path@ref`.
    pub source: String,
    /// Its text.
    pub config: String,
}

/// A message about a configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConfigMessage {
    /// `info`, `warn`, `error`, `alert`.
    pub level: String,
    /// The place, such as `root` or `jobs.include`.
    pub key: String,
    /// A stable word.
    pub code: String,
    /// What the text is made of.
    pub args: Value,
    /// The file, as [`RawConfig::source`] names it; `None` for what is about no single file.
    #[serde(default)]
    #[schema(required = true)]
    pub src: Option<String>,
    /// 1 is the first line.
    #[schema(required = true)]
    pub line: Option<u32>,
    /// 1 is the first character.
    #[schema(required = true)]
    pub column: Option<u32>,
    /// A sentence for people, without level and place.
    pub text: String,
    /// What mends it, where one change does.
    #[serde(default)]
    #[schema(required = true)]
    pub edit: Option<ConfigEdit>,
    /// The file could not be used because of it: no job was made.
    #[serde(default)]
    pub fatal: bool,
    /// What to do about it, where the text does not say it and no edit does it.
    #[serde(default)]
    #[schema(required = true)]
    pub remedy: Option<String>,
}

/// A change of a file that mends what a message is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigEdit {
    /// First line of what goes, from 1.
    pub line: u32,
    /// First character of what goes, from 1.
    pub column: u32,
    /// Line of the end of what goes, from 1.
    pub end_line: u32,
    /// The first character that stays, from 1.
    pub end_column: u32,
    /// What comes in its place; empty where it only goes.
    pub replacement: String,
}

/// How many messages there are about a configuration, by level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigCounts {
    /// Secrets that may be exposed.
    pub alert: u32,
    /// Things that were dropped or overwritten, or a file that could not be used.
    pub error: u32,
    /// What was probably not meant.
    pub warn: u32,
    /// Notes.
    pub info: u32,
    /// The file could not be used at all.
    pub fatal: bool,
}

/// A `.travis.yml` to look at.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLint {
    /// Its text, 1 MiB at most.
    pub content: String,
}

/// What was noticed in a `.travis.yml`, and what it would build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Lint {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The messages in the original's form: those that are no mere notes.
    pub warnings: Vec<LintWarning>,
    /// All messages.
    pub messages: Vec<ConfigMessage>,
    /// The normalized configuration; null when the file can't be used.
    pub config: Value,
    /// The names of the stages in order; empty when the file uses none.
    pub stages: Vec<String>,
    /// The jobs in order, as a push to the default branch would make them.
    pub jobs: Vec<LintJob>,
}

/// A message in the original's form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LintWarning {
    /// The place: `["jobs", "include"]`; empty for the top.
    pub key: Vec<String>,
    /// A sentence for people.
    pub message: String,
}

/// A job that a file would make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LintJob {
    /// 1, 2, 3, …
    pub number: u32,
    /// The name that the file gives it, else what sets it apart: `Rust beta`.
    pub name: String,
    /// The stage that it belongs to.
    pub stage: String,
    /// Its environment in a line.
    pub env: String,
    /// The system that it runs on.
    pub os: String,
    /// The architecture that it runs on.
    pub arch: String,
    /// Whether its failure leaves the build green.
    pub allow_failure: bool,
    /// Its whole configuration; null where those of all jobs together would be too large.
    pub config: Value,
}

/// Messages about the configuration of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RequestMessages {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The messages.
    pub messages: Vec<RequestMessage>,
}

/// A message about the configuration of a request, in the original's form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RequestMessage {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// 1, 2, 3, … within the request.
    pub id: i64,
    /// `info`, `warn`, `error`, `alert`.
    pub level: String,
    /// The place.
    pub key: String,
    /// A stable word.
    pub code: String,
    /// What the text is made of.
    pub args: Value,
    /// The file.
    #[schema(required = true)]
    pub src: Option<String>,
    /// 1 is the first line.
    #[schema(required = true)]
    pub line: Option<u32>,
}

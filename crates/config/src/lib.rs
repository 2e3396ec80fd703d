//! `.travis.yml` to a normalized configuration, messages with positions, and jobs.
//!
//! The file goes through three shapes, each its own module: a tree with positions (`yaml`), a
//! normalized configuration made by walking the language's `table` (`normalize`), and the jobs
//! that it expands to (`matrix`). Nothing here does I/O, and odd files give messages, not errors.

mod branches;
pub mod conditions;
mod error;
mod import;
mod lint;
mod matrix;
mod message;
mod normalize;
mod options;
mod table;
mod yaml;

use serde_json::Value;

pub use branches::{BranchDecision, branch_included};
pub use error::ConfigError;
pub use import::{
    Fetched, ImportRefusal, ImportSource, MAX_IMPORTS, Mode, Overlay, RootSource, next_imports,
    plan_overlaid, plan_sources,
};
pub use lint::{lint_context, lint_json};
pub use matrix::{Expansion, Notice};
pub use message::{Edit, Level, Message, apply_edits, offer_edits};
pub use options::Options;
pub use yaml::MergeMode;

/// The most jobs that one file may expand to.
pub const MAX_JOBS: usize = 200;
/// The largest file that is read, in bytes.
pub const MAX_SOURCE_BYTES: usize = 1024 * 1024;

/// What is known about the commit that the file belongs to: all that conditions and imports may
/// ask for. What is not known is empty or `None`, and conditions then see nothing there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanContext {
    /// The branch, or the base branch of a pull request; empty when not known.
    pub branch: String,
    /// `push`, `pull_request`, `api` or `cron`; empty when not known.
    pub event_type: String,
    /// The repository as `owner/name`; empty when not known.
    pub repo_slug: String,
    /// The repository that a pull request comes from, as `owner/name`.
    pub head_repo: Option<String>,
    /// The branch that a pull request comes from.
    pub head_branch: Option<String>,
    /// The login of who made the event.
    pub sender: Option<String>,
    /// Whether a pull request comes from another repository.
    pub fork: Option<bool>,
    /// Whether a pull request is a draft.
    pub draft: Option<bool>,
    /// The tag that was pushed.
    pub tag: Option<String>,
    /// The message of the commit.
    pub commit_message: Option<String>,
    /// The operating system to assume where a job names none.
    pub os: Option<String>,
    /// Variables of the repository's settings that conditions may see, as name and value.
    pub env: Vec<(String, String)>,
}

/// What a file asks for.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The normalized configuration, in the original's form.
    pub config: Value,
    /// The names of the stages in order; empty when the file uses none.
    pub stages: Vec<String>,
    /// The jobs, in the order of their numbers.
    pub jobs: Vec<PlannedJob>,
    /// What was odd about the file.
    pub messages: Vec<Message>,
    /// The names of the files that it was made of, where imports were followed.
    pub sources: Vec<String>,
}

/// One job of a build.
#[derive(Debug, Clone)]
pub struct PlannedJob {
    /// The name that the file gives it.
    pub name: Option<String>,
    /// The stage that it belongs to; `test` where nothing else is said.
    pub stage: String,
    /// Whether its failure leaves the build green.
    pub allow_failure: bool,
    /// The job's own configuration: version keys as scalars, phases as lists, `env` as one list.
    pub config: Value,
}

/// Reads one file without expanding it: the normalized configuration and what was odd about it.
///
/// # Errors
/// Only for files that cannot be read at all.
pub fn read(source: &str, options: Options) -> Result<(Value, Vec<Message>), ConfigError> {
    let document = parse(source)?;
    let mut messages = message::Messages::default();
    let config = normalize::normalize(document, options, &mut messages);
    let mut messages = messages.into_vec();
    message::edit::restore_columns(source, messages.iter_mut());
    Ok((Value::Object(config), messages))
}

/// Reads one file and expands it to jobs.
///
/// # Errors
/// Only for files that cannot be read at all, or that ask for more than the limits allow.
pub fn plan(source: &str, context: &PlanContext) -> Result<Plan, ConfigError> {
    plan_with(source, context, &conditions::DataJudge::default())
}

/// As [`plan`], with the given judge of `if:` conditions.
///
/// # Errors
/// As for [`plan`].
pub fn plan_with(
    source: &str,
    context: &PlanContext,
    judge: &dyn conditions::Judge,
) -> Result<Plan, ConfigError> {
    let mut plan = plan_document(parse(source)?, context, judge)?;
    message::edit::restore_columns(source, plan.messages.iter_mut());
    Ok(plan)
}

/// Reads the tree of one file.
fn parse(source: &str) -> Result<yaml::Document, ConfigError> {
    if source.len() > MAX_SOURCE_BYTES {
        return Err(ConfigError::TooLarge {
            bytes: source.len(),
        });
    }
    yaml::parse(source)
}

/// The normalized configuration of one file, without the messages on it.
fn meaning(document: &yaml::Document) -> serde_json::Map<String, Value> {
    normalize::normalize(
        document.clone(),
        Options::default(),
        &mut message::Messages::default(),
    )
}

fn plan_document(
    document: yaml::Document,
    context: &PlanContext,
    judge: &dyn conditions::Judge,
) -> Result<Plan, ConfigError> {
    let mut messages = message::Messages::default();
    let mut config = normalize::normalize(document, Options::default(), &mut messages);
    // How files became one says nothing of the build.
    for key in ["import", "merge_mode"] {
        config.shift_remove(key);
    }
    let mut expansion = matrix::expand(&config, context, judge)?;
    let skipped = matrix::filter_notifications(&mut config, context, judge);
    expansion.notices.extend(skipped);
    for notice in &expansion.notices {
        notice.tell(&mut messages);
    }
    Ok(Plan {
        config: Value::Object(config),
        stages: expansion.stages,
        jobs: expansion.jobs,
        messages: messages.into_vec(),
        sources: Vec::new(),
    })
}

/// Expands a configuration that is normalized already.
///
/// # Errors
/// When the jobs are more than the limits allow.
pub fn expand(
    config: &serde_json::Map<String, Value>,
    context: &PlanContext,
    judge: &dyn conditions::Judge,
) -> Result<Expansion, ConfigError> {
    matrix::expand(config, context, judge)
}

#[cfg(test)]
mod tests;

//! A job compiled to the bash script that a worker runs.
//!
//! The script prints the markers that folds and durations are made of, runs the phases in one
//! shell so that `cd` and `export` persist, and answers by its exit code: 0 passed, 1 failed,
//! anything else errored. Up to the job's own commands it starts no process: a job that does
//! nothing costs one bash.

mod addons;
mod cache;
mod checkout;
mod compile;
mod deploy;
mod environment;
mod error;
mod language;
mod phases;
mod results;
mod section;
mod services;
mod shell;
mod ssh;
mod value;

use serde_json::Value;

pub use compile::{compile, config_error};
pub use environment::secrets;
pub use error::ScriptError;

/// A script, ready to be run by `bash`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobScript {
    /// The text of the script.
    pub text: String,
}

/// A variable of the repository's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Its value, taken literally.
    pub value: String,
    /// Whether the log may show the value.
    pub public: bool,
}

/// What is known about the pull request that a job is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: i64,
    /// The branch that it comes from.
    pub head_branch: String,
    /// The commit at the tip of that branch.
    pub head_sha: String,
    /// The repository that it comes from, as `owner/name`.
    pub head_slug: String,
    /// Whether it is a draft.
    pub is_draft: bool,
}

/// All that the script of one job is made from.
#[derive(Debug, Clone, Default)]
pub struct JobInput {
    /// The job's own normalized configuration.
    pub config: Value,
    /// The build's id.
    pub build_id: i64,
    /// The build's number.
    pub build_number: i64,
    /// The build's page.
    pub build_web_url: String,
    /// The job's id.
    pub job_id: i64,
    /// The job's number, `<build>.<n>`.
    pub job_number: String,
    /// The job's name.
    pub job_name: Option<String>,
    /// The job's page.
    pub job_web_url: String,
    /// The stage, where the build has stages.
    pub stage_name: Option<String>,
    /// Whether the job's failure leaves the build green.
    pub allow_failure: bool,
    /// `push`, `pull_request`, `api` or `cron`.
    pub event_type: String,
    /// The branch, or the base branch of a pull request.
    pub branch: String,
    /// The repository's default branch, where it is known.
    pub default_branch: String,
    /// The tag, for builds of tags.
    pub tag: Option<String>,
    /// The commit's full hash.
    pub commit: String,
    /// `<from>...<to>`.
    pub commit_range: Option<String>,
    /// The commit's message.
    pub commit_message: String,
    /// The pull request, for builds of one.
    pub pull_request: Option<PullRequest>,
    /// The ref to fetch where it is no branch, such as `refs/pull/3/merge`.
    pub git_ref: Option<String>,
    /// The repository as `owner/name`.
    pub repo_slug: String,
    /// Whether the repository is private.
    pub repo_private: bool,
    /// Where to clone from, as seen from inside the sandbox.
    pub clone_url: String,
    /// The repository's settings.
    pub settings_env: Vec<EnvVar>,
    /// Whether this job may have secrets.
    pub secure_env: bool,
    /// The repository's own SSH key, for jobs that may have secrets.
    pub ssh_key: Option<String>,
    /// Lines that the log says before the job's own commands.
    pub notices: Vec<String>,
    /// Whether the job was restarted.
    pub restarted: bool,
    /// The host of the web app.
    pub app_host: String,
    /// Where the forge's API is, for deployments to it; empty for the public GitHub.
    pub forge_api_url: String,
}

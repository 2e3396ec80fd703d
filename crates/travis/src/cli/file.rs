//! Arguments of the commands that read a `.travis.yml` and ask no server.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Checks files.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis lint                     ./.travis.yml
  travis lint ci/*.yml ../other   several files; of a folder its .travis.yml
  travis lint - < config.yml      standard input
  travis lint --fix --dry-run     show what would be mended
  travis lint --fix               mend it
  travis lint --jsonl < files     one {\"yaml\": \"…\"} a line in, one JSON object a line out

Files that are imported are read from the working tree and checked, too; those of other
repositories are not fetched.

Ends with 0 when there is nothing above info, with 1 when there are warnings, errors or alerts, and
with 2 when a file can't be read or is refused as a whole.")]
pub struct LintArgs {
    /// The files, or folders with a .travis.yml; - is standard input [default: .travis.yml]
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Write the mended file where a message says how, and print what was changed
    #[arg(long, conflicts_with = "jsonl")]
    pub fix: bool,
    /// With --fix: change nothing, only print
    #[arg(long, requires = "fix")]
    pub dry_run: bool,
    /// Read one {"yaml": "…"} per line from standard input; answer each with one line of
    /// configuration, jobs, stages and messages, or {"error": …}
    #[arg(long, conflicts_with = "files")]
    pub jsonl: bool,
}

/// Shows the jobs that a file asks for.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis expand                                the jobs of ./.travis.yml
  travis expand --branch main --event push     only those that this push would run
  travis expand --tag v1.0 --env DEPLOY=yes    a tag, with a variable of the settings
  travis expand --data fork=true --event pull_request
  travis expand --format json                  with each job's whole configuration

Without branch, event, tag, variables or data no `if:` is judged: all jobs are shown, each with its
condition. With one of them all are judged, and what is left out is listed with the reason.
Files that are imported are read from the working tree, those of other repositories are not.")]
pub struct ExpandArgs {
    /// The file; - is standard input [default: .travis.yml]
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub facts: FactArgs,
}

/// Judges a condition.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis condition 'branch = main AND type = push' --data branch=main --data type=push
  travis condition 'tag =~ ^v\\d+' --tag v12
  travis condition 'env(DEPLOY) IS present' --env DEPLOY=yes
  travis condition --jsonl < cases     one {\"cond\": \"…\", \"data\": {…}} a line in, one line of
                                       {\"result\": true} or {\"error\": \"…\"} out

Ends with 0 when it holds, with 1 when it does not, and with 2 when it can't be read or judged.")]
pub struct ConditionArgs {
    /// The condition, as it stands after `if:`
    #[arg(value_name = "EXPR", required_unless_present = "jsonl")]
    pub expression: Option<String>,
    #[command(flatten)]
    pub facts: FactArgs,
    /// Read one {"cond": "…", "data": {…}} per line from standard input and answer each
    #[arg(long, conflicts_with_all = ["expression", "branch", "event", "tag", "env", "data"])]
    pub jsonl: bool,
}

/// What is taken as known of a build.
#[derive(Debug, Clone, Default, Args)]
pub struct FactArgs {
    /// The branch; of a pull request its base
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,
    /// What asked for the build
    #[arg(long, value_enum, value_name = "EVENT")]
    pub event: Option<Event>,
    /// The tag that was pushed
    #[arg(long, value_name = "NAME")]
    pub tag: Option<String>,
    /// A variable of the repository's settings; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub env: Vec<(String, String)>,
    /// Anything else that conditions ask for: type, repo, head_repo, os, dist, group, sudo,
    /// language, sender, fork, branch, head_branch, tag, commit_message; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = fact)]
    pub data: Vec<(String, String)>,
}

/// What can ask for a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Event {
    /// A push
    Push,
    /// A pull request
    PullRequest,
    /// A call of the API
    Api,
    /// The calendar
    Cron,
}

impl Event {
    /// Its name in conditions.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::PullRequest => "pull_request",
            Self::Api => "api",
            Self::Cron => "cron",
        }
    }
}

impl FactArgs {
    /// Whether anything is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none() && self.env.is_empty()
    }

    /// All facts by their names in conditions, variables not among them.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let named = [
            ("branch", self.branch.as_deref()),
            ("type", self.event.map(Event::name)),
            ("tag", self.tag.as_deref()),
        ];
        named
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .chain(
                self.data
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str())),
            )
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

fn fact(text: &str) -> Result<(String, String), String> {
    let (name, value) = pair(text)?;
    if travis_config::conditions::Data::names().any(|known| known == name) {
        return Ok((name, value));
    }
    let known: Vec<_> = travis_config::conditions::Data::names().collect();
    let meant = match travis_config::conditions::nearest_fact(&name) {
        Some("env") => "; variables are given by --env NAME=VALUE".to_owned(),
        Some(meant) => format!("; did you mean {meant}"),
        None => String::new(),
    };
    Err(format!(
        "conditions know no {name:?}{meant}. They know {}, and variables by --env",
        known.join(", ")
    ))
}

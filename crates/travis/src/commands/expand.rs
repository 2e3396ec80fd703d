//! `travis expand`

use super::source;
use crate::cli::file::{ExpandArgs, FactArgs};
use crate::failure::{Failure, Status};
use crate::output::Color;
use crate::output::table::{Cell, Table};
use crate::session::Session;
use serde_json::{Value, json};
use std::path::Path;
use travis_config::conditions::{DataJudge, Unevaluated};
use travis_config::{ConfigError, Plan, PlanContext, PlannedJob, plan_with};

/// Shows the jobs of a file.
pub fn run(args: &ExpandArgs, session: &mut Session) -> Result<Status, Failure> {
    let path = args.file.as_deref().unwrap_or(Path::new(source::USUAL));
    let name = source::name(path);
    let text = source::read(path, session)
        .map_err(|reason| Failure::new(Status::Errored, format!("{name}: {reason}")))?;
    let context = context(&args.facts)?;
    let planned = if args.facts.is_empty() {
        plan_with(&text, &context, &Unevaluated)
    } else {
        plan_with(&text, &context, &DataJudge::default())
    };
    let plan = planned.map_err(|error| refused(&name, &text, &error))?;
    if session.is_json() {
        session.screen.json(&as_json(&plan))?;
    } else {
        print(&plan, session)?;
    }
    Ok(Status::Passed)
}

/// A file that is refused as a whole.
pub(super) fn refused(name: &str, text: &str, error: &ConfigError) -> Failure {
    let mut failure = Failure::new(Status::Errored, format!("{name}: {error}"));
    failure.remedy = Some(error.advice(text).to_owned());
    failure
}

pub(super) fn context(facts: &FactArgs) -> Result<PlanContext, Failure> {
    let mut context = PlanContext {
        env: facts.env.clone(),
        ..PlanContext::default()
    };
    for (name, value) in facts.all() {
        let text = value.to_owned();
        match name {
            "type" => context.event_type = text,
            "repo" => context.repo_slug = text,
            "branch" => context.branch = text,
            "head_repo" => context.head_repo = Some(text),
            "head_branch" => context.head_branch = Some(text),
            "sender" => context.sender = Some(text),
            "tag" => context.tag = Some(text),
            "commit_message" => context.commit_message = Some(text),
            "os" => context.os = Some(text),
            "fork" => {
                context.fork = Some(value.parse().map_err(|_| {
                    Failure::usage(format!("fork is true or false, not {value:?}"))
                })?);
            }
            _ => {
                return Err(Failure::usage(format!(
                    "{name} comes from the file here; `travis condition` takes it"
                )));
            }
        }
    }
    Ok(context)
}

fn as_json(plan: &Plan) -> Value {
    let jobs: Vec<_> = plan
        .jobs
        .iter()
        .enumerate()
        .map(|(index, job)| {
            json!({
                "number": index + 1,
                "name": job.name,
                "stage": job.stage,
                "allow_failure": job.allow_failure,
                "config": job.config,
            })
        })
        .collect();
    json!({ "stages": plan.stages, "jobs": jobs })
}

fn print(plan: &Plan, session: &mut Session) -> Result<(), Failure> {
    if plan.jobs.is_empty() {
        session.screen.line("The file asks for no job.")?;
        return Ok(());
    }
    let mut table = Table::with_head(&[
        "JOB", "STAGE", "NAME", "OS", "LANGUAGE", "ENV", "MAY FAIL", "IF",
    ]);
    let staged = !plan.stages.is_empty();
    for (index, job) in plan.jobs.iter().enumerate() {
        table.row(vec![
            Cell::new(&(index + 1).to_string()).right(),
            Cell::new(if staged { &job.stage } else { "" }),
            Cell::new(job.name.as_deref().unwrap_or_default()),
            Cell::new(&system(job)),
            Cell::new(&language(job)),
            Cell::new(&variables(&job.config["env"])),
            Cell::new(if job.allow_failure { "yes" } else { "" }).color(Color::Gray),
            Cell::new(job.config["if"].as_str().unwrap_or_default()).color(Color::Gray),
        ]);
    }
    table.print(&mut session.screen)?;
    Ok(())
}

fn text<'a>(job: &'a PlannedJob, key: &str) -> &'a str {
    job.config[key].as_str().unwrap_or_default()
}

fn system(job: &PlannedJob) -> String {
    let os = text(job, "os");
    let detail = if os == "osx" { "osx_image" } else { "dist" };
    let mut words = vec![os, text(job, detail), text(job, "arch")];
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

/// The keys that say which version or variant of a language a job takes.
const VERSIONS: [&str; 37] = [
    "compiler",
    "crystal",
    "d",
    "dart",
    "dart_task",
    "dotnet",
    "elixir",
    "elm",
    "gemfile",
    "ghc",
    "go",
    "haxe",
    "hhvm",
    "jdk",
    "julia",
    "lein",
    "matlab",
    "mono",
    "nix",
    "node_js",
    "otp_release",
    "perl",
    "perl6",
    "php",
    "python",
    "r",
    "rust",
    "rvm",
    "scala",
    "smalltalk",
    "smalltalk_config",
    "smalltalk_vm",
    "solution",
    "xcode_project",
    "xcode_scheme",
    "xcode_sdk",
    "xcode_workspace",
];

/// The language with its version, and other versions by their keys.
fn language(job: &PlannedJob) -> String {
    let language = text(job, "language");
    let mut words = vec![language.to_owned()];
    for key in VERSIONS {
        let version = match &job.config[key] {
            Value::String(version) => version.clone(),
            Value::Number(version) => version.to_string(),
            _ => continue,
        };
        if key == language || (key == "rvm" && language == "ruby") {
            words[0].push_str(&format!(" {version}"));
        } else {
            words.push(format!("{key} {version}"));
        }
    }
    words.join(", ")
}

/// What sets a job apart, in a line: language, versions and variables.
pub(super) fn job_words(job: &PlannedJob) -> String {
    let mut words = vec![language(job), variables(&job.config["env"])];
    words.retain(|word| !word.is_empty());
    words.join(" · ")
}

/// Variables as they are written; encrypted ones without their value.
fn variables(env: &Value) -> String {
    let words: Vec<String> = match env {
        Value::Array(list) => list.iter().map(variables).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| match value {
                _ if name == "secure" => "[secure]".to_owned(),
                Value::String(value) => format!("{name}={value}"),
                _ => format!("{name}=[secure]"),
            })
            .collect(),
        Value::String(text) => vec![text.clone()],
        _ => Vec::new(),
    };
    words.join(" ")
}

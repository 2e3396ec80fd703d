//! `travis expand`

pub(super) mod left;

use super::source;
use super::sources::Sources;
use crate::cli::file::{ExpandArgs, FactArgs};
use crate::failure::{Failure, Status};
use crate::output::table::{Cell, Table};
use crate::output::{Color, cut};
use crate::session::Session;
use left::Left;
use serde_json::{Value, json};
use std::path::Path;
use travis_config::conditions::{DataJudge, Judge, Unevaluated};
use travis_config::{Plan, PlanContext, PlannedJob};

/// Shows the jobs of a file.
pub async fn run(args: &ExpandArgs, session: &mut Session) -> Result<Status, Failure> {
    let path = args.file.as_deref().unwrap_or(Path::new(source::USUAL));
    let context = context(&args.facts)?;
    let known = !args.facts.is_empty();
    let data = DataJudge::default();
    let judge: &dyn Judge = if known { &data } else { &Unevaluated };
    let sources = Sources::read(path, session, &context, judge).await?;
    let plan = sources.plan_or_fail(&context, judge)?;
    let left = if known {
        left::left_out(&sources, &context, &plan)
    } else {
        Vec::new()
    };
    if session.is_json() {
        session.screen.json(&as_json(&plan, &left))?;
    } else {
        sources.remark(&plan.messages, &mut session.screen)?;
        print(&plan, session)?;
        left::print(&left, session)?;
    }
    Ok(Status::Passed)
}

/// What is given of a build, as conditions see it.
///
/// # Errors
/// When a fact is none that a build has.
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

fn as_json(plan: &Plan, left: &[Left]) -> Value {
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
    json!({ "stages": plan.stages, "jobs": jobs, "left_out": left::as_json(left) })
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
            Cell::new(&variables(&job.config["env"], SHORT)),
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

/// A value of a variable is shown in so many columns.
const SHORT: usize = 32;

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

/// What sets a job apart, in a line: language, versions and variables, long values shortened.
pub(super) fn job_words(job: &PlannedJob) -> String {
    words(job, SHORT)
}

/// The same with whole values: what differs there, differs here.
pub(super) fn job_key(job: &PlannedJob) -> String {
    words(job, usize::MAX)
}

fn words(job: &PlannedJob, most: usize) -> String {
    let mut words = vec![language(job), variables(&job.config["env"], most)];
    words.retain(|word| !word.is_empty());
    words.join(" · ")
}

/// Variables as they are written, each to so many columns; encrypted ones without their value.
fn variables(env: &Value, most: usize) -> String {
    let words: Vec<String> = match env {
        Value::Array(list) => list.iter().map(|one| variables(one, most)).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| match value {
                _ if name == "secure" => "[secure]".to_owned(),
                Value::String(value) => format!("{name}={}", cut(value, most)),
                _ => format!("{name}=[secure]"),
            })
            .collect(),
        Value::String(text) => vec![cut(text, most)],
        _ => Vec::new(),
    };
    words.join(" ")
}

//! `travis lint`

mod mend;
mod show;

use super::{jsonl, source};
use crate::cli::file::LintArgs;
use crate::failure::{Failure, Status};
use crate::session::Session;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use travis_config::conditions::Unevaluated;
use travis_config::{ConfigError, Level, Message, PlanContext, offer_edits, plan_with};

/// What came of one file.
struct Report {
    /// What it is called in messages.
    name: String,
    source: String,
    result: Result<Checked, Refusal>,
}

/// A file that was read.
struct Checked {
    messages: Vec<Message>,
    jobs: usize,
}

/// A file that was not.
enum Refusal {
    /// It could not be opened, or is no text.
    Unread(String),
    /// It is refused as a whole.
    Refused(ConfigError),
}

impl Report {
    fn status(&self) -> Status {
        match &self.result {
            Err(_) => Status::Errored,
            Ok(checked) if checked.messages.iter().any(|m| m.level > Level::Info) => Status::Failed,
            Ok(_) => Status::Passed,
        }
    }

    /// How many messages have an edit.
    fn edits(&self) -> usize {
        let messages = self.result.as_ref().map(|checked| checked.messages.iter());
        messages.map_or(0, |all| all.filter(|m| m.edit.is_some()).count())
    }
}

/// Checks files.
pub fn run(args: &LintArgs, session: &mut Session) -> Result<Status, Failure> {
    if args.jsonl {
        return jsonl::run(session, answer);
    }
    let usual = [PathBuf::from(source::USUAL)];
    let files = if args.files.is_empty() {
        &usual[..]
    } else {
        &args.files
    };
    let mut worst = Status::Passed;
    let mut reports = Vec::new();
    let mut results = Vec::new();
    for path in files {
        let path = &file_of(path, session);
        let mut report = check(path, session);
        if args.fix {
            mend::fix(path, &mut report, args.dry_run, session)?;
        }
        if (report.status() as u8) > worst as u8 {
            worst = report.status();
        }
        results.push((report.status(), report.edits()));
        if session.is_json() {
            reports.push(as_json(&report));
        } else if !(args.fix && source::is_stdin(path)) {
            show::report(&report, session)?;
        }
    }
    if session.is_json() {
        session.screen.json(&json!({ "files": reports }))?;
    } else if results.len() > 1 {
        show::total(&results, session)?;
    } else if !args.fix {
        show::offer(results.iter().map(|(_, edits)| edits).sum(), session)?;
    }
    Ok(worst)
}

/// The usual file of a folder, where a folder is named.
fn file_of(path: &Path, session: &Session) -> PathBuf {
    if !source::is_stdin(path) && session.around.directory.join(path).is_dir() {
        path.join(source::USUAL)
    } else {
        path.to_owned()
    }
}

fn check(path: &Path, session: &mut Session) -> Report {
    let name = source::name(path);
    match source::read(path, session) {
        Ok(source) => Report {
            name,
            result: planned(&source),
            source,
        },
        Err(reason) => Report {
            name,
            source: String::new(),
            result: Err(Refusal::Unread(reason)),
        },
    }
}

fn planned(source: &str) -> Result<Checked, Refusal> {
    // A file is checked for every build, so no condition is taken to hold or not.
    let mut plan =
        plan_with(source, &PlanContext::default(), &Unevaluated).map_err(Refusal::Refused)?;
    offer_edits(source, &mut plan.messages);
    Ok(Checked {
        messages: plan.messages,
        jobs: plan.jobs.len(),
    })
}

fn as_json(report: &Report) -> Value {
    match &report.result {
        Ok(checked) => json!({
            "file": report.name,
            "jobs": checked.jobs,
            "messages": checked.messages,
        }),
        Err(Refusal::Unread(reason)) => json!({ "file": report.name, "error": reason }),
        Err(Refusal::Refused(error)) => json!({
            "file": report.name,
            "error": error.to_string(),
            "line": error.line(),
            "column": error.column(),
            "help": error.advice(&report.source),
        }),
    }
}

/// One line of `--jsonl`.
fn answer(line: Value) -> Value {
    let Some(yaml) = line.get("yaml").and_then(Value::as_str) else {
        return json!({ "error": "the line has no \"yaml\" with a file's text in it" });
    };
    travis_config::lint_json(yaml, &travis_config::lint_context())
}

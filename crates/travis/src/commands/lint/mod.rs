//! `travis lint`

mod mend;
mod show;

use super::sources::{self, Sources};
use super::{jsonl, source};
use crate::cli::file::LintArgs;
use crate::failure::{Failure, Status};
use crate::output::{Color, Paint};
use crate::session::Session;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use travis_config::conditions::Unevaluated;
use travis_config::{ConfigError, Level, Message, PlanContext};

/// What came of one file.
struct Report {
    /// It, and what it imports.
    sources: Sources,
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
pub async fn run(args: &LintArgs, session: &mut Session) -> Result<Status, Failure> {
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
        let mut report = check(path, session).await;
        if args.fix && mend::fix(path, &mut report, args.dry_run, session)? {
            let Sources { name, text, .. } = report.sources;
            report = read(name, text, path, session).await;
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

async fn check(path: &Path, session: &mut Session) -> Report {
    let name = source::name(path);
    match source::read(path, session) {
        Ok(text) => read(name, text, path, session).await,
        Err(reason) => Report {
            sources: Sources::alone(name, String::new()),
            result: Err(Refusal::Unread(reason)),
        },
    }
}

/// Looks at a file's text and at what it imports.
async fn read(name: String, text: String, path: &Path, session: &Session) -> Report {
    let directory = sources::directory(path, &session.around.directory);
    // A file is checked for every build, so no condition is taken to hold or not.
    let known = PlanContext::default();
    let sources = Sources::follow(name, text, &directory, &known, &Unevaluated).await;
    Report {
        result: planned(&sources),
        sources,
    }
}

fn planned(sources: &Sources) -> Result<Checked, Refusal> {
    let plan = sources
        .plan(&PlanContext::default(), &Unevaluated)
        .map_err(Refusal::Refused)?;
    Ok(Checked {
        messages: plan.messages,
        jobs: plan.jobs.len(),
    })
}

/// The place in a file, for failures of other commands.
pub(super) fn excerpt(text: &str, line: u32, column: u32) -> Vec<String> {
    let paint = Paint { colors: false };
    show::excerpt(text, (line, column), 1, Color::Red, paint)
}

fn as_json(report: &Report) -> Value {
    match &report.result {
        Ok(checked) => json!({
            "file": report.sources.name,
            "jobs": checked.jobs,
            "messages": checked.messages,
        }),
        Err(Refusal::Unread(reason)) => json!({ "file": report.sources.name, "error": reason }),
        Err(Refusal::Refused(error)) => {
            let (name, text, error) = report.sources.blamed(error);
            json!({
                "file": report.sources.name,
                "src": name,
                "error": error.to_string(),
                "line": error.line(),
                "column": error.column(),
                "help": error.advice(text),
            })
        }
    }
}

/// One line of `--jsonl`.
fn answer(line: Value) -> Value {
    let Some(yaml) = line.get("yaml").and_then(Value::as_str) else {
        return json!({ "error": "the line has no \"yaml\" with a file's text in it" });
    };
    travis_config::lint_json(yaml, &travis_config::lint_context())
}

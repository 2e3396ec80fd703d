//! All that is known of one run's tests, from its files and its log.

use crate::case::{Case, Counts, Outcome};
use crate::junit::{self, JUnitError};
use crate::log::LogScan;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// Cases that are kept of one run; more are only counted.
pub const MAX_CASES: usize = 20_000;
/// Bytes of messages that are kept of one run.
const MAX_MESSAGES: usize = 2 << 20;

/// Why a file of results can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// It is XML, and not what JUnit writes.
    #[error(transparent)]
    JUnit(#[from] JUnitError),
    /// There are no bytes of it.
    #[error("the file can't be read: {0}")]
    Missing(String),
    /// Nothing in it is a test.
    #[error("no test is in the file: leave JUnit XML, TAP or the output of a test runner there")]
    Empty,
}

/// What came of a file that a job left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileNote {
    /// Its path.
    pub path: String,
    /// Tests in it.
    pub cases: u64,
    /// Why it can't be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Tests of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How many there were.
    pub counts: Counts,
    /// Each, as far as they are known by name.
    pub cases: Vec<Case>,
    /// There were more cases or messages than are kept.
    #[serde(default)]
    pub truncated: bool,
    /// Files that it was read from; none when all is from the log.
    #[serde(default)]
    pub files: Vec<FileNote>,
}

/// Collects cases under the bounds.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    pub(crate) report: Report,
    places: HashMap<u64, usize>,
    messages: usize,
}

impl Collector {
    /// Adds a case; one that is known already stays failed once it failed, and is counted once.
    /// Gives its place.
    pub(crate) fn add(&mut self, case: Case) -> Option<usize> {
        let key = case.key();
        if let Some(&at) = self.places.get(&key) {
            if let Some(known) = self.report.cases.get_mut(at) {
                let better = match (known.outcome, case.outcome) {
                    (Outcome::Failed, _) | (Outcome::Passed, Outcome::Skipped) => false,
                    (old, new) => old != new,
                };
                if better {
                    *self.report.counts.of(known.outcome) -= 1;
                    *self.report.counts.of(case.outcome) += 1;
                    known.outcome = case.outcome;
                    known.log_line = case.log_line.or(known.log_line);
                }
                known.file = known.file.take().or(case.file);
                known.retried |= case.retried;
                if known.message.is_none() {
                    self.messages += case.message.as_ref().map_or(0, String::len);
                    known.message = case.message;
                }
            }
            return Some(at);
        }
        *self.report.counts.of(case.outcome) += 1;
        let micros = &mut self.report.counts.micros;
        *micros = micros.saturating_add(case.micros.unwrap_or(0));
        if self.report.cases.len() >= MAX_CASES {
            self.report.truncated = true;
            return None;
        }
        let at = self.report.cases.len();
        self.places.insert(key, at);
        let mut case = case;
        self.bound(&mut case.message);
        self.report.cases.push(case);
        Some(at)
    }

    fn bound(&mut self, message: &mut Option<String>) {
        let length = message.as_ref().map_or(0, String::len);
        if self.messages + length > MAX_MESSAGES {
            *message = None;
            self.report.truncated = true;
        } else {
            self.messages += length;
        }
    }

    /// The case at a place.
    pub(crate) fn at(&mut self, at: usize) -> Option<&mut Case> {
        self.report.cases.get_mut(at)
    }

    /// Says why the case at a place failed, unless that is known.
    pub(crate) fn explain(&mut self, at: usize, text: &str) {
        let Some(case) = self.report.cases.get_mut(at) else {
            return;
        };
        if case.message.is_some() {
            return;
        }
        case.set_message(text);
        let mut message = case.message.take();
        self.bound(&mut message);
        if let Some(case) = self.report.cases.get_mut(at) {
            case.message = message;
        }
    }

    /// Gives a case another suite, which is known only after it.
    pub(crate) fn rename(&mut self, at: usize, suite: &str) {
        let Some(case) = self.report.cases.get_mut(at) else {
            return;
        };
        self.places.remove(&case.key());
        case.suite = crate::case::short(suite);
        self.places.insert(case.key(), at);
    }

    /// The place of a case.
    pub(crate) fn find(&self, suite: &str, name: &str) -> Option<usize> {
        let (suite, name) = (crate::case::short(suite), crate::case::short(name));
        self.places.get(&crate::case::key(&suite, &name)).copied()
    }
}

/// Reads a file that a job left: JUnit XML, or text as a test runner prints it (TAP, the lines of
/// `go test -json` and so on).
///
/// # Errors
/// When no test can be read from it.
pub fn read_file(bytes: &[u8]) -> Result<Report, ReportError> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let report = if text.starts_with('<') {
        junit::read(text)?
    } else {
        let mut scan = LogScan::default();
        for line in text.lines() {
            scan.line(0, line);
        }
        let mut report = scan.finish();
        // Lines of the file are none of the log.
        for case in &mut report.cases {
            case.log_line = None;
        }
        report
    };
    if report.counts.total() == 0 {
        return Err(ReportError::Empty);
    }
    Ok(report)
}

/// Puts together what files say and what the log says. Of tests that both know files win, and the log
/// only tells where a case is to be seen; tests of another runner, which left no file, are added.
#[must_use]
pub fn merge(files: Vec<(String, Result<Report, ReportError>)>, log: Report) -> Report {
    let mut all = Collector::default();
    let mut notes = Vec::with_capacity(files.len());
    let mut truncated = false;
    for (path, read) in files {
        match read {
            Ok(report) => {
                notes.push(FileNote {
                    path,
                    cases: report.counts.total(),
                    error: None,
                });
                truncated |= report.truncated;
                let named = report
                    .cases
                    .iter()
                    .fold(Counts::default(), |mut sum, case| {
                        *sum.of(case.outcome) += 1;
                        sum
                    });
                let counts = &mut all.report.counts;
                // Those that are only counted there.
                counts.passed += report.counts.passed.saturating_sub(named.passed);
                counts.failed += report.counts.failed.saturating_sub(named.failed);
                counts.skipped += report.counts.skipped.saturating_sub(named.skipped);
                for case in report.cases {
                    all.add(case);
                }
            }
            Err(error) => notes.push(FileNote {
                path,
                cases: 0,
                error: Some(error.to_string()),
            }),
        }
    }
    if all.report.counts.total() == 0 {
        let mut report = log;
        report.files = notes;
        return report;
    }
    place_in_log(&mut all.report.cases, &log);
    add_from_log(&mut all, log);
    let mut report = all.report;
    report.truncated |= truncated;
    report.files = notes;
    report
}

/// The last part of a name: of `tests/test_a.py::test_b` `test_b`.
fn tail(name: &str) -> String {
    let after = |at: usize, skip: usize| name.get(at + skip..).unwrap_or(name).to_owned();
    match (name.rfind("::"), name.rfind(" > "), name.rfind(" › ")) {
        (Some(at), None, None) => after(at, 2),
        (None, Some(at), _) => after(at, 3),
        (None, None, Some(at)) => after(at, " › ".len()),
        _ => name.to_owned(),
    }
}

/// Adds suites of the log of which no test stands in a file.
fn add_from_log(all: &mut Collector, log: Report) {
    let in_files: HashSet<String> = all
        .report
        .cases
        .iter()
        .map(|case| tail(&case.name))
        .collect();
    let mut covered: HashSet<String> = HashSet::new();
    for case in &log.cases {
        if in_files.contains(&tail(&case.name)) {
            covered.insert(case.suite.clone());
        }
    }
    if covered.is_empty() {
        // Tests that a runner only counted, too.
        let named = log.cases.iter().fold(Counts::default(), |mut sum, case| {
            *sum.of(case.outcome) += 1;
            sum
        });
        let counts = &mut all.report.counts;
        // Whoever names nothing may well be the one that left the files.
        if !log.cases.is_empty() {
            counts.passed += log.counts.passed.saturating_sub(named.passed);
            counts.failed += log.counts.failed.saturating_sub(named.failed);
            counts.skipped += log.counts.skipped.saturating_sub(named.skipped);
        }
    }
    all.report.truncated |= log.truncated;
    for case in log.cases {
        if !covered.contains(&case.suite) {
            all.add(case);
        }
    }
}

/// Finds the lines of the log that told of the cases, by the end of their names, since runners print
/// longer ones than they write: `tests/test_a.py::test_b` is `test_b` of `tests.test_a`.
fn place_in_log(cases: &mut [Case], log: &Report) {
    let mut lines: HashMap<(String, Outcome), Vec<&Case>> = HashMap::new();
    for case in log.cases.iter().filter(|case| case.log_line.is_some()) {
        let known = lines.entry((tail(&case.name), case.outcome)).or_default();
        known.push(case);
    }
    for case in cases.iter_mut() {
        let Some(found) = lines.get(&(tail(&case.name), case.outcome)) else {
            continue;
        };
        let words = |case: &Case| {
            let all = format!("{} {}", case.suite, case.name);
            let parts = all.split(|c: char| !c.is_alphanumeric() && c != '_');
            parts.map(str::to_owned).collect::<Vec<_>>()
        };
        let own = words(case);
        // Of several cases of this name the one whose suite is most alike.
        let best = found.iter().take(16).max_by_key(|other| {
            let theirs = words(other);
            own.iter().filter(|word| theirs.contains(word)).count()
        });
        case.log_line = best.and_then(|best| best.log_line);
        if case.message.is_none() {
            case.message = best.and_then(|best| best.message.clone());
        }
    }
}

#[cfg(test)]
mod tests;

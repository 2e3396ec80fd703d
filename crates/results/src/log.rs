//! Tests as the common runners print them, found in a log line by line while it grows.

mod go;
mod lines;
mod python;
mod rust;
mod spec;
mod sums;
mod tap;

use crate::case::{Case, Counts, Outcome};
use crate::report::{Collector, Report};

/// The longest line that is looked at, in bytes: no runner prints a longer one of a test.
const LONGEST: usize = 16 << 10;
/// Lines kept of one message.
const MESSAGE_LINES: usize = 60;

/// What is known of the runners while a log is read.
#[derive(Debug, Default)]
pub struct LogScan {
    found: Found,
    rust: rust::Rust,
    python: python::Python,
    go: go::Go,
    tap: tap::Tap,
    spec: spec::Spec,
    sums: sums::Sums,
    clean: String,
}

impl LogScan {
    /// Takes the next line: its number, and its text as a terminal would show it; colors may still be
    /// in it.
    pub fn line(&mut self, number: u64, text: &str) {
        if text.len() > LONGEST {
            return;
        }
        let mut clean = std::mem::take(&mut self.clean);
        lines::plain(text, &mut clean);
        let text = clean.trim_end();
        self.found.line = number;
        let taken = self.rust.line(text, &mut self.found)
            || self.go.line(text, &mut self.found)
            || self.python.line(text, &mut self.found)
            || self.tap.line(text, &mut self.found)
            || self.sums.line(text, &mut self.found)
            || self.spec.line(text, &mut self.found);
        if taken {
            self.found.explain();
            self.found.listening = self.found.next.take();
        } else {
            self.found.hear(text);
        }
        self.clean = clean;
    }

    /// How many tests were seen so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = self.found.all.report.counts;
        counts.add(self.found.unnamed);
        counts
    }

    /// Cases that failed so far, the first first.
    pub fn failed(&self) -> impl Iterator<Item = &Case> {
        let cases = self.found.all.report.cases.iter();
        cases.filter(|case| case.outcome == Outcome::Failed)
    }

    /// All that was found.
    #[must_use]
    pub fn finish(mut self) -> Report {
        self.found.explain();
        let counts = self.counts();
        let mut report = self.found.all.report;
        report.counts = counts;
        report
    }
}

/// What was found so far, for the parts that know one runner each.
#[derive(Debug, Default)]
struct Found {
    all: Collector,
    /// The number of the present line.
    line: u64,
    /// Cases since a runner told its sums.
    since: Counts,
    /// Tests that are in sums only.
    unnamed: Counts,
    /// The case that the next lines explain.
    listening: Option<Message>,
    /// The same from the next line on.
    next: Option<Message>,
}

/// Lines that say why a case failed.
#[derive(Debug)]
struct Message {
    at: usize,
    lines: Vec<String>,
    /// Lines after which it is over: empty ones in a row.
    ends_after: usize,
    empty: usize,
}

impl Found {
    /// Notes a case. Gives its place.
    fn case(&mut self, mut case: Case) -> Option<usize> {
        *self.since.of(case.outcome) += 1;
        case.log_line = Some(self.line);
        self.all.add(case)
    }

    /// Notes a case by its parts.
    fn test(
        &mut self,
        suite: &str,
        name: &str,
        outcome: Outcome,
        micros: Option<u64>,
    ) -> Option<usize> {
        let mut case = Case::new(suite, name, outcome);
        case.micros = micros;
        self.case(case)
    }

    /// A runner told its sums: what it did not name before is only counted.
    fn sums(&mut self, counts: Counts) {
        let more = Counts {
            passed: counts.passed.saturating_sub(self.since.passed),
            failed: counts.failed.saturating_sub(self.since.failed),
            skipped: counts.skipped.saturating_sub(self.since.skipped),
            micros: 0,
        };
        self.unnamed.add(more);
        self.since = Counts::default();
    }

    /// The next lines say why this case failed, up to so many empty ones in a row.
    fn explained_next(&mut self, at: Option<usize>, ends_after: usize) {
        self.explain();
        self.next = at.map(|at| Message {
            at,
            lines: Vec::new(),
            ends_after,
            empty: 0,
        });
    }

    fn hear(&mut self, text: &str) {
        let Some(message) = &mut self.listening else {
            return;
        };
        if text.is_empty() {
            message.empty += 1;
        } else {
            message.empty = 0;
        }
        if message.empty >= message.ends_after
            || message.lines.len() >= MESSAGE_LINES
            || text.starts_with("The command \"")
            || text.starts_with("$ ")
        {
            self.explain();
        } else if !(message.lines.is_empty() && text.is_empty()) {
            message.lines.push(text.to_owned());
        }
    }

    /// The message that is being heard is over.
    fn explain(&mut self) {
        if let Some(message) = self.listening.take() {
            let lines = lines::outdent(&message.lines);
            self.all.explain(message.at, &lines);
        }
    }
}

#[cfg(test)]
mod tests;

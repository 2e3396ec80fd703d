//! pytest and unittest.

use super::{Found, lines};
use crate::case::{Case, Counts, Outcome, micros};

#[derive(Debug, Default)]
pub(super) struct Python {
    /// pytest has begun.
    pytest: bool,
    /// Why cases failed, by the heads of the section of failures; cases come after it.
    heads: Vec<(String, Vec<String>)>,
    /// Within that section.
    failures: bool,
}

/// Failures whose text is kept until their names come.
const HEADS: usize = 500;

impl Python {
    pub(super) fn line(&mut self, text: &str, found: &mut Found) -> bool {
        if let Some(title) = ruled(text, '=') {
            return self.section(title, found);
        }
        if self.failures {
            return self.failure(text);
        }
        if self.pytest && self.verbose(text, found) {
            return true;
        }
        if self.pytest && self.short(text, found) {
            return true;
        }
        // `pytest -q` ends without a rule.
        if starts_with_number(text) && ends_in_time(text) {
            return self.sums(text, found);
        }
        self.unittest(text, found)
    }

    fn section(&mut self, title: &str, found: &mut Found) -> bool {
        self.failures = matches!(title, "FAILURES" | "ERRORS");
        match title {
            "test session starts" => {
                self.pytest = true;
                self.heads.clear();
                true
            }
            "FAILURES" | "ERRORS" => {
                self.pytest = true;
                true
            }
            "short test summary info" => self.pytest,
            title if starts_with_number(title) && title.contains(" in ") => self.sums(title, found),
            _ => self.pytest,
        }
    }

    /// `1 failed, 213 passed, 3 skipped in 12.34s`.
    fn sums(&mut self, text: &str, found: &mut Found) -> bool {
        let mut counts = Counts::default();
        let mut known = false;
        for (count, word) in lines::counted(text) {
            known = true;
            match word {
                "passed" | "xpassed" => counts.passed += count,
                "failed" | "error" | "errors" => counts.failed += count,
                "skipped" | "xfailed" => counts.skipped += count,
                "deselected" | "warnings" | "warning" | "rerun" => {}
                _ => return false,
            }
        }
        if known {
            found.sums(counts);
            self.pytest = false;
            self.heads.clear();
        }
        known
    }

    /// `tests/test_a.py::TestB::test_c PASSED   [ 10%]`.
    fn verbose(&mut self, text: &str, found: &mut Found) -> bool {
        // With several processes the worker and the progress stand before.
        let (text, word_first) = match text
            .strip_prefix('[')
            .and_then(|text| text.split_once("] "))
        {
            Some((_, rest)) if rest.starts_with('[') => match rest.split_once("] ") {
                Some((_, rest)) => (rest, true),
                None => return false,
            },
            _ => (text, false),
        };
        let text = match text.rsplit_once('[') {
            Some((before, percent)) if percent.ends_with("%]") => before.trim_end(),
            _ => text,
        };
        let (id, word, why) = if word_first {
            let Some((word, id)) = text.split_once(' ') else {
                return false;
            };
            (id, word, "")
        } else {
            let (text, why) = match text
                .strip_suffix(')')
                .and_then(|text| text.split_once(" ("))
            {
                Some((text, why)) => (text, why),
                None => (text, ""),
            };
            let Some((id, word)) = text.rsplit_once(' ') else {
                return false;
            };
            (id, word, why)
        };
        let outcome = match word {
            "PASSED" | "XPASS" => Outcome::Passed,
            "FAILED" | "ERROR" => Outcome::Failed,
            "SKIPPED" | "XFAIL" => Outcome::Skipped,
            _ => return false,
        };
        let Some(case) = case(id.trim(), outcome) else {
            return false;
        };
        let at = found.case(case);
        if let Some(at) = at
            && !why.is_empty()
        {
            found.all.explain(at, why);
        }
        true
    }

    /// `FAILED tests/test_a.py::test_b - AssertionError: …`, from the last section.
    fn short(&mut self, text: &str, found: &mut Found) -> bool {
        let rest = text
            .strip_prefix("FAILED ")
            .or_else(|| text.strip_prefix("ERROR "));
        let Some(rest) = rest else { return false };
        let (id, why) = rest.split_once(" - ").unwrap_or((rest, ""));
        let Some(case) = case(id, Outcome::Failed) else {
            return false;
        };
        let known = found.all.find(&case.suite, &case.name);
        let name = case.name.clone();
        let at = known.or_else(|| found.case(case));
        if let Some(at) = at {
            let dotted = name.replace("::", ".");
            let is = |(head, _): &(String, Vec<String>)| *head == dotted || *head == name;
            let told = self
                .heads
                .iter()
                .position(is)
                .map(|at| self.heads.remove(at));
            let text = told.map(|(_, lines)| lines.join("\n"));
            found.all.explain(at, text.as_deref().unwrap_or(why));
        }
        true
    }

    /// Within the section of failures: heads, and the lines that begin with `E`.
    fn failure(&mut self, text: &str) -> bool {
        if let Some(head) = ruled(text, '_') {
            if self.heads.len() < HEADS && head != "_ _" {
                let head = head.strip_prefix("ERROR at setup of ").unwrap_or(head);
                self.heads.push((head.to_owned(), Vec::new()));
            }
            return true;
        }
        let Some((_, lines)) = self.heads.last_mut() else {
            return true;
        };
        let place = || {
            text.split_once(": ")
                .is_some_and(|(place, _)| place.contains(".py:"))
        };
        let line = match text.strip_prefix("E  ") {
            Some(line) => Some(line.trim_start().to_owned()),
            None if !text.starts_with(' ') && place() => Some(text.to_owned()),
            None => text
                .strip_prefix('>')
                .map(|line| format!("> {}", line.trim_start())),
        };
        if let Some(line) = line
            && lines.len() < super::MESSAGE_LINES
        {
            lines.push(line);
        }
        true
    }

    /// `test_a (tests.B.test_a) ... ok`, `FAIL: test_a (tests.B)`, `Ran 5 tests in 0.01s`.
    fn unittest(&mut self, text: &str, found: &mut Found) -> bool {
        if let Some(rest) = text
            .strip_prefix("FAIL: ")
            .or_else(|| text.strip_prefix("ERROR: "))
        {
            let Some((name, suite)) = of_class(rest) else {
                return false;
            };
            let known = found.all.find(suite, name);
            let at = known.or_else(|| found.test(suite, name, Outcome::Failed, None));
            found.explained_next(at, 1);
            return true;
        }
        if let Some((head, end)) = text.rsplit_once(" ... ") {
            let Some((name, suite)) = of_class(head) else {
                return false;
            };
            let (outcome, why) = match end {
                "ok" => (Outcome::Passed, ""),
                "FAIL" | "ERROR" => (Outcome::Failed, ""),
                "expected failure" => (Outcome::Skipped, end),
                end if end.starts_with("skipped") => (Outcome::Skipped, end),
                _ => return false,
            };
            if let Some(at) = found.test(suite, name, outcome, None) {
                found.all.explain(at, why);
            }
            return true;
        }
        let Some((count, rest)) = text.strip_prefix("Ran ").and_then(lines::number) else {
            return false;
        };
        let rest = rest
            .trim_start()
            .trim_start_matches("tests")
            .trim_start_matches("test");
        let Some(took) = rest
            .strip_prefix(" in ")
            .and_then(|took| took.strip_suffix('s'))
        else {
            return false;
        };
        if micros(took).is_none() {
            return false;
        }
        let known = found.since;
        found.sums(Counts {
            passed: count.saturating_sub(known.failed + known.skipped),
            failed: known.failed,
            skipped: known.skipped,
            micros: 0,
        });
        true
    }
}

/// The case of `tests/test_a.py::TestB::test_c`.
fn case(id: &str, outcome: Outcome) -> Option<Case> {
    let (file, name) = id.split_once("::")?;
    let path = file.ends_with(".py") || file.contains('/');
    if !path || file.contains(' ') {
        return None;
    }
    let mut case = Case::new(file, name, outcome);
    case.set_file(file);
    Some(case)
}

/// `test_a` and `tests.B` of `test_a (tests.B.test_a)`.
fn of_class(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once(" (")?;
    let (suite, _) = rest.split_once(')')?;
    if name.contains(' ') || suite.contains(' ') || !suite.contains('.') {
        return None;
    }
    let within = suite
        .strip_suffix(name)
        .and_then(|suite| suite.strip_suffix('.'));
    Some((name, within.unwrap_or(suite)))
}

fn starts_with_number(text: &str) -> bool {
    lines::number(text).is_some_and(|(_, rest)| rest.starts_with(' '))
}

/// `… in 0.12s`, `… in 75.10s (0:01:15)`.
fn ends_in_time(text: &str) -> bool {
    let Some((_, took)) = text.rsplit_once(" in ") else {
        return false;
    };
    let took = took.split(" (").next().unwrap_or(took);
    took.strip_suffix('s').and_then(micros).is_some()
}

/// The title between rules: `==== title ====`.
fn ruled(text: &str, rule: char) -> Option<&str> {
    let inner = text.trim_start_matches(rule);
    if text.len() - inner.len() < 3 {
        return None;
    }
    let title = inner.trim_end_matches(rule);
    (title.len() < inner.len())
        .then(|| title.trim())
        .filter(|title| !title.is_empty())
}

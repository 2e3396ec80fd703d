//! Runners that mostly tell sums: Maven Surefire, Gradle, PHPUnit, RSpec, Minitest, CTest,
//! GoogleTest.

use super::{Found, lines};
use crate::case::{Counts, Outcome, micros};

#[derive(Debug, Default)]
pub(super) struct Sums {
    /// Tests that classes told of, so that Maven's total says nothing new.
    classes: u64,
    /// Failures of a class that are counted and not named yet.
    owed: u64,
    /// PHPUnit or RSpec explains failures: numbered lines name cases.
    explains: Option<Names>,
    /// GoogleTest has told its sums, and names again what failed.
    again: bool,
}

/// What a numbered line is the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    /// `1) FooTest::testBar`.
    Php,
    /// `  1) Foo does bar`.
    Ruby,
}

impl Sums {
    pub(super) fn line(&mut self, text: &str, found: &mut Found) -> bool {
        self.surefire(text, found)
            || self.google(text, found)
            || gradle(text, found)
            || self.explained(text, found)
            || self.php(text, found)
            || self.ruby(text, found)
            || ctest(text, found)
    }

    /// `[INFO] Tests run: 5, Failures: 1, Errors: 0, Skipped: 0, Time elapsed: 0.05 s - in a.BTest`,
    /// `[ERROR] a.BTest.c -- Time elapsed: 0.01 s <<< FAILURE!`.
    fn surefire(&mut self, text: &str, found: &mut Found) -> bool {
        let text = text.trim_start();
        let level = |text: &str| {
            let rest = text.strip_prefix('[')?;
            let (_, rest) = rest.split_once("] ")?;
            Some(rest.trim_start().to_owned())
        };
        let inner = level(text);
        let text = inner.as_deref().unwrap_or(text);
        if let Some(rest) = text.strip_prefix("Tests run: ") {
            let mut counts = Counts::default();
            let Some((total, rest)) = lines::number(rest) else {
                return false;
            };
            for part in rest.split(',') {
                let Some((word, count)) = part.trim().split_once(": ") else {
                    continue;
                };
                let Some((count, _)) = lines::number(count) else {
                    continue;
                };
                match word {
                    "Failures" | "Errors" => counts.failed += count,
                    "Skipped" => counts.skipped += count,
                    _ => {}
                }
            }
            counts.passed = total.saturating_sub(counts.failed + counts.skipped);
            if rest.contains("Time elapsed:") {
                self.classes += total;
                self.owed = counts.failed.saturating_sub(found.since.failed);
                found.sums(counts);
            } else if self.classes == 0 {
                found.sums(counts);
            } else {
                self.classes = 0;
                found.since = Counts::default();
            }
            return true;
        }
        if text.starts_with("OK (") && text.ends_with("tests)") {
            // JUnit 4 by itself.
            if let Some((count, _)) = text.get(4..).and_then(lines::number) {
                found.sums(Counts {
                    passed: count,
                    ..Counts::default()
                });
                return true;
            }
        }
        let failed = text
            .strip_suffix("<<< FAILURE!")
            .or_else(|| text.strip_suffix("<<< ERROR!"));
        let Some((head, took)) = failed.and_then(|text| text.split_once("Time elapsed: ")) else {
            return false;
        };
        let took = took.trim().strip_suffix('s').and_then(micros);
        let head = head.trim().trim_end_matches("--").trim_end();
        let (suite, name) = match head
            .strip_suffix(')')
            .and_then(|head| head.rsplit_once('('))
        {
            Some((name, suite)) => (suite, name),
            None => match head.rsplit_once('.') {
                Some(names) => names,
                None => return false,
            },
        };
        let at = found.test(suite, name, Outcome::Failed, took);
        if self.owed > 0 {
            // The sums of its class came before it.
            self.owed -= 1;
            found.unnamed.failed = found.unnamed.failed.saturating_sub(1);
            found.since.failed = found.since.failed.saturating_sub(1);
        }
        found.explained_next(at, 1);
        true
    }

    /// `[       OK ] Suite.Name (3 ms)`, `[  FAILED  ] Suite.Name (3 ms)`.
    fn google(&mut self, text: &str, found: &mut Found) -> bool {
        if !text.starts_with('[') || text.len() < 13 {
            return false;
        }
        let Some((word, rest)) = text.split_once("] ") else {
            return false;
        };
        if word.len() != 11 {
            return false;
        }
        let outcome = match word.trim_start_matches('[').trim() {
            "OK" => Outcome::Passed,
            "FAILED" => Outcome::Failed,
            "SKIPPED" => Outcome::Skipped,
            "==========" => {
                self.again = rest.contains(" ran.");
                return true;
            }
            "PASSED" | "RUN" | "----------" => return true,
            _ => return false,
        };
        if self.again {
            return true;
        }
        let (name, took) = match rest.rsplit_once(" (") {
            Some((name, took)) => (name, lines::span(took)),
            None => (rest, None),
        };
        let name = name.split(", where ").next().unwrap_or(name);
        let Some((suite, name)) = name.split_once('.') else {
            return true;
        };
        found.test(suite, name, outcome, took);
        true
    }

    /// `OK (5 tests, 9 assertions)`, `Tests: 5, Assertions: 9, Failures: 1, Skipped: 1.`
    fn php(&mut self, text: &str, found: &mut Found) -> bool {
        if text.starts_with("There was 1 ") || text.starts_with("There were ") {
            if text.ends_with("failure:")
                || text.ends_with("failures:")
                || text.ends_with("error:")
                || text.ends_with("errors:")
            {
                self.explains = Some(Names::Php);
                return true;
            }
            return false;
        }
        if let Some(rest) = text
            .strip_prefix("OK (")
            .filter(|rest| rest.contains("assertion"))
        {
            let Some((count, _)) = lines::number(rest) else {
                return false;
            };
            found.sums(Counts {
                passed: count,
                ..Counts::default()
            });
            return true;
        }
        if !text.starts_with("Tests: ") || !text.contains("Assertions: ") {
            return false;
        }
        let (mut total, mut counts) = (0, Counts::default());
        for part in text.trim_end_matches('.').split(", ") {
            let Some((word, count)) = part.split_once(": ") else {
                continue;
            };
            let count = count.parse().unwrap_or(0);
            match word {
                "Tests" => total = count,
                "Failures" | "Errors" => counts.failed += count,
                "Skipped" | "Incomplete" => counts.skipped += count,
                _ => {}
            }
        }
        counts.passed = total.saturating_sub(counts.failed + counts.skipped);
        found.sums(counts);
        self.explains = None;
        true
    }

    /// `214 examples, 2 failures, 1 pending`, `5 runs, 6 assertions, 1 failures, 0 errors, 0 skips`.
    fn ruby(&mut self, text: &str, found: &mut Found) -> bool {
        if text == "Failures:" {
            self.explains = Some(Names::Ruby);
            return true;
        }
        if let Some(rest) = text.strip_prefix("rspec ./") {
            let Some((place, name)) = rest.split_once(" # ") else {
                return false;
            };
            let file = place.split([':', '[']).next().unwrap_or(place);
            let known = found.all.find("", name);
            let at = known.or_else(|| found.test("", name, Outcome::Failed, None));
            if let Some(case) = at.and_then(|at| found.all.at(at)) {
                case.set_file(file);
            }
            return true;
        }
        let Some((total, rest)) = lines::number(text) else {
            return false;
        };
        let rest = rest.trim_start();
        let example = rest.starts_with("example");
        if !(example || rest.starts_with("runs, ") || rest.starts_with("tests, ")) {
            return false;
        }
        let mut counts = Counts::default();
        let mut told = example;
        for (count, word) in lines::counted(rest) {
            match word {
                "failure" | "failures" | "errors" | "error" => counts.failed += count,
                "pending" | "skips" | "skip" => counts.skipped += count,
                "assertions" | "assertion" => told = true,
                _ => {}
            }
        }
        if !told {
            return false;
        }
        counts.passed = total.saturating_sub(counts.failed + counts.skipped);
        found.sums(counts);
        self.explains = None;
        true
    }

    /// The numbered lines that name what failed.
    fn explained(&mut self, text: &str, found: &mut Found) -> bool {
        let Some(names) = self.explains else {
            return false;
        };
        let trimmed = text.trim_start();
        let Some((_, rest)) = lines::number(trimmed) else {
            return false;
        };
        let Some(name) = rest.strip_prefix(") ") else {
            return false;
        };
        let at = match names {
            Names::Php => match name.split_once("::") {
                Some((suite, name)) => found.test(suite, name, Outcome::Failed, None),
                None => return false,
            },
            Names::Ruby if text.len() == trimmed.len() => return false,
            Names::Ruby => found.test("", name, Outcome::Failed, None),
        };
        found.explained_next(at, 1);
        true
    }
}

/// `a.BTest > c() FAILED`, `5 tests completed, 1 failed`.
fn gradle(text: &str, found: &mut Found) -> bool {
    if let Some((total, rest)) = lines::number(text)
        && let Some(rest) = rest
            .strip_prefix(" tests completed")
            .or_else(|| rest.strip_prefix(" test completed"))
    {
        let mut counts = Counts::default();
        for (count, word) in lines::counted(rest) {
            match word {
                "failed" => counts.failed = count,
                "skipped" => counts.skipped = count,
                _ => {}
            }
        }
        counts.passed = total.saturating_sub(counts.failed + counts.skipped);
        found.sums(counts);
        return true;
    }
    let Some((head, word)) = text.rsplit_once(' ') else {
        return false;
    };
    let outcome = match word {
        "PASSED" => Outcome::Passed,
        "FAILED" => Outcome::Failed,
        "SKIPPED" => Outcome::Skipped,
        _ => return false,
    };
    if head.starts_with("> Task") {
        return false;
    }
    let Some((suite, name)) = head.split_once(" > ") else {
        return false;
    };
    if suite.contains(' ') {
        return false;
    }
    let at = found.test(suite, name.trim_end_matches("()"), outcome, None);
    if outcome == Outcome::Failed {
        found.explained_next(at, 1);
    }
    true
}

/// `1/3 Test #1: name ....   Passed    0.01 sec`.
fn ctest(text: &str, found: &mut Found) -> bool {
    let Some((count, rest)) = text.trim_start().split_once(" Test ") else {
        return false;
    };
    if !count.contains('/') || lines::number(count).is_none() {
        return false;
    }
    let Some((_, rest)) = rest
        .trim_start()
        .strip_prefix('#')
        .and_then(|rest| rest.split_once(": "))
    else {
        return false;
    };
    let (outcome, word) = [
        (Outcome::Passed, "Passed"),
        (Outcome::Failed, "***Failed"),
        (Outcome::Failed, "***Timeout"),
        (Outcome::Failed, "***Exception"),
        (Outcome::Failed, "***Not Run"),
        (Outcome::Skipped, "***Skipped"),
    ]
    .into_iter()
    .find(|(_, word)| rest.contains(word))
    .unwrap_or((Outcome::Passed, ""));
    let Some((name, after)) = rest.split_once(word).filter(|_| !word.is_empty()) else {
        return false;
    };
    let name = name.trim_end().trim_end_matches('.').trim_end();
    let took = after
        .trim()
        .strip_suffix("sec")
        .and_then(|took| micros(took.trim()));
    found.test("", name, outcome, took);
    true
}

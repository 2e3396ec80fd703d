//! `cargo test` and `cargo nextest`.

use super::{Found, lines};
use crate::case::{Outcome, micros};

#[derive(Debug, Default)]
pub(super) struct Rust {
    /// The program of tests that runs: `parser`, `Doc-tests parser`.
    suite: String,
    /// Within a run of libtest: its sums have not come yet.
    running: bool,
    /// After the summary of nextest, which names what failed again.
    summed: bool,
}

impl Rust {
    pub(super) fn line(&mut self, text: &str, found: &mut Found) -> bool {
        let trimmed = text.trim_start();
        if let Some(rest) = trimmed.strip_prefix("Running ") {
            return self.begins(rest);
        }
        if let Some(name) = trimmed.strip_prefix("Doc-tests ") {
            self.suite = format!("Doc-tests {name}");
            return true;
        }
        if let Some(rest) = text.strip_prefix("test ") {
            return self.test(rest, found);
        }
        if let Some(rest) = text.strip_prefix("---- ") {
            let name = rest
                .strip_suffix(" stdout ----")
                .or_else(|| rest.strip_suffix(" stderr ----"))
                .or_else(|| rest.strip_suffix(" ----"));
            if let Some(name) = name {
                let at = found.all.find(&self.suite, name);
                found.explained_next(at, 2);
                return true;
            }
        }
        if self.running && text == "failures:" {
            return true;
        }
        self.nextest(trimmed, found)
    }

    /// `unittests src/lib.rs (target/debug/deps/parser-0f2a)`, `tests/a.rs (…)`.
    fn begins(&mut self, rest: &str) -> bool {
        let Some((_, path)) = rest.rsplit_once('(') else {
            return false;
        };
        let Some(path) = path.strip_suffix(')').filter(|path| path.contains("deps")) else {
            return false;
        };
        let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let file = file.strip_suffix(".exe").unwrap_or(file);
        let name = file.rsplit_once('-').map_or(file, |(name, _)| name);
        name.clone_into(&mut self.suite);
        true
    }

    fn test(&mut self, rest: &str, found: &mut Found) -> bool {
        if let Some(result) = rest.strip_prefix("result: ") {
            // "ok. 5 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.02s"
            let Some((_, sums)) = result.split_once(". ") else {
                return false;
            };
            let mut counts = crate::Counts::default();
            for (count, word) in lines::counted(sums) {
                match word {
                    "passed" => counts.passed = count,
                    "failed" => counts.failed = count,
                    "ignored" => counts.skipped = count,
                    _ => {}
                }
            }
            found.sums(counts);
            self.running = false;
            return true;
        }
        let Some((name, end)) = rest.rsplit_once(" ... ") else {
            return false;
        };
        let (word, more) = end.split_once([' ', ',']).unwrap_or((end, ""));
        let outcome = match word {
            "ok" => Outcome::Passed,
            "FAILED" => Outcome::Failed,
            "ignored" => Outcome::Skipped,
            _ => return false,
        };
        self.running = true;
        let name = name.strip_suffix(" - should panic").unwrap_or(name);
        let took = more
            .trim()
            .strip_prefix('<')
            .and_then(|more| more.split_once("s>"));
        let took = took.and_then(|(seconds, _)| micros(seconds));
        let at = found.test(&self.suite, name, outcome, took);
        if let (Outcome::Skipped, Some(at), more) = (outcome, at, more.trim())
            && !more.is_empty()
        {
            found.all.explain(at, more);
        }
        true
    }

    /// `PASS [   0.005s] (1/9) crate::bin tests::a`, `FAIL [ … ] …`, `TRY 2 PASS [ … ] …`.
    fn nextest(&mut self, text: &str, found: &mut Found) -> bool {
        if text.starts_with("Nextest run ID ") {
            self.summed = false;
            return true;
        }
        if let Some(rest) = text.strip_prefix("Summary [") {
            let Some((_, sums)) = rest
                .split_once("tests run:")
                .or_else(|| rest.split_once("test run:"))
            else {
                return false;
            };
            let mut counts = crate::Counts::default();
            for (count, word) in lines::counted(sums) {
                match word {
                    "passed" => counts.passed += count,
                    "failed" | "timed" => counts.failed += count,
                    "skipped" => counts.skipped += count,
                    _ => {}
                }
            }
            found.sums(counts);
            self.summed = true;
            return true;
        }
        let (status, rest) = match text.split_once('[') {
            Some((status, rest)) if status.len() <= 24 => (status.trim_end(), rest),
            _ => return false,
        };
        let (retried, word) = match status.strip_prefix("TRY ").and_then(lines::number) {
            Some((count, word)) => (count > 1, word.trim_start()),
            None => (false, status),
        };
        let outcome = match word {
            "PASS" | "FLAKY" | "LEAK" => Outcome::Passed,
            // Another try follows, and its last one counts.
            "FAIL" if status.starts_with("TRY ") => return true,
            "FAIL" | "TIMEOUT" | "ABORT" | "SIGABRT" | "SIGSEGV" | "SIGKILL" | "XFAIL" => {
                Outcome::Failed
            }
            "SKIP" | "IGNORED" => Outcome::Skipped,
            _ => return false,
        };
        let Some((took, name)) = rest.split_once(']') else {
            return false;
        };
        if self.summed {
            return true;
        }
        let name = name.trim_start();
        // Its place among all, in newer ones.
        let name = match name
            .strip_prefix('(')
            .and_then(|name| name.split_once(") "))
        {
            Some((_, name)) => name.trim_start(),
            None => name,
        };
        let Some((suite, name)) = name.split_once(' ') else {
            return false;
        };
        let took = took.trim().strip_suffix('s').and_then(micros);
        let mut case = crate::Case::new(suite, name, outcome);
        case.micros = took;
        case.retried = retried && outcome == Outcome::Passed;
        let at = found.case(case);
        if outcome == Outcome::Failed {
            found.explained_next(at, 2);
        }
        true
    }
}

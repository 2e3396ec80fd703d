//! `go test`, plain, with `-v` and with `-json`.

use super::Found;
use crate::case::{Case, Outcome, micros};
use serde::Deserialize;
use std::collections::HashMap;

/// Tests whose output is kept while they run.
const RUNNING: usize = 256;
/// Bytes kept of one's output.
const OUTPUT: usize = 4 << 10;
/// Cases whose package is not known yet.
const WAITING: usize = 20_000;

#[derive(Debug, Default)]
pub(super) struct Go {
    /// Cases of the package that is tested; its name comes after them.
    waiting: Vec<usize>,
    /// Output of tests, of `-json`.
    output: HashMap<(String, String), String>,
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "Action")]
    action: String,
    #[serde(rename = "Package", default)]
    package: String,
    #[serde(rename = "Test", default)]
    test: String,
    #[serde(rename = "Elapsed", default)]
    elapsed: Option<f64>,
    #[serde(rename = "Output", default)]
    output: String,
}

impl Go {
    pub(super) fn line(&mut self, text: &str, found: &mut Found) -> bool {
        if text.starts_with("{\"") && text.contains("\"Action\":") {
            return self.json(text, found);
        }
        if let Some(rest) = text.trim_start().strip_prefix("--- ") {
            return self.test(rest, found);
        }
        if text.starts_with("=== RUN ")
            || text.starts_with("=== PAUSE ")
            || text.starts_with("=== CONT ")
        {
            return true;
        }
        self.package(text, found)
    }

    /// `PASS: TestA/sub (0.00s)`.
    fn test(&mut self, rest: &str, found: &mut Found) -> bool {
        let Some((word, rest)) = rest.split_once(": ") else {
            return false;
        };
        let outcome = match word {
            "PASS" => Outcome::Passed,
            "FAIL" => Outcome::Failed,
            "SKIP" => Outcome::Skipped,
            _ => return false,
        };
        let Some((name, took)) = rest.rsplit_once(" (") else {
            return false;
        };
        let Some(took) = took.strip_suffix("s)").and_then(micros) else {
            return false;
        };
        let at = found.test("", name, outcome, Some(took));
        if let Some(at) = at
            && self.waiting.len() < WAITING
        {
            self.waiting.push(at);
        }
        if outcome == Outcome::Failed {
            found.explained_next(at, 1);
        }
        true
    }

    /// `ok  example.test/a  0.01s`, `FAIL  example.test/b  0.2s` (with tabs): all before is of this package.
    fn package(&mut self, text: &str, found: &mut Found) -> bool {
        let rest = text
            .strip_prefix("ok  \t")
            .or_else(|| text.strip_prefix("FAIL\t"));
        let Some(name) = rest.and_then(|rest| rest.split('\t').next()) else {
            return text == "PASS" || text == "FAIL";
        };
        for at in self.waiting.drain(..) {
            found.all.rename(at, name);
        }
        true
    }

    fn json(&mut self, text: &str, found: &mut Found) -> bool {
        let Ok(line) = serde_json::from_str::<Line>(text) else {
            return false;
        };
        if line.test.is_empty() {
            return true;
        }
        let key = (line.package, line.test);
        let outcome = match line.action.as_str() {
            "pass" => Outcome::Passed,
            "fail" => Outcome::Failed,
            "skip" => Outcome::Skipped,
            "output" => {
                let known = self.output.contains_key(&key);
                if !line.output.starts_with("=== ") && (known || self.output.len() < RUNNING) {
                    let output = self.output.entry(key).or_default();
                    if output.len() < OUTPUT {
                        output.push_str(&line.output);
                    }
                }
                return true;
            }
            _ => return true,
        };
        let output = self.output.remove(&key);
        let mut case = Case::new(&key.0, &key.1, outcome);
        case.micros = line
            .elapsed
            .filter(|seconds| (0.0..86_400.0).contains(seconds))
            .map(|seconds| (seconds * 1e6) as u64);
        if let (Some(output), true) = (output, outcome != Outcome::Passed) {
            case.set_message(&output);
        }
        found.case(case);
        true
    }
}

//! The Test Anything Protocol: `ok 1 - name`.

use super::{Found, lines};
use crate::case::Outcome;

#[derive(Debug, Default)]
pub(super) struct Tap {
    /// A version or a plan was seen, so `ok 1` is a test.
    on: bool,
    /// Within the block that explains a case.
    block: Option<(Option<usize>, Vec<String>)>,
    /// The number that comes next; another one begins anew.
    next: u64,
    /// What a comment names before its tests: `# Subtest: a`.
    suite: String,
}

impl Tap {
    pub(super) fn line(&mut self, text: &str, found: &mut Found) -> bool {
        let trimmed = text.trim_start();
        if let Some((at, collected)) = &mut self.block {
            if trimmed == "..." || collected.len() >= super::MESSAGE_LINES {
                let lines = lines::outdent(collected);
                if let Some(at) = *at {
                    found.all.explain(at, &lines);
                }
                self.block = None;
            } else {
                collected.push(text.to_owned());
            }
            return true;
        }
        if text.starts_with("TAP version ") {
            self.on = true;
            return true;
        }
        if let Some((1, rest)) = lines::number(text)
            && let Some((_, rest)) = rest.strip_prefix("..").and_then(lines::number)
            && (rest.is_empty() || rest.starts_with(" #"))
        {
            self.on = true;
            return true;
        }
        if !self.on {
            return false;
        }
        if let Some(name) = trimmed.strip_prefix("# Subtest: ") {
            // The outermost is named by its own line after it.
            if trimmed.len() == text.len() {
                name.clone_into(&mut self.suite);
            }
            return true;
        }
        self.test(text, found)
    }

    fn test(&mut self, text: &str, found: &mut Found) -> bool {
        let trimmed = text.trim_start();
        let nested = trimmed.len() < text.len();
        let (good, rest) = match trimmed.strip_prefix("not ok") {
            Some(rest) => (false, rest),
            None => match trimmed.strip_prefix("ok") {
                Some(rest) => (true, rest),
                None if trimmed == "---" && self.next > 0 => {
                    let at = found.all.report.cases.len().checked_sub(1);
                    self.block = Some((at, Vec::new()));
                    return true;
                }
                None => return false,
            },
        };
        let Some(rest) = rest.strip_prefix(' ') else {
            return false;
        };
        let (count, rest) = lines::number(rest).unwrap_or((self.next + 1, rest));
        let rest = rest
            .trim_start()
            .strip_prefix("- ")
            .unwrap_or(rest.trim_start());
        let (name, directive) = match rest.rsplit_once(" # ") {
            Some((name, directive)) => (name, directive),
            None => rest
                .strip_prefix("# ")
                .map_or((rest, ""), |directive| ("", directive)),
        };
        let is = |word: &str| {
            directive
                .get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        let outcome = match good {
            _ if is("skip") || is("todo") => Outcome::Skipped,
            true => Outcome::Passed,
            false => Outcome::Failed,
        };
        self.next = count;
        let name = if name.is_empty() {
            format!("test {count}")
        } else {
            name.to_owned()
        };
        let took = directive.strip_prefix("time=").and_then(lines::span);
        // A test of tests is shown by those alone.
        if !nested && name == self.suite {
            self.suite.clear();
            if found.all.report.cases.iter().any(|case| case.suite == name) {
                return true;
            }
        }
        let suite = if nested {
            self.suite.clone()
        } else {
            String::new()
        };
        let at = found.test(&suite, &name, outcome, took);
        if let (Some(at), true) = (at, is("skip") || is("todo")) {
            found.all.explain(at, directive);
        }
        true
    }
}

//! Runners that print marks below the names of what is described: Jest, Mocha, Vitest, and the
//! failures that they explain at the end.

use super::{Found, lines};
use crate::case::{Case, Counts, Outcome};

#[derive(Debug, Default)]
pub(super) struct Spec {
    /// The file whose tests come, of Jest.
    file: String,
    /// What is described, by its indentation.
    titles: Vec<(usize, String)>,
    /// Within the failures that Mocha explains: by number, and the lines of the name so far.
    explained: Option<(usize, Vec<String>)>,
    /// Mocha told its sums: numbered lines explain failures from here on.
    summed: bool,
    /// A runner has said that it is one: marks are tests. Other programs print marks, too.
    sure: bool,
    /// Cases that wait for that.
    waiting: Vec<(u64, Case)>,
}

/// Cases that wait at most.
const WAITING: usize = 20_000;

const PASS: [&str; 3] = ["✓ ", "✔ ", "√ "];
const FAIL: [&str; 4] = ["✕ ", "✗ ", "✖ ", "× "];
const SKIP: [&str; 3] = ["○ ", "↓ ", "✎ "];
/// What is described in each other.
const DEEP: usize = 32;

impl Spec {
    pub(super) fn line(&mut self, text: &str, found: &mut Found) -> bool {
        let trimmed = text.trim_start();
        let blanks = text.len() - trimmed.len();
        if trimmed.is_empty() {
            return false;
        }
        if self.sums(trimmed, found) || self.file(text, found) || self.detail(text, blanks, found) {
            return true;
        }
        if blanks == 0 || (blanks == 1 && !self.sure) {
            self.title(trimmed, blanks);
            return false;
        }
        let marked = |marks: &[&str]| marks.iter().find_map(|mark| trimmed.strip_prefix(mark));
        if let Some(name) = marked(&PASS) {
            return self.test(name, blanks, Outcome::Passed, found);
        }
        if let Some(name) = marked(&FAIL) {
            return self.test(name, blanks, Outcome::Failed, found);
        }
        if let Some(name) = marked(&SKIP) {
            let name = name.strip_prefix("skipped ").unwrap_or(name);
            return self.test(name, blanks, Outcome::Skipped, found);
        }
        let below = self.titles.first().is_some_and(|(at, _)| *at < blanks);
        if below && !self.summed {
            // Mocha: "1) fails", "- waits".
            if let Some((count, rest)) = lines::number(trimmed)
                && let Some(name) = rest.strip_prefix(") ")
                && count > 0
            {
                return self.test(name, blanks, Outcome::Failed, found);
            }
            if let Some(name) = trimmed.strip_prefix("- ") {
                return self.test(name, blanks, Outcome::Skipped, found);
            }
        }
        self.title(trimmed, blanks);
        false
    }

    /// A line that may describe what follows: tests below it are named after it.
    fn title(&mut self, trimmed: &str, blanks: usize) {
        while self.titles.last().is_some_and(|(at, _)| *at >= blanks) {
            self.titles.pop();
        }
        let list = trimmed.starts_with("- ") || trimmed.starts_with("* ");
        let plausible =
            !list && trimmed.len() <= 200 && !trimmed.starts_with(['$', '>', '#', '[', '{']);
        if plausible && blanks > 0 && blanks <= 40 && self.titles.len() < DEEP {
            self.titles.push((blanks, trimmed.to_owned()));
        }
    }

    fn test(&mut self, name: &str, blanks: usize, outcome: Outcome, found: &mut Found) -> bool {
        while self.titles.last().is_some_and(|(at, _)| *at >= blanks) {
            self.titles.pop();
        }
        let (name, took) = timed(name);
        // Vitest counts the tests of a file in its line, and names those that failed below.
        if let Some((file, counted)) = name.rsplit_once(" (")
            && (counted.contains("test)")
                || counted.contains("tests")
                || counted.contains("failed"))
        {
            self.titles.clear();
            self.titles.push((blanks, file.to_owned()));
            return true;
        }
        if name.is_empty() {
            return false;
        }
        let mut chain: Vec<&str> = Vec::new();
        if !self.file.is_empty() {
            chain.push(&self.file);
        }
        chain.extend(self.titles.iter().map(|(_, title)| title.as_str()));
        // Vitest, verbose: all in one line.
        let (above, name) = match name.rsplit_once(" > ") {
            Some((above, name)) => (Some(above), name),
            None => (None, name),
        };
        chain.extend(above);
        let suite = chain.join(" > ");
        let mut case = Case::new(&suite, name, outcome);
        case.micros = took;
        if !self.file.is_empty() {
            case.set_file(&self.file);
        }
        if !self.sure {
            if self.waiting.len() < WAITING {
                self.waiting.push((found.line, case));
            }
            return false;
        }
        let at = found.case(case);
        if outcome == Outcome::Failed {
            found.explained_next(at, 1);
        }
        true
    }

    /// Marks were tests all the time.
    fn be_sure(&mut self, found: &mut Found) {
        self.sure = true;
        let line = found.line;
        for (at, case) in self.waiting.drain(..) {
            found.line = at;
            found.case(case);
        }
        found.line = line;
    }

    /// `PASS src/a.test.js (5.2 s)`, of Jest; ` FAIL  src/a.test.ts > b > c`, of Vitest.
    fn file(&mut self, text: &str, found: &mut Found) -> bool {
        let trimmed = text.trim_start();
        if trimmed.starts_with("RUN  v") {
            self.waiting.clear();
            self.sure = true;
            return true;
        }
        let rest = trimmed
            .strip_prefix("PASS ")
            .or_else(|| trimmed.strip_prefix("FAIL "));
        let Some(rest) = rest.map(str::trim) else {
            return false;
        };
        if let Some((above, name)) = rest.rsplit_once(" > ") {
            let (suite, name) = (above.to_owned(), timed(name).0);
            let known = found.all.find(&suite, name);
            let at = known.or_else(|| {
                // The line above named it by its last part only.
                let cases = found.all.report.cases.iter();
                let failed = cases
                    .enumerate()
                    .filter(|(_, case)| case.outcome == Outcome::Failed);
                failed
                    .filter(|(_, case)| {
                        case.name == name || case.name.ends_with(&format!("> {name}"))
                    })
                    .map(|(at, _)| at)
                    .next()
            });
            let at = at.or_else(|| found.test(&suite, name, Outcome::Failed, None));
            found.explained_next(at, 1);
            return true;
        }
        let path = rest.split(" (").next().unwrap_or(rest);
        if path.contains(' ') || !path.contains('.') {
            return false;
        }
        path.clone_into(&mut self.file);
        self.waiting.clear();
        self.sure = true;
        self.titles.clear();
        self.summed = false;
        true
    }

    /// `Tests:  1 failed, 12 passed, 13 total` (Jest), `Tests  1 failed | 5 passed (6)` (Vitest),
    /// `12 passing (1s)` (Mocha).
    fn sums(&mut self, trimmed: &str, found: &mut Found) -> bool {
        let rest = trimmed
            .strip_prefix("Tests:")
            .or_else(|| trimmed.strip_prefix("Tests  "));
        if let Some(rest) = rest {
            let mut counts = Counts::default();
            let counted = lines::counted(rest);
            // PHPUnit has the word first.
            if counted.is_empty() || rest.contains("ssertions:") {
                return false;
            }
            for (count, word) in counted {
                match word {
                    "passed" => counts.passed += count,
                    "failed" => counts.failed += count,
                    "skipped" | "todo" | "pending" => counts.skipped += count,
                    _ => {}
                }
            }
            self.be_sure(found);
            found.sums(counts);
            self.sure = false;
            self.file.clear();
            self.titles.clear();
            return true;
        }
        // Node's own.
        if trimmed.starts_with("ℹ tests ") {
            self.be_sure(found);
            found.since = Counts::default();
            self.sure = false;
            return true;
        }
        let Some((count, word)) = lines::number(trimmed) else {
            return false;
        };
        let word = word.trim_start();
        let word = word.split([' ', '(']).next().unwrap_or(word);
        if matches!(word, "passing" | "failing" | "pending") && !self.summed {
            self.be_sure(found);
            self.sure = false;
        }
        let mut counts = found.since;
        match word {
            "passing" => counts.passed = counts.passed.max(count),
            "failing" => counts.failed = counts.failed.max(count),
            "pending" => counts.skipped = counts.skipped.max(count),
            _ => return false,
        }
        // Each of the three in a line of its own.
        let seen = found.since;
        found.unnamed.add(Counts {
            passed: counts.passed - seen.passed,
            failed: counts.failed - seen.failed,
            skipped: counts.skipped - seen.skipped,
            micros: 0,
        });
        found.since = counts;
        if word == "passing" {
            // A run is over: the next one begins with nothing.
            found.since.passed = 0;
        }
        self.summed = true;
        self.titles.clear();
        true
    }

    /// What explains a failure at the end: `● a › b` (Jest), `1) a` and lines of names (Mocha).
    fn detail(&mut self, text: &str, blanks: usize, found: &mut Found) -> bool {
        let trimmed = text.trim_start();
        if let Some(chain) = trimmed.strip_prefix("● ") {
            let chain: Vec<&str> = chain.split(" › ").collect();
            let Some((name, titles)) = chain.split_last() else {
                return false;
            };
            if titles.is_empty() && found.all.report.cases.is_empty() && self.file.is_empty() {
                return false;
            }
            let mut above: Vec<&str> = Vec::new();
            if !self.file.is_empty() {
                above.push(&self.file);
            }
            above.extend(titles);
            let suite = above.join(" > ");
            let known = found.all.find(&suite, name);
            let at = known.or_else(|| {
                let mut case = Case::new(&suite, name, Outcome::Failed);
                if !self.file.is_empty() {
                    case.set_file(&self.file);
                }
                found.case(case)
            });
            found.explained_next(at, 2);
            return true;
        }
        if !self.summed {
            return false;
        }
        if let Some((_, rest)) = lines::number(trimmed)
            && let Some(title) = rest.strip_prefix(") ")
        {
            self.explained = Some((blanks, vec![title.trim_end_matches(':').to_owned()]));
            return true;
        }
        let Some((at, names)) = &mut self.explained else {
            return false;
        };
        if blanks <= *at || names.len() >= DEEP {
            self.explained = None;
            return false;
        }
        let last = trimmed.ends_with(':');
        names.push(trimmed.trim_end_matches(':').to_owned());
        if last {
            let names = std::mem::take(names);
            self.explained = None;
            if let Some((name, above)) = names.split_last() {
                let suite = above.join(" > ");
                let at = found.all.find(&suite, name).or_else(|| {
                    let cases = found.all.report.cases.iter();
                    let mut cases = cases.enumerate();
                    cases.find(|(_, case)| case.name == *name).map(|(at, _)| at)
                });
                found.explained_next(at, 2);
            }
        }
        true
    }
}

/// The name and how long it took: `does x (12 ms)`, `does x 5ms`.
fn timed(name: &str) -> (&str, Option<u64>) {
    let name = name.trim_end();
    if let Some((before, took)) = name.rsplit_once(" (")
        && let Some(took) = took.strip_suffix(')').and_then(lines::span)
    {
        return (before.trim_end(), Some(took));
    }
    // Vitest puts a blank or none before the unit.
    if let Some((before, took)) = name.rsplit_once(' ')
        && took.ends_with('s')
        && let Some(took) = lines::span(took)
    {
        return (before.trim_end(), Some(took));
    }
    (name, None)
}

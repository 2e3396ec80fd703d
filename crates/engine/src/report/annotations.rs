//! Lines of code that a failed job's log names: what compilers and test runners print. Pure, and
//! linear in the length of the log, whatever is in it.

mod clean;
mod paths;
mod patterns;
mod scan;

use std::collections::HashSet;
use travis_forge::hosting::Annotation;

pub(crate) use clean::clean_lines;

/// Found at most in one build.
pub(crate) const MOST: usize = 50;
/// The longest message, in bytes.
const LONGEST_MESSAGE: usize = 64 * 1024;
/// The longest title, in characters.
const LONGEST_TITLE: usize = 120;

/// What was found in one log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// Places in the repository, in the order of the log.
    pub annotations: Vec<Annotation>,
    /// Lines that say what failed, for the summary.
    pub lines: Vec<String>,
}

/// Looks through the cleaned lines of a failed job's log. `slug` is the repository's, from which the
/// folder of the build is known.
#[must_use]
pub(crate) fn find(lines: &[String], slug: &str) -> Findings {
    let mut scan = scan::Scan::new(slug);
    for line in lines {
        scan.line(line);
        if scan.found.len() >= MOST * 4 {
            break;
        }
    }
    let mut seen = HashSet::new();
    let mut findings = Findings::default();
    for place in scan.found {
        if findings.annotations.len() == MOST {
            break;
        }
        if !seen.insert((place.path.clone(), place.line)) {
            continue;
        }
        let message = clip(place.message.trim(), LONGEST_MESSAGE);
        let first = message.lines().next().unwrap_or_default();
        let title: String = first.chars().take(LONGEST_TITLE).collect();
        findings
            .lines
            .push(format!("{}:{}: {first}", place.path, place.line));
        findings.annotations.push(Annotation {
            path: place.path,
            line: place.line,
            warning: false,
            title,
            message: message.to_owned(),
        });
    }
    findings
}

/// The start of a text, at most so many bytes.
fn clip(text: &str, longest: usize) -> &str {
    let mut end = text.len().min(longest);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests;

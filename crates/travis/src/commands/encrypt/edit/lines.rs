//! The lines of a file, and which of them only go on with what an earlier one began.

use super::{flow, indent, value_of};
use std::ops::Deref;

#[derive(Clone)]
pub(super) struct Lines<'t> {
    pub all: Vec<&'t str>,
    /// Those within brackets or quotes that an earlier line opened.
    going_on: Vec<bool>,
    /// What ends a line here.
    pub end: &'static str,
}

impl<'t> Deref for Lines<'t> {
    type Target = [&'t str];
    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let all: Vec<&str> = text.split_inclusive('\n').collect();
        let end = match all.first() {
            Some(line) if line.ends_with("\r\n") => "\r\n",
            _ => "\n",
        };
        let going_on = vec![false; all.len()];
        let mut lines = Self { all, going_on, end };
        let mut start = 0;
        let mut at = 0;
        while at < lines.len() {
            let (line, mut next) = (lines.all[at], at + 1);
            let value = begun(line);
            if value.starts_with(['|', '>']) {
                // The text of a block: deeper than what it belongs to.
                let deeper =
                    |line: &&str| line.trim().is_empty() || indent(line) > indent(lines.all[at]);
                next += lines[next..].iter().take_while(|line| deeper(line)).count();
            } else if let Some(end) = end_of(text, start + line.trim_end().len() - value.len()) {
                let over = text[start..end].matches('\n').count();
                lines.going_on[next..next + over].fill(true);
                next += over;
            }
            start += lines[at..next].iter().map(|line| line.len()).sum::<usize>();
            at = next;
        }
        lines
    }

    /// Where a line begins in the text.
    pub(super) fn start(&self, at: usize) -> usize {
        self.all[..at].iter().map(|line| line.len()).sum()
    }

    /// Whether a line goes on with what an earlier one began.
    pub(super) fn goes_on(&self, at: usize) -> bool {
        self.going_on.get(at).copied().unwrap_or(false)
    }

    /// The first line from here on that begins something.
    pub(super) fn behind(&self, mut at: usize) -> usize {
        while self.goes_on(at) {
            at += 1;
        }
        at
    }

    /// Whether a line is more than space and a comment, and begins something.
    pub(super) fn says(&self, at: usize) -> bool {
        let line = self.all[at].trim();
        !self.going_on[at] && !line.is_empty() && !line.starts_with('#')
    }
}

/// The value that a line begins: behind dashes and its key.
fn begun(line: &str) -> &str {
    let mut rest = line.trim();
    if rest.starts_with('#') {
        return "";
    }
    while let Some(inner) = rest.strip_prefix("- ") {
        rest = inner.trim_start();
    }
    if rest.starts_with(['[', '{']) {
        return rest;
    }
    match value_of(rest) {
        // A whole line in quotes has no key.
        "" if rest.starts_with(['"', '\'', '|', '>']) => rest,
        value => value,
    }
}

/// Behind the brackets or quotes that open at a place.
fn end_of(text: &str, open: usize) -> Option<usize> {
    match text.as_bytes().get(open)? {
        b'[' | b'{' => flow::span(text, open).map(|span| span.end),
        b'"' | b'\'' => flow::quoted(text.as_bytes(), open),
        _ => None,
    }
}

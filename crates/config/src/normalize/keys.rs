//! Finds the key that was meant.

use super::Walk;
use crate::message::Level;
use crate::table::{KeyRow, Scope};
use crate::yaml::Entry;

/// Longer keys are never typos of ours, and comparing them would cost time.
const LONGEST_KEY: usize = 40;

/// Levenshtein distance of two words.
pub(super) fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        let mut previous = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(&right) {
            let cost = diagonal + usize::from(a != *b);
            diagonal = *cell;
            previous = cost.min(previous + 1).min(*cell + 1);
            *cell = previous;
        }
    }
    row.last().copied().unwrap_or_default()
}

fn exact(rows: &'static [KeyRow], scope: Scope, name: &str) -> Option<&'static KeyRow> {
    rows.iter()
        .find(|row| row.name == name && row.in_scope(scope))
}

fn alias(rows: &'static [KeyRow], scope: Scope, name: &str) -> Option<&'static KeyRow> {
    rows.iter()
        .find(|row| row.in_scope(scope) && row.aliases.contains(&name))
}

impl Walk<'_> {
    /// The row of a key as written, by alias, or after mending its spelling.
    pub(super) fn find_key(
        &mut self,
        rows: &'static [KeyRow],
        scope: Scope,
        path: &str,
        entry: &Entry,
    ) -> Option<&'static KeyRow> {
        let name = entry.key.as_str();
        if let Some(row) = exact(rows, scope, name) {
            return Some(row);
        }
        if let Some(row) = alias(rows, scope, name) {
            self.renamed(Level::Info, path, "alias_key", "alias", entry, row);
            return Some(row);
        }
        if name.len() > LONGEST_KEY || name.starts_with(['_', '.']) {
            return None;
        }
        let stripped = name.trim();
        let underscored = stripped.replace('-', "_");
        let cleaned: String = underscored
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        for (candidate, code, level) in [
            (stripped, "strip_key", Level::Warn),
            (&underscored, "underscore_key", Level::Info),
            (&cleaned, "clean_key", Level::Warn),
        ] {
            let found = exact(rows, scope, candidate).or_else(|| alias(rows, scope, candidate));
            if let Some(row) = found {
                self.renamed(level, path, code, "original", entry, row);
                return Some(row);
            }
        }
        // A key that is at home elsewhere is misplaced, not misspelt.
        if exact(rows, Scope::Any, name).is_some() || !self.may_search() {
            return None;
        }
        let bound = 4.min(cleaned.chars().count() / 2);
        let nearest = rows
            .iter()
            .filter(|row| row.in_scope(scope))
            .map(|row| (distance(row.name, &cleaned), row))
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, _)| *distance < bound);
        let (_, row) = nearest?;
        self.renamed(Level::Warn, path, "find_key", "original", entry, row);
        Some(row)
    }

    fn renamed(
        &mut self,
        level: Level,
        path: &str,
        code: &'static str,
        argument: &str,
        entry: &Entry,
        row: &KeyRow,
    ) {
        self.messages.add(
            level,
            path,
            code,
            [
                (argument, entry.key.as_str().into()),
                ("key", row.name.into()),
            ],
            Some((entry.line, entry.column)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances() {
        for (left, right, want) in [
            ("", "", 0),
            ("a", "", 1),
            ("", "ab", 2),
            ("script", "scirpt", 2),
            ("services", "service", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(left, right), want, "{left} {right}");
        }
    }
}

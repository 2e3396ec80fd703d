//! The change of the file that mends what a message is about.
//!
//! An edit is offered only where there is one right answer, and only after it was tried: with it
//! the file reads, its message is gone, no other has come, and the configuration is the same,
//! except where a key that has no effect is taken out.

mod candidate;
mod layout;
mod place;

use std::collections::HashMap;

use serde_json::Value;

use super::{Edit, Message};
use crate::{Options, read};
use candidate::{Candidate, Reader};
use place::Lines;

/// Files are read again for each edit as long as that stays below so many bytes; beyond, once for
/// all edits together.
const MAX_READ: usize = 1024 * 1024;

/// Gives messages on this file the edits that mend them. Messages on other files are left alone.
///
/// This reads the file again for each edit, which takes as long as reading it as many times, but
/// never longer than reading about two MiB.
pub fn offer_edits(source: &str, messages: &mut [Message]) {
    let reader = Reader::new(source);
    let mut candidates: Vec<(usize, Candidate)> = messages
        .iter()
        .enumerate()
        .filter(|(_, message)| message.file.is_none())
        .filter_map(|(index, message)| Some((index, reader.candidate(message)?)))
        .collect();
    if candidates.is_empty() {
        return;
    }
    let Ok(before) = Reading::of(source) else {
        return;
    };
    if candidates.len().saturating_mul(source.len()) <= MAX_READ {
        candidates.retain(|(index, candidate)| {
            messages
                .get(*index)
                .is_some_and(|message| before.is_mended_by(source, &[(message, candidate)]))
        });
    } else {
        let all: Vec<(&Message, &Candidate)> = candidates
            .iter()
            .filter_map(|(index, candidate)| Some((messages.get(*index)?, candidate)))
            .collect();
        if !before.is_mended_by(source, &all) {
            return;
        }
    }
    for (index, candidate) in candidates {
        if let Some(message) = messages.get_mut(index) {
            message.edit = Some(candidate.edit);
        }
    }
}

/// The file with these edits; of two that touch each other only the first is made. `None` where
/// nothing changes.
#[must_use]
pub fn apply_edits(source: &str, edits: &[Edit]) -> Option<String> {
    let lines = Lines::new(source);
    let mut places: Vec<_> = edits
        .iter()
        .filter_map(|edit| Some((lines.range(edit)?, edit.replacement.as_str())))
        .collect();
    places.sort_by_key(|(range, _)| (range.start, range.end));
    let mut result = String::with_capacity(source.len());
    let mut done = 0;
    for (range, replacement) in places {
        if range.start < done {
            continue;
        }
        result.push_str(source.get(done..range.start)?);
        result.push_str(replacement);
        done = range.end;
    }
    result.push_str(source.get(done..)?);
    (result != source).then_some(result)
}

/// Gives positions in a file with characters that nobody sees, which are not read, the columns that
/// they have in the file.
pub(crate) fn restore_columns<'m>(source: &str, messages: impl Iterator<Item = &'m mut Message>) {
    if source.is_ascii() {
        return;
    }
    let lines: Vec<&str> = source.split('\n').collect();
    for message in messages {
        if let (Some(line), Some(column)) = (message.line, message.column) {
            let text = usize::try_from(line)
                .ok()
                .and_then(|l| lines.get(l.checked_sub(1)?));
            message.column = Some(text.map_or(column, |text| place::restored(text, column)));
        }
    }
}

/// What a file says, to compare with what it says after an edit.
struct Reading {
    config: Value,
    told: HashMap<String, usize>,
}

/// All that makes a message the same one, wherever it stands.
fn fingerprint(message: &Message) -> String {
    format!("{} {}", message.code, message.full_text())
}

impl Reading {
    fn of(source: &str) -> Result<Self, crate::ConfigError> {
        let (config, messages) = read(source, Options::default())?;
        let mut told = HashMap::new();
        for message in &messages {
            *told.entry(fingerprint(message)).or_insert(0) += 1;
        }
        Ok(Self { config, told })
    }

    /// Whether the edits mend these messages and do nothing else.
    fn is_mended_by(&self, source: &str, candidates: &[(&Message, &Candidate)]) -> bool {
        let edits: Vec<Edit> = candidates
            .iter()
            .map(|(_, candidate)| candidate.edit.clone())
            .collect();
        let Some(Ok(after)) = apply_edits(source, &edits).map(|text| Self::of(&text)) else {
            return false;
        };
        let adds_nothing = after
            .told
            .iter()
            .all(|(message, count)| self.told.get(message).is_some_and(|before| count <= before));
        let are_gone = candidates.iter().all(|(message, _)| {
            let message = fingerprint(message);
            let before = self.told.get(&message).copied().unwrap_or(0);
            after.told.get(&message).copied().unwrap_or(0) < before
        });
        let changes = candidates.iter().any(|(_, candidate)| candidate.changes);
        adds_nothing && are_gone && (changes || after.config == self.config)
    }
}

#[cfg(test)]
mod tests;

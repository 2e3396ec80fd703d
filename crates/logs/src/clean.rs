//! From raw bytes to lines that can be shown.
//!
//! A line ends at `\n`. Fold and time markers are taken out. What is left is drawn as a terminal of
//! one endless row would draw it: `\r` goes back to the first column, later text overwrites earlier
//! text character by character, `ESC [ K` erases to the end and `ESC [ 2 K` the whole row. Color and
//! style sequences (`ESC [ … m`) stay; every other escape sequence and control character goes, an
//! OSC-8 link keeping only its text. Invalid UTF-8 becomes U+FFFD.
//!
//! Where text overwrites text, the color sequences of the row are written anew, since each character
//! keeps the color that it was printed in; in all other rows they stay byte for byte.
//!
//! The web client cleans its live edge by the same rules; `fixtures/clean-lines.json` holds both to
//! them. Time is linear in the input whatever it holds.

mod pen;
mod row;

use crate::marker::{self, Parsed};
pub(crate) use pen::Pen;

/// A line is shown up to this many raw bytes; the rest is only counted.
pub const MAX_LINE_BYTES: usize = 64 * 1024;

/// Cleans one raw line, given without its newline. Colors stay.
pub fn clean_line(raw: &[u8]) -> String {
    finish(clean_head(raw, true), rest_of(raw))
}

/// Cleans one raw line and drops the colors too.
pub fn plain_line(raw: &[u8]) -> String {
    finish(clean_head(raw, false), rest_of(raw))
}

/// Cleans the first [`MAX_LINE_BYTES`] of a line whose further characters were counted elsewhere.
pub(crate) fn clean_counted(head: &[u8], more: u64, colors: bool) -> String {
    finish(clean_head(head, colors), more)
}

fn rest_of(raw: &[u8]) -> u64 {
    raw.get(shown_bytes(raw)..).map_or(0, count_characters)
}

/// Characters in bytes, counted without checking them: all bytes but UTF-8 continuations.
pub(crate) fn count_characters(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|b| **b & 0xC0 != 0x80).count() as u64
}

/// How many bytes of a raw line are shown: all, or [`MAX_LINE_BYTES`] less the part of a character
/// that the cut would go through.
pub(crate) fn shown_bytes(raw: &[u8]) -> usize {
    if raw.len() <= MAX_LINE_BYTES {
        return raw.len();
    }
    let mut cut = MAX_LINE_BYTES;
    while cut > MAX_LINE_BYTES - 3 && raw[cut] & 0xC0 == 0x80 {
        cut -= 1;
    }
    cut
}

fn finish(mut text: String, more: u64) -> String {
    if more > 0 {
        text.push_str(" … ");
        text.push_str(&more.to_string());
        text.push_str(" more characters");
    }
    text
}

fn clean_head(raw: &[u8], colors: bool) -> String {
    let head = &raw[..shown_bytes(raw)];
    let bare = without_returns(head);
    if let Some(text) = as_it_stands(bare) {
        // A return may belong to a marker, and only then does it matter that it is gone.
        let marker = bare.len() < head.len() && memchr::memmem::find(bare, marker::START).is_some();
        if !marker {
            return text.to_owned();
        }
    }
    let head = without_markers(head);
    let head = String::from_utf8_lossy(without_returns(&head));
    row::draw(&head, colors)
}

/// Without the returns before the newline, which move nothing that is shown.
fn without_returns(mut head: &[u8]) -> &[u8] {
    while let [front @ .., b'\r'] = head {
        head = front;
    }
    head
}

/// The text itself when nothing in it needs work, which is so for most lines.
fn as_it_stands(head: &[u8]) -> Option<&str> {
    let control = |b: &u8| (*b < 0x20 && *b != b'\t') || *b == 0x7F || *b == 0xC2;
    if head.iter().any(control) {
        return None;
    }
    std::str::from_utf8(head).ok()
}

fn without_markers(head: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let mut kept: Option<Vec<u8>> = None;
    let mut from = 0;
    let mut search = 0;
    while let Some(at) = memchr::memmem::find(&head[search..], marker::START) {
        let at = search + at;
        if let Parsed::Mark(_, length) = marker::parse(&head[at..], true) {
            kept.get_or_insert_default()
                .extend_from_slice(&head[from..at]);
            from = at + length;
            search = from;
        } else {
            search = at + marker::START.len();
        }
    }
    match kept {
        Some(mut kept) => {
            kept.extend_from_slice(&head[from..]);
            kept.into()
        }
        None => head.into(),
    }
}

#[cfg(test)]
mod tests;

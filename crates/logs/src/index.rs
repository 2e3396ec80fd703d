//! The index of a log, built while its bytes come in.
//!
//! Bytes may come in any cut: a marker that is not whole yet waits in a small carry, which never
//! holds a newline. Memory is bounded by the number of lines (16 bytes for 256 of them) and by the
//! caps on folds and times.

use serde::{Deserialize, Serialize};

use crate::clean::Pen;
use crate::marker::{self, Mark, Parsed};

pub(crate) const MAX_FOLDS: usize = 2_000;
pub(crate) const MAX_TIMES: usize = 4_000;
/// How far up a closing mark looks for its opening, so that a flood of marks stays linear.
const MAX_OPEN: usize = 64;
const CHECK_LINES: u64 = 256;
const CHECK_BYTES: u64 = 256 * 1024;
/// A color sequence longer than this is not looked at for red.
const MAX_STYLE: usize = 32;

/// A named run of lines that viewers can close.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fold {
    /// The name, such as `install.1`.
    pub name: String,
    /// The line where it starts, from 0.
    pub first: u64,
    /// The last line inside; none while it is open.
    pub last: Option<u64>,
    /// How long the timed commands inside took in all, in nanoseconds.
    pub duration_ns: Option<u64>,
}

/// A timed command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Time {
    /// The timer's id, as printed.
    pub id: String,
    /// The line where it starts, from 0.
    pub line: u64,
    /// When it started, in nanoseconds since 1970; known once it ended.
    pub start_ns: Option<u64>,
    /// How long it took, in nanoseconds; known once it ended.
    pub duration_ns: Option<u64>,
    /// The phase it belongs to, such as `script`.
    pub event: Option<String>,
}

/// What is known of a log's lines so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Indexer {
    /// Bytes that might become a marker.
    carry: Vec<u8>,
    /// Offset of the first byte not consumed, which is the first of `carry`.
    offset: u64,
    newlines: u64,
    line_start: u64,
    /// While no text but markers stands in this line, the offset where text would start.
    text_start: u64,
    /// `(line, offset of its first byte)`, ascending.
    checks: Vec<(u64, u64)>,
    folds: Vec<Fold>,
    times: Vec<Time>,
    /// Indexes into `folds`, innermost last, with the clock when they opened.
    open_folds: Vec<(usize, Clock)>,
    open_times: Vec<usize>,
    clock: Clock,
    first_red: Option<u64>,
    style: Option<Vec<u8>>,
}

/// The sum of all timed commands so far.
#[derive(Debug, Clone, Copy, Default)]
struct Clock {
    timers: u64,
    total_ns: u64,
}

impl Indexer {
    /// Takes in the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.carry.is_empty() {
            let used = self.scan(bytes, false);
            self.carry.extend_from_slice(&bytes[used..]);
        } else {
            let mut joined = std::mem::take(&mut self.carry);
            joined.extend_from_slice(bytes);
            let used = self.scan(&joined, false);
            joined.drain(..used);
            joined.shrink_to(marker::MAX_LEN);
            self.carry = joined;
        }
    }

    /// No more bytes follow: what was carried is what it is.
    pub(crate) fn finish(&mut self) {
        let carry = std::mem::take(&mut self.carry);
        let used = self.scan(&carry, true);
        debug_assert_eq!(used, carry.len());
    }

    /// Lines so far: each newline makes one, and so does text after the last.
    pub(crate) fn lines(&self) -> u64 {
        self.newlines + u64::from(self.offset > self.text_start)
    }

    pub(crate) fn folds(&self) -> &[Fold] {
        &self.folds
    }

    pub(crate) fn times(&self) -> &[Time] {
        &self.times
    }

    pub(crate) fn first_red(&self) -> Option<u64> {
        self.first_red
    }

    /// The nearest known `(line, offset)` at or before a line.
    pub(crate) fn near(&self, line: u64) -> (u64, u64) {
        let after = self.checks.partition_point(|(known, _)| *known <= line);
        after
            .checked_sub(1)
            .and_then(|at| self.checks.get(at).copied())
            .unwrap_or_default()
    }

    /// Consumes bytes up to the first that may start a marker that is not whole.
    fn scan(&mut self, bytes: &[u8], ended: bool) -> usize {
        let mut from = 0;
        let mut search = 0;
        loop {
            let at = match memchr::memmem::find(&bytes[search..], marker::START) {
                Some(at) => search + at,
                None if ended => bytes.len(),
                None => bytes.len() - open_start(&bytes[search..]),
            };
            if at == bytes.len() {
                self.text(&bytes[from..]);
                return bytes.len();
            }
            match marker::parse(&bytes[at..], ended) {
                Parsed::Mark(mark, length) => {
                    self.text(&bytes[from..at]);
                    self.mark(&mark, length as u64);
                    from = at + length;
                    search = from;
                }
                Parsed::Text => search = at + 1,
                Parsed::Open => {
                    self.text(&bytes[from..at]);
                    return at;
                }
            }
        }
    }

    fn text(&mut self, bytes: &[u8]) {
        if self.first_red.is_none() {
            self.look_for_red(bytes);
        }
        let base = self.offset;
        for at in memchr::memchr_iter(b'\n', bytes) {
            self.newlines += 1;
            self.line_start = base + at as u64 + 1;
            let (line, offset) = self.checks.last().copied().unwrap_or_default();
            if self.newlines >= line + CHECK_LINES || self.line_start >= offset + CHECK_BYTES {
                self.checks.push((self.newlines, self.line_start));
            }
        }
        self.text_start = self.text_start.max(self.line_start);
        self.offset += bytes.len() as u64;
    }

    fn look_for_red(&mut self, bytes: &[u8]) {
        let mut at = 0;
        while at < bytes.len() {
            let Some(style) = self.style.as_mut() else {
                let Some(escape) = memchr::memchr(0x1B, &bytes[at..]) else {
                    return;
                };
                at += escape + 1;
                self.style = Some(Vec::new());
                continue;
            };
            let byte = bytes[at];
            match byte {
                b'[' if style.is_empty() => style.push(byte),
                b'0'..=b';' if !style.is_empty() && style.len() < MAX_STYLE => style.push(byte),
                b'm' if !style.is_empty() => {
                    let mut pen = Pen::default();
                    pen.apply(&style[1..]);
                    self.style = None;
                    if pen.is_red() {
                        let before = memchr::memchr_iter(b'\n', &bytes[..at]).count() as u64;
                        self.first_red = Some(self.newlines + before);
                        return;
                    }
                }
                _ => {
                    self.style = None;
                    // This byte may itself be an escape.
                    continue;
                }
            }
            at += 1;
        }
    }

    fn mark(&mut self, mark: &Mark<'_>, length: u64) {
        let alone = self.offset == self.text_start;
        match mark {
            Mark::FoldStart(name) => {
                if self.folds.len() < MAX_FOLDS {
                    self.open_folds.push((self.folds.len(), self.clock));
                    self.folds.push(Fold {
                        name: (*name).to_owned(),
                        first: self.newlines,
                        last: None,
                        duration_ns: None,
                    });
                }
            }
            Mark::FoldEnd(name) => self.close_fold(name, alone),
            Mark::TimeStart(id) => self.open_time(id),
            Mark::TimeEnd {
                id,
                start_ns,
                duration_ns,
                event,
            } => {
                if let Some(duration_ns) = duration_ns {
                    self.clock.timers += 1;
                    self.clock.total_ns = self.clock.total_ns.saturating_add(*duration_ns);
                }
                if let Some(time) = self.close_time(id) {
                    time.start_ns = *start_ns;
                    time.duration_ns = *duration_ns;
                    time.event = event.map(str::to_owned);
                }
            }
        }
        self.offset += length;
        if alone {
            self.text_start = self.offset;
        }
    }

    /// Closes the innermost fold of this name, and those inside it that were left open.
    fn close_fold(&mut self, name: &str, alone: bool) {
        let low = self.open_folds.len().saturating_sub(MAX_OPEN);
        let Some(found) = self.open_folds[low..]
            .iter()
            .rposition(|(fold, _)| self.folds[*fold].name == name)
        else {
            return;
        };
        let last = if alone {
            self.newlines.checked_sub(1)
        } else {
            Some(self.newlines)
        };
        for (fold, opened) in self.open_folds.split_off(low + found).into_iter().rev() {
            if last.is_none_or(|last| last < self.folds[fold].first) {
                // Nothing stands inside. All folds after it are inside it and gone already.
                self.folds.truncate(fold);
                continue;
            }
            self.folds[fold].last = last;
            if self.clock.timers > opened.timers {
                self.folds[fold].duration_ns = Some(self.clock.total_ns - opened.total_ns);
            }
        }
    }

    fn open_time(&mut self, id: &str) {
        if self.times.len() < MAX_TIMES {
            self.open_times.push(self.times.len());
            self.times.push(Time {
                id: id.to_owned(),
                line: self.newlines,
                start_ns: None,
                duration_ns: None,
                event: None,
            });
        }
    }

    /// The open time of this id, or a new one when its start was never seen.
    fn close_time(&mut self, id: &str) -> Option<&mut Time> {
        let low = self.open_times.len().saturating_sub(MAX_OPEN);
        let found = self.open_times[low..]
            .iter()
            .rposition(|time| self.times[*time].id == id);
        let time = match found {
            Some(found) => self.open_times.remove(low + found),
            None => {
                if self.times.len() >= MAX_TIMES {
                    return None;
                }
                self.open_time(id);
                self.open_times.pop()?
            }
        };
        self.times.get_mut(time)
    }
}

/// How many bytes at the end are the beginning of a marker's beginning.
fn open_start(bytes: &[u8]) -> usize {
    (1..marker::START.len())
        .rev()
        .find(|n| bytes.ends_with(&marker::START[..*n]))
        .unwrap_or(0)
}

//! A log for people: markers taken out, folds shown, and nothing that a terminal would obey but
//! colors and the writing over of a line.

use super::{Color, Paint, words};

#[cfg(test)]
mod tests;

/// What a marker begins with.
const MARKERS: [&[u8]; 2] = [b"travis_fold:", b"travis_time:"];
/// What a marker ends with.
const CLEAR: &[u8] = b"\r\x1b[0K";
/// A marker is never longer; what is, is text.
const LONGEST: usize = 512;
/// Commands outside of folds that took as long get their time shown.
const WORTH_SAYING_NS: u64 = 1_000_000_000;
/// Bytes of a fold that are kept back.
const MOST_HIDDEN: usize = 64 * 1024;
/// Characters of a line that are kept so that it can be written over; a longer line can't be.
const LONGEST_LINE: usize = 16_384;

/// Turns the bytes of a log, cut anywhere, into text for people.
pub struct LogWriter {
    paint: Paint,
    /// Folds, times and cursor movements are shown; otherwise only text.
    terminal: bool,
    pending: Vec<u8>,
    escape: Escape,
    /// A `\r` was read and not yet written.
    returned: bool,
    /// The cursor stands at the start of a line.
    at_start: bool,
    /// Name and time so far of the open fold.
    fold: Option<(String, u64)>,
    /// On a terminal, what folds hold is kept back and shown only where it is asked for.
    folds: bool,
    /// The end of what the fold that is open, or was the last, holds.
    hidden: String,
    /// Into files and pipes: the line so far, and where in it the next character goes.
    line: Vec<char>,
    cursor: usize,
}

/// Where in a control sequence the text stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Escape {
    /// In none.
    None,
    /// After ESC.
    Begun,
    /// After ESC `[`, with its parameters.
    Csi(String),
    /// After ESC and an intermediate such as `(`: one more.
    One,
    /// In a string that ends with BEL or ESC `\`.
    Text,
    /// In such a string after ESC.
    Closing,
}

impl LogWriter {
    /// A writer at the start of a log.
    #[must_use]
    pub fn new(paint: Paint, terminal: bool) -> Self {
        Self {
            paint,
            terminal,
            pending: Vec::new(),
            escape: Escape::None,
            returned: false,
            at_start: true,
            fold: None,
            folds: false,
            hidden: String::new(),
            line: Vec::new(),
            cursor: 0,
        }
    }

    /// As [`new`](Self::new); on a terminal each fold is one line, with its name and time.
    #[must_use]
    pub fn folded(paint: Paint, terminal: bool) -> Self {
        Self {
            folds: terminal,
            ..Self::new(paint, terminal)
        }
    }

    /// What the last fold kept back, at most its last [`MOST_HIDDEN`] bytes; for the fold in which
    /// a job broke.
    pub fn unfold(&mut self) -> String {
        std::mem::take(&mut self.hidden)
    }

    /// The next bytes; gives back what to print now. What could be the beginning of a marker or
    /// of a character is kept until it is known.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        self.pending.extend_from_slice(bytes);
        let mut out = String::new();
        let pending = std::mem::take(&mut self.pending);
        let mut rest = pending.as_slice();
        loop {
            let Some(at) = find_marker(rest) else {
                let keep = kept_for_later(rest);
                self.text(&rest[..rest.len() - keep], &mut out);
                self.pending = rest[rest.len() - keep..].to_vec();
                return out;
            };
            self.text(&rest[..at], &mut out);
            rest = &rest[at..];
            let window = &rest[..rest.len().min(LONGEST)];
            let end = window.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            match end {
                None if rest.len() < LONGEST => {
                    self.pending = rest.to_vec();
                    return out;
                }
                Some(end) if rest[end] == b'\r' => {
                    let tail = &rest[end..];
                    if tail.starts_with(CLEAR) {
                        let marker = String::from_utf8_lossy(&rest[..end]).into_owned();
                        self.marker(&marker, &mut out);
                        rest = &rest[end + CLEAR.len()..];
                        continue;
                    }
                    if CLEAR.starts_with(tail) {
                        self.pending = rest.to_vec();
                        return out;
                    }
                }
                _ => {}
            }
            // It only looks like a marker: its first character is text, then look on.
            self.text(&rest[..1], &mut out);
            rest = &rest[1..];
        }
    }

    /// The end of the log; gives back what was kept.
    pub fn finish(&mut self) -> String {
        let mut out = String::new();
        let pending = std::mem::take(&mut self.pending);
        self.text(&pending, &mut out);
        self.put_line(&mut out);
        if self.folds && self.fold.take().is_some() {
            // It was left open: the job was stopped in it.
            out.push('\n');
            self.at_start = true;
        }
        if !self.at_start {
            out.push('\n');
            self.at_start = true;
        }
        if self.paint.colors {
            // A job that was stopped amid red text must not color the shell's prompt.
            out.push_str("\x1b[0m");
        }
        out
    }

    fn text(&mut self, bytes: &[u8], out: &mut String) {
        if self.folds && self.fold.is_some() {
            let mut hidden = std::mem::take(&mut self.hidden);
            for c in String::from_utf8_lossy(bytes).chars() {
                self.character(c, &mut hidden);
            }
            if hidden.len() > 2 * MOST_HIDDEN {
                let from = hidden.len() - MOST_HIDDEN;
                // From a line's start on.
                let from = hidden
                    .char_indices()
                    .find(|(at, c)| *at >= from && *c == '\n')
                    .map_or(hidden.len(), |(at, _)| at + 1);
                hidden.drain(..from);
            }
            self.hidden = hidden;
            return;
        }
        for c in String::from_utf8_lossy(bytes).chars() {
            self.character(c, out);
        }
    }

    fn character(&mut self, c: char, out: &mut String) {
        match std::mem::replace(&mut self.escape, Escape::None) {
            Escape::None => {}
            Escape::Begun => {
                self.escape = match c {
                    '[' => Escape::Csi(String::new()),
                    ']' | 'P' | 'X' | '^' | '_' => Escape::Text,
                    ' '..='/' => Escape::One,
                    _ => Escape::None,
                };
                return;
            }
            Escape::Csi(mut parameters) => {
                match c {
                    ' '..='?' if parameters.len() < 64 => {
                        parameters.push(c);
                        self.escape = Escape::Csi(parameters);
                    }
                    ' '..='?' => self.escape = Escape::Csi(parameters),
                    '\x1b' => self.escape = Escape::Begun,
                    _ => self.sequence(c, &parameters, out),
                }
                return;
            }
            Escape::One => return,
            Escape::Text => {
                self.escape = match c {
                    '\x07' | '\u{9c}' => Escape::None,
                    '\x1b' => Escape::Closing,
                    // No string goes on past its line; otherwise one unclosed would hide the rest.
                    '\n' => {
                        self.print('\n', out);
                        Escape::None
                    }
                    _ => Escape::Text,
                };
                return;
            }
            Escape::Closing => {
                if c != '\\' {
                    self.escape = Escape::Text;
                }
                return;
            }
        }
        match c {
            '\x1b' => self.escape = Escape::Begun,
            '\r' if self.settles() => self.cursor = 0,
            '\x08' if self.settles() => self.cursor = self.cursor.saturating_sub(1),
            '\n' | '\t' => self.print(c, out),
            '\r' => self.returned = true,
            // Without a terminal there is nothing to go back on.
            '\x08' if self.terminal => out.push(c),
            c if c.is_control() => {}
            c => self.print(c, out),
        }
    }

    /// A whole `ESC [ … c`: colors and erasing to the end of the line stay, the rest goes.
    fn sequence(&mut self, c: char, parameters: &str, out: &mut String) {
        let numbers = parameters
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, ';' | ':'));
        if c == 'K' && self.settles() {
            if matches!(parameters, "" | "0") {
                self.line.truncate(self.cursor);
            }
            return;
        }
        let color = c == 'm' && self.paint.colors && numbers;
        let erase = c == 'K' && self.terminal && numbers;
        if color || erase {
            self.go_back(out);
            out.push_str("\x1b[");
            out.push_str(parameters);
            out.push(c);
        }
    }

    /// Lines are put out when they are done, as they stand after all writing over: a file holds
    /// the end of a progress bar, not its every step.
    fn settles(&self) -> bool {
        !self.terminal && !self.paint.colors
    }

    fn put_line(&mut self, out: &mut String) {
        if !self.line.is_empty() {
            out.extend(self.line.drain(..));
            self.at_start = false;
        }
        self.cursor = 0;
    }

    fn print(&mut self, c: char, out: &mut String) {
        if self.settles() {
            if c == '\n' {
                self.put_line(out);
                out.push('\n');
                self.at_start = true;
                return;
            }
            match self.line.get_mut(self.cursor) {
                Some(place) => *place = c,
                None => self.line.push(c),
            }
            self.cursor += 1;
            if self.line.len() >= LONGEST_LINE {
                self.put_line(out);
            }
            return;
        }
        if c == '\n' {
            self.returned = false;
            self.at_start = true;
        } else {
            self.go_back(out);
            self.at_start = false;
        }
        out.push(c);
    }

    /// Writes the `\r` that was read before; with colors into a file, lines that were written over
    /// follow each other.
    fn go_back(&mut self, out: &mut String) {
        if std::mem::take(&mut self.returned) && !self.at_start {
            out.push(if self.terminal { '\r' } else { '\n' });
            self.at_start = true;
        }
    }

    fn marker(&mut self, marker: &str, out: &mut String) {
        if let Some(name) = marker.strip_prefix("travis_fold:start:") {
            if self.folds {
                self.note(&format!("▸ {}", super::plain(name)), out);
                // Its end writes over it.
                out.pop();
                self.hidden.clear();
            } else if self.terminal {
                let line = format!("▾ {}", super::plain(name));
                self.note(&line, out);
            }
            self.fold = Some((name.to_owned(), 0));
        } else if marker.starts_with("travis_fold:end:") {
            if let Some((name, nanoseconds)) = self.fold.take()
                && self.terminal
            {
                let mark = if self.folds { '▸' } else { '▴' };
                let line = format!(
                    "{mark} {} · {}",
                    super::plain(&name),
                    words::measured(nanoseconds)
                );
                if self.folds {
                    out.push_str("\r\x1b[0m\x1b[K");
                    self.at_start = true;
                }
                self.note(&line, out);
            }
        } else if let Some(nanoseconds) = marker
            .strip_prefix("travis_time:end:")
            .and_then(|rest| {
                rest.split(['=', ',', ':'])
                    .skip_while(|word| *word != "duration")
                    .nth(1)
            })
            .and_then(|number| number.parse::<u64>().ok())
        {
            match &mut self.fold {
                Some((_, sum)) => *sum = sum.saturating_add(nanoseconds),
                None if self.terminal && nanoseconds >= WORTH_SAYING_NS => {
                    let line = format!("· {}", words::measured(nanoseconds));
                    self.note(&line, out);
                }
                None => {}
            }
        }
    }

    /// A line of our own.
    fn note(&mut self, text: &str, out: &mut String) {
        if !self.at_start {
            out.push('\n');
        }
        self.returned = false;
        out.push_str(&self.paint.text(Color::Gray, text));
        out.push('\n');
        self.at_start = true;
    }
}

fn find_marker(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == b't') {
        let at = from + at;
        if MARKERS.iter().any(|marker| bytes[at..].starts_with(marker)) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// How many bytes at the end may be the beginning of a marker or of a character.
fn kept_for_later(bytes: &[u8]) -> usize {
    let longest = MARKERS[0].len() - 1;
    for length in (1..=longest.min(bytes.len())).rev() {
        let tail = &bytes[bytes.len() - length..];
        if MARKERS.iter().any(|marker| marker.starts_with(tail)) {
            return length;
        }
    }
    // The first byte of an unfinished character is at most three from the end.
    for length in 1..=3.min(bytes.len()) {
        let lead = bytes[bytes.len() - length];
        let needs = match lead {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            _ => 1,
        };
        if needs > 1 {
            return if needs > length { length } else { 0 };
        }
        if lead < 0x80 {
            return 0;
        }
    }
    0
}

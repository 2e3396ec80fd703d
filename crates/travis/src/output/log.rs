//! A log for people: markers taken out, folds shown, and nothing that a terminal would obey but
//! colors and the writing over of a line.

use super::markers::{Piece, Splitter};
use super::{Color, Paint, words};

#[cfg(test)]
mod tests;

/// Commands outside of folds that took as long get their time shown.
const WORTH_SAYING_NS: u64 = 1_000_000_000;
/// Characters of a line that are kept so that it can be written over; a longer line can't be.
const LONGEST_LINE: usize = 16_384;

/// Turns the bytes of a log, cut anywhere, into text for people.
pub struct LogWriter {
    paint: Paint,
    /// Folds, times and cursor movements are shown; otherwise only text.
    terminal: bool,
    pieces: Splitter,
    escape: Escape,
    /// A `\r` was read and not yet written.
    returned: bool,
    /// The cursor stands at the start of a line.
    at_start: bool,
    /// Name and time so far of the open fold.
    fold: Option<(String, u64)>,
    /// Without a terminal, too, folds have headings.
    headings: bool,
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
            pieces: Splitter::default(),
            escape: Escape::None,
            returned: false,
            at_start: true,
            fold: None,
            headings: false,
            line: Vec::new(),
            cursor: 0,
        }
    }

    /// As [`new`](Self::new); into files and pipes, too, each fold begins with its name.
    #[must_use]
    pub fn with_headings(paint: Paint, terminal: bool) -> Self {
        Self {
            headings: true,
            ..Self::new(paint, terminal)
        }
    }

    /// The next bytes; gives back what to print now. What could be the beginning of a marker or
    /// of a character is kept until it is known.
    pub fn push(&mut self, bytes: &[u8]) -> String {
        let mut out = String::new();
        let mut pieces = std::mem::take(&mut self.pieces);
        pieces.push(bytes, |piece| self.piece(piece, &mut out));
        self.pieces = pieces;
        out
    }

    /// The end of the log; gives back what was kept.
    pub fn finish(&mut self) -> String {
        let mut out = String::new();
        let mut pieces = std::mem::take(&mut self.pieces);
        pieces.finish(|piece| self.piece(piece, &mut out));
        self.put_line(&mut out);
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

    fn piece(&mut self, piece: Piece<'_>, out: &mut String) {
        match piece {
            Piece::Text(bytes) => self.text(bytes, out),
            Piece::FoldStart(name) => {
                if self.terminal || self.headings {
                    self.put_line(out);
                    self.note(&format!("▾ {}", super::plain(name)), out);
                }
                self.fold = Some((name.to_owned(), 0));
            }
            Piece::FoldEnd => {
                if let Some((name, nanoseconds)) = self.fold.take()
                    && self.terminal
                {
                    let line = format!(
                        "▴ {} · {}",
                        super::plain(&name),
                        words::measured(nanoseconds)
                    );
                    self.note(&line, out);
                }
            }
            Piece::TimeStart => {}
            Piece::TimeEnd { nanoseconds, .. } => match &mut self.fold {
                Some((_, sum)) => *sum = sum.saturating_add(nanoseconds),
                None if self.terminal && nanoseconds >= WORTH_SAYING_NS => {
                    let line = format!("· {}", words::measured(nanoseconds));
                    self.note(&line, out);
                }
                None => {}
            },
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

//! What is printed: tables, colors, states, JSON, logs.

pub mod fleet;
pub mod live;
pub mod log;
pub mod markers;
pub mod state;
pub mod table;
pub mod views;
pub mod words;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::io::{self, Write};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Where output goes and what it may look like.
pub struct Screen {
    /// Results.
    pub out: Box<dyn Write + Send>,
    /// Remarks and errors.
    pub err: Box<dyn Write + Send>,
    /// Results go to a terminal.
    pub terminal: bool,
    /// How colors are made.
    pub paint: Paint,
    /// Columns of the terminal.
    pub width: usize,
    /// Rows of the terminal.
    pub height: usize,
    /// What time it is.
    pub clock: Clock,
}

/// The time, and the zone that dates are shown in.
pub struct Clock {
    /// The time now.
    pub now: Box<dyn Fn() -> Timestamp + Send>,
    /// Whose calendar counts.
    pub zone: TimeZone,
}

impl Clock {
    /// The machine's clock and zone.
    #[must_use]
    pub fn system() -> Self {
        Self {
            now: Box::new(Timestamp::now),
            zone: TimeZone::system(),
        }
    }
}

impl Screen {
    /// Prints an object of the API and nothing else.
    ///
    /// # Errors
    /// When writing fails.
    pub fn json<T: Serialize>(&mut self, value: &T) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut self.out, value)?;
        writeln!(self.out)?;
        self.out.flush()
    }

    /// Prints a line of results.
    ///
    /// # Errors
    /// When writing fails.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")?;
        self.out.flush()
    }

    /// Prints a remark beside the results.
    ///
    /// # Errors
    /// When writing fails.
    pub fn remark(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.err, "{text}")?;
        self.err.flush()
    }

    /// How long ago a time of the API is; empty when there is none.
    #[must_use]
    pub fn ago(&self, time: Option<&str>) -> String {
        time.and_then(|time| time.parse::<Timestamp>().ok())
            .map(|time| words::ago(time, (self.clock.now)(), &self.clock.zone))
            .unwrap_or_default()
    }

    /// Seconds from a time of the API to another, or to now.
    #[must_use]
    pub fn seconds(&self, from: Option<&str>, to: Option<&str>) -> Option<i64> {
        let from: Timestamp = from?.parse().ok()?;
        let to = match to {
            Some(to) => to.parse().ok()?,
            None => (self.clock.now)(),
        };
        Some(to.duration_since(from).as_secs().max(0))
    }
}

/// Makes colors, or doesn't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    /// Whether it does.
    pub colors: bool,
}

/// Colors of the terminal's own palette, so that light and dark themes both stay readable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// Passed.
    Green,
    /// Failed.
    Red,
    /// Errored.
    Magenta,
    /// Running.
    Yellow,
    /// Waiting, and what is said aside.
    Gray,
    /// Headings.
    Bold,
}

impl Paint {
    /// A text in a color.
    #[must_use]
    pub fn text(self, color: Color, text: &str) -> String {
        if !self.colors || text.is_empty() {
            return text.to_owned();
        }
        let code = match color {
            Color::Green => "32",
            Color::Red => "31",
            Color::Magenta => "35",
            Color::Yellow => "33",
            Color::Gray => "90",
            Color::Bold => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// A text from elsewhere on one line and without anything that a terminal would obey: names and
/// messages of commits are written by strangers.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\t' | '\n' | '\r' => ' ',
            // Marks that turn the direction of writing can make one name look like another.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' => {
                '\u{fffd}'
            }
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// The first line of a message.
#[must_use]
pub fn first_line(text: &str) -> String {
    plain(text.trim().lines().next().unwrap_or_default())
}

/// Columns that a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// A text of so many columns at most, with `…` at the end when it had to be cut.
#[must_use]
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for c in text.chars() {
        let next = used + c.width().unwrap_or(0);
        if next + 1 > columns {
            break;
        }
        used = next;
        kept.push(c);
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

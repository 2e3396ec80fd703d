//! How what a job prints is shown.

use super::steps::Steps;
use crate::cli::run::RunArgs;
use crate::output::Screen;
use crate::output::log::LogWriter;
use crate::session::Session;
use std::io;

/// One of the ways.
pub enum View {
    /// Not at all: only the results are asked for.
    Quiet,
    /// The bytes as they are.
    Raw,
    /// All of it, line by line, without what only terminals obey.
    Lines(Box<LogWriter>),
    /// Folded, in a terminal.
    Steps(Box<Steps>),
}

impl View {
    /// As the command line and the terminal say.
    #[must_use]
    pub fn of(args: &RunArgs, session: &Session) -> Self {
        let screen = &session.screen;
        if session.is_json() {
            Self::Quiet
        } else if args.raw {
            Self::Raw
        } else if args.open || !screen.terminal {
            let writer = LogWriter::with_headings(screen.paint, screen.terminal);
            Self::Lines(Box::new(writer))
        } else {
            Self::Steps(Box::new(Steps::new()))
        }
    }

    /// Whether lines of our own may stand between.
    #[must_use]
    pub fn has_words(&self) -> bool {
        matches!(self, Self::Lines(_) | Self::Steps(_))
    }

    /// Shows the next bytes.
    ///
    /// # Errors
    /// When writing fails.
    pub fn push(&mut self, bytes: &[u8], screen: &mut Screen) -> io::Result<()> {
        match self {
            Self::Quiet => return Ok(()),
            Self::Raw => screen.out.write_all(bytes)?,
            Self::Lines(writer) => screen.out.write_all(writer.push(bytes).as_bytes())?,
            Self::Steps(steps) => return steps.push(bytes, screen),
        }
        screen.out.flush()
    }

    /// Time went by.
    ///
    /// # Errors
    /// When writing fails.
    pub fn tick(&mut self, screen: &mut Screen) -> io::Result<()> {
        match self {
            Self::Steps(steps) => steps.tick(screen),
            _ => Ok(()),
        }
    }

    /// The end of the log, and how the job came out.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(&mut self, outcome: &str, screen: &mut Screen) -> io::Result<()> {
        match self {
            Self::Quiet | Self::Raw => Ok(()),
            Self::Lines(writer) => {
                screen.out.write_all(writer.finish().as_bytes())?;
                screen.out.flush()
            }
            Self::Steps(steps) => steps.finish(outcome, screen),
        }
    }
}

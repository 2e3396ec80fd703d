//! The log of a job in a terminal, folded: a line for each fold and for each command of the
//! script, the last lines of the one that runs under it, and what a broken one printed.

mod step;

use crate::output::live::Block;
use crate::output::log::LogWriter;
use crate::output::markers::{Piece, Splitter};
use crate::output::{Color, Screen, cut, plain, words};
use std::io;
use std::time::{Duration, Instant};
use step::Step;

/// Drawn no more often.
const FRAME: Duration = Duration::from_millis(90);
/// What turns while something runs.
const TURNING: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/// Lines that the script's commands printed last and that stay on the screen.
const KEPT_LINES: usize = 6;
/// Of the running step as many lines are shown at most, and as the screen has room for.
const LIVE_LINES: usize = 12;
/// A sentence about a command is not longer.
const LONGEST_SENTENCE: usize = 64 * 1024;
/// Columns of names of steps.
const NAME: usize = 14;

/// The screen of one job.
pub struct Steps {
    pieces: Splitter,
    /// What runs now.
    open: Option<Step>,
    /// What ended; whether it broke is told by what comes next.
    ended: Option<Step>,
    /// The line so far outside of steps.
    line: Vec<u8>,
    /// What is drawn at the bottom.
    block: Block,
    drawn: Option<Instant>,
    turn: usize,
}

/// How a step came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How<'a> {
    /// As far as anybody says, it worked.
    Passed,
    /// It did not; the code that it ended with, or nothing.
    Broke(&'a str),
    /// Somebody stopped the job in it.
    Stopped,
}

/// What a sentence after a command says.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It ended with this code.
    Code(String),
    /// The sentence goes on in the next line.
    Unfinished,
    /// It is no such sentence.
    None,
}

impl Steps {
    /// At the start of a log.
    #[must_use]
    pub fn new() -> Self {
        Self {
            pieces: Splitter::default(),
            open: None,
            ended: None,
            line: Vec::new(),
            block: Block::default(),
            drawn: None,
            turn: 0,
        }
    }

    /// The next bytes of the log.
    ///
    /// # Errors
    /// When writing fails.
    pub fn push(&mut self, bytes: &[u8], screen: &mut Screen) -> io::Result<()> {
        let mut pieces = std::mem::take(&mut self.pieces);
        let mut result = Ok(());
        pieces.push(bytes, |piece| {
            if result.is_ok() {
                result = self.piece(piece, screen);
            }
        });
        self.pieces = pieces;
        result?;
        match self.drawn {
            Some(drawn) if drawn.elapsed() < FRAME => Ok(()),
            _ => self.draw(screen),
        }
    }

    /// Time went by.
    ///
    /// # Errors
    /// When writing fails.
    pub fn tick(&mut self, screen: &mut Screen) -> io::Result<()> {
        self.turn = (self.turn + 1) % TURNING.len();
        self.draw(screen)
    }

    /// The end of the log, and how the job came out: what is open then is what broke, unless it
    /// was stopped.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(&mut self, outcome: &str, screen: &mut Screen) -> io::Result<()> {
        let mut pieces = std::mem::take(&mut self.pieces);
        let mut result = Ok(());
        pieces.finish(|piece| result = self.piece(piece, screen));
        result?;
        if !self.line.is_empty() {
            self.whole_line(screen)?;
        }
        let how = match outcome {
            "passed" => How::Passed,
            "canceled" => How::Stopped,
            _ => How::Broke(""),
        };
        // A command that ends the shell leaves no word behind, not even the script's last one.
        if let Some(step) = self.ended.take() {
            let how = if step.counts() { how } else { How::Passed };
            self.print(&step, how, screen)?;
        }
        if let Some(step) = self.open.take() {
            self.print(&step, how, screen)?;
        }
        self.block.clear(screen)
    }

    fn piece(&mut self, piece: Piece<'_>, screen: &mut Screen) -> io::Result<()> {
        match piece {
            Piece::Text(bytes) => match &mut self.open {
                Some(step) => step.push(bytes),
                None => self.loose(bytes, screen)?,
            },
            Piece::FoldStart(name) => {
                self.settle(screen)?;
                // A fold within a command of the script is one of its lines.
                if self.open.is_none() {
                    self.open = Some(Step::fold(name));
                }
            }
            Piece::FoldEnd => {
                if self.open.as_ref().is_some_and(Step::is_fold) {
                    self.ended = self.open.take();
                }
            }
            Piece::TimeStart => {
                self.settle(screen)?;
                self.open.get_or_insert_with(Step::command).command_begins();
            }
            Piece::TimeEnd { nanoseconds, event } => {
                let ended = |step: &mut Step| step.command_ends(nanoseconds, event);
                if self.open.as_mut().is_some_and(ended) {
                    self.ended = self.open.take();
                }
            }
        }
        Ok(())
    }

    /// Text outside of steps, line by line.
    fn loose(&mut self, bytes: &[u8], screen: &mut Screen) -> io::Result<()> {
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(line);
            if line.ends_with(b"\n") {
                self.whole_line(screen)?;
            }
        }
        Ok(())
    }

    fn whole_line(&mut self, screen: &mut Screen) -> io::Result<()> {
        let text = settled(&self.line);
        let text = text.trim_end_matches('\n');
        if let Some(step) = &self.ended {
            match verdict(text) {
                Verdict::Unfinished if self.line.len() < LONGEST_SENTENCE => return Ok(()),
                Verdict::Code(code) => {
                    let step = self.ended.take().unwrap_or_else(Step::command);
                    self.line.clear();
                    let how = match code.as_str() {
                        "0" => How::Passed,
                        code => How::Broke(code),
                    };
                    return self.print(&step, how, screen);
                }
                _ if text.trim().is_empty() => {}
                // What a step says in red after its end is why it broke.
                _ if step.is_fold() && self.line.starts_with(b"\x1b[31") => {
                    let step = self.ended.take().unwrap_or_else(Step::command);
                    self.print(&step, How::Broke(""), screen)?;
                }
                _ => self.settle(screen)?,
            }
        }
        let line = std::mem::take(&mut self.line);
        // Our own last line says the same.
        let said = text.trim();
        if said.is_empty()
            || said.starts_with("Done. Your build exited with ")
            || said == "Your build has been stopped."
        {
            return Ok(());
        }
        self.block.clear(screen)?;
        let mut writer = LogWriter::new(screen.paint, true);
        let mut text = writer.push(&line);
        text.push_str(&writer.finish());
        screen.out.write_all(text.as_bytes())
    }

    /// What ended did not break, as nothing says so.
    fn settle(&mut self, screen: &mut Screen) -> io::Result<()> {
        match self.ended.take() {
            Some(step) => self.print(&step, How::Passed, screen),
            None => Ok(()),
        }
    }

    /// The lasting line of a step, and what it printed if it broke.
    fn print(&mut self, step: &Step, how: How<'_>, screen: &mut Screen) -> io::Result<()> {
        self.block.clear(screen)?;
        let (sign, color) = match how {
            How::Broke(_) => ("✗", Color::Red),
            How::Stopped => ("■", Color::Gray),
            How::Passed if step.counts() => ("✓", Color::Green),
            How::Passed => ("·", Color::Gray),
        };
        let mut line = head(step, step.took(), screen.width);
        if let How::Broke(code) = how
            && !code.is_empty()
        {
            let ended = format!("  exited with {code}");
            line.push_str(&screen.paint.text(Color::Red, &ended));
        }
        let sign = screen.paint.text(color, sign);
        let mut text = format!("{sign} {line}\n");
        if matches!(how, How::Broke(_)) {
            let hidden = step.hidden_lines();
            if hidden > 0 {
                let note = format!("  … {} before; all of it: travis run --open", lines(hidden));
                text.push_str(&screen.paint.text(Color::Gray, &note));
                text.push('\n');
            }
            let mut writer = LogWriter::new(screen.paint, true);
            text.push_str(&writer.push(step.kept()));
            text.push_str(&writer.finish());
        } else if step.is_script() || how == How::Stopped {
            let (shown, hidden) = step.last_lines(KEPT_LINES);
            if hidden > 0 {
                let note = format!("  … {} before; all of it: --open", lines(hidden));
                text.push_str(&screen.paint.text(Color::Gray, &note));
                text.push('\n');
            }
            for line in shown {
                let line = cut(&line, screen.width.saturating_sub(3));
                text.push_str(&format!("  {}\n", screen.paint.text(Color::Gray, &line)));
            }
        }
        screen.out.write_all(text.as_bytes())?;
        screen.out.flush()
    }

    /// What runs, at the bottom of the screen.
    fn draw(&mut self, screen: &mut Screen) -> io::Result<()> {
        self.drawn = Some(Instant::now());
        let Some(step) = &self.open else {
            return screen.out.flush();
        };
        let sign = screen.paint.text(Color::Yellow, TURNING[self.turn]);
        let mut drawn = vec![format!("{sign} {}", head(step, step.took(), screen.width))];
        let room = (screen.height / 3).clamp(2, LIVE_LINES);
        for line in step.last_lines(room).0 {
            let line = cut(&line, screen.width.saturating_sub(3));
            drawn.push(format!("  {}", screen.paint.text(Color::Gray, &line)));
        }
        self.block.draw(screen, drawn)
    }
}

/// Time, name and command of a step, in one line of the terminal.
fn head(step: &Step, took: Duration, width: usize) -> String {
    let took = words::measured(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    let name = plain(&step.name);
    let command = plain(step.title().trim());
    let text = if command.is_empty() {
        format!("{took:>9}  {name}")
    } else if name.is_empty() {
        format!("{took:>9}  {command}")
    } else {
        format!("{took:>9}  {name:<NAME$} {command}")
    };
    // The sign, and a code at the end.
    cut(&text, width.saturating_sub(3))
}

fn lines(count: u64) -> String {
    match count {
        1 => "1 line".to_owned(),
        more => format!("{more} lines"),
    }
}

/// Text without colors, as a file would hold it.
fn settled(bytes: &[u8]) -> String {
    let paint = crate::output::Paint { colors: false };
    let mut writer = LogWriter::new(paint, false);
    let mut text = writer.push(bytes);
    text.push_str(&writer.finish());
    text
}

/// What the script says of a command behind it.
fn verdict(text: &str) -> Verdict {
    if !text.trim_start().starts_with("The command \"") {
        return Verdict::None;
    }
    let Some((_, rest)) = text.rsplit_once("exited with ") else {
        return Verdict::Unfinished;
    };
    let code: String = rest.chars().take_while(char::is_ascii_digit).collect();
    match (code.is_empty(), rest.trim_end().ends_with('.')) {
        (false, true) => Verdict::Code(code),
        _ => Verdict::Unfinished,
    }
}

#[cfg(test)]
mod tests;

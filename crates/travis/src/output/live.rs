//! Lines that are drawn again in place.

use super::{Screen, cut};
use std::io;

/// A block of lines at the bottom of a terminal.
#[derive(Debug, Default)]
pub struct Block {
    drawn: Vec<String>,
}

impl Block {
    /// Draws the lines in the place of those drawn before. The texts hold no colors that reach
    /// past their own end.
    ///
    /// # Errors
    /// When writing fails.
    pub fn draw(&mut self, screen: &mut Screen, lines: Vec<String>) -> io::Result<()> {
        if lines == self.drawn {
            return Ok(());
        }
        let mut text = String::new();
        if !self.drawn.is_empty() {
            text.push_str(&format!("\x1b[{}A", self.drawn.len()));
        }
        text.push('\r');
        for line in &lines {
            text.push_str("\x1b[2K");
            text.push_str(line);
            text.push('\n');
        }
        if self.drawn.len() > lines.len() {
            text.push_str("\x1b[J");
        }
        screen.out.write_all(text.as_bytes())?;
        screen.out.flush()?;
        self.drawn = lines;
        Ok(())
    }

    /// Takes the block away.
    ///
    /// # Errors
    /// When writing fails.
    pub fn clear(&mut self, screen: &mut Screen) -> io::Result<()> {
        self.draw(screen, Vec::new())
    }
}

/// A line of plain text, with room for a margin, that can't wrap, since a wrapped line would spoil the drawing.
#[must_use]
pub fn fit(screen: &Screen, text: &str) -> String {
    if !screen.terminal {
        return text.to_owned();
    }
    cut(text, screen.width.saturating_sub(3))
}

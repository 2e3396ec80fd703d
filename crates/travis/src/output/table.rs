//! Aligned columns.

use super::{Color, Paint, Screen, cut, width};
use std::io;

/// One cell.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    text: String,
    color: Option<Color>,
    right: bool,
}

impl Cell {
    /// A cell; what a terminal would obey is taken out.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            text: super::plain(text),
            ..Self::default()
        }
    }

    /// In a color.
    #[must_use]
    pub fn color(mut self, color: Color) -> Self {
        self.color = Some(color);
        self
    }

    /// Set at the right edge, for numbers.
    #[must_use]
    pub fn right(mut self) -> Self {
        self.right = true;
        self
    }
}

/// Rows of cells. Columns that are empty in every row are left out.
#[derive(Debug, Default)]
pub struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with names over its columns.
    #[must_use]
    pub fn with_head(head: &[&'static str]) -> Self {
        Self {
            head: head.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// The lines. With `columns` the last cell of a line is cut to fit.
    #[must_use]
    pub fn lines(&self, paint: Paint, columns: Option<usize>) -> Vec<String> {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths = vec![0; count];
        for row in &self.rows {
            for (place, cell) in row.iter().enumerate() {
                widths[place] = widths[place].max(width(&cell.text));
            }
        }
        let shown: Vec<usize> = (0..count).filter(|place| widths[*place] > 0).collect();
        for place in &shown {
            widths[*place] =
                widths[*place].max(self.head.get(*place).map_or(0, |name| width(name)));
        }
        if let Some(columns) = columns {
            narrow(&mut widths, &shown, columns);
        }
        let mut lines = Vec::new();
        if self.head.iter().any(|name| !name.is_empty()) {
            let cells: Vec<Cell> = (0..count)
                .map(|place| Cell {
                    text: self.head.get(place).copied().unwrap_or_default().to_owned(),
                    color: Some(Color::Gray),
                    right: self
                        .rows
                        .iter()
                        .any(|row| row.get(place).is_some_and(|cell| cell.right)),
                })
                .collect();
            lines.push(line(&cells, &shown, &widths, paint, columns));
        }
        for row in &self.rows {
            lines.push(line(row, &shown, &widths, paint, columns));
        }
        lines
    }

    /// Prints it.
    ///
    /// # Errors
    /// When writing fails.
    pub fn print(&self, screen: &mut Screen) -> io::Result<()> {
        let columns = screen.terminal.then_some(screen.width);
        for text in self.lines(screen.paint, columns) {
            screen.line(&text)?;
        }
        Ok(())
    }
}

/// No column is made narrower.
const NARROWEST: usize = 6;

/// Takes from the widest columns what the terminal has no room for.
fn narrow(widths: &mut [usize], shown: &[usize], columns: usize) {
    let gaps = shown.len().saturating_sub(1) * 2;
    loop {
        let sum: usize = shown.iter().map(|place| widths[*place]).sum();
        let widest = shown.iter().copied().max_by_key(|place| widths[*place]);
        match widest {
            Some(widest) if sum + gaps > columns && widths[widest] > NARROWEST => {
                widths[widest] -= 1;
            }
            _ => return,
        }
    }
}

fn line(
    row: &[Cell],
    shown: &[usize],
    widths: &[usize],
    paint: Paint,
    columns: Option<usize>,
) -> String {
    let empty = Cell::default();
    let mut text = String::new();
    let mut used = 0;
    // Blanks at the end of a line are of no use, and would wrap.
    let last = shown
        .iter()
        .rposition(|place| row.get(*place).is_some_and(|cell| !cell.text.is_empty()));
    let Some(last) = last else {
        return text;
    };
    for (index, place) in shown.iter().enumerate().take(last + 1) {
        let cell = row.get(*place).unwrap_or(&empty);
        let mut room = columns.map_or(usize::MAX, |columns| columns.saturating_sub(used));
        if index > 0 {
            // The sign of a state belongs to what follows it.
            let gap = if widths[shown[index - 1]] == 1 { 1 } else { 2 };
            if room <= gap {
                break;
            }
            text.extend(std::iter::repeat_n(' ', gap));
            used += gap;
            room -= gap;
        }
        let space = widths[*place].min(room);
        let words = cut(&cell.text, space);
        let blanks: String = std::iter::repeat_n(' ', space - width(&words)).collect();
        let painted = match cell.color {
            Some(color) => paint.text(color, &words),
            None => words,
        };
        if cell.right {
            text.push_str(&blanks);
            text.push_str(&painted);
        } else {
            text.push_str(&painted);
            if index < last {
                text.push_str(&blanks);
            }
        }
        used += space;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_width_and_empty_ones_vanish() {
        let mut table = Table::with_head(&["", "NAME", "NOTE", "TIME"]);
        table.row(vec![
            Cell::new("✓"),
            Cell::new("東京"),
            Cell::new(""),
            Cell::new("41 s").right(),
        ]);
        table.row(vec![
            Cell::new("✗"),
            Cell::new("a\x1b[2Jb"),
            Cell::new(""),
            Cell::new("2 min 8 s").right(),
        ]);
        let lines = table.lines(Paint { colors: false }, None);
        assert_eq!(
            lines,
            [
                "  NAME         TIME",
                "✓ 東京         41 s",
                "✗ a\u{fffd}[2Jb  2 min 8 s",
            ]
        );
    }

    #[test]
    fn wide_columns_make_room_for_those_behind_them() {
        let mut table = Table::default();
        let wide = "x".repeat(40);
        table.row(vec![Cell::new("1"), Cell::new(&wide), Cell::new("yes")]);
        let lines = table.lines(Paint { colors: false }, Some(30));
        assert_eq!(lines, [format!("1 {}…  yes", "x".repeat(21))]);
    }

    #[test]
    fn a_line_is_cut_to_the_terminal() {
        let mut table = Table::default();
        table.row(vec![Cell::new("12.1"), Cell::new("a long message")]);
        assert_eq!(
            table.lines(Paint { colors: false }, Some(12)),
            ["12.1  a lon…"]
        );
        for columns in 0..20 {
            let line = &table.lines(Paint { colors: false }, Some(columns))[0];
            assert!(width(line) <= columns, "{line:?} is wider than {columns}");
        }
    }
}

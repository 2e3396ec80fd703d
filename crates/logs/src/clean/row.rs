//! Drawing one row as a terminal would.

use super::pen::Pen;

/// What the bytes of a row come apart into.
enum Piece<'a> {
    /// Text without control characters.
    Text(&'a str),
    /// Parameters and the whole of a color sequence.
    Style { params: &'a [u8], whole: &'a str },
    /// Back to the first column.
    Return,
    /// Erase from the cursor to the end.
    EraseRest,
    /// Erase everything and go back to the first column.
    EraseAll,
}

/// Draws the row. Linear: the cursor never stands beyond the end of what is drawn, so nothing is
/// ever filled up, and each byte is read once.
pub(super) fn draw(row: &str, colors: bool) -> String {
    let mut out = String::with_capacity(row.len());
    let mut drawn = false;
    let mut pieces = Pieces { rest: row };
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Text(text) => {
                out.push_str(text);
                drawn = true;
            }
            Piece::Style { whole, .. } if colors => out.push_str(whole),
            Piece::Return | Piece::EraseAll if drawn => return draw_cells(row, colors),
            // The cursor is at the end, or nothing is drawn yet: nothing to overwrite or erase.
            _ => {}
        }
    }
    out
}

/// The general case: a cell for each character, with the pen that it was printed in.
fn draw_cells(row: &str, colors: bool) -> String {
    let mut cells: Vec<(char, Pen)> = Vec::with_capacity(row.len());
    let mut column = 0;
    let mut pen = Pen::default();
    let mut pieces = Pieces { rest: row };
    while let Some(piece) = pieces.next() {
        match piece {
            Piece::Text(text) => {
                for character in text.chars() {
                    match cells.get_mut(column) {
                        Some(cell) => *cell = (character, pen),
                        None => cells.push((character, pen)),
                    }
                    column += 1;
                }
            }
            Piece::Style { params, .. } => pen.apply(params),
            Piece::Return => column = 0,
            Piece::EraseRest => cells.truncate(column),
            Piece::EraseAll => {
                cells.clear();
                column = 0;
            }
        }
    }
    let mut out = String::with_capacity(cells.len());
    let mut before = Pen::default();
    for (character, pen) in cells {
        if colors {
            pen.write_change(before, &mut out);
            before = pen;
        }
        out.push(character);
    }
    if colors {
        Pen::default().write_change(before, &mut out);
    }
    out
}

struct Pieces<'a> {
    rest: &'a str,
}

impl<'a> Pieces<'a> {
    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            match self.rest.as_bytes() {
                [] => return None,
                [0x1B, ..] => {
                    if let Some(piece) = self.escape() {
                        return Some(piece);
                    }
                }
                [b'\r', ..] => {
                    self.skip(1);
                    return Some(Piece::Return);
                }
                // C1 controls: as text they would be invisible commands.
                [0xC2, 0x80..=0x9F, ..] => self.skip(2),
                [b'\t' | 0x20..=0x7E | 0x80.., ..] => return Some(Piece::Text(self.text())),
                _ => self.skip(1),
            }
        }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// The text up to the next control character.
    fn text(&mut self) -> &'a str {
        let bytes = self.rest.as_bytes();
        let mut end = 0;
        while let Some(byte) = bytes.get(end) {
            let control = (*byte < 0x20 && *byte != b'\t')
                || *byte == 0x7F
                || (*byte == 0xC2 && matches!(bytes.get(end + 1), Some(0x80..=0x9F)));
            if control {
                break;
            }
            end += 1;
        }
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        text
    }

    /// One escape sequence; `None` when it draws nothing.
    fn escape(&mut self) -> Option<Piece<'a>> {
        let start = self.rest;
        let bytes = start.as_bytes();
        match bytes.get(1) {
            Some(b'[') => {
                let params = span(&bytes[2..], |b| matches!(b, 0x30..=0x3F));
                let between = span(&bytes[2 + params..], |b| matches!(b, 0x20..=0x2F));
                let end = 2 + params + between;
                let Some(last @ 0x40..=0x7E) = bytes.get(end) else {
                    self.skip(end);
                    return None;
                };
                self.skip(end + 1);
                if between > 0 {
                    return None;
                }
                let params = &bytes[2..2 + params];
                match (last, params) {
                    (b'm', _) if params.iter().all(|b| matches!(b, b'0'..=b';')) => {
                        let whole = &start[..=end];
                        Some(Piece::Style { params, whole })
                    }
                    (b'K', b"" | b"0") => Some(Piece::EraseRest),
                    (b'K', b"2") => Some(Piece::EraseAll),
                    (b'G', b"" | b"0" | b"1") => Some(Piece::Return),
                    _ => None,
                }
            }
            Some(b']' | b'P' | b'X' | b'^' | b'_') => {
                let inside = string_length(&bytes[2..]);
                self.skip(2 + inside);
                None
            }
            _ => {
                let between = span(&bytes[1..], |b| matches!(b, 0x20..=0x2F));
                let end = 1 + between;
                let ended = matches!(bytes.get(end), Some(0x30..=0x7E));
                self.skip(end + usize::from(ended));
                None
            }
        }
    }
}

fn span(bytes: &[u8], inside: impl Fn(u8) -> bool) -> usize {
    bytes
        .iter()
        .position(|b| !inside(*b))
        .unwrap_or(bytes.len())
}

/// The length of a string sequence with its end: BEL or ESC \; another escape breaks it off.
fn string_length(bytes: &[u8]) -> usize {
    match memchr::memchr2(0x07, 0x1B, bytes) {
        Some(at) if bytes[at] == 0x07 => at + 1,
        Some(at) if bytes.get(at + 1) == Some(&b'\\') => at + 2,
        Some(at) => at,
        None => bytes.len(),
    }
}

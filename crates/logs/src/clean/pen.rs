//! The color and style that text is printed in.

/// A color as the escape sequence names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Color {
    #[default]
    Default,
    Indexed(u8),
    Rgb(u8, u8, u8),
}

/// The state that `ESC [ … m` sequences leave behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Pen {
    ink: Color,
    ground: Color,
    /// Bit `n` is set for style code `n` (1 bold … 9 struck through).
    styles: u16,
}

impl Pen {
    /// Takes in the parameters of one sequence, such as `31;1`.
    pub(crate) fn apply(&mut self, params: &[u8]) {
        let mut codes = params.split(|b| *b == b';' || *b == b':').map(|digits| {
            digits.iter().fold(0_u16, |n, d| {
                n.saturating_mul(10).saturating_add(u16::from(d & 0x0F))
            })
        });
        while let Some(code) = codes.next() {
            match code {
                0 => *self = Self::default(),
                1..=9 => self.styles |= 1 << code,
                22 => self.styles &= !(1 << 1 | 1 << 2),
                23..=25 | 27..=29 => self.styles &= !(1 << (code - 20)),
                30..=37 => self.ink = Color::Indexed((code - 30) as u8),
                90..=97 => self.ink = Color::Indexed((code - 90 + 8) as u8),
                39 => self.ink = Color::Default,
                40..=47 => self.ground = Color::Indexed((code - 40) as u8),
                100..=107 => self.ground = Color::Indexed((code - 100 + 8) as u8),
                49 => self.ground = Color::Default,
                38 => self.ink = extended(&mut codes).unwrap_or(self.ink),
                48 => self.ground = extended(&mut codes).unwrap_or(self.ground),
                _ => {}
            }
        }
    }

    /// Whether text is red: the color of what failed.
    pub(crate) fn is_red(self) -> bool {
        matches!(self.ink, Color::Indexed(1 | 9))
    }

    /// Writes the sequence that changes `before` into this pen.
    pub(super) fn write_change(self, before: Self, out: &mut String) {
        use std::fmt::Write as _;
        if self == before {
            return;
        }
        if self == Self::default() {
            out.push_str("\x1b[0m");
            return;
        }
        let mut codes = String::new();
        if before != Self::default() {
            codes.push_str("0;");
        }
        for style in (1..=9).filter(|n| self.styles & (1 << n) != 0) {
            let _ = write!(codes, "{style};");
        }
        write_color(self.ink, 30, &mut codes);
        write_color(self.ground, 40, &mut codes);
        let _ = write!(out, "\x1b[{}m", codes.trim_end_matches(';'));
    }
}

fn extended(codes: &mut impl Iterator<Item = u16>) -> Option<Color> {
    let mut byte = || codes.next().map(|n| n.min(255) as u8);
    match byte()? {
        5 => Some(Color::Indexed(byte()?)),
        2 => Some(Color::Rgb(byte()?, byte()?, byte()?)),
        _ => None,
    }
}

fn write_color(color: Color, base: u16, codes: &mut String) {
    use std::fmt::Write as _;
    let _ = match color {
        Color::Default => Ok(()),
        Color::Indexed(n @ 0..=7) => write!(codes, "{};", base + u16::from(n)),
        Color::Indexed(n @ 8..=15) => write!(codes, "{};", base + 52 + u16::from(n)),
        Color::Indexed(n) => write!(codes, "{};5;{n};", base + 8),
        Color::Rgb(r, g, b) => write!(codes, "{};2;{r};{g};{b};", base + 8),
    };
}

//! What a machine's serial line says, as lines of text: without what steers terminals.

/// Longer lines are cut: what prints them is no console of ours.
const LONGEST: usize = 1000;

/// Takes bytes as they come, gives whole lines.
#[derive(Debug, Default)]
pub struct Lines {
    line: Vec<u8>,
    escape: Escape,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    /// After ESC.
    Begun,
    /// In a sequence that a letter ends.
    Sequence,
}

impl Lines {
    /// Takes bytes; answers the lines that they end, without the empty ones.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut done = Vec::new();
        for &byte in bytes {
            match (self.escape, byte) {
                (_, 0x1b) => self.escape = Escape::Begun,
                (Escape::Begun, b'[') => self.escape = Escape::Sequence,
                (Escape::Begun, _) | (Escape::Sequence, 0x40..=0x7e) => self.escape = Escape::None,
                (Escape::Sequence, _) => {}
                (Escape::None, b'\n') => done.extend(self.take()),
                (Escape::None, 0..=0x1f | 0x7f) => {}
                (Escape::None, byte) => {
                    if self.line.len() < LONGEST {
                        self.line.push(byte);
                    }
                }
            }
        }
        done
    }

    /// Whether something stands there without a line's end.
    pub fn is_waiting(&self) -> bool {
        !self.line.is_empty()
    }

    /// What stands there without a line's end, such as a question.
    pub fn take(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        (!text.is_empty()).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_text() {
        let mut lines = Lines::default();
        assert!(lines.feed(b"\x1b[2J\x1b[01;01HGRUB loa").is_empty());
        assert_eq!(
            lines.feed(b"ding...\r\n\r\n\x1b[0;1;31mFAILED\x1b[0m\x07\nServer: "),
            ["GRUB loading...", "FAILED"]
        );
        assert_eq!(lines.take().as_deref(), Some("Server:"));
        assert_eq!(lines.take(), None);
        assert_eq!(lines.feed(&[b'a'; 5000]).len(), 0);
        assert_eq!(lines.feed(b"\n")[0].len(), LONGEST);
    }
}

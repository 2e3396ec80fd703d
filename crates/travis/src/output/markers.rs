//! Takes the markers of folds and times out of a log whose bytes come cut anywhere.

/// What a marker begins with.
const MARKERS: [&[u8]; 2] = [b"travis_fold:", b"travis_time:"];
/// What a marker ends with.
const CLEAR: &[u8] = b"\r\x1b[0K";
/// A marker is never longer; what is, is text.
pub const LONGEST: usize = 512;

/// A piece of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// What the job printed. Not cut within a character.
    Text(&'a [u8]),
    /// A fold begins.
    FoldStart(&'a str),
    /// A fold ends.
    FoldEnd,
    /// A command whose time is taken begins.
    TimeStart,
    /// It ended.
    TimeEnd {
        /// How long it took.
        nanoseconds: u64,
        /// The phase that it belongs to.
        event: &'a str,
    },
}

/// Splits a log into its pieces.
#[derive(Debug, Default)]
pub struct Splitter {
    pending: Vec<u8>,
}

impl Splitter {
    /// The next bytes. What could be the beginning of a marker or of a character is kept until it
    /// is known.
    pub fn push(&mut self, bytes: &[u8], mut take: impl FnMut(Piece<'_>)) {
        let joined;
        let mut rest = if self.pending.is_empty() {
            bytes
        } else {
            self.pending.extend_from_slice(bytes);
            joined = std::mem::take(&mut self.pending);
            joined.as_slice()
        };
        let text = |bytes: &[u8], take: &mut dyn FnMut(Piece<'_>)| {
            if !bytes.is_empty() {
                take(Piece::Text(bytes));
            }
        };
        loop {
            let Some(at) = find_marker(rest) else {
                let keep = kept_for_later(rest);
                text(&rest[..rest.len() - keep], &mut take);
                self.pending = rest[rest.len() - keep..].to_vec();
                return;
            };
            text(&rest[..at], &mut take);
            rest = &rest[at..];
            let window = &rest[..rest.len().min(LONGEST)];
            let end = window.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            match end {
                None if rest.len() < LONGEST => {
                    self.pending = rest.to_vec();
                    return;
                }
                Some(end) if rest[end] == b'\r' => {
                    let tail = &rest[end..];
                    if tail.starts_with(CLEAR) {
                        if let Some(piece) = marker(&String::from_utf8_lossy(&rest[..end])) {
                            take(piece);
                        }
                        rest = &rest[end + CLEAR.len()..];
                        continue;
                    }
                    if CLEAR.starts_with(tail) {
                        self.pending = rest.to_vec();
                        return;
                    }
                }
                _ => {}
            }
            // It only looks like a marker: its first character is text, then look on.
            text(&rest[..1], &mut take);
            rest = &rest[1..];
        }
    }

    /// How many bytes are kept.
    #[cfg(test)]
    pub fn kept(&self) -> usize {
        self.pending.len()
    }

    /// The end of the log: what was kept is text.
    pub fn finish(&mut self, mut take: impl FnMut(Piece<'_>)) {
        let pending = std::mem::take(&mut self.pending);
        if !pending.is_empty() {
            take(Piece::Text(&pending));
        }
    }
}

/// What a marker says; unknown ones say nothing.
fn marker(text: &str) -> Option<Piece<'_>> {
    if let Some(name) = text.strip_prefix("travis_fold:start:") {
        Some(Piece::FoldStart(name))
    } else if text.starts_with("travis_fold:end:") {
        Some(Piece::FoldEnd)
    } else if text.starts_with("travis_time:start:") {
        Some(Piece::TimeStart)
    } else {
        let rest = text.strip_prefix("travis_time:end:")?;
        let value = |name: &str| {
            rest.split([',', ':'])
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        };
        Some(Piece::TimeEnd {
            nanoseconds: value("duration")?.parse().ok()?,
            event: value("event").unwrap_or_default(),
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn said(cut: usize, log: &[u8]) -> Vec<String> {
        let mut splitter = Splitter::default();
        let mut said: Vec<String> = Vec::new();
        let mut take = |piece: Piece<'_>| match piece {
            Piece::Text(bytes) => {
                let text = String::from_utf8(bytes.to_vec()).unwrap();
                match said.last_mut() {
                    Some(last) if last.starts_with('"') => last.push_str(&text),
                    _ => said.push(format!("\"{text}")),
                }
            }
            other => said.push(format!("{other:?}")),
        };
        for piece in log.chunks(cut) {
            splitter.push(piece, &mut take);
        }
        splitter.finish(&mut take);
        said
    }

    #[test]
    fn pieces_are_the_same_however_the_log_is_cut() {
        let log = "a travis_fold:start:install\r\x1b[0Ktravis_time:start:0a\r\x1b[0K$ é\n\
                   travis_time:end:0a:start=1,finish=3,duration=2,event=install\r\x1b[0K\
                   travis_fold:end:install\r\x1b[0Ktravis_fold:no\n travis_ü";
        let want = [
            "\"a ",
            "FoldStart(\"install\")",
            "TimeStart",
            "\"$ é\n",
            "TimeEnd { nanoseconds: 2, event: \"install\" }",
            "FoldEnd",
            "\"travis_fold:no\n travis_ü",
        ];
        for cut in 1..log.len() {
            assert_eq!(said(cut, log.as_bytes()), want, "cut at {cut}");
        }
    }
}

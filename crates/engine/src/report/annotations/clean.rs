//! A log's bytes as the lines that a person sees.

/// Lines looked at, at most: the last ones.
const LINES: usize = 20_000;
/// The longest line looked at, in bytes.
const LONGEST: usize = 4_000;

/// The last lines of a log, without colors and other orders to a terminal, as they stand after
/// carriage returns have overwritten what was before them. `cut`: the first line is not whole.
#[must_use]
pub(crate) fn clean_lines(bytes: &[u8], cut: bool) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines: Vec<&str> = text.split('\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    let from = lines.len().saturating_sub(LINES).max(usize::from(cut));
    lines.iter().skip(from).map(|line| clean(line)).collect()
}

fn clean(line: &str) -> String {
    let line = line.trim_end_matches('\r');
    let shown = line.rsplit('\r').find(|part| !part.is_empty());
    let mut out = String::new();
    let mut chars = shown.unwrap_or_default().chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_order(&mut chars),
            '\t' => out.push_str("    "),
            c if c.is_control() || is_steering(c) => {}
            c => out.push(c),
        }
        if out.len() >= LONGEST {
            break;
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Characters that turn the direction of text or can't be seen.
const fn is_steering(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn skip_order(chars: &mut std::str::Chars<'_>) {
    let mut ahead = chars.clone();
    match ahead.next() {
        Some('[') => {
            *chars = ahead;
            // Ends with a letter or one of @[\]^_`{|}~.
            for c in chars.by_ref() {
                if ('\u{40}'..='\u{7e}').contains(&c) {
                    break;
                }
            }
        }
        Some(']') => {
            *chars = ahead;
            for c in chars.by_ref() {
                if c == '\u{7}' || c == '\u{1b}' {
                    break;
                }
            }
        }
        Some(_) => *chars = ahead,
        None => {}
    }
}

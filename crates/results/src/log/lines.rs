//! Pieces of lines.

/// The text without escapes and other controls, with tabs as they are.
pub(super) fn plain(text: &str, out: &mut String) {
    out.clear();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\x1b' => {
                if chars.next_if_eq(&'[').is_some() {
                    // Parameters, then one letter.
                    for c in chars.by_ref() {
                        if ('@'..='~').contains(&c) {
                            break;
                        }
                    }
                }
            }
            '\t' => out.push('\t'),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
}

/// Lines without the blanks that the first of them begins with.
pub(super) fn outdent(lines: &[String]) -> String {
    let blanks = |line: &String| line.len() - line.trim_start_matches(' ').len();
    let most = lines.first().map_or(0, blanks);
    let cut: Vec<&str> = lines
        .iter()
        .map(|line| line.get(blanks(line).min(most)..).unwrap_or_default())
        .collect();
    cut.join("\n")
}

/// The number that a text begins with, and what follows it.
pub(super) fn number(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

/// Numbers by the words behind them: of `3 passed, 1 failed in 0.2s` `[(3, "passed"), (1, "failed")]`.
pub(super) fn counted(text: &str) -> Vec<(u64, &str)> {
    let mut found = Vec::new();
    for part in text.split([',', '|', ';', '(']) {
        let part = part.trim();
        if let Some((count, rest)) = number(part) {
            let word = rest.trim_start();
            let end = word
                .find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(word.len());
            if let Some(word) = word.get(..end).filter(|word| !word.is_empty()) {
                found.push((count, word));
            }
        }
    }
    found
}

/// Microseconds of `12 ms`, `1.2s`, `(3 ms)`, `2 min`.
pub(super) fn span(text: &str) -> Option<u64> {
    let text = text.trim().trim_start_matches('(').trim_end_matches(')');
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (count, unit) = text.split_at(end);
    let count: f64 = count.parse().ok()?;
    let factor = match unit.trim() {
        "ms" => 1e3,
        "s" | "sec" | "seconds" | "second" => 1e6,
        "m" | "min" => 60e6,
        "µs" | "us" => 1.0,
        _ => return None,
    };
    Some((count * factor).clamp(0.0, 86_400e6) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces() {
        let mut out = String::new();
        plain("\x1b[31;1m\x07x\ty\x1b[0m", &mut out);
        assert_eq!(out, "x\ty");
        assert_eq!(
            counted("1 failed, 21 passed (22) in 3s"),
            [(1, "failed"), (21, "passed")]
        );
        assert_eq!(span("(12 ms)"), Some(12_000));
        assert_eq!(span("1.5s"), Some(1_500_000));
        assert_eq!(span("5 apples"), None);
        assert_eq!(
            outdent(&["  a".to_owned(), String::new(), "    b".to_owned()]),
            "a\n\n  b"
        );
    }
}

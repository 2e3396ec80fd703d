//! Numbers and names for people.

use std::time::Duration;

/// A time as people say it: `8 s`, `2 min 8 s`, `1 h 2 min`.
#[must_use]
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_millis().div_ceil(1000);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// `2 of 8 jobs`, `the job`.
#[must_use]
pub(crate) fn count_of(some: usize, all: usize) -> String {
    match (some, all) {
        (1, 1) => "the job".to_owned(),
        (some, all) if some == all => format!("all {all} jobs"),
        (some, all) => format!("{some} of {all} jobs"),
    }
}

/// A text as Markdown that shows just this text, on one line.
#[must_use]
pub(crate) fn plain(text: &str, longest: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.chars().enumerate() {
        if at == longest {
            out.push('…');
            break;
        }
        match c {
            // Names of people and numbers of issues would tell people and link.
            '@' => out.push_str("@\u{200b}"),
            c if c.is_control() => out.push(' '),
            c if c.is_ascii_punctuation()
                && !matches!(c, ',' | '.' | ':' | ';' | '/' | '%' | '?' | '\'' | '"') =>
            {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Lines between fences that nothing within can end.
#[must_use]
pub(crate) fn fenced(lines: &[String]) -> String {
    let mut longest = 0;
    for line in lines {
        let mut run = 0;
        for c in line.chars() {
            run = if c == '`' { run + 1 } else { 0 };
            longest = longest.max(run);
        }
    }
    let fence = "`".repeat((longest + 1).max(3));
    let mut out = format!("{fence}text\n");
    for line in lines {
        out.push_str(line);
        out.push('\n');
    }
    out + &fence + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        for (seconds, text) in [
            (0, "0 s"),
            (8, "8 s"),
            (60, "1 min"),
            (128, "2 min 8 s"),
            (3600, "1 h"),
            (3725, "1 h 2 min"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
        assert_eq!(span(Duration::from_millis(1)), "1 s");
    }

    #[test]
    fn markdown_of_others_does_nothing() {
        assert_eq!(
            plain("a|b `c` <img> [x](y) @all\n# t", 100),
            "a\\|b \\`c\\` \\<img\\> \\[x\\]\\(y\\) @\u{200b}all \\# t"
        );
        assert_eq!(plain("abcdef", 3), "abc…");
        let nasty = fenced(&["```".to_owned(), "~~~~".to_owned(), "x".to_owned()]);
        assert!(nasty.starts_with("````text\n```\n"));
        assert!(nasty.ends_with("x\n````\n"));
    }

    #[test]
    fn counts_read_well() {
        assert_eq!(count_of(1, 1), "the job");
        assert_eq!(count_of(2, 2), "all 2 jobs");
        assert_eq!(count_of(2, 8), "2 of 8 jobs");
    }
}

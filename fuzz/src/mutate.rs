//! Changes that make odd input of sane one.

use crate::random::Random;

/// Inputs do not grow beyond this, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// Changes a text a few times. `words` are what the language knows, `others` what may be mixed in.
#[must_use]
pub fn mutate(text: &str, words: &[&str], others: &[String], random: &mut Random) -> String {
    let mut text = text.to_owned();
    // Most cases are near something sane, a few are far from it.
    let most = if random.one_in(10) { 40 } else { 6 };
    let rounds = 1 + random.below(most);
    for _ in 0..rounds {
        let changed = match random.below(12) {
            0..=2 => line(&text, random),
            3..=5 => word(&text, words, random),
            6 | 7 => character(&text, random),
            8 => repeat(&text, random),
            9 => nest(&text, random),
            _ => splice(&text, others, random),
        };
        if changed.len() <= MAX_BYTES {
            text = changed;
        }
    }
    text
}

/// A place between two characters.
fn place(text: &str, random: &mut Random) -> usize {
    let mut at = random.below(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn range(text: &str, random: &mut Random) -> std::ops::Range<usize> {
    let (a, b) = (place(text, random), place(text, random));
    a.min(b)..a.max(b)
}

/// Takes a line out, doubles it, moves it, indents it or puts it in a list.
fn line(text: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return text.to_owned();
    }
    let (a, b) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(7) {
        0 => {
            lines.remove(a);
        }
        1 => lines.insert(b, lines[a].clone()),
        2 => lines.swap(a, b),
        3 => lines[a].insert_str(0, "  "),
        4 => lines[a] = lines[a].trim_start().to_owned(),
        5 => lines[a] = format!("- {}", lines[a]),
        _ => {
            let next = lines[b].trim_start().to_owned();
            lines[a].push(' ');
            lines[a].push_str(&next);
        }
    }
    lines.join("\n")
}

/// Puts a word of the language somewhere, or in place of another.
fn word(text: &str, words: &[&str], random: &mut Random) -> String {
    let word = random.pick(words).copied().unwrap_or_default();
    let at = place(text, random);
    let mut result = text[..at].to_owned();
    result.push_str(word);
    let rest = &text[at..];
    let skipped = if random.one_in(2) {
        rest.find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len())
    } else {
        0
    };
    result.push_str(&rest[skipped..]);
    result
}

/// Characters that mean something to some reader, or are rare.
const CHARACTERS: &str = ":-?[]{}&*!|>'\"%@`#,\\/()=~^$+.<> \t\n\r\0\u{1}\u{7f}é\u{85}\u{a0}\u{2028}\u{feff}\u{fffd}💥09azAZ_";

fn character(text: &str, random: &mut Random) -> String {
    let all: Vec<char> = CHARACTERS.chars().collect();
    let one = random.pick(&all).copied().unwrap_or('x');
    let at = place(text, random);
    let mut result = text[..at].to_owned();
    match random.below(3) {
        0 => result.push(one),
        1 => {
            result.push(one);
            result.extend(text[at..].chars().skip(1));
            return result;
        }
        _ => {
            result.extend(text[at..].chars().skip(1));
            return result;
        }
    }
    result.push_str(&text[at..]);
    result
}

/// Says a part of it many times.
fn repeat(text: &str, random: &mut Random) -> String {
    let range = range(text, random);
    let part = &text[range.clone()];
    let most = match random.below(20) {
        0 => 100_000,
        1..=3 => 1000,
        _ => 10,
    };
    let times = random.below(most).min(MAX_BYTES / part.len().max(1));
    format!(
        "{}{}{}",
        &text[..range.end],
        part.repeat(times),
        &text[range.end..]
    )
}

/// Puts a part of it into many brackets.
fn nest(text: &str, random: &mut Random) -> String {
    const PAIRS: [(&str, &str); 8] = [
        ("[", "]"),
        ("{a: ", "}"),
        ("(", ")"),
        ("- ", ""),
        ("NOT ", ""),
        ("(?:", ")*"),
        ("a{9}", "{9}"),
        ("\"", "\""),
    ];
    let range = range(text, random);
    let (open, close) = random.pick(&PAIRS).copied().unwrap_or(("[", "]"));
    let most = if random.one_in(5) { 5000 } else { 8 };
    let times = random.below(most);
    format!(
        "{}{}{}{}{}",
        &text[..range.start],
        open.repeat(times),
        &text[range.clone()],
        close.repeat(times),
        &text[range.end..]
    )
}

/// Puts a part of another text in place of a part of this one.
fn splice(text: &str, others: &[String], random: &mut Random) -> String {
    let Some(other) = random.pick(others) else {
        return text.to_owned();
    };
    let (to, from) = (range(text, random), range(other, random));
    let end = if random.one_in(2) { to.start } else { to.end };
    format!("{}{}{}", &text[..to.start], &other[from], &text[end..])
}

//! Classes of characters, and single characters after a backslash.

use super::translate::Problem;

type Result<T> = std::result::Result<T, Problem>;

/// The deepest nesting of classes that is read.
const MAX_DEPTH: usize = 20;

/// What the last thing in a class was, which decides what a hyphen means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// Nothing, or an operator.
    Start,
    /// A character, which may begin a range.
    Character(char),
    /// A set such as `\w`, which may not.
    Set,
    /// A character and a hyphen.
    Range(char),
    /// A whole range or a class in the class: a hyphen is itself.
    Complete,
}

/// Reads a class from after its `[`, and writes it.
pub(super) fn class(chars: &[char], at: &mut usize, out: &mut String) -> Result<()> {
    nested(chars, at, out, 0)
}

fn nested(chars: &[char], at: &mut usize, out: &mut String, depth: usize) -> Result<()> {
    if depth >= MAX_DEPTH {
        return Err(Problem::new("too deep nest level"));
    }
    out.push('[');
    if chars.get(*at) == Some(&'^') {
        *at += 1;
        out.push('^');
    }
    let mut last = Last::Start;
    let mut first = true;
    loop {
        let c = *chars
            .get(*at)
            .ok_or(Problem::new("premature end of char-class"))?;
        *at += 1;
        let was_first = std::mem::replace(&mut first, false);
        match c {
            ']' if was_first => {
                if !chars[*at..].contains(&']') {
                    return Err(Problem::new("empty char-class"));
                }
                last = character_in_class(c, last, out)?;
            }
            ']' => {
                if let Last::Range(low) = last {
                    push(low, out);
                    push('-', out);
                }
                flush(last, out);
                out.push(']');
                return Ok(());
            }
            '[' => match posix(chars, at)? {
                Some(set) => last = set_in_class(&set, last, out)?,
                None => {
                    if let Last::Range(low) = last {
                        push(low, out);
                        push('-', out);
                    }
                    flush(last, out);
                    nested(chars, at, out, depth + 1)?;
                    last = Last::Complete;
                }
            },
            '&' if chars.get(*at) == Some(&'&') => {
                *at += 1;
                if let Last::Range(low) = last {
                    push(low, out);
                    push('-', out);
                }
                flush(last, out);
                out.push_str("&&");
                last = Last::Start;
            }
            '-' => {
                let closes = chars.get(*at) == Some(&']');
                let intersects = chars.get(*at..*at + 2) == Some(&['&', '&']);
                last = match last {
                    Last::Character(low) if !closes && !intersects => Last::Range(low),
                    Last::Set if !closes && !intersects => {
                        return Err(Problem::new("unmatched range specifier in char-class"));
                    }
                    Last::Start if !closes => match chars.get(*at) {
                        // `[--x]` is a range from the hyphen on.
                        Some('-') => Last::Character('-'),
                        _ => character_in_class('-', last, out)?,
                    },
                    Last::Complete if !closes => {
                        push('-', out);
                        Last::Complete
                    }
                    other => character_in_class('-', other, out)?,
                };
            }
            '\\' => {
                let c = *chars
                    .get(*at)
                    .ok_or(Problem::new("end pattern at escape"))?;
                if let Some(set) = shorthand(c) {
                    *at += 1;
                    last = set_in_class(set, last, out)?;
                } else if matches!(c, 'p' | 'P') && chars.get(*at + 1) == Some(&'{') {
                    *at += 1;
                    let set = property(chars, at, c == 'P')?;
                    last = set_in_class(&set, last, out)?;
                } else if c == 'b' {
                    *at += 1;
                    last = character_in_class('\x08', last, out)?;
                } else {
                    let c = character(chars, at)?;
                    last = character_in_class(c, last, out)?;
                }
            }
            c => last = character_in_class(c, last, out)?,
        }
    }
}

/// Writes a character that no range began.
fn flush(last: Last, out: &mut String) {
    if let Last::Character(c) = last {
        push(c, out);
    }
}

fn character_in_class(c: char, last: Last, out: &mut String) -> Result<Last> {
    if let Last::Range(low) = last {
        if low > c {
            return Err(Problem::new("empty range in char class"));
        }
        push(low, out);
        out.push('-');
        push(c, out);
        return Ok(Last::Complete);
    }
    flush(last, out);
    Ok(Last::Character(c))
}

fn set_in_class(set: &str, last: Last, out: &mut String) -> Result<Last> {
    if matches!(last, Last::Range(_)) {
        return Err(Problem::new("char-class value at end of range"));
    }
    flush(last, out);
    out.push_str(set);
    Ok(Last::Set)
}

fn push(c: char, out: &mut String) {
    if matches!(c, '\\' | ']' | '[' | '^' | '-' | '&' | '~') {
        out.push('\\');
    }
    out.push(c);
}

/// The inside of a class for `\d` and its like, which know ASCII only.
pub(super) fn shorthand(c: char) -> Option<&'static str> {
    Some(match c {
        'd' => "0-9",
        'D' => "[^0-9]",
        'w' => "0-9A-Za-z_",
        'W' => "[^0-9A-Za-z_]",
        's' => r" \t\n\x0B\f\r",
        'S' => r"[^ \t\n\x0B\f\r]",
        'h' => "0-9A-Fa-f",
        'H' => "[^0-9A-Fa-f]",
        _ => return None,
    })
}

/// The inside of a class by the name in `[:name:]` and `\p{name}`.
fn named(name: &str) -> Option<&'static str> {
    Some(match name {
        "alpha" => r"\p{Alphabetic}",
        "digit" => r"\p{Nd}",
        "upper" => r"\p{Uppercase}",
        "lower" => r"\p{Lowercase}",
        "alnum" => r"\p{Alphabetic}\p{Nd}",
        "punct" => r"\p{P}$+<=>\^`|\~",
        "space" => r"\s",
        "blank" => r"\p{Zs}\t",
        "cntrl" => r"\p{Cc}",
        "word" => r"\w",
        "xdigit" => "0-9A-Fa-f",
        "graph" => r"[^\s\p{Cc}\p{Cn}\p{Cs}]",
        "print" => r"[^\p{Cc}\p{Cn}\p{Cs}]",
        "ascii" => r"\x00-\x7F",
        _ => return None,
    })
}

/// `[:name:]` from after its first bracket. `None` where that is the start of a class.
fn posix(chars: &[char], at: &mut usize) -> Result<Option<String>> {
    if chars.get(*at) != Some(&':') {
        return Ok(None);
    }
    let rest = &chars[*at + 1..];
    let Some(end) = rest.windows(2).take(20).position(|pair| pair == [':', ']']) else {
        return Ok(None);
    };
    let name: String = rest[..end].iter().collect();
    let (name, negated) = match name.strip_prefix('^') {
        Some(name) => (name, true),
        None => (name.as_str(), false),
    };
    let set = named(name).ok_or(Problem::new("invalid POSIX bracket type"))?;
    *at += end + 3;
    Ok(Some(negate(set, negated)))
}

/// `{Name}` after `\p` or `\P`, also `{^Name}`.
pub(super) fn property(chars: &[char], at: &mut usize, negated: bool) -> Result<String> {
    let invalid = Problem::new("invalid character property name");
    let rest = chars.get(*at + 1..).unwrap_or_default();
    let end = rest.iter().position(|c| *c == '}').ok_or(invalid)?;
    let name: String = rest[..end].iter().collect();
    *at += end + 2;
    let (name, inverse) = match name.strip_prefix('^') {
        Some(name) => (name, true),
        None => (name.as_str(), false),
    };
    let plain: String = name
        .chars()
        .filter(|c| !matches!(c, ' ' | '_' | '-'))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let set = match named(&plain) {
        Some(set) => set.to_owned(),
        None if !plain.is_empty() && plain.chars().all(|c| c.is_ascii_alphanumeric()) => {
            format!("\\p{{{name}}}")
        }
        None => return Err(invalid),
    };
    Ok(negate(&set, negated != inverse))
}

fn negate(set: &str, negated: bool) -> String {
    if negated {
        format!("[^{set}]")
    } else {
        set.to_owned()
    }
}

/// One character after a backslash that has no other meaning.
pub(super) fn character(chars: &[char], at: &mut usize) -> Result<char> {
    let c = *chars
        .get(*at)
        .ok_or(Problem::new("too short escape sequence"))?;
    *at += 1;
    Ok(match c {
        't' => '\t',
        'n' => '\n',
        'r' => '\r',
        'f' => '\x0c',
        'v' => '\x0b',
        'a' => '\x07',
        'e' => '\x1b',
        '0'..='7' => {
            *at -= 1;
            from_code(number(chars, at, 8, 3).unwrap_or(0))?
        }
        'x' => from_code(number(chars, at, 16, 2).ok_or(Problem::new("invalid hex escape"))?)?,
        'u' => {
            let invalid = Problem::new("invalid Unicode escape");
            if chars.get(*at) == Some(&'{') {
                *at += 1;
                let code = number(chars, at, 16, 6).ok_or(invalid)?;
                if chars.get(*at) != Some(&'}') {
                    return Err(invalid);
                }
                *at += 1;
                from_code(code)?
            } else {
                let start = *at;
                let code = number(chars, at, 16, 4).ok_or(invalid)?;
                if *at - start != 4 {
                    return Err(invalid);
                }
                from_code(code)?
            }
        }
        'c' => {
            let c = *chars
                .get(*at)
                .ok_or(Problem::new("too short control sequence"))?;
            *at += 1;
            from_code(u32::from(c) & 0x1f)?
        }
        c => c,
    })
}

fn number(chars: &[char], at: &mut usize, radix: u32, most: usize) -> Option<u32> {
    let digits: String = chars
        .get(*at..)?
        .iter()
        .take(most)
        .take_while(|c| c.is_digit(radix))
        .collect();
    *at += digits.len();
    u32::from_str_radix(&digits, radix).ok()
}

fn from_code(code: u32) -> Result<char> {
    char::from_u32(code).ok_or(Problem::new("invalid Unicode range"))
}

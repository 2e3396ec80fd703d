//! Text made safe for the shell.

use crate::ScriptError;

/// A literal word: whatever the text holds, the shell takes it as it is.
pub(crate) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Refuses zero bytes, which would end the script early.
pub(crate) fn check(text: &str, what: impl FnOnce() -> String) -> Result<(), ScriptError> {
    if text.contains('\0') {
        return Err(ScriptError::ZeroByte { what: what() });
    }
    Ok(())
}

/// A word as a person would write it: bare where that is safe, else quoted.
pub(crate) fn pretty(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(bare) {
        text.to_owned()
    } else {
        quote(text)
    }
}

/// Whether a shell accepts the text as the name of a variable.
pub(crate) fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The right side of an assignment from a value of `.travis.yml`, which the shell evaluates:
/// as it is when it is one word, else in double quotes so that variables still expand.
pub(crate) fn assigned(value: &str) -> String {
    if value.is_empty() || is_one_word(value) {
        return value.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '`') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    // A trailing or lone `$(` would leave the quotes open: then the value is literal.
    if value.contains("$(") || value.contains("${") {
        return quote(value);
    }
    quoted.push('"');
    quoted
}

/// Whether the shell reads the text as exactly one word.
fn is_one_word(text: &str) -> bool {
    words(text).is_some_and(|words| words == [text])
}

/// The assignments that a value of `.travis.yml` makes: `A` with the value `${X} B=2` sets `B` as
/// well, for the original wrote such values behind `export A=` as they are.
pub(crate) fn assignments<'v>(name: &'v str, value: &'v str) -> Vec<(&'v str, &'v str)> {
    let substitutes = value.contains("$(") || value.contains("${");
    let all = words(value).filter(|_| substitutes).and_then(|words| {
        let mut words = words.into_iter();
        let first = words.next()?;
        let others = words.map(|word| word.split_once('=').filter(|(name, _)| is_name(name)));
        std::iter::once(Some((name, first))).chain(others).collect()
    });
    all.unwrap_or_else(|| vec![(name, value)])
}

/// The words that the shell reads the text as; `None` where it would read more than words, or an
/// open quote.
fn words(text: &str) -> Option<Vec<&str>> {
    let mut quote = None;
    let mut closers: Vec<char> = Vec::new();
    let mut words = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && quote != Some('\'') {
            chars.next()?;
            continue;
        }
        if quote == Some('\'') {
            if c == '\'' {
                quote = None;
            }
            continue;
        }
        match c {
            '$' if chars.peek().is_some_and(|(_, c)| *c == '(') => {
                chars.next();
                closers.push(')');
            }
            '$' if chars.peek().is_some_and(|(_, c)| *c == '{') => {
                chars.next();
                closers.push('}');
            }
            c if closers.last() == Some(&c) => {
                closers.pop();
            }
            '(' if !closers.is_empty() => closers.push(')'),
            '"' | '`' if quote == Some(c) => quote = None,
            '\'' | '"' | '`' if quote.is_none() => quote = Some(c),
            _ if quote.is_some() || !closers.is_empty() => {}
            c if c.is_whitespace() => {
                words.extend(text.get(start..at).filter(|word| !word.is_empty()));
                start = at + c.len_utf8();
            }
            c if ";&|<>()#!".contains(c) => return None,
            _ => {}
        }
    }
    words.extend(text.get(start..).filter(|word| !word.is_empty()));
    (quote.is_none() && closers.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_inert() {
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(pretty("a b"), "'a b'");
        assert_eq!(pretty("a/b.c"), "a/b.c");
    }

    #[test]
    fn assigned_values_keep_their_own_quotes() {
        for (value, want) in [
            ("1", "1"),
            ("", ""),
            ("\"a b\"", "\"a b\""),
            ("$HOME/x", "$HOME/x"),
            ("$(echo a b)", "$(echo a b)"),
            ("a b", "\"a b\""),
            ("a; rm -rf x", "\"a; rm -rf x\""),
            ("a \"b\" $C", "\"a \\\"b\\\" $C\""),
            ("\"open", "\"\\\"open\""),
            ("a $(open", "'a $(open'"),
        ] {
            assert_eq!(assigned(value), want, "{value}");
        }
    }

    #[test]
    fn what_follows_a_substitution_is_set_as_well() {
        for (value, want) in [
            ("1 B=2", &[("A", "1 B=2")][..]),
            ("${X}/y B=2", &[("A", "${X}/y"), ("B", "2")]),
            (
                "$(echo a B=1)\n  C=\"2 3\"",
                &[("A", "$(echo a B=1)"), ("C", "\"2 3\"")],
            ),
            ("${X} and more", &[("A", "${X} and more")]),
            ("${X} B=1; rm x", &[("A", "${X} B=1; rm x")]),
            ("$(open B=2", &[("A", "$(open B=2")]),
        ] {
            assert_eq!(assignments("A", value), want, "{value}");
        }
    }

    #[test]
    fn names() {
        assert!(is_name("_A1"));
        assert!(!is_name("1A") && !is_name("") && !is_name("a-b") && !is_name("a;b"));
    }
}

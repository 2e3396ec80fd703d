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
    let mut quote = None;
    let mut closers: Vec<char> = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' && quote != Some('\'') {
            if chars.next().is_none() {
                return false;
            }
            continue;
        }
        if quote == Some('\'') {
            if c == '\'' {
                quote = None;
            }
            continue;
        }
        match c {
            '$' if chars.peek() == Some(&'(') => {
                chars.next();
                closers.push(')');
            }
            '$' if chars.peek() == Some(&'{') => {
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
            c if c.is_whitespace() || ";&|<>()#!".contains(c) => return false,
            _ => {}
        }
    }
    quote.is_none() && closers.is_empty()
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
    fn names() {
        assert!(is_name("_A1"));
        assert!(!is_name("1A") && !is_name("") && !is_name("a-b") && !is_name("a;b"));
    }
}

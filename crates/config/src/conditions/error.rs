//! Why a condition is not read or not judged.

use std::fmt;

/// Why a condition is not read or not judged. Where the original has a text for it, it is that
/// text, so it starts with a capital letter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct ConditionError {
    text: String,
    offset: Option<usize>,
}

impl ConditionError {
    /// Where in the condition, in bytes from its start, after [`super::join_lines`]. `None` for
    /// what shows only when it is judged.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.offset
    }

    pub(super) fn unparsed(source: &str, offset: usize) -> Self {
        Self::at(offset, format_args!("Could not parse {}", inspect(source)))
    }

    pub(super) fn expected(what: &str, source: &str, offset: usize) -> Self {
        Self::at(
            offset,
            format_args!(
                "expected {what} at position {offset} in: {}",
                inspect(source)
            ),
        )
    }

    pub(super) fn dollar(offset: usize) -> Self {
        Self::at(
            offset,
            format_args!(
                "Strings cannot start with a dollar (shell code does not work). \
                 This can be bypassed by quoting the string."
            ),
        )
    }

    pub(super) fn too_deep(limit: usize, offset: usize) -> Self {
        Self::at(
            offset,
            format_args!("the condition is nested deeper than {limit} levels: write it flatter"),
        )
    }

    pub(super) fn invalid_pattern(pattern: &str, reason: &str) -> Self {
        Self::judged(format!(
            "Invalid regular expression: /{pattern}/ ({reason})"
        ))
    }

    pub(super) fn slow_pattern(pattern: &str) -> Self {
        Self::judged(format!(
            "the regular expression /{pattern}/ takes too long: write it without nested repeats"
        ))
    }

    pub(super) fn judged(text: String) -> Self {
        Self { text, offset: None }
    }

    fn at(offset: usize, text: fmt::Arguments<'_>) -> Self {
        Self {
            text: text.to_string(),
            offset: Some(offset),
        }
    }
}

/// A text as the original quotes it: in double quotes, with Ruby's escapes.
fn inspect(text: &str) -> String {
    let mut result = String::with_capacity(text.len() + 2);
    result.push('"');
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' | '\\' => result.extend(['\\', c]),
            '#' if matches!(chars.peek(), Some('{' | '$' | '@')) => result.push_str("\\#"),
            '\n' => result.push_str("\\n"),
            '\r' => result.push_str("\\r"),
            '\t' => result.push_str("\\t"),
            '\x0b' => result.push_str("\\v"),
            '\x0c' => result.push_str("\\f"),
            '\x07' => result.push_str("\\a"),
            '\x08' => result.push_str("\\b"),
            '\x1b' => result.push_str("\\e"),
            c if c.is_ascii_control() => result.push_str(&format!("\\x{:02X}", u32::from(c))),
            c if is_unprintable(c) && u32::from(c) > 0xffff => {
                result.push_str(&format!("\\u{{{:X}}}", u32::from(c)));
            }
            c if is_unprintable(c) => result.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => result.push(c),
        }
    }
    result.push('"');
    result
}

/// Beyond ASCII: controls, separators of lines, marks without a width and private use.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb
            | 0xe000..=0xf8ff | 0xf0000..=0x10_ffff)
}

#[cfg(test)]
mod tests {
    use super::inspect;

    #[test]
    fn texts_are_quoted_as_ruby_does() {
        assert_eq!(
            inspect(r#"a "b" \ #{c} # d"#),
            r##""a \"b\" \\ \#{c} # d""##
        );
        assert_eq!(inspect("é\n\t\u{1}\u{2028}"), r#""é\n\t\x01\u2028""#);
    }
}

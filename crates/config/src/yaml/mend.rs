//! Mends what the original's parser let pass and ours refuses.

use super::build::MAX_BYTES;
use crate::ConfigError;

/// The file without what an error is about; `None` where the original refused it as well.
pub(super) fn mended(source: &str, error: &ConfigError) -> Option<String> {
    let ConfigError::Syntax {
        line,
        column,
        reason,
    } = error
    else {
        return None;
    };
    let is = |part: &str| reason.contains(part);
    if is("indentation in quoted scalar") {
        indent_string(source, *line, *column)
    } else if is("<document start>") {
        unindent(source)
    } else if is("valid YAML whitespace") {
        space_for_tab(source, *line, *column)
    } else if is("unknown anchor") {
        blank_alias(source, *line, *column)
    } else {
        None
    }
}

/// The first line may be indented more than the others.
fn unindent(source: &str) -> Option<String> {
    let text = source.trim_start();
    let blank = source.get(..source.len() - text.len())?;
    let lines = blank.rfind('\n').map_or(0, |end| end + 1);
    if lines == blank.len() {
        return None;
    }
    Some(blank.get(..lines)?.to_owned() + text)
}

/// The bytes where a line begins and where its column is; columns count characters.
fn place(source: &str, line: u32, column: u32) -> Option<(usize, usize)> {
    let before = usize::try_from(line).ok()?.checked_sub(1)?;
    let start: usize = (source.split_inclusive('\n').take(before))
        .map(str::len)
        .sum();
    let skipped = usize::try_from(column).ok()?.checked_sub(1)?;
    let inside = source
        .get(start..)?
        .chars()
        .take(skipped)
        .map(char::len_utf8);
    Some((start, start + inside.sum::<usize>()))
}

/// An anchor that nobody defined stands for nothing: blanks in the place of the alias.
fn blank_alias(source: &str, line: u32, column: u32) -> Option<String> {
    let (_, start) = place(source, line, column)?;
    let rest = source.get(start..)?.strip_prefix('*')?;
    let name = rest
        .find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}'))
        .unwrap_or(rest.len());
    // `*.py` was never an alias.
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name == 0 || !rest.get(..name)?.chars().all(is_name) {
        return None;
    }
    let mut mended = source.get(..start)?.to_owned();
    mended.push_str(&" ".repeat(name + 1));
    mended.push_str(rest.get(name..)?);
    Some(mended)
}

/// Puts spaces in the place of the tabs before a place: between a key and its value the original's
/// parser took them.
fn space_for_tab(source: &str, line: u32, column: u32) -> Option<String> {
    let (start_of_line, at) = place(source, line, column)?;
    let key = source.get(start_of_line..at)?;
    let tabs = key.len() - key.trim_end_matches('\t').len();
    if tabs == 0 {
        return None;
    }
    let mut mended = source.get(..at - tabs)?.to_owned();
    mended.push_str(&" ".repeat(tabs));
    mended.push_str(source.get(at..)?);
    Some(mended)
}

/// Indents the further lines of the quoted string that begins at a place. YAML demands it, the
/// original's parser did not, and real files rely on that (wrapped `secure` values). White space
/// at the start of these lines means nothing, so the value stays the same.
fn indent_string(source: &str, line: u32, column: u32) -> Option<String> {
    let (start_of_line, at) = place(source, line, column)?;
    let quote = source.get(at..)?.chars().next()?;
    if quote != '"' && quote != '\'' {
        return None;
    }
    let skipped = source.get(start_of_line..at)?.chars().count();
    let indentation = " ".repeat(skipped + 1);
    let (head, tail) = source.split_at(at + 1);
    let mut mended = String::with_capacity(source.len() + 1024);
    mended.push_str(head);
    let mut chars = tail.char_indices();
    while let Some((at, c)) = chars.next() {
        mended.push(c);
        match c {
            '\n' => mended.push_str(&indentation),
            '\\' if quote == '"' => match chars.next() {
                Some((_, '\n')) => {
                    mended.push('\n');
                    mended.push_str(&indentation);
                }
                escaped => mended.extend(escaped.map(|(_, c)| c)),
            },
            c if c == quote => {
                mended.push_str(tail.get(at + 1..)?);
                // Nothing to indent means that the fault is another one; and a long file of
                // long lines must not grow without end.
                let grown = mended.len() > source.len() && mended.len() < 4 * MAX_BYTES;
                return grown.then_some(mended);
            }
            _ => {}
        }
    }
    None
}

//! Mends what the original's parser let pass and ours refuses.

use super::build::MAX_BYTES;

/// Puts blanks in the place of an alias.
pub(super) fn blank_alias(source: &str, line: u32, column: u32) -> Option<String> {
    let before = usize::try_from(line).ok()?.checked_sub(1)?;
    let start_of_line: usize = source
        .split_inclusive('\n')
        .take(before)
        .map(str::len)
        .sum();
    let start = start_of_line + usize::try_from(column).ok()?.checked_sub(1)?;
    let rest = source.get(start..)?.strip_prefix('*')?;
    let name = rest
        .find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}'))
        .unwrap_or(rest.len());
    let mut mended = source.get(..start)?.to_owned();
    mended.push_str(&" ".repeat(name + 1));
    mended.push_str(rest.get(name..)?);
    Some(mended)
}

/// Indents the further lines of the quoted string that begins at a place. YAML demands it, the
/// original's parser did not, and real files rely on that (wrapped `secure` values). White space
/// at the start of these lines means nothing, so the value stays the same.
pub(super) fn indent_string(source: &str, line: u32, column: u32) -> Option<String> {
    let before = usize::try_from(line).ok()?.checked_sub(1)?;
    let start_of_line: usize = source
        .split_inclusive('\n')
        .take(before)
        .map(str::len)
        .sum();
    let skipped = usize::try_from(column).ok()?.checked_sub(1)?;
    let text = source.get(start_of_line..)?;
    let (offset, quote) = text.char_indices().nth(skipped)?;
    if quote != '"' && quote != '\'' {
        return None;
    }
    let indentation = " ".repeat(skipped + 1);
    let (head, tail) = source.split_at(start_of_line + offset + 1);
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

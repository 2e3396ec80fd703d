//! The change of the file that mends what a message is about.

use super::{Edit, Message};

/// The argument that holds what stands in the file, and the one that belongs there.
fn exchange(code: &str) -> Option<(&'static str, &'static str)> {
    Some(match code {
        "alias_key" => ("alias", "key"),
        "underscore_key" | "find_key" | "clean_key" | "strip_key" => ("original", "key"),
        "alias_value" => ("alias", "value"),
        "find_value" | "clean_value" => ("original", "value"),
        _ => return None,
    })
}

/// Gives messages about spelling the edit that mends it. Only where the file really has the word
/// at that place: what an alias or a repair has brought there is mended elsewhere.
pub(crate) fn attach<'m>(source: &str, messages: impl Iterator<Item = &'m mut Message>) {
    let mut lines: Option<Vec<&str>> = None;
    for message in messages {
        if exchange(message.code).is_some() && message.line.is_some() {
            let lines = lines.get_or_insert_with(|| source.lines().collect());
            message.edit = edit(lines, message);
        }
    }
}

fn edit(lines: &[&str], message: &Message) -> Option<Edit> {
    let (from, to) = exchange(message.code)?;
    let old = message.args.get(from)?.as_str()?;
    let new = message.args.get(to)?.as_str()?;
    let (line, column) = (message.line?, message.column?);
    let text = lines.get(usize::try_from(line).ok()?.checked_sub(1)?)?;
    let skipped = usize::try_from(column).ok()?.checked_sub(1)?;
    let rest = text.get(text.char_indices().nth(skipped)?.0..)?;
    let quote = rest.chars().next().filter(|c| ['"', '\''].contains(c));
    let inner = quote.map_or(Some(rest), |quote| rest.strip_prefix(quote))?;
    let after = inner.strip_prefix(old)?;
    let ends = match quote {
        Some(quote) => after.starts_with(quote),
        None => !after.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '-'),
    };
    let column = column + u32::from(quote.is_some());
    let length = u32::try_from(old.chars().count()).ok()?;
    ends.then(|| Edit {
        line,
        column,
        end_line: line,
        end_column: column.saturating_add(length),
        replacement: new.to_owned(),
    })
}

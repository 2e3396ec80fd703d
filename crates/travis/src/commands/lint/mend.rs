//! Edits that messages bring: told as help, and carried out by `--fix`.

use super::Report;
use crate::commands::source;
use crate::commands::sources::Sources;
use crate::failure::{Failure, Status};
use crate::output::{Color, plain};
use crate::session::Session;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use travis_config::conditions::Unevaluated;
use travis_config::{ConfigError, Edit, Message, Plan, PlanContext, plan_with};

/// An edit can make room for another; after so many rounds something is wrong.
const ROUNDS: usize = 20;

/// What mends a message, in words.
pub(super) fn help(source: &str, message: &Message) -> Option<String> {
    let edit = message.edit.as_ref()?;
    let range = range(source, edit)?;
    let old = source[range].trim();
    let new = edit.replacement.trim();
    Some(match (old.is_empty(), new.is_empty()) {
        (_, true) if old.contains('\n') || edit.end_line > edit.line => {
            format!("remove lines {} to {}", edit.line, last_line(edit))
        }
        (_, true) => format!("remove `{}`", plain(old)),
        (true, false) => format!("add `{}`", plain(new)),
        (false, false) => format!("write `{}`", plain(new)),
    })
}

fn last_line(edit: &Edit) -> u32 {
    if edit.end_column == 1 && edit.end_line > edit.line {
        edit.end_line - 1
    } else {
        edit.end_line
    }
}

/// Carries out the edits of all messages, again and again until there is none left, and writes
/// the file. Answers whether the report's text is another one now.
pub(super) fn fix(
    path: &Path,
    report: &mut Report,
    dry_run: bool,
    session: &mut Session,
) -> Result<bool, Failure> {
    let Sources {
        name, text: before, ..
    } = &report.sources;
    let mut text = before.clone();
    for _ in 0..ROUNDS {
        let Ok(plan) = alone(&text) else { break };
        let edits = plan
            .messages
            .iter()
            .filter_map(|message| message.edit.clone())
            .collect();
        match apply(&text, edits) {
            Some(changed) if alone(&changed).is_ok() => text = changed,
            _ => break,
        }
    }
    let changed = text != *before;
    if source::is_stdin(path) {
        if !session.is_json() {
            session.screen.out.write_all(text.as_bytes())?;
            session.screen.out.flush()?;
        }
    } else if changed {
        if !session.is_json() {
            difference(name, before, &text, session)?;
        }
        if !dry_run {
            let path = session.around.directory.join(path);
            write(&path, &text).map_err(|error| {
                Failure::new(Status::Io, format!("{name} can't be written: {error}"))
            })?;
        }
    }
    let kept = changed && !dry_run;
    if kept {
        report.sources.text = text;
    }
    Ok(kept)
}

/// What one file means without its imports, whose messages bring no edits of it.
fn alone(text: &str) -> Result<Plan, ConfigError> {
    plan_with(text, &PlanContext::default(), &Unevaluated)
}

/// Carries out edits that do not touch each other; of two that do, the first. `None` when there
/// is nothing to do.
fn apply(source: &str, edits: Vec<Edit>) -> Option<String> {
    let mut places: Vec<_> = edits
        .into_iter()
        .filter_map(|edit| Some((range(source, &edit)?, edit.replacement)))
        .collect();
    places.sort_by_key(|(range, _)| (range.start, range.end));
    let mut result = String::with_capacity(source.len());
    let mut done = 0;
    for (range, replacement) in places {
        if range.start < done {
            continue;
        }
        result.push_str(&source[done..range.start]);
        result.push_str(&replacement);
        done = range.end;
    }
    result.push_str(&source[done..]);
    (result != source).then_some(result)
}

/// The bytes of an edit's place; `None` when there is no such place.
fn range(source: &str, edit: &Edit) -> Option<std::ops::Range<usize>> {
    let start = offset(source, edit.line, edit.column)?;
    let end = offset(source, edit.end_line, edit.end_column)?;
    (start <= end).then_some(start..end)
}

/// The byte of a line and column, both from 1; a column behind the end is the end.
fn offset(source: &str, line: u32, column: u32) -> Option<usize> {
    let (line, column) = (usize::try_from(line).ok()?, usize::try_from(column).ok()?);
    let start = match line.checked_sub(1)? {
        0 => 0,
        before => source.match_indices('\n').nth(before - 1)?.0 + 1,
    };
    let rest = &source[start..];
    let text = &rest[..rest.find('\n').unwrap_or(rest.len())];
    let inside = match text.char_indices().nth(column.checked_sub(1)?) {
        Some((inside, _)) => inside,
        None => text.len(),
    };
    Some(start + inside)
}

/// Puts the new text in place at once, so that nobody sees half of it.
fn write(path: &Path, text: &str) -> io::Result<()> {
    // A link stays one: what it points to is written.
    let path = fs::canonicalize(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}", std::process::id()));
    let written = (|| {
        let mut file = fs::File::create_new(&beside)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(fs::metadata(&path)?.permissions())?;
        file.sync_all()?;
        fs::rename(&beside, &path)
    })();
    if written.is_err() {
        // The old file is untouched; what was begun beside it is of no use.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// The lines that differ, old ones with a minus, new ones with a plus.
fn difference(name: &str, old: &str, new: &str, session: &mut Session) -> Result<(), Failure> {
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new.lines().collect();
    session.screen.line(&format!("{name}:"))?;
    for change in changes(&old, &new) {
        let (sign, color, text) = match change {
            Change::Removed(text) => ('-', Color::Red, text),
            Change::Added(text) => ('+', Color::Green, text),
        };
        let text = session
            .screen
            .paint
            .text(color, &format!("{sign} {}", plain(text)));
        session.screen.line(&format!("  {text}"))?;
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
enum Change<'a> {
    Removed(&'a str),
    Added(&'a str),
}

/// How far ahead an equal line is looked for. Edits are small, so it is near.
const AHEAD: usize = 200;

fn changes<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Change<'a>> {
    let mut result = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
            continue;
        }
        // The nearest pair of equal lines; up to there all differ.
        let (skip_old, skip_new) = (0..AHEAD)
            .flat_map(|sum| (0..=sum).map(move |a| (a, sum - a)))
            .find(|(a, b)| {
                let (left, right) = (old.get(i + a), new.get(j + b));
                left == right && left.is_some_and(|line| !line.trim().is_empty())
            })
            .unwrap_or((old.len() - i, new.len() - j));
        result.extend(
            old[i..i + skip_old]
                .iter()
                .map(|line| Change::Removed(line)),
        );
        result.extend(new[j..j + skip_new].iter().map(|line| Change::Added(line)));
        (i, j) = (i + skip_old, j + skip_new);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(from: (u32, u32), to: (u32, u32), replacement: &str) -> Edit {
        Edit {
            line: from.0,
            column: from.1,
            end_line: to.0,
            end_column: to.1,
            replacement: replacement.to_owned(),
        }
    }

    #[test]
    fn edits_count_characters_and_do_not_overlap() {
        let source = "ä: 1\nfoo-bar: 2\nb: 3";
        let edits = vec![
            edit((2, 1), (2, 8), "foo_bar"),
            edit((1, 1), (1, 2), "a"),
            edit((2, 3), (2, 5), "x"),
            edit((3, 1), (3, 5), ""),
            edit((9, 1), (9, 2), "nowhere"),
        ];
        assert_eq!(apply(source, edits).unwrap(), "a: 1\nfoo_bar: 2\n");
        assert_eq!(apply(source, Vec::new()), None);
    }

    #[test]
    fn differences_are_small() {
        let changes = changes(&["a", "b", "c", "d"], &["a", "B", "c", "d", "e"]);
        assert_eq!(
            changes,
            [Change::Removed("b"), Change::Added("B"), Change::Added("e")]
        );
    }
}

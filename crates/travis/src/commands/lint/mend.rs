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
use travis_config::{
    ConfigError, Level, Message, PlanContext, apply_edits, offer_edits, plan_with,
};

/// An edit can make room for another; after so many rounds something is wrong.
const ROUNDS: usize = 20;

/// What mends a message, in words.
pub(super) fn help(source: &str, message: &Message) -> Option<String> {
    let Some(edit) = &message.edit else {
        return message.advice();
    };
    let new = edit.replacement.trim();
    if !new.is_empty() {
        return Some(
            if (edit.line, edit.column) == (edit.end_line, edit.end_column) {
                format!("put `{}` before it", plain(new))
            } else {
                format!("write `{}`", plain(new))
            },
        );
    }
    let last = if edit.end_column == 1 && edit.end_line > edit.line {
        edit.end_line - 1
    } else {
        edit.end_line
    };
    Some(if last > edit.line {
        format!("remove lines {} to {last}", edit.line)
    } else if edit.end_line > edit.line {
        format!("remove line {}", edit.line)
    } else {
        let line = source.lines().nth(edit.line as usize - 1)?;
        let length = edit.end_column.saturating_sub(edit.column) as usize;
        let old: String = line
            .chars()
            .skip(edit.column as usize - 1)
            .take(length)
            .collect();
        format!("remove `{}`", plain(old.trim()))
    })
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
        let Ok(messages) = alone(&text) else { break };
        let edits: Vec<_> = messages
            .iter()
            .filter_map(|message| message.edit.clone())
            .collect();
        // Each was tried alone. Where they do not go together, the first goes first.
        let all = apply_edits(&text, &edits).filter(|text| !is_worse(text, &messages));
        let next = all.or_else(|| {
            let first = apply_edits(&text, edits.get(..1)?)?;
            (!is_worse(&first, &messages)).then_some(first)
        });
        match next {
            Some(next) => text = next,
            None => break,
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

/// What there is to say of one file without its imports, whose messages bring no edits of it.
fn alone(text: &str) -> Result<Vec<Message>, ConfigError> {
    let mut plan = plan_with(text, &PlanContext::default(), &Unevaluated)?;
    offer_edits(text, &mut plan.messages);
    Ok(plan.messages)
}

/// Whether a file can not be read any more, or has more to complain about than before.
fn is_worse(text: &str, before: &[Message]) -> bool {
    let count = |messages: &[Message]| messages.iter().filter(|m| m.level > Level::Info).count();
    !alone(text).is_ok_and(|after| count(&after) <= count(before))
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

    #[test]
    fn differences_are_small() {
        let changes = changes(&["a", "b", "c", "d"], &["a", "B", "c", "d", "e"]);
        assert_eq!(
            changes,
            [Change::Removed("b"), Change::Added("B"), Change::Added("e")]
        );
    }
}

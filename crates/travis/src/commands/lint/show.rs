//! Messages for people: the place, the line with a caret, and what mends it.

use super::{Checked, Refusal, Report, mend};
use crate::failure::{Failure, Status};
use crate::output::{Color, Paint, plain, width};
use crate::session::Session;
use travis_config::{Level, Message};

/// Long lines are shown around the column, in so many characters.
const WINDOW: usize = 100;

/// Prints what came of one file.
pub(super) fn report(report: &Report, session: &mut Session) -> Result<(), Failure> {
    match &report.result {
        Ok(checked) => {
            let mut messages: Vec<&Message> = checked.messages.iter().collect();
            // As one reads the file; what has no place in it comes last.
            messages.sort_by_key(|m| (m.file.is_some(), m.line.is_none(), m.line, m.column));
            for message in messages {
                one(report, message, session)?;
            }
            summary(report, checked, session)
        }
        Err(refusal) => {
            let own = report.sources.name.as_str();
            let (name, source, text, position, help) = match refusal {
                Refusal::Unread(reason) => (own, "", reason.clone(), None, None),
                Refusal::Refused(error) => {
                    let (name, source, error) = report.sources.blamed(error);
                    let position = error.line().zip(error.column());
                    let help = Some(error.advice(source));
                    (name, source, error.to_string(), position, help)
                }
            };
            let place = place(name, position);
            let label = session.screen.paint.text(Color::Red, "refused:");
            session
                .screen
                .line(&format!("{place} {label} {}", plain(&text)))?;
            if let Some((line, column)) = position {
                snippet(source, (line, column), 1, Color::Red, session)?;
            }
            if let Some(help) = help {
                session.screen.line(&format!("  help: {help}"))?;
            }
            Ok(())
        }
    }
}

fn one(report: &Report, message: &Message, session: &mut Session) -> Result<(), Failure> {
    let color = match message.level {
        Level::Info => Color::Gray,
        Level::Warn => Color::Yellow,
        Level::Error => Color::Red,
        Level::Alert => Color::Magenta,
    };
    let position = message.line.map(|line| (line, message.column.unwrap_or(0)));
    let source = report.sources.text_of(message.file.as_deref());
    let place = place(
        message.file.as_deref().unwrap_or(&report.sources.name),
        position,
    );
    let label = format!("{}:", message.level.as_str());
    let label = session.screen.paint.text(color, &label);
    let on = match message.key.as_str() {
        "" | "root" => String::new(),
        key => format!("on {}: ", plain(key)),
    };
    let text = plain(&message.text);
    session
        .screen
        .line(&format!("{place} {label} {on}{text}"))?;
    if let Some(position) = position {
        snippet(source, position, length(message), color, session)?;
    }
    if let Some(help) = mend::help(source, message) {
        session.screen.line(&format!("  help: {help}"))?;
    }
    Ok(())
}

fn place(name: &str, position: Option<(u32, u32)>) -> String {
    let name = plain(name);
    match position {
        Some((line, 0)) => format!("{name}:{line}:"),
        Some((line, column)) => format!("{name}:{line}:{column}:"),
        None => format!("{name}:"),
    }
}

/// How many characters a message is about: the word that its edit exchanges, else one.
fn length(message: &Message) -> usize {
    let exchanged = message.edit.as_ref().filter(|edit| {
        edit.line == edit.end_line
            && Some(edit.line) == message.line
            && Some(edit.column) == message.column
    });
    let length = exchanged.map_or(1, |edit| edit.end_column.saturating_sub(edit.column));
    usize::try_from(length).unwrap_or(1).max(1)
}

/// The line, with carets under so many characters from the column on when there is one.
fn snippet(
    source: &str,
    (line, column): (u32, u32),
    length: usize,
    color: Color,
    session: &mut Session,
) -> Result<(), Failure> {
    for text in excerpt(source, (line, column), length, color, session.screen.paint) {
        session.screen.line(&text)?;
    }
    Ok(())
}

/// A line of a file, and one with carets under so many characters from the column on when there is
/// one.
pub(super) fn excerpt(
    source: &str,
    (line, column): (u32, u32),
    length: usize,
    color: Color,
    paint: Paint,
) -> Vec<String> {
    let number = usize::try_from(line).unwrap_or(usize::MAX);
    let at = usize::try_from(column).unwrap_or(0).saturating_sub(1);
    let (line, full, at) = match source.lines().nth(number.saturating_sub(1)) {
        Some(full) => (number, full, at),
        // Behind the end: what is missing is missing there.
        None => match source.lines().enumerate().last() {
            Some((index, full)) => (index + 1, full, full.chars().count()),
            None => return Vec::new(),
        },
    };
    let (shown, indent, carets) = window(full, at, length);
    let margin = paint.text(Color::Gray, &format!("{line:>4} |"));
    let mut lines = vec![format!("{margin} {shown}")];
    if column > 0 {
        let below = paint.text(Color::Gray, "     |");
        let carets = paint.text(color, &"^".repeat(carets));
        lines.push(format!("{below} {}{carets}", " ".repeat(indent)));
    }
    lines
}

/// The part of a line around a character, the columns before the character, and the columns that
/// the word from there on takes.
fn window(line: &str, at: usize, length: usize) -> (String, usize, usize) {
    let line = plain(line.trim_end());
    let count = line.chars().count();
    let first = if count <= WINDOW || at < WINDOW * 2 / 3 {
        0
    } else {
        (at - WINDOW / 2).min(count.saturating_sub(WINDOW))
    };
    let (left, right) = (
        if first > 0 { "…" } else { "" },
        if count > first + WINDOW { "…" } else { "" },
    );
    let part = |from: usize, to: usize| -> String {
        let to = to.min(first + WINDOW);
        line.chars().take(to).skip(from).collect()
    };
    let before = width(left) + width(&part(first, at.max(first)));
    let word = width(&part(at, at + length)).max(1);
    (format!("{left}{}{right}", part(first, count)), before, word)
}

/// What came of several files, in one line.
pub(super) fn total(reports: &[(Status, usize)], session: &mut Session) -> Result<(), Failure> {
    let of = |wanted: Status| {
        reports
            .iter()
            .filter(|(status, _)| *status == wanted)
            .count()
    };
    let parts: Vec<String> = [
        (Status::Passed, "without complaint"),
        (Status::Failed, "with something to mend"),
        (Status::Errored, "refused"),
    ]
    .into_iter()
    .filter_map(|(status, text)| match of(status) {
        0 => None,
        number => Some(format!("{number} {text}")),
    })
    .collect();
    let line = format!("{} files: {}", reports.len(), parts.join(", "));
    session.screen.line(&line)?;
    let edits = reports.iter().map(|(_, edits)| edits).sum();
    offer(edits, session)
}

/// Says how to have it mended, where something can be.
pub(super) fn offer(edits: usize, session: &mut Session) -> Result<(), Failure> {
    let text = match edits {
        0 => return Ok(()),
        1 => "  1 message is mended by `travis lint --fix`".to_owned(),
        number => format!("  {number} messages are mended by `travis lint --fix`"),
    };
    Ok(session.screen.line(&text)?)
}

fn summary(report: &Report, checked: &Checked, session: &mut Session) -> Result<(), Failure> {
    let count = |level: Level| checked.messages.iter().filter(|m| m.level == level).count();
    let parts: Vec<String> = [
        (Level::Alert, "alert", "alerts"),
        (Level::Error, "error", "errors"),
        (Level::Warn, "warning", "warnings"),
        (Level::Info, "note", "notes"),
    ]
    .into_iter()
    .filter_map(|(level, one, many)| match count(level) {
        0 => None,
        1 => Some(format!("1 {one}")),
        number => Some(format!("{number} {many}")),
    })
    .collect();
    let jobs = match checked.jobs {
        1 => "1 job".to_owned(),
        number => format!("{number} jobs"),
    };
    let said = if parts.is_empty() {
        "nothing to say".to_owned()
    } else {
        parts.join(", ")
    };
    let clean = checked.messages.iter().all(|m| m.level == Level::Info);
    let sign = if clean {
        session.screen.paint.text(Color::Green, "✓")
    } else {
        session.screen.paint.text(Color::Red, "✗")
    };
    session
        .screen
        .line(&format!("{sign} {}: {said}; {jobs}", report.sources.name))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_shown_around_the_place() {
        let line = format!("{}mistake: {}", "x".repeat(300), "y".repeat(300));
        let (shown, indent, carets) = window(&line, 300, 7);
        let marked: String = shown.chars().skip(indent).take(carets).collect();
        assert_eq!(marked, "mistake");
        assert!(shown.starts_with('…') && shown.ends_with('…'), "{shown}");
        assert!(width(&shown) <= WINDOW + 2);

        let (shown, indent, _) = window(&line, 599, 1);
        assert_eq!(shown.chars().nth(indent), Some('y'));
        assert!(!shown.ends_with('…'), "{shown}");
    }

    #[test]
    fn carets_count_columns() {
        assert_eq!(window("日本: \tOs", 5, 2), ("日本:  Os".to_owned(), 7, 2));
        assert_eq!(window("日本", 0, 2), ("日本".to_owned(), 0, 4));
        assert_eq!(window("ab", 9, 3), ("ab".to_owned(), 2, 1));
    }
}

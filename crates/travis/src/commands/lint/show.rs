//! Messages for people: the place, the line with a caret, and what mends it.

use super::{Checked, Refusal, Report, mend};
use crate::failure::Failure;
use crate::output::{Color, Paint, plain, width};
use crate::session::Session;
use travis_config::{Level, Message};

/// Long lines are shown around the column, in so many characters.
const WINDOW: usize = 100;

/// Prints what came of one file.
pub(super) fn report(report: &Report, session: &mut Session) -> Result<(), Failure> {
    match &report.result {
        Ok(checked) => {
            for message in &checked.messages {
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
                snippet(source, line, column, Color::Red, session)?;
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
    if let Some((line, column)) = position {
        snippet(source, line, column, color, session)?;
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

/// The line, with a caret under the column when there is one.
fn snippet(
    source: &str,
    line: u32,
    column: u32,
    color: Color,
    session: &mut Session,
) -> Result<(), Failure> {
    for text in excerpt(source, (line, column), color, session.screen.paint) {
        session.screen.line(&text)?;
    }
    Ok(())
}

/// A line of a file, and one with a caret under the column when there is one.
pub(super) fn excerpt(
    source: &str,
    (line, column): (u32, u32),
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
    let first = if at < WINDOW { 0 } else { at - WINDOW / 2 };
    let shown: String = full.chars().skip(first).take(WINDOW).collect();
    let margin = paint.text(Color::Gray, &format!("{line:>4} |"));
    let mut lines = vec![format!("{margin} {}", plain(shown.trim_end()))];
    if column > 0 {
        let before: String = shown.chars().take(at - first).collect();
        let indent = " ".repeat(width(&plain(&before)));
        let margin = paint.text(Color::Gray, "     |");
        lines.push(format!("{margin} {indent}{}", paint.text(color, "^")));
    }
    lines
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

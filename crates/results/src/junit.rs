//! JUnit XML, as the many who write it write it. Entities of the file's own are never expanded, so
//! that a small file can't grow.

use crate::case::{Case, Outcome, micros};
use crate::report::{Collector, Report};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Elements within each other.
const DEPTH: usize = 64;
/// Bytes of text kept of one element.
const TEXT: usize = 8 << 10;

/// Why a file is no JUnit XML.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JUnitError {
    /// It is broken.
    #[error("the file is no well-formed XML at byte {at}: {reason}")]
    Broken {
        /// Where.
        at: u64,
        /// What the reader says.
        reason: String,
    },
    /// Elements lie too deep in each other.
    #[error("elements lie more than {DEPTH} deep in each other: that is no file of test results")]
    Deep,
    /// It ends within an element.
    #[error("the file ends within <{0}>: it was cut, or its writer was stopped")]
    Cut(String),
    /// It has none of the elements.
    #[error("the file has no <testsuite> or <testcase>: it is XML, and not of JUnit's form")]
    Other,
}

/// Reads a whole file.
pub(crate) fn read(text: &str) -> Result<Report, JUnitError> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut state = State::default();
    loop {
        let at = reader.buffer_position();
        let broken = |reason: String| JUnitError::Broken { at, reason };
        let event = reader.read_event();
        match event.map_err(|error| broken(error.to_string()))? {
            Event::Start(tag) => state.open(&tag)?,
            Event::Empty(tag) => {
                state.open(&tag)?;
                state.close();
            }
            Event::End(_) => state.close(),
            Event::Text(text) => state.text(&text),
            Event::CData(text) => state.text(&text),
            Event::GeneralRef(name) => state.text(&entity(&name)),
            Event::Eof => break,
            _ => {}
        }
    }
    match state.open.pop() {
        Some(name) => Err(JUnitError::Cut(name)),
        None if !state.seen => Err(JUnitError::Other),
        None => Ok(state.all.report),
    }
}

/// The five names of XML and numbers; any other stays as it is written.
fn entity(name: &str) -> String {
    let number = name.strip_prefix('#').and_then(|number| {
        let number = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        };
        number.and_then(char::from_u32)
    });
    match (name, number) {
        (_, Some(c)) => c.to_string(),
        ("lt", _) => "<".to_owned(),
        ("gt", _) => ">".to_owned(),
        ("amp", _) => "&".to_owned(),
        ("quot", _) => "\"".to_owned(),
        ("apos", _) => "'".to_owned(),
        _ => format!("&{name};"),
    }
}

#[derive(Default)]
struct State {
    all: Collector,
    open: Vec<String>,
    /// Names of the suites that are open.
    suites: Vec<String>,
    /// Files of the suites that are open.
    files: Vec<String>,
    case: Option<Case>,
    /// The text of a failure is collected.
    listening: bool,
    heard: String,
    seen: bool,
}

impl State {
    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), JUnitError> {
        if self.open.len() >= DEPTH {
            return Err(JUnitError::Deep);
        }
        let local = tag.local_name();
        let name = local.as_ref().to_owned();
        match name.as_str() {
            "testsuites" => self.seen = true,
            "testsuite" => {
                self.seen = true;
                self.suites.push(attribute(tag, "name").unwrap_or_default());
                self.files.push(attribute(tag, "file").unwrap_or_default());
            }
            "testcase" => {
                self.seen = true;
                self.begin(tag);
            }
            "failure" | "error" | "rerunFailure" | "rerunError" => {
                self.fail(tag, Outcome::Failed);
            }
            "flakyFailure" | "flakyError" => {
                if let Some(case) = &mut self.case {
                    case.retried = true;
                }
            }
            "skipped" | "disabled" => self.fail(tag, Outcome::Skipped),
            _ => {}
        }
        self.open.push(name);
        Ok(())
    }

    fn begin(&mut self, tag: &BytesStart<'_>) {
        let name = attribute(tag, "name").unwrap_or_default();
        let class = attribute(tag, "classname").or_else(|| attribute(tag, "class"));
        let suite = class
            .filter(|class| !class.is_empty())
            .or_else(|| self.suites.last().cloned())
            .unwrap_or_default();
        let mut case = Case::new(&suite, &name, Outcome::Passed);
        case.micros = attribute(tag, "time").and_then(|time| micros(&time));
        let file = attribute(tag, "file").or_else(|| self.files.last().cloned());
        if let Some(file) = file {
            case.set_file(&file);
        }
        let status = attribute(tag, "status").or_else(|| attribute(tag, "result"));
        if matches!(status.as_deref(), Some("notrun" | "skipped" | "disabled")) {
            case.outcome = Outcome::Skipped;
        }
        self.case = Some(case);
    }

    fn fail(&mut self, tag: &BytesStart<'_>, outcome: Outcome) {
        let Some(case) = &mut self.case else { return };
        // A failure in what comes after a test counts as well.
        if case.outcome != Outcome::Failed {
            case.outcome = outcome;
        }
        let said = attribute(tag, "message").unwrap_or_default();
        let kind = attribute(tag, "type").unwrap_or_default();
        self.heard = if said.trim().is_empty() { kind } else { said };
        self.listening = true;
    }

    fn text(&mut self, text: &str) {
        if !self.listening || self.heard.len() >= TEXT {
            return;
        }
        let head = self.heard.lines().next().unwrap_or_default().trim();
        let text_now = text.trim_start_matches(['\n', '\r']);
        // Many repeat the message as the first line of the text.
        if !head.is_empty() && text_now.starts_with(head) && !self.heard.contains('\n') {
            self.heard.clear();
        } else if !self.heard.is_empty() && !text_now.is_empty() && !self.heard.contains('\n') {
            self.heard.push('\n');
        }
        let mut end = text.len().min(TEXT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let piece = if self.heard.is_empty() {
            text.get(..end)
                .unwrap_or_default()
                .trim_start_matches(['\n', '\r'])
        } else {
            text.get(..end).unwrap_or_default()
        };
        self.heard.push_str(piece);
    }

    fn close(&mut self) {
        let Some(name) = self.open.pop() else { return };
        match name.as_str() {
            "testsuite" => {
                self.suites.pop();
                self.files.pop();
            }
            "testcase" => {
                self.listening = false;
                if let Some(case) = self.case.take() {
                    self.all.add(case);
                }
            }
            "failure" | "error" | "rerunFailure" | "rerunError" | "skipped" | "disabled" => {
                self.listening = false;
                let heard = std::mem::take(&mut self.heard);
                if let Some(case) = &mut self.case
                    && case.message.is_none()
                {
                    case.set_message(&heard);
                }
            }
            _ => {}
        }
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag
        .attributes()
        .with_checks(false)
        .filter_map(Result::ok)
        .find(|attribute| attribute.key.local_name().as_ref() == name)?;
    Some(unescape(&found.value))
}

/// Carries entities out, each by itself: what comes of one is not looked at again.
fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let after = after.get(1..).unwrap_or_default();
        match after.find(';').filter(|end| *end <= 10) {
            Some(end) => {
                out.push_str(&entity(after.get(..end).unwrap_or_default()));
                rest = after.get(end + 1..).unwrap_or_default();
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;

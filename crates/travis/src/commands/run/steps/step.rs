//! One fold, or one command of the script, and the end of what it printed.

use super::settled;
use std::time::{Duration, Instant};

/// Bytes of output that are kept of a step.
const KEPT: usize = 256 * 1024;
/// Bytes that are looked at for the last lines.
const LOOKED_AT: usize = 16 * 1024;
/// The first line of a command is shown to so many bytes.
const LONGEST_TITLE: usize = 1024;
/// Phases whose commands decide nothing: whether they worked is not known.
const WITHOUT_RESULT: [&str; 7] = [
    "env",
    "after_success",
    "after_failure",
    "after_script",
    "after_deploy",
    "before_cache",
    "cache",
];

/// What a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Fold,
    Command,
}

/// A step of a job.
#[derive(Debug)]
pub struct Step {
    /// The fold's name; `script` for the commands of the script.
    pub name: String,
    /// Nanoseconds that its commands took.
    spent: u64,
    kind: Kind,
    began: Instant,
    /// Commands within commands that are being timed.
    depth: u32,
    /// What is being run in it, to the end of the line.
    title: Vec<u8>,
    reading_title: bool,
    kept: Vec<u8>,
    lines: u64,
}

impl Step {
    /// A fold that begins.
    pub fn fold(name: &str) -> Self {
        Self::new(name, Kind::Fold)
    }

    /// A command that begins outside of folds.
    pub fn command() -> Self {
        Self::new("script", Kind::Command)
    }

    fn new(name: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            spent: 0,
            kind,
            began: Instant::now(),
            depth: 0,
            title: Vec::new(),
            reading_title: false,
            kept: Vec::new(),
            lines: 0,
        }
    }

    /// Whether it is a fold.
    pub fn is_fold(&self) -> bool {
        self.kind == Kind::Fold
    }

    /// Whether its end says that it worked.
    pub fn counts(&self) -> bool {
        let phase = self.name.split('.').next().unwrap_or_default();
        !WITHOUT_RESULT.contains(&phase)
    }

    /// How long it has taken, or took.
    pub fn took(&self) -> Duration {
        match self.spent {
            0 => self.began.elapsed(),
            spent => Duration::from_nanos(spent),
        }
    }

    /// The next line that is printed is the command.
    pub fn command_begins(&mut self) {
        self.depth += 1;
        if self.is_fold() || self.depth == 1 {
            self.title.clear();
            self.reading_title = true;
        }
    }

    /// A timed command ended. Answers whether the step did, too.
    pub fn command_ends(&mut self, nanoseconds: u64, event: &str) -> bool {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0 {
            self.spent = self.spent.saturating_add(nanoseconds);
        }
        let ended = self.depth == 0 && !self.is_fold();
        if ended && !event.is_empty() {
            event.clone_into(&mut self.name);
        }
        ended
    }

    /// Whether it is a command that decides how the job comes out.
    pub fn is_script(&self) -> bool {
        !self.is_fold() && self.name == "script"
    }

    /// What it prints.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.reading_title {
            let end = bytes.iter().position(|byte| *byte == b'\n');
            self.title
                .extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
            self.reading_title = end.is_none() && self.title.len() < LONGEST_TITLE;
        }
        self.lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.kept.extend_from_slice(bytes);
        if self.kept.len() > 2 * KEPT {
            let from = self.kept.len() - KEPT;
            // From a line's start on.
            let line = self.kept[from..].iter().position(|byte| *byte == b'\n');
            self.kept.drain(..line.map_or(from, |line| from + line + 1));
        }
    }

    /// The command that runs, with `$`; empty when there is none.
    pub fn title(&self) -> String {
        let text = settled(&self.title);
        if text.starts_with("$ ") {
            return text.trim_end().to_owned();
        }
        // Behind a heading.
        let begin = &self.kept[..self.kept.len().min(LONGEST_TITLE)];
        let text = settled(begin);
        let command = text.lines().find(|line| line.starts_with("$ "));
        command.unwrap_or_default().trim_end().to_owned()
    }

    /// The end of what it printed, as it was printed.
    pub fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// How many lines came before what is kept.
    pub fn hidden_lines(&self) -> u64 {
        let kept = self.kept.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.lines.saturating_sub(kept)
    }

    /// The last lines, without the command and without colors; and how many came before them.
    pub fn last_lines(&self, most: usize) -> (Vec<String>, u64) {
        let from = self.kept.len().saturating_sub(LOOKED_AT);
        let mut tail = &self.kept[from..];
        if from > 0 {
            let line = tail.iter().position(|byte| *byte == b'\n');
            tail = &tail[line.map_or(0, |line| line + 1)..];
        }
        let text = settled(tail);
        let mut all: Vec<&str> = text.lines().collect();
        let mut before = self.lines;
        if !tail.ends_with(b"\n") && !tail.is_empty() {
            before += 1;
        }
        // The command stands in the head already.
        let first = all.first().filter(|_| from == 0).copied();
        if first.is_some_and(|line| line.starts_with("$ ")) {
            all.remove(0);
        }
        if !self.is_fold() || first.is_some_and(|line| line.starts_with("$ ")) {
            before = before.saturating_sub(1);
        }
        while all.last().is_some_and(|line| line.trim().is_empty()) {
            all.pop();
            before = before.saturating_sub(1);
        }
        let shown = &all[all.len().saturating_sub(most)..];
        let shown: Vec<String> = shown
            .iter()
            .map(|line| (*line).replace('\t', "    "))
            .collect();
        let before = before.saturating_sub(shown.len() as u64);
        (shown, before)
    }
}

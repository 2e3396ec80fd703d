//! Why a file was refused as a whole.

use std::fmt::Write as _;

/// A file that cannot be planned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The text is not YAML.
    #[error("line {line}, column {column}: {reason}")]
    Syntax {
        /// The line, from 1.
        line: u32,
        /// The column, from 1.
        column: u32,
        /// What the parser expected or found.
        reason: String,
    },
    /// The top of the file is not a map.
    #[error("the file holds {found} where keys and values are expected; start it with `language:`")]
    NotAMap {
        /// What the top is.
        found: &'static str,
        /// The line, from 1.
        line: u32,
        /// The column, from 1.
        column: u32,
    },
    /// The file is larger than is read.
    #[error("the file has {bytes} bytes, the limit is 1 MiB; move scripts to files of their own")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Aliases multiply the file beyond the limit.
    #[error(
        "line {line}: with its aliases expanded the file holds more than 100,000 values or 4 MiB; use fewer or smaller anchors"
    )]
    AliasBomb {
        /// The line of the alias that went over, from 1.
        line: u32,
        /// The column, from 1.
        column: u32,
    },
    /// Collections are nested too deep.
    #[error("line {line}: values are nested deeper than 60 levels; flatten them")]
    TooDeep {
        /// The line, from 1.
        line: u32,
        /// The column, from 1.
        column: u32,
    },
    /// The matrix is larger than a build may be.
    #[error(
        "the matrix expands to {count} jobs, the limit is 200; shorten its lists or exclude combinations"
    )]
    TooManyJobs {
        /// How many jobs it has, where that was countable.
        count: usize,
    },
    /// All jobs together would take too much memory.
    #[error("the jobs together hold more than 64 MiB of configuration; shorten what they share")]
    TooMuchConfig,
    /// An imported file cannot be used.
    #[error("{name}: {error}")]
    Imported {
        /// The import.
        name: String,
        /// What is wrong with it.
        error: Box<ConfigError>,
    },
}

impl ConfigError {
    /// The original's word for this kind of error.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "SyntaxError",
            Self::NotAMap { .. } => "InvalidConfigFormat",
            Self::TooLarge { .. } | Self::AliasBomb { .. } | Self::TooDeep { .. } => "TooLarge",
            Self::TooManyJobs { .. } | Self::TooMuchConfig => "TooManyJobs",
            Self::Imported { error, .. } => error.name(),
        }
    }

    /// The line, from 1.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        self.position().map(|p| p.0)
    }

    /// The column, from 1.
    #[must_use]
    pub fn column(&self) -> Option<u32> {
        self.position().map(|p| p.1)
    }

    fn position(&self) -> Option<(u32, u32)> {
        match self {
            Self::Syntax { line, column, .. }
            | Self::NotAMap { line, column, .. }
            | Self::AliasBomb { line, column }
            | Self::TooDeep { line, column } => Some((*line, *column)),
            Self::TooLarge { .. }
            | Self::TooManyJobs { .. }
            | Self::TooMuchConfig
            | Self::Imported { .. } => None,
        }
    }

    /// What to do about it, in a sentence. Looks at the offending line of the file.
    #[must_use]
    pub fn advice(&self, source: &str) -> &'static str {
        let index = self.line().and_then(|line| usize::try_from(line).ok());
        let line = index.and_then(|line| source.lines().nth(line.saturating_sub(1)));
        self.remedy(line.unwrap_or_default())
    }

    fn remedy(&self, line: &str) -> &'static str {
        match self {
            Self::Syntax { reason, .. } => syntax_remedy(reason, line),
            Self::NotAMap { .. } => "Begin the file with a key, for example `language: shell`.",
            Self::TooLarge { .. } => "Move long scripts to files of their own and call them.",
            Self::AliasBomb { .. } => "Write the repeated parts out, or use fewer aliases.",
            Self::TooDeep { .. } => "Flatten the nested lists and maps.",
            Self::TooManyJobs { .. } => "Shorten the lists, or use jobs.exclude or jobs.include.",
            Self::TooMuchConfig => "Shorten what all jobs share.",
            Self::Imported { .. } => "Mend the imported file, or import a version that works.",
        }
    }

    /// Several lines for the job log: what is wrong, the offending line with a caret, the remedy.
    #[must_use]
    pub fn explain(&self, source: &str) -> String {
        let mut text = String::from("The file .travis.yml could not be used.\n\n");
        let what = match self {
            Self::Syntax { reason, .. } => reason.clone(),
            other => other.to_string(),
        };
        let mut shown = "";
        if let Some((line, column)) = self.position() {
            let _ = writeln!(text, ".travis.yml, line {line}, column {column}: {what}\n");
            let index = usize::try_from(line).unwrap_or(1).saturating_sub(1);
            let column = usize::try_from(column).unwrap_or(1).saturating_sub(1);
            if let Some(full) = source.lines().nth(index) {
                shown = full;
                if let (true, Some(before)) = (index > 0, source.lines().nth(index.wrapping_sub(1)))
                {
                    let _ = writeln!(text, "{index:>5} | {}", window(before, 0).0);
                }
                let (window, offset) = window(full, column);
                let _ = writeln!(text, "{line:>5} | {window}");
                let pad: String = window
                    .chars()
                    .take(offset)
                    .map(|c| if c == '\t' { '\t' } else { ' ' })
                    .collect();
                let _ = writeln!(text, "      | {pad}^\n");
            }
        } else {
            let _ = writeln!(text, "{what}\n");
        }
        text.push_str(self.remedy(shown));
        text.push('\n');
        text
    }
}

/// The part of a long line around a column, free of control characters, and the column's place
/// in it.
fn window(line: &str, column: usize) -> (String, usize) {
    const WIDTH: usize = 100;
    let start = column.saturating_sub(WIDTH / 2);
    let start = if column < WIDTH { 0 } else { start };
    let text = line
        .chars()
        .skip(start)
        .take(WIDTH)
        .map(|c| if c.is_control() && c != '\t' { ' ' } else { c })
        .collect();
    (text, column - start)
}

fn syntax_remedy(reason: &str, line: &str) -> &'static str {
    if line.trim_start_matches(' ').starts_with('\t') || reason.contains("tab") {
        "Indent with spaces: YAML does not allow tabs for indentation."
    } else if reason.contains("unknown anchor") {
        "Define the anchor (&name) above the place where the alias (*name) is used."
    } else if reason.contains("simple key") || reason.contains("':'") {
        "Check that every key is followed by a colon and a space, and that the lines above are \
         indented alike."
    } else if reason.contains("mapping values are not allowed") {
        "Put quotes around a value that contains a colon and a space."
    } else if reason.contains("quoted scalar") || reason.contains("escape") {
        "Check that every quote is closed; inside double quotes write a backslash twice."
    } else if reason.contains("block mapping") || reason.contains("block collection") {
        "Indent the keys of one map alike, and put quotes around values that begin with a \
         special character."
    } else {
        "Check the indentation, and put quotes around values with special characters (: { [ * & # @ %)."
    }
}

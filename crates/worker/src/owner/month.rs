//! Bytes that jobs sent and received in this calendar month, kept over restarts.

use std::path::{Path, PathBuf};

use jiff::Zoned;
use serde::{Deserialize, Serialize};

use crate::identity::{read_private, write_private};

/// The count's name in the data directory.
const FILE: &str = "month.json";
/// What is lost when the machine loses power.
const WORTH_KEEPING: u64 = 16 << 20;

/// The count.
#[derive(Debug)]
pub(crate) struct Month {
    path: PathBuf,
    kept: Kept,
    /// Since the last time that it was written.
    unwritten: u64,
    /// What the gateway said last.
    seen: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    /// `2026-11`, by the machine's calendar.
    month: String,
    bytes: u64,
}

impl Month {
    pub(crate) fn open(data: &Path) -> Self {
        let path = data.join(FILE);
        let kept: Kept = read_private(&path).unwrap_or_default();
        let mut month = Self {
            path,
            kept,
            unwritten: 0,
            seen: 0,
        };
        month.turn(&this_month());
        month
    }

    /// Counts on to what the gateway has counted since the start.
    pub(crate) fn count(&mut self, since_start: u64) {
        let more = since_start.saturating_sub(self.seen);
        self.seen = since_start;
        self.turn(&this_month());
        self.kept.bytes += more;
        self.unwritten += more;
        if self.unwritten >= WORTH_KEEPING {
            self.keep();
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.kept.bytes
    }

    /// Writes it down when there is something new.
    pub(crate) fn keep(&mut self) {
        if self.unwritten == 0 {
            return;
        }
        match write_private(&self.path, &self.kept) {
            Ok(()) => self.unwritten = 0,
            Err(error) => tracing::warn!(%error, "the month's count of bytes can't be kept"),
        }
    }

    fn turn(&mut self, month: &str) {
        if self.kept.month != month {
            self.kept = Kept {
                month: month.to_owned(),
                bytes: 0,
            };
        }
    }
}

fn this_month() -> String {
    Zoned::now().strftime("%Y-%m").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_over_restarts_and_begins_anew_each_month() {
        let data = tempfile::tempdir().unwrap();
        let mut month = Month::open(data.path());
        month.count(100);
        month.count(100);
        month.count(250);
        month.keep();
        let mut again = Month::open(data.path());
        assert_eq!(again.bytes(), 250);
        again.count(50);
        assert_eq!(again.bytes(), 300);
        again.turn("1999-12");
        assert_eq!(again.bytes(), 0);
    }
}

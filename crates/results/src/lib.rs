//! What test runners leave: JUnit XML, TAP, and the lines of a log that say which tests ran. Pure:
//! text comes in, cases come out, whatever the text is. Everything is bounded.

mod case;
mod history;
mod junit;
mod log;
mod report;

pub use case::{Case, Counts, Outcome};
pub use history::{Dot, MARK_BYTES, Past, Standing, Story, marks, outcome_in, stories};
pub use junit::JUnitError;
pub use log::LogScan;
pub use report::{FileNote, MAX_CASES, Report, ReportError, merge, read_file};

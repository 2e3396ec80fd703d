//! Arguments of the commands about what jobs leave.

use super::client::TargetArgs;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Tests.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis tests                          of the current build: those that failed
  travis tests acme/rocket 12           of build 12
  travis tests acme/rocket 12.2 --which slowest
  travis tests acme/rocket 12 --which all --match parser
  travis tests acme/rocket 12 --format json | jq '.tests[].name'

The exit code is 1 when a test failed.")]
pub struct TestsArgs {
    /// Which build or job
    #[command(flatten)]
    pub target: TargetArgs,
    /// Which tests
    #[arg(long, value_enum, default_value = "failed")]
    pub which: WhichTests,
    /// Only those whose name, suite or file holds this
    #[arg(long = "match", value_name = "TEXT")]
    pub contains: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: u64,
}

/// Which tests are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WhichTests {
    /// Those that failed
    Failed,
    /// Those that passed in the branch's build before
    New,
    /// Those that can't be trusted
    Flaky,
    /// Those that were left out
    Skipped,
    /// The slowest first
    Slowest,
    /// All of them
    All,
}

impl WhichTests {
    /// The API's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::New => "new",
            Self::Flaky => "flaky",
            Self::Skipped => "skipped",
            Self::Slowest => "slowest",
            Self::All => "all",
        }
    }
}

/// Files that a job left.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis artifacts acme/rocket 12.2
  travis artifacts acme/rocket 12.2 --download
  travis artifacts acme/rocket 12.2 --download --to out

Downloaded files are checked by their SHA-256; a file that is there already is not written over.")]
pub struct ArtifactsArgs {
    /// Which job
    #[command(flatten)]
    pub target: TargetArgs,
    /// Fetch them
    #[arg(long)]
    pub download: bool,
    /// Into this directory
    #[arg(long, value_name = "DIR", default_value = ".", requires = "download")]
    pub to: PathBuf,
}

//! Arguments of `travis worker` and of what is below it.

use super::serve::Executor;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// A worker, and what its owner says to it. Not `Debug`: it may hold an enrolment token.
#[derive(Clone, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_help_heading = "Commands",
    after_help = "\
Examples:
  travis worker --server https://ci.example.org --token T    the first time: enrols this machine
  travis worker                                              afterwards
  travis worker status                                       what it does now
  travis worker pause                                        the machine is yours until resume

Make an enrolment token with `travis token enrol`. It works once; the worker keeps only its key.

SIGNALS:
  SIGINT, SIGTERM  finish what runs, then leave; the second one leaves at once
  SIGUSR1          pause, as `travis worker pause`
  SIGUSR2          resume
  SIGHUP           read worker.toml again"
)]
pub struct WorkerArgs {
    /// Set things up, or speak to the worker that runs here
    #[command(subcommand)]
    pub action: Option<WorkerAction>,
    /// How to run
    #[command(flatten)]
    pub run: RunArgs,
}

/// Runs a worker.
#[derive(Clone, Args)]
pub struct RunArgs {
    /// The server's address [default: the one of the last time]
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// A single-use enrolment token; only needed the first time
    #[arg(
        long,
        value_name = "T",
        env = "TRAVIS_ENROLMENT_TOKEN",
        hide_env_values = true
    )]
    pub token: Option<String>,
    /// Where the worker keeps its key, mirrors and logs [default: $XDG_DATA_HOME/travis-worker]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The worker's name [default: the host's]
    #[arg(long, value_name = "N")]
    pub name: Option<String>,
    /// Jobs that run side by side [default: half of the processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub slots: Option<u32>,
    /// How jobs are isolated [default: the strongest that works here]
    #[arg(long, value_enum)]
    pub executor: Option<Executor>,
    /// The owner's settings [default: worker.toml in the data directory]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Trust the authorities in this file, too, in PEM; a server that no authority vouches for is
    /// refused
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Give jobs no network
    #[arg(long)]
    pub no_network: bool,
    /// Allow local paths, file: and loopback addresses as clone URLs
    #[arg(long)]
    pub allow_local_git: bool,
}

/// Where the worker is that is spoken to.
#[derive(Debug, Clone, Args)]
pub struct PlaceArgs {
    /// The worker's data directory [default: $XDG_DATA_HOME/travis-worker, else the service's]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// What can be said to a worker, or done about one.
#[derive(Clone, Subcommand)]
pub enum WorkerAction {
    /// Show what the worker of this machine does
    #[command(after_help = "\
Examples:
  travis worker status
  travis worker status --format json")]
    Status(PlaceArgs),
    /// Take the machine back: what runs is frozen now, and handed back after a minute
    #[command(after_help = "\
Examples:
  travis worker pause
  kill -USR1 PID          the same")]
    Pause(PlaceArgs),
    /// Lend the machine again after a pause
    #[command(after_help = "\
Examples:
  travis worker resume
  kill -USR2 PID          the same")]
    Resume(PlaceArgs),
    /// Finish what runs, take nothing new, then leave
    #[command(after_help = "\
Examples:
  travis worker drain
  kill -TERM PID          the same")]
    Drain(PlaceArgs),
    /// Leave at once: what runs is handed back and runs elsewhere
    #[command(after_help = "\
Examples:
  travis worker quit")]
    Quit(PlaceArgs),
    /// Add, list or remove root file systems for jobs in namespaces
    #[command(subcommand)]
    Image(ImageAction),
}

/// What can be done about root file systems.
#[derive(Clone, Subcommand)]
pub enum ImageAction {
    /// Add one from a tar file, or from an image in the OCI's layout
    #[command(after_help = "\
Examples:
  travis worker image add bookworm bookworm.tar.zst
  travis worker image add rust rust-oci/ --language rust --version 1.93
  travis worker image add ruby ruby.oci.tar --language ruby --version 3.4 --dist noble

A job that names an image gets exactly this one, or another worker. Other jobs get the one that
fits their language and version best, or this machine's own system where none does.")]
    Add(ImageAdd),
    /// List them
    #[command(after_help = "\
Examples:
  travis worker image list
  travis worker image list --format json")]
    List(PlaceArgs),
    /// Remove one
    #[command(after_help = "\
Examples:
  travis worker image remove bookworm")]
    Remove(ImageRemove),
}

/// Adds a root file system.
#[derive(Debug, Clone, Args)]
pub struct ImageAdd {
    /// Its name here: small letters, digits, '.', '-' and '_'
    #[arg(value_name = "NAME")]
    pub name: String,
    /// A tar file (plain, gzip or zstd), or a directory or tar file in the OCI's image layout
    #[arg(value_name = "SOURCE")]
    pub source: PathBuf,
    /// The language that jobs in it are of, as in .travis.yml
    #[arg(long, value_name = "L")]
    pub language: Option<String>,
    /// The version of that language
    #[arg(long, value_name = "V", requires = "language")]
    pub version: Option<String>,
    /// The distribution, as in .travis.yml
    #[arg(long, value_name = "D")]
    pub dist: Option<String>,
    /// Refuse it when it unpacks to more
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u64).range(1..=4096))]
    pub most_gigabytes: u64,
    /// Whose
    #[command(flatten)]
    pub place: PlaceArgs,
}

/// Removes a root file system.
#[derive(Debug, Clone, Args)]
pub struct ImageRemove {
    /// Its name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Whose
    #[command(flatten)]
    pub place: PlaceArgs,
}

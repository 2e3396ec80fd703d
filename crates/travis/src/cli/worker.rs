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
}

//! The command line.

use crate::failure::Status;
use clap::{Parser, Subcommand, ValueEnum};

pub mod appliance;
pub mod client;
pub mod file;
pub mod fleet;
pub mod results;
pub mod run;
pub mod serve;
pub mod settings;
pub mod worker;

#[cfg(test)]
mod tests;

use appliance::ApplianceArgs;
use client::{
    BuildsArgs, CacheArgs, DisableArgs, EnableArgs, EncryptArgs, EnvArgs, LoginArgs, LogsArgs,
    OpenArgs, PubkeyArgs, ReposArgs, TargetArgs, TokenArgs, TriggerArgs, VerifyArgs,
};
use file::{ConditionArgs, ExpandArgs, LintArgs};
use fleet::WorkersArgs;
use run::RunArgs;
use serve::{ServerArgs, UpArgs};
use settings::{CronArgs, SshKeyArgs};
use worker::WorkerArgs;

/// Over the options that every command has.
const GLOBAL: &str = "Options of every command";

/// Travis builds and tests your commits on machines that people lend.
#[derive(Parser)]
#[command(
    name = "travis",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = top_help()
)]
pub struct Cli {
    /// How to print results; json is the API's object on standard output and nothing else
    #[arg(long, global = true, value_enum, default_value_t = Format::Human, value_name = "FORMAT",
          help_heading = GLOBAL)]
    pub format: Format,
    /// When to print colors; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN",
          help_heading = GLOBAL)]
    pub color: ColorChoice,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Human,
    /// For programs
    Json,
}

/// When colors are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

fn top_help() -> String {
    format!(
        "\
Examples:
  travis up                               a server and a worker on this machine
  travis enable --git https://example.org/acme/rocket.git --name acme/rocket
  travis trigger acme/rocket --watch      build it and wait for the result
  travis logs acme/rocket -f              follow what it prints
  travis lint                             check ./.travis.yml
  travis run                              run its jobs here, before the push

Inside a git working tree whose origin is known to the server, owner/name may be left out.

ENVIRONMENT:
  TRAVIS_ENDPOINT  the server's address; else from the file that `login` or `up` wrote
  TRAVIS_TOKEN     the API token; else from that file, for that file's server only
  XDG_CONFIG_HOME  the file is travis/config.toml in it [default: ~/.config]
  NO_COLOR         no colors

{}",
        Status::help()
    )
}

/// Everything that `travis` can do.
#[derive(Subcommand)]
pub enum Command {
    /// Start everything on this machine: server, database, one worker
    Up(UpArgs),
    /// Start the server alone
    Server(ServerArgs),
    /// Lend this machine to a server
    Worker(WorkerArgs),
    /// Run the job of the machine that a worker started for it; not for people
    #[command(
        hide = true,
        after_help = "\
Examples:
  travis guest    in a machine that lives for one job"
    )]
    Guest,
    /// Parts of the machine image
    #[command(hide = true)]
    Appliance(ApplianceArgs),
    /// Remember a server and an API token
    Login(LoginArgs),
    /// Add a repository, or switch one on again
    Enable(EnableArgs),
    /// Switch a repository off: its pings make no builds any more
    Disable(DisableArgs),
    /// List repositories
    Repos(ReposArgs),
    /// Read your list of repositories from your forges again
    #[command(after_help = "\
Examples:
  travis sync
  travis sync --format json       the account as it is at the end")]
    Sync,
    /// Show whose token this is, and who that is on forges
    #[command(after_help = "\
Examples:
  travis whoami
  travis whoami --format json")]
    Whoami,
    /// Ask for a build
    Trigger(TriggerArgs),
    /// List the builds of a repository
    Builds(BuildsArgs),
    /// Show a build or a job
    #[command(after_help = "\
Examples:
  travis show acme/rocket         its current build
  travis show acme/rocket#12      build 12
  travis show acme/rocket 12.2    job 12.2
  travis show 12.2                the same inside a working tree of acme/rocket")]
    Show(TargetArgs),
    /// Print the log of a job
    Logs(LogsArgs),
    /// Check what is stated and signed of a job's result
    Verify(VerifyArgs),
    /// Stop a build or a job
    #[command(after_help = "\
Examples:
  travis cancel acme/rocket         its current build
  travis cancel acme/rocket#12      build 12
  travis cancel acme/rocket 12.2    only job 12.2")]
    Cancel(TargetArgs),
    /// Run a build or a job again
    #[command(after_help = "\
Examples:
  travis restart acme/rocket         its current build
  travis restart acme/rocket#12      build 12
  travis restart acme/rocket 12.2    only job 12.2")]
    Restart(TargetArgs),
    /// Show who builds, and what; pause, drain, rename and remove workers
    #[command(after_help = "\
Examples:
  travis workers
  travis workers --format json
  travis workers show attic
  travis workers drain attic")]
    Workers(WorkersArgs),
    /// Make, list and revoke API tokens; make enrolment tokens for workers
    Token(TokenArgs),
    /// List the tests of a build or a job
    Tests(results::TestsArgs),
    /// List and fetch the files that a job left
    Artifacts(results::ArtifactsArgs),
    /// List and remove the caches of a repository's jobs
    Cache(CacheArgs),
    /// Read and set the variables in a repository's settings
    Env(EnvArgs),
    /// Build branches again and again
    Cron(CronArgs),
    /// Show, keep or remove the SSH key of a repository's jobs
    #[command(name = "sshkey")]
    SshKey(SshKeyArgs),
    /// Encrypt values for a repository's .travis.yml
    Encrypt(EncryptArgs),
    /// Print the public key that values for a repository are encrypted with
    Pubkey(PubkeyArgs),
    /// Check a .travis.yml, and mend it
    Lint(LintArgs),
    /// Show the jobs that a .travis.yml asks for
    Expand(ExpandArgs),
    /// Run the jobs of the working tree here, in the sandbox of a worker
    Run(RunArgs),
    /// Judge a condition as it stands after `if:`
    Condition(ConditionArgs),
    /// Check this machine and the server, and say how to mend what is wrong
    #[command(after_help = "\
Examples:
  travis doctor
  travis doctor --format json

Ends with 1 when a check failed.")]
    Doctor,
    /// Open the page of a repository, build or job in the browser
    Open(OpenArgs),
    /// Print the completions for a shell
    #[command(after_help = "\
Examples:
  travis completions bash > ~/.local/share/bash-completion/completions/travis
  travis completions zsh > ~/.zfunc/_travis
  travis completions fish > ~/.config/fish/completions/travis.fish")]
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Print a manual page
    #[command(after_help = "\
Examples:
  travis man | man -l -
  travis man trigger | man -l -")]
    Man {
        /// Of which command [default: of travis itself]
        command: Option<String>,
    },
}

/// Shells with completions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// GNU Bash
    Bash,
    /// Z shell
    Zsh,
    /// fish
    Fish,
}

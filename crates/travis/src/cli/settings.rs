//! The commands about a repository's settings that have files of their own in the web app.

use super::client::slug;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use travis_model::Slug;

/// Builds that are asked for again and again.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis cron list acme/rocket
  travis cron set acme/rocket main daily
  travis cron set acme/rocket release weekly --unless-recent
  travis cron remove acme/rocket main")]
pub struct CronArgs {
    /// What to do
    #[command(subcommand)]
    pub action: CronAction,
}

/// What can be done with crons.
#[derive(Debug, Clone, Subcommand)]
pub enum CronAction {
    /// List the crons, when they run next and what came of the last run
    #[command(after_help = "\
Examples:
  travis cron list acme/rocket")]
    List {
        /// Which repository [default: the working tree's]
        #[arg(value_name = "OWNER/NAME", value_parser = slug)]
        slug: Option<Slug>,
    },
    /// Build a branch again and again, first in a minute; in place of the cron that it has
    #[command(after_help = "\
Examples:
  travis cron set acme/rocket main daily
  travis cron set acme/rocket release weekly --unless-recent")]
    Set {
        /// Which repository
        #[arg(value_name = "OWNER/NAME", value_parser = slug)]
        slug: Slug,
        /// The branch
        branch: String,
        /// How often
        interval: Interval,
        /// Not when the branch had a build in the last 24 hours
        #[arg(long)]
        unless_recent: bool,
    },
    /// Remove the cron of a branch
    #[command(after_help = "\
Examples:
  travis cron remove acme/rocket main")]
    Remove {
        /// Which repository
        #[arg(value_name = "OWNER/NAME", value_parser = slug)]
        slug: Slug,
        /// The branch
        branch: String,
    },
}

/// How often a cron runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Interval {
    /// Every 24 hours
    Daily,
    /// Every seven days
    Weekly,
    /// On the same day of each month
    Monthly,
}

impl Interval {
    /// The word in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }
}

/// The SSH key of a repository's jobs.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  ssh-keygen -t ed25519 -N '' -f travis_key
  travis sshkey acme/rocket --upload travis_key --description submodules
  travis sshkey acme/rocket                    shows its fingerprint
  travis sshkey acme/rocket --upload - < travis_key
  travis sshkey acme/rocket --delete

Jobs that may have secrets get it, for private submodules and dependencies. It can't be read again.")]
pub struct SshKeyArgs {
    /// Which repository [default: the working tree's]
    #[arg(value_name = "OWNER/NAME", value_parser = slug)]
    pub slug: Option<Slug>,
    /// Keep the private key in this file, in place of the one before [-: standard input]
    #[arg(long, short, value_name = "FILE", conflicts_with = "delete")]
    pub upload: Option<PathBuf>,
    /// What to call it
    #[arg(long, short = 'D', value_name = "TEXT", requires = "upload")]
    pub description: Option<String>,
    /// Remove the key
    #[arg(long)]
    pub delete: bool,
}

//! Arguments of what the machine image runs; not for people.

use clap::{Args, Subcommand};

/// Parts of the machine image.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis appliance work    what the machine image's service runs")]
pub struct ApplianceArgs {
    /// Which part
    #[command(subcommand)]
    pub action: ApplianceAction,
}

/// What it does.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ApplianceAction {
    /// Read server and token from where the machine's owner put them
    #[command(after_help = "\
Examples:
  travis appliance setup    as root, in the machine image")]
    Setup,
    /// Run the worker, with what was handed in, kept or typed
    #[command(after_help = "\
Examples:
  travis appliance work    in the machine image")]
    Work,
    /// Show on this terminal what the machine does, and ask what it has to know
    #[command(after_help = "\
Examples:
  travis appliance console    in the machine image")]
    Console,
}

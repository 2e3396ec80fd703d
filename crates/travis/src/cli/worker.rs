//! Arguments of `travis worker` and of what is below it.

pub mod image;

use self::image::ImageAction;
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

/// Where a machine joins, and as what. Not `Debug`: it may hold an enrolment token.
#[derive(Clone, Default, Args)]
pub struct JoinArgs {
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
    /// The worker's name [default: this machine's]
    #[arg(long, value_name = "N")]
    pub name: Option<String>,
    /// Trust the authorities in this file, too, in PEM; a server that no authority vouches for is
    /// refused
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

impl JoinArgs {
    /// The server's address without a slash at its end.
    #[must_use]
    pub fn server(&self) -> Option<String> {
        let server = self.server.as_ref()?;
        Some(server.trim_end_matches('/').to_owned())
    }
}

/// How jobs are run.
#[derive(Debug, Clone, Default, Args)]
pub struct JobsArgs {
    /// Jobs that run side by side [default: half of the processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub slots: Option<u32>,
    /// How jobs are isolated [default: the strongest that works here]
    #[arg(long, value_enum)]
    pub executor: Option<Executor>,
}

/// Runs a worker.
#[derive(Clone, Default, Args)]
pub struct RunArgs {
    /// Where it joins
    #[command(flatten)]
    pub join: JoinArgs,
    /// How it runs jobs
    #[command(flatten)]
    pub jobs: JobsArgs,
    /// Where the worker keeps its key, mirrors and logs [default: $XDG_DATA_HOME/travis-worker]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The owner's settings [default: worker.toml in the data directory]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A page on this machine that shows what runs, at 127.0.0.1:8099 or another loopback address
    #[arg(long, value_name = "ADDR:PORT", num_args = 0..=1,
        require_equals = true, default_missing_value = "127.0.0.1:8099")]
    pub local_page: Option<std::net::SocketAddr>,
    /// Install what is missing by the system's package manager, without asking
    #[arg(long, visible_alias = "yes")]
    pub install_missing: bool,
    /// Give jobs no network
    #[arg(long)]
    pub no_network: bool,
    /// Allow local paths, file: and loopback addresses as clone URLs
    #[arg(long)]
    pub allow_local_git: bool,
}

/// Makes a service.
#[derive(Clone, Args)]
#[command(
    mut_arg("server", |arg| arg.required(true).help("The server's address")),
    mut_arg("token", |arg| arg.help("A single-use enrolment token; not needed when this machine is enrolled")),
    mut_arg("executor", |arg| arg.help("How jobs are isolated [default: the strongest that works in the service]. \
        Containers of rootless Podman need a service that is less confined, which is made for `container` alone")),
)]
pub struct InstallArgs {
    /// Where it joins
    #[command(flatten)]
    pub join: JoinArgs,
    /// How it runs jobs
    #[command(flatten)]
    pub jobs: JobsArgs,
    /// Memory that all jobs together may use, in hundredths of the machine's
    #[arg(long, value_name = "PERCENT", default_value_t = 75, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub memory_percent: u32,
    /// Which service, and how it is asked for
    #[command(flatten)]
    pub service: ServiceArgs,
}

/// A service that is made or removed.
#[derive(Debug, Clone, Default, Args)]
pub struct ServiceArgs {
    /// A service of yours alone, which runs while you are signed in; needs no root
    #[arg(long)]
    pub user: bool,
    /// Only show what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Don't ask
    #[arg(long, short)]
    pub yes: bool,
    /// All files lie below this directory and nothing is started: for building images
    #[arg(long, value_name = "DIR", conflicts_with = "user")]
    pub root: Option<PathBuf>,
}

/// Removes the service.
#[derive(Debug, Clone, Args)]
pub struct UninstallArgs {
    /// Which service, and how it is asked for
    #[command(flatten)]
    pub service: ServiceArgs,
    /// Keep the worker's data: key, mirrors, images
    #[arg(long)]
    pub keep_data: bool,
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
    /// Watch what the worker of this machine does
    #[command(after_help = "\
Examples:
  travis worker top          p pauses, r resumes, d drains, q quits the worker, x leaves the view")]
    Top(PlaceArgs),
    /// Check what the worker of this machine needs: isolation, limits, engines, disk
    #[command(after_help = "\
Examples:
  travis worker doctor
  travis worker doctor --data DIR --format json

Ends with 1 when a check failed.")]
    Doctor(PlaceArgs),
    /// Make a hardened service of systemd that lends this machine
    #[command(after_help = "\
Examples:
  sudo travis worker install --server https://ci.example.org --token T
  travis worker install --user --server https://ci.example.org --token T
  travis worker install --server https://ci.example.org --dry-run     only show what it would do")]
    Install(InstallArgs),
    /// Remove the service and all that it left
    #[command(after_help = "\
Examples:
  sudo travis worker uninstall
  travis worker uninstall --user
  sudo travis worker uninstall --yes       don't ask")]
    Uninstall(UninstallArgs),
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
    /// The images that jobs run in: root file systems, tables, the one for virtual machines
    #[command(
        subcommand,
        after_help = "\
Examples:
  travis worker image table
  travis worker image fetch
  travis worker image add rust rust.tar.zst --language rust --version 1.93
  travis worker image list
  travis worker image remove rust"
    )]
    Image(ImageAction),
    /// Lend this machine in a virtual machine of its own (needs QEMU)
    #[command(after_help = "\
Examples:
  travis worker vm --server https://ci.example.org --token T    the first time
  travis worker vm                                              afterwards
  travis worker vm --cores 4 --memory 8G --disk 40G
  travis worker vm --image target/image/travis-worker-amd64 --server http://127.0.0.1:8080

The image comes from the server. The machine's disks lie in the data directory; remove it and
nothing is left. Ctrl-C shuts the machine down.")]
    Vm(VmArgs),
}

/// A virtual machine that is lent. Not `Debug`: it may hold an enrolment token.
#[derive(Clone, Default, Args)]
pub struct VmArgs {
    /// Where it joins
    #[command(flatten)]
    pub join: JoinArgs,
    /// Cores that the machine gets [default: half of yours]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=255))]
    pub cores: Option<u32>,
    /// Memory that it gets [default: a quarter of yours]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub memory: Option<u64>,
    /// Disk that it gets at most; it can grow later [default: 20G]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub disk: Option<u64>,
    /// A directory with an image, as `make image` writes it [default: the server's]
    #[arg(long, value_name = "DIR")]
    pub image: Option<PathBuf>,
    /// Where the machine's disks are kept [default: $XDG_DATA_HOME/travis-worker-vm]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Don't use KVM
    #[arg(long)]
    pub emulate: bool,
}

/// Bytes of `512M`, `20G` or a plain number.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no size; write it like 512M or 20G");
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'K' | 'k')) => (text.get(..at), 1 << 10),
        Some((at, 'M' | 'm')) => (text.get(..at), 1 << 20),
        Some((at, 'G' | 'g')) => (text.get(..at), 1 << 30),
        Some((at, 'T' | 't')) => (text.get(..at), 1 << 40),
        _ => (Some(text), 1),
    };
    let number: u64 = digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(wrong)?;
    number
        .checked_mul(unit)
        .filter(|size| *size > 0)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("512M"), Ok(512 << 20));
        assert_eq!(size("20G"), Ok(20 << 30));
        assert_eq!(size("4096"), Ok(4096));
        for text in ["", "G", "1.5G", "0", "-1G", "99999999999T", "4 G"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}

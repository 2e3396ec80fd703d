//! Words of the command line about the fleet: workers in the server's view, and how machines join.

use clap::{Args, Subcommand, ValueEnum};

/// Workers.
#[derive(Debug, Clone, Args)]
pub struct WorkersArgs {
    /// What to do [default: list]
    #[command(subcommand)]
    pub action: Option<WorkersAction>,
}

/// What can be done with workers.
#[derive(Debug, Clone, Subcommand)]
pub enum WorkersAction {
    /// Show who builds, and what
    #[command(after_help = "\
Examples:
  travis workers list
  travis workers list --format json")]
    List,
    /// Show a worker: its machine, what it lends and what it did
    #[command(after_help = "\
Examples:
  travis workers show attic
  travis workers show kestrel/attic")]
    Show(WorkerArg),
    /// Lend nothing of it for now: what runs is frozen, and handed back after a minute
    #[command(after_help = "\
Examples:
  travis workers pause attic")]
    Pause(WorkerArg),
    /// Lend it again
    #[command(after_help = "\
Examples:
  travis workers resume attic")]
    Resume(WorkerArg),
    /// Let it finish what it has and leave
    #[command(after_help = "\
Examples:
  travis workers drain attic")]
    Drain(WorkerArg),
    /// Give it another name
    #[command(after_help = "\
Examples:
  travis workers rename attic windowsill")]
    Rename {
        /// Which
        #[command(flatten)]
        worker: WorkerArg,
        /// Its new name
        #[arg(value_name = "NEW")]
        name: String,
    },
    /// Shut it out: what it runs is given to others (for the operator)
    #[command(after_help = "\
Examples:
  travis workers ban kestrel/attic")]
    Ban(WorkerArg),
    /// Let it in again (for the operator)
    #[command(after_help = "\
Examples:
  travis workers unban kestrel/attic")]
    Unban(WorkerArg),
    /// Set how far its word counts (for the operator)
    #[command(after_help = "\
Examples:
  travis workers tier kestrel/attic volunteer --reason 'known for years'
  travis workers tier kestrel/attic earned")]
    Tier {
        /// Which
        #[command(flatten)]
        worker: WorkerArg,
        /// The tier; earned: by what it does
        #[arg(value_enum)]
        tier: TierWord,
        /// Why, for the audit log
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Show or set which images jobs get in containers, on all workers (for the operator)
    #[command(after_help = "\
Examples:
  travis workers images > images.toml             the rows that hold now
  travis workers images --set images.toml         put these in their place
  travis workers images --set - < images.toml
  travis workers images --set /dev/null           remove all

A worker's owner has the first word, then these rows, then the program's own (`travis worker image
table` on a worker shows all). A row: [[image]], language = \"python\", version = \"3.*\",
image = \"registry.example.org/python:3.{*}\".")]
    Images {
        /// A file with the rows; - is standard input
        #[arg(long, value_name = "FILE")]
        set: Option<std::path::PathBuf>,
    },
    /// Remove it; its machine has to join anew to come back
    #[command(after_help = "\
Examples:
  travis workers remove attic")]
    Remove(WorkerArg),
}

/// Names a worker.
#[derive(Debug, Clone, Args)]
pub struct WorkerArg {
    /// Its name, OWNER/NAME where several have that name, or its number
    #[arg(value_name = "WORKER")]
    pub worker: String,
}

/// How far a worker's word counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TierWord {
    /// By what it does
    Earned,
    /// For nothing
    Quarantined,
    /// When others agree
    Probation,
    /// For public repositories
    Volunteer,
    /// As its owner's own, everywhere
    Bound,
    /// As the operator's
    Attested,
}

impl TierWord {
    /// The word of the wire; none lets the worker find its tier.
    #[must_use]
    pub const fn word(self) -> Option<&'static str> {
        match self {
            Self::Earned => None,
            Self::Quarantined => Some("quarantined"),
            Self::Probation => Some("probation"),
            Self::Volunteer => Some("volunteer"),
            Self::Bound => Some("bound"),
            Self::Attested => Some("attested"),
        }
    }
}

/// How a machine is to join, and what is lent of it.
#[derive(Debug, Clone, Default, Args)]
pub struct EnrolArgs {
    /// Print the lines for this way of joining
    #[arg(long, value_enum, default_value_t)]
    pub way: JoinWay,
    /// The worker's name [default: the host's]
    #[arg(long, value_name = "N")]
    pub name: Option<String>,
    /// Jobs side by side at most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub lend_slots: Option<u32>,
    /// Hundredths of its cores at most
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub lend_cores: Option<u32>,
    /// Hundredths of its memory at most
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub lend_memory: Option<u32>,
    /// Gigabytes of its disk at most
    #[arg(long, value_name = "GB", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub lend_disk: Option<u64>,
    /// Gigabytes sent and received in a month at most
    #[arg(long, value_name = "GB", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub lend_traffic: Option<u64>,
    /// Only while nobody uses the machine
    #[arg(long)]
    pub lend_idle: bool,
    /// Only on mains power and a network that costs nothing by the byte
    #[arg(long)]
    pub lend_plugged: bool,
    /// Only for these repositories
    #[arg(long, value_name = "OWNER/NAME,OWNER/*", value_delimiter = ',')]
    pub lend_to: Vec<String>,
}

/// A way in which a machine joins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum JoinWay {
    /// A machine that has the program travis
    #[default]
    Program,
    /// One command: fetches the program and starts it
    Command,
    /// The same without a pipe to the shell
    Script,
    /// A service that starts with the machine
    Service,
    /// A container
    Container,
    /// A virtual machine, by the program travis
    Vm,
    /// A virtual machine, by QEMU alone
    Qemu,
    /// User data of cloud-init, for the image anywhere
    UserData,
}

impl JoinWay {
    /// The word of the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Program | Self::Command | Self::Script => "command",
            Self::Service => "service",
            Self::Container => "container",
            Self::Vm | Self::Qemu | Self::UserData => "image",
        }
    }
}

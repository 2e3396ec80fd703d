//! Arguments of the long-running commands.

use clap::{Args, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// How jobs are isolated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Executor {
    /// A virtual machine for each job, by QEMU
    Vm,
    /// A bubblewrap sandbox for each job
    Namespace,
    /// No isolation: jobs run as you, in your file system
    Host,
}

impl Executor {
    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::value_variants()
            .iter()
            .find(|executor| executor.name() == name)
            .copied()
    }

    /// The word used everywhere else for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Vm => "vm",
            Self::Namespace => "namespace",
            Self::Host => "host",
        }
    }
}

/// Everything in one process.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis up                             server and worker on this machine
  travis up --bind 127.0.0.1:0          any free port; the address is printed
  travis up --data ./state --slots 4    keep everything in ./state, four jobs at a time
  travis up --executor host             without a sandbox: only for code that you trust")]
pub struct UpArgs {
    /// Where everything is kept [default: $XDG_DATA_HOME/travis]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address to listen at; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    pub bind: Option<SocketAddr>,
    /// Don't make and build the sample repository on the first start
    #[arg(long)]
    pub no_sample: bool,
    /// Jobs that run side by side
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub slots: u32,
    /// How jobs are isolated
    #[arg(long, value_enum, default_value_t = Executor::Namespace)]
    pub executor: Executor,
    /// Allow local paths, file: and loopback addresses as clone URLs
    #[arg(long)]
    pub allow_local_git: bool,
}

/// The server alone.
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Examples:
  travis server --data /var/lib/travis
  travis server --config /etc/travis.toml --bind 0.0.0.0:8080 --public-url https://ci.example.org
  travis server --database postgres://travis@db/travis

A database's password belongs in the configuration file or in PGPASSWORD, not on the command line.")]
pub struct ServerArgs {
    /// The configuration file; flags override it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where rows and logs are kept
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address to listen at; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    pub bind: Option<SocketAddr>,
    /// sqlite:PATH or postgres://… [default: SQLite in the data directory]
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Allow local paths, file: and loopback addresses as clone URLs
    #[arg(long)]
    pub allow_local_git: bool,
    /// Where browsers and workers find the server, when that differs from the address listened at
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
}

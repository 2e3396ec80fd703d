//! Where jobs run.
//!
//! One port, [`Executor`] and [`Sandbox`], and its executors:
//!
//! - [`Namespace`]: bubblewrap with a private root, process and network namespaces; the default;
//! - [`Host`]: a plain process of the machine, for owners who ask for it by name;
//! - [`Dummy`]: acts out a script in this process, for tests and for load measurements.
//!
//! Whatever the executor, a job gets a fresh home and a terminal, and nothing of it stays.

mod cgroup;
mod dummy;
mod environment;
mod files;
mod finding;
mod home;
mod host;
mod launch;
mod namespace;
mod network;
mod port;
mod processes;
mod rootfs;
mod terminal;
mod tools;

pub use cgroup::{Cgroups, DEFAULT_PROCESSES, Lent};
pub use dummy::Dummy;
pub use finding::Finding;
pub use host::Host;
pub use namespace::Namespace;
pub use network::Network;
pub use port::{
    Executor, Exit, ImageWish, ResourceLimits, Sandbox, SandboxError, Sink, Spec, TerminalSize,
};
pub use tools::ToolDirs;

//! Where jobs run.
//!
//! One port, [`Executor`] and [`Sandbox`], and its executors:
//!
//! - [`Container`]: Podman or Docker, with images by language and services beside the job;
//! - [`Namespace`]: bubblewrap with a private root, process and network namespaces; the default;
//! - [`Vm`]: an ephemeral virtual machine per job, by QEMU; [`guest()`] runs inside of it;
//! - [`Host`]: a plain process of the machine, for owners who ask for it by name;
//! - [`Dummy`]: acts out a script in this process, for tests and for load measurements.
//!
//! Whatever the executor, a job gets a fresh home and a terminal, and nothing of it stays.

mod aside;
mod cap;
mod cgroup;
mod container;
mod dummy;
mod environment;
mod files;
mod finding;
mod guest;
mod home;
mod host;
pub mod images;
mod launch;
mod lines;
mod namespace;
mod network;
mod polite;
mod port;
mod processes;
mod rootfs;
mod terminal;
mod tools;
mod usage;
mod vm;

pub use cgroup::{Cgroups, DEFAULT_PROCESSES, Lent};
pub use container::{Container, ImageSettings};
pub use dummy::Dummy;
pub use finding::Finding;
pub use guest::{GuestError, guest};
pub use host::Host;
pub use namespace::Namespace;
pub use network::{JobNetwork, MAKE_NETWORK, Network, Networks, make_network};
pub use port::{Executor, Exit, ResourceLimits, Sandbox, SandboxError, Sink, Spec, TerminalSize};
pub use tools::ToolDirs;
pub use travis_images::{ImageRow, ImageTable, ImageWish, ServiceRow};
pub use usage::{Use, own_family, own_process};
pub use vm::{Vm, VmError};

//! Where code lives: git repositories.
//!
//! [`Forge`] is the port: refs, commits and files of a repository. [`GitForge`] answers it for any
//! git repository with the git command line; [`MemoryForge`] answers it in tests. [`mirror`] is the
//! worker's cache of read-only mirrors that jobs clone from.
//!
//! Clone URLs and ref names come from people who are not trusted: [`parse_clone_url`] and
//! [`check_address`] decide what git may be pointed at, and git runs with an allow-list of
//! protocols, without the machine's configuration, and never with a name that it could take for an
//! option.

mod address;
mod batch;
mod cache;
#[cfg(any(test, feature = "testing"))]
pub mod contract;
mod error;
mod git;
mod git_forge;
mod gitea;
pub mod github;
mod gitlab;
pub mod hosting;
mod http;
mod memory;
pub mod mirror;
mod port;
mod refs;
pub mod source;
#[cfg(test)]
mod testing;
mod url;

pub use address::{Pinned, check_address, is_public};
pub use error::ForgeError;
pub use git_forge::{GitForge, Timeouts};
pub use http::client::Limits;
pub use memory::MemoryForge;
pub use port::{BranchHead, CommitInfo, Forge, MAX_FILE, RepoRef, Resolved, Snapshot, Want};
pub use refs::check_ref;
pub use url::{CloneUrl, UrlError, UrlPolicy, parse_clone_url};

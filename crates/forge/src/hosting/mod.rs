//! What a forge offers beyond git: people, permissions, pull requests, hooks, results.
//!
//! [`ForgeApi`] is the port. A forge is one folder beside this one and one row in
//! [`kinds::KINDS`]; adding one touches nothing else.

#[cfg(any(test, feature = "testing"))]
pub mod contract;
mod event;
pub mod kinds;
mod memory;
pub(crate) mod oauth;
mod port;
pub(crate) mod seal;
mod types;
pub(crate) mod wire;

pub use event::{
    Event, Hook, HookError, InstallationChange, MemberChange, PullChange, PullRequestEvent, Push,
    PushedCommit, RepositoryChange, Rerun, Unsupported,
};
pub use kinds::{KINDS, Kind, connect, connect_within};
pub use memory::{MemoryCheck, MemoryDelivery, MemoryForgeApi, MemoryHook};
pub use port::ForgeApi;
pub use types::*;

//! Stateful fakes of GitHub, Gitea/Forgejo and GitLab over HTTP, with real git repositories.
//!
//! Tests and measurements talk to a fake as they would to the real service: OAuth pages, REST API,
//! git over HTTP, signed webhooks, rate limits. What people would do on the forge's own pages is
//! done by [`Control`]. Everything is forgotten when the fake ends.

// The rows of the forges' APIs are long objects, and the macro that makes them counts by recursion.
#![recursion_limit = "256"]

mod client;
mod control;
mod delivery;
mod events;
mod forge;
mod git;
mod gitea;
mod github;
mod gitlab;
mod http;
mod oauth;
mod pulls;
mod state;

pub use client::{Control, ControlError};
pub use forge::{FakeForge, Kind, Options, StartError};
pub use state::faults::FaultMode;

//! Where a worker stands. Only what somebody decided is stored; online and offline follow from
//! when it was last heard of.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Where a worker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    /// Registered, never heard of.
    Enrolled,
    /// Heard of within its lease.
    Online,
    /// Not heard of for longer.
    Offline,
    /// Its owner lends nothing for now.
    Paused,
    /// Finishes what it has and takes nothing new.
    Draining,
    /// Shut out.
    Banned,
}

impl WorkerState {
    /// The word used on wires.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enrolled => "enrolled",
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Paused => "paused",
            Self::Draining => "draining",
            Self::Banned => "banned",
        }
    }
}

/// Computes where a worker stands. `silence` is how long it may be silent.
#[must_use]
pub fn worker_state(
    banned: bool,
    paused: bool,
    draining: bool,
    last_seen: Option<Timestamp>,
    now: Timestamp,
    silence: Duration,
) -> WorkerState {
    match last_seen {
        _ if banned => WorkerState::Banned,
        None => WorkerState::Enrolled,
        Some(seen) if now.since(seen) > silence => WorkerState::Offline,
        Some(_) if draining => WorkerState::Draining,
        Some(_) if paused => WorkerState::Paused,
        Some(_) => WorkerState::Online,
    }
}

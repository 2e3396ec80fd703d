use crate::{Timestamp, UserId, WorkerId};

/// An agent on somebody's machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Worker {
    /// Identifier.
    pub id: WorkerId,
    /// Who lends it.
    pub owner_id: UserId,
    /// Its name.
    pub name: String,
    /// The public half of its Ed25519 key.
    pub public_key: Vec<u8>,
    /// What was measured of its machine, as it said when it last signed in.
    pub facts: serde_json::Value,
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub arch: String,
    /// Name of the executor that it uses.
    pub executor: String,
    /// Jobs that it takes side by side.
    pub slots: u32,
    /// Its owner lends nothing for now.
    pub paused: bool,
    /// It finishes what it has and takes nothing new.
    pub draining: bool,
    /// It is shut out.
    pub banned: bool,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last heard of.
    pub last_seen_at: Option<Timestamp>,
}

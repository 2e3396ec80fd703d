//! A job's network.

mod guarded;
mod maker;
mod netlink;

use travis_egress::Gateway;

pub use guarded::{JobNetwork, MAKE_NETWORK, Networks};
pub use maker::make_network;

/// The network that a job gets.
#[derive(Debug, Clone, Default)]
pub enum Network {
    /// None but its own loopback.
    #[default]
    Off,
    /// The machine's own, whatever it reaches.
    Machine,
    /// One of its own whose packets go through the gateway, which lets pass what its policy
    /// allows.
    Guarded(Gateway),
}

impl Network {
    /// Whether anything beyond the job's own loopback may be in reach.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !matches!(self, Self::Off)
    }

    /// Whether the job shares no port with any other.
    #[must_use]
    pub fn is_own(&self) -> bool {
        !matches!(self, Self::Machine)
    }
}

//! A job's network.

use travis_egress::Gateway;

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
}

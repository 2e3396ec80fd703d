//! A job's network.

mod guarded;
mod maker;
mod netlink;

use bytes::Bytes;
use travis_egress::{Gateway, NAMESERVER_V4, Protocol, Refusal};

pub use guarded::{JobNetwork, MAKE_NETWORK, Networks};
pub use maker::make_network;

/// A line of a job's log about a refusal, when `left` more may follow, this one included.
pub(crate) fn line(refusal: &Refusal, left: usize) -> Bytes {
    let Refusal { target, reason, .. } = refusal;
    let what = match (target.protocol, &target.host) {
        // A name whose addresses may not be asked for.
        (Protocol::Udp, Some(host)) if target.port == 53 && target.ip == NAMESERVER_V4 => {
            format!("the name {host} is not looked up")
        }
        (Protocol::Tcp, _) => format!("connection to {target} refused"),
        (Protocol::Udp, _) => format!("datagram to {target} refused"),
        _ => format!("packet to {} refused", target.ip),
    };
    let more = if left == 1 {
        " (what else is refused is not told here)"
    } else {
        ""
    };
    format!("\x1b[33mtravis: {what}: {reason}{more}\x1b[0m\n").into()
}

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

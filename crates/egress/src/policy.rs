//! The policy: whether a job may connect to an address.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::address::{Kind, kind};
use crate::allowed::within;
use crate::{Allowed, Registries};

/// Port of mail between servers, which jobs have no business with and spam has.
const MAIL: u16 = 25;

/// Where jobs may connect to at most, the strictest first. The owner's own network and addresses
/// of machines' metadata are out of reach with each of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Nowhere, but for what the owner allows by name.
    #[default]
    None,
    /// To hosts of [`Policy::registries`].
    Registries,
    /// To every public address.
    Internet,
}

/// What an owner lets jobs do on the network.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Where they may connect to.
    pub reach: Reach,
    /// What they may connect to besides, from the machine's own file alone.
    pub allowed: Vec<Allowed>,
    /// Package registries and code hosts.
    pub registries: Arc<Registries>,
    /// Whether port 25 is in reach.
    pub mail: bool,
    /// Bytes a second that all jobs together send and receive.
    pub bytes_per_second: Option<u64>,
    /// Nothing is in reach for this reason: `this month's bytes are used up`.
    pub closed: Option<String>,
}

/// Why a connection is refused.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refused {
    /// An address of the owner's network: private, of the wire, or of the machine's interfaces.
    OwnNetwork,
    /// The worker's own machine.
    OwnMachine,
    /// The address at which clouds keep their machines' secrets.
    Metadata,
    /// An address that is nobody's on the internet.
    NotPublic,
    /// Only registries are in reach, and this is none.
    NotARegistry,
    /// The address is a registry's, and the connection asks there for a host that is none.
    OtherHost,
    /// The address is a registry's, and the connection does not say for whom it asks.
    Nameless,
    /// The address is a registry's, and the connection hides for whom it asks.
    HiddenHost,
    /// Only registries are in reach, and a datagram does not say whom it is for.
    Datagram,
    /// Nothing is in reach.
    NoNetwork,
    /// The port of mail.
    Mail,
    /// For this reason nothing is in reach.
    Closed(String),
    /// The job has as many connections as it may have.
    TooMany,
    /// A protocol that jobs don't get.
    Protocol,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OwnNetwork => "the owner's own network is out of reach",
            Self::OwnMachine => "the worker's own machine is out of reach",
            Self::Metadata => "the metadata service of machines is out of reach",
            Self::NotPublic => "the address is not on the public internet",
            Self::NotARegistry => "this worker reaches package registries and code hosts only",
            Self::OtherHost => {
                "the connection asks for a host that is no package registry or code host"
            }
            Self::Nameless => {
                "only TLS, HTTP/1 and SSH that name a package registry or code host pass here"
            }
            Self::HiddenHost => "the connection hides the name of the host (encrypted hello)",
            Self::Datagram => "package registries and code hosts are reached by TCP only",
            Self::NoNetwork => "this worker gives jobs no network",
            Self::Mail => "mail can't be sent from here",
            Self::Closed(reason) => reason,
            Self::TooMany => "the job has too many connections",
            Self::Protocol => "only TCP, UDP and DNS leave this worker",
        })
    }
}

/// How a connection that is not refused may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Whatever it says.
    Free,
    /// As long as it asks for a registry: others may have the same address.
    ByName,
}

/// A network of the machine itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Own {
    /// Address of an interface.
    pub(crate) address: IpAddr,
    /// Leading bits that name its network.
    pub(crate) prefix: u8,
}

impl Policy {
    /// Judges a connection to this address. `names` are the host names whose address it is, as far
    /// as the gateway's resolver told them to jobs; `own` are the machine's interfaces.
    pub(crate) fn judge(
        &self,
        ip: IpAddr,
        port: u16,
        names: &[String],
        own: &[Own],
    ) -> Result<Way, Refused> {
        if let Some(reason) = &self.closed {
            return Err(Refused::Closed(reason.clone()));
        }
        if self.allowed.iter().any(|a| a.covers(ip, port, names)) {
            return Ok(Way::Free);
        }
        let ip = crate::address::effective(ip);
        if is_metadata(ip) {
            return Err(Refused::Metadata);
        }
        if own.iter().any(|own| own.address == ip) {
            return Err(Refused::OwnMachine);
        }
        match kind(ip) {
            Kind::Loopback => return Err(Refused::OwnMachine),
            Kind::Private | Kind::LinkLocal => return Err(Refused::OwnNetwork),
            Kind::Multicast | Kind::Reserved => return Err(Refused::NotPublic),
            Kind::Public => {}
        }
        if own.iter().any(|own| within(ip, own.address, own.prefix)) {
            return Err(Refused::OwnNetwork);
        }
        match self.reach {
            Reach::None => Err(Refused::NoNetwork),
            _ if port == MAIL && !self.mail => Err(Refused::Mail),
            Reach::Registries if !names.iter().any(|name| self.registries.contains(name)) => {
                Err(Refused::NotARegistry)
            }
            Reach::Registries => Ok(Way::ByName),
            Reach::Internet => Ok(Way::Free),
        }
    }

    /// Whether jobs may ask for the addresses of this host. Where little is in reach, names that
    /// lead nowhere are not asked for: a name can carry a message.
    pub(crate) fn resolves(&self, name: &str) -> bool {
        self.closed.is_none()
            && match self.reach {
                Reach::Internet => true,
                Reach::Registries => {
                    self.registries.contains(name) || self.allowed.iter().any(|a| a.names(name))
                }
                Reach::None => self.allowed.iter().any(|a| a.names(name)),
            }
    }

    /// Why a host's addresses may not be asked for.
    pub(crate) fn unresolved(&self) -> Refused {
        match (&self.closed, self.reach) {
            (Some(reason), _) => Refused::Closed(reason.clone()),
            (None, Reach::None) => Refused::NoNetwork,
            (None, _) => Refused::NotARegistry,
        }
    }
}

/// Addresses of metadata services that are alike everywhere.
fn is_metadata(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => matches!(
            ip.octets(),
            [169, 254, 169, 254] | [169, 254, 170, 2] | [100, 100, 100, 200] | [168, 63, 129, 16]
        ),
        IpAddr::V6(ip) => ip.segments() == [0xFD00, 0xEC2, 0, 0, 0, 0, 0, 0x254],
    }
}

#[cfg(test)]
mod tests;

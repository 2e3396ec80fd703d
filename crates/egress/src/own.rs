//! What is known of the machine: its interfaces and its resolvers.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::ifaddrs::getifaddrs;
use nix::net::if_::if_nametoindex;
use nix::sys::socket::SockaddrStorage;

use crate::policy::Own;

/// How long what was read is believed: machines move between networks.
const FRESH: Duration = Duration::from_secs(5);
/// Resolvers that are asked, as the C library does.
const RESOLVERS: usize = 3;
/// Where they listen.
const PORT: u16 = 53;
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// The machine as it was a moment ago.
#[derive(Debug, Default)]
pub(crate) struct Machine {
    known: Mutex<Option<(Instant, Known)>>,
    /// Asked instead of the machine's resolvers.
    resolvers: Option<Vec<SocketAddr>>,
    /// Where tests stand for the world: what is connected to instead.
    #[cfg(test)]
    stand_ins: std::collections::HashMap<SocketAddr, SocketAddr>,
}

#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// Addresses and networks of its interfaces.
    pub(crate) own: Arc<[Own]>,
    /// Addresses of its resolvers.
    pub(crate) resolvers: Arc<[SocketAddr]>,
}

impl Machine {
    pub(crate) fn with_resolvers(resolvers: Vec<SocketAddr>) -> Self {
        Self {
            resolvers: Some(resolvers),
            ..Self::default()
        }
    }

    /// A machine in a world that a test made.
    #[cfg(test)]
    pub(crate) fn in_world(
        resolvers: Vec<SocketAddr>,
        stand_ins: impl IntoIterator<Item = (SocketAddr, SocketAddr)>,
    ) -> Self {
        Self {
            stand_ins: stand_ins.into_iter().collect(),
            ..Self::with_resolvers(resolvers)
        }
    }

    /// Where a socket of the machine connects to for this.
    #[cfg_attr(not(test), expect(clippy::unused_self, reason = "tests have a world"))]
    pub(crate) fn way_to(&self, to: SocketAddr) -> SocketAddr {
        #[cfg(test)]
        let to = self.stand_ins.get(&to).copied().unwrap_or(to);
        to
    }

    pub(crate) fn known(&self) -> Known {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, known)) = &*known
            && since.elapsed() < FRESH
        {
            return known.clone();
        }
        let now = Known {
            own: interfaces().into(),
            resolvers: self
                .resolvers
                .clone()
                .unwrap_or_else(|| resolvers(Path::new(RESOLV_CONF)))
                .into(),
        };
        *known = Some((Instant::now(), now.clone()));
        now
    }
}

fn interfaces() -> Vec<Own> {
    let all = match getifaddrs() {
        Ok(all) => all,
        Err(error) => {
            // Private addresses are out of reach without this, too.
            tracing::error!(%error, "the machine's own addresses can't be read");
            return Vec::new();
        }
    };
    all.filter_map(|interface| {
        let address = ip(&interface.address?)?;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let mask = interface.netmask.as_ref().and_then(ip);
        Some(Own {
            address,
            prefix: mask.map_or(whole, leading_ones),
        })
    })
    .collect()
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|a| IpAddr::V4(a.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|a| IpAddr::V6(a.ip())))
}

fn leading_ones(mask: IpAddr) -> u8 {
    let ones = match mask {
        IpAddr::V4(mask) => u32::from(mask).leading_ones(),
        IpAddr::V6(mask) => u128::from(mask).leading_ones(),
    };
    u8::try_from(ones).unwrap_or(128)
}

fn resolvers(path: &Path) -> Vec<SocketAddr> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let named = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        if words.next()? != "nameserver" {
            return None;
        }
        let word = words.next()?;
        let (address, interface) = word.split_once('%').unwrap_or((word, ""));
        Some(match address.parse().ok()? {
            IpAddr::V4(address) => SocketAddr::from((address, PORT)),
            IpAddr::V6(address) => {
                let index = if_nametoindex(interface).unwrap_or(0);
                SocketAddrV6::new(address, PORT, 0, index).into()
            }
        })
    });
    let mut found: Vec<SocketAddr> = named.take(RESOLVERS).collect();
    if found.is_empty() {
        // As resolv.conf(5) says.
        found.push((Ipv4Addr::LOCALHOST, PORT).into());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_loopback_is_its_own() {
        let known = Machine::default().known();
        assert!(known.own.iter().any(|own| own.address.is_loopback()));
        assert!(!known.resolvers.is_empty());
    }

    #[test]
    fn resolvers_are_read_as_the_c_library_does() {
        let file = std::env::temp_dir().join(format!("resolv-{}", std::process::id()));
        let text = "# x\nsearch lan\nnameserver 192.168.1.1\n nameserver fe80::1%none\nnameserver x\noptions a\n";
        fs::write(&file, text).unwrap();
        let expected: Vec<SocketAddr> = vec![
            "192.168.1.1:53".parse().unwrap(),
            "[fe80::1]:53".parse().unwrap(),
        ];
        assert_eq!(resolvers(&file), expected);
        fs::remove_file(&file).unwrap();
        assert_eq!(resolvers(&file).len(), 1);
    }
}

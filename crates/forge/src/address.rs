//! Addresses that a clone URL may lead to.
//!
//! The host name is resolved once, every address it has must be public, and git is then told to use
//! exactly these (`http.curloptResolve`, and `HostName` for ssh), so a name that resolves otherwise
//! a moment later changes nothing. Redirects are not followed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::error::ForgeError;
use crate::url::{CloneUrl, Place, UrlError, UrlPolicy};

const RESOLVE_TIME: Duration = Duration::from_secs(10);

/// What git must be told so that it goes to the addresses that were checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pinned {
    /// A value for `http.curloptResolve`.
    pub http: Option<String>,
    /// The host's name and the address that ssh must use for it.
    pub ssh: Option<(String, IpAddr)>,
}

/// Resolves the URL's host and refuses addresses that are not public, unless `policy` allows them.
///
/// # Errors
/// [`ForgeError::BadUrl`] when an address is not public; [`ForgeError::Unreachable`] when the name
/// does not resolve; [`ForgeError::Timeout`].
pub async fn check_address(url: &CloneUrl, policy: &UrlPolicy) -> Result<Pinned, ForgeError> {
    if policy.allow_local {
        return Ok(Pinned::default());
    }
    let (host, port) = match url.place() {
        Place::Http { host, port } | Place::Ssh { host, port } => (host.as_str(), *port),
        Place::Local(_) => return Err(UrlError::Local.into()),
    };
    let found = tokio::time::timeout(RESOLVE_TIME, tokio::net::lookup_host((host, port)))
        .await
        .map_err(|_| ForgeError::Timeout {
            after: RESOLVE_TIME,
        })?
        .map_err(|error| ForgeError::Unreachable {
            detail: format!("{host} does not resolve ({error})"),
        })?;
    let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    addresses.dedup();
    if !addresses.iter().all(|address| is_public(*address)) {
        return Err(UrlError::Local.into());
    }
    let Some(first) = addresses.first().copied() else {
        return Err(ForgeError::Unreachable {
            detail: format!("{host} has no address"),
        });
    };
    Ok(match url.place() {
        Place::Http { .. } => {
            let list: Vec<String> = addresses.iter().map(|a| bracketed(*a)).collect();
            let host = host.parse().map_or_else(|_| host.to_owned(), bracketed);
            Pinned {
                http: Some(format!("{host}:{port}:{}", list.join(","))),
                ssh: None,
            }
        }
        _ => Pinned {
            http: None,
            ssh: Some((host.to_owned(), first)),
        },
    })
}

fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}

/// Whether an address is on the public internet, and not this machine, its network, a cloud's
/// metadata service or a way of writing one of those.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let reserved = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !reserved
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let parts = address.segments();
    let embedded =
        |high: u16, low: u16| is_public_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match parts {
        // Mapped, NAT64 and 6to4 addresses lead to the IPv4 address inside.
        [0, 0, 0, 0, 0, 0xFFFF, high, low] | [0x64, 0xFF9B, 0, 0, 0, 0, high, low] => {
            embedded(high, low)
        }
        [0x2002, high, low, ..] => embedded(high, low),
        // Teredo, ORCHID and documentation; the rest of 2000::/3 is the public internet.
        [0x2001, 0..=0x1FF | 0xDB8, ..] => false,
        [first, ..] => first & 0xE000 == 0x2000,
    }
}

//! What an owner allows by name beyond the public internet.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::address::effective;

/// An address, network or host that jobs may connect to although it is out of reach otherwise,
/// with one port or all: `192.168.1.5:8080`, `10.0.0.0/8`, `[fd00::1]:80`, `fd00::/8`,
/// `nas.lan:8080`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    place: Place,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Network { address: IpAddr, prefix: u8 },
    Host(String),
}

/// A text that names no address, network or host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} names no address; write it as 192.168.1.5:8080, 10.0.0.0/8, [fd00::1]:80 or nas.lan:8080"
)]
pub struct BadAllowed(pub String);

impl Allowed {
    /// Whether connections to this address and port are allowed. `names` are the host names whose
    /// address it is, as the gateway's resolver learned them.
    pub(crate) fn covers(&self, ip: IpAddr, port: u16, names: &[String]) -> bool {
        if self.port.is_some_and(|own| own != port) {
            return false;
        }
        match &self.place {
            Place::Network { address, prefix } => within(effective(ip), *address, *prefix),
            Place::Host(host) => names.contains(host),
        }
    }

    /// Whether it names this host.
    pub(crate) fn names(&self, name: &str) -> bool {
        matches!(&self.place, Place::Host(host) if host == name)
    }
}

/// Whether `ip` lies in the network of that many leading bits.
pub(crate) fn within(ip: IpAddr, network: IpAddr, prefix: u8) -> bool {
    let same = |a: u128, b: u128, bits: u32| {
        let beyond = bits.saturating_sub(u32::from(prefix));
        a.checked_shr(beyond).unwrap_or(0) == b.checked_shr(beyond).unwrap_or(0)
    };
    match (ip, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(u32::from(a).into(), u32::from(b).into(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(a.into(), b.into(), 128),
        _ => false,
    }
}

impl FromStr for Allowed {
    type Err = BadAllowed;

    fn from_str(text: &str) -> Result<Self, BadAllowed> {
        let bad = || BadAllowed(text.to_owned());
        let (place, port) = split_port(text.trim()).ok_or_else(bad)?;
        let place = if let Some((address, prefix)) = place.split_once('/') {
            let address: IpAddr = address.parse().map_err(|_| bad())?;
            let prefix: u8 = prefix.parse().map_err(|_| bad())?;
            let bits = if address.is_ipv4() { 32 } else { 128 };
            if prefix > bits {
                return Err(bad());
            }
            Place::Network { address, prefix }
        } else if let Ok(address) = place.parse::<IpAddr>() {
            let address = effective(address);
            let prefix = if address.is_ipv4() { 32 } else { 128 };
            Place::Network { address, prefix }
        } else if is_host(place) {
            Place::Host(place.trim_end_matches('.').to_ascii_lowercase())
        } else {
            return Err(bad());
        };
        Ok(Self { place, port })
    }
}

/// Takes the port off. Addresses of IPv6 with a port are written in brackets.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (place, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((place, Some(port.parse().ok()?))),
            None if rest.is_empty() => Some((place, None)),
            None => None,
        };
    }
    match text.split_once(':') {
        Some((_, rest)) if rest.contains(':') => Some((text, None)),
        Some((place, port)) => Some((place, Some(port.parse().ok()?))),
        None => Some((text, None)),
    }
}

fn is_host(text: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    text.len() <= 253
        && text.bytes().all(good)
        && text.bytes().any(|b| b.is_ascii_alphabetic())
        && text
            .trim_end_matches('.')
            .split('.')
            .all(|label| !label.is_empty() && label.len() <= 63 && !label.starts_with('-'))
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |address: &IpAddr| if address.is_ipv4() { 32 } else { 128 };
        match (&self.place, self.port) {
            (Place::Host(host), None) => f.write_str(host),
            (Place::Host(host), Some(port)) => write!(f, "{host}:{port}"),
            (Place::Network { address, prefix }, port) => {
                let place = if *prefix == whole(address) {
                    address.to_string()
                } else {
                    format!("{address}/{prefix}")
                };
                match port {
                    Some(port) if address.is_ipv6() => write!(f, "[{place}]:{port}"),
                    Some(port) => write!(f, "{place}:{port}"),
                    None => f.write_str(&place),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written_back() {
        for text in [
            "192.168.1.5:8080",
            "192.168.1.5",
            "10.0.0.0/8",
            "10.0.0.0/8:443",
            "fd00::/8",
            "[fd00::1]:80",
            "[fd00::/8]:80",
            "fd00::1",
            "nas.lan:8080",
            "nas",
        ] {
            let allowed: Allowed = text.parse().unwrap();
            assert_eq!(allowed.to_string(), text);
        }
        for text in [
            "",
            ":80",
            "10.0.0.0/33",
            "10.0.0/8",
            "1.2.3",
            "a b",
            "a:b",
            "[fd00::1",
            "nas:99999",
            "-x",
            "a..b",
            "fd00::1/129",
            "/8",
        ] {
            assert!(text.parse::<Allowed>().is_err(), "{text}");
        }
    }

    #[test]
    fn covers_what_it_names_and_nothing_beside() {
        let covers = |text: &str, ip: &str, port| {
            let allowed: Allowed = text.parse().unwrap();
            allowed.covers(ip.parse().unwrap(), port, &["nas.lan".to_owned()])
        };
        assert!(covers("192.168.1.5:8080", "192.168.1.5", 8080));
        assert!(covers("192.168.1.5:8080", "::ffff:192.168.1.5", 8080));
        assert!(!covers("192.168.1.5:8080", "192.168.1.5", 8081));
        assert!(!covers("192.168.1.5:8080", "192.168.1.6", 8080));
        assert!(covers("10.0.0.0/8", "10.255.0.1", 1));
        assert!(!covers("10.0.0.0/8", "11.0.0.1", 1));
        assert!(covers("0.0.0.0/0", "127.0.0.1", 1));
        assert!(!covers("0.0.0.0/0", "::1", 1));
        assert!(covers("::/0", "::1", 1));
        assert!(covers("NAS.lan.", "192.168.1.9", 1));
        assert!(!covers("nas2.lan", "192.168.1.9", 1));
    }
}

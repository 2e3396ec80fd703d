//! Where a caller's connection comes from, as far as that can be known.

use crate::App;
use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
};
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

/// Set by proxies: whom they call for, the nearest hop last.
const FORWARDED: &str = "x-forwarded-for";

/// Proxies that are believed whom they call for: addresses, and networks such as `10.0.0.0/8`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<(IpAddr, u8)>);

impl Proxies {
    /// Reads addresses and networks.
    ///
    /// # Errors
    /// A text that says which one is none.
    pub fn parse(said: &[String]) -> Result<Self, String> {
        let read = |text: &String| {
            let (address, bits) = match text.split_once('/') {
                Some((address, bits)) => (address, Some(bits)),
                None => (text.as_str(), None),
            };
            let address: IpAddr = address.parse().ok()?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
            (bits <= most).then_some((address, bits))
        };
        let all = said.iter().map(|text| {
            read(text).ok_or_else(|| {
                format!("{text:?} is no address; write 127.0.0.1, ::1 or 10.0.0.0/8")
            })
        });
        all.collect::<Result<_, _>>().map(Self)
    }

    fn has(&self, address: IpAddr) -> bool {
        self.0
            .iter()
            .any(|(network, bits)| match (address, network) {
                (IpAddr::V4(address), IpAddr::V4(network)) => {
                    let apart = u32::from(address) ^ u32::from(*network);
                    apart.leading_zeros() >= u32::from(*bits)
                }
                (IpAddr::V6(address), IpAddr::V6(network)) => {
                    let apart = u128::from(address) ^ u128::from(*network);
                    apart.leading_zeros() >= u32::from(*bits)
                }
                _ => false,
            })
    }

    /// Who calls. A proxy is believed about the hop before it, and that one about the next, as long
    /// as they are named here: anybody else can write that header. `None` when a believed proxy
    /// names something that is no address: an unknown network never counts as another one.
    fn caller(&self, connection: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let mut caller = connection.to_canonical();
        let lines: Vec<_> = headers.get_all(FORWARDED).iter().collect();
        for line in lines.into_iter().rev() {
            if !self.has(caller) {
                break;
            }
            for hop in line.to_str().ok()?.rsplit(',') {
                if !self.has(caller) {
                    break;
                }
                caller = hop_address(hop.trim())?;
            }
        }
        Some(caller)
    }
}

/// A hop as proxies write it: an address, some with a port, IPv6 some in brackets.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']'));
    let address = bare.unwrap_or(hop).parse::<IpAddr>().ok();
    let address = address.or_else(|| hop.parse::<SocketAddr>().ok().map(|hop| hop.ip()));
    address.map(|address| address.to_canonical())
}

/// The network of a caller: neighbours have the same.
pub(crate) struct Peer(pub Option<String>);

impl FromRequestParts<App> for Peer {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let from = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let address =
            from.and_then(|ConnectInfo(from)| app.proxies.caller(from.ip(), &parts.headers));
        Ok(Self(address.map(network)))
    }
}

/// What one household or one hoster's customer usually has: /24 of IPv4, /48 of IPv6.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(said: &[&str]) -> Proxies {
        let said: Vec<String> = said.iter().map(ToString::to_string).collect();
        Proxies::parse(&said).unwrap()
    }

    fn from(proxies: &Proxies, connection: &str, forwarded: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED, line.parse().unwrap());
        }
        let caller = proxies.caller(connection.parse().unwrap(), &headers);
        caller.map(|caller| caller.to_string())
    }

    #[test]
    fn nobody_is_believed_unless_named() {
        let none = Proxies::default();
        let spoofed = ["198.51.100.1"];
        for peer in ["203.0.113.7", "127.0.0.1", "10.0.0.1", "::1"] {
            assert_eq!(from(&none, peer, &spoofed).unwrap(), peer);
        }
        let one = proxies(&["127.0.0.1"]);
        assert_eq!(from(&one, "203.0.113.7", &spoofed).unwrap(), "203.0.113.7");
        assert_eq!(from(&one, "127.0.0.1", &spoofed).unwrap(), "198.51.100.1");
        assert_eq!(
            from(&one, "::ffff:127.0.0.1", &spoofed).unwrap(),
            spoofed[0]
        );
        assert_eq!(from(&one, "127.0.0.1", &[]).unwrap(), "127.0.0.1");
    }

    #[test]
    fn what_stands_before_the_first_stranger_is_the_strangers_word() {
        let chain = proxies(&["127.0.0.1", "10.0.0.0/8", "2001:db8:5::/48"]);
        let said = |lines: &[&str]| from(&chain, "127.0.0.1", lines).unwrap();
        assert_eq!(said(&["6.6.6.6, 203.0.113.9"]), "203.0.113.9");
        assert_eq!(said(&["6.6.6.6, 203.0.113.9, 10.1.2.3"]), "203.0.113.9");
        assert_eq!(
            said(&["6.6.6.6", "203.0.113.9", "10.1.2.3, 10.9.9.9"]),
            "203.0.113.9"
        );
        assert_eq!(said(&["203.0.113.9,2001:db8:5:1::2"]), "203.0.113.9");
        // All of them are ours: the farthest one calls.
        assert_eq!(said(&["10.0.0.5, 10.0.0.6"]), "10.0.0.5");
        // What a stranger wrote is not even read.
        assert_eq!(said(&["nonsense, 203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn hops_have_many_forms() {
        let one = proxies(&["::1"]);
        for (hop, address) in [
            ("2001:db8::7", Some("2001:db8::7")),
            ("[2001:db8::7]", Some("2001:db8::7")),
            ("[2001:db8::7]:4711", Some("2001:db8::7")),
            ("203.0.113.9:4711", Some("203.0.113.9")),
            ("::ffff:203.0.113.9", Some("203.0.113.9")),
            ("unknown", None),
            ("_hidden", None),
            ("", None),
            ("203.0.113.9,", None),
            ("999.1.1.1", None),
            ("203.0.113.9 198.51.100.1", None),
        ] {
            assert_eq!(from(&one, "::1", &[hop]).as_deref(), address, "{hop:?}");
        }
    }

    #[test]
    fn networks_are_read_with_care() {
        let edge = proxies(&["192.0.2.64/26", "0.0.0.0/0"]);
        assert!(edge.has("203.0.113.1".parse().unwrap()));
        let edge = proxies(&["192.0.2.64/26"]);
        assert!(edge.has("192.0.2.127".parse().unwrap()));
        assert!(!edge.has("192.0.2.128".parse().unwrap()));
        assert!(!edge.has("::1".parse().unwrap()));
        for odd in [
            "localhost",
            "10.0.0.0/33",
            "10.0.0.0/",
            "::/129",
            "",
            "10.0.0.0/-1",
        ] {
            let error = Proxies::parse(&[odd.to_owned()]).unwrap_err();
            assert!(error.contains(odd), "{error}");
        }
    }

    #[test]
    fn neighbours_have_one_network() {
        let of = |address: &str| network(address.parse().unwrap());
        assert_eq!(of("203.0.113.7"), "203.0.113.0/24");
        assert_eq!(of("2001:db8:5:6::1"), "2001:db8:5::/48");
    }
}

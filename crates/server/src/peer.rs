//! Where a caller's connection comes from, as far as that can be known.

use crate::App;
use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
};
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

/// Set by proxies.
const FORWARDED: &str = "x-forwarded-for";

/// The network of a caller: neighbours have the same.
pub(crate) struct Peer(pub Option<String>);

impl FromRequestParts<App> for Peer {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let from = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let address = from.and_then(|ConnectInfo(from)| address(from.ip(), &parts.headers));
        Ok(Self(address.map(network)))
    }
}

/// Who calls. Only a proxy on this very machine is believed who it calls for: anybody else can
/// write that header. Behind another proxy the network is not known, which never counts as
/// another one.
fn address(connection: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
    let connection = connection.to_canonical();
    let forwarded = headers.get_all(FORWARDED).iter().next_back();
    match forwarded {
        None => Some(connection),
        Some(chain) if connection.is_loopback() => chain
            .to_str()
            .ok()
            .and_then(|chain| chain.rsplit(',').next())
            .and_then(|last| last.trim().parse::<IpAddr>().ok())
            .map(|address| address.to_canonical()),
        Some(_) => Some(connection),
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

    fn from(connection: &str, forwarded: Option<&str>) -> Option<String> {
        let mut headers = HeaderMap::new();
        if let Some(forwarded) = forwarded {
            headers.insert(FORWARDED, forwarded.parse().unwrap());
        }
        address(connection.parse().unwrap(), &headers).map(network)
    }

    #[test]
    fn only_a_proxy_on_this_machine_is_believed() {
        assert_eq!(from("203.0.113.7", None).unwrap(), "203.0.113.0/24");
        assert_eq!(from("::ffff:203.0.113.7", None).unwrap(), "203.0.113.0/24");
        assert_eq!(from("2001:db8:5:6::1", None).unwrap(), "2001:db8:5::/48");
        assert_eq!(
            from("127.0.0.1", Some("198.51.100.1, 203.0.113.9")).unwrap(),
            "203.0.113.0/24"
        );
        assert_eq!(
            from("203.0.113.7", Some("198.51.100.1")).unwrap(),
            "203.0.113.0/24"
        );
        assert_eq!(from("127.0.0.1", Some("nonsense")), None);
    }
}

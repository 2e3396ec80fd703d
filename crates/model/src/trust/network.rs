//! Which addresses are one network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network that a worker comes from, as far as its address says something about it: the /24 of
/// an IPv4 address, the /48 of an IPv6 one. `None` for addresses that many unrelated machines
/// share behind translations, proxies and loopback: two of those are not known to be one network.
#[must_use]
pub fn network_of(address: IpAddr) -> Option<String> {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            let shared = address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_unspecified()
                // Carrier-grade translation, RFC 6598.
                || (a == 100 && (64..128).contains(&b));
            (!shared).then(|| format!("{}/24", Ipv4Addr::new(a, b, c, 0)))
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            let shared = address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local();
            (!shared).then(|| format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::network_of;

    #[test]
    fn public_addresses_are_cut_to_their_network() {
        for (address, network) in [
            ("203.0.113.7", Some("203.0.113.0/24")),
            ("::ffff:203.0.113.9", Some("203.0.113.0/24")),
            ("2001:db8:1:2::7", Some("2001:db8:1::/48")),
            ("127.0.0.1", None),
            ("10.1.2.3", None),
            ("192.168.1.4", None),
            ("100.64.0.1", None),
            ("169.254.1.1", None),
            ("fd00::1", None),
            ("fe80::1", None),
            ("::1", None),
        ] {
            assert_eq!(network_of(address.parse().unwrap()).as_deref(), network);
        }
    }
}

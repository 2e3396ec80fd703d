//! What kind of address an address is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Kinds of addresses that no job reaches unless the owner allows it by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// This machine's loopback.
    Loopback,
    /// A private network: RFC 1918, RFC 6598, unique local addresses.
    Private,
    /// Addresses of one wire, cloud metadata services among them.
    LinkLocal,
    /// Many receivers at once.
    Multicast,
    /// Everything else that is not the public internet.
    Reserved,
    /// The public internet.
    Public,
}

/// Where packets to this address really go: IPv4 inside of mapped, NAT64 and 6to4 addresses is
/// taken out.
pub(crate) fn effective(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(inner) => embedded(inner).map_or(address, IpAddr::V4),
    }
}

fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let from = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        // `::1` and `::` are not IPv4-compatible addresses.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        // Mapped, compatible (long deprecated), translated (RFC 2765), NAT64 with the well-known
        // prefix and with the one for local use (RFC 8215, in its /96 form).
        [0, 0, 0, 0, 0, 0xFFFF | 0, high, low]
        | [0, 0, 0, 0, 0xFFFF, 0, high, low]
        | [0x64, 0xFF9B, 0, 0, 0, 0, high, low] => Some(from(high, low)),
        [0x2002, high, low, ..] => Some(from(high, low)),
        _ => None,
    }
}

/// Whether an address is one of the public internet: not of this machine, nor of a network of its
/// owner's, nor of a metadata service.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    kind(address) == Kind::Public
}

/// The kind of an address.
pub(crate) fn kind(address: IpAddr) -> Kind {
    match effective(address) {
        IpAddr::V4(address) => kind_v4(address),
        IpAddr::V6(address) => kind_v6(address),
    }
}

fn kind_v4(address: Ipv4Addr) -> Kind {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        (127, ..) => Kind::Loopback,
        (10, ..) | (100, 64..=127, _) | (172, 16..=31, _) | (192, 168, _) => Kind::Private,
        (169, 254, _) => Kind::LinkLocal,
        (224..=239, ..) => Kind::Multicast,
        (0 | 240..=255, ..)
        | (192, 0, 0 | 2)
        | (192, 31, 196)
        | (192, 52, 193)
        | (192, 88, 99)
        | (192, 175, 48)
        | (198, 18..=19, _)
        | (198, 51, 100)
        | (203, 0, 113) => Kind::Reserved,
        _ => Kind::Public,
    }
}

fn kind_v6(address: Ipv6Addr) -> Kind {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Kind::Loopback,
        [0xFC00..=0xFDFF, ..] => Kind::Private,
        // Site-local addresses (deprecated) are routed inside of a site at most.
        [0xFE80..=0xFEFF, ..] => Kind::LinkLocal,
        [0xFF00..=0xFFFF, ..] => Kind::Multicast,
        // Teredo, benchmarks, ORCHID and documentation; the rest of 2000::/3 is the public
        // internet.
        [0x2001, 0..=0x1FF | 0xDB8, ..] | [0x3FFF, 0..=0xFFF, ..] => Kind::Reserved,
        [first, ..] if first & 0xE000 == 0x2000 => Kind::Public,
        _ => Kind::Reserved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Kind {
        kind(text.parse().unwrap())
    }

    #[test]
    fn the_public_internet_is_public() {
        for text in [
            "1.1.1.1",
            "140.82.121.3",
            "100.63.255.255",
            "100.128.0.1",
            "172.32.0.1",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "64:ff9b::101:101",
            "::ffff:1.1.1.1",
            "2002:101:101::1",
        ] {
            assert_eq!(of(text), Kind::Public, "{text}");
        }
    }

    #[test]
    fn what_is_not_the_internet_is_not_public() {
        for (text, expected) in [
            ("127.0.0.1", Kind::Loopback),
            ("127.255.1.2", Kind::Loopback),
            ("::1", Kind::Loopback),
            ("::ffff:127.0.0.1", Kind::Loopback),
            ("::7f00:1", Kind::Loopback),
            ("64:ff9b::127.0.0.1", Kind::Loopback),
            ("2002:7f00:1::", Kind::Loopback),
            ("10.1.2.3", Kind::Private),
            ("172.16.0.1", Kind::Private),
            ("172.31.255.255", Kind::Private),
            ("192.168.0.1", Kind::Private),
            ("100.64.0.1", Kind::Private),
            ("fd00::1", Kind::Private),
            ("fd00:ec2::254", Kind::Private),
            ("fc00::1", Kind::Private),
            ("::ffff:192.168.1.1", Kind::Private),
            ("64:ff9b::c0a8:101", Kind::Private),
            ("2002:c0a8:101::1", Kind::Private),
            ("169.254.169.254", Kind::LinkLocal),
            ("::ffff:169.254.169.254", Kind::LinkLocal),
            ("fe80::1", Kind::LinkLocal),
            ("fec0::1", Kind::LinkLocal),
            ("224.0.0.1", Kind::Multicast),
            ("239.255.255.255", Kind::Multicast),
            ("ff02::1", Kind::Multicast),
            ("0.0.0.0", Kind::Reserved),
            ("0.1.2.3", Kind::Reserved),
            ("255.255.255.255", Kind::Reserved),
            ("240.0.0.1", Kind::Reserved),
            ("198.18.0.1", Kind::Reserved),
            ("198.19.255.255", Kind::Reserved),
            ("192.0.0.170", Kind::Reserved),
            ("192.0.2.1", Kind::Reserved),
            ("203.0.113.7", Kind::Reserved),
            ("::", Kind::Reserved),
            ("64:ff9b:1::1", Kind::Reserved),
            ("100::1", Kind::Reserved),
            ("2001::1", Kind::Reserved),
            ("2001:db8::1", Kind::Reserved),
            ("4000::1", Kind::Reserved),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }
}

//! Packets: what one is, and those that the gateway writes itself.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    Icmpv4Message, Icmpv4Packet, Icmpv6Message, Icmpv6Packet, IpProtocol, IpRepr, IpVersion,
    Ipv4Packet, Ipv6Packet, TcpPacket, UdpPacket, UdpRepr,
};

const TTL: u8 = 64;
/// Bytes of a packet that an error about it quotes.
const QUOTED: usize = 512;
const UDP_HEADER: usize = 8;

/// A packet of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Packet {
    Tcp {
        from: SocketAddr,
        to: SocketAddr,
        /// It begins a connection.
        begins: bool,
    },
    Udp {
        from: SocketAddr,
        to: SocketAddr,
        payload: Range<usize>,
    },
    Echo {
        to: IpAddr,
    },
    /// Housekeeping of IPv6 and groups that every kernel sends unasked.
    Chatter,
    Other {
        to: IpAddr,
        protocol: u8,
    },
    /// Not a packet, or a piece of one.
    Broken,
}

/// What a packet is.
pub(crate) fn read(bytes: &[u8]) -> Packet {
    read_whole(bytes).unwrap_or(Packet::Broken)
}

fn version(bytes: &[u8]) -> Option<IpVersion> {
    // It panics on nothing.
    bytes.first()?;
    IpVersion::of_packet(bytes).ok()
}

fn read_whole(bytes: &[u8]) -> Option<Packet> {
    let (from, to, protocol, start, end) = match version(bytes)? {
        IpVersion::Ipv4 => {
            let packet = Ipv4Packet::new_checked(bytes).ok()?;
            if packet.more_frags() || packet.frag_offset() != 0 {
                return None;
            }
            let (start, end) = (packet.header_len(), packet.total_len());
            let protocol = packet.next_header();
            let (from, to) = (packet.src_addr().into(), packet.dst_addr().into());
            (from, to, protocol, usize::from(start), usize::from(end))
        }
        IpVersion::Ipv6 => {
            let packet = Ipv6Packet::new_checked(bytes).ok()?;
            let (from, to) = (packet.src_addr().into(), packet.dst_addr().into());
            (
                from,
                to,
                packet.next_header(),
                packet.header_len(),
                packet.total_len(),
            )
        }
    };
    let (from, to): (IpAddr, IpAddr) = (from, to);
    let content = bytes.get(start..end)?;
    Some(match protocol {
        IpProtocol::Tcp => {
            let tcp = TcpPacket::new_checked(content).ok()?;
            Packet::Tcp {
                from: SocketAddr::new(from, tcp.src_port()),
                to: SocketAddr::new(to, tcp.dst_port()),
                begins: tcp.syn() && !tcp.ack() && !tcp.rst() && !tcp.fin(),
            }
        }
        IpProtocol::Udp => {
            let udp = UdpPacket::new_checked(content).ok()?;
            let length = usize::from(udp.len());
            Packet::Udp {
                from: SocketAddr::new(from, udp.src_port()),
                to: SocketAddr::new(to, udp.dst_port()),
                payload: start + UDP_HEADER..start + length,
            }
        }
        IpProtocol::Icmp => match Icmpv4Packet::new_checked(content).ok()?.msg_type() {
            Icmpv4Message::EchoRequest => Packet::Echo { to },
            _ => Packet::Chatter,
        },
        IpProtocol::Icmpv6 => match Icmpv6Packet::new_checked(content).ok()?.msg_type() {
            Icmpv6Message::EchoRequest if !to.is_multicast() => Packet::Echo { to },
            _ => Packet::Chatter,
        },
        _ if to.is_multicast() => Packet::Chatter,
        other => Packet::Other {
            to,
            protocol: other.into(),
        },
    })
}

/// A datagram for the job.
pub(crate) fn datagram(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let (source, target) = (from.ip().into(), to.ip().into());
    let length = UDP_HEADER + payload.len();
    let header = IpRepr::new(source, target, IpProtocol::Udp, length, TTL);
    let all = ChecksumCapabilities::default();
    let mut packet = vec![0; header.header_len() + length];
    header.emit(&mut packet[..], &all);
    let udp = UdpRepr {
        src_port: from.port(),
        dst_port: to.port(),
    };
    let content = packet.get_mut(header.header_len()..).unwrap_or_default();
    udp.emit(
        &mut UdpPacket::new_unchecked(content),
        &source,
        &target,
        payload.len(),
        |place| place.copy_from_slice(payload),
        &all,
    );
    packet
}

/// Why a packet came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreachable {
    /// Nobody listens there, which programs take for a refusal.
    Port,
    /// There is no way.
    Host,
    /// It may not be.
    Prohibited,
}

/// The error that a packet of the job could not be delivered; `None` when the packet is not one.
pub(crate) fn unreachable(about: &[u8], why: Unreachable) -> Option<Vec<u8>> {
    let quoted = about.get(..about.len().min(QUOTED))?;
    // Type and code, RFC 792 and RFC 4443.
    let (source, target, kind, code, protocol) = match version(about)? {
        IpVersion::Ipv4 => {
            let packet = Ipv4Packet::new_checked(about).ok()?;
            let code = match why {
                Unreachable::Port => 3,
                Unreachable::Host => 1,
                Unreachable::Prohibited => 13,
            };
            let (source, target) = (packet.src_addr().into(), packet.dst_addr().into());
            (source, target, 3, code, IpProtocol::Icmp)
        }
        IpVersion::Ipv6 => {
            let packet = Ipv6Packet::new_checked(about).ok()?;
            let code = match why {
                Unreachable::Port => 4,
                Unreachable::Host => 3,
                Unreachable::Prohibited => 1,
            };
            let (source, target) = (packet.src_addr().into(), packet.dst_addr().into());
            (source, target, 1, code, IpProtocol::Icmpv6)
        }
    };
    // An error comes from where the packet went.
    let header = IpRepr::new(target, source, protocol, 8 + quoted.len(), TTL);
    let mut packet = vec![0; header.header_len()];
    header.emit(&mut packet[..], &ChecksumCapabilities::default());
    packet.extend([kind, code, 0, 0, 0, 0, 0, 0]);
    packet.extend_from_slice(quoted);
    let content = packet.get_mut(header.header_len()..)?;
    match header {
        IpRepr::Ipv4(_) => Icmpv4Packet::new_unchecked(content).fill_checksum(),
        IpRepr::Ipv6(header) => {
            Icmpv6Packet::new_unchecked(content).fill_checksum(&header.src_addr, &header.dst_addr);
        }
    }
    Some(packet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pair(v6: bool) -> (SocketAddr, SocketAddr) {
        if v6 {
            (
                "[fd00::1]:53".parse().unwrap(),
                "[fd00::2]:999".parse().unwrap(),
            )
        } else {
            (
                "10.0.2.3:53".parse().unwrap(),
                "10.0.2.15:999".parse().unwrap(),
            )
        }
    }

    #[test]
    fn datagrams_are_read_as_written() {
        for v6 in [false, true] {
            let (from, to) = pair(v6);
            let bytes = datagram(from, to, b"hello");
            let Packet::Udp {
                from: f,
                to: t,
                payload,
            } = read(&bytes)
            else {
                panic!("a datagram");
            };
            assert_eq!((f, t, &bytes[payload]), (from, to, &b"hello"[..]));
            let error = unreachable(&bytes, Unreachable::Port).unwrap();
            assert_eq!(read(&error), Packet::Chatter);
        }
    }

    #[test]
    fn a_piece_of_a_packet_is_none() {
        let (from, to) = pair(false);
        let mut bytes = datagram(from, to, b"hello");
        bytes[6] = 0x20;
        assert_eq!(read(&bytes), Packet::Broken);
        assert_eq!(read(&bytes[..10]), Packet::Broken);
        assert_eq!(read(&[]), Packet::Broken);
    }

    proptest! {
        #[test]
        fn no_packet_breaks_it(bytes in proptest::collection::vec(any::<u8>(), 0..128), v6: bool) {
            let mut bytes = bytes;
            if let Some(first) = bytes.first_mut() {
                *first = if v6 { 0x60 } else { 0x45 };
            }
            read(&bytes);
            unreachable(&bytes, Unreachable::Host);
        }

        #[test]
        fn no_change_of_a_packet_breaks_it(at in 0_usize..36, value: u8, v6: bool) {
            let (from, to) = pair(v6);
            let mut bytes = datagram(from, to, b"hello");
            if let Some(place) = bytes.get_mut(at) {
                *place = value;
            }
            if let Packet::Udp { payload, .. } = read(&bytes) {
                prop_assert!(bytes.get(payload).is_some());
            }
        }
    }
}

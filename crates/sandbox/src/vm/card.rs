//! A machine's network card: frames of Ethernet between QEMU and the job's wire to the gateway.
//!
//! The wire carries IP packets. So the job is told here that every address of its network has the
//! gateway's link address, and everything else of the link layer stays here.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use tokio::net::UnixDatagram;
use tokio_util::task::AbortOnDropHandle;
use travis_egress::{Attachment, JOB_V4, JOB_V6, PREFIX_V4};

use super::command::CARD_ITS;
use super::sockets::Sockets;

/// The gateway's link address; made up, as its second bit says.
const GATEWAY: [u8; 6] = [0x52, 0x54, 0x00, 0x67, 0x61, 0x74];
/// The job's, as QEMU is told it. Answers go to whoever asked.
const JOB: [u8; 6] = [0x52, 0x54, 0x00, 0x74, 0x72, 0x61];
/// Header of a frame: two link addresses and what follows.
const HEADER: usize = 14;
/// Largest packet on the link, Ethernet's usual one.
pub(crate) const MTU: u16 = 1500;
/// Room for a frame; what is larger is cut by the kernel and passed over.
const LARGEST: usize = 64 * 1024;

const IP4: [u8; 2] = [0x08, 0x00];
const ARP: [u8; 2] = [0x08, 0x06];
const IP6: [u8; 2] = [0x86, 0xdd];

/// What is to be done with a frame.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// A packet for the gateway.
    Forward(Vec<u8>),
    /// An answer for the job.
    Answer(Vec<u8>),
    /// Nothing.
    Drop,
}

/// Carries frames until either side is gone. `ours` is the socket that QEMU sends to; it reads
/// [`CARD_ITS`] of the same directory.
pub(crate) fn carry(
    ours: UnixDatagram,
    directory: Sockets,
    attachment: Attachment,
) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        let its = directory.path(CARD_ITS);
        let (sender, mut receiver) = attachment.split();
        let inward = async {
            let mut buffer = vec![0; LARGEST];
            while let Ok(count) = ours.recv(&mut buffer).await {
                match judge(buffer.get(..count).unwrap_or_default()) {
                    Step::Forward(packet) => {
                        if !sender.send(packet).await {
                            return;
                        }
                    }
                    Step::Answer(frame) => deliver(&ours, &its, &frame).await,
                    Step::Drop => {}
                }
            }
        };
        let outward = async {
            while let Some(packet) = receiver.recv().await {
                if let Some(frame) = frame(&packet) {
                    deliver(&ours, &its, &frame).await;
                }
            }
        };
        tokio::select! {
            () = inward => {}
            () = outward => {}
        }
    }))
}

/// A frame that can't be delivered is lost, as on any link.
async fn deliver(ours: &UnixDatagram, its: &Path, frame: &[u8]) {
    if let Err(error) = ours.send_to(frame, its).await
        && error.kind() != io::ErrorKind::ConnectionRefused
    {
        tracing::debug!(%error, "a frame for a job's machine is lost");
    }
}

/// A packet in a frame for the job.
fn frame(packet: &[u8]) -> Option<Vec<u8>> {
    let kind = match packet.first()? >> 4 {
        4 => IP4,
        6 => IP6,
        _ => return None,
    };
    Some([&JOB[..], &GATEWAY, &kind, packet].concat())
}

fn judge(frame: &[u8]) -> Step {
    let (Some(header), Some(content)) = (frame.get(..HEADER), frame.get(HEADER..)) else {
        return Step::Drop;
    };
    let answer = match header.get(12..) {
        Some(kind) if kind == ARP => answer_arp(content),
        Some(kind) if kind == IP4 && content.first().is_some_and(|first| first >> 4 == 4) => {
            return Step::Forward(content.to_vec());
        }
        Some(kind) if kind == IP6 && content.first().is_some_and(|first| first >> 4 == 6) => {
            match solicitation(content) {
                Some(wanted) => answer_neighbor(content, wanted),
                None => return Step::Forward(content.to_vec()),
            }
        }
        _ => None,
    };
    match (answer, header.get(6..12)) {
        (Some((kind, content)), Some(asking)) => {
            Step::Answer([asking, &GATEWAY, &kind, &content].concat())
        }
        _ => Step::Drop,
    }
}

/// RFC 826: "who has", for every address of the job's network but its own.
fn answer_arp(content: &[u8]) -> Option<([u8; 2], Vec<u8>)> {
    let asked = [0, 1, IP4[0], IP4[1], 6, 4, 0, 1];
    if content.get(..8)? != asked {
        return None;
    }
    let (asking, from) = (content.get(8..14)?, content.get(14..18)?);
    let wanted: [u8; 4] = content.get(24..28)?.try_into().ok()?;
    let address = Ipv4Addr::from(wanted);
    let network = |address: Ipv4Addr| u32::from(address) >> (32 - u32::from(PREFIX_V4));
    // A machine that looks whether its address is free must not find it taken.
    if address == JOB_V4 || network(address) != network(JOB_V4) {
        return None;
    }
    let head = [0, 1, IP4[0], IP4[1], 6, 4, 0, 2];
    Some((ARP, [&head[..], &GATEWAY, &wanted, asking, from].concat()))
}

/// RFC 4861: the address that a neighbor solicitation asks for.
fn solicitation(packet: &[u8]) -> Option<Ipv6Addr> {
    let icmp = packet.get(40..)?;
    let is_one = *packet.get(6)? == 58 && *icmp.first()? == 135;
    let wanted: [u8; 16] = icmp.get(8..24)?.try_into().ok()?;
    is_one.then(|| wanted.into())
}

fn answer_neighbor(packet: &[u8], wanted: Ipv6Addr) -> Option<([u8; 2], Vec<u8>)> {
    let from: [u8; 16] = packet.get(8..24)?.try_into().ok()?;
    let from = Ipv6Addr::from(from);
    let same_network = wanted.segments().get(..4) == JOB_V6.segments().get(..4);
    // Without an address of its own it only asks whether one is free.
    if from.is_unspecified() || wanted == JOB_V6 || !same_network {
        return None;
    }
    // Advertisement, solicited and overriding, with the link address as its option.
    let mut icmp = vec![136, 0, 0, 0, 0x60, 0, 0, 0];
    icmp.extend_from_slice(&wanted.octets());
    icmp.extend_from_slice(&[2, 1]);
    icmp.extend_from_slice(&GATEWAY);
    let sum = checksum(wanted, from, &icmp).to_be_bytes();
    for (place, byte) in icmp.iter_mut().skip(2).zip(sum) {
        *place = byte;
    }
    let length = u16::try_from(icmp.len()).ok()?.to_be_bytes();
    let head = [0x60, 0, 0, 0, length[0], length[1], 58, 255];
    Some((
        IP6,
        [&head[..], &wanted.octets(), &from.octets(), &icmp].concat(),
    ))
}

/// The checksum of an ICMPv6 message between two addresses.
fn checksum(from: Ipv6Addr, to: Ipv6Addr, message: &[u8]) -> u16 {
    let length = u32::try_from(message.len()).unwrap_or_default();
    let mut all = [from.octets(), to.octets()].concat();
    all.extend_from_slice(&length.to_be_bytes());
    all.extend_from_slice(&[0, 0, 0, 58]);
    all.extend_from_slice(message);
    let mut sum = 0_u32;
    for pair in all.chunks(2) {
        let high = pair.first().copied().unwrap_or_default();
        let low = pair.get(1).copied().unwrap_or_default();
        sum += u32::from(u16::from_be_bytes([high, low]));
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use travis_egress::{GATEWAY_V4, GATEWAY_V6};

    fn arp(wanted: Ipv4Addr) -> Vec<u8> {
        let head = [0, 1, 8, 0, 6, 4, 0, 1];
        let content = [&head[..], &JOB, &JOB_V4.octets(), &[0; 6], &wanted.octets()].concat();
        [&[0xff; 6][..], &JOB, &ARP, &content].concat()
    }

    #[test]
    fn every_address_of_the_network_but_the_jobs_is_the_gateway() {
        for wanted in [GATEWAY_V4, Ipv4Addr::new(10, 0, 2, 3)] {
            let Step::Answer(frame) = judge(&arp(wanted)) else {
                panic!("an answer");
            };
            assert_eq!(frame[..6], JOB);
            assert_eq!(frame[6..12], GATEWAY);
            assert_eq!(frame[20..22], [0, 2], "a reply");
            assert_eq!(frame[22..28], GATEWAY);
            assert_eq!(frame[28..32], wanted.octets());
            assert_eq!(frame[32..38], JOB);
        }
        for other in [JOB_V4, Ipv4Addr::new(192, 168, 1, 1)] {
            assert_eq!(judge(&arp(other)), Step::Drop);
        }
    }

    fn ask_neighbor(from: Ipv6Addr, wanted: Ipv6Addr) -> Vec<u8> {
        let mut icmp = vec![135, 0, 0, 0, 0, 0, 0, 0];
        icmp.extend_from_slice(&wanted.octets());
        let head = [0x60, 0, 0, 0, 0, 24, 58, 255];
        let packet = [&head[..], &from.octets(), &wanted.octets(), &icmp].concat();
        [&[0x33, 0x33, 0, 0, 0, 1][..], &JOB, &IP6, &packet].concat()
    }

    #[test]
    fn neighbors_are_answered_with_a_right_checksum() {
        let Step::Answer(frame) = judge(&ask_neighbor(JOB_V6, GATEWAY_V6)) else {
            panic!("an answer");
        };
        let packet = &frame[HEADER..];
        assert_eq!((packet[6], packet[40], packet[44]), (58, 136, 0x60));
        // Over a message with its checksum the sum is zero.
        assert_eq!(checksum(GATEWAY_V6, JOB_V6, &packet[40..]), 0);
        assert_eq!(judge(&ask_neighbor(JOB_V6, JOB_V6)), Step::Drop);
        let nobody = Ipv6Addr::UNSPECIFIED;
        assert_eq!(judge(&ask_neighbor(nobody, GATEWAY_V6)), Step::Drop);
    }

    #[test]
    fn packets_pass_and_oddities_do_not() {
        let packet = [&[0x45_u8][..], &[1; 30]].concat();
        let sent = [&GATEWAY[..], &JOB, &IP4, &packet].concat();
        assert_eq!(judge(&sent), Step::Forward(packet.clone()));
        let back = frame(&packet).unwrap();
        assert_eq!(back[..HEADER], [&JOB[..], &GATEWAY, &IP4].concat());
        assert_eq!(frame(&[]), None);
        assert_eq!(frame(&[0x10]), None);
        for length in 0..HEADER {
            assert_eq!(judge(&sent[..length]), Step::Drop);
        }
        let mut odd = sent;
        odd[HEADER] = 0x65;
        assert_eq!(judge(&odd), Step::Drop, "no packet of version 4");
        odd[12] = 0x88;
        assert_eq!(judge(&odd), Step::Drop, "another protocol");
        for cut in 0..arp(GATEWAY_V4).len() {
            assert_eq!(judge(&arp(GATEWAY_V4)[..cut]), Step::Drop);
        }
        let whole = ask_neighbor(JOB_V6, GATEWAY_V6);
        for cut in 0..whole.len() {
            assert!(!matches!(judge(&whole[..cut]), Step::Answer(_)));
        }
    }
}

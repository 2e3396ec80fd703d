//! A job that makes its packets by itself.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpProtocol, IpRepr, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::*;
use crate::stack::{CONNECTIONS, EXCHANGES, Stack, packet};
use crate::{JOB_V4, JOB_V6};

const LISTENS: u16 = 4000;

/// A stack that this test drives by hand.
struct Driven {
    gateway: Gateway,
    stack: Arc<Stack>,
    tasks: JoinSet<()>,
    answers: mpsc::Receiver<Vec<u8>>,
}

impl Driven {
    fn make(gateway: Gateway) -> Self {
        let (to_job, answers) = mpsc::channel(64);
        gateway.shared.ledger.begin("1");
        let stack = Stack::new(Arc::clone(&gateway.shared), "1".to_owned(), 1500, to_job);
        Self {
            gateway,
            stack: Arc::new(stack),
            tasks: JoinSet::new(),
            answers,
        }
    }

    fn take(&mut self, packet: Vec<u8>) {
        self.stack.take_in(packet, &mut self.tasks);
        self.stack.turn();
        while self.answers.try_recv().is_ok() {}
    }

    /// Lets tasks work once.
    async fn breathe(&mut self) {
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
        self.stack.turn();
        while self.answers.try_recv().is_ok() {}
        while self.tasks.try_join_next().is_some() {}
    }

    /// Fails when anything is kept beyond its bound, or a forbidden address was contacted.
    fn check(&self) {
        let inner = self.stack.lock();
        assert!(inner.connections.len() <= CONNECTIONS);
        assert!(inner.exchanges.len() <= EXCHANGES);
        assert!(inner.sockets.iter().count() <= CONNECTIONS);
        assert!(inner.wire.from_job.len() <= 64);
        assert!(inner.wire.to_job.len() <= 512);
        drop(inner);
        let contacts = self.gateway.contacts("1");
        let fit: HashSet<IpAddr> = [PUBLIC, PUBLIC_V6].map(|a| at(a).ip()).into();
        for contact in contacts {
            assert!(fit.contains(&contact.target.ip), "{contact:?}");
        }
        assert!(self.gateway.refusals("1").len() <= 2_000);
    }
}

/// A packet of TCP.
fn tcp(to: SocketAddr, port: u16, control: TcpControl, sequence: i32, payload: &[u8]) -> Vec<u8> {
    let source: IpAddr = match to {
        SocketAddr::V4(_) => JOB_V4.into(),
        SocketAddr::V6(_) => JOB_V6.into(),
    };
    let (source, target) = (source.into(), to.ip().into());
    let repr = TcpRepr {
        src_port: port,
        dst_port: to.port(),
        control,
        seq_number: TcpSeqNumber(sequence),
        ack_number: (control != TcpControl::Syn).then_some(TcpSeqNumber(1)),
        window_len: 1000,
        window_scale: None,
        max_seg_size: Some(1400).filter(|_| control == TcpControl::Syn),
        sack_permitted: false,
        sack_ranges: [None, None, None],
        timestamp: None,
        payload,
    };
    let all = ChecksumCapabilities::default();
    let header = IpRepr::new(source, target, IpProtocol::Tcp, repr.buffer_len(), 64);
    let mut bytes = vec![0; header.header_len() + repr.buffer_len()];
    header.emit(&mut bytes[..], &all);
    let mut content = TcpPacket::new_unchecked(&mut bytes[header.header_len()..]);
    repr.emit(&mut content, &source, &target, &all);
    bytes
}

/// The same packet behind headers that IPv6 may put before its content.
fn behind_headers(packet: &[u8], kinds: &[u8]) -> Vec<u8> {
    let (head, content) = packet.split_at(40);
    let mut kind = head[6];
    let mut chain = Vec::new();
    for outer in kinds.iter().rev() {
        // Eight bytes: the next one's kind, no more words, padding or a fragment's place.
        let header = [kind, 0, 0, 1, 0, 0, 0, 7];
        chain.splice(0..0, header);
        kind = *outer;
    }
    let mut all = head.to_vec();
    all[6] = kind;
    let length = u16::try_from(chain.len() + content.len()).unwrap();
    all[4..6].copy_from_slice(&length.to_be_bytes());
    all.extend(chain);
    all.extend(content);
    all
}

/// What happens to a packet on its way.
#[derive(Debug, Clone)]
enum Harm {
    Cut(usize),
    Change(usize, u8),
    /// Total length, or that of the content.
    Length(u16),
    Fragment(u16),
    Headers(Vec<u8>),
    Twice,
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        (0_usize..100).prop_map(Harm::Cut),
        (0_usize..80, any::<u8>()).prop_map(|(at, value)| Harm::Change(at, value)),
        any::<u16>().prop_map(Harm::Length),
        any::<u16>().prop_map(Harm::Fragment),
        // Hop by hop, routing, fragment, authentication, destination, none, mobility.
        proptest::collection::vec(prop::sample::select(vec![0, 43, 44, 51, 60, 59, 135]), 1..6)
            .prop_map(Harm::Headers),
        Just(Harm::Twice),
    ]
}

fn harmed(mut packet: Vec<u8>, harms: &[Harm]) -> Vec<Vec<u8>> {
    let mut times = 1;
    for harm in harms {
        let v6 = packet.first().is_some_and(|byte| byte >> 4 == 6);
        match harm {
            Harm::Cut(length) => packet.truncate(*length),
            Harm::Change(at, value) => {
                packet.get_mut(*at).into_iter().for_each(|b| *b = *value);
            }
            Harm::Length(length) if packet.len() >= 6 => {
                let at = if v6 { 4 } else { 2 };
                packet[at..at + 2].copy_from_slice(&length.to_be_bytes());
            }
            Harm::Fragment(word) if !v6 && packet.len() >= 8 => {
                packet[6..8].copy_from_slice(&word.to_be_bytes());
            }
            Harm::Headers(kinds) if v6 && packet.len() >= 40 => {
                packet = behind_headers(&packet, kinds);
            }
            Harm::Twice => times += 1,
            Harm::Length(_) | Harm::Fragment(_) | Harm::Headers(_) => {}
        }
    }
    vec![packet; times]
}

#[derive(Debug, Clone)]
struct Sent {
    to: &'static str,
    port: u16,
    /// 0 a datagram, 1 noise, 2 and above connections.
    kind: u8,
    sequence: i32,
    payload: Vec<u8>,
    harms: Vec<Harm>,
}

const TARGETS: &[&str] = &[
    PUBLIC,
    PUBLIC_V6,
    "127.0.0.1:4000",
    "192.168.1.1:4000",
    "169.254.169.254:80",
    "255.255.255.255:67",
    "224.0.0.1:4000",
    "0.0.0.0:4000",
    "10.0.2.2:4000",
    "10.0.2.15:4000",
    "10.0.2.3:53",
    "[fd00::2:0:0:0:3]:53",
    "[::1]:4000",
    "[::ffff:192.168.1.1]:80",
    "[fe80::1]:4000",
    "[ff02::1]:4000",
    "[fd00:ec2::254]:80",
];

fn sent() -> impl Strategy<Value = Sent> {
    let payload = proptest::collection::vec(any::<u8>(), 0..64);
    (
        prop::sample::select(TARGETS),
        // Few, so that connections meet.
        0_u16..4,
        0_u8..8,
        -3_i32..200,
        payload,
        proptest::collection::vec(harm(), 0..3),
    )
        .prop_map(|(to, port, kind, sequence, payload, harms)| Sent {
            to,
            port,
            kind,
            sequence,
            payload,
            harms,
        })
}

fn packets(sent: Sent) -> Vec<Vec<u8>> {
    let to = at(sent.to);
    let port = 50_000 + sent.port;
    let bytes = match sent.kind {
        0 => {
            let from = if to.is_ipv4() {
                SocketAddr::new(JOB_V4.into(), port)
            } else {
                SocketAddr::new(JOB_V6.into(), port)
            };
            packet::datagram(from, to, &sent.payload)
        }
        1 => sent.payload,
        kind => {
            let control = [
                TcpControl::Syn,
                TcpControl::Syn,
                TcpControl::None,
                TcpControl::Psh,
                TcpControl::Fin,
                TcpControl::Rst,
            ][usize::from(kind) - 2];
            // A SYN carries nothing; what overlaps comes by sequence numbers.
            let payload = if control == TcpControl::Syn {
                &[][..]
            } else {
                &sent.payload
            };
            tcp(to, port, control, sent.sequence, payload)
        }
    };
    harmed(bytes, &sent.harms)
}

#[test]
fn no_packets_break_it_and_none_of_them_reaches_what_is_forbidden() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(Config {
        cases: 96,
        failure_persistence: None,
        ..Config::default()
    });
    let all = proptest::collection::vec(sent(), 1..60);
    runner
        .run(&all, |all| {
            runtime.block_on(async {
                let (server, shouting) = (echo().await, shout().await);
                let world = [(PUBLIC, server), (PUBLIC_V6, shouting)];
                // A changed address may be anybody's: these two are allowed and no others.
                let gateway = gateway(Reach::None, &world, vec![shouting]);
                gateway.set_policy(Policy {
                    allowed: [PUBLIC, PUBLIC_V6].map(|a| a.parse().unwrap()).into(),
                    ..Policy::default()
                });
                let mut driven = Driven::make(gateway);
                for one in all {
                    for packet in packets(one) {
                        driven.take(packet);
                    }
                    driven.breathe().await;
                    driven.check();
                }
            });
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn a_flood_of_beginnings_is_bounded_and_ends_with_the_job() {
    let server = echo().await;
    let world = [(PUBLIC, server)];
    let mut driven = Driven::make(gateway(Reach::Internet, &world, Vec::new()));
    let to = at(PUBLIC);
    let before = descriptors();
    for n in 0..20_000_u16 {
        driven.take(tcp(to, 10_000 + n, TcpControl::Syn, i32::from(n), &[]));
        if n % 500 == 0 {
            driven.breathe().await;
        }
    }
    driven.check();
    assert_eq!(driven.stack.lock().connections.len(), CONNECTIONS);
    let refusals = driven.gateway.refusals("1");
    assert_eq!(refusals.len(), 1);
    assert_eq!(refusals[0].reason, Refused::TooMany);
    assert_eq!(refusals[0].times as usize, 20_000 - CONNECTIONS);
    // Both ends of each lie in this process.
    let held = descriptors().saturating_sub(before);
    println!("a flood holds {held} descriptors");
    assert!(held <= 2 * CONNECTIONS + 64, "{held}");
    let Driven {
        stack, mut tasks, ..
    } = driven;
    tasks.shutdown().await;
    assert_eq!(stack.lock().connections.len(), 0);
    assert_eq!(stack.lock().sockets.iter().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_is_never_finished_ends_by_itself() {
    let server = echo().await;
    let mut driven = Driven::make(gateway(Reach::Internet, &[(PUBLIC, server)], Vec::new()));
    driven.take(tcp(at(PUBLIC), 10_000, TcpControl::Syn, 1, &[]));
    while driven.stack.lock().sockets.iter().count() == 0 {
        driven.breathe().await;
    }
    // Time passes by itself while nothing else can.
    tokio::time::timeout(Duration::from_secs(60), driven.tasks.join_next())
        .await
        .expect("it ends")
        .unwrap()
        .unwrap();
    assert_eq!(driven.stack.lock().connections.len(), 0);
    assert_eq!(driven.stack.lock().sockets.iter().count(), 0);
}

#[tokio::test]
async fn a_flood_of_datagrams_is_bounded() {
    let server = shout().await;
    let world = [(PUBLIC, server)];
    let mut driven = Driven::make(gateway(Reach::Internet, &world, Vec::new()));
    for n in 0..20_000_u16 {
        let from = SocketAddr::new(JOB_V4.into(), 10_000 + n);
        driven.take(packet::datagram(from, at(PUBLIC), b"x"));
    }
    driven.breathe().await;
    driven.check();
    // Refused addresses without number are not remembered without number.
    for n in 0..5_000_u16 {
        let [high, low] = n.to_be_bytes();
        let to = SocketAddr::new([192, 168, high, low].into(), LISTENS);
        driven.take(tcp(to, 9, TcpControl::Syn, 1, &[]));
    }
    driven.check();
    assert_eq!(driven.gateway.refusals("1").len(), 2_000);
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

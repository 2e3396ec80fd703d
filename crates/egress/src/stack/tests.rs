//! A job's kernel on one side, a world of this machine's loopback on the other.

mod hostile;
mod kernel;
mod registries;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};

use self::kernel::Kernel;
use crate::dns::tests::{answer, ask};
use crate::own::Machine;
use crate::{Gateway, Policy, Protocol, Reach, Refused};

/// Nothing here takes so long but on a machine that stands still.
const LIMIT: Duration = Duration::from_secs(20);
/// Public addresses, behind which sockets of the test listen.
const PUBLIC: &str = "93.184.216.34:4000";
const PUBLIC_V6: &str = "[2606:4700::1]:4000";

/// Says `hello` and gives back what comes.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let _ = stream.write_all(b"hello").await;
                let (mut read, mut write) = stream.split();
                let _ = tokio::io::copy(&mut read, &mut write).await;
            });
        }
    });
    address
}

/// Gives datagrams back, in capitals.
async fn shout() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let said = buffer[..length].to_ascii_uppercase();
            socket.send_to(&said, from).await.unwrap();
        }
    });
    address
}

/// Answers every question with one address, by datagrams and by connections.
async fn resolver(address: [u8; 4]) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let place = listener.local_addr().unwrap();
    let socket = UdpSocket::bind(place).await.unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
            let said = answer(&buffer[..length], address);
            socket.send_to(&said, from).await.unwrap();
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            while let Ok(asked) = crate::resolver::read(&mut stream).await {
                let said = answer(&asked, address);
                crate::resolver::write(&mut stream, &said).await.unwrap();
            }
        }
    });
    place
}

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

fn gateway(reach: Reach, world: &[(&str, SocketAddr)], resolvers: Vec<SocketAddr>) -> Gateway {
    let policy = Policy {
        reach,
        ..Policy::default()
    };
    let world = world.iter().map(|(public, here)| (at(public), *here));
    Gateway::with_machine(policy, Machine::in_world(resolvers, world))
}

async fn read(stream: &mut kernel::Stream, count: usize) -> Vec<u8> {
    let mut all = vec![0; count];
    let reading = stream.read_exact(&mut all);
    let read = tokio::time::timeout(LIMIT, reading).await;
    read.expect("in time").unwrap();
    all
}

#[tokio::test]
async fn connections_pass_both_ways_and_are_written_down() {
    let server = echo().await;
    let world = [(PUBLIC, server), (PUBLIC_V6, server)];
    let gateway = gateway(Reach::Internet, &world, Vec::new());
    let mut job = Kernel::attach(&gateway, "1");
    for address in [PUBLIC, PUBLIC_V6] {
        let mut stream = job.connect(address).await.unwrap();
        stream.write_all(b"again").await.unwrap();
        assert_eq!(read(&mut stream, 10).await, b"helloagain");
        stream.shutdown().await.unwrap();
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "it ends in peace");
    }
    let contacts = gateway.contacts("1");
    let seen: Vec<_> = contacts
        .iter()
        .map(|c| (c.target.to_string(), c.target.protocol, c.sent, c.received))
        .collect();
    let expected = [PUBLIC, PUBLIC_V6].map(|a| (a.to_owned(), Protocol::Tcp, 5, 10));
    assert_eq!(seen, expected);
    assert_eq!(gateway.bytes(), 30);
    for address in ["192.168.1.1:80", "169.254.169.254:80", "[fd00:ec2::254]:80"] {
        let refused = job.connect(address).await.err().unwrap();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    }
    assert_eq!(gateway.refusals("1").len(), 3);
}

#[tokio::test]
async fn datagrams_pass_both_ways_and_refused_ones_come_back_at_once() {
    let server = shout().await;
    let nobody = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let closed = nobody.local_addr().unwrap();
    drop(nobody);
    // As NTP and QUIC go.
    let (ntp, quic, none) = ("93.184.216.34:123", "[2606:4700::1]:443", "1.1.1.1:9");
    let world = [(ntp, server), (quic, server), (none, closed)];
    let gateway = gateway(Reach::Internet, &world, Vec::new());
    let mut job = Kernel::attach(&gateway, "1");
    for address in [ntp, quic] {
        job.send(address, b"what time").await;
        assert_eq!(job.answer().await, Ok(b"WHAT TIME".to_vec()));
    }
    // Port unreachable, of either kind.
    job.send("192.168.1.1:123", b"what time").await;
    assert_eq!(job.answer().await, Err((3, 3)));
    job.send("[fd12::1]:443", b"what time").await;
    assert_eq!(job.answer().await, Err((1, 4)));
    job.send(none, b"anybody").await;
    assert_eq!(job.answer().await, Err((3, 3)), "as the world answers");
    let contacts = gateway.contacts("1");
    let seen: Vec<_> = contacts
        .iter()
        .map(|c| (c.target.protocol, c.sent, c.received))
        .collect();
    assert_eq!(seen[..2], [(Protocol::Udp, 9, 9); 2]);
    assert_eq!(gateway.refusals("1").len(), 2);
}

#[tokio::test]
async fn names_are_asked_for_by_datagrams_and_by_connections() {
    let place = resolver([93, 184, 216, 34]).await;
    let gateway = gateway(Reach::Registries, &[], vec![place]);
    let mut job = Kernel::attach(&gateway, "1");
    let asked = ask(7, "github.com");
    let expected = answer(&asked, [93, 184, 216, 34]);
    job.send("10.0.2.3:53", &asked).await;
    assert_eq!(job.answer().await, Ok(expected.clone()));
    job.send("[fd00::2:0:0:0:3]:53", &asked).await;
    assert_eq!(job.answer().await, Ok(expected.clone()));
    let mut stream = job.connect("10.0.2.3:53").await.unwrap();
    for _ in 0..3 {
        crate::resolver::write(&mut stream, &asked).await.unwrap();
        let read = crate::resolver::read(&mut stream).await.unwrap();
        assert_eq!(read, expected);
    }
    // A name can carry a message: it is not asked for.
    let secret = ask(8, "secret.evil.example");
    crate::resolver::write(&mut stream, &secret).await.unwrap();
    let read = crate::resolver::read(&mut stream).await.unwrap();
    assert_eq!(read[3] & 15, 3, "no such name");
    let refusals = gateway.refusals("1");
    assert_eq!(refusals.len(), 1);
    assert_eq!(refusals[0].reason, Refused::NotARegistry);
    // Another name server than ours is an address as any other.
    assert!(job.connect("10.0.2.3:54").await.is_err());
    job.send("8.8.8.8:53", &asked).await;
    assert_eq!(job.answer().await, Err((3, 3)));
}

#[tokio::test]
async fn what_a_new_policy_refuses_is_cut() {
    let (server, shouting) = (echo().await, shout().await);
    let (other, ntp) = ("1.1.1.1:4000", "93.184.216.34:123");
    let world = [(PUBLIC, server), (other, server), (ntp, shouting)];
    let gateway = gateway(Reach::Internet, &world, Vec::new());
    let mut job = Kernel::attach(&gateway, "1");
    let mut cut = job.connect(PUBLIC).await.unwrap();
    let mut kept = job.connect(other).await.unwrap();
    for stream in [&mut cut, &mut kept] {
        assert_eq!(read(stream, 5).await, b"hello");
    }
    job.send(ntp, b"x").await;
    assert_eq!(job.answer().await, Ok(b"X".to_vec()));
    let policy = Policy {
        allowed: vec!["1.1.1.1".parse().unwrap()],
        ..Policy::default()
    };
    gateway.set_policy(policy);
    let ended = tokio::time::timeout(LIMIT, cut.read(&mut [0])).await;
    let error = ended.expect("it is cut").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    kept.write_all(b"on").await.unwrap();
    assert_eq!(read(&mut kept, 2).await, b"on");
    job.send(ntp, b"x").await;
    assert_eq!(job.answer().await, Err((3, 3)));
}

#[tokio::test]
async fn all_jobs_together_keep_to_the_rate() {
    const RATE: usize = 400_000;
    const EACH: usize = 150_000;
    let world = [(PUBLIC, echo().await)];
    let gateway = gateway(Reach::Internet, &world, Vec::new());
    let mut policy = (*gateway.policy()).clone();
    policy.bytes_per_second = Some(RATE as u64);
    gateway.set_policy(policy);
    let began = std::time::Instant::now();
    let jobs = ["1", "2"].map(|name| {
        let gateway = gateway.clone();
        tokio::spawn(async move {
            let mut job = Kernel::attach(&gateway, name);
            let stream = job.connect(PUBLIC).await.unwrap();
            let (mut reading, mut writing) = tokio::io::split(stream);
            let sent = tokio::spawn(async move {
                writing.write_all(&vec![7; EACH / 2]).await.unwrap();
                writing
            });
            let mut all = vec![0; EACH / 2 + 5];
            let read = tokio::time::timeout(LIMIT, reading.read_exact(&mut all)).await;
            read.expect("in time").unwrap();
            drop(sent.await.unwrap());
        })
    });
    for job in jobs {
        job.await.unwrap();
    }
    let took = began.elapsed().as_secs_f64();
    let bytes = gateway.bytes() as f64;
    // What was saved up before may come at once. How slow it is besides is the machine's affair.
    let saved = 65_536.0;
    println!("{bytes} bytes in {took:.2} s at {RATE} bytes a second");
    assert!(bytes >= (2 * EACH) as f64 && (bytes - saved) / took <= RATE as f64 * 1.01);
}

#[tokio::test]
async fn every_address_is_written_down_and_the_place_for_them_is_bounded() {
    let server = shout().await;
    let many: Vec<String> = (0..300)
        .map(|n| format!("93.184.{}.{}:{}", n / 250, n % 250 + 1, 1000 + n))
        .collect();
    let world: Vec<_> = many.iter().map(|a| (a.as_str(), server)).collect();
    let gateway = gateway(Reach::Internet, &world, Vec::new());
    let mut job = Kernel::attach(&gateway, "1");
    let mut answered = 0;
    for address in &many {
        job.send(address, b"x").await;
        answered += usize::from(job.answer().await.is_ok());
    }
    let (contacts, refusals) = (gateway.contacts("1"), gateway.refusals("1"));
    // Each of them is open for a while, and there may only be so many.
    assert_eq!(answered, super::EXCHANGES);
    assert_eq!(contacts.len(), answered);
    assert_eq!(contacts.len() + refusals.len(), many.len());
    assert!(refusals.iter().all(|r| r.reason == Refused::TooMany));
}

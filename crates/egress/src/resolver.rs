//! Questions for names, handed on to the machine's own resolvers.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::dns::{self, Question};

/// How long one resolver has for its answer.
const PATIENCE: Duration = Duration::from_secs(4);
/// How often all of them are asked.
const ROUNDS: u32 = 2;
/// Longest message that comes by a datagram.
const LONGEST: usize = 65_535;

/// How a question came, and how it is handed on: answers that are cut to fit into a datagram are
/// asked for again by a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Datagram,
    Stream,
}

/// Asks the resolvers one after the other. `None` when none answers.
pub(crate) async fn ask(
    resolvers: &[SocketAddr],
    message: &[u8],
    question: &Question,
    by: By,
) -> Option<Vec<u8>> {
    for _ in 0..ROUNDS {
        for resolver in resolvers {
            match timeout(PATIENCE, ask_one(*resolver, message, question, by)).await {
                Ok(Ok(answer)) => return Some(dns::with_id(answer, question.id)),
                Ok(Err(error)) => tracing::debug!(%resolver, %error, "a resolver did not answer"),
                Err(_) => tracing::debug!(%resolver, "a resolver did not answer in time"),
            }
        }
    }
    None
}

async fn ask_one(
    resolver: SocketAddr,
    message: &[u8],
    question: &Question,
    by: By,
) -> io::Result<Vec<u8>> {
    // The number is not the job's, and not to be guessed: each state has random keys.
    let [first, second, ..] = RandomState::new().hash_one(&question.name).to_be_bytes();
    let id = u16::from_be_bytes([first, second]);
    let sent = dns::with_id(message.to_vec(), id);
    if by == By::Stream {
        let mut stream = TcpStream::connect(resolver).await?;
        write(&mut stream, &sent).await?;
        let answer = read(&mut stream).await?;
        return if dns::answers(message, question, id, &answer) {
            Ok(answer)
        } else {
            Err(io::Error::other("the answer is to another question"))
        };
    }
    let any: IpAddr = match resolver {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).await?;
    socket.connect(resolver).await?;
    socket.send(&sent).await?;
    let mut buffer = vec![0; LONGEST];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let answer = buffer.get(..length).unwrap_or_default();
        if dns::answers(message, question, id, answer) {
            return Ok(answer.to_vec());
        }
    }
}

/// Reads one message of a stream.
pub(crate) async fn read(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut message = vec![0; usize::from(length)];
    stream.read_exact(&mut message).await?;
    Ok(message)
}

/// Writes one message to a stream.
pub(crate) async fn write(
    stream: &mut (impl tokio::io::AsyncWrite + Unpin),
    message: &[u8],
) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(io::Error::other)?;
    stream.write_u16(length).await?;
    stream.write_all(message).await
}

//! Connections: one task each.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::packet::{self, Unreachable};
use super::pump::{Guard, Outside, Pump};
use super::{Ends, Stack};
use crate::Target;
use crate::ledger::Entry;
use crate::policy::Way;
use crate::resolver::{self, By};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(30);
/// So many connections of a job have large buffers.
pub(super) const ROOMY: usize = 32;
/// Bytes of a buffer, each direction. Room for several of the largest packets.
const LARGE: usize = 512 * 1024;
const SMALL: usize = 128 * 1024;
/// Questions for names on one connection.
const QUESTIONS: usize = 1_000;

/// Makes a connection outside and, when it is there, answers the job's.
///
/// One that has to name a host is made before the name is known, and nothing passes until then: so
/// a job sees an address that nobody answers as it is, and takes the next one.
pub(super) async fn connect(flow: Flow, syn: Vec<u8>, target: Target, way: Way, roomy: bool) {
    let stack = &flow.stack;
    let entry = stack.gateway.ledger.connected(&stack.job, target.clone());
    match dial(stack.way_to(flow.ends.1)).await {
        Ok(outside) => {
            let guard = (way == Way::ByName).then(|| Guard::new(target));
            let record = Record { entry, guard };
            flow.accept(syn, Outside::Tcp(outside), Some(record), roomy)
                .await
        }
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => flow.reset(syn),
        Err(error) => {
            tracing::debug!(to = %flow.ends.1, %error, "a job's connection can't be made");
            let mut inner = flow.stack.lock();
            let error = packet::unreachable(&syn, Unreachable::Host);
            error.into_iter().for_each(|error| inner.wire.send(error));
        }
    }
}

async fn dial(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = timeout(CONNECT, TcpStream::connect(to))
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    // The job's own stack decides when what is sent.
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Answers a job's questions for names that come by a connection.
pub(super) async fn resolve(flow: Flow, syn: Vec<u8>) {
    let stack = Arc::clone(&flow.stack);
    let Ok((ours, mut theirs)) = UnixStream::pair() else {
        flow.reset(syn);
        return;
    };
    let answering = async move {
        for _ in 0..QUESTIONS {
            let Ok(message) = resolver::read(&mut theirs).await else {
                break;
            };
            let Some(answer) = stack.answer(&message, By::Stream).await else {
                break;
            };
            if resolver::write(&mut theirs, &answer).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(
        flow.accept(syn, Outside::Local(ours), None, false),
        answering
    );
}

/// A connection's place in the stack; it is free when this is dropped.
pub(super) struct Flow {
    stack: Arc<Stack>,
    ends: Ends,
    socket: Option<SocketHandle>,
}

/// What is written down of a connection, and who listens to it.
struct Record {
    entry: Arc<Entry>,
    guard: Option<Guard>,
}

impl Flow {
    pub(super) fn new(stack: Arc<Stack>, ends: Ends) -> Self {
        Self {
            stack,
            ends,
            socket: None,
        }
    }

    /// Answers the job that nobody listens.
    fn reset(&self, syn: Vec<u8>) {
        self.stack.lock().wire.from_job.push_back(syn);
    }

    /// Accepts the job's connection and lets bytes pass until both sides are done.
    async fn accept(mut self, syn: Vec<u8>, outside: Outside, record: Option<Record>, roomy: bool) {
        let Some(socket) = self.listen(syn, if roomy { LARGE } else { SMALL }) else {
            return;
        };
        self.socket = Some(socket);
        self.stack.wake.notify_one();
        let (entry, guard) = match record {
            Some(record) => (Some(record.entry), record.guard),
            None => (None, None),
        };
        let mut pump = Pump::new(Arc::clone(&self.stack), socket, outside, entry, guard);
        std::future::poll_fn(|cx| pump.poll(cx)).await;
    }

    /// Opens a socket that takes exactly the connection that `syn` begins.
    fn listen(&self, syn: Vec<u8>, room: usize) -> Option<SocketHandle> {
        let buffer = || SocketBuffer::new(vec![0; room]);
        let mut socket = Socket::new(buffer(), buffer());
        socket.set_nagle_enabled(false);
        socket.listen(self.ends.1).ok()?;
        let mut inner = self.stack.lock();
        let inner = &mut *inner;
        // What came before must not meet the open ear.
        let now = self.stack.now();
        inner
            .interface
            .poll(now, &mut inner.wire, &mut inner.sockets);
        let handle = inner.sockets.add(socket);
        inner.wire.from_job.push_back(syn);
        inner
            .interface
            .poll(now, &mut inner.wire, &mut inner.sockets);
        if inner.socket(handle).state() == State::Listen {
            inner.sockets.remove(handle);
            return None;
        }
        if let Some(connection) = inner.connections.get_mut(&self.ends) {
            connection.socket = Some(handle);
        }
        Some(handle)
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        let mut inner = self.stack.lock();
        let inner = &mut *inner;
        inner.connections.remove(&self.ends);
        if let Some(handle) = self.socket {
            let socket = inner.socket(handle);
            if !matches!(socket.state(), State::Closed | State::TimeWait) {
                socket.abort();
                // The job learns of it now: afterwards nobody would tell.
                inner.wire.urgent = true;
                let now = self.stack.now();
                inner
                    .interface
                    .poll(now, &mut inner.wire, &mut inner.sockets);
                inner.wire.urgent = false;
            }
            inner.sockets.remove(handle);
        }
        self.stack.wake.notify_one();
    }
}

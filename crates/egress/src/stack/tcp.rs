//! Connections: one task each.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use tokio::io::AsyncWrite;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Sleep, sleep, timeout};

use super::packet::{self, Unreachable};
use super::{Ends, Stack, outside};
use crate::Target;
use crate::ledger::Entry;
use crate::rate::Share;
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
pub(super) async fn connect(
    stack: Arc<Stack>,
    syn: Vec<u8>,
    ends: Ends,
    target: Target,
    roomy: bool,
) {
    let entry = stack.gateway.ledger.connected(&stack.job, target);
    let flow = Flow {
        stack,
        ends,
        socket: None,
    };
    match dial(outside(ends.1)).await {
        Ok(outside) => {
            flow.accept(syn, Outside::Tcp(outside), Some(entry), roomy)
                .await
        }
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => flow.reset(syn),
        Err(error) => {
            tracing::debug!(to = %ends.1, %error, "a job's connection can't be made");
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
pub(super) async fn resolve(stack: Arc<Stack>, syn: Vec<u8>, ends: Ends) {
    let flow = Flow {
        stack: Arc::clone(&stack),
        ends,
        socket: None,
    };
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
struct Flow {
    stack: Arc<Stack>,
    ends: Ends,
    socket: Option<SocketHandle>,
}

impl Flow {
    /// Answers the job that nobody listens.
    fn reset(&self, syn: Vec<u8>) {
        self.stack.lock().wire.from_job.push_back(syn);
    }

    /// Accepts the job's connection and lets bytes pass until both sides are done.
    async fn accept(
        mut self,
        syn: Vec<u8>,
        outside: Outside,
        entry: Option<Arc<Entry>>,
        roomy: bool,
    ) {
        let Some(socket) = self.listen(syn, if roomy { LARGE } else { SMALL }) else {
            return;
        };
        self.socket = Some(socket);
        self.stack.wake.notify_one();
        let mut pump = Pump {
            stack: Arc::clone(&self.stack),
            socket,
            outside,
            entry,
            job_done: false,
            outside_done: false,
            pause: None,
        };
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

/// The far side of a connection.
enum Outside {
    Tcp(TcpStream),
    /// The gateway itself.
    Local(UnixStream),
}

impl Outside {
    fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_read_ready(cx),
            Self::Local(stream) => stream.poll_read_ready(cx),
        }
    }

    fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_write_ready(cx),
            Self::Local(stream) => stream.poll_write_ready(cx),
        }
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read(buffer),
            Self::Local(stream) => stream.try_read(buffer),
        }
    }

    fn try_write(&self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(buffer),
            Self::Local(stream) => stream.try_write(buffer),
        }
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Local(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// Lets bytes pass between the job's socket and the far side, both ways.
struct Pump {
    stack: Arc<Stack>,
    socket: SocketHandle,
    outside: Outside,
    entry: Option<Arc<Entry>>,
    /// The job sends no more, and the far side knows.
    job_done: bool,
    /// The far side sends no more, and the job will know.
    outside_done: bool,
    /// Until when the rate's limit lets nothing pass.
    pause: Option<Pin<Box<Sleep>>>,
}

/// The far side broke the connection.
struct Broken;

impl Pump {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        let stack = Arc::clone(&self.stack);
        let mut inner = stack.lock();
        let socket = inner.socket(self.socket);
        let mut passed = (0, 0);
        let alive = self
            .outward(socket, cx, &mut passed.0)
            .and_then(|()| self.inward(socket, cx, &mut passed.1));
        let over = alive.is_err() || matches!(socket.state(), State::Closed | State::TimeWait);
        drop(inner);
        if passed != (0, 0) {
            stack.wake.notify_one();
            stack.count(passed.0 + passed.1);
            if let Some(entry) = &self.entry {
                entry.passed(passed.0 as u64, passed.1 as u64);
            }
        }
        if over {
            // What breaks is reset when the flow is dropped.
            return Poll::Ready(());
        }
        if let Some(pause) = &mut self.pause
            && pause.as_mut().poll(cx).is_ready()
        {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// How much of `wanted` may pass now; `None` when nothing may.
    fn share(&mut self, wanted: usize) -> Option<usize> {
        match self.stack.gateway.take(wanted) {
            Share::Bytes(bytes) => Some(bytes),
            Share::Wait(time) => {
                self.pause = Some(Box::pin(sleep(time)));
                None
            }
        }
    }

    fn outward(
        &mut self,
        socket: &mut Socket<'static>,
        cx: &mut Context<'_>,
        passed: &mut usize,
    ) -> Result<(), Broken> {
        loop {
            if !socket.can_recv() {
                socket.register_recv_waker(cx.waker());
                let open = socket.may_recv() || socket.state() == State::SynReceived;
                if !open && !self.job_done {
                    match self.outside.poll_shutdown(cx) {
                        Poll::Ready(Ok(())) => self.job_done = true,
                        Poll::Ready(Err(_)) => return Err(Broken),
                        Poll::Pending => {}
                    }
                }
                return Ok(());
            }
            match self.outside.poll_write_ready(cx) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Err(_)) => return Err(Broken),
                Poll::Ready(Ok(())) => {}
            }
            let Some(share) = self.share(socket.recv_queue()) else {
                return Ok(());
            };
            let outside = &self.outside;
            let written = socket.recv(|bytes| {
                let most = bytes.len().min(share);
                match outside.try_write(bytes.get(..most).unwrap_or_default()) {
                    Ok(count) => (count, Ok(count)),
                    Err(error) => (0, Err(error)),
                }
            });
            let count = self.settle(share, written.map_err(|_| Broken)?)?;
            *passed += count.unwrap_or(0);
        }
    }

    fn inward(
        &mut self,
        socket: &mut Socket<'static>,
        cx: &mut Context<'_>,
        passed: &mut usize,
    ) -> Result<(), Broken> {
        while !self.outside_done && self.pause.is_none() {
            if !socket.can_send() {
                socket.register_send_waker(cx.waker());
                return Ok(());
            }
            match self.outside.poll_read_ready(cx) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Err(_)) => return Err(Broken),
                Poll::Ready(Ok(())) => {}
            }
            let room = socket.send_capacity() - socket.send_queue();
            let Some(share) = self.share(room) else {
                return Ok(());
            };
            let outside = &self.outside;
            let read = socket.send(|place| {
                let most = place.len().min(share);
                match outside.try_read(place.get_mut(..most).unwrap_or_default()) {
                    Ok(count) => (count, Ok(count)),
                    Err(error) => (0, Err(error)),
                }
            });
            match self.settle(share, read.map_err(|_| Broken)?)? {
                Some(0) => {
                    self.outside_done = true;
                    socket.close();
                    self.stack.wake.notify_one();
                }
                Some(count) => *passed += count,
                None => {}
            }
        }
        Ok(())
    }

    /// Gives back what was taken too much; `None` when nothing was ready after all.
    fn settle(&self, share: usize, done: io::Result<usize>) -> Result<Option<usize>, Broken> {
        let count = match done {
            Ok(count) => Some(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(_) => return Err(Broken),
        };
        self.stack.gateway.give_back(share - count.unwrap_or(0));
        Ok(count)
    }
}

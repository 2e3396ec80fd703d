//! Bytes on their way between the job's socket and the far side of its connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::{Socket, State};
use tokio::io::AsyncWrite;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Sleep, sleep};

use super::Stack;
use crate::greeting::{Greeting, Unfit};
use crate::ledger::Entry;
use crate::rate::Share;
use crate::{Refused, Target};

/// How long a job may take to finish its handshake and, where it has to, to say whom it wants.
const GREET: Duration = Duration::from_secs(30);
/// Bytes that a guard listens to at once.
const PORTION: usize = 16 * 1024;

/// The far side of a connection.
pub(super) enum Outside {
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

/// Listens to a connection that has to name a host.
pub(super) struct Guard {
    greeting: Greeting,
    target: Target,
}

impl Guard {
    pub(super) fn new(target: Target) -> Self {
        Self {
            greeting: Greeting::default(),
            target,
        }
    }
}

/// Lets bytes pass between the job's socket and the far side, both ways.
pub(super) struct Pump {
    stack: Arc<Stack>,
    socket: SocketHandle,
    outside: Outside,
    entry: Option<Arc<Entry>>,
    guard: Option<Guard>,
    /// What the guard let through and the far side did not take yet.
    passing: BytesMut,
    /// Until when the job has to greet.
    greet: Option<Pin<Box<Sleep>>>,
    /// The job sends no more, and the far side knows.
    job_done: bool,
    /// The far side sends no more, and the job will know.
    outside_done: bool,
    /// Until when the rate's limit lets nothing pass.
    pause: Option<Pin<Box<Sleep>>>,
}

/// The far side broke the connection, or it may not go on.
struct Broken;

impl Pump {
    pub(super) fn new(
        stack: Arc<Stack>,
        socket: SocketHandle,
        outside: Outside,
        entry: Option<Arc<Entry>>,
        guard: Option<Guard>,
    ) -> Self {
        Self {
            stack,
            socket,
            outside,
            entry,
            guard,
            passing: BytesMut::new(),
            greet: Some(Box::pin(sleep(GREET))),
            job_done: false,
            outside_done: false,
            pause: None,
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let late = match &mut self.greet {
            Some(greet) => greet.as_mut().poll(cx).is_ready(),
            None => false,
        };
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
            .and_then(|()| self.inward(socket, cx, &mut passed.1))
            .and_then(|()| self.greeted(socket, late));
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

    /// Whether the job has yet to say whom it wants.
    fn is_silent(&self) -> bool {
        let guard = self.guard.as_ref();
        guard.is_some_and(|guard| guard.greeting.is_silent())
    }

    /// Ends what does not begin in time: a job's kernel that does not finish its handshake, and a
    /// connection that does not say whom it wants.
    fn greeted(&mut self, socket: &Socket<'static>, late: bool) -> Result<(), Broken> {
        let begun = socket.state() != State::SynReceived;
        if begun && !self.is_silent() {
            self.greet = None;
        } else if late {
            if begun {
                self.refuse(Refused::Nameless, None);
            }
            return Err(Broken);
        }
        Ok(())
    }

    fn refuse(&self, reason: Refused, host: Option<String>) {
        let Some(guard) = &self.guard else { return };
        let mut target = guard.target.clone();
        // The host that it asked for, not the one by which it found the address.
        target.host = host.or(target.host);
        let ledger = &self.stack.gateway.ledger;
        ledger.refused(&self.stack.job, target, reason);
    }

    /// Listens to what the job sent, and takes over what may pass.
    fn listen(&mut self, socket: &mut Socket<'static>) -> Result<(), Broken> {
        let Some(guard) = &mut self.guard else {
            return Ok(());
        };
        let policy = self.stack.gateway.policy();
        let is_fit = |host: &str| policy.registries.contains(host);
        let passing = &mut self.passing;
        let heard = socket.recv(|bytes| {
            let portion = bytes.get(..bytes.len().min(PORTION)).unwrap_or_default();
            let heard = guard.greeting.hear(portion, &is_fit, passing);
            (portion.len(), heard)
        });
        match heard.map_err(|_| Broken)? {
            Ok(()) => Ok(()),
            Err(Unfit { reason, host }) => {
                self.refuse(reason, host);
                Err(Broken)
            }
        }
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
            if !self.passing.is_empty() {
                if self.flush(cx, passed)? {
                    continue;
                }
                return Ok(());
            }
            if !socket.can_recv() {
                socket.register_recv_waker(cx.waker());
                let open = socket.may_recv() || socket.state() == State::SynReceived;
                if !open && self.is_silent() {
                    // It went without a word.
                    return Err(Broken);
                }
                if !open && !self.job_done {
                    match self.outside.poll_shutdown(cx) {
                        Poll::Ready(Ok(())) => self.job_done = true,
                        Poll::Ready(Err(_)) => return Err(Broken),
                        Poll::Pending => {}
                    }
                }
                return Ok(());
            }
            if self
                .guard
                .as_ref()
                .is_some_and(|guard| !guard.greeting.is_open())
            {
                self.listen(socket)?;
                continue;
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

    /// Hands on what the guard let through; `false` when no more goes now.
    fn flush(&mut self, cx: &mut Context<'_>, passed: &mut usize) -> Result<bool, Broken> {
        match self.outside.poll_write_ready(cx) {
            Poll::Pending => return Ok(false),
            Poll::Ready(Err(_)) => return Err(Broken),
            Poll::Ready(Ok(())) => {}
        }
        let Some(share) = self.share(self.passing.len()) else {
            return Ok(false);
        };
        let most = self.passing.get(..share).unwrap_or_default();
        let count = self.settle(share, self.outside.try_write(most))?;
        self.passing.advance(count.unwrap_or(0));
        *passed += count.unwrap_or(0);
        Ok(true)
    }

    fn inward(
        &mut self,
        socket: &mut Socket<'static>,
        cx: &mut Context<'_>,
        passed: &mut usize,
    ) -> Result<(), Broken> {
        while !self.outside_done && self.pause.is_none() && !self.is_silent() {
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

//! Exchanges of datagrams: one task for each pair of ends.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::packet::{self, Unreachable};
use super::{Ends, Stack};
use crate::Target;
use crate::ledger::Entry;
use crate::rate::Share;
use crate::resolver::By;

/// Datagrams of the job that wait.
pub(super) const WAITING: usize = 32;
/// An exchange ends when nothing passed for so long.
const QUIET: Duration = Duration::from_secs(60);
/// Questions for names end earlier: nearly each comes from a port of its own, and programs without
/// a memory for names ask hundreds in a second. A later one simply begins anew.
const QUIET_QUESTION: Duration = Duration::from_millis(500);
/// Largest datagram.
const LARGEST: usize = 65_535;

/// An exchange's place in the stack; it is free when this is dropped.
pub(super) struct Place {
    stack: Arc<Stack>,
    ends: Ends,
}

impl Place {
    pub(super) fn new(stack: Arc<Stack>, ends: Ends) -> Self {
        Self { stack, ends }
    }

    fn deliver(&self, payload: &[u8]) {
        let packet = packet::datagram(self.ends.1, self.ends.0, payload);
        self.stack.lock().wire.send(packet);
        self.stack.wake.notify_one();
    }

    fn refuse(&self, about: &[u8], why: Unreachable) {
        if let Some(error) = packet::unreachable(about, why) {
            self.stack.lock().wire.send(error);
            self.stack.wake.notify_one();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.stack.lock().exchanges.remove(&self.ends);
    }
}

/// Answers questions for names.
pub(super) async fn resolve(place: Place, mut waiting: mpsc::Receiver<Vec<u8>>) {
    while let Ok(Some(message)) = timeout(QUIET_QUESTION, waiting.recv()).await {
        if let Some(answer) = place.stack.answer(&message, By::Datagram).await {
            place.deliver(&answer);
        }
    }
}

/// Hands datagrams on, both ways. `first` is the packet that began it.
pub(super) async fn exchange(
    place: Place,
    first: Vec<u8>,
    target: Target,
    waiting: mpsc::Receiver<Vec<u8>>,
) {
    let stack = &place.stack;
    let entry = stack.gateway.ledger.connected(&stack.job, target);
    match pass(&place, &entry, waiting).await {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            place.refuse(&first, Unreachable::Port);
        }
        Err(error) => {
            tracing::debug!(to = %place.ends.1, %error, "a job's datagrams can't be sent");
            place.refuse(&first, Unreachable::Host);
        }
    }
}

async fn pass(
    place: &Place,
    entry: &Entry,
    mut waiting: mpsc::Receiver<Vec<u8>>,
) -> io::Result<()> {
    let to = place.stack.way_to(place.ends.1);
    let any: SocketAddr = match to {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    // Datagrams of others don't arrive.
    socket.connect(to).await?;
    let mut buffer = vec![0; LARGEST];
    loop {
        tokio::select! {
            message = waiting.recv() => {
                let Some(message) = message else { return Ok(()) };
                afford(&place.stack, message.len()).await;
                socket.send(&message).await?;
                place.stack.count(message.len());
                entry.passed(message.len() as u64, 0);
            }
            received = socket.recv(&mut buffer) => {
                let length = received?;
                afford(&place.stack, length).await;
                place.deliver(buffer.get(..length).unwrap_or_default());
                place.stack.count(length);
                entry.passed(0, length as u64);
            }
            () = sleep(QUIET) => return Ok(()),
        }
    }
}

/// Waits until the rate's limit lets so many bytes pass.
async fn afford(stack: &Stack, bytes: usize) {
    let mut left = bytes;
    while left > 0 {
        match stack.gateway.take(left) {
            Share::Bytes(taken) => left -= taken,
            Share::Wait(time) => sleep(time).await,
        }
    }
}

//! The two ends of a job's wire.

use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// Packets on their way, each direction.
pub(crate) const WIRE: usize = 64;

/// A job's wire to the gateway: IP packets both ways, without any link header. Dropping it ends
/// every connection of the job.
#[derive(Debug)]
pub struct Attachment {
    sender: PacketSender,
    receiver: PacketReceiver,
}

/// Takes packets that the job sends. Dropping it ends every connection of the job.
#[derive(Debug, Clone)]
pub struct PacketSender(pub(crate) mpsc::Sender<Vec<u8>>);

/// Gives packets to the job. Dropping it ends every connection of the job.
#[derive(Debug)]
pub struct PacketReceiver {
    pub(crate) packets: mpsc::Receiver<Vec<u8>>,
    pub(crate) _stack: AbortOnDropHandle<()>,
}

impl Attachment {
    pub(crate) fn new(sender: PacketSender, receiver: PacketReceiver) -> Self {
        Self { sender, receiver }
    }

    /// Both ends, for two tasks.
    #[must_use]
    pub fn split(self) -> (PacketSender, PacketReceiver) {
        (self.sender, self.receiver)
    }
}

impl PacketSender {
    /// Hands a packet of the job to the gateway; waits while the gateway is busy. `false` when the
    /// gateway is gone.
    pub async fn send(&self, packet: Vec<u8>) -> bool {
        self.0.send(packet).await.is_ok()
    }
}

impl PacketReceiver {
    /// The next packet for the job; `None` when the gateway is gone. Nothing is lost when the
    /// future is dropped.
    pub async fn recv(&mut self) -> Option<Vec<u8>> {
        self.packets.recv().await
    }
}

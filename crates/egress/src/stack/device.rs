//! The job's wire as the stack sees it.

use std::collections::VecDeque;

use smoltcp::phy::{Checksum, ChecksumCapabilities, Device, DeviceCapabilities, Medium};
use smoltcp::time::Instant;

/// Packets that may wait for the job before connections stop giving more.
const WAITING: usize = 64;
/// Packets that may wait for the job at all; datagrams beyond are lost, as on any wire.
const FULL: usize = 256;

/// Packets in both directions, between the stack and its driver.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) from_job: VecDeque<Vec<u8>>,
    pub(crate) to_job: VecDeque<Vec<u8>>,
    /// What is sent now is sent whether or not there is room.
    pub(crate) urgent: bool,
    mtu: usize,
}

impl Wire {
    pub(crate) fn new(mtu: u16) -> Self {
        Self {
            from_job: VecDeque::new(),
            to_job: VecDeque::new(),
            urgent: false,
            mtu: usize::from(mtu),
        }
    }

    /// Sends a packet that no connection waits for, if there is room.
    pub(crate) fn send(&mut self, packet: Vec<u8>) {
        if self.to_job.len() < FULL && packet.len() <= self.mtu {
            self.to_job.push_back(packet);
        }
    }
}

impl Device for Wire {
    type RxToken<'a> = Received;
    type TxToken<'a> = Sending<'a>;

    fn receive(&mut self, _now: Instant) -> Option<(Received, Sending<'_>)> {
        // Answers are at most as many as packets came, and those are few.
        let packet = self.from_job.pop_front()?;
        Some((Received(packet), Sending(&mut self.to_job)))
    }

    fn transmit(&mut self, _now: Instant) -> Option<Sending<'_>> {
        (self.urgent || self.to_job.len() < WAITING).then_some(Sending(&mut self.to_job))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = self.mtu;
        // Nothing on the way from the job could have harmed a packet: it came through memory.
        capabilities.checksum = ChecksumCapabilities::default();
        capabilities.checksum.tcp = Checksum::Tx;
        capabilities.checksum.udp = Checksum::Tx;
        capabilities.checksum.ipv4 = Checksum::Tx;
        capabilities
    }
}

pub(crate) struct Received(Vec<u8>);

impl smoltcp::phy::RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

pub(crate) struct Sending<'a>(&'a mut VecDeque<Vec<u8>>);

impl smoltcp::phy::TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, f: F) -> R {
        let mut packet = vec![0; length];
        let result = f(&mut packet);
        self.0.push_back(packet);
        result
    }
}

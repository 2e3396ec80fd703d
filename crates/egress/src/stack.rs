//! The network stack of one job: packets on one side, sockets of the worker on the other.
//!
//! One task drives the stack; each connection and each exchange of datagrams has a task of its
//! own, all of which end with the driver. They share the stack behind a lock that is held for
//! moments only, never while waiting.

mod device;
mod packet;
mod pump;
mod tcp;
mod udp;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::socket::tcp::Socket;
use smoltcp::wire::{HardwareAddress, IpCidr};
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::task::{AbortHandle, JoinSet};

use self::device::Wire;
use self::packet::{Packet, Unreachable};
use crate::gateway::Shared;
use crate::names::Names;
use crate::policy::Way;
use crate::{
    GATEWAY_V4, GATEWAY_V6, NAMESERVER_V4, NAMESERVER_V6, PREFIX_V4, PREFIX_V6, Protocol, Refused,
    Target,
};

/// Connections of one job.
const CONNECTIONS: usize = 512;
/// Exchanges of datagrams of one job, questions for names included.
const EXCHANGES: usize = 256;
/// Packets that are taken in before connections get their turn.
const BATCH: usize = 32;

/// Both ends of a connection: the job's, the other's.
type Ends = (SocketAddr, SocketAddr);

/// One job's stack.
pub(crate) struct Stack {
    pub(crate) gateway: Arc<Shared>,
    job: String,
    inner: Mutex<Inner>,
    /// Something happened that the driver has to look at.
    wake: Notify,
    begin: Instant,
    to_job: mpsc::Sender<Vec<u8>>,
}

struct Inner {
    interface: Interface,
    sockets: SocketSet<'static>,
    wire: Wire,
    connections: HashMap<Ends, Connection>,
    exchanges: HashMap<Ends, Exchange>,
    names: Names,
}

struct Connection {
    /// None while it is being made outside.
    socket: Option<SocketHandle>,
    /// How it was let through.
    way: Way,
    task: AbortHandle,
}

struct Exchange {
    queue: mpsc::Sender<Vec<u8>>,
    task: AbortHandle,
}

impl Stack {
    pub(crate) fn new(
        gateway: Arc<Shared>,
        job: String,
        mtu: u16,
        to_job: mpsc::Sender<Vec<u8>>,
    ) -> Self {
        let mut wire = Wire::new(mtu);
        let config = Config::new(HardwareAddress::Ip);
        let begin = Instant::now();
        let mut interface = Interface::new(config, &mut wire, smoltcp::time::Instant::ZERO);
        interface.update_ip_addrs(|addresses| {
            // There is room for one of each kind.
            let _ = addresses.push(IpCidr::new(GATEWAY_V4.into(), PREFIX_V4));
            let _ = addresses.push(IpCidr::new(GATEWAY_V6.into(), PREFIX_V6));
        });
        // With these, it answers in the name of every address.
        interface.set_any_ip(true);
        let _ = interface.routes_mut().add_default_ipv4_route(GATEWAY_V4);
        let _ = interface.routes_mut().add_default_ipv6_route(GATEWAY_V6);
        Self {
            gateway,
            job,
            inner: Mutex::new(Inner {
                interface,
                sockets: SocketSet::new(Vec::new()),
                wire,
                connections: HashMap::new(),
                exchanges: HashMap::new(),
                names: Names::default(),
            }),
            wake: Notify::new(),
            begin,
            to_job,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> smoltcp::time::Instant {
        let micros = i64::try_from(self.begin.elapsed().as_micros());
        smoltcp::time::Instant::from_micros(micros.unwrap_or(i64::MAX))
    }

    /// Where the worker connects to for what the job calls this.
    fn way_to(&self, to: SocketAddr) -> SocketAddr {
        self.gateway.machine.way_to(outside(to))
    }

    /// Counts bytes that passed, of all jobs.
    fn count(&self, bytes: usize) {
        self.gateway.count(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// Lets the stack work and hands the job its packets. Returns when to come again, unless
    /// packets are left that the job does not take now.
    fn turn(&self) -> Turn {
        let mut inner = self.lock();
        let inner = &mut *inner;
        loop {
            let now = self.now();
            inner
                .interface
                .poll(now, &mut inner.wire, &mut inner.sockets);
            let mut sent = 0;
            while let Some(packet) = inner.wire.to_job.pop_front() {
                match self.to_job.try_send(packet) {
                    Ok(()) => sent += 1,
                    Err(TrySendError::Full(packet)) => {
                        inner.wire.to_job.push_front(packet);
                        return Turn::Full;
                    }
                    Err(TrySendError::Closed(_)) => return Turn::Over,
                }
            }
            if sent == 0 {
                let delay = inner.interface.poll_delay(now, &inner.sockets);
                return Turn::After(delay.map(|delay| Duration::from_micros(delay.total_micros())));
            }
        }
    }

    /// Judges a target by what is known now.
    fn judge(
        &self,
        inner: &Inner,
        protocol: Protocol,
        to: SocketAddr,
    ) -> (Target, Result<Way, Refused>) {
        let to = outside(to);
        let names = inner.names.of(to.ip(), Instant::now());
        let target = Target {
            protocol,
            ip: to.ip(),
            port: to.port(),
            host: names.last().cloned(),
        };
        let own = self.gateway.machine.known().own;
        let policy = self.gateway.policy();
        let judged = match policy.judge(to.ip(), to.port(), &names, &own) {
            // QUIC says its name in packets that are encrypted.
            Ok(Way::ByName) if protocol == Protocol::Udp => Err(Refused::Datagram),
            judged => judged,
        };
        (target, judged)
    }

    /// Takes in a packet of the job.
    fn take_in(self: &Arc<Self>, bytes: Vec<u8>, tasks: &mut JoinSet<()>) {
        let mut inner = self.lock();
        let inner = &mut *inner;
        match packet::read(&bytes) {
            Packet::Tcp { from, to, begins } => {
                match inner.connections.get(&(from, to)) {
                    // It is said again when it is not answered at once.
                    Some(Connection { socket: None, .. }) => {}
                    None if begins => self.begin(inner, bytes, (from, to), tasks),
                    // What belongs to no connection is answered by a reset.
                    _ => inner.wire.from_job.push_back(bytes),
                }
            }
            Packet::Udp { from, to, payload } => {
                self.datagram(inner, bytes, (from, to), payload, tasks);
            }
            Packet::Echo { to } if is_here(to) => inner.wire.from_job.push_back(bytes),
            Packet::Echo { to } => {
                let protocol = if to.is_ipv4() { 1 } else { 58 };
                self.refuse_protocol(inner, &bytes, to, protocol);
            }
            Packet::Other { to, protocol } => self.refuse_protocol(inner, &bytes, to, protocol),
            Packet::Chatter | Packet::Broken => {}
        }
    }

    fn refuse_protocol(&self, inner: &mut Inner, bytes: &[u8], to: IpAddr, protocol: u8) {
        let target = Target {
            protocol: Protocol::Other(protocol),
            ip: to,
            port: 0,
            host: inner.names.of(to, Instant::now()).last().cloned(),
        };
        self.gateway
            .ledger
            .refused(&self.job, target, Refused::Protocol);
        let error = packet::unreachable(bytes, Unreachable::Prohibited);
        error.into_iter().for_each(|error| inner.wire.send(error));
    }

    /// A connection begins.
    fn begin(
        self: &Arc<Self>,
        inner: &mut Inner,
        bytes: Vec<u8>,
        ends: Ends,
        tasks: &mut JoinSet<()>,
    ) {
        let resolver = is_resolver(ends.1);
        let (target, judged) = self.judge(inner, Protocol::Tcp, ends.1);
        let judged = match judged {
            _ if inner.connections.len() >= CONNECTIONS => Err(Refused::TooMany),
            _ if resolver => Ok(Way::Free),
            judged => judged,
        };
        let way = match judged {
            Ok(way) => way,
            Err(reason) => {
                self.gateway.ledger.refused(&self.job, target, reason);
                // Nobody listens, so it is answered by a reset.
                inner.wire.from_job.push_back(bytes);
                return;
            }
        };
        let roomy = inner.connections.len() < tcp::ROOMY;
        // Its place is free again even if its task ends before it begins.
        let flow = tcp::Flow::new(Arc::clone(self), ends);
        let task = if resolver {
            tasks.spawn(tcp::resolve(flow, bytes))
        } else {
            tasks.spawn(tcp::connect(flow, bytes, target, way, roomy))
        };
        let socket = None;
        let connection = Connection { socket, way, task };
        inner.connections.insert(ends, connection);
    }

    /// A datagram of the job.
    fn datagram(
        self: &Arc<Self>,
        inner: &mut Inner,
        bytes: Vec<u8>,
        ends: Ends,
        payload: std::ops::Range<usize>,
        tasks: &mut JoinSet<()>,
    ) {
        let content = bytes.get(payload).unwrap_or_default();
        if let Some(exchange) = inner.exchanges.get(&ends) {
            // A queue that is full loses it, as any wire does.
            let _ = exchange.queue.try_send(content.to_vec());
            return;
        }
        let resolver = is_resolver(ends.1);
        let (target, judged) = self.judge(inner, Protocol::Udp, ends.1);
        let judged = match judged {
            _ if inner.exchanges.len() >= EXCHANGES => Err(Refused::TooMany),
            _ if resolver => Ok(Way::Free),
            judged => judged,
        };
        if let Err(reason) = judged {
            if !ends.1.ip().is_multicast() {
                self.gateway.ledger.refused(&self.job, target, reason);
            }
            let error = packet::unreachable(&bytes, Unreachable::Port);
            error.into_iter().for_each(|error| inner.wire.send(error));
            return;
        }
        let (queue, waiting) = mpsc::channel(udp::WAITING);
        let _ = queue.try_send(content.to_vec());
        let place = udp::Place::new(Arc::clone(self), ends);
        let task = if resolver {
            tasks.spawn(udp::resolve(place, waiting))
        } else {
            tasks.spawn(udp::exchange(place, bytes, target, waiting))
        };
        inner.exchanges.insert(ends, Exchange { queue, task });
    }

    /// Ends what the policy of now would refuse.
    fn judge_again(&self) {
        let inner = self.lock();
        let stands = |ends: &Ends, protocol, way: Way| {
            is_resolver(ends.1)
                || match self.judge(&inner, protocol, ends.1).1 {
                    // What nobody listened to may have said anything.
                    Ok(Way::ByName) => way == Way::ByName,
                    Ok(Way::Free) => true,
                    Err(_) => false,
                }
        };
        let connections = inner.connections.iter();
        let connections = connections.filter(|(ends, c)| !stands(ends, Protocol::Tcp, c.way));
        let exchanges = inner.exchanges.iter();
        let exchanges = exchanges.filter(|(ends, _)| !stands(ends, Protocol::Udp, Way::Free));
        let mut cut: Vec<AbortHandle> = connections.map(|(_, c)| c.task.clone()).collect();
        cut.extend(exchanges.map(|(_, e)| e.task.clone()));
        drop(inner);
        for task in cut {
            task.abort();
        }
    }

    /// Answers a question for a name.
    async fn answer(&self, message: &[u8], by: crate::resolver::By) -> Option<Vec<u8>> {
        let question = crate::dns::question(message)?;
        self.count(message.len());
        if !self.gateway.policy().resolves(&question.name) {
            let target = Target {
                protocol: Protocol::Udp,
                ip: NAMESERVER_V4.into(),
                port: DNS,
                host: Some(question.name.clone()),
            };
            let reason = self.gateway.policy().unresolved();
            self.gateway.ledger.refused(&self.job, target, reason);
            return Some(crate::dns::no_such_name(message, &question));
        }
        let resolvers = self.gateway.machine.known().resolvers;
        let Some(answer) = crate::resolver::ask(&resolvers, message, &question, by).await else {
            return Some(crate::dns::failure(message, &question));
        };
        self.count(answer.len());
        let now = Instant::now();
        let mut inner = self.lock();
        for address in crate::dns::addresses(&answer, &question) {
            inner.names.learn(&question.name, address, now);
        }
        Some(answer)
    }
}

/// Port of the name server.
const DNS: u16 = 53;

fn is_resolver(to: SocketAddr) -> bool {
    let here = to.ip() == IpAddr::V4(NAMESERVER_V4) || to.ip() == IpAddr::V6(NAMESERVER_V6);
    here && to.port() == DNS
}

/// Where the worker connects to for what a job calls this. The gateway's address stands for the
/// machine's loopback, which a job can't call by its name: that is its own.
fn outside(to: SocketAddr) -> SocketAddr {
    let port = to.port();
    match to.ip() {
        IpAddr::V4(GATEWAY_V4) => (Ipv4Addr::LOCALHOST, port).into(),
        IpAddr::V6(GATEWAY_V6) => (Ipv6Addr::LOCALHOST, port).into(),
        _ => to,
    }
}

/// Whether an address is the gateway's own.
fn is_here(to: IpAddr) -> bool {
    match to {
        IpAddr::V4(to) => to == GATEWAY_V4 || to == NAMESERVER_V4,
        IpAddr::V6(to) => to == GATEWAY_V6 || to == NAMESERVER_V6,
    }
}

enum Turn {
    /// Come again after this time, or when something happens.
    After(Option<Duration>),
    /// The job has to take packets first.
    Full,
    /// The job is gone.
    Over,
}

/// Drives a stack until either end of the job's wire is gone.
pub(crate) async fn drive(stack: Arc<Stack>, mut from_job: mpsc::Receiver<Vec<u8>>) {
    let mut tasks = JoinSet::new();
    let mut policy = stack.gateway.changes();
    loop {
        let (delay, full) = match stack.turn() {
            Turn::After(delay) => (delay, false),
            Turn::Full => (None, true),
            Turn::Over => return,
        };
        let sleep = tokio::time::sleep(delay.unwrap_or_default());
        tokio::select! {
            packet = from_job.recv() => {
                let Some(packet) = packet else { return };
                stack.take_in(packet, &mut tasks);
                for _ in 1..BATCH {
                    let Ok(packet) = from_job.try_recv() else { break };
                    stack.take_in(packet, &mut tasks);
                }
            }
            permit = stack.to_job.reserve(), if full => if permit.is_err() { return },
            () = stack.wake.notified() => {}
            () = sleep, if delay.is_some() => {}
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
            changed = policy.changed() => if changed.is_ok() { stack.judge_again() },
        }
    }
}

impl Inner {
    fn socket(&mut self, handle: SocketHandle) -> &mut Socket<'static> {
        self.sockets.get_mut::<Socket<'static>>(handle)
    }
}

#[cfg(test)]
mod tests;

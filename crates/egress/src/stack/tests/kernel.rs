//! A job's end of the wire: a network stack as a job's kernel has one.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Instant;

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{RecvError, Socket, SocketBuffer, State};
use smoltcp::wire::{HardwareAddress, IpCidr};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{Notify, mpsc};
use tokio_util::task::AbortOnDropHandle;

use super::super::device::Wire;
use super::super::packet::{self, Packet};
use crate::{
    GATEWAY_V4, GATEWAY_V6, Gateway, JOB_V4, JOB_V6, PREFIX_V4, PREFIX_V6, PacketReceiver,
    PacketSender,
};

const MTU: u16 = 1500;
const BUFFER: usize = 64 * 1024;

/// The kernel of one job.
pub(super) struct Kernel {
    shared: Arc<Shared>,
    pub(super) sender: PacketSender,
    /// Packets that belong to no connection.
    pub(super) loose: mpsc::Receiver<Vec<u8>>,
    port: u16,
    _driving: AbortOnDropHandle<()>,
}

struct Shared {
    inner: Mutex<Inner>,
    wake: Notify,
    begin: Instant,
}

struct Inner {
    interface: Interface,
    sockets: SocketSet<'static>,
    /// Its `to_job` is what leaves the job here.
    wire: Wire,
}

impl Kernel {
    pub(super) fn attach(gateway: &Gateway, job: &str) -> Self {
        let (sender, receiver) = gateway.attach(job, MTU).split();
        let mut wire = Wire::new(MTU);
        let zero = smoltcp::time::Instant::ZERO;
        let mut interface = Interface::new(Config::new(HardwareAddress::Ip), &mut wire, zero);
        interface.update_ip_addrs(|addresses| {
            addresses
                .push(IpCidr::new(JOB_V4.into(), PREFIX_V4))
                .unwrap();
            addresses
                .push(IpCidr::new(JOB_V6.into(), PREFIX_V6))
                .unwrap();
        });
        let routes = interface.routes_mut();
        routes.add_default_ipv4_route(GATEWAY_V4).unwrap();
        routes.add_default_ipv6_route(GATEWAY_V6).unwrap();
        let shared = Arc::new(Shared {
            inner: Mutex::new(Inner {
                interface,
                sockets: SocketSet::new(Vec::new()),
                wire,
            }),
            wake: Notify::new(),
            begin: Instant::now(),
        });
        let (loose, others) = mpsc::channel(256);
        let driving = drive(Arc::clone(&shared), sender.clone(), receiver, loose);
        Self {
            shared,
            sender,
            loose: others,
            port: 40_000,
            _driving: AbortOnDropHandle::new(tokio::spawn(driving)),
        }
    }

    /// A port that no connection of this job has.
    pub(super) fn port(&mut self) -> u16 {
        self.port += 1;
        self.port
    }

    pub(super) async fn connect(&mut self, to: &str) -> io::Result<Stream> {
        let to: SocketAddr = to.parse().unwrap();
        let port = self.port();
        let buffer = || SocketBuffer::new(vec![0; BUFFER]);
        let mut socket = Socket::new(buffer(), buffer());
        socket.set_nagle_enabled(false);
        let handle = {
            let mut inner = self.shared.inner.lock().unwrap();
            let inner = &mut *inner;
            socket
                .connect(inner.interface.context(), to, port)
                .map_err(io::Error::other)?;
            inner.sockets.add(socket)
        };
        let stream = Stream {
            shared: Arc::clone(&self.shared),
            handle,
        };
        self.shared.wake.notify_one();
        std::future::poll_fn(|cx| {
            stream.with(|socket| match socket.state() {
                State::Established | State::CloseWait => Poll::Ready(Ok(())),
                State::Closed => Poll::Ready(Err(io::ErrorKind::ConnectionRefused.into())),
                _ => {
                    socket.register_recv_waker(cx.waker());
                    Poll::Pending
                }
            })
        })
        .await
        .map(|()| stream)
    }

    /// Sends a datagram; the port that it came from.
    pub(super) async fn send(&mut self, to: &str, payload: &[u8]) -> u16 {
        let to: SocketAddr = to.parse().unwrap();
        let port = self.port();
        let from = if to.is_ipv4() {
            SocketAddr::new(JOB_V4.into(), port)
        } else {
            SocketAddr::new(JOB_V6.into(), port)
        };
        let packet = packet::datagram(from, to, payload);
        assert!(self.sender.send(packet).await);
        port
    }

    /// What came back that belongs to no connection: a datagram's content, or an error's kind and
    /// code.
    pub(super) async fn answer(&mut self) -> Result<Vec<u8>, (u8, u8)> {
        let bytes = tokio::time::timeout(super::LIMIT, self.loose.recv());
        let bytes = bytes.await.expect("an answer in time").unwrap();
        match packet::read(&bytes) {
            Packet::Udp { payload, .. } => Ok(bytes[payload].to_vec()),
            _ => {
                let head = if bytes[0] >> 4 == 4 { 20 } else { 40 };
                Err((bytes[head], bytes[head + 1]))
            }
        }
    }
}

async fn drive(
    shared: Arc<Shared>,
    sender: PacketSender,
    mut receiver: PacketReceiver,
    loose: mpsc::Sender<Vec<u8>>,
) {
    loop {
        let (leaving, delay) = {
            let mut inner = shared.inner.lock().unwrap();
            let inner = &mut *inner;
            let micros = shared.begin.elapsed().as_micros() as i64;
            let now = smoltcp::time::Instant::from_micros(micros);
            inner
                .interface
                .poll(now, &mut inner.wire, &mut inner.sockets);
            let leaving: Vec<_> = inner.wire.to_job.drain(..).collect();
            (leaving, inner.interface.poll_delay(now, &inner.sockets))
        };
        let idle = leaving.is_empty();
        for packet in leaving {
            if !sender.send(packet).await {
                return;
            }
        }
        if !idle {
            continue;
        }
        let delay = delay.map(|delay| std::time::Duration::from_micros(delay.total_micros()));
        let sleep = tokio::time::sleep(delay.unwrap_or_default());
        tokio::select! {
            packet = receiver.recv() => {
                let Some(packet) = packet else { return };
                if matches!(packet::read(&packet), Packet::Tcp { .. }) {
                    shared.inner.lock().unwrap().wire.from_job.push_back(packet);
                } else {
                    let _ = loose.try_send(packet);
                }
            }
            () = shared.wake.notified() => {}
            () = sleep, if delay.is_some() => {}
        }
    }
}

/// A connection of the job. Dropping it resets it.
pub(super) struct Stream {
    shared: Arc<Shared>,
    handle: SocketHandle,
}

impl Stream {
    fn with<R>(&self, act: impl FnOnce(&mut Socket<'static>) -> R) -> R {
        let mut inner = self.shared.inner.lock().unwrap();
        let result = act(inner.sockets.get_mut(self.handle));
        drop(inner);
        self.shared.wake.notify_one();
        result
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.with(Socket::abort);
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.with(
            |socket| match socket.recv_slice(buffer.initialize_unfilled()) {
                Ok(0) => {
                    socket.register_recv_waker(cx.waker());
                    Poll::Pending
                }
                Ok(count) => {
                    buffer.advance(count);
                    Poll::Ready(Ok(()))
                }
                Err(RecvError::Finished) => Poll::Ready(Ok(())),
                Err(_) => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            },
        )
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.with(|socket| match socket.send_slice(bytes) {
            Ok(0) => {
                socket.register_send_waker(cx.waker());
                Poll::Pending
            }
            Ok(count) => Poll::Ready(Ok(count)),
            Err(_) => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(Socket::close);
        Poll::Ready(Ok(()))
    }
}

//! The few words with the kernel that make a network usable (rtnetlink(7)).

use std::io;
use std::net::IpAddr;

use rustix::fd::OwnedFd;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with,
};

const NEW_LINK: u16 = 16;
const NEW_ROUTE: u16 = 24;
/// A request whose outcome is told.
const REQUEST: u16 = 0x1 | 0x4;
/// Something new, which must not exist.
const CREATE: u16 = 0x200 | 0x400;
const ERROR: u16 = 2;
const HEADER: usize = 16;
const UP: u32 = 1;
const MAIN_TABLE: u8 = 254;
const BY_BOOT: u8 = 3;
const UNICAST: u8 = 1;
const OUTGOING: u16 = 4;
const GATEWAY: u16 = 5;

/// A conversation about the network of the calling thread.
pub(super) struct Netlink(OwnedFd);

impl Netlink {
    pub(super) fn open() -> io::Result<Self> {
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            None,
        )?;
        Ok(Self(socket))
    }

    /// Switches an interface on.
    pub(super) fn switch_on(&self, interface: u32) -> io::Result<()> {
        let mut body = vec![0; 4];
        body.extend(interface.to_ne_bytes());
        body.extend(UP.to_ne_bytes());
        body.extend(UP.to_ne_bytes());
        self.ask(NEW_LINK, REQUEST, &body)
    }

    /// Sends everything that has no nearer way by `gateway`.
    pub(super) fn default_route(&self, gateway: IpAddr, interface: u32) -> io::Result<()> {
        let (family, address) = match gateway {
            IpAddr::V4(address) => (AddressFamily::INET, address.octets().to_vec()),
            IpAddr::V6(address) => (AddressFamily::INET6, address.octets().to_vec()),
        };
        let family = u8::try_from(family.as_raw()).unwrap_or_default();
        let mut body = vec![family, 0, 0, 0, MAIN_TABLE, BY_BOOT, 0, UNICAST, 0, 0, 0, 0];
        attribute(&mut body, GATEWAY, &address);
        attribute(&mut body, OUTGOING, &interface.to_ne_bytes());
        self.ask(NEW_ROUTE, REQUEST | CREATE, &body)
    }

    fn ask(&self, kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
        let mut message = Vec::with_capacity(HEADER + body.len());
        let length = u32::try_from(HEADER + body.len()).map_err(io::Error::other)?;
        message.extend(length.to_ne_bytes());
        message.extend(kind.to_ne_bytes());
        message.extend(flags.to_ne_bytes());
        // Its number, and from whom.
        message.extend([0; 8]);
        message.extend_from_slice(body);
        let kernel = SocketAddrNetlink::new(0, 0);
        sendto(&self.0, &message, SendFlags::empty(), &kernel)?;
        let mut answer = [0; 4096];
        let (length, _) = recv(&self.0, &mut answer[..], RecvFlags::empty())?;
        let answer = answer.get(..length).unwrap_or_default();
        let kind = answer.get(4..6).and_then(|bytes| bytes.try_into().ok());
        let code = answer
            .get(HEADER..HEADER + 4)
            .and_then(|bytes| bytes.try_into().ok());
        match (kind.map(u16::from_ne_bytes), code.map(i32::from_ne_bytes)) {
            (Some(ERROR), Some(0)) => Ok(()),
            (Some(ERROR), Some(code)) => Err(io::Error::from_raw_os_error(-code)),
            _ => Err(io::Error::other("the kernel's answer is not understood")),
        }
    }
}

fn attribute(body: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(4 + value.len()).unwrap_or_default();
    body.extend(length.to_ne_bytes());
    body.extend(kind.to_ne_bytes());
    body.extend_from_slice(value);
    // Addresses and numbers are of whole words already.
}

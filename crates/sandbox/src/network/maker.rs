//! The program that makes a job's network, started ahead of the job, in a process of its own: only
//! a process with a single thread can leave its user namespace.

use std::fs;
use std::io::{self, IoSlice};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;

use nix::sched::{CloneFlags, unshare};
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, open};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::process::{getgid, getuid};
use travis_egress::{GATEWAY_V4, GATEWAY_V6, JOB_V4, JOB_V6, PREFIX_V4, PREFIX_V6};
use tun_rs::DeviceBuilder;

use super::netlink::Netlink;

/// Name of the interface inside.
const INTERFACE: &str = "eth0";
/// Largest packet: the larger, the fewer pass through the worker.
pub(super) const MTU: u16 = 65_520;
/// The loopback interface is the first of every network.
const LOOPBACK: u32 = 1;

/// Makes a network in a namespace of its own and sends its descriptors through the socket that is
/// the standard input: the tunnel device, the network namespace and, unless the process is root,
/// the user namespace to which it belongs. What goes wrong is said on the standard error.
///
/// A worker's executable calls this when its first argument is [`MAKE_NETWORK`](super::MAKE_NETWORK),
/// before it starts any thread.
#[must_use]
pub fn make_network() -> ExitCode {
    match make() {
        Ok(()) => ExitCode::SUCCESS,
        Err((what, error)) => {
            eprintln!("can't {what}: {error}");
            ExitCode::FAILURE
        }
    }
}

type Failed = (&'static str, io::Error);

fn make() -> Result<(), Failed> {
    let failed = |what| move |error: io::Error| (what, error);
    let (user, group) = (getuid(), getgid());
    let root = user.is_root();
    if root {
        unshare(CloneFlags::CLONE_NEWNET)
    } else {
        unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET)
    }
    .map_err(io::Error::from)
    .map_err(failed("make a network namespace"))?;
    if !root {
        become_root(user.as_raw(), group.as_raw()).map_err(failed("map the user"))?;
    }
    let tunnel = make_tunnel()?;
    let network = namespace("net").map_err(failed("open the network namespace"))?;
    let user = if root {
        None
    } else {
        Some(namespace("user").map_err(failed("open the user namespace"))?)
    };
    let all: Vec<BorrowedFd<'_>> = [Some(&tunnel), Some(&network), user.as_ref()]
        .into_iter()
        .flatten()
        .map(AsFd::as_fd)
        .collect();
    send(&all).map_err(failed("hand over the network"))
}

/// Who made a user namespace is its root, which bubblewrap wants to be.
fn become_root(user: u32, group: u32) -> io::Result<()> {
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1"))
}

fn make_tunnel() -> Result<OwnedFd, Failed> {
    let failed = |what| move |error: io::Error| (what, error);
    let v6 = Path::new("/proc/sys/net/ipv6").exists();
    let mut builder = DeviceBuilder::new()
        .name(INTERFACE)
        .mtu(MTU)
        .ipv4(JOB_V4, PREFIX_V4, None);
    if v6 {
        builder = builder.ipv6(JOB_V6, PREFIX_V6);
    }
    let device = builder
        .build_sync()
        .map_err(failed("make a tunnel device"))?;
    let index = device
        .if_index()
        .map_err(failed("find the tunnel device"))?;
    let kernel = Netlink::open().map_err(failed("speak with the kernel"))?;
    let set_up = |kernel: &Netlink| {
        kernel.switch_on(LOOPBACK)?;
        kernel.default_route(GATEWAY_V4.into(), index)?;
        if v6 {
            kernel.default_route(GATEWAY_V6.into(), index)?;
        }
        Ok(())
    };
    set_up(&kernel).map_err(failed("set up routes"))?;
    let tunnel = device.as_fd().try_clone_to_owned();
    tunnel.map_err(failed("keep the tunnel device"))
}

fn namespace(kind: &str) -> io::Result<OwnedFd> {
    let path = format!("/proc/thread-self/ns/{kind}");
    Ok(open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
}

fn send(all: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(all)) {
        return Err(io::Error::other("no room for the descriptors"));
    }
    let socket = io::stdin();
    sendmsg(
        &socket,
        &[IoSlice::new(b"n")],
        &mut control,
        SendFlags::NOSIGNAL,
    )?;
    Ok(())
}

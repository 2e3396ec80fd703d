//! Makes a system of a machine that was just started: a root that can be written, the kernel's file
//! systems, the job's user and the network. In one process, because starting processes is what
//! takes time in an emulated machine.
//!
//! The image is only read. What the job writes goes to the disk `scratch`, which the worker made
//! for this job and throws away with it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::mount::{MountFlags, UnmountFlags, mount, mount_bind, mount_move, unmount};

use super::{GuestError, Tried as _};
use crate::vm::frame::{HOME, USER};

/// Where the writable root is put together.
const ROOT: &str = "/run/root";
const SCRATCH: &str = "/run/scratch";
/// Directories that lie on the scratch disk itself: large files are written there, and programs
/// that make overlays of their own can not do so on one.
const DIRECT: [&str; 5] = [
    "home",
    "tmp",
    "var/tmp",
    "var/lib/docker",
    "var/lib/containers",
];
/// The number of the job's user where the image has none.
const USER_ID: u32 = 1000;

/// Whether this is a machine for one job whose system is still to be made.
pub(super) fn is_wanted() -> bool {
    let line = fs::read_to_string("/proc/cmdline").unwrap_or_default();
    let for_job = line
        .split_whitespace()
        .any(|word| word == "travis.mode=job");
    for_job && rustix::process::getppid().is_some_and(rustix::process::Pid::is_init)
}

/// Makes the system. Everything here is this machine's own.
pub(super) fn make() -> Result<(), GuestError> {
    load_modules().tried("load the kernel's modules")?;
    lay_root().tried("lay a writable root over the image")?;
    mount_kernels().tried("mount the kernel's file systems")?;
    write_files().tried("write the system's files")?;
    connect().tried("set up the network")
}

fn run(program: &str, arguments: &[&str]) -> io::Result<()> {
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .status()?;
    if status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{program} ended with {status}")))
}

fn load_modules() -> io::Result<()> {
    // The initrd for jobs brought them; kernels have some of them built in.
    let filesystems = fs::read_to_string("/proc/filesystems")?;
    if filesystems.contains("\toverlay\n")
        && Path::new("/sys/bus/virtio/drivers/virtio_console").exists()
    {
        return Ok(());
    }
    let modules = ["overlay", "virtio_console", "virtio_net", "virtio_rng"];
    run("modprobe", &[&["-qa"], &modules[..]].concat()).or(Ok(()))
}

/// A disk by the name that the worker gave it.
fn disk(wanted: &str) -> io::Result<PathBuf> {
    fs::read_dir("/sys/block")?
        .flatten()
        .find(|entry| {
            fs::read_to_string(entry.path().join("serial")).is_ok_and(|name| name.trim() == wanted)
        })
        .map(|entry| Path::new("/dev").join(entry.file_name()))
        .ok_or_else(|| io::Error::other(format!("the disk {wanted} is missing")))
}

fn lay_root() -> io::Result<()> {
    let private = MountFlags::NOSUID | MountFlags::NODEV;
    mount("run", "/run", "tmpfs", private, c"mode=0755")?;
    let scratch = disk("scratch")?;
    // No journal: nothing of it is ever read after a crash.
    run(
        "mke2fs",
        &[
            "-q",
            "-F",
            "-t",
            "ext4",
            "-m",
            "0",
            "-O",
            "^has_journal,^resize_inode",
            "-E",
            "lazy_itable_init=1,nodiscard",
            &scratch.display().to_string(),
        ],
    )?;
    for directory in [ROOT, SCRATCH] {
        fs::create_dir(directory)?;
    }
    mount(&scratch, SCRATCH, "ext4", MountFlags::NOATIME, None)?;
    for directory in ["upper", "work"] {
        fs::create_dir(format!("{SCRATCH}/{directory}"))?;
    }
    let layers = format!("lowerdir=/,upperdir={SCRATCH}/upper,workdir={SCRATCH}/work");
    let layers = std::ffi::CString::new(layers).map_err(io::Error::other)?;
    mount(
        "overlay",
        ROOT,
        "overlay",
        MountFlags::empty(),
        layers.as_c_str(),
    )?;
    for directory in DIRECT {
        let (from, to) = (
            format!("{SCRATCH}/direct/{directory}"),
            format!("{ROOT}/{directory}"),
        );
        fs::create_dir_all(&from)?;
        fs::create_dir_all(&to)?;
        mount_bind(&from, &to)?;
    }
    for directory in ["tmp", "var/tmp"] {
        fs::set_permissions(
            format!("{ROOT}/{directory}"),
            fs::Permissions::from_mode(0o1777),
        )?;
    }
    for directory in ["proc", "sys", "dev"] {
        let to = format!("{ROOT}/{directory}");
        fs::create_dir_all(&to)?;
        mount_move(format!("/{directory}"), &to)?;
    }
    fs::create_dir_all(format!("{ROOT}/run"))?;
    mount("run", format!("{ROOT}/run"), "tmpfs", private, c"mode=0755")?;
    fs::create_dir(format!("{ROOT}/run/image"))?;
    // Takes the first process along, whose root is the same. Not chroot: below one, programs may
    // not make namespaces of their own.
    rustix::process::pivot_root(ROOT, format!("{ROOT}/run/image"))?;
    std::env::set_current_dir("/")?;
    unmount("/run/image", UnmountFlags::DETACH)?;
    fs::remove_dir("/run/image")
}

fn mount_kernels() -> io::Result<()> {
    let quiet = MountFlags::NOSUID | MountFlags::NOEXEC;
    for directory in ["/dev/pts", "/dev/shm", "/run/lock"] {
        fs::create_dir_all(directory)?;
    }
    let pts = format!("gid=5,mode=620,ptmxmode=666,uid={}", user_id());
    let pts = std::ffi::CString::new(pts).map_err(io::Error::other)?;
    // Terminals are the job's, so that its programs may open them by name.
    mount("pts", "/dev/pts", "devpts", quiet, pts.as_c_str())?;
    let _ = fs::remove_file("/dev/ptmx");
    symlink("pts/ptmx", "/dev/ptmx")?;
    let shared = MountFlags::NOSUID | MountFlags::NODEV;
    mount("shm", "/dev/shm", "tmpfs", shared, c"mode=1777")?;
    mount(
        "cgroup",
        "/sys/fs/cgroup",
        "cgroup2",
        quiet | MountFlags::NODEV,
        None,
    )?;
    for (name, target) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "fd/0"),
        ("stdout", "fd/1"),
        ("stderr", "fd/2"),
    ] {
        let link = Path::new("/dev").join(name);
        if !link.exists() {
            symlink(target, link)?;
        }
    }
    Ok(())
}

/// The job's user in the image.
fn user_id() -> u32 {
    fs::read_to_string("/etc/passwd")
        .unwrap_or_default()
        .lines()
        .find_map(|line| {
            line.strip_prefix(USER)?
                .strip_prefix(':')?
                .split(':')
                .nth(1)?
                .parse()
                .ok()
        })
        .unwrap_or(USER_ID)
}

fn append(path: &str, line: &str) -> io::Result<()> {
    writeln!(
        OpenOptions::new().append(true).create(true).open(path)?,
        "{line}"
    )
}

fn write_files() -> io::Result<()> {
    rustix::system::sethostname(b"travis-job")?;
    fs::write("/etc/hostname", "travis-job\n")?;
    fs::write(
        "/etc/hosts",
        "127.0.0.1 localhost travis-job\n::1 localhost travis-job\n",
    )?;
    let known = fs::read_to_string("/etc/passwd").unwrap_or_default();
    if !known
        .lines()
        .any(|line| line.starts_with(&format!("{USER}:")))
    {
        append(
            "/etc/passwd",
            &format!("{USER}:x:{USER_ID}:{USER_ID}:{USER}:{HOME}:/bin/bash"),
        )?;
        append("/etc/group", &format!("{USER}:x:{USER_ID}:"))?;
        append("/etc/shadow", &format!("{USER}:*:19000:0:99999:7:::"))?;
    }
    fs::create_dir_all(HOME)?;
    let user = user_id();
    chown(HOME, Some(user), Some(user))?;
    // The job's user may become root here: the machine is the job's alone.
    fs::create_dir_all("/etc/sudoers.d")?;
    let rule = "/etc/sudoers.d/travis-job";
    fs::write(rule, format!("{USER} ALL=(ALL:ALL) NOPASSWD:ALL\n"))?;
    fs::set_permissions(rule, fs::Permissions::from_mode(0o440))
}

/// The addresses that every job has, whatever carries its packets.
fn connect() -> io::Result<()> {
    let mut orders = "link set lo up\n".to_owned();
    let connected = Path::new("/sys/class/net/eth0").exists();
    if connected {
        orders.push_str(
            "address add 10.0.2.15/24 dev eth0\nlink set eth0 up\nroute add default via 10.0.2.2\n",
        );
        let line = fs::read_to_string("/proc/cmdline")?;
        if line.split_whitespace().any(|word| word == "travis.ipv6=1") {
            orders.push_str(
                "address add fd00:0:0:2::f/64 dev eth0 nodad\nroute add default via fd00:0:0:2::2 dev eth0\n",
            );
        }
    }
    // A link to somewhere in /run in many systems.
    let _ = fs::remove_file("/etc/resolv.conf");
    let resolver = if connected {
        "nameserver 10.0.2.3\n"
    } else {
        ""
    };
    fs::write("/etc/resolv.conf", resolver)?;
    let mut ip = Command::new("ip")
        .args(["-force", "-batch", "-"])
        .stdin(Stdio::piped())
        .spawn()?;
    if let Some(mut to) = ip.stdin.take() {
        to.write_all(orders.as_bytes())?;
    }
    ip.wait().map(|_| ())
}

//! The command that starts a machine.
//!
//! QEMU gets as little as a machine can do with: no host file systems, no display, no monitor but
//! ours, a seccomp filter that lets it start nothing, and, where bubblewrap works, a root of its
//! own with nothing but QEMU, the image and the machine's own directory. Whoever breaks out of the
//! machine finds himself there.

use std::path::Path;

use super::image::{Image, KERNEL};
use crate::environment::text;

pub(crate) const QEMU: &str = "qemu-system-x86_64";
/// Sockets and files in a machine's directory, by names as QEMU sees them.
pub(crate) const AGENT: &str = "agent";
pub(crate) const MONITOR: &str = "monitor";
pub(crate) const SCRATCH: &str = "scratch.raw";
pub(crate) const CARD_OURS: &str = "card-ours";
pub(crate) const CARD_ITS: &str = "card-its";

/// What executes the machine's instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accelerator {
    /// The processor.
    Kvm,
    /// QEMU.
    Emulation,
}

/// How a machine is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Card {
    /// Not at all.
    None,
    /// By frames over a socket, which we answer.
    Frames,
    /// By QEMU, with all that this machine reaches.
    Machine,
}

/// What a machine is made of.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) image: &'a Image,
    /// Its private directory.
    pub(crate) directory: &'a Path,
    pub(crate) accelerator: Accelerator,
    pub(crate) memory_bytes: u64,
    pub(crate) processors: usize,
    pub(crate) card: Card,
    /// QEMU is put into namespaces of its own.
    pub(crate) wrapped: bool,
}

/// Program and arguments.
pub(crate) fn command(plan: &Plan<'_>) -> Vec<String> {
    let mut all = if plan.wrapped {
        wrapping(plan)
    } else {
        // Dies with the thread that started it and gains no rights.
        ["setpriv", "--pdeathsig", "KILL", "--no-new-privs", "--"]
            .map(str::to_owned)
            .into()
    };
    all.extend(machine(plan));
    all
}

fn wrapping(plan: &Plan<'_>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut add = |words: &[&str]| all.extend(words.iter().map(|word| (*word).to_owned()));
    add(&["bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc"]);
    add(&["--unshare-uts", "--unshare-cgroup-try"]);
    if plan.card != Card::Machine {
        add(&["--unshare-net"]);
    }
    add(&["--die-with-parent", "--new-session", "--cap-drop", "ALL"]);
    add(&["--ro-bind", "/usr", "/usr"]);
    for directory in ["/bin", "/sbin", "/lib", "/lib64"] {
        match std::fs::read_link(directory) {
            Ok(target) => add(&["--symlink", &text(&target), directory]),
            Err(_) => add(&["--ro-bind-try", directory, directory]),
        }
    }
    add(&["--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]);
    if plan.accelerator == Accelerator::Kvm {
        add(&["--dev-bind", "/dev/kvm", "/dev/kvm"]);
    }
    if plan.card == Card::Machine {
        add(&["--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf"]);
    }
    add(&["--ro-bind", &text(&plan.image.directory), "/image"]);
    add(&["--bind", &text(plan.directory), "/machine"]);
    add(&["--chdir", "/machine", "--"]);
    all
}

fn machine(plan: &Plan<'_>) -> Vec<String> {
    let image = if plan.wrapped {
        "/image".to_owned()
    } else {
        text(&plan.image.directory)
    };
    // In QEMU's options a comma separates, and two are one.
    let disk = format!("{image}/{}", plan.image.disk).replace(',', ",,");
    let mut all: Vec<String> = Vec::new();
    let mut add = |words: &[&str]| all.extend(words.iter().map(|word| (*word).to_owned()));
    add(&[QEMU, "-nodefaults", "-no-user-config", "-display", "none"]);
    add(&["-no-reboot", "-name", "job"]);
    add(&[
        "-sandbox",
        "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
    ]);
    add(&[
        "-machine",
        "q35,vmport=off,smbus=off,sata=off,usb=off,graphics=off",
    ]);
    match plan.accelerator {
        Accelerator::Kvm => add(&["-accel", "kvm", "-cpu", "host"]),
        Accelerator::Emulation => add(&["-accel", "tcg,thread=multi", "-cpu", "max"]),
    }
    let megabytes = plan.memory_bytes.div_ceil(1 << 20).to_string();
    add(&["-m", &megabytes, "-smp", &plan.processors.to_string()]);
    add(&["-kernel", &format!("{image}/{KERNEL}")]);
    add(&["-initrd", &format!("{image}/{}", plan.image.initrd)]);
    // Inside of the machine there is nobody to be protected from anybody.
    let ipv6 = if plan.card == Card::Frames {
        " travis.ipv6=1"
    } else {
        ""
    };
    let line = format!(
        "console=ttyS0 quiet loglevel=3 panic=-1 mitigations=off cryptomgr.notests \
         random.trust_cpu=on no_timer_check travis.mode=job init=/usr/lib/travis/guest-init{ipv6}"
    );
    add(&["-append", &line]);
    // What it prints before the agent speaks, kept in memory and bounded.
    add(&["-chardev", "ringbuf,id=console,size=16384"]);
    add(&["-serial", "chardev:console"]);
    add(&["-chardev", &format!("socket,id=monitor,path={MONITOR}")]);
    add(&["-mon", "chardev=monitor,mode=control"]);
    let drive = |id: &str, rest: &str| format!("if=none,id={id},cache=unsafe,{rest}");
    let base = format!("format={},readonly=on,file={disk}", plan.image.format);
    add(&["-drive", &drive("image", &base)]);
    add(&["-device", "virtio-blk-pci,drive=image,serial=image"]);
    let scratch = format!("format=raw,discard=unmap,file={SCRATCH}");
    add(&["-drive", &drive("scratch", &scratch)]);
    add(&["-device", "virtio-blk-pci,drive=scratch,serial=scratch"]);
    add(&["-device", "virtio-serial-pci,max_ports=2"]);
    add(&["-chardev", &format!("socket,id=agent,path={AGENT}")]);
    let port = super::frame::PORT;
    add(&[
        "-device",
        &format!("virtserialport,chardev=agent,name={port}"),
    ]);
    add(&[
        "-object",
        "rng-builtin,id=rng",
        "-device",
        "virtio-rng-pci,rng=rng",
    ]);
    match plan.card {
        Card::None => {}
        Card::Frames => add(&[
            "-netdev",
            &format!(
                "dgram,id=card,local.type=unix,local.path={CARD_ITS},remote.type=unix,remote.path={CARD_OURS}"
            ),
        ]),
        Card::Machine => add(&["-netdev", "user,id=card,ipv6=off"]),
    }
    if plan.card != Card::None {
        add(&[
            "-device",
            "virtio-net-pci,netdev=card,romfile=,mac=52:54:00:74:72:61",
        ]);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan<'a>(image: &'a Image, card: Card, wrapped: bool) -> Plan<'a> {
        Plan {
            image,
            directory: Path::new("/data/jobs/1"),
            accelerator: Accelerator::Emulation,
            memory_bytes: (512 << 20) + 1,
            processors: 2,
            card,
            wrapped,
        }
    }

    #[test]
    fn a_machine_has_only_what_it_needs() {
        let image = Image {
            directory: "/data/images,old".into(),
            disk: "disk.qcow2",
            format: "qcow2",
            initrd: "initrd.img",
        };
        let line = command(&plan(&image, Card::None, false)).join(" ");
        assert!(
            line.starts_with("setpriv --pdeathsig KILL --no-new-privs -- qemu"),
            "{line}"
        );
        assert!(
            line.contains("readonly=on,file=/data/images,,old/disk.qcow2"),
            "{line}"
        );
        assert!(line.contains(" -m 513 -smp 2 "), "{line}");
        for absent in ["netdev", "virtfs", "-vnc", "usb-", "hostfwd"] {
            assert!(!line.contains(absent), "{absent}: {line}");
        }
        let line = command(&plan(&image, Card::Frames, true)).join(" ");
        assert!(
            line.contains("--unshare-net") && line.contains("--cap-drop ALL"),
            "{line}"
        );
        assert!(line.contains("file=/image/disk.qcow2"), "{line}");
        assert!(
            line.contains("-netdev dgram") && !line.contains("/dev/kvm"),
            "{line}"
        );
        let line = command(&plan(&image, Card::Machine, true)).join(" ");
        assert!(!line.contains("--unshare-net"), "{line}");
    }
}

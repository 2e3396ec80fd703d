//! The machine as QEMU's command line. Pure.

use std::ffi::OsString;

/// How the processor is had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accelerator {
    /// The machine's own, by Linux.
    Kvm,
    /// In software.
    Emulation,
}

/// A machine. Its files lie in the directory in which QEMU is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// How fast it is.
    pub accelerator: Accelerator,
    /// Processors.
    pub cores: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Credentials: names of files below [`CREDENTIALS`].
    pub credentials: Vec<&'static str>,
}

/// The system: a layer over the image.
pub const ROOT: &str = "root.qcow2";
/// What the machine keeps.
pub const KEPT: &str = "state.qcow2";
/// QEMU's monitor.
pub const MONITOR: &str = "monitor";
/// Where credentials lie until QEMU has read them.
pub const CREDENTIALS: &str = "credentials";

/// The program.
pub const QEMU: &str = "qemu-system-x86_64";

impl Machine {
    /// The program that is started, and its arguments. QEMU ends with whoever started it, however
    /// that ends: the kernel kills it then. (QEMU's own `exit-with-parent` came with 10.1.)
    pub fn command(&self) -> (&'static str, Vec<OsString>) {
        let mut all: Vec<OsString> = ["--pdeathsig", "KILL", "--no-new-privs", "--", QEMU]
            .map(OsString::from)
            .into();
        all.extend(self.arguments());
        ("setpriv", all)
    }

    /// The arguments. Nothing secret is in them: everybody on a machine can read those.
    fn arguments(&self) -> Vec<OsString> {
        let (accelerator, processor) = match self.accelerator {
            Accelerator::Kvm => ("kvm", "host"),
            Accelerator::Emulation => ("tcg,thread=multi", "max"),
        };
        let mut all = vec![
            "-nodefaults".to_owned(),
            "-no-user-config".to_owned(),
            "-name".to_owned(),
            "travis-worker".to_owned(),
            "-machine".to_owned(),
            "pc".to_owned(),
            "-accel".to_owned(),
            accelerator.to_owned(),
            "-cpu".to_owned(),
            processor.to_owned(),
            "-smp".to_owned(),
            self.cores.to_string(),
            "-m".to_owned(),
            format!("{}M", self.memory_mib),
            "-display".to_owned(),
            "none".to_owned(),
            "-chardev".to_owned(),
            "stdio,id=console,signal=off".to_owned(),
            "-serial".to_owned(),
            "chardev:console".to_owned(),
            // It calls us, who listen already.
            "-qmp".to_owned(),
            format!("unix:{MONITOR}"),
            // QEMU itself may start nothing and become nobody.
            "-sandbox".to_owned(),
            "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny".to_owned(),
            "-drive".to_owned(),
            format!("if=none,id=root,file={ROOT},format=qcow2,discard=unmap"),
            "-device".to_owned(),
            "virtio-blk-pci,drive=root,bootindex=0".to_owned(),
            "-drive".to_owned(),
            format!("if=none,id=state,file={KEPT},format=qcow2,discard=unmap"),
            "-device".to_owned(),
            "virtio-blk-pci,drive=state,serial=travis-state".to_owned(),
            // Calls out; nothing is led in. What jobs may reach is decided by the worker inside.
            "-netdev".to_owned(),
            "user,id=net".to_owned(),
            "-device".to_owned(),
            "virtio-net-pci,netdev=net,romfile=".to_owned(),
            "-device".to_owned(),
            "virtio-rng-pci".to_owned(),
        ];
        for name in &self.credentials {
            all.push("-fw_cfg".to_owned());
            all.push(format!(
                "name=opt/io.systemd.credentials/{name},file={CREDENTIALS}/{name}"
            ));
        }
        all.into_iter().map(OsString::from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_in_and_no_secret_is_shown() {
        let machine = Machine {
            accelerator: Accelerator::Emulation,
            cores: 2,
            memory_mib: 1024,
            credentials: vec!["travis.token"],
        };
        let arguments: Vec<String> = machine
            .arguments()
            .into_iter()
            .map(|word| word.into_string().unwrap())
            .collect();
        let line = arguments.join(" ");
        assert!(
            !line.contains("hostfwd") && !line.contains("string="),
            "{line}"
        );
        assert!(line.contains(
            "-fw_cfg name=opt/io.systemd.credentials/travis.token,file=credentials/travis.token"
        ));
        assert!(line.contains("-smp 2 -m 1024M"));
    }
}

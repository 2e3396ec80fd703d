//! The vm executor: a virtual machine for each job, which lives as long as the job.
//!
//! The machine is started from an image that is only read; what the job writes goes to a disk that
//! goes with it. Inside, [`crate::guest()`] runs the job as a user who may become root: the kernel
//! is the job's own. Script, git mirror and cache reach it by a serial port (170 MB/s under
//! emulation, faster than making a file system of them for a disk), and so do output and end come
//! back. Nothing of this machine is mounted there.
//!
//! QEMU uses the processor's help (KVM) where that works. Whether it does is tried out, since
//! there are machines where /dev/kvm is there and guests hang.

mod card;
mod command;
mod conversation;
pub(crate) mod frame;
mod image;
mod machine;
mod monitor;
mod process;
mod sockets;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use rustix::process::Signal;
use tokio::process::Command;

use self::command::{Accelerator, QEMU};
use self::frame::{HOME, Job, LENT, MIRROR, USER};
use self::image::Image;
use self::machine::{Machine, Start};
use crate::cap::Cap;
use crate::environment::{self, text};
use crate::home::{self, Home};
use crate::{
    Cgroups, Executor, Finding, ResourceLimits, Sandbox, SandboxError, Spec, ToolDirs, processes,
};

/// The variable by which machines that a dead worker left are found.
const MARKER: &str = "TRAVIS_SANDBOX";
/// How long a program may take to say its version.
const CHECK: Duration = Duration::from_secs(5);
/// How long a trial machine may take with KVM, where a good one needs a second.
const TRIAL: Duration = Duration::from_secs(15);
/// How long a job's machine may take until its agent speaks.
const START: Duration = Duration::from_secs(180);
/// The oldest QEMU with all that is used here.
const OLDEST: (u32, u32) = (7, 2);
/// The kernel and the agent in the machine, beside what the job may use.
const OVERHEAD: u64 = 192 << 20;
/// QEMU's own memory beside the machine's.
const QEMU_OVERHEAD: u64 = 512 << 20;
/// Memory of a job without a limit, on machines that have twice as much.
const MEMORY: u64 = 4 << 30;
/// What a job without a limit may write. Taken from the worker's disk as it is used.
const DISK: u64 = 20 << 30;
/// A file system needs this much to be one.
const SMALLEST_DISK: u64 = 64 << 20;

/// Why there are no virtual machines here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VmError {
    /// QEMU is missing or broken.
    #[error("{QEMU} does not start: {0}; install the package qemu-system-x86")]
    NoQemu(String),
    /// It is too old.
    #[error("QEMU {0} is too old; use 7.2 or newer")]
    Old(String),
    /// There is no image.
    #[error(
        "there is no image for virtual machines in {0}; `travis worker image fetch` takes the server's, or put there disk.qcow2, vmlinuz and job-initrd.img as `make image` makes them"
    )]
    NoImage(PathBuf),
}

/// Runs each job in a virtual machine of its own.
pub struct Vm {
    /// The worker's directory for sandboxes.
    root: PathBuf,
    images: PathBuf,
    environment: Vec<(String, String)>,
    cgroups: Cgroups,
    version: String,
    wrapped: bool,
    accelerator: Accelerator,
}

impl Vm {
    /// Keeps machines below `root`, a directory for this alone, and starts them from the images in
    /// `images`: one image's files, or directories with images by name. `environment` is what the
    /// owner gives to all jobs. Takes up to 15 s the first time: it tries out whether machines work
    /// with KVM, and remembers that until the next boot or image.
    ///
    /// # Errors
    /// When QEMU or the image is missing.
    pub async fn open(
        root: PathBuf,
        images: PathBuf,
        environment: Vec<(String, String)>,
    ) -> Result<Self, VmError> {
        let mut vm = Self::emulated(root, images, environment).await?;
        if let Some(image) = Image::find(&vm.images, None) {
            vm.accelerator = vm.choose(&image).await;
        }
        Ok(vm)
    }

    /// The same without KVM.
    ///
    /// # Errors
    /// When QEMU or the image is missing.
    pub async fn emulated(
        root: PathBuf,
        images: PathBuf,
        environment: Vec<(String, String)>,
    ) -> Result<Self, VmError> {
        let said = output(QEMU, &["--version"])
            .await
            .map_err(VmError::NoQemu)?;
        let version = version(&said).ok_or(VmError::NoQemu(said))?;
        if version < OLDEST {
            return Err(VmError::Old(format!("{}.{}", version.0, version.1)));
        }
        if Image::find(&images, None).is_none() {
            return Err(VmError::NoImage(images));
        }
        let trial = [
            "--unshare-user",
            "--unshare-pid",
            "--unshare-net",
            "--ro-bind",
            "/",
            "/",
            "--",
            "true",
        ];
        let wrapped = output("bwrap", &trial).await.is_ok();
        Ok(Self {
            cgroups: Cgroups::detect(&root),
            root,
            images,
            environment,
            version: format!("{}.{}", version.0, version.1),
            wrapped,
            accelerator: Accelerator::Emulation,
        })
    }

    /// Whether the processor helps. Without, jobs take about ten times as long.
    #[must_use]
    pub fn accelerated(&self) -> bool {
        self.accelerator == Accelerator::Kvm
    }

    fn homes(&self) -> PathBuf {
        self.root.join("machines")
    }

    /// Finds out whether machines work with KVM here, and remembers it.
    async fn choose(&self, image: &Image) -> Accelerator {
        let device = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/kvm");
        if device.is_err() {
            return Accelerator::Emulation;
        }
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let tried = format!("{} {} {}", boot.trim(), self.version, image.stamp());
        let memory = self.root.join("kvm");
        let known = fs::read_to_string(&memory).unwrap_or_default();
        match known.split_once('\n') {
            Some((before, "works\n")) if before == tried => return Accelerator::Kvm,
            Some((before, "hangs\n")) if before == tried => return Accelerator::Emulation,
            _ => {}
        }
        let spec = Spec {
            // What a worker left that died meanwhile has another name.
            id: format!("trial-{}", std::process::id()),
            ..Spec::default()
        };
        let trial = self.start(&spec, image.clone(), Accelerator::Kvm, TRIAL);
        let works = match trial.await {
            Ok(machine) => {
                machine.destroy().await;
                true
            }
            Err(error @ SandboxError::Machine { .. }) => {
                tracing::warn!(%error, "machines do not work with KVM here; they are emulated");
                false
            }
            // Says nothing of KVM.
            Err(error) => {
                tracing::warn!(%error, "can't try whether machines work with KVM");
                return Accelerator::Emulation;
            }
        };
        let word = if works { "works" } else { "hangs" };
        // Otherwise it is tried again at the next start.
        if let Err(error) = fs::write(&memory, format!("{tried}\n{word}\n")) {
            tracing::debug!(%error, "can't remember whether KVM works");
        }
        if works {
            Accelerator::Kvm
        } else {
            Accelerator::Emulation
        }
    }

    async fn start(
        &self,
        spec: &Spec,
        image: Image,
        accelerator: Accelerator,
        patience: Duration,
    ) -> Result<Box<dyn Sandbox>, SandboxError> {
        let home = Home::create(&self.homes(), &spec.id)?.lend(spec.lends())?;
        let memory = spec.limits.memory_bytes.unwrap_or_else(default_memory) + OVERHEAD;
        let limits = ResourceLimits {
            memory_bytes: Some(memory + QEMU_OVERHEAD),
            // Of QEMU's threads; the job's processes are limited inside.
            processes: None,
            ..spec.limits
        };
        let group = match self.cgroups.create(&spec.id, limits, spec.polite) {
            Ok(group) => group,
            Err(error) => {
                home.remove();
                return Err(error);
            }
        };
        let tools = ToolDirs {
            environment: self.environment.clone(),
            ..ToolDirs::default()
        };
        let mirror = spec.mirror.as_ref().map(|_| MIRROR);
        let lent = spec.lends().then_some(LENT);
        let job = Job {
            environment: environment::variables(spec, &tools, HOME, USER, mirror, lent),
            rows: spec.terminal.rows,
            columns: spec.terminal.columns,
            memory_bytes: spec.limits.memory_bytes,
            processes: spec.limits.processes,
            lend: spec.lends(),
        };
        let marker = (MARKER, text(&self.homes().join(&spec.id)));
        let machine = Machine::start(Start {
            id: spec.id.clone(),
            image,
            accelerator,
            wrapped: self.wrapped,
            memory_bytes: memory,
            processors: processors(spec.limits.cpu_percent),
            disk_bytes: spec.limits.disk_bytes.unwrap_or(DISK).max(SMALLEST_DISK),
            network: spec.network.clone(),
            job,
            mirror: spec.mirror.clone(),
            home,
            group,
            polite: spec.polite,
            cap: Cap::of(spec.limits, self.cgroups.lent().cpu),
            marker,
            patience,
        });
        Ok(Box::new(machine.await?))
    }
}

/// Half of this machine's memory, at most [`MEMORY`].
fn default_memory() -> u64 {
    let machine = rustix::system::sysinfo();
    let unit = u64::from(machine.mem_unit.max(1));
    let total = machine.totalram.saturating_mul(unit);
    (total / 2).clamp(256 << 20, MEMORY)
}

/// As many as the limit's cores, rounded up, and never more than this machine has.
fn processors(cpu_percent: Option<u32>) -> usize {
    let all = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let wanted = cpu_percent.map_or(all, |percent| percent.div_ceil(100) as usize);
    wanted.clamp(1, all)
}

/// "QEMU emulator version 7.2.22 (Debian …)".
fn version(said: &str) -> Option<(u32, u32)> {
    let (_, rest) = said.split_once("version ")?;
    let mut numbers = rest.split(['.', ' ', '(']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[async_trait]
impl Executor for Vm {
    fn kind(&self) -> &'static str {
        "vm"
    }

    fn limits(&self) -> Vec<&'static str> {
        // Kept by the machine itself, whatever this machine lends.
        vec!["memory", "processes", "cpu", "disk"]
    }

    fn cpu_cap(&self) -> &'static str {
        if self.cgroups.lent().cpu {
            "the machine's processors and control groups"
        } else {
            "the machine's processors, affinity, and stopping in between for parts of one"
        }
    }

    fn detail(&self) -> String {
        match self.accelerator {
            Accelerator::Kvm => format!("QEMU {}, KVM", self.version),
            Accelerator::Emulation => {
                format!("QEMU {}, emulated: about ten times slower", self.version)
            }
        }
    }

    async fn images(&self) -> Vec<String> {
        let images = self.images.clone();
        let listed = tokio::task::spawn_blocking(move || image::names(&images)).await;
        listed.unwrap_or_default()
    }

    async fn prepare(&self, spec: &Spec) -> Result<Box<dyn Sandbox>, SandboxError> {
        let name = spec.image.as_ref().and_then(|image| image.name.as_deref());
        let image = Image::find(&self.images, name)
            .ok_or_else(|| SandboxError::NoImage(name.unwrap_or("default").to_owned()))?;
        self.start(spec, image, self.accelerator, START).await
    }

    async fn sweep(&self) {
        let cgroups = self.cgroups.clone();
        let homes = self.homes();
        let swept = tokio::task::spawn_blocking(move || {
            cgroups.sweep();
            for entry in fs::read_dir(&homes).into_iter().flatten().flatten() {
                let left = processes::marked(MARKER, &text(&entry.path()));
                processes::signal(&left, Signal::KILL);
            }
            home::sweep(&homes);
        });
        if let Err(error) = swept.await {
            tracing::error!(%error, "sweeping machines ended early");
        }
    }

    async fn check(&self) -> Vec<Finding> {
        let machine = if self.accelerated() {
            Finding::good("virtual machines", self.detail())
        } else {
            let remedy = if Path::new("/dev/kvm").exists() {
                "guests do not start with this machine's /dev/kvm, or the worker's user may not open it (group kvm)"
            } else {
                "switch virtualization on in the firmware, or the hypervisor's nesting, and load the module kvm"
            };
            Finding::bad("virtual machines", self.detail(), remedy)
        };
        let image = match Image::find(&self.images, None) {
            Some(image) => Finding::good("image", text(&image.directory)),
            None => Finding::bad(
                "image",
                format!("none in {}", self.images.display()),
                "travis worker image fetch",
            ),
        };
        let wrapped = if self.wrapped {
            Finding::good("confinement", "QEMU runs in namespaces of its own")
        } else {
            Finding::bad(
                "confinement",
                "QEMU runs with a seccomp filter, but sees what the worker's user sees",
                "install the package bubblewrap and allow unprivileged user namespaces",
            )
        };
        vec![machine, image, wrapped, self.cgroups.finding()]
    }
}

async fn output(program: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin:/usr/local/bin")
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(CHECK, command.output())
        .await
        .map_err(|_| "no answer within 5 seconds".to_owned())?
        .map_err(|error| error.to_string())?;
    let said = if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(output.stderr)
    };
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
    said.map(text).map_err(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        let said = "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg)";
        assert_eq!(version(said), Some((7, 2)));
        assert_eq!(version("QEMU emulator version 10.0(x)"), Some((10, 0)));
        assert_eq!(version("qemu"), None);
    }

    #[test]
    fn a_part_of_a_core_is_one() {
        assert_eq!(processors(Some(1)), 1);
        assert_eq!(processors(Some(100)), 1);
        assert!(processors(Some(1_000_000)) >= 1);
        assert!(default_memory() >= 256 << 20);
    }
}

//! `travis worker vm`: lends this machine in a virtual machine made of the server's image.

mod image;
mod machine;
mod monitor;
mod screen;

use crate::cli::worker::VmArgs;
use crate::failure::{Failure, Status};
use crate::session::Session;
use image::Image;
use machine::{Accelerator, CREDENTIALS, KEPT, MONITOR, Machine, ROOT};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

const QEMU: &str = "qemu-system-x86_64";
/// How long a tool of QEMU's may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long QEMU may take to answer its monitor.
const STARTING: Duration = Duration::from_secs(30);
/// The kernel's first words come within seconds where KVM works; where it hangs, never.
const SIGN_OF_LIFE: Duration = Duration::from_secs(45);
/// What every start of the machine says on its serial line.
const ALIVE: &str = "Travis worker";
/// How long the machine may take to shut down.
const GOODBYE: Duration = Duration::from_secs(120);
/// Text without a line's end for so long is a question.
const QUESTION: Duration = Duration::from_millis(300);
/// Less is too little for the image and a job.
const LEAST_MEMORY_MIB: u64 = 512;
const MIB: u64 = 1 << 20;

/// What was chosen the last time, beside the machine's disks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Chosen {
    server: Option<String>,
    name: Option<String>,
    cores: Option<u32>,
    memory_mib: Option<u64>,
    /// SHA-256 of the image below the root.
    image: Option<String>,
    /// KVM is there and machines hang under it.
    kvm_hangs: bool,
}

/// Starts the machine and stays with it until it ends or Ctrl-C.
///
/// # Errors
/// When it can't be started; the failure says what to do next.
pub async fn run(args: VmArgs, session: &mut Session) -> Result<Status, Failure> {
    let tools = [QEMU, "qemu-img"];
    if let Some(missing) = tools.into_iter().find(|tool| !is_there(tool)) {
        return Err(
            Failure::new(Status::Io, format!("{missing} is missing: a virtual machine needs QEMU")).remedy(
                "Install it: apt-get install qemu-system-x86 qemu-utils (Debian, Ubuntu), dnf install qemu-system-x86-core qemu-img (Fedora), pacman -S qemu-base (Arch).",
            ),
        );
    }
    let place = match &args.data {
        Some(place) => place.clone(),
        None => crate::serve::worker_vm_data()
            .map_err(|error| Failure::new(Status::Usage, format!("{error:#}")))?,
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&place)?;
    let place = place.canonicalize()?;
    let _lock = lock(&place)?;
    let mut chosen = Chosen::read(&place);
    let image = find_image(&args, &chosen, &place, session).await?;
    prepare_disks(&args, &mut chosen, &image, &place, session).await?;
    chosen.take_over(&args);
    chosen.write(&place)?;

    let mut accelerator = accelerator(&args, &chosen, session)?;
    let stops = crate::serve::stops()?;
    loop {
        let machine = Machine {
            accelerator,
            cores: chosen.cores.unwrap_or_else(half_of_the_cores),
            memory_mib: chosen.memory_mib.unwrap_or_else(quarter_of_the_memory),
            credentials: hand_in(&args, &chosen, &place)?,
        };
        let end = live(&machine, &place, &stops, session).await;
        let _ = fs::remove_dir_all(place.join(CREDENTIALS));
        match end? {
            End::Silent => {
                session.screen.remark(
                    "KVM is there, but the machine hangs under it: emulated from now on, about ten times slower.",
                )?;
                accelerator = Accelerator::Emulation;
                chosen.kvm_hangs = true;
                chosen.write(&place)?;
            }
            End::Exited(status) if status.success() => return Ok(Status::Passed),
            End::Exited(status) => {
                return Err(Failure::new(Status::Io, format!("QEMU ended with {status}")).remedy(
                    "What it said stands above. With less memory or fewer cores it may start: --memory, --cores.",
                ));
            }
        }
    }
}

fn is_there(tool: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|place| place.join(tool).is_file()))
}

/// The lock is held as long as the file is open.
fn lock(place: &Path) -> Result<File, Failure> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(place.join("lock"))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
        Failure::new(
            Status::Refused,
            format!("the machine of {} runs already", place.display()),
        )
        .remedy("Stop it with Ctrl-C where it was started, or name another place with --data.")
    })?;
    Ok(file)
}

impl Chosen {
    fn read(place: &Path) -> Self {
        fs::read(place.join("vm.json"))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    fn write(&self, place: &Path) -> Result<(), Failure> {
        let text = serde_json::to_vec_pretty(self).map_err(std::io::Error::other)?;
        let new = place.join("vm.json.new");
        fs::write(&new, text)?;
        fs::rename(new, place.join("vm.json"))?;
        Ok(())
    }

    fn take_over(&mut self, args: &VmArgs) {
        self.server = args.server().or(self.server.take());
        self.name = args.name.clone().or(self.name.take());
        self.cores = args.cores.or(self.cores);
        self.memory_mib = args
            .memory
            .map(|bytes| (bytes / MIB).max(LEAST_MEMORY_MIB))
            .or(self.memory_mib);
    }
}

async fn find_image(
    args: &VmArgs,
    chosen: &Chosen,
    place: &Path,
    session: &mut Session,
) -> Result<Image, Failure> {
    if let Some(directory) = &args.image {
        return image::of_directory(directory);
    }
    let images = place.join("images");
    let kept = image::kept(&images);
    let Some(server) = args.server().or_else(|| chosen.server.clone()) else {
        return Err(Failure::usage("which server is this machine lent to?")
            .remedy("travis worker vm --server https://ci.example.org --token T"));
    };
    match (image::of_server(&server, &images, session).await, kept) {
        (Ok(image), _) => Ok(image),
        // The one that ran the last time is good enough.
        (Err(error), Some(kept)) if chosen.image.as_ref() == Some(&kept.sha256) => {
            session
                .screen
                .remark(&format!("{error}; the image of the last time is used"))?;
            Ok(kept)
        }
        (Err(error), _) => Err(error),
    }
}

/// The root is a layer over the image and made anew for a new one; what the machine keeps has a
/// disk of its own.
async fn prepare_disks(
    args: &VmArgs,
    chosen: &mut Chosen,
    image: &Image,
    place: &Path,
    session: &mut Session,
) -> Result<(), Failure> {
    let root = place.join(ROOT);
    if chosen.image.as_ref() != Some(&image.sha256) || !root.is_file() {
        let _ = fs::remove_file(&root);
        let mut create = Command::new("qemu-img");
        create
            .args(["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b"])
            .arg(&image.disk)
            .arg(ROOT);
        tool(create, place).await?;
        if chosen.image.is_some() {
            session.screen.remark(
                "A newer image: the machine starts from it and keeps its place at the server.",
            )?;
        }
        chosen.image = Some(image.sha256.clone());
        image::forget_others(&place.join("images"), image);
    }
    let kept = place.join(KEPT);
    let wanted = args.disk.map(|bytes| bytes / MIB * MIB);
    if !kept.is_file() {
        let size = wanted.unwrap_or(20 << 30).max(2 << 30);
        let mut create = Command::new("qemu-img");
        create
            .args(["create", "-q", "-f", "qcow2", KEPT])
            .arg(size.to_string());
        tool(create, place).await?;
    } else if let Some(wanted) = wanted {
        let mut resize = Command::new("qemu-img");
        resize.args(["resize", "-q", KEPT]).arg(wanted.to_string());
        tool(resize, place).await.map_err(|error| {
            error.remedy("A machine's disk can only grow. Remove state.qcow2 to begin with a new one and a new token.")
        })?;
    }
    Ok(())
}

async fn tool(mut command: Command, place: &Path) -> Result<(), Failure> {
    command
        .current_dir(place)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let done = tokio::time::timeout(PATIENCE, command.output())
        .await
        .map_err(|_| Failure::new(Status::Io, "qemu-img does not come to an end"))??;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(Failure::new(Status::Io, said.trim().to_owned()))
}

fn accelerator(
    args: &VmArgs,
    chosen: &Chosen,
    session: &mut Session,
) -> Result<Accelerator, Failure> {
    let why = if args.emulate {
        "as you asked".to_owned()
    } else if chosen.kvm_hangs {
        "machines hang under this system's KVM".to_owned()
    } else {
        match OpenOptions::new().read(true).write(true).open("/dev/kvm") {
            Ok(_) => return Ok(Accelerator::Kvm),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                "you may not use KVM; as root: adduser YOU kvm, then sign in anew".to_owned()
            }
            Err(_) => "this system has no KVM; switch virtualization on in the firmware".to_owned(),
        }
    };
    session.screen.remark(&format!(
        "The machine is emulated, about ten times slower: {why}."
    ))?;
    Ok(Accelerator::Emulation)
}

/// Writes what the machine is told into files that only we can read. A machine that is enrolled
/// needs no token.
fn hand_in(args: &VmArgs, chosen: &Chosen, place: &Path) -> Result<Vec<&'static str>, Failure> {
    let directory = place.join(CREDENTIALS);
    let _ = fs::remove_dir_all(&directory);
    DirBuilder::new().mode(0o700).create(&directory)?;
    let mut names = Vec::new();
    for (name, value) in [
        // Inside, this machine's loopback has another address.
        (
            "travis.server",
            chosen.server.as_deref().map(seen_from_inside),
        ),
        ("travis.token", args.token.clone()),
        (
            "travis.name",
            Some(chosen.name.clone().unwrap_or_else(crate::serve::host_name)),
        ),
    ] {
        let Some(value) = value else { continue };
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(directory.join(name))?
            .write_all(value.as_bytes())?;
        names.push(name);
    }
    Ok(names)
}

/// QEMU's user network shows the host's loopback as 10.0.2.2.
fn seen_from_inside(server: &str) -> String {
    let Ok(mut url) = reqwest::Url::parse(server) else {
        return server.to_owned();
    };
    let is_loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if is_loopback && url.set_host(Some("10.0.2.2")).is_ok() {
        return url.as_str().trim_end_matches('/').to_owned();
    }
    server.to_owned()
}

enum End {
    Exited(ExitStatus),
    /// It said nothing where it should have spoken.
    Silent,
}

/// One life of the machine. Its serial line is this terminal: lines go both ways.
async fn live(
    machine: &Machine,
    place: &Path,
    (first, second): &(CancellationToken, CancellationToken),
    session: &mut Session,
) -> Result<End, Failure> {
    let _ = fs::remove_file(place.join(MONITOR));
    // Names of sockets have 107 bytes at most, those of directories may have more.
    let directory = File::open(place)?;
    let socket = PathBuf::from(format!("/proc/self/fd/{}/{MONITOR}", directory.as_raw_fd()));
    let mut child = Command::new(QEMU)
        .args(machine.arguments())
        .current_dir(place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // Ctrl-C on this terminal is for us, who then press the machine's power button.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let (Some(mut line), Some(mut typing)) = (child.stdout.take(), child.stdin.take()) else {
        return Err(Failure::new(Status::Io, "QEMU has no serial line"));
    };
    let mut typed = typed_bytes();
    let mut lines = screen::Lines::default();
    let mut buffer = vec![0_u8; 4096];
    let mut alive = machine.accelerator == Accelerator::Emulation;
    let silence = tokio::time::sleep(SIGN_OF_LIFE);
    tokio::pin!(silence);
    let ready = monitor::wait(&socket, STARTING);
    tokio::pin!(ready);
    let mut is_ready = false;
    let mut leaving = false;
    session.screen.remark(&format!(
        "Starting a machine with {} cores and {} MiB of memory. Ctrl-C shuts it down.",
        machine.cores, machine.memory_mib
    ))?;
    loop {
        tokio::select! {
            count = line.read(&mut buffer) => {
                let count = count?;
                if count == 0 {
                    let status = ended(&mut child).await?;
                    return Ok(End::Exited(status));
                }
                for text in lines.feed(buffer.get(..count).unwrap_or_default()) {
                    alive |= text.contains(ALIVE);
                    session.screen.line(&text)?;
                }
            }
            // A question has no line's end.
            () = tokio::time::sleep(QUESTION), if lines.is_waiting() => {
                if let Some(text) = lines.take() {
                    session.screen.line(&text)?;
                }
            }
            Some(bytes) = typed.recv() => {
                typing.write_all(&bytes).await?;
            }
            done = &mut ready, if !is_ready => {
                is_ready = true;
                if done.is_ok() {
                    // QEMU has read them.
                    fs::remove_dir_all(place.join(CREDENTIALS))?;
                }
            }
            () = &mut silence, if !alive => {
                kill(&mut child).await?;
                return Ok(End::Silent);
            }
            () = first.cancelled(), if !leaving => {
                leaving = true;
                session.screen.remark("Shutting the machine down; what it builds goes back to the server. Ctrl-C once more turns it off.")?;
                if !alive || monitor::order(&socket, "system_powerdown").await.is_err() {
                    kill(&mut child).await?;
                    return Ok(End::Exited(ExitStatus::default()));
                }
                silence.as_mut().reset(tokio::time::Instant::now() + GOODBYE);
                alive = false;
            }
            () = second.cancelled(), if leaving => {
                kill(&mut child).await?;
                return Ok(End::Exited(ExitStatus::default()));
            }
        }
    }
}

async fn ended(child: &mut Child) -> Result<ExitStatus, Failure> {
    match tokio::time::timeout(PATIENCE, child.wait()).await {
        Ok(status) => Ok(status?),
        Err(_) => kill(child).await,
    }
}

async fn kill(child: &mut Child) -> Result<ExitStatus, Failure> {
    child.start_kill()?;
    Ok(child.wait().await?)
}

/// What is typed here, for the machine's console. The thread ends with the process.
fn typed_bytes() -> tokio::sync::mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = tokio::sync::mpsc::channel(4);
    std::thread::spawn(move || {
        let mut line = String::new();
        while std::io::stdin()
            .read_line(&mut line)
            .is_ok_and(|count| count > 0)
        {
            if sender
                .blocking_send(std::mem::take(&mut line).into_bytes())
                .is_err()
            {
                return;
            }
        }
    });
    receiver
}

fn half_of_the_cores() -> u32 {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    u32::try_from(cores.div_ceil(2)).unwrap_or(1)
}

fn quarter_of_the_memory() -> u64 {
    let info = rustix::system::sysinfo();
    let bytes = info.totalram.saturating_mul(u64::from(info.mem_unit));
    (bytes / 4 / MIB).max(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_has_another_address_inside() {
        for (outside, inside) in [
            ("http://127.0.0.1:8080", "http://10.0.2.2:8080"),
            ("http://localhost:8080/ci", "http://10.0.2.2:8080/ci"),
            ("https://ci.example.org", "https://ci.example.org"),
        ] {
            assert_eq!(seen_from_inside(outside), inside);
        }
    }

    #[test]
    fn the_next_start_remembers() {
        let place = tempfile::tempdir().unwrap();
        assert_eq!(Chosen::read(place.path()), Chosen::default());
        let mut chosen = Chosen {
            cores: Some(4),
            ..Chosen::default()
        };
        chosen.take_over(&VmArgs {
            server: Some("https://ci.example.org/".to_owned()),
            memory: Some(3 << 30),
            ..VmArgs::default()
        });
        chosen.write(place.path()).unwrap();
        let again = Chosen::read(place.path());
        assert_eq!(again.server.as_deref(), Some("https://ci.example.org"));
        assert_eq!((again.cores, again.memory_mib), (Some(4), Some(3072)));
        let first = lock(place.path()).unwrap();
        assert!(lock(place.path()).is_err());
        drop(first);
    }

    #[test]
    fn what_is_handed_in_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = tempfile::tempdir().unwrap();
        let args = VmArgs {
            token: Some("T".to_owned()),
            ..VmArgs::default()
        };
        let names = hand_in(&args, &Chosen::default(), place.path()).unwrap();
        assert_eq!(names, ["travis.token", "travis.name"]);
        let file = place.path().join(CREDENTIALS).join("travis.token");
        assert_eq!(fs::read_to_string(&file).unwrap(), "T");
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}

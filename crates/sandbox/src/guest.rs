//! The agent inside a machine that lives for one job: `travis guest`. Takes the job from the worker
//! over the machine's serial port, runs it as the user `travis` and says how it ended.
//!
//! It runs as root and knows no secret: all there is in the machine belongs to its one job.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use bytes::Bytes;
use rustix::fs::OFlags;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

mod setup;

use crate::home::{Home, SCRIPT};
use crate::launch::{Launch, ProcessSandbox};
use crate::vm::frame::{
    self, Ended, HOME, Job, Kind, LARGEST, LENT, MIRROR, PORT, PROTOCOL, USER, read_now, write_now,
};
use crate::{Cgroups, Exit, ResourceLimits, Sandbox as _, SandboxError, TerminalSize};

/// Where the kernel lists the ports.
const PORTS: &str = "/sys/class/virtio-ports";
/// The variable by which what the job left running is found where no control group holds it.
const MARKER: &str = "TRAVIS_SANDBOX";

/// Why the agent gives up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuestError {
    /// This is no machine of a worker's.
    #[error(
        "no serial port {PORT} here: `travis guest` runs only inside of a machine that a worker starts for a job"
    )]
    NoPort,
    /// The port or a file.
    #[error("can't {action}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The worker said something out of turn.
    #[error("the worker sent {0:?} out of turn; image and worker may be of different releases")]
    Unexpected(String),
    /// The job's process.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

trait Tried<T> {
    fn tried(self, action: &'static str) -> Result<T, GuestError>;
}

impl<T> Tried<T> for io::Result<T> {
    fn tried(self, action: &'static str) -> Result<T, GuestError> {
        self.map_err(|source| GuestError::Io { action, source })
    }
}

/// Serves one job and returns when the worker knows its end. Blocks.
///
/// # Errors
/// When there is no port, or the worker goes away or speaks another language.
pub fn guest() -> Result<(), GuestError> {
    if setup::is_wanted() {
        setup::make()?;
    }
    let path = port().ok_or(GuestError::NoPort)?;
    let mut port = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .tried("open the worker's port")?;
    let version = PROTOCOL.to_string();
    write_now(&mut port, Kind::Hello, version.as_bytes()).tried("greet the worker")?;
    let (job, script) = receive(&mut port)?;
    let ended = run(&port, &job, &script);
    match ended {
        Ok(ended) => {
            let ended = serde_json::to_vec(&ended).unwrap_or_default();
            write_now(&mut port, Kind::Ended, &ended).tried("report the end")?;
            if job.lend {
                send_lent(&mut port).tried("send the lent files")?;
            }
            write_now(&mut port, Kind::Done, b"").tried("report the end")
        }
        Err(error) => {
            let text = error.to_string();
            let _ = write_now(&mut port, Kind::Failed, text.as_bytes());
            Err(error)
        }
    }
}

/// The port by the name that the worker gave it.
fn port() -> Option<PathBuf> {
    fs::read_dir(PORTS).ok()?.flatten().find_map(|entry| {
        let name = fs::read_to_string(entry.path().join("name")).ok()?;
        (name.trim() == PORT).then(|| Path::new("/dev").join(entry.file_name()))
    })
}

/// Takes everything that comes before the start.
fn receive(port: &mut File) -> Result<(Job, String), GuestError> {
    let mut job = None;
    let mut script = Vec::new();
    let mut mirror: Option<Child> = None;
    let mut file: Option<File> = None;
    loop {
        let frame = read_now(port).tried("hear the worker")?;
        match frame.kind {
            Kind::Job => {
                let read: Job = serde_json::from_slice(&frame.content)
                    .map_err(|error| GuestError::Unexpected(error.to_string()))?;
                if read.lend {
                    make_lent().tried("make the lent directory")?;
                }
                job = Some(read);
            }
            Kind::Script => script.extend_from_slice(&frame.content),
            Kind::Mirror => {
                let unpacking = match &mut mirror {
                    Some(unpacking) => unpacking,
                    None => mirror.insert(unpack().tried("unpack the mirror")?),
                };
                let written = unpacking
                    .stdin
                    .as_mut()
                    .map(|to| to.write_all(&frame.content));
                written.unwrap_or(Ok(())).tried("unpack the mirror")?;
            }
            Kind::File => {
                let name = frame::file_name(&frame.content)
                    .ok_or_else(|| GuestError::Unexpected("a file's name".to_owned()))?;
                let path = Path::new(LENT).join(name);
                let created = File::create(&path).tried("make a lent file")?;
                give(&path).tried("make a lent file")?;
                file = Some(created);
            }
            Kind::Data => match &mut file {
                Some(file) => file.write_all(&frame.content).tried("write a lent file")?,
                None => return Err(GuestError::Unexpected("data".to_owned())),
            },
            Kind::Run => break,
            other => return Err(GuestError::Unexpected(format!("{other:?}"))),
        }
    }
    if let Some(mut unpacking) = mirror {
        drop(unpacking.stdin.take());
        let status = unpacking.wait().tried("unpack the mirror")?;
        if !status.success() {
            let source = io::Error::other(format!("tar ended with {status}"));
            return Err(GuestError::Io {
                action: "unpack the mirror",
                source,
            });
        }
    }
    let job = job.ok_or_else(|| GuestError::Unexpected("a start without a job".to_owned()))?;
    let script = String::from_utf8(script)
        .map_err(|_| GuestError::Unexpected("a script that is no text".to_owned()))?;
    Ok((job, script))
}

/// The mirror is the job's: git serves only what belongs to whoever asks.
fn unpack() -> io::Result<Child> {
    fs::create_dir_all(MIRROR)?;
    give(Path::new(MIRROR))?;
    let user = fs::metadata(HOME)?;
    Command::new("tar")
        .args(["-x", "-C", MIRROR])
        .uid(user.uid())
        .gid(user.gid())
        .stdin(Stdio::piped())
        .spawn()
}

fn make_lent() -> io::Result<()> {
    fs::create_dir_all(LENT)?;
    give(Path::new(LENT))
}

/// Makes a file the job's.
fn give(path: &Path) -> io::Result<()> {
    let user = fs::metadata(HOME)?;
    std::os::unix::fs::chown(path, Some(user.uid()), Some(user.gid()))
}

/// Runs the script and sends its output.
fn run(port: &File, job: &Job, script: &str) -> Result<Ended, GuestError> {
    let limits = ResourceLimits {
        memory_bytes: job.memory_bytes,
        processes: job.processes,
        ..ResourceLimits::default()
    };
    let cgroups = Cgroups::detect(Path::new(HOME));
    let group = cgroups.create("job", limits, false)?;
    let launch = Launch {
        command: [
            "/usr/bin/setpriv",
            &format!("--reuid={USER}"),
            &format!("--regid={USER}"),
            "--init-groups",
            "--",
            "/bin/bash",
            &format!("{HOME}/{SCRIPT}"),
        ]
        .map(str::to_owned)
        .into(),
        environment: job.environment.clone(),
        directory: Some(HOME.into()),
        terminal: TerminalSize {
            rows: job.rows,
            columns: job.columns,
        },
        marker: Some((MARKER, "job".to_owned())),
        launcher: Some("setpriv: "),
        polite: false,
        cap: None,
        network: None,
    };
    let sandbox = ProcessSandbox::new("job", launch, Home::existing(HOME.into()), group);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .tried("start a runtime")?;
    let (sink, mut output) = mpsc::channel::<Bytes>(4);
    let mut to = port.try_clone().tried("open the worker's port")?;
    let sending = thread::Builder::new()
        .name("output".to_owned())
        .spawn(move || -> io::Result<()> {
            while let Some(piece) = output.blocking_recv() {
                for piece in piece.chunks(LARGEST) {
                    write_now(&mut to, Kind::Output, piece)?;
                }
            }
            Ok(())
        })
        .tried("start a thread")?;
    let exit: Exit = runtime.block_on(sandbox.run(script, sink, CancellationToken::new()))?;
    match sending.join() {
        Ok(sent) => sent.tried("send the job's output")?,
        Err(_) => return Err(GuestError::Unexpected("nothing".to_owned())),
    }
    Ok(Ended {
        code: exit.code,
        signal: exit.signal,
        oom: exit.oom,
        process_limit: exit.process_limit,
    })
}

/// Sends what the job left in the lent directory: plain files only. The job is gone, and nothing
/// here is anybody else's; still no link is followed and no pipe waited for.
fn send_lent(port: &mut File) -> io::Result<()> {
    for entry in fs::read_dir(LENT)?.flatten() {
        use std::os::unix::ffi::OsStrExt as _;
        let name = entry.file_name();
        if frame::file_name(name.as_bytes()).is_none() {
            continue;
        }
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(entry.path());
        let Ok(mut file) = opened else { continue };
        if !file.metadata()?.is_file() {
            continue;
        }
        write_now(port, Kind::File, name.as_bytes())?;
        let mut buffer = vec![0; LARGEST];
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            write_now(port, Kind::Data, buffer.get(..count).unwrap_or_default())?;
        }
    }
    Ok(())
}

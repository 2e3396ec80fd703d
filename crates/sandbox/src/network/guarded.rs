//! A network of a job's own, whose packets go through the gateway.

use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sched::{CloneFlags, setns};
use rustix::fd::OwnedFd;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SocketFlags, SocketType,
    recvmsg, socketpair,
};
use tokio::io::unix::AsyncFd;
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use travis_egress::{Gateway, PacketReceiver, PacketSender, Refusal};

use super::maker::MTU;
use crate::SandboxError;

/// The first argument with which a worker's executable is started to make a network.
pub const MAKE_NETWORK: &str = "make-job-network";
/// How long making one may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Largest packet of the kernel.
const PACKET: usize = 65_536;

/// Makes networks for jobs, one ahead of the next job. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Networks {
    maker: Arc<Maker>,
}

#[derive(Debug)]
struct Maker {
    program: PathBuf,
    /// Words before the first argument that the program is known by.
    words: Vec<String>,
    environment: Vec<(String, String)>,
    /// Made ahead.
    spare: Mutex<Option<Namespaces>>,
}

/// A network namespace with one end of a tunnel device in it.
#[derive(Debug)]
struct Namespaces {
    /// The tunnel's other end.
    tunnel: OwnedFd,
    network: OwnedFd,
    user: Option<OwnedFd>,
}

/// A job's network. Dropping it ends the job's connections; the namespace goes with the last
/// process in it.
#[derive(Debug)]
pub struct JobNetwork {
    network: OwnedFd,
    user: Option<OwnedFd>,
    refusals: Mutex<Option<mpsc::Receiver<Refusal>>>,
    /// The job's process is put into it by somebody else.
    joined: bool,
    _reading: AbortOnDropHandle<()>,
    _writing: AbortOnDropHandle<()>,
}

impl Default for Networks {
    /// Makes them by the program that runs now, which has to know [`MAKE_NETWORK`].
    fn default() -> Self {
        // The file may have been replaced by a newer one; what runs now stays to be had here.
        Self::by("/proc/self/exe".into())
    }
}

impl Networks {
    /// Makes them by this program, which has to call [`make_network`](super::make_network) when
    /// its first argument is [`MAKE_NETWORK`].
    #[must_use]
    pub fn by(program: PathBuf) -> Self {
        Self::through(program, Vec::new(), Vec::new())
    }

    /// Makes them by this program that is started by another with these words first, in this
    /// environment: an engine of containers that has namespaces of its own.
    pub(crate) fn through(
        program: PathBuf,
        words: Vec<String>,
        environment: Vec<(String, String)>,
    ) -> Self {
        Self {
            maker: Arc::new(Maker {
                program,
                words,
                environment,
                spare: Mutex::new(None),
            }),
        }
    }

    /// The program that makes them.
    pub(crate) fn program(&self) -> &std::path::Path {
        &self.maker.program
    }

    /// Makes a network for a job.
    ///
    /// # Errors
    /// When the machine lends no namespaces or no tunnel device.
    pub async fn make(&self, gateway: &Gateway, job: &str) -> Result<JobNetwork, SandboxError> {
        let spare = self.maker.take();
        let namespaces = match spare {
            Some(spare) => spare,
            None => self.maker.make().await.map_err(SandboxError::Network)?,
        };
        self.make_ahead();
        JobNetwork::start(namespaces, gateway, job).map_err(SandboxError::Network)
    }

    /// Makes the next one while nobody waits for it.
    fn make_ahead(&self) {
        let maker = Arc::clone(&self.maker);
        tokio::spawn(async move {
            match maker.make().await {
                Ok(made) => {
                    let mut spare = maker.spare.lock().unwrap_or_else(PoisonError::into_inner);
                    *spare = Some(made);
                }
                // Whoever needs one hears why.
                Err(error) => tracing::debug!(%error, "no network was made ahead"),
            }
        });
    }

    /// Tries whether networks can be made here.
    ///
    /// # Errors
    /// What is missing.
    pub async fn check(&self) -> Result<(), SandboxError> {
        let made = self.maker.make().await.map_err(SandboxError::Network)?;
        let mut spare = self
            .maker
            .spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *spare = Some(made);
        Ok(())
    }
}

impl Maker {
    fn take(&self) -> Option<Namespaces> {
        self.spare
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    async fn make(&self) -> io::Result<Namespaces> {
        let (ours, theirs) = socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )?;
        let mut command = Command::new(&self.program);
        command
            .args(&self.words)
            .arg(MAKE_NETWORK)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(theirs)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let child = command.spawn()?;
        // Ours alone holds the other end now.
        drop(command);
        let output = tokio::time::timeout(PATIENCE, child.wait_with_output())
            .await
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(io::Error::other(said));
        }
        receive(&ours)
    }
}

fn receive(socket: &OwnedFd) -> io::Result<Namespaces> {
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
    recvmsg(
        socket,
        &mut [IoSliceMut::new(&mut byte)],
        &mut control,
        flags,
    )?;
    let mut all = control.drain().flat_map(|message| match message {
        RecvAncillaryMessage::ScmRights(fds) => fds.collect(),
        _ => Vec::new(),
    });
    let missing = || io::Error::other("the program that makes networks sent none");
    Ok(Namespaces {
        tunnel: all.next().ok_or_else(missing)?,
        network: all.next().ok_or_else(missing)?,
        user: all.next(),
    })
}

impl JobNetwork {
    fn start(namespaces: Namespaces, gateway: &Gateway, job: &str) -> io::Result<Self> {
        rustix::io::ioctl_fionbio(&namespaces.tunnel, true)?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe for types that may give another descriptor each time; one that is owned can't"
        )]
        let tunnel = Arc::new(AsyncFd::new(namespaces.tunnel)?);
        let refusals = gateway.listen(job);
        let (sender, receiver) = gateway.attach(job, MTU).split();
        let reading = tokio::spawn(read(Arc::clone(&tunnel), sender));
        let writing = tokio::spawn(write(tunnel, receiver));
        Ok(Self {
            network: namespaces.network,
            user: namespaces.user,
            refusals: Mutex::new(Some(refusals)),
            joined: false,
            _reading: AbortOnDropHandle::new(reading),
            _writing: AbortOnDropHandle::new(writing),
        })
    }

    /// The first refusal of each target, for whoever asks first.
    pub(crate) fn refusals(&self) -> Option<mpsc::Receiver<Refusal>> {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        refusals.take()
    }

    /// The same, with nothing to do for who starts the job: an engine joins it by its path.
    pub(crate) fn joined(mut self) -> Self {
        self.joined = true;
        self
    }

    /// The network namespace.
    pub(crate) fn descriptor(&self) -> std::os::fd::BorrowedFd<'_> {
        self.network.as_fd()
    }

    /// A path that leads to the network namespace as long as this lives, for other processes of
    /// the same user.
    #[must_use]
    pub fn path(&self) -> String {
        path(&self.network)
    }

    /// Lets the calling thread, and what it starts from now on, be in this network; the words
    /// before a command that are needed besides. For threads that end with their command.
    pub(crate) fn join(&self) -> io::Result<Vec<String>> {
        if self.user.is_some() {
            // Only a process with a single thread may enter another user namespace.
            return Ok(self.enter());
        }
        setns(&self.network, CloneFlags::CLONE_NEWNET)?;
        Ok(Vec::new())
    }

    /// The words before a command that make it run in this network.
    #[must_use]
    pub fn enter(&self) -> Vec<String> {
        if self.joined {
            return Vec::new();
        }
        let mut words = vec!["/usr/bin/nsenter".to_owned()];
        if let Some(user) = &self.user {
            words.push("--preserve-credentials".to_owned());
            words.push(format!("--user={}", path(user)));
        }
        words.push(format!("--net={}", self.path()));
        words.push("--".to_owned());
        words
    }
}

fn path(fd: &OwnedFd) -> String {
    let process = rustix::process::getpid();
    format!(
        "/proc/{}/fd/{}",
        process.as_raw_nonzero(),
        fd.as_fd().as_raw_fd()
    )
}

/// Takes packets from the job.
async fn read(tunnel: Arc<AsyncFd<OwnedFd>>, sender: PacketSender) {
    let mut buffer = vec![0; PACKET];
    loop {
        let Ok(mut ready) = tunnel.readable().await else {
            return;
        };
        match ready.try_io(|tunnel| Ok(rustix::io::read(tunnel, &mut buffer[..])?)) {
            Ok(Ok(length)) => {
                let packet = buffer.get(..length).unwrap_or_default().to_vec();
                if !sender.send(packet).await {
                    return;
                }
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "a job's tunnel ended");
                return;
            }
            Err(_not_ready) => {}
        }
    }
}

/// Gives packets to the job.
async fn write(tunnel: Arc<AsyncFd<OwnedFd>>, mut receiver: PacketReceiver) {
    while let Some(packet) = receiver.recv().await {
        let written = tunnel
            .async_io(tokio::io::Interest::WRITABLE, |tunnel| {
                Ok(rustix::io::write(tunnel, &packet)?)
            })
            .await;
        if let Err(error) = written {
            // One that the kernel does not take is lost, as on any wire.
            tracing::debug!(%error, "a packet did not get into a job's tunnel");
        }
    }
}

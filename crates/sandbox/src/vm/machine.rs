//! One job's machine.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::net::{UnixDatagram, UnixListener, UnixStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::card;
use super::command::{self, AGENT, Accelerator, CARD_OURS, Card, MONITOR, Plan, SCRATCH};
use super::conversation::{self, Heard};
use super::frame::{self, Job, Kind, PROTOCOL};
use super::image::Image;
use super::monitor::Monitor;
use super::process::{Process, Share};
use super::sockets::Sockets;
use crate::cap::Cap;
use crate::cgroup::Group;
use crate::files::FileContext as _;
use crate::home::Home;
use crate::{Exit, Network, Sandbox, SandboxError, Sink, Use};

/// How long QEMU may take to connect to its sockets; it does so before the machine starts.
const CONNECT: Duration = Duration::from_secs(20);
/// How long the end of a killed machine is waited for.
const END: Duration = Duration::from_secs(5);

/// What a machine is started with.
pub(crate) struct Start {
    pub(crate) id: String,
    pub(crate) image: Image,
    pub(crate) accelerator: Accelerator,
    pub(crate) wrapped: bool,
    pub(crate) memory_bytes: u64,
    pub(crate) processors: usize,
    pub(crate) disk_bytes: u64,
    pub(crate) network: Network,
    pub(crate) job: Job,
    pub(crate) mirror: Option<PathBuf>,
    pub(crate) home: Home,
    pub(crate) group: Option<Group>,
    /// It gets what nobody else wants of processors and disks.
    pub(crate) polite: bool,
    /// What it may use of the processors, where its group does not see to that.
    pub(crate) cap: Option<Cap>,
    /// By which what a dead worker left is found.
    pub(crate) marker: (&'static str, String),
    /// How long the machine may take until its agent speaks.
    pub(crate) patience: Duration,
}

/// A machine that is up and waits for its job.
pub(crate) struct Machine {
    id: String,
    home: Home,
    group: Option<Arc<Group>>,
    process: Process,
    monitor: tokio::sync::Mutex<Monitor>,
    agent: Mutex<Option<UnixStream>>,
    job: Job,
    mirror: Option<PathBuf>,
    /// Most that comes back by the lent directory.
    most_lent: u64,
    killed: CancellationToken,
    /// Carries its packets as long as this lives.
    _wire: Option<AbortOnDropHandle<()>>,
}

/// What is up.
struct Up {
    process: Process,
    agent: UnixStream,
    monitor: Monitor,
    wire: Option<AbortOnDropHandle<()>>,
}

fn did_not_start(reason: impl Into<String>) -> SandboxError {
    SandboxError::Machine {
        what: "did not start",
        reason: reason.into(),
    }
}

impl Machine {
    /// Starts a machine and waits until its agent speaks. Whatever was made is gone when this
    /// fails.
    pub(crate) async fn start(start: Start) -> Result<Self, SandboxError> {
        let Start { home, group, .. } = start;
        let group = group.map(Arc::new);
        let home_of_it = home;
        let started = Starting {
            directory: home_of_it.path(),
            group: group.clone(),
            image: &start.image,
            accelerator: start.accelerator,
            wrapped: start.wrapped,
            memory_bytes: start.memory_bytes,
            processors: start.processors,
            disk_bytes: start.disk_bytes,
            id: &start.id,
            network: &start.network,
            share: Share {
                polite: start.polite,
                cap: start.cap,
            },
            marker: start.marker,
            patience: start.patience,
        };
        match started.start().await {
            Ok(Up {
                process,
                agent,
                monitor,
                wire,
            }) => Ok(Self {
                id: start.id,
                home: home_of_it,
                group,
                process,
                monitor: tokio::sync::Mutex::new(monitor),
                agent: Mutex::new(Some(agent)),
                job: start.job,
                mirror: start.mirror,
                most_lent: start.disk_bytes,
                killed: CancellationToken::new(),
                _wire: wire,
            }),
            Err(error) => {
                clean(home_of_it, group).await;
                Err(error)
            }
        }
    }

    /// Ends the machine and waits for its end.
    async fn end(&self) {
        self.process.kill();
        if timeout(END, self.process.ended()).await.is_err() {
            tracing::warn!(sandbox = %self.id, "a machine does not end; the next sweep tries again");
        }
    }

    /// Hands the job over and hears what becomes of it.
    async fn work(&self, script: &str, sink: &Sink) -> Result<Exit, SandboxError> {
        let taken = self
            .agent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(mut agent) = taken else {
            return Err(SandboxError::WatchEnded(self.id.clone()));
        };
        let lent = self.home.lent();
        let parts = conversation::Parts {
            job: &self.job,
            script,
            mirror: self.mirror.as_deref(),
            lent,
        };
        let told = conversation::tell(&mut agent, &parts).await;
        let heard = match told {
            Ok(()) => conversation::hear(&mut agent, sink, lent, self.most_lent).await,
            // What it said before it went away tells more.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                conversation::hear(&mut agent, sink, None, 0).await
            }
            Err(error) => Err(error),
        };
        match heard {
            Ok(Heard::Ended(ended)) => Ok(Exit {
                code: ended.code.filter(|code| (0..=255).contains(code)),
                signal: ended.signal.filter(|signal| (1..=64).contains(signal)),
                killed: false,
                oom: ended.oom,
                process_limit: ended.process_limit,
            }),
            Ok(Heard::Closed) => Ok(killed()),
            Ok(Heard::Failed(why)) => Err(SandboxError::Machine {
                what: "can't start the job",
                reason: why,
            }),
            Ok(Heard::Gone) => self.went_away().await,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => self.went_away().await,
            Err(error) => Err(SandboxError::Machine {
                what: "is not understood",
                reason: error.to_string(),
            }),
        }
    }

    /// The machine ended before the job did.
    async fn went_away(&self) -> Result<Exit, SandboxError> {
        let said = timeout(END, self.process.ended()).await;
        if self
            .group
            .as_ref()
            .is_some_and(|group| group.ran_out_of_memory())
        {
            return Ok(Exit {
                signal: Some(9),
                oom: true,
                ..Exit::default()
            });
        }
        let reason = said.unwrap_or_else(|_| "its agent is gone".to_owned());
        Err(SandboxError::Machine {
            what: "ended before the job did",
            reason,
        })
    }
}

fn killed() -> Exit {
    Exit {
        signal: Some(9),
        killed: true,
        ..Exit::default()
    }
}

/// Removes what is left of a machine.
async fn clean(home: Home, group: Option<Arc<Group>>) {
    let cleaning = tokio::task::spawn_blocking(move || {
        if let Some(group) = group {
            group.remove();
        }
        home.remove();
    });
    if let Err(error) = cleaning.await {
        tracing::error!(%error, "cleaning up after a machine ended early");
    }
}

struct Starting<'a> {
    directory: &'a Path,
    group: Option<Arc<Group>>,
    image: &'a Image,
    accelerator: Accelerator,
    wrapped: bool,
    memory_bytes: u64,
    processors: usize,
    disk_bytes: u64,
    id: &'a str,
    network: &'a Network,
    share: Share,
    marker: (&'static str, String),
    patience: Duration,
}

impl Starting<'_> {
    async fn start(self) -> Result<Up, SandboxError> {
        let scratch = self.directory.join(SCRATCH);
        // Takes place on the worker's disk as the job fills it.
        fs::File::create(&scratch)
            .and_then(|file| file.set_len(self.disk_bytes))
            .on("create", &scratch)?;
        let sockets = Sockets::at(self.directory).on("open", self.directory)?;
        let listen =
            |name| UnixListener::bind(sockets.path(name)).on("make a socket in", self.directory);
        let (agent, monitor) = (listen(AGENT)?, listen(MONITOR)?);
        let (card, wire) = match self.network {
            Network::Off => (Card::None, None),
            Network::Machine => (Card::Machine, None),
            Network::Guarded(gateway) => {
                let ours = UnixDatagram::bind(sockets.path(CARD_OURS))
                    .on("make a socket in", self.directory)?;
                let its = Sockets::at(self.directory).on("open", self.directory)?;
                let attachment = gateway.attach(self.id, card::MTU);
                (Card::Frames, Some(card::carry(ours, its, attachment)))
            }
        };
        let command = command::command(&Plan {
            image: self.image,
            directory: self.directory,
            accelerator: self.accelerator,
            memory_bytes: self.memory_bytes,
            processors: self.processors,
            card,
            wrapped: self.wrapped,
        });
        let program = command.first().cloned().unwrap_or_default();
        let process = Process::start(command, self.marker, self.directory, self.group, self.share)
            .await
            .map_err(|source| SandboxError::Start { program, source })?;
        let connecting = async {
            let (agent, monitor) = tokio::try_join!(agent.accept(), monitor.accept())?;
            Ok::<_, io::Error>((agent.0, Monitor::greet(monitor.0).await?))
        };
        let connected = tokio::select! {
            biased;
            connected = timeout(CONNECT, connecting) => connected,
            said = process.ended() => return Err(did_not_start(said)),
        };
        let (mut agent, mut monitor) = match connected {
            Ok(Ok(both)) => both,
            Ok(Err(error)) => return Err(did_not_start(error.to_string())),
            Err(_) => return Err(did_not_start("QEMU does not connect")),
        };
        let hello = tokio::select! {
            biased;
            hello = timeout(self.patience, frame::read(&mut agent)) => hello,
            said = process.ended() => return Err(did_not_start(said)),
        };
        match hello {
            Ok(Ok(Some(frame))) if frame.kind == Kind::Hello => {
                if frame.content != PROTOCOL.to_string().as_bytes() {
                    return Err(did_not_start(
                        "the agent in the image is of another release; use an image of this worker's release",
                    ));
                }
                Ok(Up {
                    process,
                    agent,
                    monitor,
                    wire,
                })
            }
            Ok(Ok(Some(_))) => Err(did_not_start("its agent speaks another language")),
            Ok(Ok(None)) | Err(_) => {
                let console = monitor.console().await.unwrap_or_default();
                Err(did_not_start(last_words(&console)))
            }
            Ok(Err(error)) => Err(did_not_start(error.to_string())),
        }
    }
}

/// The last line of a console, fit to be shown.
fn last_words(console: &str) -> String {
    let last = console
        .lines()
        .map(str::trim)
        .rfind(|line| !line.is_empty());
    let last = last.unwrap_or("its console is empty");
    let plain = last.chars().filter(|letter| !letter.is_control()).take(300);
    format!(
        "its agent is silent; the console ends with: {}",
        plain.collect::<String>()
    )
}

/// Ends the machine when the future that runs its job is dropped.
struct KillOnDrop<'a>(&'a Machine);

impl Drop for KillOnDrop<'_> {
    fn drop(&mut self) {
        self.0.process.kill();
    }
}

#[async_trait]
impl Sandbox for Machine {
    async fn run(
        &self,
        script: &str,
        sink: Sink,
        stop: CancellationToken,
    ) -> Result<Exit, SandboxError> {
        let guard = KillOnDrop(self);
        let result = tokio::select! {
            biased;
            () = stop.cancelled() => Ok(killed()),
            () = self.killed.cancelled() => Ok(killed()),
            result = self.work(script, &sink) => result,
        };
        drop(guard);
        self.end().await;
        result
    }

    fn lent(&self) -> Option<&Path> {
        self.home.lent()
    }

    async fn freeze(&self) -> Result<(), SandboxError> {
        let ordered = self.monitor.lock().await.stop().await;
        ordered.map_err(|_| SandboxError::NotRunning(self.id.clone()))
    }

    async fn thaw(&self) -> Result<(), SandboxError> {
        let ordered = self.monitor.lock().await.go_on().await;
        ordered.map_err(|_| SandboxError::NotRunning(self.id.clone()))
    }

    async fn leave_cores(&self, left: u32) {
        self.process.leave_cores(left).await;
    }

    async fn usage(&self) -> Option<Use> {
        let told = self.group.as_ref().and_then(|group| group.usage());
        Some(told.unwrap_or_else(|| self.process.usage()))
    }

    async fn kill(&self) {
        self.killed.cancel();
        self.end().await;
    }

    async fn destroy(self: Box<Self>) {
        self.killed.cancel();
        self.end().await;
        let Self { home, group, .. } = *self;
        clean(home, group).await;
    }
}

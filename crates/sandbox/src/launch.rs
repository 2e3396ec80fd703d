//! Running a process on a terminal: what the namespace and the host executor share.

mod reader;
mod watch;

use std::convert::Infallible;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use async_trait::async_trait;
use rustix::process::{Pid, Signal, pidfd_send_signal};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use travis_egress::Refusal;

use crate::cgroup::Group;
use crate::home::Home;
use crate::network::{self, JobNetwork};
use crate::{Exit, Sandbox, SandboxError, Sink, TerminalSize, Use, processes, usage};

/// Refused targets that the log names.
const TOLD: usize = 20;
/// Stack of the watching thread; it calls nothing deep.
const STACK: usize = 256 * 1024;

/// How to start the job's process.
#[derive(Debug)]
pub(crate) struct Launch {
    /// Program and arguments.
    pub(crate) command: Vec<String>,
    /// Its whole environment.
    pub(crate) environment: Vec<(String, String)>,
    /// Where it starts, for programs that don't go elsewhere themselves.
    pub(crate) directory: Option<PathBuf>,
    /// Its terminal.
    pub(crate) terminal: TerminalSize,
    /// A variable by which processes that outlive the script are found where no control group
    /// holds them.
    pub(crate) marker: Option<(&'static str, String)>,
    /// The program is a launcher: its messages begin with this when it fails before the job
    /// begins, and it says `128 + signal` when a signal ended the job.
    pub(crate) launcher: Option<&'static str>,
    /// Its network, when it has one of its own with a way out.
    pub(crate) network: Option<JobNetwork>,
    /// It gets what nobody else wants of processors and disks.
    pub(crate) polite: bool,
}

/// What makes a program the last in the line for processors and disks. Idle classes are kept by
/// all that it starts.
const POLITE: [&str; 6] = ["/usr/bin/chrt", "--idle", "0", "/usr/bin/ionice", "-c", "3"];
/// Where there are no such classes.
const NICE: [&str; 3] = ["/usr/bin/nice", "-n", "19"];

/// The words before the command of a job that is polite.
fn polite_words() -> &'static [&'static str] {
    static WORDS: OnceLock<&'static [&'static str]> = OnceLock::new();
    WORDS.get_or_init(|| {
        // Tried once: a container may forbid it.
        let works = POLITE.split_first().is_some_and(|(program, rest)| {
            Command::new(program)
                .args(rest)
                .arg("/bin/true")
                .stdin(std::process::Stdio::null())
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
        });
        if works { &POLITE } else { &NICE }
    })
}

/// A sandbox around one process.
pub(crate) struct ProcessSandbox {
    id: String,
    shared: Arc<Shared>,
}

struct Shared {
    id: String,
    launch: Launch,
    home: Home,
    group: Option<Group>,
    process: OnceLock<Process>,
    killed: AtomicBool,
    /// Learned before the first kill, which itself works by a limit.
    process_limit: OnceLock<bool>,
}

struct Process {
    pid: Pid,
    /// Unlike the number, never names another process after this one's end.
    handle: OwnedFd,
}

impl ProcessSandbox {
    pub(crate) fn new(id: &str, launch: Launch, home: Home, group: Option<Group>) -> Self {
        Self {
            id: id.to_owned(),
            shared: Arc::new(Shared {
                id: id.to_owned(),
                launch,
                home,
                group,
                process: OnceLock::new(),
                killed: AtomicBool::new(false),
                process_limit: OnceLock::new(),
            }),
        }
    }

    async fn in_background(&self, work: impl FnOnce(&Shared) + Send + 'static) {
        let shared = Arc::clone(&self.shared);
        if let Err(error) = tokio::task::spawn_blocking(move || work(&shared)).await {
            tracing::error!(sandbox = %self.id, %error, "work on a sandbox ended early");
        }
    }

    async fn set_frozen(&self, frozen: bool) -> Result<(), SandboxError> {
        if self.shared.process.get().is_none() {
            return Err(SandboxError::NotRunning(self.id.clone()));
        }
        self.in_background(move |shared| shared.set_frozen(frozen))
            .await;
        Ok(())
    }
}

/// Says in the job's log what of the network is refused to it.
async fn tell(refusals: Option<mpsc::Receiver<Refusal>>, sink: Sink) -> Infallible {
    if let Some(mut refusals) = refusals {
        let mut left = TOLD;
        while let Some(refusal) = refusals.recv().await {
            // A reader that is gone ends the job, and with it this.
            let _ = sink.send(network::line(&refusal, left)).await;
            left -= 1;
            if left == 0 {
                break;
            }
        }
    }
    std::future::pending().await
}

/// Kills the sandbox when the future that runs it is dropped.
struct KillOnDrop(Option<Arc<Shared>>);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.killed.store(true, Ordering::SeqCst);
            thread::spawn(move || shared.kill());
        }
    }
}

#[async_trait]
impl Sandbox for ProcessSandbox {
    async fn run(
        &self,
        script: &str,
        sink: Sink,
        stop: CancellationToken,
    ) -> Result<Exit, SandboxError> {
        // A file of some kilobytes in the page cache: handing it to another thread takes longer.
        self.shared.home.write_script(script)?;
        let (done, mut ended) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        let telling = self
            .shared
            .launch
            .network
            .as_ref()
            .and_then(JobNetwork::refusals);
        let telling = tell(telling, sink.clone());
        // A thread of its own, not one of the pool: the job dies with the thread that started it,
        // and the pool ends idle threads.
        thread::Builder::new()
            .name(format!("job {}", self.id))
            .stack_size(STACK)
            .spawn(move || {
                // Nobody listens any more when the future was dropped; the guard killed the job.
                let _ = done.send(shared.watch(&sink));
            })
            .map_err(|source| SandboxError::Start {
                program: "a thread".to_owned(),
                source,
            })?;
        let mut guard = KillOnDrop(Some(Arc::clone(&self.shared)));
        let mut telling = std::pin::pin!(telling);
        let result = tokio::select! {
            biased;
            result = &mut ended => result,
            () = stop.cancelled() => {
                self.kill().await;
                ended.await
            }
            // It goes on for ever.
            never = &mut telling => match never {},
        };
        guard.0 = None;
        result.unwrap_or_else(|_| Err(SandboxError::WatchEnded(self.id.clone())))
    }

    fn lent(&self) -> Option<&Path> {
        self.shared.home.lent()
    }

    async fn freeze(&self) -> Result<(), SandboxError> {
        self.set_frozen(true).await
    }

    async fn thaw(&self) -> Result<(), SandboxError> {
        self.set_frozen(false).await
    }

    async fn usage(&self) -> Option<Use> {
        let process = self.shared.process.get()?;
        let told = self.shared.group.as_ref().and_then(Group::usage);
        Some(told.unwrap_or_else(|| usage::family(process.pid)))
    }

    async fn kill(&self) {
        self.shared.killed.store(true, Ordering::SeqCst);
        self.in_background(Shared::kill).await;
    }

    async fn destroy(self: Box<Self>) {
        self.shared.killed.store(true, Ordering::SeqCst);
        self.in_background(|shared| {
            shared.kill();
            if let Some(group) = &shared.group {
                group.remove();
            }
            shared.home.remove();
        })
        .await;
    }
}

impl Shared {
    fn kill(&self) {
        if let Some(process) = self.process.get() {
            // It may have ended already.
            let _ = pidfd_send_signal(&process.handle, Signal::KILL);
        }
        self.kill_rest();
    }

    /// Ends what is left beside the first process.
    fn kill_rest(&self) {
        self.reached_process_limit();
        if let Some(group) = &self.group {
            group.kill();
        } else if let Some((name, value)) = &self.launch.marker {
            // Once more for those that were started while the list was read.
            for _ in 0..5 {
                let left = processes::marked(name, value);
                if left.is_empty() {
                    break;
                }
                processes::signal(&left, Signal::KILL);
            }
        }
    }

    fn reached_process_limit(&self) -> bool {
        let group = self.group.as_ref();
        *self
            .process_limit
            .get_or_init(|| group.is_some_and(Group::reached_process_limit))
    }

    fn set_frozen(&self, frozen: bool) {
        let signal = if frozen { Signal::STOP } else { Signal::CONT };
        match (&self.group, self.process.get()) {
            (Some(group), _) => group.set_frozen(frozen),
            (None, Some(process)) => processes::signal(&processes::family(process.pid), signal),
            (None, None) => {}
        }
    }
}

//! Running a process on a terminal: what the namespace and the host executor share.

use std::convert::Infallible;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use travis_egress::Refusal;

use crate::cgroup::Group;
use crate::home::Home;
use crate::network::{self, JobNetwork};
use crate::terminal::Terminal;
use crate::{Exit, Sandbox, SandboxError, Sink, TerminalSize, Use, processes, usage};

/// Largest piece handed to the sink.
const CHUNK: usize = 64 * 1024;
/// How long output is waited for after the process ended. The kernel hands over what is in the
/// terminal within microseconds; only a process that escaped every kill holds it longer.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How messages of the program that makes the session begin.
const SESSION_LEADER: &str = "setsid: ";
const NETWORK_ENTRY: &str = "nsenter: ";
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

    /// Starts the process and sees it through to its end. Blocks.
    fn watch(&self, sink: &Sink) -> Result<Exit, SandboxError> {
        if self.killed.load(Ordering::SeqCst) {
            return Ok(Exit {
                killed: true,
                ..Exit::default()
            });
        }
        let terminal = Terminal::open(self.launch.terminal).map_err(SandboxError::Terminal)?;
        let mut child = self.start(terminal.job)?;
        let output = self.follow(&mut child, &terminal.ours, sink);
        // Reaps it in every case.
        let status = child.wait();
        let (status, first) = match (status, output) {
            (Ok(status), Ok(first)) => (status, first),
            (Err(source), _) | (_, Err(source)) => {
                self.kill();
                let _ = child.wait();
                return Err(self.start_error(source));
            }
        };
        let code = status.code();
        let killed = self.killed.load(Ordering::SeqCst);
        // Whoever could not begin says why on the job's terminal.
        let launchers = [
            Some(SESSION_LEADER),
            Some(NETWORK_ENTRY),
            self.launch.launcher,
        ];
        let mut launchers = launchers.into_iter().flatten();
        if !killed
            && matches!(code, Some(1 | 126 | 127))
            && launchers.any(|launcher| first.starts_with(launcher.as_bytes()))
        {
            let text = String::from_utf8_lossy(&first).trim().to_owned();
            return Err(self.start_error(io::Error::other(text)));
        }
        let told = code
            .filter(|code| self.launch.launcher.is_some() && (129..=192).contains(code))
            .map(|code| code - 128);
        Ok(Exit {
            code,
            signal: status.signal().or(told),
            killed,
            oom: self.group.as_ref().is_some_and(Group::ran_out_of_memory),
            process_limit: self.reached_process_limit(),
        })
    }

    fn start_error(&self, source: io::Error) -> SandboxError {
        let program = self.launch.command.first().cloned().unwrap_or_default();
        SandboxError::Start { program, source }
    }

    /// Starts the process inside the group, as leader of a session on the terminal.
    fn start(&self, terminal: OwnedFd) -> Result<Child, SandboxError> {
        let polite = if self.launch.polite {
            polite_words()
        } else {
            Default::default()
        };
        let mut words = polite.iter().copied().chain(["/usr/bin/setsid", "--ctty"]);
        let mut command = match self.group.as_ref().and_then(Group::join_file) {
            None => Command::new(words.next().unwrap_or_default()),
            Some(join) => {
                let mut shell = Command::new("/bin/sh");
                shell
                    .args(["-c", "echo 0 >\"$0\" && exec \"$@\""])
                    .arg(join);
                shell
            }
        };
        command.args(words);
        if let Some(network) = &self.launch.network {
            command.args(network.join().map_err(SandboxError::Network)?);
        }
        command.args(&self.launch.command);
        command.env_clear();
        command.envs(self.launch.environment.iter().map(|(k, v)| (k, v)));
        if let Some((name, value)) = &self.launch.marker {
            command.env(name, value);
        }
        if let Some(directory) = &self.launch.directory {
            command.current_dir(directory);
        }
        let started = terminal
            .try_clone()
            .and_then(|out| Ok((out, terminal.try_clone()?)))
            .and_then(|(out, error)| {
                command.stdin(terminal).stdout(out).stderr(error);
                if let Some(group) = &self.group {
                    group.enter()?;
                }
                let child = command.spawn();
                if let Some(Err(error)) = self.group.as_ref().map(Group::leave) {
                    tracing::warn!(sandbox = %self.id, %error, "the watching thread stays in the job's control group");
                }
                child
            });
        let mut child = started.map_err(|source| self.start_error(source))?;
        let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) else {
            return Err(SandboxError::WatchEnded(self.id.clone()));
        };
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => {
                if self.launch.polite {
                    // Kernels that group processes by session weigh the groups, not the processes.
                    let _ = std::fs::write(format!("/proc/{}/autogroup", child.id()), "19");
                }
                let _ = self.process.set(Process { pid, handle });
            }
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(self.start_error(error.into()));
            }
        }
        // Whoever killed before the process was known could not reach it.
        if self.killed.load(Ordering::SeqCst) {
            self.kill();
        }
        Ok(child)
    }

    /// Hands the output on until the process ended and all of it came. Returns its first bytes.
    fn follow(&self, child: &mut Child, ours: &OwnedFd, sink: &Sink) -> io::Result<Vec<u8>> {
        let Some(process) = self.process.get() else {
            return Ok(Vec::new());
        };
        let mut reader = Reader::new(ours)?;
        let mut until = None;
        loop {
            let state = reader.read_all_there_is(sink);
            if matches!(state, State::Closed) && !self.killed.swap(true, Ordering::SeqCst) {
                self.kill();
            }
            if let Some(until) = until {
                if !matches!(state, State::Waiting) || Instant::now() > until {
                    return Ok(reader.first);
                }
            } else if child.try_wait()?.is_some() {
                // The script ended; whatever it left behind ends now, and with it the terminal.
                if self.launch.marker.is_some() {
                    self.kill_rest();
                }
                until = Some(Instant::now() + LAST_WORDS);
                continue;
            }
            reader.wait(&process.handle, &state, until.is_some())?;
        }
    }
}

enum State {
    /// Everything was read; more may come.
    Waiting,
    /// Nobody has the terminal open.
    HungUp,
    /// The sink is closed.
    Closed,
}

struct Reader {
    terminal: File,
    buffer: Box<[u8]>,
    first: Vec<u8>,
}

impl Reader {
    fn new(terminal: &OwnedFd) -> io::Result<Self> {
        Ok(Self {
            terminal: File::from(terminal.try_clone()?),
            buffer: vec![0; CHUNK].into_boxed_slice(),
            first: Vec::new(),
        })
    }

    /// The terminal gives at most 4 KiB a call, so calls are repeated until the chunk is full or
    /// nothing is left.
    fn read_all_there_is(&mut self, sink: &Sink) -> State {
        loop {
            let mut filled = 0;
            let mut state = None;
            while let Some(space) = self.buffer.get_mut(filled..).filter(|s| !s.is_empty()) {
                match rustix::io::read(&self.terminal, space) {
                    Ok(0) => state = Some(State::HungUp),
                    Ok(count) => {
                        filled += count;
                        continue;
                    }
                    Err(Errno::INTR) => continue,
                    Err(Errno::AGAIN) => state = Some(State::Waiting),
                    // The kernel's word for a terminal that nobody has open.
                    Err(_) => state = Some(State::HungUp),
                }
                break;
            }
            let piece = self.buffer.get(..filled).unwrap_or_default();
            if !piece.is_empty() {
                let wanted = 512_usize.saturating_sub(self.first.len()).min(piece.len());
                self.first.extend(piece.iter().take(wanted));
                if sink.blocking_send(Bytes::copy_from_slice(piece)).is_err() {
                    return State::Closed;
                }
            }
            if let Some(state) = state {
                return state;
            }
        }
    }

    /// Waits for output or for the process's end.
    fn wait(&self, process: &OwnedFd, state: &State, ended: bool) -> io::Result<()> {
        let terminal = PollFd::from_borrowed_fd(self.terminal.as_fd(), PollFlags::IN);
        let process = PollFd::from_borrowed_fd(process.as_fd(), PollFlags::IN);
        let moment = Timespec {
            tv_sec: 0,
            tv_nsec: 50_000_000,
        };
        // A terminal that hung up reports that without end, though the script may open it again.
        let done = match (state, ended) {
            (State::Waiting, false) => poll(&mut [terminal, process], None),
            (State::Waiting, true) => poll(&mut [terminal], Some(&moment)),
            _ => poll(&mut [process], Some(&moment)),
        };
        match done {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

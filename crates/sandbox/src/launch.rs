//! Running a process on a terminal: what the namespace and the host executor share.

mod reader;

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::aside::Aside;
use crate::cap::{Cap, PACE};
use crate::cgroup::Group;
use crate::home::Home;
use crate::lines::Lines;
use crate::network::JobNetwork;
use crate::terminal::Terminal;
use crate::{Exit, Sandbox, SandboxError, Sink, TerminalSize, Use, polite, processes, usage};
use reader::{Reader, State};

/// How long output is waited for after the process ended. The kernel hands over what is in the
/// terminal within microseconds; only a process that escaped every kill holds it longer.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How messages of the program that makes the session begin.
const SESSION_LEADER: &str = "setsid: ";
const NETWORK_ENTRY: &str = "nsenter: ";
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
    /// What it may use of the processors, where its group does not see to that.
    pub(crate) cap: Option<Cap>,
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
    still: Mutex<Still>,
    aside: Aside,
    /// Learned before the first kill, which itself works by a limit.
    process_limit: OnceLock<bool>,
}

/// Who wants it to stand still.
#[derive(Debug, Clone, Copy, Default)]
struct Still {
    owner: bool,
    /// It used up its part of the processors.
    pace: bool,
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
                aside: Aside::new(launch.cap.as_ref()),
                launch,
                home,
                group,
                process: OnceLock::new(),
                killed: AtomicBool::new(false),
                still: Mutex::default(),
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
        self.in_background(move |shared| shared.hold(|still| still.owner = frozen))
            .await;
        Ok(())
    }
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
        let lines = Arc::new(Lines::new(sink));
        let telling = lines.tell(telling);
        let printed = Arc::clone(&lines);
        // A thread of its own, not one of the pool: the job dies with the thread that started it,
        // and the pool ends idle threads.
        thread::Builder::new()
            .name(format!("job {}", self.id))
            .stack_size(STACK)
            .spawn(move || {
                // Nobody listens any more when the future was dropped; the guard killed the job.
                let _ = done.send(shared.watch(&printed));
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

    async fn leave_cores(&self, left: u32) {
        self.in_background(move |shared| shared.leave_cores(left))
            .await;
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

    /// Changes who wants it to stand still, and lets it stand still or go on.
    fn hold(&self, change: impl FnOnce(&mut Still)) {
        // Held throughout, so that the last word is also the last deed.
        let mut still = self.still.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut still);
        let stands = still.owner || still.pace;
        match (&self.group, self.process.get()) {
            (Some(group), _) => group.set_frozen(stands),
            (None, Some(process)) => {
                let all = || {
                    let mut all = processes::family(process.pid);
                    if let Some((name, value)) = &self.launch.marker {
                        all.extend(processes::marked(name, value));
                    }
                    all
                };
                if stands {
                    processes::stop(all);
                } else {
                    processes::signal(&all(), Signal::CONT);
                }
            }
            (None, None) => {}
        }
    }

    fn leave_cores(&self, left: u32) {
        let Some(process) = self.process.get() else {
            return;
        };
        self.aside.leave(left, |all| match &self.group {
            Some(group) => group.members(),
            None => {
                let mut found = usage::pids(process.pid);
                // Those that left the family kept the cores that they had in it.
                if let Some((name, value)) = self.launch.marker.as_ref().filter(|_| all) {
                    found.extend(processes::marked(name, value));
                }
                found
            }
        });
    }

    fn begin_pace(self: &Arc<Self>) {
        if self.launch.cap.as_ref().and_then(Cap::pace).is_none() {
            return;
        }
        let shared = Arc::clone(self);
        let began = thread::Builder::new()
            .name(format!("pace {}", self.id))
            .stack_size(STACK)
            .spawn(move || shared.keep_pace());
        if let Err(error) = began {
            tracing::warn!(sandbox = %self.id, %error, "a job is not kept to its part of a core");
        }
    }

    /// Keeps what runs to a part of a core until its end.
    fn keep_pace(&self) {
        let pace = self.launch.cap.as_ref().and_then(Cap::pace);
        let (Some(mut pace), Some(process)) = (pace, self.process.get()) else {
            return;
        };
        let mut stopped = false;
        loop {
            let mut ends = [PollFd::new(&process.handle, PollFlags::IN)];
            let wait = Timespec {
                tv_sec: 0,
                tv_nsec: PACE.subsec_nanos().into(),
            };
            if poll(&mut ends, Some(&wait)).is_ok_and(|ended| ended > 0) {
                return;
            }
            let stops = pace.stops(Instant::now(), usage::family(process.pid).cpu);
            if stops != stopped {
                stopped = stops;
                self.hold(|still| still.pace = stops);
            }
        }
    }

    /// Starts the process and sees it through to its end. Blocks.
    fn watch(self: &Arc<Self>, lines: &Lines) -> Result<Exit, SandboxError> {
        if self.killed.load(Ordering::SeqCst) {
            return Ok(Exit {
                killed: true,
                ..Exit::default()
            });
        }
        let terminal = Terminal::open(self.launch.terminal).map_err(SandboxError::Terminal)?;
        let mut child = self.start(terminal.job)?;
        self.begin_pace();
        let output = self.follow(&mut child, &terminal.ours, lines);
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
        let (classes, session) = match self.launch.polite {
            true => (polite::words(), polite::session_words()),
            false => Default::default(),
        };
        let session = ["/usr/bin/setsid", "--ctty"].iter().chain(session);
        let mut words = session.chain(classes).copied();
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
                let child = match &self.launch.cap {
                    Some(cap) => cap.within(|| command.spawn()),
                    None => command.spawn(),
                };
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
                    polite::make_nice(pid);
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
    fn follow(&self, child: &mut Child, ours: &OwnedFd, lines: &Lines) -> io::Result<Vec<u8>> {
        let Some(process) = self.process.get() else {
            return Ok(Vec::new());
        };
        let mut reader = Reader::new(ours)?;
        let mut until = None;
        loop {
            let state = reader.read_all_there_is(lines);
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

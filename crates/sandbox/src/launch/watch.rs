//! A job's process from its start to its end, in the thread that watches it.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::reader::{Reader, State};
use super::{Process, Shared, polite_words};
use crate::cgroup::Group;
use crate::terminal::Terminal;
use crate::{Exit, SandboxError, Sink};

/// How long output is waited for after the process ended. The kernel hands over what is in the
/// terminal within microseconds; only a process that escaped every kill holds it longer.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How messages of the program that makes the session begin.
const SESSION_LEADER: &str = "setsid: ";
const NETWORK_ENTRY: &str = "nsenter: ";

impl Shared {
    /// Starts the process and sees it through to its end. Blocks.
    pub(super) fn watch(&self, sink: &Sink) -> Result<Exit, SandboxError> {
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

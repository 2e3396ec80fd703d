//! QEMU's process.

use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::sync::{oneshot, watch};

use crate::aside::Aside;
use crate::cap::{Cap, PACE};
use crate::cgroup::Group;
use crate::{Use, polite, processes, usage};

/// How much of what it says is kept.
const WORDS: usize = 4096;
/// Stack of the watching thread; it calls nothing deep.
const STACK: usize = 256 * 1024;

/// What it gets of this machine.
#[derive(Debug)]
pub(crate) struct Share {
    /// What nobody else wants of processors and disks.
    pub(crate) polite: bool,
    /// At most so much of the processors, where no group sees to that.
    pub(crate) cap: Option<Cap>,
}

/// A running machine. Dropping it ends the machine.
pub(crate) struct Process {
    /// Unlike the number, never names another process after this one's end.
    handle: OwnedFd,
    pid: Pid,
    aside: Arc<Aside>,
    /// What it said last, once it ended.
    ended: watch::Receiver<Option<String>>,
}

impl Process {
    /// Starts it in `directory`. A thread of its own sees it through to its end: the machine dies
    /// with the thread that started it, and the runtime ends idle threads.
    pub(crate) async fn start(
        command: Vec<String>,
        marker: (&'static str, String),
        directory: &Path,
        group: Option<Arc<Group>>,
        share: Share,
    ) -> io::Result<Self> {
        let classes = if share.polite { polite::words() } else { &[] };
        let command: Vec<String> = classes
            .iter()
            .map(|word| (*word).to_owned())
            .chain(command)
            .collect();
        let mut start = match group.as_deref().and_then(Group::join_file) {
            None => Command::new(command.first().map_or("", String::as_str)),
            Some(join) => {
                let mut shell = Command::new("/bin/sh");
                shell
                    .args(["-c", "echo 0 >\"$0\" && exec \"$@\""])
                    .arg(join)
                    .args(command.first());
                shell
            }
        };
        start
            .args(command.iter().skip(1))
            .env_clear()
            .env("PATH", "/usr/bin:/bin:/usr/local/bin:/usr/sbin:/sbin")
            .env(marker.0, marker.1)
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let aside = Arc::new(Aside::new(share.cap.as_ref()));
        let (began, started) = oneshot::channel();
        let (end, ended) = watch::channel(None);
        thread::Builder::new()
            .name("machine".to_owned())
            .stack_size(STACK)
            .spawn(move || {
                let entered = group.as_deref().map_or(Ok(()), Group::enter);
                let child = entered.and_then(|()| match &share.cap {
                    Some(cap) => cap.within(|| start.spawn()),
                    None => start.spawn(),
                });
                // Groups of version 1 hold threads; this one goes back.
                if let Some(Err(error)) = group.as_deref().map(Group::leave) {
                    tracing::warn!(%error, "the watching thread stays in the machine's control group");
                }
                let child = child.and_then(|mut child| Ok((handle(&mut child)?, child)));
                match child {
                    Ok(((handle, pid), mut child)) => {
                        if share.polite {
                            polite::make_nice(pid);
                        }
                        begin_pace(pid, share.cap);
                        // Nobody waits for it any more: then it ends at once.
                        let _ = began.send(Ok((handle, pid)));
                        let said = see_through(&mut child);
                        end.send_replace(Some(said));
                    }
                    Err(error) => {
                        let _ = began.send(Err(error));
                    }
                }
            })?;
        let (handle, pid) = started
            .await
            .map_err(|_| io::Error::other("the watching thread ended"))??;
        Ok(Self {
            handle,
            pid,
            aside,
            ended,
        })
    }

    /// Ends it at once.
    pub(crate) fn kill(&self) {
        // It may have ended already.
        let _ = pidfd_send_signal(&self.handle, Signal::KILL);
    }

    /// Leaves so many cores to other programs.
    pub(crate) async fn leave_cores(&self, left: u32) {
        let (aside, pid) = (Arc::clone(&self.aside), self.pid);
        let told =
            tokio::task::spawn_blocking(move || aside.leave(left, |_| usage::pids(pid))).await;
        if let Err(error) = told {
            tracing::error!(%error, "a machine was not told which cores to leave");
        }
    }

    /// What it uses of the machine.
    pub(crate) fn usage(&self) -> Use {
        usage::family(self.pid)
    }

    /// Waits until it ended and gives what it said last.
    pub(crate) async fn ended(&self) -> String {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(said) => said.clone().unwrap_or_default(),
            // The thread is gone and with it the machine.
            Err(_) => String::new(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn handle(child: &mut Child) -> io::Result<(OwnedFd, Pid)> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let handle = pid.map(|pid| (pidfd_open(pid, PidfdFlags::empty()), pid));
    if let Some((Ok(handle), pid)) = handle {
        return Ok((handle, pid));
    }
    let _ = child.kill();
    let _ = child.wait();
    Err(io::Error::other("the process can't be watched"))
}

/// Keeps the machine to a part of a core until its end; the cores are its own until then.
fn begin_pace(pid: Pid, cap: Option<Cap>) {
    let Some(cap) = cap else { return };
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else {
        return;
    };
    let began = thread::Builder::new()
        .name("pace".to_owned())
        .stack_size(STACK)
        .spawn(move || {
            let mut pace = cap.pace();
            let wait = Timespec {
                tv_sec: 0,
                tv_nsec: PACE.subsec_nanos().into(),
            };
            let mut stopped = false;
            loop {
                let mut ends = [PollFd::new(&handle, PollFlags::IN)];
                let wait = pace.is_some().then_some(&wait);
                match poll(&mut ends, wait) {
                    Ok(0) | Err(rustix::io::Errno::INTR) => {}
                    _ => return,
                }
                let Some(pace) = &mut pace else { continue };
                let stops = pace.stops(Instant::now(), usage::family(pid).cpu);
                if stops != stopped {
                    stopped = stops;
                    if stops {
                        processes::stop(|| processes::family(pid));
                    } else {
                        processes::signal(&processes::family(pid), Signal::CONT);
                    }
                }
            }
        });
    if let Err(error) = began {
        tracing::warn!(%error, "a machine is not kept to its part of a core");
    }
}

/// Reads what it says until its end. Blocks.
fn see_through(child: &mut Child) -> String {
    let mut words = Vec::new();
    if let Some(mut from) = child.stderr.take() {
        let mut buffer = [0; 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            let room = WORDS.saturating_sub(words.len());
            words.extend(buffer.iter().take(count.min(room)));
        }
    }
    match child.wait() {
        Ok(status) if words.is_empty() => {
            format!("{QEMU} ended with {status}", QEMU = super::command::QEMU)
        }
        _ => String::from_utf8_lossy(&words).trim().to_owned(),
    }
}

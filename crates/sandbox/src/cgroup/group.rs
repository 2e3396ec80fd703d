//! The group of one sandbox.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::Hierarchy;
use crate::{SandboxError, Use, processes};

/// How long ending a group may take before it is left to the next sweep. Killed processes vanish
/// within milliseconds, except those that wait for a dead disk.
const PATIENCE: Duration = Duration::from_secs(5);

/// The group of one sandbox.
#[derive(Debug)]
pub(crate) enum Group {
    /// One directory a controller.
    V1(Vec<Member>),
    /// One directory.
    V2(PathBuf),
}

/// A group of version 1 and the group that a visiting thread goes back to.
#[derive(Debug)]
pub(crate) struct Member {
    directory: PathBuf,
    own: PathBuf,
}

pub(super) fn create_v1(
    id: &str,
    memory: Option<(u64, &Hierarchy)>,
    pids: Option<(u64, &Hierarchy)>,
    cpu: Option<(Option<u32>, &Hierarchy)>,
    polite: bool,
) -> Result<Option<Group>, SandboxError> {
    let mut members = Vec::new();
    let mut add = |hierarchy: &Hierarchy, limit: Option<(&'static str, u64)>| {
        let directory = hierarchy.directory.join(id);
        make(&directory)?;
        // Recorded before the limit is set, so that a refusal removes it.
        members.push(Member {
            directory: directory.clone(),
            own: hierarchy.own.clone(),
        });
        limit.map_or(Ok(()), |(file, value)| set(&directory, file, value))
    };
    let made = memory
        .map_or(Ok(()), |(bytes, at)| {
            add(at, Some(("memory.limit_in_bytes", bytes)))
        })
        .and_then(|()| pids.map_or(Ok(()), |(count, at)| add(at, Some(("pids.max", count)))))
        .and_then(|()| {
            cpu.map_or(Ok(()), |(percent, at)| {
                // Of a period of 100,000 microseconds, which is the kernel's default.
                let quota = percent.map(|percent| ("cpu.cfs_quota_us", u64::from(percent) * 1000));
                add(at, quota)?;
                if polite {
                    yield_processors(&at.directory.join(id));
                }
                Ok(())
            })
        });
    if let Err(error) = made {
        Group::V1(members).remove();
        return Err(error);
    }
    if let (Some((bytes, _)), Some(member)) = (memory, members.first()) {
        // Swap counts where the kernel accounts for it.
        let _ = set(&member.directory, "memory.memsw.limit_in_bytes", bytes);
    }
    Ok((!members.is_empty()).then_some(Group::V1(members)))
}

pub(super) fn create_v2(
    directory: &Path,
    memory: Option<u64>,
    processes: Option<u64>,
    cpu: Option<u32>,
) -> Result<Group, SandboxError> {
    make(directory)?;
    let limits = memory
        .map_or(Ok(()), |bytes| set(directory, "memory.max", bytes))
        .and_then(|()| processes.map_or(Ok(()), |count| set(directory, "pids.max", count)))
        .and_then(|()| {
            // Of a period of 100,000 microseconds, which is the kernel's default.
            cpu.map_or(Ok(()), |percent| {
                set(directory, "cpu.max", u64::from(percent) * 1000)
            })
        });
    let group = Group::V2(directory.to_owned());
    if let Err(error) = limits {
        group.remove();
        return Err(error);
    }
    if memory.is_some() {
        let _ = set(directory, "memory.swap.max", 0);
    }
    Ok(group)
}

/// The kernel weighs groups against each other, whatever the classes of the processes in them: so
/// the group itself has to be of the idle class, or weigh next to nothing on older kernels.
pub(super) fn yield_processors(directory: &Path) {
    let idle = ["cpu.idle", "cpu.weight", "cpu.shares"]
        .into_iter()
        .zip(["1", "1", "2"]);
    for (file, value) in idle {
        let path = directory.join(file);
        if path.exists() && fs::write(path, value).is_ok() {
            return;
        }
    }
    tracing::debug!(group = %directory.display(), "a group of jobs weighs as much as any other");
}

fn make(directory: &Path) -> Result<(), SandboxError> {
    let mut made = fs::create_dir(directory);
    if made
        .as_ref()
        .is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound)
        && let Some(parent) = directory.parent()
    {
        // Another executor of this process had the same parent and removed it at its end.
        let _ = fs::create_dir(parent);
        for controller in super::detect::CONTROLLERS {
            let _ = fs::write(parent.join("cgroup.subtree_control"), controller);
        }
        made = fs::create_dir(directory);
    }
    made.map_err(|source| SandboxError::File {
        action: "create",
        path: directory.to_owned(),
        source,
    })
}

fn set(directory: &Path, limit: &'static str, value: u64) -> Result<(), SandboxError> {
    fs::write(directory.join(limit), value.to_string()).map_err(|source| SandboxError::Limit {
        limit,
        group: directory.to_owned(),
        source,
    })
}

impl Group {
    fn directories(&self) -> Vec<&Path> {
        match self {
            Self::V1(members) => members.iter().map(|m| m.directory.as_path()).collect(),
            Self::V2(directory) => vec![directory],
        }
    }

    /// Version 1: moves the calling thread into the group, so that a process that it starts is in
    /// it from its first instruction. Moving oneself takes microseconds, moving another process
    /// milliseconds, because only the latter waits for the whole machine.
    pub(crate) fn enter(&self) -> std::io::Result<()> {
        let Self::V1(members) = self else {
            return Ok(());
        };
        members
            .iter()
            .try_for_each(|member| fs::write(member.directory.join("tasks"), "0"))
    }

    /// Version 1: moves the calling thread back.
    pub(crate) fn leave(&self) -> std::io::Result<()> {
        let Self::V1(members) = self else {
            return Ok(());
        };
        members
            .iter()
            .try_for_each(|member| fs::write(member.own.join("tasks"), "0"))
    }

    /// Version 2 knows no threads: the process itself has to write a zero to this file before it
    /// becomes the job.
    pub(crate) fn join_file(&self) -> Option<PathBuf> {
        match self {
            Self::V1(_) => None,
            Self::V2(directory) => Some(directory.join("cgroup.procs")),
        }
    }

    /// Whether the kernel killed a member for its memory.
    pub(crate) fn ran_out_of_memory(&self) -> bool {
        self.counted(&["memory.oom_control", "memory.events"], "oom_kill ")
    }

    /// Whether the kernel refused a member another process.
    pub(crate) fn reached_process_limit(&self) -> bool {
        self.counted(&["pids.events"], "max ")
    }

    /// Whether a counter in one of the files is not zero.
    fn counted(&self, files: &[&str], counter: &str) -> bool {
        self.directories().iter().any(|directory| {
            files
                .iter()
                .filter_map(|file| fs::read_to_string(directory.join(file)).ok())
                .any(|text| {
                    text.lines()
                        .filter_map(|line| line.strip_prefix(counter))
                        .any(|count| count.trim() != "0")
                })
        })
    }

    /// What its members used and use; `None` where no such group was made.
    pub(crate) fn usage(&self) -> Option<Use> {
        let number = |directory: &Path, file: &str| -> Option<u64> {
            let text = fs::read_to_string(directory.join(file)).ok()?;
            text.trim().parse().ok()
        };
        let Self::V2(directory) = self else {
            return None;
        };
        let stat = fs::read_to_string(directory.join("cpu.stat")).ok()?;
        let used = stat
            .lines()
            .find_map(|line| line.strip_prefix("usage_usec "))?;
        Some(Use {
            cpu: Duration::from_micros(used.trim().parse().ok()?),
            memory_bytes: number(directory, "memory.current")?,
        })
    }

    /// Processes in it.
    pub(crate) fn members(&self) -> Vec<Pid> {
        self.directories().into_iter().flat_map(members).collect()
    }

    /// Stops or continues every member.
    pub(crate) fn set_frozen(&self, frozen: bool) {
        if let Self::V2(directory) = self {
            let state = if frozen { "1" } else { "0" };
            if fs::write(directory.join("cgroup.freeze"), state).is_ok() {
                return;
            }
        }
        let all = || self.members();
        if frozen {
            processes::stop(all);
        } else {
            processes::signal(&all(), Signal::CONT);
        }
    }

    /// Kills every member, and those that they start meanwhile, until none is left.
    pub(crate) fn kill(&self) {
        let until = Instant::now() + PATIENCE;
        for directory in self.directories() {
            end(directory, until);
        }
    }

    /// Kills every member and removes the group.
    pub(crate) fn remove(&self) {
        for directory in self.directories() {
            remove_left(directory);
        }
    }
}

fn members(directory: &Path) -> Vec<Pid> {
    let own = std::process::id().to_string();
    fs::read_to_string(directory.join("cgroup.procs"))
        .unwrap_or_default()
        .lines()
        // A thread of ours may be passing through.
        .filter(|line| *line != own)
        .filter_map(|line| line.parse().ok().and_then(Pid::from_raw))
        .collect()
}

fn signal_members(directory: &Path, signal: Signal) -> bool {
    let members = members(directory);
    for pid in &members {
        // It may have ended meanwhile.
        let _ = kill_process(*pid, signal);
    }
    !members.is_empty()
}

/// Kills all members until there are none or time is up.
fn end(directory: &Path, until: Instant) -> bool {
    // Nobody starts anything any more, so that a fork bomb can't outrun the killing.
    let _ = fs::write(directory.join("pids.max"), "0");
    let at_once = fs::write(directory.join("cgroup.kill"), "1").is_ok();
    let mut pause = Duration::from_micros(200);
    loop {
        let some_left = if at_once {
            !members(directory).is_empty()
        } else {
            signal_members(directory, Signal::KILL)
        };
        if !some_left {
            return true;
        }
        if Instant::now() > until {
            return false;
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// Ends and removes a group by its directory.
pub(super) fn remove_left(directory: &Path) {
    let until = Instant::now() + PATIENCE;
    let mut pause = Duration::from_micros(200);
    loop {
        match fs::remove_dir(directory) {
            Ok(()) => return,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) if Instant::now() > until => {
                tracing::warn!(group = %directory.display(), %error, "could not remove a control group");
                return;
            }
            // Busy: members, or the ends of members that the kernel has not accounted for yet.
            Err(_) => {
                end(directory, until);
                thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_millis(20));
            }
        }
    }
}

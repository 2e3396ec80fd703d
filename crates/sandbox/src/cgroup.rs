//! Control groups: limits on a job's memory and processes, and a sure way to end all of it.
//!
//! Machines of today mount version 2, in which a process may only use what was delegated to it;
//! older ones mount version 1. Both are used when they lend something, and what they don't lend is
//! said rather than passed over.

mod detect;
mod group;

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) use group::Group;

use crate::{Finding, ResourceLimits, SandboxError};

/// Processes and threads of a job for which nobody set a limit. High enough for parallel builds of
/// large projects, low enough that a fork bomb leaves the machine usable.
pub const DEFAULT_PROCESSES: u64 = 4096;

/// What the kernel lends to this process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lent {
    /// Memory can be limited.
    pub memory: bool,
    /// Processes can be limited.
    pub processes: bool,
    /// Processor time can be limited.
    pub cpu: bool,
}

impl Lent {
    /// The names of the limits, as workers report them.
    #[must_use]
    pub fn names(self) -> Vec<&'static str> {
        let memory = self.memory.then_some("memory");
        let processes = self.processes.then_some("processes");
        let cpu = self.cpu.then_some("cpu");
        [memory, processes, cpu].into_iter().flatten().collect()
    }
}

/// The place in which groups of jobs are made.
#[derive(Debug, Clone, Default)]
pub struct Cgroups {
    parents: Arc<Parents>,
}

#[derive(Debug, Default)]
pub(crate) enum Parents {
    #[default]
    None,
    /// One hierarchy a controller.
    V1 {
        memory: Option<Hierarchy>,
        pids: Option<Hierarchy>,
        cpu: Option<Hierarchy>,
    },
    /// One hierarchy for all.
    V2 { directory: PathBuf, lent: Lent },
}

impl Parents {
    fn directories(&self) -> Vec<&Path> {
        match self {
            Self::None => Vec::new(),
            Self::V1 { memory, pids, cpu } => [memory, pids, cpu]
                .into_iter()
                .flatten()
                .map(|hierarchy| hierarchy.directory.as_path())
                .collect(),
            Self::V2 { directory, .. } => vec![directory],
        }
    }
}

impl Drop for Parents {
    fn drop(&mut self) {
        for directory in self.directories() {
            // Refused while jobs' groups are in it, which is as it should be.
            let _ = fs::remove_dir(directory);
        }
    }
}

/// A controller of version 1.
#[derive(Debug, Clone)]
pub(crate) struct Hierarchy {
    /// Jobs' groups are made here.
    pub(crate) directory: PathBuf,
    /// The worker's own group.
    pub(crate) own: PathBuf,
}

impl Cgroups {
    /// Finds out what this process is lent. `root` is the directory of the worker's sandboxes: two
    /// workers on one machine get groups of different names from it.
    #[must_use]
    pub fn detect(root: &Path) -> Self {
        let mut hasher = DefaultHasher::new();
        root.hash(&mut hasher);
        let name = format!("travis-{:08x}", hasher.finish() & 0xffff_ffff);
        Self {
            parents: Arc::new(detect::parents(&name)),
        }
    }

    /// Uses no groups.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// What is lent.
    #[must_use]
    pub fn lent(&self) -> Lent {
        match &*self.parents {
            Parents::None => Lent::default(),
            Parents::V1 { memory, pids, cpu } => Lent {
                memory: memory.is_some(),
                processes: pids.is_some(),
                cpu: cpu.is_some(),
            },
            Parents::V2 { lent, .. } => *lent,
        }
    }

    /// Makes the group of one sandbox; `None` where nothing is lent. When it is `polite` others go
    /// before it.
    pub(crate) fn create(
        &self,
        id: &str,
        limits: ResourceLimits,
        polite: bool,
    ) -> Result<Option<Group>, SandboxError> {
        let processes = limits.processes.unwrap_or(DEFAULT_PROCESSES);
        match &*self.parents {
            Parents::None => Ok(None),
            Parents::V1 { memory, pids, cpu } => {
                // Joining a group costs time at every start, so there is only one for memory when
                // memory is limited, and for processors when they are, or are left to others.
                let memory = limits.memory_bytes.zip(memory.as_ref());
                let pids = pids.as_ref().map(|pids| (processes, pids));
                let cpu = cpu
                    .as_ref()
                    .filter(|_| polite || limits.cpu_percent.is_some());
                let cpu = cpu.map(|cpu| (limits.cpu_percent, cpu));
                group::create_v1(id, memory, pids, cpu, polite)
            }
            Parents::V2 { directory, lent } => {
                let memory = limits.memory_bytes.filter(|_| lent.memory);
                let processes = lent.processes.then_some(processes);
                let cpu = limits.cpu_percent.filter(|_| lent.cpu);
                let group = group::create_v2(&directory.join(id), memory, processes, cpu)?;
                if polite && lent.cpu {
                    // Beside it are the worker and others, so the group of all jobs has to yield.
                    group::yield_processors(directory);
                }
                Ok(Some(group))
            }
        }
    }

    /// Ends and removes the groups that earlier processes of this worker left.
    pub(crate) fn sweep(&self) {
        for directory in self.parents.directories() {
            let Ok(entries) = fs::read_dir(directory) else {
                continue;
            };
            for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
                group::remove_left(&entry.path());
            }
        }
    }

    /// What keeps limits on processors here, for people.
    pub(crate) fn cpu_cap(&self) -> &'static str {
        crate::cap::words(self.lent().cpu)
    }

    /// What a person should know about limits here.
    pub(crate) fn finding(&self) -> Finding {
        let lent = self.lent();
        let version = match *self.parents {
            Parents::None => "none",
            Parents::V1 { .. } => "version 1",
            Parents::V2 { .. } => "version 2",
        };
        if lent.memory && lent.processes {
            return Finding::good(
                "limits",
                format!(
                    "memory and processes can be limited (control groups {version}), processors by {}",
                    self.cpu_cap()
                ),
            );
        }
        let missing = match (lent.memory, lent.processes) {
            (false, false) => "neither memory nor processes can be limited",
            (false, true) => "memory can't be limited",
            _ => "processes can't be limited",
        };
        Finding::bad(
            "limits",
            format!(
                "{missing} (control groups: {version}); processors are limited by {}",
                self.cpu_cap()
            ),
            "run the worker as a systemd service with Delegate=yes, or as root; jobs run without these limits until then",
        )
    }
}

#[cfg(test)]
mod tests;

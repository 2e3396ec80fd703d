//! Cores that a job leaves to the programs of the machine's owner for a while.
//!
//! The idle classes alone are not enough for programs that do something in short pieces: a kernel
//! that shares out time by turns lets an idle job have a turn, which is a whole tick, in the middle
//! of a piece, and the piece takes two or three times as long. A core on which no job runs has no
//! such turns.

use std::fs;
use std::sync::{Mutex, PoisonError};

use rustix::io::Errno;
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::cap::{self, Cap};

/// Walks over all threads after which none should be found that was not told.
const MOST_WALKS: usize = 20;

/// The numbers of some cores, ascending.
type Cores = Vec<usize>;

/// The cores of one job.
#[derive(Debug)]
pub(crate) struct Aside {
    /// Those that it has while it leaves none.
    own: Cores,
    /// Those of the worker, of which the first are left.
    all: Cores,
    told: Mutex<Told>,
}

/// What its threads were told.
#[derive(Debug, Default)]
struct Told {
    left: usize,
    /// All that threads were given so far: what else they have, they chose.
    given: Vec<Cores>,
}

impl Aside {
    /// Of a job that is kept to the cores of `cap`, or to none.
    pub(crate) fn new(cap: Option<&Cap>) -> Self {
        let all = cap::allowed();
        let mut own = cap.map_or_else(|| all.clone(), |cap| cap.cores().to_vec());
        own.sort_unstable();
        Self {
            own,
            all,
            told: Mutex::default(),
        }
    }

    /// Has the threads of a job's processes leave so many cores, and those of processes that begin
    /// meanwhile. `list` gives the processes; its argument is whether they are told something new,
    /// so that all have to be found. Blocks, for some milliseconds.
    pub(crate) fn leave(&self, left: u32, list: impl Fn(bool) -> Vec<Pid>) {
        // Held throughout, so that the last word is also the last deed.
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        // One stays to the job.
        let most = self.all.len().saturating_sub(1);
        let left = usize::try_from(left).unwrap_or(most).min(most);
        let new = left != told.left;
        if left == 0 && !new {
            return;
        }
        told.left = left;
        let wanted = self.without(left);
        if !told.given.contains(&wanted) {
            told.given.push(wanted.clone());
        }
        let mut refused = None;
        // What is started by who was told has heard it, too; so nobody is left once all were found
        // to know.
        for _ in 0..MOST_WALKS {
            let mut changed = false;
            for thread in list(new).into_iter().flat_map(threads) {
                match tell(thread, &wanted, &told.given) {
                    Ok(one) => changed |= one,
                    // It ended.
                    Err(Errno::SRCH) => {}
                    Err(error) => refused = Some(error),
                }
            }
            if !changed {
                break;
            }
        }
        if let Some(error) = refused {
            tracing::debug!(%error, left, "some threads of a job keep their cores");
        }
    }

    /// Its cores when so many are left. The last of the worker's when all of its own are left.
    fn without(&self, left: usize) -> Cores {
        let (gone, kept) = self.all.split_at(left.min(self.all.len()));
        let rest: Cores = self
            .own
            .iter()
            .copied()
            .filter(|core| !gone.contains(core))
            .collect();
        if rest.is_empty() {
            let from = kept.len().saturating_sub(self.own.len().max(1));
            return kept.get(from..).unwrap_or_default().to_vec();
        }
        rest
    }
}

/// Gives a thread these cores; `false` when it has them, or has chosen fewer of them by itself.
fn tell(thread: Pid, wanted: &Cores, given: &[Cores]) -> Result<bool, Errno> {
    let now = cores(&sched_getaffinity(Some(thread))?);
    let chosen = !given.contains(&now) && now.iter().all(|core| wanted.contains(core));
    if now == *wanted || chosen {
        return Ok(false);
    }
    let mut set = CpuSet::new();
    for core in wanted {
        set.set(*core);
    }
    sched_setaffinity(Some(thread), &set)?;
    // A group may allow fewer of them, and is not told again and again in the same walk.
    Ok(cores(&sched_getaffinity(Some(thread))?) != now)
}

/// The cores of a set.
pub(crate) fn cores(set: &CpuSet) -> Cores {
    (0..CpuSet::MAX_CPU)
        .filter(|core| set.is_set(*core))
        .collect()
}

fn threads(process: Pid) -> Vec<Pid> {
    let tasks = format!("/proc/{}/task", process.as_raw_nonzero());
    let tasks = fs::read_dir(tasks).into_iter().flatten().flatten();
    tasks
        .filter_map(|task| Pid::from_raw(task.file_name().to_str()?.parse().ok()?))
        .collect()
}

#[cfg(test)]
mod tests;

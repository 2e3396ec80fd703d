//! Processes by what /proc says of them, for machines that lend no control groups.

use std::collections::{HashMap, HashSet};
use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// Lists after which nobody new should be found.
const MOST_LISTS: usize = 50;

/// All processes whose environment was started with `name=value`. A process that clears its
/// environment escapes this; on machines where that matters, jobs belong into the namespace.
pub(crate) fn marked(name: &str, value: &str) -> Vec<Pid> {
    let marker = format!("{name}={value}");
    all()
        .filter(|pid| {
            fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())).is_ok_and(|environment| {
                environment
                    .split(|byte| *byte == 0)
                    .any(|variable| variable == marker.as_bytes())
            })
        })
        .collect()
}

/// A process and all that descend from it and were not orphaned.
pub(crate) fn family(root: Pid) -> Vec<Pid> {
    let mut children: HashMap<Pid, Vec<Pid>> = HashMap::new();
    for pid in all() {
        if let Some(parent) = parent_of(pid) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(pid) = found.get(next).copied() {
        found.extend(children.remove(&pid).unwrap_or_default());
        next += 1;
    }
    found
}

/// Sends a signal; who is gone is gone.
pub(crate) fn signal(pids: &[Pid], signal: Signal) {
    for pid in pids {
        let _ = kill_process(*pid, signal);
    }
}

/// Stops all of them, those included that they start meanwhile: whoever was told to stop starts
/// nothing any more, so nobody is left once a list names nobody new.
pub(crate) fn stop(list: impl Fn() -> Vec<Pid>) {
    let mut told = HashSet::new();
    for _ in 0..MOST_LISTS {
        let new: Vec<Pid> = list().into_iter().filter(|pid| told.insert(*pid)).collect();
        if new.is_empty() {
            return;
        }
        signal(&new, Signal::STOP);
    }
}

fn all() -> impl Iterator<Item = Pid> {
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let number: i32 = entry.file_name().to_str()?.parse().ok()?;
            Pid::from_raw(number)
        })
}

fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The name in parentheses may hold anything, so the fields are counted from its end.
    let (_, rest) = stat.rsplit_once(')')?;
    let parent: i32 = rest.split_whitespace().nth(1)?.parse().ok()?;
    Pid::from_raw(parent)
}

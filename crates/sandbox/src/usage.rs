//! What processes use of the machine.

use std::fs::{self, File};
use std::io::Read as _;
use std::time::Duration;

use rustix::process::Pid;

/// Processes of one family that are looked at; more is a fork bomb, and counts by what is seen.
const MOST: usize = 4096;

/// What a sandbox uses of the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Use {
    /// Processor time since its start, all processors together.
    pub cpu: Duration,
    /// Bytes of memory now.
    pub memory_bytes: u64,
}

/// What this process and all that descends from it used of the processors, with those that ended
/// and were waited for, and the memory that they take now.
#[must_use]
pub fn own_family() -> Use {
    family(rustix::process::getpid())
}

/// What this process alone used of the processors.
#[must_use]
pub fn own_process() -> Use {
    let mut buffer = Vec::new();
    process(rustix::process::getpid(), &mut buffer).map_or_else(Use::default, |it| Use {
        cpu: time(it.alone),
        memory_bytes: it.pages.saturating_mul(page()),
    })
}

pub(crate) fn family(root: Pid) -> Use {
    let mut buffer = Vec::new();
    let (mut ticks, mut pages) = (0, 0);
    for pid in pids(root) {
        if let Some(it) = process(pid, &mut buffer) {
            ticks += it.alone + it.waited_for;
            pages += it.pages;
        }
    }
    Use {
        cpu: time(ticks),
        memory_bytes: pages.saturating_mul(page()),
    }
}

fn page() -> u64 {
    u64::try_from(rustix::param::page_size()).unwrap_or(4096)
}

/// Ticks of the kernel's clock as time.
fn time(ticks: u64) -> Duration {
    let each = rustix::param::clock_ticks_per_second().max(1);
    Duration::from_millis(ticks.saturating_mul(1000) / each)
}

struct Counts {
    alone: u64,
    /// Of children that ended.
    waited_for: u64,
    pages: u64,
}

fn process(pid: Pid, buffer: &mut Vec<u8>) -> Option<Counts> {
    buffer.clear();
    File::open(format!("/proc/{}/stat", pid.as_raw_nonzero()))
        .ok()?
        .read_to_end(buffer)
        .ok()?;
    counts(&String::from_utf8_lossy(buffer))
}

/// Reads a line of `/proc/PID/stat`.
fn counts(line: &str) -> Option<Counts> {
    // The name in parentheses may hold anything, so the fields are counted from its end.
    let (_, rest) = line.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let mut field = |skip: usize| fields.nth(skip)?.parse::<u64>().ok();
    let (user, system, waited_user, waited_system) = (field(11)?, field(0)?, field(0)?, field(0)?);
    Some(Counts {
        alone: user + system,
        waited_for: waited_user + waited_system,
        pages: field(6)?,
    })
}

/// A process and all that descend from it.
pub(crate) fn pids(root: Pid) -> Vec<Pid> {
    let mut found = vec![root];
    let mut buffer = Vec::new();
    let mut next = 0;
    while let Some(pid) = found.get(next).copied().filter(|_| found.len() <= MOST) {
        next += 1;
        let tasks = format!("/proc/{}/task", pid.as_raw_nonzero());
        for thread in fs::read_dir(tasks).into_iter().flatten().flatten() {
            buffer.clear();
            let read = File::open(thread.path().join("children"))
                .and_then(|mut file| file.read_to_end(&mut buffer));
            if read.is_ok() {
                let text = String::from_utf8_lossy(&buffer);
                let pids = text.split_ascii_whitespace();
                found.extend(pids.filter_map(|pid| Pid::from_raw(pid.parse().ok()?)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_kernels_line() {
        let line = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 2 3 4 11 22 33 44 20 0 3 0 1 5000 321 9";
        let counts = counts(line).unwrap();
        assert_eq!(
            (counts.alone, counts.waited_for, counts.pages),
            (33, 77, 321)
        );
        assert!(super::counts("42 (short) S 1").is_none());
    }

    #[test]
    fn children_and_grandchildren_belong_to_the_family() {
        let before = own_family();
        let work = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done";
        let mut child = std::process::Command::new("/bin/sh")
            .args(["-c", &format!("({work}) & {work}; wait")])
            .spawn()
            .unwrap();
        child.wait().unwrap();
        let after = own_family();
        assert!(
            after.cpu > before.cpu + Duration::from_millis(50),
            "{before:?} {after:?}"
        );
        assert!(after.memory_bytes > 0 && own_process().memory_bytes > 0);
    }
}

//! How much of the processors programs of others use: what the machine was busy, less what this
//! process and all that descends from it used.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use rustix::process::Pid;

/// Processes of jobs that are looked at; more is a fork bomb, which counts by what is seen of it.
const MOST: usize = 4096;

/// Counts by the kernel's clock ticks.
#[derive(Debug, Default)]
pub(crate) struct Cpu {
    stat: Option<File>,
    buffer: Vec<u8>,
    last: Option<Counts>,
}

#[derive(Debug, Clone, Copy)]
struct Counts {
    busy: u64,
    total: u64,
    /// By the tree of processes.
    ours: u64,
    /// This process alone.
    own: u64,
    /// As sandboxes say.
    jobs: Duration,
}

impl Cpu {
    /// Hundredths of all cores that others used since the last call; `None` at the first one and
    /// where it can't be known.
    #[expect(clippy::cast_precision_loss, reason = "ticks between two looks")]
    pub(crate) fn others(&mut self, has_jobs: bool, jobs: Duration) -> Option<f64> {
        let now = self.count(has_jobs, jobs)?;
        let last = self.last.replace(now)?;
        let total = now.total.checked_sub(last.total).filter(|ticks| *ticks > 0)?;
        let busy = now.busy.saturating_sub(last.busy);
        let hertz = rustix::param::clock_ticks_per_second().max(1) as f64;
        // The tree misses processes that ended without anybody waiting for them, the sandboxes
        // miss what is done for a job outside of them: the larger one is nearer to the truth.
        let tree = now.ours.saturating_sub(last.ours) as f64;
        let told = now.jobs.saturating_sub(last.jobs).as_secs_f64() * hertz
            + now.own.saturating_sub(last.own) as f64;
        let others = busy as f64 - tree.max(told);
        Some((others * 100.0 / total as f64).clamp(0.0, 100.0))
    }

    fn count(&mut self, has_jobs: bool, jobs: Duration) -> Option<Counts> {
        if self.stat.is_none() {
            self.stat = Some(File::open("/proc/stat").ok()?);
        }
        self.buffer.resize(512, 0);
        let length = self.stat.as_ref()?.read_at(&mut self.buffer, 0).ok()?;
        let text = std::str::from_utf8(self.buffer.get(..length)?).ok()?;
        let (busy, total) = machine(text)?;
        let own_pid = rustix::process::getpid();
        let this = process(own_pid, &mut self.buffer)?;
        // Without jobs only what was started for them before counts, and that has ended.
        let ours = if has_jobs {
            tree(own_pid, &mut self.buffer)
        } else {
            this.alone + this.waited_for
        };
        Some(Counts {
            busy,
            total,
            ours,
            own: this.alone,
            jobs,
        })
    }
}

/// Ticks in which the machine was busy, and all ticks, from the first line of `/proc/stat`.
fn machine(text: &str) -> Option<(u64, u64)> {
    let line = text.lines().next()?.strip_prefix("cpu ")?;
    // user nice system idle iowait irq softirq steal; guests are counted as user already.
    let mut fields = [0_u64; 8];
    for (field, word) in fields.iter_mut().zip(line.split_ascii_whitespace()) {
        *field = word.parse().ok()?;
    }
    let [user, nice, system, idle, iowait, irq, softirq, steal] = fields;
    let busy = user + nice + system + irq + softirq;
    Some((busy, busy + idle + iowait + steal))
}

struct Ticks {
    alone: u64,
    /// Of children that ended.
    waited_for: u64,
    threads: u64,
}

fn process(pid: Pid, buffer: &mut Vec<u8>) -> Option<Ticks> {
    buffer.clear();
    File::open(format!("/proc/{pid}/stat", pid = pid.as_raw_nonzero()))
        .ok()?
        .read_to_end(buffer)
        .ok()?;
    ticks(&String::from_utf8_lossy(buffer))
}

/// Reads a line of `/proc/PID/stat`.
fn ticks(line: &str) -> Option<Ticks> {
    // The name in parentheses may hold anything, so the fields are counted from its end.
    let (_, rest) = line.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    let (user, system, waited_user, waited_system) = (next()?, next()?, next()?, next()?);
    let (_priority, _nice) = (fields.next()?, fields.next()?);
    Some(Ticks {
        alone: user + system,
        waited_for: waited_user + waited_system,
        threads: fields.next()?.parse().ok()?,
    })
}

/// Ticks of a process and of all that descends from it.
fn tree(root: Pid, buffer: &mut Vec<u8>) -> u64 {
    let mut open = vec![root];
    let mut seen = 0;
    let mut sum = 0;
    while let Some(pid) = open.pop() {
        seen += 1;
        let Some(ticks) = process(pid, buffer).filter(|_| seen <= MOST) else {
            continue;
        };
        sum += ticks.alone + ticks.waited_for;
        let number = pid.as_raw_nonzero();
        if ticks.threads == 1 {
            children(&format!("/proc/{number}/task/{number}/children"), buffer, &mut open);
            continue;
        }
        for thread in fs::read_dir(format!("/proc/{number}/task")).into_iter().flatten().flatten() {
            let path = thread.path().join("children");
            children(&path.to_string_lossy(), buffer, &mut open);
        }
    }
    sum
}

fn children(path: &str, buffer: &mut Vec<u8>, found: &mut Vec<Pid>) {
    buffer.clear();
    let read = File::open(path).and_then(|mut file| file.read_to_end(buffer));
    if read.is_ok() {
        let text = String::from_utf8_lossy(buffer);
        let pids = text.split_ascii_whitespace().filter_map(|word| word.parse().ok());
        found.extend(pids.filter_map(Pid::from_raw));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_kernels_lines() {
        let text = "cpu  100 5 50 800 20 3 2 20 7 0\ncpu0 1 2 3\n";
        assert_eq!(machine(text), Some((160, 1000)));
        assert_eq!(machine("intr 1"), None);
        let line = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 2 3 4 11 22 33 44 20 0 3 0 1";
        let ticks = ticks(line).unwrap();
        assert_eq!((ticks.alone, ticks.waited_for, ticks.threads), (33, 77, 3));
    }

    #[test]
    fn what_descends_from_this_process_is_not_of_others() {
        // A child that works for three tenths of a second, and a grandchild beside it.
        let mut cpu = Cpu::default();
        if cpu.others(true, Duration::ZERO).is_none() && cpu.last.is_none() {
            eprintln!("skipped: /proc/stat can't be read");
            return;
        }
        let before = cpu.last.unwrap().ours;
        let work = "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done";
        let mut child = std::process::Command::new("/bin/sh")
            .args(["-c", &format!("({work}) & {work}; wait")])
            .spawn()
            .unwrap();
        child.wait().unwrap();
        cpu.others(true, Duration::ZERO);
        assert!(cpu.last.unwrap().ours > before + 5);
    }
}

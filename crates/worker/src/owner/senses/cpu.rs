//! How much of the processors programs of others use: what the machine was busy, less what this
//! process and all that descends from it used.

use std::collections::VecDeque;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::time::{Duration, Instant};

/// Counts what the machine does, from call to call.
#[derive(Debug, Default)]
pub(crate) struct Cpu {
    stat: Option<File>,
    /// The last counts, the oldest first.
    counts: VecDeque<Counts>,
}

/// For so long counts are kept. The kernel counts in ticks, so that looks that are closer to each
/// other tell little of a program that does little.
const KEPT: Duration = Duration::from_millis(1100);
/// In less time a single tick is too much.
const LEAST: Duration = Duration::from_millis(200);

#[derive(Debug, Clone, Copy)]
struct Counts {
    at: Instant,
    /// Whether the tree was looked at.
    has_jobs: bool,
    /// Ticks of the kernel's clock.
    busy: u64,
    total: u64,
    /// By the tree of processes.
    tree: Duration,
    /// As sandboxes say, with this process itself.
    told: Duration,
}

impl Cpu {
    /// Hundredths of all cores that others used since the last call; `None` at the first one and
    /// where it can't be known.
    #[expect(clippy::cast_precision_loss, reason = "ticks between two looks")]
    pub(crate) fn others(&mut self, has_jobs: bool, jobs: Duration) -> Option<f64> {
        let now = self.count(has_jobs, jobs)?;
        let last = self.counts.back().copied();
        if last.is_some_and(|last| last.has_jobs != has_jobs) {
            // What is counted in one way is not to be compared with what is counted in another.
            self.counts.clear();
        }
        while self.counts.len() > 1 && self.counts.front().is_some_and(|it| now.at - it.at > KEPT) {
            self.counts.pop_front();
        }
        self.counts.push_back(now);
        let last = last.filter(|_| self.counts.len() > 1)?;
        let total = now.total.checked_sub(last.total).filter(|it| *it > 0)?;
        Some((between(&last, &now) * 100.0 / total as f64).clamp(0.0, 100.0))
    }

    /// Cores that others used on the average over the second before the last call, or for as long as
    /// is known.
    pub(crate) fn others_lately(&self) -> Option<f64> {
        let (first, last) = (self.counts.front()?, self.counts.back()?);
        let seconds = (last.at - first.at).as_secs_f64();
        let used = between(first, last) / hertz();
        (seconds >= LEAST.as_secs_f64()).then(|| (used / seconds).max(0.0))
    }

    fn count(&mut self, has_jobs: bool, jobs: Duration) -> Option<Counts> {
        if self.stat.is_none() {
            self.stat = Some(File::open("/proc/stat").ok()?);
        }
        let mut buffer = [0; 256];
        let length = self.stat.as_ref()?.read_at(&mut buffer, 0).ok()?;
        let (busy, total) = machine(&String::from_utf8_lossy(buffer.get(..length)?))?;
        let alone = travis_sandbox::own_process().cpu;
        Some(Counts {
            at: Instant::now(),
            has_jobs,
            busy,
            total,
            // Without jobs there is nobody to look for, and the count goes on from there.
            tree: if has_jobs {
                travis_sandbox::own_family().cpu
            } else {
                alone
            },
            told: alone + jobs,
        })
    }
}

/// Ticks that others used between two counts; below zero when they were counted for jobs before they
/// were for the machine.
#[expect(clippy::cast_precision_loss, reason = "ticks between two looks")]
fn between(last: &Counts, now: &Counts) -> f64 {
    let busy = now.busy.saturating_sub(last.busy) as f64;
    // The tree misses processes that ended without anybody waiting for them, the sandboxes miss what
    // is done for a job outside of them: the larger one is nearer to the truth.
    let tree = now.tree.saturating_sub(last.tree);
    let ours = tree.max(now.told.saturating_sub(last.told)).as_secs_f64();
    busy - ours * hertz()
}

/// Ticks in a second.
#[expect(clippy::cast_precision_loss, reason = "a hundred, or a thousand")]
fn hertz() -> f64 {
    rustix::param::clock_ticks_per_second().max(1) as f64
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_kernels_line() {
        let text = "cpu  100 5 50 800 20 3 2 20 7 0\ncpu0 1 2 3\n";
        assert_eq!(machine(text), Some((160, 1000)));
        assert_eq!(machine("intr 1"), None);
    }

    #[test]
    fn the_machine_is_counted() {
        let mut cpu = Cpu::default();
        assert_eq!(cpu.others(true, Duration::ZERO), None);
        let first = *cpu.counts.back().expect("this machine has /proc/stat");
        assert!(first.busy > 0 && first.total >= first.busy);
        if let Some(percent) = cpu.others(true, Duration::ZERO) {
            assert!((0.0..=100.0).contains(&percent));
        }
        cpu.counts[0].at = cpu.counts[1].at;
        assert_eq!(cpu.others_lately(), None, "too soon to say");
        cpu.counts[0].at -= KEPT;
        assert!(cpu.others_lately().is_some_and(|cores| cores >= 0.0));
        // The tree is no longer looked at: what it had is nobody's use.
        assert_eq!(cpu.others(false, Duration::ZERO), None);
        assert_eq!(cpu.others_lately(), None);
    }
}

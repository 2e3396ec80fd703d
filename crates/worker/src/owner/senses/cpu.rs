//! How much of the processors programs of others use: what the machine was busy, less what this
//! process and all that descends from it used.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

/// Counts what the machine does, from call to call.
#[derive(Debug, Default)]
pub(crate) struct Cpu {
    stat: Option<File>,
    last: Option<Counts>,
}

#[derive(Debug, Clone, Copy)]
struct Counts {
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
        let last = self.last.replace(now)?;
        let total = now
            .total
            .checked_sub(last.total)
            .filter(|ticks| *ticks > 0)?;
        let busy = now.busy.saturating_sub(last.busy) as f64;
        // The tree misses processes that ended without anybody waiting for them, the sandboxes
        // miss what is done for a job outside of them: the larger one is nearer to the truth.
        let tree = now.tree.saturating_sub(last.tree);
        let ours = tree.max(now.told.saturating_sub(last.told)).as_secs_f64();
        let hertz = rustix::param::clock_ticks_per_second().max(1) as f64;
        Some(((busy - ours * hertz) * 100.0 / total as f64).clamp(0.0, 100.0))
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
        let first = cpu.last.expect("this machine has /proc/stat");
        assert!(first.busy > 0 && first.total >= first.busy);
        if let Some(percent) = cpu.others(true, Duration::ZERO) {
            assert!((0.0..=100.0).contains(&percent));
        }
    }
}

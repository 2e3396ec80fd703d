//! A limit on processors where no control group keeps it: whole cores by affinity, parts of one by
//! stopping and continuing.
//!
//! Affinity is inherited, and a job that means to can take it back; a control group is better, and
//! used where there is one.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::{ResourceLimits, aside};

/// How often what was used is looked at.
pub(crate) const PACE: Duration = Duration::from_millis(50);
/// How much may be saved up, as time at the limit.
const SAVED: f64 = 0.1;

/// Jobs of this process on each core.
static TAKEN: Mutex<BTreeMap<usize, usize>> = Mutex::new(BTreeMap::new());

/// What a sandbox may use of the processors.
#[derive(Debug)]
pub(crate) struct Cap {
    /// Hundredths of one core.
    percent: u32,
    cores: Vec<usize>,
}

impl Cap {
    /// The cap of one job; `None` when there is no limit or `kept` elsewhere.
    pub(crate) fn of(limits: ResourceLimits, kept: bool) -> Option<Self> {
        let percent = limits.cpu_percent.filter(|_| !kept)?;
        let allowed = allowed();
        let wanted = percent.div_ceil(100) as usize;
        if allowed.is_empty() || (wanted > allowed.len()) {
            return None;
        }
        let mut taken = taken();
        let mut free = allowed;
        // Those with the fewest jobs; of these the last, since the first serve the devices.
        free.sort_by_key(|core| (taken.get(core).copied().unwrap_or(0), usize::MAX - core));
        free.truncate(wanted.max(1));
        for core in &free {
            *taken.entry(*core).or_default() += 1;
        }
        Some(Self {
            percent,
            cores: free,
        })
    }

    /// The same in whole cores, for what can't be stopped in between.
    pub(crate) fn whole(limits: ResourceLimits, kept: bool) -> Option<Self> {
        let cpu_percent = limits
            .cpu_percent
            .map(|percent| percent.div_ceil(100) * 100);
        let limits = ResourceLimits {
            cpu_percent,
            ..limits
        };
        Self::of(limits, kept)
    }

    /// Calls `start` with the calling thread on these cores, so that what it starts is there from
    /// its first instruction.
    pub(crate) fn within<T>(&self, start: impl FnOnce() -> T) -> T {
        let before = sched_getaffinity(None);
        let mut set = CpuSet::new();
        for core in &self.cores {
            set.set(*core);
        }
        if let Err(error) = sched_setaffinity(None, &set) {
            tracing::warn!(%error, "a job can't be kept to its cores");
        }
        let done = start();
        if let Ok(before) = before {
            let _ = sched_setaffinity(None, &before);
        }
        done
    }

    /// The cores.
    pub(crate) fn cores(&self) -> &[usize] {
        &self.cores
    }

    /// How a part of a core is kept; `None` when the limit is whole cores.
    pub(crate) fn pace(&self) -> Option<Pace> {
        (!self.percent.is_multiple_of(100)).then(|| Pace {
            rate: f64::from(self.percent) / 100.0,
            credit: SAVED,
            last: Instant::now(),
            used: Duration::ZERO,
        })
    }

    /// The words before a command that keep it to these cores.
    pub(crate) fn words(&self) -> [String; 3] {
        let cores: Vec<String> = self.cores.iter().map(usize::to_string).collect();
        ["/usr/bin/taskset", "--cpu-list", &cores.join(",")].map(str::to_owned)
    }
}

impl Drop for Cap {
    fn drop(&mut self) {
        let mut taken = taken();
        for core in &self.cores {
            if let Some(count) = taken.get_mut(core) {
                *count = count.saturating_sub(1);
            }
        }
    }
}

/// Says from look to look whether what runs has to stand still to keep to its part.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Cores.
    rate: f64,
    /// Seconds of processor time that may still be used.
    credit: f64,
    last: Instant,
    used: Duration,
}

impl Pace {
    /// Whether it has to stand still until the next look. `used` is all processor time so far.
    pub(crate) fn stops(&mut self, now: Instant, used: Duration) -> bool {
        let passed = now.saturating_duration_since(self.last).as_secs_f64();
        let new = used.saturating_sub(self.used).as_secs_f64();
        self.last = now;
        // Processes that ended without anybody waiting for them are missing from the sum.
        self.used = self.used.max(used);
        self.credit = (self.credit + passed * self.rate - new).min(SAVED * self.rate);
        self.credit < 0.0
    }
}

/// What keeps the limit on processors, for people.
pub(crate) fn words(kept: bool) -> &'static str {
    if kept {
        "control groups"
    } else {
        "affinity to cores, and stopping in between for parts of one"
    }
}

/// Cores that this process may use.
pub(crate) fn allowed() -> Vec<usize> {
    sched_getaffinity(None).map_or_else(|_| Vec::new(), |set| aside::cores(&set))
}

fn taken() -> MutexGuard<'static, BTreeMap<usize, usize>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limited(percent: u32) -> ResourceLimits {
        ResourceLimits {
            cpu_percent: Some(percent),
            ..ResourceLimits::default()
        }
    }

    #[test]
    fn whole_cores_by_affinity() {
        let all = allowed();
        assert!(Cap::of(ResourceLimits::default(), false).is_none());
        assert!(Cap::of(limited(100), true).is_none());
        let one = Cap::of(limited(100), false).unwrap();
        assert!(one.pace().is_none());
        let within = one.within(allowed);
        assert_eq!(within, one.cores);
        assert_eq!(within.len(), 1);
        assert_eq!(allowed(), all, "the thread goes back");
        if all.len() > 1 {
            let other = Cap::of(limited(60), false).unwrap();
            assert_ne!(other.cores, one.cores, "side by side on other cores");
            assert!(other.pace().is_some());
        }
        let machine = u32::try_from(all.len()).unwrap() * 100;
        assert!(Cap::of(limited(machine + 100), false).is_none());
    }

    #[test]
    fn a_part_of_a_core_by_standing_still() {
        let cap = Cap::of(limited(50), false).unwrap();
        let mut pace = cap.pace().unwrap();
        let start = pace.last;
        let (mut ran, mut stops) = (Duration::ZERO, false);
        // A job that uses a whole core whenever it may.
        for look in 1..=200_u32 {
            if !stops {
                ran += PACE;
            }
            stops = pace.stops(start + PACE * look, ran);
        }
        let part = ran.as_secs_f64() / (PACE * 200).as_secs_f64();
        assert!((0.48..0.53).contains(&part), "{part}");
        // What rests for long does not save up for long.
        assert!(!pace.stops(start + Duration::from_secs(60), ran));
        assert!(pace.stops(
            start + Duration::from_millis(60_300),
            ran + Duration::from_millis(300)
        ));
    }
}

//! What can be seen of the machine: by the kernel's files, and where there is more to ask, by the
//! programs that know. What is not there is not known, and holds nothing up.

mod asked;
mod cpu;
mod person;
mod power;
mod pressure;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

pub(crate) use asked::{Asked, at_desk, metered};
use cpu::Cpu;
use pressure::Neighbors;

use super::judge::Seen;

/// How often what changes slowly is looked at.
const SLOW: Duration = Duration::from_secs(2);
/// How often terminals and pressure are looked at.
const BRISK: Duration = Duration::from_millis(900);

/// What is of interest at this look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Whether people and their programs use the machine.
    pub(crate) presence: bool,
    /// Whether jobs have processes.
    pub(crate) jobs: bool,
}

/// Reads the machine.
pub(crate) struct Senses {
    started: Instant,
    data: PathBuf,
    cpu: Cpu,
    neighbors: Neighbors,
    brisk: Option<Instant>,
    slow: Option<Instant>,
    last: Seen,
}

impl Senses {
    pub(crate) fn new(started: Instant, data: &Path) -> Self {
        Self {
            started,
            data: data.to_owned(),
            cpu: Cpu::default(),
            neighbors: Neighbors::find(),
            brisk: None,
            slow: None,
            last: Seen {
                cores: crate::facts::machine_size().0,
                ..Seen::default()
            },
        }
    }

    /// One look. `jobs_cpu` is what jobs used of the processors as far as their sandboxes say,
    /// growing; `asked` is what other programs said.
    pub(crate) fn look(&mut self, wanted: Wanted, jobs_cpu: Duration, asked: &Asked) -> Seen {
        let now = Instant::now();
        let due = |last: Option<Instant>, every| last.is_none_or(|last| now - last >= every);
        let mut seen = Seen {
            at: now - self.started,
            time: Timestamp::now(),
            others_percent: None,
            others_cores: None,
            ..self.last.clone()
        };
        if wanted.presence || wanted.jobs {
            seen.others_percent = self.cpu.others(wanted.jobs, jobs_cpu);
            seen.others_cores = self.cpu.others_lately();
        }
        // What was seen some moments ago is that much older now.
        let aged = seen.at.saturating_sub(self.last.at);
        seen.input_ago = seen.input_ago.map(|ago| ago + aged);
        if wanted.presence && due(self.brisk, BRISK) {
            self.brisk = Some(now);
            seen.input_ago = person::last_input(Path::new("/dev"));
            seen.pressure_percent = self.neighbors.pressure();
            seen.free_memory_percent = pressure::free_memory();
        }
        if due(self.slow, SLOW) {
            self.slow = Some(now);
            let classes = Path::new("/sys/class");
            seen.on_battery = power::on_battery(classes);
            seen.celsius = power::celsius(classes);
            seen.disk_free = disk_free(&self.data);
        }
        if asked.at_desk == Some(true) {
            seen.input_ago = Some(Duration::ZERO);
        }
        seen.metered = asked.metered;
        self.last = seen.clone();
        seen
    }
}

/// Free bytes where jobs run.
pub(crate) fn disk_free(place: &Path) -> Option<u64> {
    rustix::fs::statvfs(place)
        .ok()
        .map(|stat| stat.f_bavail.saturating_mul(stat.f_frsize))
}

//! What is measured of the machine.

use std::fs;
use std::path::Path;

use travis_api::worker::Facts;
use travis_sandbox::Executor;

use crate::WorkerConfig;
use crate::owner::Desk;

/// The machine, what works on it and what is lent of it.
pub(crate) async fn of_worker(config: &WorkerConfig, desk: &Desk, speed: Option<u32>) -> Facts {
    Facts {
        executors: config.kinds(),
        executor_detail: config.executor.detail(),
        images: config.images().await,
        lent: Some(desk.lent()),
        speed_percent: speed,
        started_by: config.started_by.clone(),
        ..measure(&*config.executor, &config.data_dir)
    }
}

/// Usable processors, and memory in bytes.
pub(crate) fn machine_size() -> (u32, u64) {
    (cores(), memory().unwrap_or(0))
}

fn cores() -> u32 {
    std::thread::available_parallelism()
        .ok()
        .and_then(|cores| u32::try_from(cores.get()).ok())
        .unwrap_or(1)
}

/// Measures the machine on which `executor` runs jobs and where `data_dir` lies.
#[must_use]
pub fn measure(executor: &dyn Executor, data_dir: &Path) -> Facts {
    Facts {
        os: match std::env::consts::OS {
            "macos" => "osx",
            other => other,
        }
        .to_owned(),
        arch: match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "powerpc64" => "ppc64le",
            other => other,
        }
        .to_owned(),
        cores: cores(),
        memory_bytes: memory().unwrap_or(0),
        disk_free_bytes: rustix::fs::statvfs(data_dir)
            .map_or(0, |stat| stat.f_bavail.saturating_mul(stat.f_frsize)),
        executors: vec![executor.kind().to_owned()],
        executor: executor.kind().to_owned(),
        executor_detail: executor.detail(),
        limits: executor.limits().into_iter().map(str::to_owned).collect(),
        distribution: distribution().unwrap_or_else(|| std::env::consts::OS.to_owned()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..Facts::default()
    }
}

fn memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

fn distribution() -> Option<String> {
    let text = fs::read_to_string("/etc/os-release").ok()?;
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(name.trim_matches('"').to_owned())
}

/// Load over a minute.
pub(crate) fn load() -> f64 {
    fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse().ok())
        .unwrap_or(0.0)
}

/// The machine's name.
pub(crate) fn hostname() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

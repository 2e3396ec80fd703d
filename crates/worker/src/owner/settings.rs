//! `worker.toml`: what the owner of a machine says, in the data directory or where `--config` says.

mod values;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use travis_api::lend::{Egress, Hours, Lending};

use super::hours::Window;
use super::judge::{Rules, Thresholds};
use crate::MaxLimits;

/// The file's name in the data directory.
pub const FILE: &str = "worker.toml";
/// A longer file is none of ours.
const LONGEST: u64 = 1 << 20;

/// What the file may say. Unknown keys are errors that name their line.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OwnerSettings {
    /// The server.
    pub server: Option<String>,
    /// The worker's name.
    pub name: Option<String>,
    /// How jobs are isolated: `vm`, `container`, `namespace`, `host`.
    pub executor: Option<String>,
    /// Certificates of authorities to trust besides the known ones, in PEM.
    pub ca: Option<PathBuf>,
    /// Where the local page is; no page when left out.
    pub local_page: Option<SocketAddr>,
    /// Addresses of the owner's own network that jobs may reach: `192.168.1.5:8080`, `10.0.0.0/8`.
    pub allow_lan: Vec<String>,
    /// Hosts that count as registries of packages besides the known ones.
    pub registries: Vec<String>,
    /// What jobs get of the network at most.
    pub network: NetworkUse,
    /// Variables that every job here starts with.
    pub job_env: BTreeMap<String, String>,
    /// What is lent.
    pub lend: Lend,
    /// When the machine counts as idle.
    pub idle: Idle,
    /// When it counts as hot.
    pub heat: Heat,
    /// What one job may use at most.
    pub job: Job,
}

/// What jobs get of the network at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkUse {
    /// One of their own that lets pass what `egress` and `allow_lan` say.
    #[default]
    Guarded,
    /// The machine's own, with the owner's network and all else that is in reach of it.
    Machine,
    /// None.
    None,
}

/// What is lent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lend {
    #[serde(deserialize_with = "values::slots")]
    slots: Option<u32>,
    #[serde(deserialize_with = "values::percent")]
    cores_percent: Option<u32>,
    #[serde(deserialize_with = "values::percent")]
    memory_percent: Option<u32>,
    #[serde(deserialize_with = "values::size")]
    disk: Option<u64>,
    #[serde(deserialize_with = "values::size")]
    network_per_second: Option<u64>,
    #[serde(deserialize_with = "values::size")]
    network_per_month: Option<u64>,
    only_when_idle: bool,
    only_on_mains: bool,
    only_unmetered: bool,
    hours: Vec<OwnHours>,
    #[serde(deserialize_with = "values::patterns")]
    only_repositories: Vec<String>,
    #[serde(deserialize_with = "values::patterns")]
    never_repositories: Vec<String>,
    egress: Option<Egress>,
}

/// A window of time that was checked.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "HoursText")]
struct OwnHours(Hours);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HoursText {
    #[serde(default)]
    days: Vec<String>,
    from: String,
    to: String,
    zone: Option<String>,
}

impl TryFrom<HoursText> for OwnHours {
    type Error = String;

    fn try_from(text: HoursText) -> Result<Self, String> {
        let hours = Hours {
            days: text.days,
            from: text.from,
            to: text.to,
            zone: text.zone,
        };
        Window::of(&hours).map(|_| Self(hours))
    }
}

/// When the machine counts as idle.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Idle {
    #[serde(deserialize_with = "values::percent")]
    cpu_percent: Option<u32>,
    #[serde(deserialize_with = "values::percent")]
    pressure_percent: Option<u32>,
    #[serde(deserialize_with = "values::percent")]
    free_memory_percent: Option<u32>,
    after_seconds: Option<u64>,
    thaw_after_seconds: Option<u64>,
    hand_back_after_seconds: Option<u64>,
}

/// When the machine counts as hot.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Heat {
    #[serde(deserialize_with = "values::celsius")]
    celsius: Option<f64>,
}

/// What one job may use at most.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Job {
    seconds: Option<u64>,
    silence_seconds: Option<u64>,
    #[serde(deserialize_with = "values::size")]
    log: Option<u64>,
    #[serde(deserialize_with = "values::size")]
    memory: Option<u64>,
    processes: Option<u64>,
}

/// Why the file can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// It can't be read.
    #[error("can't read {path}: {reason}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// It is wrong.
    #[error("{path}, line {line}: {message}")]
    Wrong {
        /// Which.
        path: PathBuf,
        /// Where, from 1.
        line: usize,
        /// What.
        message: String,
    },
}

impl OwnerSettings {
    /// Reads the file; the defaults when there is none.
    ///
    /// # Errors
    /// When it can't be read or is wrong; says where.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        use std::io::Read as _;
        let fault = |reason: String| SettingsError::File {
            path: path.to_owned(),
            reason,
        };
        let file = match std::fs::File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(fault(error.to_string())),
        };
        let mut text = String::new();
        file.take(LONGEST)
            .read_to_string(&mut text)
            .map_err(|error| fault(error.to_string()))?;
        Self::parse(path, &text)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, SettingsError> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start.min(text.len()));
            let before = text.as_bytes().get(..at).unwrap_or_default();
            SettingsError::Wrong {
                path: path.to_owned(),
                line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
                message: error.message().trim().replace('\n', " "),
            }
        })
    }

    /// What is lent, as it is told to the server.
    #[must_use]
    pub fn lending(&self) -> Lending {
        let lend = &self.lend;
        Lending {
            slots: lend.slots,
            cores_percent: lend.cores_percent,
            memory_percent: lend.memory_percent,
            disk_bytes: lend.disk,
            bytes_per_second: lend.network_per_second,
            bytes_per_month: lend.network_per_month,
            only_when_idle: lend.only_when_idle,
            only_on_mains: lend.only_on_mains,
            only_unmetered: lend.only_unmetered,
            hours: lend.hours.iter().map(|hours| hours.0.clone()).collect(),
            only_repositories: lend.only_repositories.clone(),
            never_repositories: lend.never_repositories.clone(),
            egress: lend.egress,
        }
    }

    /// What the owner allows a job at most.
    #[must_use]
    pub fn max_limits(&self) -> MaxLimits {
        MaxLimits {
            total_seconds: self.job.seconds,
            silence_seconds: self.job.silence_seconds,
            log_bytes: self.job.log,
            memory_bytes: self.job.memory,
            processes: self.job.processes,
        }
    }

    /// The rules for deciding: the stricter of this and of what the page says.
    pub(crate) fn rules(&self, effective: &Lending, page: &Lending, slots: u32) -> Rules {
        // What a page says is checked by the server; what got through is passed over, since a
        // window that nobody understands would close the machine for good.
        let windows = |hours: &[Hours]| {
            hours
                .iter()
                .filter_map(|one| Window::of(one).ok())
                .collect()
        };
        let usual = Thresholds::default();
        let percent = |own: Option<u32>, usual: f64| own.map_or(usual, f64::from);
        let seconds = |own: Option<u64>, usual: Duration| own.map_or(usual, Duration::from_secs);
        Rules {
            slots: effective.slots.unwrap_or(slots),
            only_when_idle: effective.only_when_idle,
            only_on_mains: effective.only_on_mains,
            only_unmetered: effective.only_unmetered,
            hours: vec![windows(&self.lending().hours), windows(&page.hours)],
            month_bytes: effective.bytes_per_month,
            disk_bytes: effective.disk_bytes,
            thresholds: Thresholds {
                others_percent: percent(self.idle.cpu_percent, usual.others_percent),
                pressure_percent: percent(self.idle.pressure_percent, usual.pressure_percent),
                free_memory_percent: percent(
                    self.idle.free_memory_percent,
                    usual.free_memory_percent,
                ),
                idle_after: seconds(self.idle.after_seconds, usual.idle_after),
                thaw_after: seconds(self.idle.thaw_after_seconds, usual.thaw_after),
                yield_after: seconds(self.idle.hand_back_after_seconds, usual.yield_after),
                hot_celsius: self.heat.celsius.or(usual.hot_celsius),
                free_disk_bytes: usual.free_disk_bytes,
            },
        }
    }
}

#[cfg(test)]
mod tests;

//! What an owner lends of a machine: limits that the machine keeps, and what it says of itself.
//!
//! Two places can set limits: the machine's own file and the worker's page. Where both say
//! something the stricter counts, so a page, or a server in wrong hands, can only take away.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an owner lends. What is left out has no limit of the owner's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Lending {
    /// Jobs side by side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slots: Option<u32>,
    /// Hundredths of the machine's cores that all jobs together may use: 50 is half of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cores_percent: Option<u32>,
    /// Hundredths of the machine's memory that all jobs together may use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_percent: Option<u32>,
    /// Bytes of disk that all jobs, mirrors and images together may use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_bytes: Option<u64>,
    /// Bytes a second that jobs may send and receive together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_per_second: Option<u64>,
    /// Bytes a calendar month that jobs may send and receive together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_per_month: Option<u64>,
    /// Only while nobody uses the machine.
    pub only_when_idle: bool,
    /// Only on mains power.
    pub only_on_mains: bool,
    /// Only on a network that costs nothing by the byte.
    pub only_unmetered: bool,
    /// Only in these hours; at any time when empty.
    pub hours: Vec<Hours>,
    /// Only for these repositories: `owner/name`, `owner/*`; for all when empty.
    pub only_repositories: Vec<String>,
    /// Never for these.
    pub never_repositories: Vec<String>,
    /// Where jobs may connect to at most.
    #[serde(
        skip_serializing_if = "Option::is_none",
        deserialize_with = "strictest_of_unknown"
    )]
    pub egress: Option<Egress>,
}

/// A window of time, every week.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Hours {
    /// Days on which it begins: `mon` to `sun`; every day when empty.
    pub days: Vec<String>,
    /// Its begin, `22:00`.
    pub from: String,
    /// Its end, `07:30`; on the next day when it is not after the begin.
    pub to: String,
    /// Time zone, as `Europe/Berlin`; the machine's own when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// Where jobs may connect to at most, the strictest first. The owner's own network and addresses
/// of machines' metadata are out of reach with each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Egress {
    /// Nowhere.
    None,
    /// To registries of packages and hosts of code alone.
    Registries,
    /// To every public address.
    Internet,
}

/// A word that only a newer release knows is read as the strictest one.
fn strictest_of_unknown<'de, D: serde::Deserializer<'de>>(
    from: D,
) -> Result<Option<Egress>, D::Error> {
    let word = Option::<String>::deserialize(from)?;
    Ok(word.map(|word| match word.as_str() {
        "internet" => Egress::Internet,
        "registries" => Egress::Registries,
        _ => Egress::None,
    }))
}

/// Whether a machine lends itself now, in its owner's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Presence {
    /// What it is.
    pub state: PresenceState,
    /// A sentence for people: `The owner uses the machine.`
    pub text: String,
    /// For so many seconds.
    pub since_seconds: u64,
}

/// Why a machine lends itself, or does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PresenceState {
    /// It takes jobs.
    #[default]
    Lending,
    /// Its owner uses it.
    OwnerActive,
    /// It is outside of the hours.
    OutsideHours,
    /// It runs on its battery.
    OnBattery,
    /// It is too hot.
    TooHot,
    /// Its network costs by the byte.
    Metered,
    /// The month's bytes are used up.
    NetworkUsedUp,
    /// Its disk is full, or as full as its owner lets it be.
    DiskFull,
    /// Its owner paused it.
    Paused,
    /// It finishes what it has and leaves.
    Draining,
}

/// What jobs use of a machine now.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Usage {
    /// Processor cores: 1.5 is one and a half.
    pub cores: f64,
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Bytes of disk, of jobs, mirrors and images.
    pub disk_bytes: u64,
    /// Bytes sent and received by jobs in this calendar month.
    pub month_bytes: u64,
    /// Hundredths of the machine's cores that programs of others than jobs use.
    pub others_percent: f64,
}

/// What is lent of a machine, in absolute figures.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Lent {
    /// Processor cores.
    pub cores: f64,
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Bytes of disk.
    pub disk_bytes: u64,
}

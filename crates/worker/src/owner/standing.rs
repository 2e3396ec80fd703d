//! What a worker says of itself to the owner of its machine: `travis worker status`, `top` and the
//! local page are made of it.

use serde::{Deserialize, Serialize};
use travis_api::lend::{Lending, Lent, Presence, PresenceState, Usage};

/// What a worker does now. Fields that another version does not know are left out or ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// Version of the worker.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// The name by which the server knows it.
    pub name: String,
    /// The server.
    pub server: String,
    /// Whether the server answered the last poll.
    pub connected: bool,
    /// Seconds since it started.
    pub up_seconds: u64,
    /// How jobs are isolated.
    pub executor: String,
    /// What keeps jobs to their part of the processors.
    pub cpu_cap: String,
    /// How long it took from the first sign of the owner until a job stood still, the last time,
    /// in milliseconds.
    pub froze_ms: Option<u64>,
    /// Whether the machine lends itself now, and why not.
    pub presence: Presence,
    /// Jobs side by side that it takes now.
    pub slots: u32,
    /// Jobs side by side that it takes when nothing speaks against it.
    pub most_slots: u32,
    /// The limits: the stricter of its own file and of its page.
    pub lending: Lending,
    /// What they come to on this machine.
    pub lent: Lent,
    /// Cores of the machine.
    pub cores: u32,
    /// Memory of the machine in bytes.
    pub memory_bytes: u64,
    /// Cores that jobs leave to the owner's programs now: none when there are no jobs, or the machine
    /// is lent also while somebody uses it.
    pub cores_left: u32,
    /// What jobs use of it.
    pub usage: Usage,
    /// What runs.
    pub jobs: Vec<JobStanding>,
    /// What ran since it started.
    pub done: Done,
    /// Addresses that jobs connected to, the last one first.
    pub contacts: Vec<Contact>,
    /// What is wrong with the settings; the ones before hold until it is mended.
    pub trouble: Option<String>,
    /// Where the local page is, when it is on.
    pub page: Option<String>,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            version: String::new(),
            pid: 0,
            name: String::new(),
            server: String::new(),
            connected: false,
            up_seconds: 0,
            executor: String::new(),
            cpu_cap: String::new(),
            froze_ms: None,
            presence: Presence {
                state: PresenceState::Lending,
                text: String::new(),
                since_seconds: 0,
            },
            slots: 0,
            most_slots: 0,
            lending: Lending::default(),
            lent: Lent::default(),
            cores: 0,
            memory_bytes: 0,
            cores_left: 0,
            usage: Usage::default(),
            jobs: Vec::new(),
            done: Done::default(),
            contacts: Vec::new(),
            trouble: None,
            page: None,
        }
    }
}

/// A job on this machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobStanding {
    /// The attempt.
    pub attempt: i64,
    /// For whom: `owner/name`.
    pub repository: String,
    /// `<build>.<n>`.
    pub job: String,
    /// What it is at.
    pub step: JobStep,
    /// It stands still because the owner uses the machine.
    pub frozen: bool,
    /// How long that took from the first sign of the owner, in milliseconds.
    pub froze_ms: Option<u64>,
    /// Seconds since it came.
    pub seconds: u64,
    /// Processor cores that it uses.
    pub cores: f64,
    /// Bytes of memory that it uses.
    pub memory_bytes: u64,
    /// Bytes that it sent and received.
    pub network_bytes: u64,
}

/// What a job on this machine is at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStep {
    /// Its source is fetched and its sandbox made.
    #[default]
    Preparing,
    /// Its script runs.
    Running,
    /// The rest of its log is sent.
    Reporting,
}

/// How jobs ended here since the worker started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Done {
    /// Finished and reported.
    pub finished: u64,
    /// Handed back because the owner wanted the machine.
    pub yielded: u64,
    /// Handed back for other reasons, or lost.
    pub given_up: u64,
}

/// An address that a job connected to, or wanted to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contact {
    /// Address and port.
    pub address: String,
    /// The name that the job asked for, when it did.
    pub host: Option<String>,
    /// The attempt.
    pub job: String,
    /// Why it was not let through, when it was not.
    pub refused: Option<String>,
    /// Connections, or tries.
    pub connections: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Bytes received.
    pub received: u64,
    /// Seconds since the last connection began.
    pub seconds_ago: u64,
}

//! The worker API: HTTP and JSON, always from the worker outwards (ARCHITECTURE.md, "Worker API").
//!
//! | call | credential | idempotent |
//! |---|---|---|
//! | `POST /worker/v1/enrol` | enrolment token in the body | no: the token works once |
//! | `POST /worker/v1/challenge`, `POST /worker/v1/session` | signature | yes |
//! | `POST /worker/v1/poll` | session token | yes: unacknowledged assignments come again |
//! | `POST /worker/v1/attempts/{id}/log?offset=N` | attempt token | by offset |
//! | `POST /worker/v1/attempts/{id}/state` | attempt token | yes |
//! | `POST /worker/v1/attempts/{id}/finish` | attempt token | yes |
//! | `GET`, `PUT /worker/v1/attempts/{id}/cache` | attempt token | yes |
//! | `POST /worker/v1/attempts/{id}/results`, `PUT /worker/v1/attempts/{id}/results/{file}` | attempt token | yes |
//! | `GET /worker/v1/attempts/{id}/source/info/refs`, `POST …/source/git-upload-pack` | attempt token, by Basic auth | yes: reading by git |
//!
//! Credentials go in `Authorization: Bearer …`. The header `Travis-Worker-Protocol: 1` names the
//! protocol. Errors have the form of API v3 ([`crate::v3::ErrorBody`]): 401 unknown or ended
//! credential, 403 another worker's attempt, 409 does not fit the state or offset, 410 the
//! attempt is over for this worker: stop it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::lend::{Lending, Lent, Presence, Usage};

/// The protocol spoken here.
pub const PROTOCOL: &str = "1";
/// The header that names it.
pub const PROTOCOL_HEADER: &str = "Travis-Worker-Protocol";
/// How often a busy worker is heard of, in seconds.
pub const HEARTBEAT_SECONDS: u64 = 5;
/// How long a lease lasts without being renewed, in seconds.
pub const LEASE_SECONDS: u64 = 15;
/// How long an idle poll is held open, in seconds.
pub const IDLE_POLL_SECONDS: u64 = 30;

/// What was measured of a machine.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Facts {
    /// Operating system in the words of `.travis.yml`: `linux`.
    pub os: String,
    /// Architecture in the words of `.travis.yml`: `amd64`, `arm64`.
    pub arch: String,
    /// Usable processors.
    pub cores: u32,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Free bytes where jobs run.
    pub disk_free_bytes: u64,
    /// Executors that work here, strongest first.
    pub executors: Vec<String>,
    /// The one that is used.
    pub executor: String,
    /// Which limits the kernel lends: `memory`, `processes`, `cpu`.
    pub limits: Vec<String>,
    /// Name of the distribution, for people.
    pub distribution: String,
    /// Version of the worker.
    pub version: String,
    /// What the executor is made of, for people: `QEMU 7.2, emulated`.
    #[serde(default)]
    pub executor_detail: String,
    /// Images and root file systems that it has by name.
    #[serde(default)]
    pub images: Vec<String>,
    /// What is lent of the machine.
    #[serde(default)]
    pub lent: Option<Lent>,
    /// Speed of one core, in hundredths of a reference core.
    #[serde(default)]
    pub speed_percent: Option<u32>,
    /// How it was started: `command`, `systemd`, `container`, `image`, `up`.
    #[serde(default)]
    pub started_by: String,
}

/// Registers a worker.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct EnrolRequest {
    /// The single-use token from the web app or `travis token enrol`.
    pub token: String,
    /// A name for people.
    pub name: String,
    /// Base64 of the Ed25519 public key.
    pub public_key: String,
    /// The machine.
    pub facts: Facts,
    /// Jobs that it takes side by side.
    pub slots: u32,
}

/// The worker is registered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EnrolResponse {
    /// Its number.
    pub worker_id: i64,
    /// The name it got.
    pub name: String,
    /// What its owner chose on the page to lend.
    #[serde(default)]
    pub lending: Option<Lending>,
}

/// Asks for something to sign.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChallengeRequest {
    /// The worker's number.
    pub worker_id: i64,
}

/// Something to sign, good for a minute.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ChallengeResponse {
    /// Opaque text; sign its bytes, prefixed with `travis-worker-session:`.
    pub challenge: String,
}

/// Prefix of what is signed for a session, so that the signature serves nothing else.
pub const SESSION_CONTEXT: &str = "travis-worker-session:";
/// Prefix of what is signed for a result.
pub const RESULT_CONTEXT: &str = "travis-worker-result:";

/// Opens a session.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct SessionRequest {
    /// The worker's number.
    pub worker_id: i64,
    /// The challenge.
    pub challenge: String,
    /// Base64 of the Ed25519 signature over prefix and challenge.
    pub signature: String,
    /// The machine as it is now.
    pub facts: Facts,
    /// Jobs that it takes side by side.
    pub slots: u32,
    /// What it lends: the stricter of its own file and of what its page said last.
    #[serde(default)]
    pub lending: Option<Lending>,
}

/// A session.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SessionResponse {
    /// The token for polls.
    pub session_token: String,
    /// It is good for so many seconds.
    pub expires_in_seconds: u64,
}

/// Heartbeat, request for work and channel for orders in one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct PollRequest {
    /// Jobs that the owner allows side by side now; 0 while paused or draining.
    pub slots: u32,
    /// Attempts that it works on, those included that wait to be finished.
    pub running: Vec<i64>,
    /// Attempts that it was given and can't take.
    #[serde(default)]
    pub refused: Vec<RefusedAttempt>,
    /// Load of the machine over a minute.
    #[serde(default)]
    pub load: f64,
    /// It is about to leave: nothing new.
    #[serde(default)]
    pub draining: bool,
    /// How long the server may hold the call at most, in milliseconds; the server's own limits
    /// (5 s when busy, 30 s when idle) stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_ms: Option<u64>,
    /// Those of `running` that are frozen because the owner came back.
    #[serde(default)]
    pub frozen: Vec<i64>,
    /// How long it took to freeze them, in milliseconds, with the first poll after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub froze_ms: Option<u64>,
    /// Whether the machine lends itself now, and why not.
    #[serde(default)]
    pub presence: Option<Presence>,
    /// What jobs use of it.
    #[serde(default)]
    pub usage: Option<Usage>,
    /// What it lends, when that has changed since the session began.
    #[serde(default)]
    pub lending: Option<Lending>,
    /// Images and root file systems that it has by name, when that has changed since it was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<Vec<String>>,
    /// Mark of the operator's table of images that it has, empty when it has none; missing when it
    /// does not ask for tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_table: Option<String>,
}

/// An attempt that the worker gives back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RefusedAttempt {
    /// Which.
    pub attempt: i64,
    /// Why.
    pub reason: String,
    /// The owner wanted the machine back: nothing is wrong with job or worker.
    #[serde(default)]
    pub yielded: bool,
}

/// What the worker is to do.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct PollResponse {
    /// New work. An assignment that the next poll doesn't list as running comes again.
    pub assignments: Vec<Assignment>,
    /// Attempts to stop because somebody canceled them.
    pub cancel: Vec<CancelOrder>,
    /// Attempts that are over for this worker: kill them, send nothing more.
    pub lost: Vec<i64>,
    /// Leases that were renewed.
    pub leases: Vec<Lease>,
    /// Take nothing new, finish what runs, then leave.
    pub drain: bool,
    /// Its owner paused it on its page: what runs is frozen, and handed back after a minute.
    #[serde(default)]
    pub pause: bool,
    /// What its page says that it may lend; missing while it says nothing. With each answer, since
    /// answers get lost.
    #[serde(default)]
    pub lending: Option<Lending>,
    /// The operator's table of images, when the worker has another one. Counts for the assignments
    /// beside it, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_table: Option<ImageTableNews>,
}

/// The operator's table of images.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageTableNews {
    /// SHA-256 of the text in hex; empty when there is no table.
    pub mark: String,
    /// The rows, in the words of `images.toml`.
    pub text: String,
}

/// An order to stop.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CancelOrder {
    /// Which.
    pub attempt: i64,
    /// Why, for the log.
    pub reason: String,
}

/// A renewed lease.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Lease {
    /// Of which attempt.
    pub attempt: i64,
    /// Good for so many milliseconds from the sending of the poll.
    pub valid_for_ms: u64,
}

/// One job to run.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Assignment {
    /// The attempt.
    pub attempt: i64,
    /// The only credential for its log, states and end; worthless once it ended.
    pub token: String,
    /// Good for so many milliseconds.
    pub lease_ms: u64,
    /// For people: `owner/name`.
    pub repository: String,
    /// For people: `<build>.<n>`.
    pub job_number: String,
    /// For people, to stand in the log: `Built on NAME, provided by OWNER. Thank you!`
    #[serde(default)]
    pub thanks: String,
    /// The job.
    pub job_id: i64,
    /// The script to run with bash.
    pub script: String,
    /// Values to mask in the log.
    pub secrets: Vec<String>,
    /// What to check out, when the job checks out anything.
    pub source: Option<Source>,
    /// Limits.
    pub limits: Limits,
    /// Whether the job may use the network.
    pub network: bool,
    /// The job's cache, when it has one. The worker lends the job a directory, puts what it
    /// fetched there as `fetched.tgz`, and stores what the job left there as `new.tgz`.
    #[serde(default)]
    #[schema(required = true)]
    pub cache: Option<CacheSpec>,
    /// What the job may leave: the worker lends it a directory for that, whose path the job finds in
    /// `TRAVIS_RESULTS_DIR`. A server that has none takes nothing.
    #[serde(default)]
    #[schema(required = true)]
    pub results: Option<ResultsSpec>,
    /// The weakest executor that may run it: `namespace`, `container`, `vm`.
    #[serde(default)]
    pub min_executor: Option<String>,
    /// The image that the job asks for.
    #[serde(default)]
    pub image: Option<ImageWish>,
    /// Services that the job asks for, by their names in `.travis.yml`.
    #[serde(default)]
    pub services: Vec<String>,
}

/// The image that a job asks for. Executors take what fits best of what they have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ImageWish {
    /// By name; only an image of this name will do.
    pub name: Option<String>,
    /// Language, as in `.travis.yml`.
    pub language: String,
    /// Its version, as in `.travis.yml`.
    pub version: Option<String>,
    /// Distribution, as in `.travis.yml`: `jammy`.
    pub dist: Option<String>,
}

/// What a job's worker does about its cache.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CacheSpec {
    /// It may fetch one.
    pub fetch: bool,
    /// It may store one.
    pub store: bool,
    /// Bytes that one may have.
    pub most_bytes: u64,
    /// Seconds for fetching, and for storing.
    pub timeout_seconds: u64,
}

/// What a job may leave. Its script puts `results.list` into the lent directory, records that end in
/// a zero byte: `report` or `artifact`, a space, the path; the bytes of the first of them lie beside
/// it in `result.0`, those of the second in `result.1`, and so on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResultsSpec {
    /// Files at most.
    pub most_files: u64,
    /// Bytes of one file at most.
    pub file_bytes: u64,
    /// Bytes of one file that is read for tests at most.
    pub report_bytes: u64,
    /// Bytes of all files at most.
    pub most_bytes: u64,
    /// Seconds for sending all.
    pub timeout_seconds: u64,
}

/// A file that a job left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResultFile {
    /// `report`: tests are read from it; `artifact`: it is kept.
    pub kind: String,
    /// Its path below the job's directory, without `..`.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its bytes, in small hexadecimal digits.
    pub sha256: String,
}

/// Which files an attempt left.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ResultsRequest {
    /// All of them.
    pub files: Vec<ResultFile>,
}

/// Which of them are to be sent.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ResultsResponse {
    /// Those that are not here yet.
    pub wanted: Vec<ResultWanted>,
}

/// A file that is to be sent to `results/{id}`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ResultWanted {
    /// Its number.
    pub id: i64,
    /// As it was declared.
    pub kind: String,
    /// As it was declared.
    pub path: String,
}

/// The header with the SHA-256 of a cache's bytes, in small hexadecimal digits.
pub const CACHE_SHA256: &str = "Travis-Cache-Sha256";
/// The header that names whose cache it is, for people; what can't stand in a header is `?`.
pub const CACHE_FROM: &str = "Travis-Cache-From";

/// Where the job's commit comes from; the worker keeps a mirror of it and offers that to the job.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Source {
    /// Clone URL, as it stands in the script.
    pub url: String,
    /// The whole hash.
    pub sha: String,
    /// References that have to be there, such as `refs/heads/main`.
    pub refs: Vec<String>,
    /// Local paths and loopback addresses are allowed by the operator.
    pub allow_local: bool,
    /// The number of a private repository: it is fetched from this server, at
    /// `/worker/v1/attempts/{id}/source`, by Basic auth with the user [`SOURCE_USER`] and the
    /// attempt's token as the password, and its mirror is kept apart. `None`: from its clone URL.
    #[serde(default)]
    #[schema(required = true)]
    pub private: Option<i64>,
}

/// The user of Basic auth with which a private repository is fetched; the password is the
/// attempt's token.
pub const SOURCE_USER: &str = "attempt";

/// What a job may use at most. The worker's owner may set less.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Seconds in all.
    pub total_seconds: u64,
    /// Seconds without output.
    pub silence_seconds: u64,
    /// Bytes of log.
    pub log_bytes: u64,
    /// Bytes of memory; the machine's when `None`.
    pub memory_bytes: Option<u64>,
    /// Processes and threads.
    pub processes: Option<u64>,
}

/// The log holds so many bytes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LogResponse {
    /// Bytes held. On a 409 for a gap the body is an error with `held`.
    pub length: u64,
}

/// The script began.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StateRequest {
    /// Always `running`.
    pub state: String,
    /// The executor that runs it.
    pub executor: String,
}

/// The attempt ended.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FinishRequest {
    /// `passed`, `failed`, `errored`, `canceled`.
    pub outcome: String,
    /// The script's exit code, when it had one.
    pub exit_code: Option<i32>,
    /// Why, when the exit code does not say so: `The job exceeded …`.
    pub reason: Option<String>,
    /// Bytes of log in all.
    pub log_length: u64,
    /// SHA-256 of the whole log in hex.
    pub log_sha256: String,
    /// Base64 of the Ed25519 signature over [`result_statement`].
    pub signature: String,
}

/// What the worker signs of a result.
#[must_use]
pub fn result_statement(
    attempt: i64,
    job: i64,
    outcome: &str,
    exit_code: Option<i32>,
    log_length: u64,
    log_sha256: &str,
) -> String {
    let code = exit_code.map_or_else(|| "-".to_owned(), |code| code.to_string());
    format!("{RESULT_CONTEXT}{attempt}:{job}:{outcome}:{code}:{log_length}:{log_sha256}")
}

/// What the server makes of the end.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FinishResponse {
    /// The log is complete and checked; the worker may forget it. Otherwise the worker sends the
    /// log from `held` on and says finish again.
    pub sealed: bool,
    /// Bytes of log that the server holds.
    pub held: u64,
}

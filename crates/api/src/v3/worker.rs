use super::{Head, JobMinimal, Owner, Pagination, RepositoryMinimal};
use crate::lend::{Lending, Lent, Presence, Usage};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Worker {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Who lends it.
    pub owner: Owner,
    /// `enrolled`, `online`, `offline`, `paused`, `draining`, `banned`.
    pub state: String,
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub arch: String,
    /// The executor that it uses.
    pub executor: String,
    /// Jobs that it takes side by side.
    pub slots: u32,
    /// The same, by what they do now.
    pub slot_use: SlotUse,
    /// How far its word counts: `quarantined`, `probation`, `volunteer`, `bound`, `attested`.
    /// Towards repositories of its owner it is bound, whatever is said here.
    pub tier: String,
    /// An operator set the tier by hand; it does not change by itself.
    pub tier_fixed: bool,
    /// It is older than the operator allows and gets no work until it is renewed.
    pub too_old: bool,
    /// Whether the machine lends itself now, in its own words; missing while it has said nothing.
    #[schema(required = true)]
    pub presence: Option<Presence>,
    /// What jobs use of it now.
    #[schema(required = true)]
    pub usage: Option<Usage>,
    /// What is lent of it, in figures.
    #[schema(required = true)]
    pub lent: Option<Lent>,
    /// What it lends, by its own file and its page together. For those who may command it alone.
    #[schema(required = true)]
    pub lending: Option<Lending>,
    /// What its page says that it may lend. For those who may command it alone.
    #[schema(required = true)]
    pub wanted_lending: Option<Lending>,
    /// What it did so far.
    pub record: WorkerRecord,
    /// Its public page, from the root of this server.
    pub page: String,
    /// Its badge, from the root of this server.
    pub badge: String,
    /// What it runs now.
    pub running: Vec<RunningAttempt>,
    /// What was measured of its machine.
    pub facts: crate::worker::Facts,
    /// Jobs that it finished.
    pub finished_jobs: u64,
    /// When it was registered.
    pub created_at: String,
    /// Heard of without a gap since then; missing while it is not online.
    #[schema(required = true)]
    pub online_since: Option<String>,
    /// When it was last heard of.
    #[schema(required = true)]
    pub last_seen_at: Option<String>,
    /// What the reader may do.
    #[serde(rename = "@permissions")]
    pub permissions: WorkerPermissions,
}

/// What the reader may do with a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkerPermissions {
    /// Pause, drain, rename and remove it, and say what it lends.
    pub admin: bool,
    /// Shut it out, let it in again, and set its tier.
    pub operate: bool,
}

/// Slots of a worker, by what they do now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SlotUse {
    /// They run jobs, those included that are not shown to the reader.
    pub busy: u32,
    /// They wait for jobs.
    pub free: u32,
    /// They are not lent now: paused, draining, offline, or the machine says so.
    pub unlent: u32,
}

/// What a worker did so far.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkerRecord {
    /// Work that counts: seconds times the cores that the job had, of results that stand.
    pub core_seconds: u64,
    /// Jobs that it brought to an end in the last 30 days.
    pub jobs_30_days: u64,
    /// For so many repositories.
    pub repositories_30_days: u64,
    /// Of what it took in the last 30 days, hundredths that it finished or handed back properly;
    /// missing while it took nothing.
    #[schema(required = true)]
    pub kept_word_percent: Option<f64>,
    /// Results of it that others looked at, all time.
    pub checked: u64,
    /// Of these, results that others came to, too.
    pub agreed: u64,
    /// Known jobs that it got right.
    pub known_passed: u32,
    /// Known jobs that a new worker has to get right.
    pub known_wanted: u32,
    /// Results in a row that others came to, too.
    pub agreed_in_a_row: u64,
    /// How often it handed a job back because its owner came, all time.
    pub yields: u64,
    /// How long it usually takes until a job is frozen when its owner comes, in milliseconds;
    /// missing while the worker tells nothing.
    #[schema(required = true)]
    pub usual_freeze_ms: Option<u64>,
}

/// What is to change of a worker. What is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WorkerChange {
    /// Its new name: letters, digits, `-`, `_`, `.`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it may lend at most from now on. The machine's own file stands where it says less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lending: Option<Lending>,
}

/// The tier that an operator sets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WorkerTierChange {
    /// `quarantined`, `probation`, `volunteer`, `bound`, `attested`; it finds its tier by what it
    /// does when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// Why, for the audit log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a worker does now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunningAttempt {
    /// The attempt.
    pub attempt: i64,
    /// Its job.
    pub job: JobMinimal,
    /// Its repository.
    pub repository: RepositoryMinimal,
    /// When it was given out.
    pub leased_at: String,
    /// What it is for: `job`, `verification` (a second opinion), `known` (its result is known).
    pub purpose: String,
    /// It is frozen because the owner came back.
    pub frozen: bool,
}

/// All workers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Workers {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Slots of the workers online.
    pub slots: u32,
    /// Of these, busy.
    pub busy: u32,
    /// Jobs that wait.
    pub queued: u64,
    /// The workers.
    pub workers: Vec<Worker>,
}

/// What a worker did, newest first. What runs in private repositories is left out for those who
/// may not see them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkerHistory {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Which part this is.
    #[serde(rename = "@pagination")]
    pub pagination: Pagination,
    /// What it did.
    pub deeds: Vec<WorkerDeed>,
}

/// One attempt of a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkerDeed {
    /// The attempt; negative for a known job.
    pub attempt: i64,
    /// Its job; missing for a known job.
    #[schema(required = true)]
    pub job: Option<JobMinimal>,
    /// Its repository; missing for a known job.
    #[schema(required = true)]
    pub repository: Option<RepositoryMinimal>,
    /// The job's stage.
    #[schema(required = true)]
    pub stage: Option<String>,
    /// `received`, `started`, `passed`, `failed`, `errored`, `canceled`, `lost`, `handed_back`.
    pub state: String,
    /// Whether its word counted: `binding`, `provisional`, `agreed`, `disagreed`, `second_opinion`,
    /// `known`, `yielded`, `handed_back`, `lost`; missing while it runs.
    #[schema(required = true)]
    pub word: Option<String>,
    /// The same for people: `handed back: the owner came`.
    pub text: String,
    /// How long it worked on it.
    #[schema(required = true)]
    pub seconds: Option<i64>,
    /// When it was given out.
    pub leased_at: String,
    /// When it ended.
    #[schema(required = true)]
    pub finished_at: Option<String>,
}

/// When a worker works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkerHours {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The last 14 days in UTC, the oldest first; the last one is today.
    pub days: Vec<WorkerDay>,
}

/// A day of a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkerDay {
    /// `2027-02-12`.
    pub date: String,
    /// For each of its 24 hours, seconds of work of all slots together.
    pub busy_seconds: Vec<u32>,
}

/// What a person lends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OwnerWorkers {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Who.
    pub owner: Owner,
    /// When the first of their workers was registered.
    #[schema(required = true)]
    pub since: Option<String>,
    /// Work that counts, all time, of removed workers too.
    pub core_seconds: u64,
    /// Jobs that their workers brought to an end.
    pub jobs: u64,
    /// Repositories that they built for.
    pub repositories: u64,
    /// The last twelve months in which they did something, the newest first.
    pub months: Vec<OwnerMonth>,
    /// Their badge, from the root of this server.
    pub badge: String,
    /// Their page, from the root of this server.
    pub page: String,
    /// Their workers, by name.
    pub workers: Vec<Worker>,
}

/// What a person's workers did in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnerMonth {
    /// `2027-02`.
    pub month: String,
    /// Work that counts.
    pub core_seconds: u64,
    /// Jobs brought to an end.
    pub jobs: u64,
}

/// A job whose answer the server knows: it shows whether a worker runs jobs at all, and truly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KnownAnswer {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// `leased`, `running`, `finished`, `lost`, `refused`.
    pub state: String,
    /// Whether the answer was right; none while it is not known.
    #[schema(required = true)]
    pub passed: Option<bool>,
    /// What was wrong.
    #[schema(required = true)]
    pub problem: Option<String>,
    /// How it was isolated.
    pub executor: String,
    /// When it was given out.
    pub leased_at: String,
    /// When its script began.
    #[schema(required = true)]
    pub started_at: Option<String>,
    /// When it ended.
    #[schema(required = true)]
    pub finished_at: Option<String>,
    /// Where its log is, as text.
    pub log: String,
    /// The number of its log: while it runs, the live topic `log:ATTEMPT@OFFSET` has it.
    pub attempt: i64,
}

/// Known-answer jobs of a worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KnownAnswers {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// So many were passed in a row.
    pub passed_in_a_row: u32,
    /// So many in a row come before anything else on this machine.
    pub wanted: u32,
    /// Why the last one failed; none when it passed.
    #[schema(required = true)]
    pub problem: Option<String>,
    /// The newest ones, newest first.
    pub known_answers: Vec<KnownAnswer>,
}

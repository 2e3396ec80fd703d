use super::{BranchMinimal, BuildReport, Head, Owner, Pagination, RepositoryMinimal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A build inside something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BuildMinimal {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// Number in its repository.
    pub number: String,
    /// Where it stands.
    pub state: String,
    /// How it stands when the words are believed that nobody confirmed yet: `passed`, `failed`,
    /// `errored`. Only while its state is `started` and it waits for nothing but second opinions.
    #[schema(required = true)]
    pub provisional: Option<String>,
    /// Seconds from start to end, or so far.
    #[schema(required = true)]
    pub duration: Option<i64>,
    /// `push`, `pull_request`, `api`, `cron`.
    pub event_type: String,
    /// How the build before it on its branch ended.
    #[schema(required = true)]
    pub previous_state: Option<String>,
    /// When its first job started.
    #[schema(required = true)]
    pub started_at: Option<String>,
    /// When its last job ended.
    #[schema(required = true)]
    pub finished_at: Option<String>,
    /// Grows with each change; never show a smaller one over a greater one.
    pub version: i64,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Commit {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// The whole hash.
    pub sha: String,
    /// The reference it was found at.
    #[serde(rename = "ref")]
    #[schema(required = true)]
    pub reference: Option<String>,
    /// Its message.
    pub message: String,
    /// Who wrote it.
    pub author: Person,
    /// Who committed it.
    pub committer: Person,
    /// When it was committed.
    pub committed_at: String,
}

/// A name in a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// The name.
    pub name: String,
}

/// A build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Build {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// Number in its repository.
    pub number: String,
    /// Where it stands.
    pub state: String,
    /// How it stands when the words are believed that nobody confirmed yet: `passed`, `failed`,
    /// `errored`. Only while its state is `started` and it waits for nothing but second opinions.
    #[schema(required = true)]
    pub provisional: Option<String>,
    /// Seconds from start to end, or so far.
    #[schema(required = true)]
    pub duration: Option<i64>,
    /// `push`, `pull_request`, `api`, `cron`.
    pub event_type: String,
    /// How the build before it on its branch ended.
    #[schema(required = true)]
    pub previous_state: Option<String>,
    /// When its first job started.
    #[schema(required = true)]
    pub started_at: Option<String>,
    /// When its last job ended.
    #[schema(required = true)]
    pub finished_at: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// When anything of it last changed.
    pub updated_at: String,
    /// Grows with each change.
    pub version: i64,
    /// It belongs to a private repository.
    pub private: bool,
    /// The message to show: asked for, else the commit's.
    pub message: String,
    /// Of which repository.
    pub repository: RepositoryMinimal,
    /// On which branch.
    pub branch: BranchMinimal,
    /// The tag built, if any.
    #[schema(required = true)]
    pub tag: Option<String>,
    /// What it builds.
    pub commit: Commit,
    /// The pull request built.
    #[schema(required = true)]
    pub pull_request: Option<super::PullRequestBrief>,
    /// Its number.
    #[schema(required = true)]
    pub pull_request_number: Option<i64>,
    /// Its title.
    #[schema(required = true)]
    pub pull_request_title: Option<String>,
    /// Who did what it comes of, on the forge.
    #[schema(required = true)]
    pub sender: Option<super::Sender>,
    /// A page that shows the change.
    #[schema(required = true)]
    pub compare_url: Option<String>,
    /// Whether its jobs have the repository's secrets on workers that may: `given`, `withheld`
    /// (another repository's code, not approved for them), `none` (there are none).
    pub secrets: String,
    /// Who asked for it.
    #[schema(required = true)]
    pub created_by: Option<Owner>,
    /// Usual time of a passed build of this repository in seconds.
    #[schema(required = true)]
    pub usual_seconds: Option<i64>,
    /// What the forge was told of its commit; only on a single build, and null for plain git.
    #[serde(default)]
    #[schema(required = true)]
    pub reported: Option<BuildReport>,
    /// Number of messages about its configuration.
    pub config_messages: u64,
    /// The same by level.
    #[serde(default)]
    pub config_counts: super::ConfigCounts,
    /// Its stages; one named `test` when the configuration names none.
    pub stages: Vec<Stage>,
    /// Its jobs in order; whole with `include=build.jobs` and on a single build, else left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub jobs: Option<Vec<Job>>,
    /// What the reader may do.
    #[serde(rename = "@permissions")]
    pub permissions: RunPermissions,
}

/// What the reader may do with a build or a job now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunPermissions {
    /// See it.
    pub read: bool,
    /// Cancel it.
    pub cancel: bool,
    /// Restart it.
    pub restart: bool,
}

/// A page of builds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Builds {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Which part of the list this is.
    #[serde(rename = "@pagination")]
    pub pagination: Pagination,
    /// The builds.
    pub builds: Vec<Build>,
}

/// A stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stage {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// 1, 2, 3, … in its build.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub state: String,
    /// When its first job started.
    #[schema(required = true)]
    pub started_at: Option<String>,
    /// When its last job ended.
    #[schema(required = true)]
    pub finished_at: Option<String>,
}

/// All stages of a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stages {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The stages.
    pub stages: Vec<Stage>,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Job {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// `<build>.<n>`.
    pub number: String,
    /// Where it stands.
    pub state: String,
    /// Its own name, else its version switches such as `Rust stable`, else its environment.
    pub name: String,
    /// Its own environment as in the configuration, without secrets: `FEATURES=tls`; empty when
    /// it stands in the name.
    pub env: String,
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub arch: String,
    /// Its failure does not count.
    pub allow_failure: bool,
    /// Its stage.
    pub stage: Stage,
    /// Of which build.
    pub build: BuildMinimal,
    /// Of which repository.
    pub repository: RepositoryMinimal,
    /// Why it waits and what would change it.
    #[schema(required = true)]
    pub waiting: Option<Waiting>,
    /// Why it ended as it did, when its log alone does not say so.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// Its state is the word of a worker that does not count alone; never show it as final.
    pub provisional: bool,
    /// Whether its result is checked by others: `none`, `second` (a second opinion is wanted),
    /// `third` (words disagree, a trusted worker decides), `agreed`, `settled` (one decided).
    pub verification: String,
    /// Trusted workers came to different ends with it.
    pub flaky: bool,
    /// The words on it, the first one first, and last the one that is waited for; empty unless it
    /// is checked, and in lists when that is over.
    pub opinions: Vec<Opinion>,
    /// When it was made.
    pub created_at: String,
    /// When it could first run.
    #[schema(required = true)]
    pub queued_at: Option<String>,
    /// When a worker took it.
    #[schema(required = true)]
    pub received_at: Option<String>,
    /// When its script began.
    #[schema(required = true)]
    pub started_at: Option<String>,
    /// When it ended.
    #[schema(required = true)]
    pub finished_at: Option<String>,
    /// When it was last restarted.
    #[schema(required = true)]
    pub restarted_at: Option<String>,
    /// When it last changed.
    pub updated_at: String,
    /// Grows with each change.
    pub version: i64,
    /// Usual seconds of this very job (same place in the matrix) in passed builds.
    #[schema(required = true)]
    pub usual_seconds: Option<i64>,
    /// Its tests so far; `null` when none was found.
    #[serde(default)]
    #[schema(required = true)]
    pub tests: Option<super::TestCounts>,
    /// The attempt that counts now.
    #[schema(required = true)]
    pub attempt: Option<Attempt>,
    /// Every attempt, oldest first; on a single job only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub attempts: Option<Vec<Attempt>>,
    /// Its configuration, without secrets; on a single job or with `include=job.config`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub config: Option<serde_json::Value>,
    /// What the reader may do.
    #[serde(rename = "@permissions")]
    pub permissions: RunPermissions,
}

/// A page of jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Jobs {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Which part of the list this is; missing where the list is whole.
    #[serde(rename = "@pagination", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pagination: Option<Pagination>,
    /// The jobs.
    pub jobs: Vec<Job>,
}

/// Why something waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Waiting {
    /// A stable word: `stage`, `no_worker`, `no_fitting_worker`, `busy`, `next`, `preparing`, `planning`,
    /// `no_second_opinion`, `second_opinion`.
    pub code: String,
    /// A sentence for people.
    pub text: String,
}

/// One run of a job on one worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier; the address of its log on the live channel.
    pub id: i64,
    /// 1, 2, 3, … in its job.
    pub number: i64,
    /// `leased`, `running`, `finished`, `lost`, `refused`.
    pub state: String,
    /// How it ended.
    #[schema(required = true)]
    pub outcome: Option<String>,
    /// The script's exit code.
    #[schema(required = true)]
    pub exit_code: Option<i32>,
    /// Why it ended, when the exit code does not say so.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// How it was isolated.
    pub executor: String,
    /// `job`: the job's own result; `opinion`: one on another worker's result.
    pub purpose: String,
    /// How far its worker's word counted for the repository; none before tiers were kept.
    #[schema(required = true)]
    pub tier: Option<String>,
    /// It was handed back because the machine's owner wanted it.
    pub yielded: bool,
    /// Where it ran.
    pub worker: WorkerMinimal,
    /// When it was given out.
    pub leased_at: String,
    /// When its script began.
    #[schema(required = true)]
    pub started_at: Option<String>,
    /// When it ended.
    #[schema(required = true)]
    pub finished_at: Option<String>,
    /// Bytes of its log, once known.
    #[schema(required = true)]
    pub log_length: Option<i64>,
    /// SHA-256 of its log in hex, once known.
    #[schema(required = true)]
    pub log_sha256: Option<String>,
    /// All of its log is here and checked.
    pub log_complete: bool,
}

/// A worker's word on a job, or the wait for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Opinion {
    /// `first`, `second`, `third`; later ones are called third, too.
    pub role: String,
    /// `waiting`, `running`, `passed`, `failed`, `errored`.
    pub state: String,
    /// Its attempt; none while it is waited for.
    #[schema(required = true)]
    pub attempt: Option<i64>,
    /// Who gives it.
    #[schema(required = true)]
    pub worker: Option<WorkerMinimal>,
    /// How far this worker's word counts for the repository: `quarantined`, `probation`,
    /// `volunteer`, `bound`, `attested`.
    #[schema(required = true)]
    pub tier: Option<String>,
    /// The script's exit code.
    #[schema(required = true)]
    pub exit_code: Option<i32>,
    /// It says the same as the word that stands; none while it is open.
    #[schema(required = true)]
    pub agrees: Option<bool>,
    /// Both networks are known, and this is another one than the first word's.
    pub other_network: bool,
    /// When its script began.
    #[schema(required = true)]
    pub started_at: Option<String>,
    /// When it ended.
    #[schema(required = true)]
    pub finished_at: Option<String>,
    /// Why it has not begun.
    #[schema(required = true)]
    pub waiting: Option<Waiting>,
}

/// A worker inside something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkerMinimal {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Who lends it.
    pub owner: Owner,
    /// Its public page, from the root of this server.
    pub page: String,
    /// `Built on NAME, provided by OWNER. Thank you!`
    pub thanks: String,
}

/// A change of state was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PendingChange {
    /// Always `pending`.
    #[serde(rename = "@type")]
    pub kind: String,
    /// `build` or `job`.
    pub resource_type: String,
    /// `cancel` or `restart`.
    pub state_change: String,
    /// The build.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub build: Option<BuildMinimal>,
    /// The job's number and state.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub job: Option<JobMinimal>,
}

/// A job inside something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobMinimal {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// `<build>.<n>`.
    pub number: String,
    /// Where it stands.
    pub state: String,
}

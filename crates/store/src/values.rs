//! Arguments and answers of the port.

use crate::SeenBy;
use travis_model::{
    BuildId, BuildState, CommitId, DeliveryId, GivenConfig, Hosting, JobId, JobState, PullRequest,
    RepositoryId, RequestId, RequestState, Sender, Slug, Timestamp, UserId,
};

/// A part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Items left out before it.
    pub offset: u64,
    /// Items on it at most.
    pub limit: u64,
}

/// A part of a list, with the length of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// The items.
    pub items: Vec<T>,
    /// Items in all.
    pub count: u64,
}

/// Which repositories. Default: all that are public.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepositoryFilter {
    /// For whose eyes.
    pub seen_by: SeenBy,
    /// Only those that this person starred.
    pub starred_by: Option<UserId>,
    /// Only those that this person has a right to.
    pub member: Option<UserId>,
    /// Only those whose slug holds this, case apart.
    pub search: Option<String>,
    /// Only active or only inactive ones.
    pub active: Option<bool>,
    /// Only of this owner.
    pub owner: Option<String>,
}

/// Which builds. Default: all of public repositories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildFilter {
    /// For whose eyes.
    pub seen_by: SeenBy,
    /// Only of this repository.
    pub repository: Option<RepositoryId>,
    /// Only on this branch.
    pub branch: Option<String>,
    /// Only in one of these states; all when empty.
    pub states: Vec<BuildState>,
    /// Only of these events; all when empty.
    pub event_types: Vec<String>,
    /// Only this number.
    pub number: Option<i64>,
    /// Only of this pull request.
    pub pull_request_number: Option<i64>,
}

/// A repository to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRepository {
    /// Its address.
    pub slug: Slug,
    /// One line for people.
    pub description: Option<String>,
    /// Where its commits come from.
    pub clone_url: String,
    /// The branch built when none is named; empty while unknown.
    pub default_branch: String,
    /// Hidden from everybody without a right to it.
    pub private: bool,
    /// Its pings make builds.
    pub active: bool,
    /// Signs its pings; encrypted by the caller.
    pub ping_secret: Vec<u8>,
    /// Where it lives, unless it is plain git.
    pub hosting: Option<Hosting>,
    /// How often its branches are asked for new commits.
    pub poll_seconds: Option<u32>,
    /// Now.
    pub at: Timestamp,
}

/// A request to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRequest {
    /// Of which repository.
    pub repository_id: RepositoryId,
    /// `push`, `pull_request`, `api`, `cron`.
    pub event_type: String,
    /// The branch asked for.
    pub branch: Option<String>,
    /// The commit asked for.
    pub sha: Option<String>,
    /// The tag asked for.
    pub tag: Option<String>,
    /// The message to show.
    pub message: Option<String>,
    /// The sender's own number of the ping; the same one twice makes one request.
    pub delivery: Option<String>,
    /// The pull request it is about.
    pub pull_request: Option<PullRequest>,
    /// Who did what it comes of, on the forge.
    pub sender: Option<Sender>,
    /// The commit before a push.
    pub before_sha: Option<String>,
    /// A page that shows the change.
    pub compare_url: Option<String>,
    /// The hook's message that it comes of.
    pub delivery_id: Option<DeliveryId>,
    /// It waits for a maintainer's word from the start.
    pub held: bool,
    /// Configuration given with it.
    pub config: Option<GivenConfig>,
    /// Who asked.
    pub created_by: Option<UserId>,
    /// Now.
    pub at: Timestamp,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestChange {
    /// Which.
    pub id: RequestId,
    /// Where it stands now.
    pub state: RequestState,
    /// Why no build came of it.
    pub reason: Option<String>,
    /// The branch it turned out to be.
    pub branch: Option<String>,
    /// The commit it turned out to be.
    pub sha: Option<String>,
}

/// A commit to be stored, unless the repository has it already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCommit {
    /// Of which repository.
    pub repository_id: RepositoryId,
    /// The whole hash.
    pub sha: String,
    /// The reference it was found at.
    pub reference: Option<String>,
    /// Its message.
    pub message: String,
    /// Who wrote it.
    pub author_name: String,
    /// Where to reach who wrote it.
    pub author_email: String,
    /// Who committed it.
    pub committer_name: String,
    /// When it was committed.
    pub committed_at: Timestamp,
}

/// A build to be stored with its stages and jobs. Its number is the repository's next.
#[derive(Debug, Clone, PartialEq)]
pub struct NewBuild {
    /// Of which repository.
    pub repository_id: RepositoryId,
    /// The request it comes of.
    pub request_id: RequestId,
    /// What it builds.
    pub commit_id: CommitId,
    /// `push`, `pull_request`, `api`, `cron`.
    pub event_type: String,
    /// The branch built.
    pub branch: String,
    /// The tag built.
    pub tag: Option<String>,
    /// The message to show instead of the commit's.
    pub message: Option<String>,
    /// How the build before it on its branch ended.
    pub previous_state: Option<BuildState>,
    /// The `.travis.yml` as it stood.
    pub raw_config: Option<String>,
    /// The files that it imports.
    pub imports: Vec<travis_model::ImportedFile>,
    /// The normalized configuration.
    pub config: serde_json::Value,
    /// Messages about it.
    pub messages: serde_json::Value,
    /// It is over when all jobs that count are.
    pub fast_finish: bool,
    /// The pull request built.
    pub pull_request: Option<PullRequest>,
    /// Who did what it comes of, on the forge.
    pub sender: Option<Sender>,
    /// The commit before.
    pub before_sha: Option<String>,
    /// A page that shows the change.
    pub compare_url: Option<String>,
    /// Who asked.
    pub created_by: Option<UserId>,
    /// Names of its stages in order, at least one.
    pub stages: Vec<String>,
    /// Its jobs in order.
    pub jobs: Vec<NewJob>,
    /// Now.
    pub at: Timestamp,
}

/// A job of a new build. It starts as `created`.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// Index into [`NewBuild::stages`].
    pub stage: usize,
    /// Its own name.
    pub name: Option<String>,
    /// Its failure does not count.
    pub allow_failure: bool,
    /// Its configuration.
    pub config: serde_json::Value,
    /// Its place in the matrix over many builds.
    pub cell: String,
    /// Operating system it asks for.
    pub os: String,
    /// Architecture it asks for.
    pub arch: String,
}

/// A worker to be registered.
#[derive(Debug, Clone, PartialEq)]
pub struct NewWorker {
    /// Who lends it.
    pub owner_id: UserId,
    /// The name wanted; a number is added when its owner has one of that name.
    pub name: String,
    /// The public half of its key.
    pub public_key: Vec<u8>,
    /// The machine.
    pub facts: serde_json::Value,
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub arch: String,
    /// Name of its executor.
    pub executor: String,
    /// Jobs side by side.
    pub slots: u32,
    /// Now.
    pub at: Timestamp,
}

/// An attempt to be made. It starts as `leased`, numbered by the job's attempts so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttempt {
    /// Of which job.
    pub job_id: JobId,
    /// The job's run.
    pub run: u32,
    /// On which worker.
    pub worker_id: travis_model::WorkerId,
    /// Hash of its token.
    pub token_hash: Vec<u8>,
    /// When its lease ends.
    pub lease_until: Timestamp,
    /// How it is isolated.
    pub executor: String,
    /// What it is for.
    pub purpose: travis_model::Purpose,
    /// How far the worker's word counts for the repository.
    pub tier: Option<travis_model::trust::Tier>,
    /// Where the worker comes from, as far as that is known.
    pub network: Option<String>,
    /// Now.
    pub at: Timestamp,
}

/// Something that the outside must be told of. There is one row for each thing that is told about
/// (kind and key), so that two messages about it can't overtake each other: who sends looks at how
/// the thing stands at that moment.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxEntry {
    /// Identifier.
    pub id: i64,
    /// What kind of message.
    pub kind: String,
    /// What it is about.
    pub key: String,
    /// What to look at, as the last change said.
    pub payload: serde_json::Value,
    /// What the sender keeps from one message about it to the next.
    pub memo: Option<serde_json::Value>,
    /// Grows with each change.
    pub version: i64,
    /// How often this version was tried in vain.
    pub tries: u32,
    /// Why the last try failed.
    pub error: Option<String>,
}

/// Who did what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// `user:kestrel`, `worker:3`, `system`.
    pub actor: String,
    /// `repository.enable`, `job.cancel`, …
    pub action: String,
    /// What it was done to: `job:17`.
    pub subject: String,
    /// More, for people.
    pub detail: String,
    /// When.
    pub at: Timestamp,
}

/// How many jobs stand where, for one platform or all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueDepth {
    /// Jobs that wait for a worker.
    pub queued: u64,
    /// Jobs that a worker holds.
    pub held: u64,
}

/// States in which a build or a job is worked on or waits.
pub const OPEN_STATES: [JobState; 4] = [
    JobState::Created,
    JobState::Queued,
    JobState::Received,
    JobState::Started,
];

/// A build's identifier with its number, as the store gave them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuildKey {
    /// Identifier.
    pub id: BuildId,
    /// Number in its repository.
    pub number: i64,
}

/// What the progress of a build is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobProgress {
    /// Which job.
    pub id: JobId,
    /// Its stage's number: 1, 2, 3, …
    pub stage_number: i64,
    /// Where it stands.
    pub state: JobState,
    /// Its failure does not count.
    pub allow_failure: bool,
    /// Its outcome does not count before somebody else confirms it.
    pub provisional: bool,
}

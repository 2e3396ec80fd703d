use crate::trust::Tier;
use crate::{
    AttemptId, AttemptState, BuildId, BuildState, CommitId, JobId, JobState, KnownAnswerId,
    Outcome, PullRequest, RepositoryId, RequestId, Sender, StageId, Timestamp, UserId, WorkerId,
};

/// One commit under one configuration; numbered per repository.
#[derive(Debug, Clone, PartialEq)]
pub struct Build {
    /// Identifier.
    pub id: BuildId,
    /// Of which repository.
    pub repository_id: RepositoryId,
    /// The request it came of.
    pub request_id: RequestId,
    /// What it builds.
    pub commit_id: CommitId,
    /// 1, 2, 3, … in its repository.
    pub number: i64,
    /// Where it stands; computed from its jobs.
    pub state: BuildState,
    /// How it stands when the words are believed that nobody confirmed yet; only while it waits for
    /// nothing but second opinions.
    pub provisional: Option<BuildState>,
    /// How the build before it on its branch ended.
    pub previous_state: Option<BuildState>,
    /// `push`, `pull_request`, `api`, `cron`.
    pub event_type: String,
    /// The branch built.
    pub branch: String,
    /// The tag built, if any.
    pub tag: Option<String>,
    /// The message to show instead of the commit's.
    pub message: Option<String>,
    /// The `.travis.yml` as it stood at the commit.
    pub raw_config: Option<String>,
    /// The files that it imports, in the order in which they were read.
    pub imports: Vec<ImportedFile>,
    /// The normalized configuration.
    pub config: serde_json::Value,
    /// What was noticed in the configuration: a list of messages.
    pub messages: serde_json::Value,
    /// It is over when all jobs that count are.
    pub fast_finish: bool,
    /// The pull request built.
    pub pull_request: Option<PullRequest>,
    /// Who did what it came of, on the forge.
    pub sender: Option<Sender>,
    /// The commit before the push, or the one that a pull request stood against.
    pub before_sha: Option<String>,
    /// A page that shows the change.
    pub compare_url: Option<String>,
    /// Who asked for it, when it is known.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its first job started.
    pub started_at: Option<Timestamp>,
    /// When its last job ended.
    pub finished_at: Option<Timestamp>,
    /// When anything of it last changed.
    pub updated_at: Timestamp,
}

/// A file that a build's `.travis.yml` imports.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ImportedFile {
    /// Where it is from, as messages name it.
    pub source: String,
    /// Its text.
    pub config: String,
}

/// An ordered group of a build's jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Identifier.
    pub id: StageId,
    /// Of which build.
    pub build_id: BuildId,
    /// 1, 2, 3, … in its build.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// Where it stands; computed from its jobs.
    pub state: JobState,
    /// When its first job started.
    pub started_at: Option<Timestamp>,
    /// When its last job ended.
    pub finished_at: Option<Timestamp>,
}

/// One cell of the matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Identifier.
    pub id: JobId,
    /// Of which build.
    pub build_id: BuildId,
    /// Of which repository.
    pub repository_id: RepositoryId,
    /// Of which stage.
    pub stage_id: StageId,
    /// The stage's number: 1, 2, 3, …
    pub stage_number: i64,
    /// `<build>.<n>`.
    pub number: String,
    /// Its place in the build: 1, 2, 3, …
    pub position: i64,
    /// Its own name, if it has one.
    pub name: Option<String>,
    /// Where it stands.
    pub state: JobState,
    /// Its failure does not count.
    pub allow_failure: bool,
    /// Its configuration.
    pub config: serde_json::Value,
    /// Tells the same place in the matrix apart from others over many builds, so that its usual
    /// time can be known.
    pub cell: String,
    /// Operating system it asks for.
    pub os: String,
    /// Architecture it asks for.
    pub arch: String,
    /// The attempt that counts now.
    pub attempt_id: Option<AttemptId>,
    /// Attempts of this run that were lost or refused.
    pub lost: u32,
    /// Counts restarts; attempts carry the run they belong to.
    pub run: u32,
    /// Whether its result is being checked, or was.
    pub verification: Verification,
    /// Its outcome does not count before somebody else confirms it.
    pub provisional: bool,
    /// Trusted workers came to different ends with it.
    pub flaky: bool,
    /// The attempt that gives a second opinion now.
    pub opinion_id: Option<AttemptId>,
    /// When a worker last handed it back because its owner wanted the machine.
    pub yielded_at: Option<Timestamp>,
    /// Why it ended as it did, when its log alone does not say so.
    pub reason: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it could first run.
    pub queued_at: Option<Timestamp>,
    /// When a worker took it.
    pub received_at: Option<Timestamp>,
    /// When its script began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// When it was last restarted.
    pub restarted_at: Option<Timestamp>,
    /// Who restarted it.
    pub restarted_by: Option<UserId>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Grows with each change: a save of an older version is refused.
    pub version: i64,
}

/// Whether a job's result is being checked by others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Verification {
    /// Nobody checks it.
    #[default]
    None,
    /// A second opinion is wanted.
    Second,
    /// The words disagree: a trusted worker decides.
    Third,
    /// Others said the same.
    Agreed,
    /// Trusted workers decided.
    Settled,
}

impl Verification {
    /// The word used in rows and on wires.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Second => "second",
            Self::Third => "third",
            Self::Agreed => "agreed",
            Self::Settled => "settled",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::None,
            Self::Second,
            Self::Third,
            Self::Agreed,
            Self::Settled,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
    }

    /// One more word is wanted.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Second | Self::Third)
    }
}

/// What an attempt is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The job's own result.
    #[default]
    Job,
    /// An opinion on a result that another worker gave.
    Opinion,
}

impl Purpose {
    /// The word used in rows and on wires.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Opinion => "opinion",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Job, Self::Opinion]
            .into_iter()
            .find(|purpose| purpose.as_str() == word)
    }
}

/// One run of a job on one worker, under a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Identifier; also the address of its log.
    pub id: AttemptId,
    /// Of which job.
    pub job_id: JobId,
    /// 1, 2, 3, … in its job.
    pub number: i64,
    /// The job's [`Job::run`] it belongs to.
    pub run: u32,
    /// On which worker.
    pub worker_id: WorkerId,
    /// Where it stands.
    pub state: AttemptState,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The exit code of its script.
    pub exit_code: Option<i32>,
    /// Why it ended, when the exit code does not say so.
    pub reason: Option<String>,
    /// Hash of the token that its worker writes with.
    pub token_hash: Vec<u8>,
    /// When its lease ends.
    pub lease_until: Timestamp,
    /// When it was given out.
    pub leased_at: Timestamp,
    /// When its script began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Bytes of its log, as its worker says.
    pub log_length: Option<i64>,
    /// SHA-256 of its log in hex, as its worker says.
    pub log_sha256: Option<String>,
    /// The server holds all of its log and has checked it.
    pub log_sealed: bool,
    /// The worker's signature over the result.
    pub signature: Option<Vec<u8>>,
    /// How it was isolated.
    pub executor: String,
    /// What it is for.
    pub purpose: Purpose,
    /// How far its worker's word counted for the repository when it was given out; `None` before
    /// tiers were kept.
    pub tier: Option<Tier>,
    /// Where its worker came from then, as far as that is known.
    pub network: Option<String>,
    /// It was handed back because the machine's owner wanted it: nothing is wrong with job or
    /// worker.
    pub yielded: bool,
}

/// A job whose answer the server knows: it shows whether a worker runs jobs at all, and truly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAnswer {
    /// Identifier.
    pub id: KnownAnswerId,
    /// Of which worker.
    pub worker_id: WorkerId,
    /// Where it stands, as an attempt does.
    pub state: AttemptState,
    /// What the answer depends on.
    pub nonce: String,
    /// Whether the answer was right; `None` while it is not known.
    pub passed: Option<bool>,
    /// What was wrong.
    pub problem: Option<String>,
    /// Hash of the token that its worker writes with.
    pub token_hash: Vec<u8>,
    /// When its lease ends.
    pub lease_until: Timestamp,
    /// When it was given out.
    pub leased_at: Timestamp,
    /// When its script began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How it was isolated.
    pub executor: String,
}

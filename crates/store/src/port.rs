use crate::{
    AdminReader, AdminTx, AuditEntry, BuildFilter, BuildKey, CacheReader, CacheTx, CronReader,
    CronTx, FleetReader, FleetTx, HostingReader, HostingTx, JobProgress, Listing, NewAttempt,
    NewBuild, NewCommit, NewRepository, NewRequest, NewWorker, OutboxEntry, Page, QueueDepth,
    RepositoryFilter, RequestChange, ResultsReader, ResultsTx, StatsReader, StatsTx, StoreError,
    TrustReader, TrustTx,
};
use async_trait::async_trait;
use travis_model::{
    ApiToken, Attempt, AttemptId, AttemptState, Branch, Build, BuildId, Commit, CommitId, EnvVar,
    EnvVarId, Job, JobId, Repository, RepositoryId, RepositoryKey, Request, RequestId, Scope,
    Session, SessionId, Slug, Stage, Timestamp, TokenId, User, UserId, Worker, WorkerId,
};

/// Where rows are kept.
#[async_trait]
pub trait Store: Send + Sync {
    /// For reading committed rows. May be used for many reads; holds no lock.
    async fn reader(&self) -> Result<Box<dyn Reader>, StoreError>;

    /// Begins a transaction. It may be dropped at any await: then nothing of it happened.
    async fn begin(&self) -> Result<Box<dyn Tx>, StoreError>;

    /// Whether the database answers.
    async fn check(&self) -> Result<(), StoreError>;
}

/// What can be read. Lists of identifiers may hold unknown ones, which are left out; the order
/// of the answer is then that of the identifiers given.
#[async_trait]
pub trait Reader:
    AdminReader
    + HostingReader
    + CacheReader
    + CronReader
    + FleetReader
    + ResultsReader
    + StatsReader
    + TrustReader
    + Send
{
    /// A person.
    async fn user(&mut self, id: UserId) -> Result<Option<User>, StoreError>;
    /// A person by name, case apart.
    async fn user_by_login(&mut self, login: &str) -> Result<Option<User>, StoreError>;
    /// People by identifier.
    async fn users(&mut self, ids: &[UserId]) -> Result<Vec<User>, StoreError>;
    /// The session with this token hash that has not ended.
    async fn session(
        &mut self,
        token_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError>;
    /// The API token with this hash that has not ended.
    async fn api_token(
        &mut self,
        token_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<ApiToken>, StoreError>;
    /// All API tokens of a person, newest first.
    async fn api_tokens(&mut self, user: UserId) -> Result<Vec<ApiToken>, StoreError>;

    /// A repository.
    async fn repository(&mut self, id: RepositoryId) -> Result<Option<Repository>, StoreError>;
    /// A repository by its address, case apart.
    async fn repository_by_slug(&mut self, slug: &Slug) -> Result<Option<Repository>, StoreError>;
    /// Repositories by identifier.
    async fn repositories_by_id(
        &mut self,
        ids: &[RepositoryId],
    ) -> Result<Vec<Repository>, StoreError>;
    /// Repositories: those with a running (not finished) current build first, then by the current
    /// build, newest first, then those without a build, newest first.
    async fn repositories(
        &mut self,
        filter: &RepositoryFilter,
        page: Page,
    ) -> Result<Listing<Repository>, StoreError>;
    /// Active repositories whose branches are to be asked now, the most overdue first.
    async fn repositories_to_poll(
        &mut self,
        now: Timestamp,
        limit: u64,
    ) -> Result<Vec<Repository>, StoreError>;
    /// Variables of a repository by name.
    async fn env_vars(&mut self, repository: RepositoryId) -> Result<Vec<EnvVar>, StoreError>;
    /// The keys of a repository, if they were made already.
    async fn repository_key(
        &mut self,
        repository: RepositoryId,
    ) -> Result<Option<RepositoryKey>, StoreError>;

    /// A request.
    async fn request(&mut self, id: RequestId) -> Result<Option<Request>, StoreError>;
    /// Requests of a repository, newest first.
    async fn requests(
        &mut self,
        repository: RepositoryId,
        page: Page,
    ) -> Result<Listing<Request>, StoreError>;
    /// Requests that nobody has looked at and that wait for nobody's word, oldest first.
    async fn pending_requests(&mut self, limit: u64) -> Result<Vec<Request>, StoreError>;
    /// Builds that came of these requests.
    async fn builds_of_requests(&mut self, ids: &[RequestId]) -> Result<Vec<Build>, StoreError>;

    /// Commits by identifier.
    async fn commits(&mut self, ids: &[CommitId]) -> Result<Vec<Commit>, StoreError>;
    /// A branch.
    async fn branch(
        &mut self,
        repository: RepositoryId,
        name: &str,
    ) -> Result<Option<Branch>, StoreError>;
    /// Branches of a repository: by their last build, newest first.
    async fn branches(
        &mut self,
        repository: RepositoryId,
        page: Page,
    ) -> Result<Listing<Branch>, StoreError>;

    /// A build.
    async fn build(&mut self, id: BuildId) -> Result<Option<Build>, StoreError>;
    /// Builds by identifier.
    async fn builds_by_id(&mut self, ids: &[BuildId]) -> Result<Vec<Build>, StoreError>;
    /// Builds, newest first.
    async fn builds(
        &mut self,
        filter: &BuildFilter,
        page: Page,
    ) -> Result<Listing<Build>, StoreError>;
    /// Seconds that the last passed builds of a repository took, newest first.
    async fn passed_build_seconds(
        &mut self,
        repository: RepositoryId,
        limit: u64,
    ) -> Result<Vec<i64>, StoreError>;
    /// Stages of builds, by build as given, then by number.
    async fn stages(&mut self, builds: &[BuildId]) -> Result<Vec<Stage>, StoreError>;
    /// Jobs of builds, by build as given, then by position.
    async fn jobs(&mut self, builds: &[BuildId]) -> Result<Vec<Job>, StoreError>;
    /// What the progress of a build is computed from, by position; without configurations, which
    /// may be large.
    async fn job_progress(&mut self, build: BuildId) -> Result<Vec<JobProgress>, StoreError>;
    /// A job.
    async fn job(&mut self, id: JobId) -> Result<Option<Job>, StoreError>;
    /// Jobs by identifier.
    async fn jobs_by_id(&mut self, ids: &[JobId]) -> Result<Vec<Job>, StoreError>;
    /// Seconds that the last passed jobs of the same cell took, newest first.
    async fn passed_job_seconds(
        &mut self,
        repository: RepositoryId,
        cell: &str,
        limit: u64,
    ) -> Result<Vec<i64>, StoreError>;
    /// Queued jobs in the order in which they are given out, for one platform.
    async fn queued_jobs(
        &mut self,
        os: &str,
        arch: &str,
        limit: u64,
    ) -> Result<Vec<Job>, StoreError>;
    /// How many jobs of a platform wait ahead of this one.
    async fn jobs_ahead(&mut self, job: &Job) -> Result<u64, StoreError>;
    /// How many jobs wait and are held, over all platforms.
    async fn queue_depth(&mut self) -> Result<QueueDepth, StoreError>;

    /// An attempt.
    async fn attempt(&mut self, id: AttemptId) -> Result<Option<Attempt>, StoreError>;
    /// Attempts by identifier.
    async fn attempts_by_id(&mut self, ids: &[AttemptId]) -> Result<Vec<Attempt>, StoreError>;
    /// Attempts of a job, oldest first.
    async fn attempts(&mut self, job: JobId) -> Result<Vec<Attempt>, StoreError>;
    /// Attempts of a worker that are live (leased or running), oldest first.
    async fn live_attempts(&mut self, worker: WorkerId) -> Result<Vec<Attempt>, StoreError>;
    /// All live attempts, oldest first.
    async fn all_live_attempts(&mut self) -> Result<Vec<Attempt>, StoreError>;
    /// Live attempts whose lease ended before `now`, longest ago first.
    async fn expired_attempts(
        &mut self,
        now: Timestamp,
        limit: u64,
    ) -> Result<Vec<Attempt>, StoreError>;
    /// The job with [`Job::attempt_id`] this attempt, and its build's repository: a quick look for
    /// log uploads. The attempt's state and token hash.
    async fn attempt_key(
        &mut self,
        id: AttemptId,
    ) -> Result<Option<(WorkerId, AttemptState, Vec<u8>)>, StoreError>;

    /// A worker.
    async fn worker(&mut self, id: WorkerId) -> Result<Option<Worker>, StoreError>;
    /// All workers that are not removed, by name.
    async fn workers(&mut self) -> Result<Vec<Worker>, StoreError>;
    /// Workers by identifier, removed ones too: old attempts still name them.
    async fn workers_by_id(&mut self, ids: &[WorkerId]) -> Result<Vec<Worker>, StoreError>;
    /// The worker of the session with this token hash that has not ended.
    async fn worker_session(
        &mut self,
        token_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<WorkerId>, StoreError>;
    /// How many attempts a worker finished.
    async fn finished_attempts(&mut self, worker: WorkerId) -> Result<u64, StoreError>;

    /// What is to be told of a thing, or was.
    async fn outbox_entry(
        &mut self,
        kind: &str,
        key: &str,
    ) -> Result<Option<OutboxEntry>, StoreError>;
    /// When the next message is due; none when nothing waits.
    async fn outbox_next(&mut self) -> Result<Option<Timestamp>, StoreError>;

    /// Who did what, newest first.
    async fn audit_log(&mut self, page: Page) -> Result<Listing<AuditEntry>, StoreError>;
    /// A value kept for the installation.
    async fn setting(&mut self, key: &str) -> Result<Option<String>, StoreError>;
}

/// What can be changed, in one transaction.
#[async_trait]
pub trait Tx:
    Reader + AdminTx + HostingTx + CacheTx + CronTx + FleetTx + ResultsTx + StatsTx + TrustTx
{
    /// Makes everything of this transaction last. Returns when it is durable.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
    /// Undoes everything of this transaction.
    async fn rollback(self: Box<Self>) -> Result<(), StoreError>;

    /// Makes an account. [`StoreError::Exists`] when the name is taken.
    async fn insert_user(
        &mut self,
        login: &str,
        name: Option<&str>,
        admin: bool,
        at: Timestamp,
    ) -> Result<UserId, StoreError>;
    /// Begins a session.
    async fn insert_session(
        &mut self,
        user: UserId,
        token_hash: &[u8],
        user_agent: &str,
        at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;
    /// Ends a session; nothing happens when there is none.
    async fn delete_session(&mut self, token_hash: &[u8]) -> Result<(), StoreError>;
    /// Notes the use of a session.
    async fn touch_session(&mut self, id: SessionId, at: Timestamp) -> Result<(), StoreError>;
    /// Ends a session of a person. [`StoreError::NotFound`] when it is not theirs.
    async fn end_session(&mut self, user: UserId, id: SessionId) -> Result<(), StoreError>;
    /// Ends all sessions of a person but one. Answers how many.
    async fn end_sessions(
        &mut self,
        user: UserId,
        but: Option<SessionId>,
    ) -> Result<u64, StoreError>;
    /// Makes a link that signs a person in once.
    async fn insert_sign_in_link(
        &mut self,
        user: UserId,
        token_hash: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;
    /// Uses up a link; `None` when it is unknown, used or too old.
    async fn take_sign_in_link(
        &mut self,
        token_hash: &[u8],
        now: Timestamp,
    ) -> Result<Option<UserId>, StoreError>;
    /// Makes an API token.
    async fn insert_api_token(
        &mut self,
        user: UserId,
        name: &str,
        scope: Scope,
        token_hash: &[u8],
        at: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<TokenId, StoreError>;
    /// Notes the use of an API token.
    async fn touch_api_token(&mut self, id: TokenId, at: Timestamp) -> Result<(), StoreError>;
    /// Removes an API token of a person. [`StoreError::NotFound`] when it is not theirs.
    async fn delete_api_token(&mut self, user: UserId, id: TokenId) -> Result<(), StoreError>;
    /// Adds a repository. [`StoreError::Exists`] when the address is taken.
    async fn insert_repository(&mut self, new: &NewRepository) -> Result<RepositoryId, StoreError>;
    /// Saves every field of a repository but its number of builds.
    async fn update_repository(&mut self, repository: &Repository) -> Result<(), StoreError>;
    /// Removes a repository with everything that belongs to it. Answers the attempts whose logs
    /// are to be removed after the commit.
    async fn delete_repository(&mut self, id: RepositoryId) -> Result<Vec<AttemptId>, StoreError>;
    /// Sets a variable; one of the same name and branch is replaced.
    async fn put_env_var(
        &mut self,
        repository: RepositoryId,
        name: &str,
        value: &[u8],
        public: bool,
        branch: Option<&str>,
    ) -> Result<EnvVarId, StoreError>;
    /// Saves every field of a variable but its repository. [`StoreError::Exists`] when another has
    /// this name and branch, [`StoreError::NotFound`] when the repository has no such variable.
    async fn update_env_var(&mut self, variable: &EnvVar) -> Result<(), StoreError>;
    /// Keeps a repository's keys unless it has some; either way, those that it has then.
    async fn put_repository_key(
        &mut self,
        key: &RepositoryKey,
    ) -> Result<RepositoryKey, StoreError>;
    /// Removes a variable. [`StoreError::NotFound`] when there is none.
    async fn delete_env_var(
        &mut self,
        repository: RepositoryId,
        id: EnvVarId,
    ) -> Result<(), StoreError>;

    /// Stores a request as pending. The same delivery of a repository again: the request that is
    /// there, and `false`.
    async fn insert_request(&mut self, new: &NewRequest) -> Result<(RequestId, bool), StoreError>;
    /// Saves what became of a pending request. [`StoreError::Conflict`] when it is not pending any
    /// more; fields that are `None` keep their value.
    async fn settle_request(&mut self, change: &RequestChange) -> Result<(), StoreError>;
    /// Stores a commit unless it is there.
    async fn put_commit(&mut self, new: &NewCommit) -> Result<CommitId, StoreError>;
    /// Notes a branch's newest build or newest commit; `None` keeps the value.
    async fn put_branch(
        &mut self,
        repository: RepositoryId,
        name: &str,
        last_build: Option<BuildId>,
        head_sha: Option<&str>,
    ) -> Result<(), StoreError>;

    /// Stores a build with its stages and jobs (all as `created`, numbered `<build>.<n>`), makes it
    /// the repository's current build and its branch's last one.
    async fn insert_build(&mut self, new: &NewBuild) -> Result<BuildKey, StoreError>;
    /// Locks a build against every other change until the end of the transaction. What is only
    /// for showing is left out: `raw_config` is `None`, `config` null, `imports` and `messages` empty.
    async fn lock_build(&mut self, id: BuildId) -> Result<Option<Build>, StoreError>;
    /// Saves a build's state, times and `updated_at`.
    async fn update_build(&mut self, build: &Build) -> Result<(), StoreError>;
    /// Saves a stage's state and times.
    async fn update_stage(&mut self, stage: &Stage) -> Result<(), StoreError>;
    /// Saves a job, if its stored version is `job.version`; the stored version is then one more.
    /// [`StoreError::Conflict`] otherwise.
    async fn save_job(&mut self, job: &Job) -> Result<(), StoreError>;
    /// Makes an attempt.
    async fn insert_attempt(&mut self, new: &NewAttempt) -> Result<Attempt, StoreError>;
    /// Saves an attempt, if its stored state is `expected`. [`StoreError::Conflict`] otherwise.
    async fn save_attempt(
        &mut self,
        attempt: &Attempt,
        expected: AttemptState,
    ) -> Result<(), StoreError>;
    /// Lengthens the leases of a worker's live attempts. Answers those that are still live.
    async fn renew_leases(
        &mut self,
        worker: WorkerId,
        attempts: &[AttemptId],
        until: Timestamp,
    ) -> Result<Vec<AttemptId>, StoreError>;
    /// Notes that a log is sealed.
    async fn mark_log_sealed(&mut self, attempt: AttemptId) -> Result<(), StoreError>;

    /// Registers a worker.
    async fn insert_worker(&mut self, new: &NewWorker) -> Result<Worker, StoreError>;
    /// Saves every field of a worker but its key and owner.
    async fn update_worker(&mut self, worker: &Worker) -> Result<(), StoreError>;
    /// Notes that a worker was heard of.
    async fn touch_worker(&mut self, id: WorkerId, at: Timestamp) -> Result<(), StoreError>;
    /// Hides a worker and ends its sessions; its attempts keep it.
    async fn remove_worker(&mut self, id: WorkerId) -> Result<(), StoreError>;
    /// Begins a worker's session.
    async fn insert_worker_session(
        &mut self,
        worker: WorkerId,
        token_hash: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Notes that the outside must be told of a thing: its version grows, its tries begin anew, and
    /// it is due at once.
    async fn append_outbox(
        &mut self,
        kind: &str,
        key: &str,
        payload: &serde_json::Value,
        at: Timestamp,
    ) -> Result<(), StoreError>;
    /// Takes what is due now, the longest due first, for a time in which nobody else gets it.
    async fn claim_outbox(
        &mut self,
        kind: &str,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u64,
    ) -> Result<Vec<OutboxEntry>, StoreError>;
    /// A version was told; what changed meanwhile stays due. The memo is kept either way, and the
    /// claim ends. `again` asks for one more look at that time.
    async fn outbox_done(
        &mut self,
        id: i64,
        version: i64,
        memo: Option<&serde_json::Value>,
        again: Option<Timestamp>,
    ) -> Result<(), StoreError>;
    /// A version was tried in vain: it is due again then, or given up when `None`. What changed
    /// meanwhile is due at once. The claim ends.
    async fn outbox_retry(
        &mut self,
        id: i64,
        version: i64,
        next: Option<Timestamp>,
        error: &str,
        memo: Option<&serde_json::Value>,
    ) -> Result<(), StoreError>;

    /// Notes who did what.
    async fn append_audit(&mut self, entry: &AuditEntry) -> Result<(), StoreError>;
    /// Keeps a value for the installation.
    async fn put_setting(&mut self, key: &str, value: &str) -> Result<(), StoreError>;
    /// Removes sessions, links and tokens that have ended, the bodies of deliveries older than 30
    /// days with them, and messages told more than 30 days ago. Answers how many.
    async fn sweep_expired(&mut self, now: Timestamp) -> Result<u64, StoreError>;
}

//! The port's methods, passed on to the queries. One list for each trait; an adapter's types name
//! how a connection is had.

use super::PARENT;
use travis_store::StoreError;

/// Notices after which errors a transaction can't go on.
#[derive(Debug, Default)]
pub struct Poison(bool);

impl Poison {
    /// Looks at an answer before it is passed on. What is only a refusal leaves the transaction
    /// whole; after anything else parts of it may be undone already.
    pub fn note<T>(&mut self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        match &answer {
            Ok(_)
            | Err(StoreError::Exists(_) | StoreError::Conflict(_) | StoreError::Corrupt { .. }) => {
            }
            Err(StoreError::NotFound(what)) if *what != PARENT => {}
            Err(_) => self.0 = true,
        }
        answer
    }

    /// Refuses to go on after such an error.
    pub fn check(&self) -> Result<(), StoreError> {
        if self.0 {
            return Err(StoreError::Database(
                "an earlier statement of this transaction failed; begin a new one".to_owned(),
            ));
        }
        Ok(())
    }
}

macro_rules! delegate {
    (
        impl $trait:ident for $target:ty { $($extra:tt)* }
        $($module:ident :: $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty;)*
    ) => {
        const _: () = {
        use travis_model::*;
        use travis_store::*;
        #[async_trait::async_trait]
        impl travis_store::$trait for $target {
            $($extra)*
            $(async fn $name(&mut self, $($arg: $ty),*) -> Result<$ret, StoreError> {
                let mut lease = self.lease().await?;
                let answer = $crate::shared::$module::$name(&mut lease, $($arg),*).await;
                self.note(answer)
            })*
        }
        };
    };
}
pub(crate) use delegate;

/// Implements `Reader` and what it stands on for a type with `lease` and `note`.
macro_rules! delegate_reader {
    ($target:ty) => {
        $crate::shared::delegate::delegate! {
            impl HostingReader for $target {}
            forges::forges() -> Vec<ForgeSite>;
            forges::identity(forge: ForgeId, remote_id: &str) -> Option<Identity>;
            forges::identities(user: UserId) -> Vec<Identity>;
            forges::identities_to_sync(limit: u64) -> Vec<Identity>;
            forges::account(forge: ForgeId, remote_id: &str) -> Option<ForgeAccount>;
            forges::accounts_of(user: UserId) -> Vec<ForgeAccount>;
            accounts::sessions(user: UserId, now: Timestamp) -> Vec<Session>;
            rights::repository_by_remote(forge: ForgeId, remote_id: &str) -> Option<Repository>;
            rights::repositories_of_installation(forge: ForgeId, installation_id: i64) -> Vec<Repository>;
            rights::repositories_to_compare(before: Timestamp, limit: u64) -> Vec<Repository>;
            rights::rights(user: UserId) -> Vec<Right>;
            rights::right(user: UserId, repository: RepositoryId) -> Option<Right>;
            rights::rights_on(repository: RepositoryId) -> Vec<Right>;
            rights::stars(user: UserId) -> Vec<RepositoryId>;
            approvals::has_contributed(repository: RepositoryId, remote_id: &str) -> bool;
            approvals::approvals(repository: RepositoryId, pull_request_number: i64) -> Vec<Approval>;
            approvals::had_secrets(repository: RepositoryId, pull_request_number: i64, head_sha: &str) -> bool;
            approvals::requests_of_pull(repository: RepositoryId, pull_request_number: i64, limit: u64) -> Vec<Request>;
            approvals::requests_for_commit(repository: RepositoryId, sha: &str, limit: u64) -> Vec<Request>;
            deliveries::delivery(id: DeliveryId) -> Option<Delivery>;
            deliveries::deliveries(repository: RepositoryId, page: Page) -> Listing<Delivery>;
            deliveries::deliveries_due(now: Timestamp, limit: u64) -> Vec<Delivery>;
        }
        $crate::shared::delegate::delegate! {
            impl CacheReader for $target {}
            caches::cache(repository: RepositoryId, scope: &cache::CacheScope, slug: &str) -> Option<Cache>;
            caches::caches(repository: RepositoryId) -> Vec<Cache>;
            caches::caches_unused(before: Timestamp, limit: u64) -> Vec<Cache>;
            caches::repositories_caching_over(bytes: u64, limit: u64) -> Vec<RepositoryId>;
            caches::is_cache_object(object_key: &str) -> bool;
        }
        $crate::shared::delegate::delegate! {
            impl AdminReader for $target {}
            admin::all_users(page: Page) -> Listing<User>;
            admin::holdings() -> Holdings;
        }
        $crate::shared::delegate::delegate! {
            impl ResultsReader for $target {}
            results::test_report(attempt: AttemptId) -> Option<TestReport>;
            results::test_sums(attempts: &[AttemptId]) -> Vec<TestSums>;
            results::tests_before(wanted: &TestsBefore) -> Vec<TestsPast>;
            results::tests_of_branch(repository: RepositoryId, branch: &str, limit: u64) -> Vec<TestsPast>;
            results::artifacts(attempt: AttemptId) -> Vec<Artifact>;
            results::artifact(id: ArtifactId) -> Option<Artifact>;
            results::is_artifact_object(object_key: &str) -> bool;
        }
        $crate::shared::delegate::delegate! {
            impl CronReader for $target {}
            crons::cron(id: CronId) -> Option<Cron>;
            crons::crons(repository: RepositoryId) -> Vec<Cron>;
            crons::crons_due(now: Timestamp, limit: u64) -> Vec<Cron>;
            crons::ssh_key(repository: RepositoryId) -> Option<SshKey>;
        }
        $crate::shared::delegate::delegate! {
            impl StatsReader for $target {}
            stats::build_ends(wanted: EndsWanted<'_>) -> Vec<BuildEnd>;
            stats::fleet_slices(since_minute: i64, minutes: i64) -> Vec<FleetSlice>;
            stats::queue_slices(since_minute: i64, minutes: i64) -> Vec<QueueSlice>;
            stats::platforms_received(since: Timestamp) -> Vec<(String, String)>;
            stats::waits_received(os: &str, arch: &str, since: Timestamp, minutes: i64, limit: u64) -> Vec<(i64, Vec<i64>)>;
        }
        $crate::shared::delegate::delegate! {
            impl TrustReader for $target {}
            trust::standing(worker: WorkerId) -> trust::Standing;
            trust::standings() -> Vec<(WorkerId, trust::Standing)>;
            trust::jobs_wanting_opinions(os: &str, arch: &str, limit: u64) -> Vec<Job>;
            trust::unchecked_jobs(worker: WorkerId, since: Timestamp, limit: u64) -> Vec<Job>;
            trust::known_answer(id: KnownAnswerId) -> Option<KnownAnswer>;
            trust::known_answers(worker: WorkerId, limit: u64) -> Vec<KnownAnswer>;
            trust::expired_known_answers(now: Timestamp, limit: u64) -> Vec<KnownAnswer>;
        }
        $crate::shared::delegate::delegate! {
            impl FleetReader for $target {}
            enrolments::enrolment(id: EnrolmentId) -> Option<Enrolment>;
            enrolments::enrolments(user: UserId, since: Timestamp, limit: u64) -> Vec<Enrolment>;
            fleet::workers_now(ids: &[WorkerId]) -> Vec<WorkerNow>;
            fleet::worker_wishes(ids: &[WorkerId]) -> Vec<WorkerWish>;
            ledger::worker_tallies(ids: &[WorkerId], since: Timestamp) -> Vec<WorkerTally>;
            ledger::worker_hours(worker: WorkerId, since: Timestamp) -> Vec<BusyHour>;
            fleet::attempts_of_worker(worker: WorkerId, seen_by: SeenBy, page: Page) -> Listing<Attempt>;
            ledger::owner_ledger(owner: UserId) -> OwnerLedger;
            ledger::core_ms_since(since: Timestamp) -> u64;
            ledger::platform_load(since: Timestamp) -> Vec<PlatformLoad>;
            fleet::queued_groups(limit: u64) -> Vec<QueuedGroup>;
            fleet::queued_platforms() -> Vec<QueuedPlatform>;
            fleet::last_waits(os: &str, arch: &str, limit: u64) -> Vec<i64>;
        }
        $crate::shared::delegate::delegate! {
            impl Reader for $target {}
            accounts::user(id: UserId) -> Option<User>;
            accounts::user_by_login(login: &str) -> Option<User>;
            accounts::users(ids: &[UserId]) -> Vec<User>;
            accounts::session(token_hash: &[u8], now: Timestamp) -> Option<Session>;
            accounts::api_token(token_hash: &[u8], now: Timestamp) -> Option<ApiToken>;
            accounts::api_tokens(user: UserId) -> Vec<ApiToken>;
            repositories::repository(id: RepositoryId) -> Option<Repository>;
            repositories::repository_by_slug(slug: &Slug) -> Option<Repository>;
            repositories::repositories_by_id(ids: &[RepositoryId]) -> Vec<Repository>;
            repositories::repositories(filter: &RepositoryFilter, page: Page) -> Listing<Repository>;
            repositories::repositories_to_poll(now: Timestamp, limit: u64) -> Vec<Repository>;
            variables::env_vars(repository: RepositoryId) -> Vec<EnvVar>;
            variables::repository_key(repository: RepositoryId) -> Option<RepositoryKey>;
            requests::request(id: RequestId) -> Option<Request>;
            requests::requests(repository: RepositoryId, page: Page) -> Listing<Request>;
            requests::pending_requests(limit: u64) -> Vec<Request>;
            builds::builds_of_requests(ids: &[RequestId]) -> Vec<Build>;
            history::commits(ids: &[CommitId]) -> Vec<Commit>;
            history::branch(repository: RepositoryId, name: &str) -> Option<Branch>;
            history::branches(repository: RepositoryId, page: Page) -> Listing<Branch>;
            builds::build(id: BuildId) -> Option<Build>;
            builds::builds_by_id(ids: &[BuildId]) -> Vec<Build>;
            builds::builds(filter: &BuildFilter, page: Page) -> Listing<Build>;
            builds::passed_build_seconds(repository: RepositoryId, limit: u64) -> Vec<i64>;
            builds::stages(builds: &[BuildId]) -> Vec<Stage>;
            jobs::jobs(builds: &[BuildId]) -> Vec<Job>;
            jobs::job(id: JobId) -> Option<Job>;
            jobs::jobs_by_id(ids: &[JobId]) -> Vec<Job>;
            jobs::job_progress(build: BuildId) -> Vec<JobProgress>;
            jobs::passed_job_seconds(repository: RepositoryId, cell: &str, limit: u64) -> Vec<i64>;
            jobs::queued_jobs(os: &str, arch: &str, limit: u64) -> Vec<Job>;
            jobs::jobs_ahead(job: &Job) -> u64;
            jobs::queue_depth() -> QueueDepth;
            attempts::attempt(id: AttemptId) -> Option<Attempt>;
            attempts::attempts_by_id(ids: &[AttemptId]) -> Vec<Attempt>;
            attempts::attempts(job: JobId) -> Vec<Attempt>;
            attempts::live_attempts(worker: WorkerId) -> Vec<Attempt>;
            attempts::all_live_attempts() -> Vec<Attempt>;
            attempts::expired_attempts(now: Timestamp, limit: u64) -> Vec<Attempt>;
            attempts::attempt_key(id: AttemptId) -> Option<(WorkerId, AttemptState, Vec<u8>)>;
            workers::worker(id: WorkerId) -> Option<Worker>;
            workers::workers() -> Vec<Worker>;
            workers::workers_by_id(ids: &[WorkerId]) -> Vec<Worker>;
            workers::worker_session(token_hash: &[u8], now: Timestamp) -> Option<WorkerId>;
            attempts::finished_attempts(worker: WorkerId) -> u64;
            outbox::outbox_entry(kind: &str, key: &str) -> Option<OutboxEntry>;
            outbox::outbox_next() -> Option<Timestamp>;
            outbox::audit_log(page: Page) -> Listing<AuditEntry>;
            outbox::setting(key: &str) -> Option<String>;
        }
    };
}
pub(crate) use delegate_reader;

/// Implements `Tx` and what it stands on for a type with `lease`, `note`, `commit_all` and `undo_all`.
macro_rules! delegate_tx {
    ($target:ty) => {
        $crate::shared::delegate::delegate! {
            impl HostingTx for $target {}
            forges::put_forge(new: &NewForge) -> ForgeId;
            forges::delete_forge(id: ForgeId) -> ();
            forges::put_identity(new: &NewIdentity) -> IdentityId;
            forges::update_identity(identity: &Identity) -> ();
            forges::put_account(new: &NewAccount) -> AccountId;
            forges::set_installation(account: AccountId, installation_id: Option<i64>) -> ();
            forges::insert_sign_in_state(new: &SignInState) -> ();
            forges::take_sign_in_state(state_hash: &[u8], browser_hash: &[u8], now: Timestamp) -> Option<SignInState>;
            rights::put_hosted(new: &HostedRepository) -> RepositoryId;
            rights::put_right(user: UserId, repository: RepositoryId, level: Option<Level>, at: Timestamp) -> ();
            rights::drop_rights(user: UserId, forge: ForgeId, before: Timestamp) -> u64;
            rights::doubt_rights(user: Option<UserId>, repository: Option<RepositoryId>) -> ();
            rights::put_star(user: UserId, repository: RepositoryId, starred: bool) -> ();
            approvals::put_contributor(repository: RepositoryId, remote_id: &str, at: Timestamp) -> ();
            deliveries::insert_delivery(new: &NewDelivery) -> (DeliveryId, bool);
            deliveries::settle_delivery(change: &DeliveryChange) -> ();
            deliveries::retry_delivery(id: DeliveryId, next: Timestamp, why: &str) -> ();
            deliveries::redeliver(id: DeliveryId, at: Timestamp) -> ();
            requests::hold_request(id: RequestId, since: Option<Timestamp>) -> ();
            approvals::insert_approval(repository: RepositoryId, pull_request_number: i64, head_sha: &str, user: UserId, secrets: bool, at: Timestamp) -> ApprovalId;
            approvals::revoke_approvals(repository: RepositoryId, pull_request_number: i64, at: Timestamp) -> u64;
            history::mark_branch(repository: RepositoryId, name: &str, gone: bool) -> ();
        }
        $crate::shared::delegate::delegate! {
            impl CacheTx for $target {}
            caches::put_cache(new: &NewCache) -> Option<String>;
            caches::touch_cache(id: CacheId, at: Timestamp) -> ();
            caches::delete_cache(id: CacheId, object_key: &str) -> bool;
        }
        $crate::shared::delegate::delegate! {
            impl AdminTx for $target {}
            admin::set_admin(user: UserId, admin: bool) -> ();
            admin::suspend_user(user: UserId, since: Option<Timestamp>) -> ();
        }
        $crate::shared::delegate::delegate! {
            impl ResultsTx for $target {}
            results::put_test_report(report: &TestReport) -> ();
            results::put_artifact(new: &NewArtifact) -> ();
            results::store_artifact(id: ArtifactId, object_key: &str) -> bool;
            results::delete_artifacts(attempt: AttemptId, kind: &str) -> Vec<String>;
        }
        $crate::shared::delegate::delegate! {
            impl CronTx for $target {}
            crons::put_cron(new: &NewCron) -> CronId;
            crons::delete_cron(id: CronId) -> ();
            crons::run_cron(id: CronId, planned: Timestamp, next: Timestamp, at: Timestamp) -> bool;
            crons::note_cron(id: CronId, request: RequestId) -> ();
            crons::put_ssh_key(key: &SshKey) -> ();
            crons::delete_ssh_key(repository: RepositoryId) -> ();
        }
        $crate::shared::delegate::delegate! {
            impl StatsTx for $target {}
            stats::put_sample(sample: &FleetSample, oldest: Timestamp) -> bool;
        }
        $crate::shared::delegate::delegate! {
            impl TrustTx for $target {}
            trust::lock_standing(worker: WorkerId) -> trust::Standing;
            trust::save_standing(worker: WorkerId, standing: &trust::Standing) -> ();
            trust::insert_known_answer(new: &NewKnownAnswer) -> KnownAnswer;
            trust::save_known_answer(known: &KnownAnswer, expected: AttemptState) -> ();
            trust::renew_known_answers(worker: WorkerId, ids: &[KnownAnswerId], until: Timestamp) -> Vec<KnownAnswerId>;
            trust::drop_known_answers(worker: WorkerId, keep: u64) -> Vec<KnownAnswerId>;
        }
        $crate::shared::delegate::delegate! {
            impl FleetTx for $target {}
            enrolments::insert_enrolment(new: &NewEnrolment) -> EnrolmentId;
            enrolments::take_enrolment(token_hash: &[u8], now: Timestamp) -> Option<Enrolment>;
            enrolments::note_enrolled(id: EnrolmentId, worker: WorkerId) -> ();
            enrolments::change_enrolment(enrolment: &Enrolment, now: Timestamp) -> bool;
            enrolments::revoke_enrolment(user: UserId, id: EnrolmentId, at: Timestamp) -> ();
            fleet::put_worker_now(now: &WorkerNow) -> ();
            fleet::put_worker_wish(wish: &WorkerWish) -> ();
            ledger::note_work(work: &WorkDone) -> ();
            ledger::credit_work(worker: WorkerId, at: Timestamp, core_ms: i64) -> ();
            ledger::note_freeze(worker: WorkerId, ms: u64) -> ();
        }
        $crate::shared::delegate::delegate! {
            impl Tx for $target {
                async fn commit(self: Box<Self>) -> Result<(), StoreError> {
                    self.commit_all().await
                }
                async fn rollback(self: Box<Self>) -> Result<(), StoreError> {
                    self.undo_all().await
                }
            }
            accounts::insert_user(login: &str, name: Option<&str>, admin: bool, at: Timestamp) -> UserId;
            accounts::insert_session(user: UserId, token_hash: &[u8], user_agent: &str, at: Timestamp, expires_at: Timestamp) -> ();
            accounts::delete_session(token_hash: &[u8]) -> ();
            accounts::touch_session(id: SessionId, at: Timestamp) -> ();
            accounts::end_session(user: UserId, id: SessionId) -> ();
            accounts::end_sessions(user: UserId, but: Option<SessionId>) -> u64;
            accounts::insert_sign_in_link(user: UserId, token_hash: &[u8], expires_at: Timestamp) -> ();
            accounts::take_sign_in_link(token_hash: &[u8], now: Timestamp) -> Option<UserId>;
            accounts::insert_api_token(user: UserId, name: &str, scope: Scope, token_hash: &[u8], at: Timestamp, expires_at: Option<Timestamp>) -> TokenId;
            accounts::touch_api_token(id: TokenId, at: Timestamp) -> ();
            accounts::delete_api_token(user: UserId, id: TokenId) -> ();
            repositories::insert_repository(new: &NewRepository) -> RepositoryId;
            repositories::update_repository(repository: &Repository) -> ();
            repositories::delete_repository(id: RepositoryId) -> Vec<AttemptId>;
            variables::put_env_var(repository: RepositoryId, name: &str, value: &[u8], public: bool, branch: Option<&str>) -> EnvVarId;
            variables::update_env_var(variable: &EnvVar) -> ();
            variables::put_repository_key(key: &RepositoryKey) -> RepositoryKey;
            variables::delete_env_var(repository: RepositoryId, id: EnvVarId) -> ();
            requests::insert_request(new: &NewRequest) -> (RequestId, bool);
            requests::settle_request(change: &RequestChange) -> ();
            history::put_commit(new: &NewCommit) -> CommitId;
            history::put_branch(repository: RepositoryId, name: &str, last_build: Option<BuildId>, head_sha: Option<&str>) -> ();
            builds::insert_build(new: &NewBuild) -> BuildKey;
            builds::lock_build(id: BuildId) -> Option<Build>;
            builds::update_build(build: &Build) -> ();
            builds::update_stage(stage: &Stage) -> ();
            jobs::save_job(job: &Job) -> ();
            attempts::insert_attempt(new: &NewAttempt) -> Attempt;
            attempts::save_attempt(attempt: &Attempt, expected: AttemptState) -> ();
            attempts::renew_leases(worker: WorkerId, attempts: &[AttemptId], until: Timestamp) -> Vec<AttemptId>;
            attempts::mark_log_sealed(attempt: AttemptId) -> ();
            workers::insert_worker(new: &NewWorker) -> Worker;
            workers::update_worker(worker: &Worker) -> ();
            workers::touch_worker(id: WorkerId, at: Timestamp) -> ();
            workers::remove_worker(id: WorkerId) -> ();
            workers::insert_worker_session(worker: WorkerId, token_hash: &[u8], expires_at: Timestamp) -> ();
            outbox::append_outbox(kind: &str, key: &str, payload: &serde_json::Value, at: Timestamp) -> ();
            outbox::claim_outbox(kind: &str, now: Timestamp, lease_until: Timestamp, limit: u64) -> Vec<OutboxEntry>;
            outbox::outbox_done(id: i64, version: i64, memo: Option<&serde_json::Value>, again: Option<Timestamp>) -> ();
            outbox::outbox_retry(id: i64, version: i64, next: Option<Timestamp>, error: &str, memo: Option<&serde_json::Value>) -> ();
            outbox::append_audit(entry: &AuditEntry) -> ();
            outbox::put_setting(key: &str, value: &str) -> ();
            accounts::sweep_expired(now: Timestamp) -> u64;
        }
    };
}
pub(crate) use delegate_tx;

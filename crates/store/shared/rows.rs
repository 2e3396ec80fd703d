//! Rows to domain values. Columns are read in the order of the lists beside each reader.

use super::{Row, rows_forge};
use travis_model::{
    ApiToken, Attempt, AttemptState, Branch, Build, Commit, EnvVar, Job, JobState, Outcome,
    Purpose, Repository, RepositoryKey, Request, RequestState, Scope, Session, Slug, Stage, User,
    Verification, Worker, trust::Tier,
};
use travis_store::{AuditEntry, OutboxEntry, StoreError};

pub use super::columns::{Columns, all, maybe};

macro_rules! user_columns {
    () => {
        "id, login, name, admin, created_at, suspended_at"
    };
}
macro_rules! session_columns {
    () => {
        "id, user_id, user_agent, created_at, last_seen_at, expires_at"
    };
}
macro_rules! api_token_columns {
    () => {
        "id, user_id, name, scope, created_at, expires_at, last_used_at"
    };
}
macro_rules! repository_columns {
    () => {
        "r.id, r.owner, r.name, r.description, r.clone_url, r.default_branch, r.private, r.active, \
         r.ping_secret, r.poll_seconds, r.polled_at, r.forge_id, r.remote_id, r.remote_path, \
         r.html_url, r.fork, r.installation_id, r.hook_id, r.hooked_by, r.gone_at, \
         r.compared_at, r.settings, r.current_build_id, r.created_at, r.updated_at"
    };
}
macro_rules! env_var_columns {
    () => {
        "id, repository_id, name, value, public, branch"
    };
}
macro_rules! request_columns {
    () => {
        "id, repository_id, event_type, state, reason, branch, sha, tag, message, delivery, \
         pull_request, sender, before_sha, compare_url, delivery_id, held_at, created_by, \
         created_at"
    };
}
macro_rules! commit_columns {
    () => {
        "id, repository_id, sha, reference, message, author_name, author_email, committer_name, \
         committed_at"
    };
}
macro_rules! branch_columns {
    () => {
        "repository_id, name, last_build_id, head_sha, gone"
    };
}
macro_rules! build_columns {
    () => {
        "b.id, b.repository_id, b.request_id, b.commit_id, b.number, b.state, b.provisional, b.previous_state, \
         b.event_type, b.branch, b.tag, b.message, b.raw_config, b.imports, b.config, b.messages, \
         b.fast_finish, b.pull_request, b.sender, b.before_sha, b.compare_url, b.created_by, \
         b.created_at, b.started_at, b.finished_at, b.updated_at"
    };
}
/// The same without what is only for showing, which may be large.
macro_rules! locked_build_columns {
    () => {
        "b.id, b.repository_id, b.request_id, b.commit_id, b.number, b.state, b.provisional, b.previous_state, \
         b.event_type, b.branch, b.tag, b.message, NULL AS raw_config, '[]' AS imports, \
         'null' AS config, '[]' AS messages, b.fast_finish, b.pull_request, b.sender, b.before_sha, b.compare_url, \
         b.created_by, b.created_at, b.started_at, b.finished_at, b.updated_at"
    };
}
macro_rules! stage_columns {
    () => {
        "id, build_id, number, name, state, started_at, finished_at"
    };
}
macro_rules! job_columns {
    () => {
        "id, build_id, repository_id, stage_id, stage_number, number, position, name, state, \
         allow_failure, config, cell, os, arch, attempt_id, lost, run, verification, provisional, \
         flaky, opinion_id, yielded_at, reason, created_at, \
         queued_at, received_at, started_at, finished_at, restarted_at, restarted_by, updated_at, \
         version"
    };
}
macro_rules! attempt_columns {
    () => {
        "id, job_id, number, run, worker_id, state, outcome, exit_code, reason, token_hash, \
         lease_until, leased_at, started_at, finished_at, log_length, log_sha256, log_sealed, \
         signature, executor, purpose, tier, network, yielded"
    };
}
macro_rules! worker_columns {
    () => {
        "id, owner_id, name, public_key, facts, os, arch, executor, slots, paused, draining, \
         banned, created_at, last_seen_at"
    };
}
macro_rules! outbox_columns {
    () => {
        "id, kind, key, payload, memo, version, tries, error"
    };
}
pub(crate) use {
    api_token_columns, attempt_columns, branch_columns, build_columns, commit_columns,
    env_var_columns, job_columns, locked_build_columns, outbox_columns, repository_columns,
    request_columns, session_columns, stage_columns, user_columns, worker_columns,
};

pub fn user(row: &Row) -> Result<User, StoreError> {
    let mut c = Columns::new(row, "users");
    Ok(User {
        id: c.id()?,
        login: c.get()?,
        name: c.get()?,
        admin: c.get()?,
        created_at: c.time()?,
        suspended_at: c.maybe_time()?,
    })
}

pub fn session(row: &Row) -> Result<Session, StoreError> {
    let mut c = Columns::new(row, "sessions");
    Ok(Session {
        id: c.id()?,
        user_id: c.id()?,
        user_agent: c.get()?,
        created_at: c.time()?,
        last_seen_at: c.maybe_time()?,
        expires_at: c.time()?,
    })
}

pub fn api_token(row: &Row) -> Result<ApiToken, StoreError> {
    let mut c = Columns::new(row, "api_tokens");
    Ok(ApiToken {
        id: c.id()?,
        user_id: c.id()?,
        name: c.get()?,
        scope: c.word(Scope::parse)?,
        created_at: c.time()?,
        expires_at: c.maybe_time()?,
        last_used_at: c.maybe_time()?,
    })
}

pub fn repository(row: &Row) -> Result<Repository, StoreError> {
    let mut c = Columns::new(row, "repositories");
    Ok(Repository {
        id: c.id()?,
        slug: {
            let (owner, name): (&str, &str) = (c.get()?, c.get()?);
            Slug::new(owner, name).map_err(|error| c.corrupt(error))?
        },
        description: c.get()?,
        clone_url: c.get()?,
        default_branch: c.get()?,
        private: c.get()?,
        active: c.get()?,
        ping_secret: c.get()?,
        poll_seconds: c.maybe_small()?,
        polled_at: c.maybe_time()?,
        hosting: rows_forge::hosting(&mut c)?,
        settings: c.json()?,
        current_build_id: c.maybe_id()?,
        created_at: c.time()?,
        updated_at: c.time()?,
    })
}

pub fn env_var(row: &Row) -> Result<EnvVar, StoreError> {
    let mut c = Columns::new(row, "env_vars");
    Ok(EnvVar {
        id: c.id()?,
        repository_id: c.id()?,
        name: c.get()?,
        value: c.get()?,
        public: c.get()?,
        branch: c.get()?,
    })
}

pub fn repository_key(row: &Row) -> Result<RepositoryKey, StoreError> {
    let mut c = Columns::new(row, "repository_keys");
    Ok(RepositoryKey {
        repository_id: c.id()?,
        public_key: c.get()?,
        private_key: c.get()?,
        created_at: c.time()?,
    })
}

pub fn request(row: &Row) -> Result<Request, StoreError> {
    let mut c = Columns::new(row, "requests");
    Ok(Request {
        id: c.id()?,
        repository_id: c.id()?,
        event_type: c.get()?,
        state: c.word(RequestState::parse)?,
        reason: c.get()?,
        branch: c.get()?,
        sha: c.get()?,
        tag: c.get()?,
        message: c.get()?,
        delivery: c.get()?,
        pull_request: c.maybe_json()?,
        sender: c.maybe_json()?,
        before_sha: c.get()?,
        compare_url: c.get()?,
        delivery_id: c.maybe_id()?,
        held_at: c.maybe_time()?,
        created_by: c.maybe_id()?,
        created_at: c.time()?,
    })
}

pub fn commit(row: &Row) -> Result<Commit, StoreError> {
    let mut c = Columns::new(row, "commits");
    Ok(Commit {
        id: c.id()?,
        repository_id: c.id()?,
        sha: c.get()?,
        reference: c.get()?,
        message: c.get()?,
        author_name: c.get()?,
        author_email: c.get()?,
        committer_name: c.get()?,
        committed_at: c.time()?,
    })
}

pub fn branch(row: &Row) -> Result<Branch, StoreError> {
    let mut c = Columns::new(row, "branches");
    Ok(Branch {
        repository_id: c.id()?,
        name: c.get()?,
        last_build_id: c.maybe_id()?,
        head_sha: c.get()?,
        gone: c.get()?,
    })
}

pub fn build(row: &Row) -> Result<Build, StoreError> {
    let mut c = Columns::new(row, "builds");
    Ok(Build {
        id: c.id()?,
        repository_id: c.id()?,
        request_id: c.id()?,
        commit_id: c.id()?,
        number: c.get()?,
        state: c.word(JobState::parse)?,
        provisional: c.maybe_word(JobState::parse)?,
        previous_state: c.maybe_word(JobState::parse)?,
        event_type: c.get()?,
        branch: c.get()?,
        tag: c.get()?,
        message: c.get()?,
        raw_config: c.get()?,
        imports: c.json()?,
        config: c.json()?,
        messages: c.json()?,
        fast_finish: c.get()?,
        pull_request: c.maybe_json()?,
        sender: c.maybe_json()?,
        before_sha: c.get()?,
        compare_url: c.get()?,
        created_by: c.maybe_id()?,
        created_at: c.time()?,
        started_at: c.maybe_time()?,
        finished_at: c.maybe_time()?,
        updated_at: c.time()?,
    })
}

pub fn stage(row: &Row) -> Result<Stage, StoreError> {
    let mut c = Columns::new(row, "stages");
    Ok(Stage {
        id: c.id()?,
        build_id: c.id()?,
        number: c.get()?,
        name: c.get()?,
        state: c.word(JobState::parse)?,
        started_at: c.maybe_time()?,
        finished_at: c.maybe_time()?,
    })
}

pub fn job(row: &Row) -> Result<Job, StoreError> {
    let mut c = Columns::new(row, "jobs");
    Ok(Job {
        id: c.id()?,
        build_id: c.id()?,
        repository_id: c.id()?,
        stage_id: c.id()?,
        stage_number: c.get()?,
        number: c.get()?,
        position: c.get()?,
        name: c.get()?,
        state: c.word(JobState::parse)?,
        allow_failure: c.get()?,
        config: c.json()?,
        cell: c.get()?,
        os: c.get()?,
        arch: c.get()?,
        attempt_id: c.maybe_id()?,
        lost: c.small()?,
        run: c.small()?,
        verification: c.word(Verification::parse)?,
        provisional: c.get()?,
        flaky: c.get()?,
        opinion_id: c.maybe_id()?,
        yielded_at: c.maybe_time()?,
        reason: c.get()?,
        created_at: c.time()?,
        queued_at: c.maybe_time()?,
        received_at: c.maybe_time()?,
        started_at: c.maybe_time()?,
        finished_at: c.maybe_time()?,
        restarted_at: c.maybe_time()?,
        restarted_by: c.maybe_id()?,
        updated_at: c.time()?,
        version: c.get()?,
    })
}

pub fn attempt(row: &Row) -> Result<Attempt, StoreError> {
    let mut c = Columns::new(row, "attempts");
    Ok(Attempt {
        id: c.id()?,
        job_id: c.id()?,
        number: c.get()?,
        run: c.small()?,
        worker_id: c.id()?,
        state: c.word(AttemptState::parse)?,
        outcome: c.maybe_word(Outcome::parse)?,
        exit_code: c.maybe_small()?,
        reason: c.get()?,
        token_hash: c.get()?,
        lease_until: c.time()?,
        leased_at: c.time()?,
        started_at: c.maybe_time()?,
        finished_at: c.maybe_time()?,
        log_length: c.get()?,
        log_sha256: c.get()?,
        log_sealed: c.get()?,
        signature: c.get()?,
        executor: c.get()?,
        purpose: c.word(Purpose::parse)?,
        tier: c.maybe_word(Tier::parse)?,
        network: c.get()?,
        yielded: c.get()?,
    })
}

pub fn worker(row: &Row) -> Result<Worker, StoreError> {
    let mut c = Columns::new(row, "workers");
    Ok(Worker {
        id: c.id()?,
        owner_id: c.id()?,
        name: c.get()?,
        public_key: c.get()?,
        facts: c.json()?,
        os: c.get()?,
        arch: c.get()?,
        executor: c.get()?,
        slots: c.small()?,
        paused: c.get()?,
        draining: c.get()?,
        banned: c.get()?,
        created_at: c.time()?,
        last_seen_at: c.maybe_time()?,
    })
}

fn outbox(c: &mut Columns<'_>) -> Result<OutboxEntry, StoreError> {
    Ok(OutboxEntry {
        id: c.get()?,
        kind: c.get()?,
        key: c.get()?,
        payload: c.json()?,
        memo: c.maybe_json()?,
        version: c.get()?,
        tries: c.small()?,
        error: c.get()?,
    })
}

pub fn outbox_entry(row: &Row) -> Result<OutboxEntry, StoreError> {
    outbox(&mut Columns::new(row, "outbox"))
}

/// An entry behind which stands when it was due.
pub fn outbox_claim(row: &Row) -> Result<(i64, OutboxEntry), StoreError> {
    let mut c = Columns::new(row, "outbox");
    let entry = outbox(&mut c)?;
    Ok((c.get()?, entry))
}

pub fn audit_entry(row: &Row) -> Result<AuditEntry, StoreError> {
    let mut c = Columns::new(row, "audit_log");
    Ok(AuditEntry {
        actor: c.get()?,
        action: c.get()?,
        subject: c.get()?,
        detail: c.get()?,
        at: c.time()?,
    })
}

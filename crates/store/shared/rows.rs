//! Rows to domain values. Columns are read in the order of the lists beside each reader.

use super::Row;
use crate::dialect::Db;
use sqlx::{Decode, Row as _, Type};
use travis_model::{
    ApiToken, Attempt, AttemptState, Branch, Build, Commit, EnvVar, Job, JobState, Outcome,
    Repository, Request, RequestState, Session, Slug, Stage, Timestamp, User, Worker,
};
use travis_store::{AuditEntry, OutboxEntry, StoreError};

/// Reads the columns of a row one after another.
pub struct Columns<'r> {
    row: &'r Row,
    table: &'static str,
    at: usize,
}

impl<'r> Columns<'r> {
    pub fn new(row: &'r Row, table: &'static str) -> Self {
        Self { row, table, at: 0 }
    }

    fn corrupt(&self, detail: impl std::fmt::Display) -> StoreError {
        StoreError::Corrupt {
            table: self.table,
            detail: detail.to_string(),
        }
    }

    pub fn get<T: Decode<'r, Db> + Type<Db>>(&mut self) -> Result<T, StoreError> {
        let value = self
            .row
            .try_get(self.at)
            .map_err(|error| self.corrupt(error))?;
        self.at += 1;
        Ok(value)
    }

    pub fn id<T: From<i64>>(&mut self) -> Result<T, StoreError> {
        Ok(self.get::<i64>()?.into())
    }

    pub fn maybe_id<T: From<i64>>(&mut self) -> Result<Option<T>, StoreError> {
        Ok(self.get::<Option<i64>>()?.map(T::from))
    }

    pub fn time(&mut self) -> Result<Timestamp, StoreError> {
        Ok(Timestamp(self.get()?))
    }

    pub fn maybe_time(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.get::<Option<i64>>()?.map(Timestamp))
    }

    pub fn small<T: TryFrom<i64>>(&mut self) -> Result<T, StoreError> {
        let value: i64 = self.get()?;
        T::try_from(value)
            .map_err(|_| self.corrupt(format_args!("the number {value} does not fit")))
    }

    pub fn maybe_small<T: TryFrom<i64>>(&mut self) -> Result<Option<T>, StoreError> {
        match self.get::<Option<i64>>()? {
            None => Ok(None),
            Some(value) => T::try_from(value)
                .map(Some)
                .map_err(|_| self.corrupt(format_args!("the number {value} does not fit"))),
        }
    }

    pub fn word<T>(&mut self, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
        let word: &str = self.get()?;
        parse(word).ok_or_else(|| self.corrupt(format_args!("the word {word:?} is unknown")))
    }

    pub fn maybe_word<T>(
        &mut self,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        let Some(word) = self.get::<Option<&str>>()? else {
            return Ok(None);
        };
        parse(word)
            .map(Some)
            .ok_or_else(|| self.corrupt(format_args!("the word {word:?} is unknown")))
    }

    pub fn json(&mut self) -> Result<serde_json::Value, StoreError> {
        let text: &str = self.get()?;
        serde_json::from_str(text).map_err(|error| self.corrupt(error))
    }
}

/// Reads every row.
pub fn all<T>(
    rows: &[Row],
    read: impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(read).collect()
}

/// Reads the row, if there is one.
pub fn maybe<T>(
    row: Option<&Row>,
    read: impl Fn(&Row) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    row.map(read).transpose()
}

macro_rules! user_columns {
    () => {
        "id, login, name, admin, created_at"
    };
}
macro_rules! session_columns {
    () => {
        "id, user_id, created_at, expires_at"
    };
}
macro_rules! api_token_columns {
    () => {
        "id, user_id, name, created_at, expires_at, last_used_at"
    };
}
macro_rules! repository_columns {
    () => {
        "r.id, r.owner, r.name, r.description, r.clone_url, r.default_branch, r.private, r.active, \
         r.ping_secret, r.poll_seconds, r.polled_at, r.current_build_id, r.created_at, r.updated_at"
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
         created_by, created_at"
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
        "repository_id, name, last_build_id, head_sha"
    };
}
macro_rules! build_columns {
    () => {
        "b.id, b.repository_id, b.request_id, b.commit_id, b.number, b.state, b.previous_state, \
         b.event_type, b.branch, b.tag, b.message, b.raw_config, b.config, b.messages, \
         b.fast_finish, b.created_by, b.created_at, b.started_at, b.finished_at, b.updated_at"
    };
}
/// The same without what is only for showing, which may be large.
macro_rules! locked_build_columns {
    () => {
        "b.id, b.repository_id, b.request_id, b.commit_id, b.number, b.state, b.previous_state, \
         b.event_type, b.branch, b.tag, b.message, NULL AS raw_config, 'null' AS config, \
         '[]' AS messages, b.fast_finish, b.created_by, b.created_at, b.started_at, \
         b.finished_at, b.updated_at"
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
         allow_failure, config, cell, os, arch, attempt_id, lost, run, reason, created_at, \
         queued_at, received_at, started_at, finished_at, restarted_at, restarted_by, updated_at, \
         version"
    };
}
macro_rules! attempt_columns {
    () => {
        "id, job_id, number, run, worker_id, state, outcome, exit_code, reason, token_hash, \
         lease_until, leased_at, started_at, finished_at, log_length, log_sha256, log_sealed, \
         signature, executor"
    };
}
macro_rules! worker_columns {
    () => {
        "id, owner_id, name, public_key, facts, os, arch, executor, slots, paused, draining, \
         banned, created_at, last_seen_at"
    };
}
pub(crate) use {
    api_token_columns, attempt_columns, branch_columns, build_columns, commit_columns,
    env_var_columns, job_columns, locked_build_columns, repository_columns, request_columns,
    session_columns, stage_columns, user_columns, worker_columns,
};

pub fn user(row: &Row) -> Result<User, StoreError> {
    let mut c = Columns::new(row, "users");
    Ok(User {
        id: c.id()?,
        login: c.get()?,
        name: c.get()?,
        admin: c.get()?,
        created_at: c.time()?,
    })
}

pub fn session(row: &Row) -> Result<Session, StoreError> {
    let mut c = Columns::new(row, "sessions");
    Ok(Session {
        id: c.id()?,
        user_id: c.id()?,
        created_at: c.time()?,
        expires_at: c.time()?,
    })
}

pub fn api_token(row: &Row) -> Result<ApiToken, StoreError> {
    let mut c = Columns::new(row, "api_tokens");
    Ok(ApiToken {
        id: c.id()?,
        user_id: c.id()?,
        name: c.get()?,
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
        previous_state: c.maybe_word(JobState::parse)?,
        event_type: c.get()?,
        branch: c.get()?,
        tag: c.get()?,
        message: c.get()?,
        raw_config: c.get()?,
        config: c.json()?,
        messages: c.json()?,
        fast_finish: c.get()?,
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

pub fn outbox_entry(row: &Row) -> Result<OutboxEntry, StoreError> {
    let mut c = Columns::new(row, "outbox");
    Ok(OutboxEntry {
        id: c.get()?,
        kind: c.get()?,
        payload: c.json()?,
        tries: c.small()?,
    })
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

//! What every adapter has to do, as code. An adapter's tests call [`run_all`].
#![expect(
    clippy::unwrap_used,
    reason = "an answer that is not as promised is the finding"
)]

mod accounts;
mod concurrency;
mod repositories;
mod work;

use crate::{
    BuildKey, NewAttempt, NewBuild, NewCommit, NewJob, NewRepository, NewRequest, NewWorker, Page,
    Store, Tx,
};
use async_trait::async_trait;
use serde_json::json;
use std::{future::Future, sync::Arc, time::Duration};
use travis_model::{RepositoryId, Timestamp, UserId, WorkerId};

/// A database of its own for one behaviour.
#[async_trait]
pub trait Database: Send + Sync {
    /// Opens it. Those opened before have been dropped.
    async fn open(&self) -> Arc<dyn Store>;
    /// How many committed rows a table has.
    async fn rows(&self, table: &str) -> i64;
    /// Leads the schema of the closed database all the way back and forward again.
    async fn down_and_up(&self);
}

/// Tables whose rows belong to a repository.
const OWNED: [&str; 9] = [
    "repositories",
    "env_vars",
    "requests",
    "commits",
    "branches",
    "builds",
    "stages",
    "jobs",
    "attempts",
];

const ALL: Page = Page {
    offset: 0,
    limit: 1000,
};

macro_rules! behaviours {
    ($make:ident: $($module:ident::$name:ident),+ $(,)?) => {
        $(one(stringify!($name), $module::$name(&*$make().await)).await;)+
    };
}

async fn one(name: &str, behaviour: impl Future<Output = ()>) {
    println!("contract: {name}");
    let done = tokio::time::timeout(Duration::from_secs(60), behaviour).await;
    assert!(done.is_ok(), "{name} did not end");
}

/// Runs every behaviour, each on a database of its own.
///
/// # Panics
/// When an adapter breaks the contract.
pub async fn run_all<F: Future<Output = Box<dyn Database>>>(make: impl Fn() -> F) {
    behaviours!(make:
        accounts::people, accounts::sessions_end, accounts::api_tokens,
        accounts::once_only_tokens, accounts::sweeping, accounts::workers,
        accounts::outbox_audit_and_settings,
        repositories::slugs_are_unique_case_apart, repositories::filters_and_order,
        repositories::polling, repositories::variables, repositories::requests_once_per_delivery,
        repositories::commits_and_branches, repositories::removal_leaves_nothing,
        work::builds_are_stored_whole, work::builds_are_listed, work::saves_are_guarded,
        work::queue_order, work::attempts_and_leases, work::usual_times, work::unknown_ids,
        concurrency::dropped_is_undone, concurrency::isolation, concurrency::numbers_have_no_gap,
        concurrency::a_locked_build_waits, concurrency::tokens_are_taken_once,
        concurrency::many_writers, concurrency::reopening_keeps_everything,
        concurrency::down_and_up_again,
    );
}

async fn user(tx: &mut dyn Tx, login: &str) -> UserId {
    tx.insert_user(login, None, false, Timestamp(1))
        .await
        .unwrap()
}

fn new_repository(slug: &str) -> NewRepository {
    NewRepository {
        slug: slug.parse().unwrap(),
        description: Some("about it".into()),
        clone_url: "https://git.example/x.git".into(),
        default_branch: "main".into(),
        private: false,
        active: true,
        ping_secret: vec![0, 1, 255],
        poll_seconds: None,
        at: Timestamp(5),
    }
}

async fn repository(tx: &mut dyn Tx, slug: &str) -> RepositoryId {
    tx.insert_repository(&new_repository(slug)).await.unwrap()
}

fn new_request(repository_id: RepositoryId, delivery: Option<&str>) -> NewRequest {
    NewRequest {
        repository_id,
        event_type: "push".into(),
        branch: Some("main".into()),
        sha: None,
        tag: None,
        message: None,
        delivery: delivery.map(str::to_owned),
        created_by: None,
        at: Timestamp(6),
    }
}

fn new_commit(repository_id: RepositoryId, sha: &str) -> NewCommit {
    NewCommit {
        repository_id,
        sha: sha.into(),
        reference: Some("refs/heads/main".into()),
        message: "change\n\nlong ✓".into(),
        author_name: "A".into(),
        author_email: "a@example".into(),
        committer_name: "C".into(),
        committed_at: Timestamp(3),
    }
}

fn new_job(stage: usize) -> NewJob {
    NewJob {
        stage,
        name: None,
        allow_failure: stage == 1,
        config: json!({"z": 1, "a": ["é"]}),
        cell: "cell".into(),
        os: "linux".into(),
        arch: "amd64".into(),
    }
}

/// Stores a build of two stages and three jobs.
async fn build(tx: &mut dyn Tx, repository_id: RepositoryId, branch: &str) -> BuildKey {
    let (request_id, _) = tx
        .insert_request(&new_request(repository_id, None))
        .await
        .unwrap();
    let commit_id = tx
        .put_commit(&new_commit(repository_id, "c0ffee"))
        .await
        .unwrap();
    tx.insert_build(&NewBuild {
        repository_id,
        request_id,
        commit_id,
        event_type: "push".into(),
        branch: branch.into(),
        tag: None,
        message: None,
        previous_state: None,
        raw_config: Some("script: make".into()),
        config: json!({"script": ["make"]}),
        messages: json!([]),
        fast_finish: true,
        created_by: None,
        stages: vec!["test".into(), "deploy".into()],
        jobs: vec![new_job(0), new_job(0), new_job(1)],
        at: Timestamp(10),
    })
    .await
    .unwrap()
}

fn new_worker(owner_id: UserId, name: &str) -> NewWorker {
    NewWorker {
        owner_id,
        name: name.into(),
        public_key: vec![7; 32],
        facts: json!({"cpus": 2}),
        os: "linux".into(),
        arch: "amd64".into(),
        executor: "host".into(),
        slots: 2,
        at: Timestamp(4),
    }
}

fn new_attempt(job_id: travis_model::JobId, worker_id: WorkerId, until: i64) -> NewAttempt {
    NewAttempt {
        job_id,
        run: 1,
        worker_id,
        token_hash: vec![9; 32],
        lease_until: Timestamp(until),
        executor: "host".into(),
        at: Timestamp(20),
    }
}

//! What every adapter has to do, as code. An adapter's tests call [`run_all`].
#![expect(
    clippy::unwrap_used,
    reason = "an answer that is not as promised is the finding"
)]

mod accounts;
mod admin;
mod caches;
mod concurrency;
mod crons;
mod deliveries;
mod fleet;
mod forges;
mod outbox;
mod repositories;
mod results;
mod rights;
mod stats;
mod trust;
mod work;

use crate::{
    BuildKey, HostedRepository, NewAttempt, NewBuild, NewCommit, NewForge, NewJob, NewRepository,
    NewRequest, NewWorker, Page, Store, Tx,
};
use async_trait::async_trait;
use serde_json::json;
use std::{future::Future, sync::Arc, time::Duration};
use travis_model::{ForgeId, Hosting, PullRequest, RepositoryId, Timestamp, UserId, WorkerId};

/// A database of its own for one behaviour.
#[async_trait]
pub trait Database: Send + Sync {
    /// Opens it. Those opened before have been dropped.
    async fn open(&self) -> Arc<dyn Store>;
    /// How many committed rows a table has.
    async fn rows(&self, table: &str) -> i64;
    /// Leads the schema of the closed database to a version, the newest at most.
    async fn migrate(&self, version: i64);
    /// Carries out one statement of the test's own.
    async fn run(&self, sql: &'static str);
}

/// Tables whose rows belong to a repository.
const OWNED: [&str; 20] = [
    "repositories",
    "caches",
    "crons",
    "ssh_keys",
    "env_vars",
    "repository_keys",
    "permissions",
    "stars",
    "contributors",
    "approvals",
    "requests",
    "commits",
    "branches",
    "builds",
    "build_ends",
    "stages",
    "jobs",
    "attempts",
    "test_reports",
    "artifacts",
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
        admin::people_are_kept_out_and_let_in, admin::holdings_are_counted,
        trust::standings_are_kept, trust::standings_lose_no_count,
        trust::opinions_are_found_in_order, trust::what_stands_by_one_word_is_found,
        trust::known_answers_live_and_end,
        caches::caches_are_replaced, caches::unused_caches_are_found,
        caches::one_cache_stays_of_many, caches::secrets_that_were_given_are_remembered,
        results::tests_are_kept_and_found_again, results::files_come_after_their_rows,
        crons::a_branch_has_one_cron, crons::a_due_cron_runs_once, crons::ssh_keys_are_replaced,
        fleet::enrolments, fleet::workers_speak_of_themselves, fleet::work_is_added_up,
        fleet::histories_and_queues,
        forges::forges, forges::identities, forges::accounts, forges::ways_in_are_used_once,
        forges::sessions_are_seen_and_ended, forges::hosted_repositories,
        rights::who_sees_what, rights::rights_are_confirmed_and_doubted, rights::approvals,
        rights::requests_wait_for_a_word,
        deliveries::a_delivery_is_stored_once, deliveries::deliveries_are_settled,
        outbox::what_is_due_is_claimed, outbox::an_older_version_takes_nothing_away,
        outbox::nothing_is_claimed_twice, outbox::audit_and_settings,
        repositories::slugs_are_unique_case_apart, repositories::filters_and_order,
        repositories::polling, repositories::variables, repositories::keys_are_made_once, repositories::requests_once_per_delivery,
        repositories::commits_and_branches, repositories::removal_leaves_nothing,
        stats::ends_of_builds_are_kept, stats::ends_known_before_there_were_charts,
        stats::samples_are_taken_once_a_minute, stats::waits_are_found_by_platform,
        work::builds_are_stored_whole, work::builds_are_listed, work::builds_of_pull_requests,
        work::saves_are_guarded,
        work::queue_order, work::attempts_and_leases, work::usual_times, work::unknown_ids,
        concurrency::dropped_is_undone, concurrency::isolation, concurrency::numbers_have_no_gap,
        concurrency::a_locked_build_waits, concurrency::tokens_are_taken_once,
        concurrency::what_forges_say_is_one_row,
        concurrency::many_writers, concurrency::reopening_keeps_everything,
        concurrency::down_and_up_again, concurrency::rows_of_the_first_schema_stay,
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
        hosting: None,
        poll_seconds: None,
        at: Timestamp(5),
    }
}

async fn repository(tx: &mut dyn Tx, slug: &str) -> RepositoryId {
    tx.insert_repository(&new_repository(slug)).await.unwrap()
}

fn new_forge(name: &str) -> NewForge {
    NewForge {
        kind: "github".into(),
        name: name.into(),
        web_url: "https://git.example".into(),
        api_url: "https://git.example/api".into(),
        client_id: Some("client".into()),
        client_secret: Some(vec![0, 7]),
        app_id: Some(12),
        app_slug: None,
        app_key: None,
        hook_secret: None,
        configured: false,
        at: Timestamp(1),
    }
}

async fn forge(tx: &mut dyn Tx, name: &str) -> ForgeId {
    tx.put_forge(&new_forge(name)).await.unwrap()
}

fn hosted(forge_id: ForgeId, remote_id: &str, slug: &str) -> HostedRepository {
    HostedRepository {
        hosting: Hosting {
            forge_id,
            remote_id: remote_id.into(),
            path: slug.into(),
            html_url: format!("https://git.example/{slug}"),
            fork: true,
            installation_id: None,
            hook_id: None,
            hooked_by: None,
            gone_at: None,
            compared_at: None,
        },
        slug: slug.parse().unwrap(),
        description: None,
        clone_url: format!("https://git.example/{slug}.git"),
        default_branch: "main".into(),
        private: false,
        ping_secret: vec![5],
        at: Timestamp(5),
    }
}

fn new_pull(number: i64, head_sha: &str) -> PullRequest {
    PullRequest {
        number,
        title: "change ✓".into(),
        head_sha: head_sha.into(),
        head_branch: "topic".into(),
        head_slug: None,
        base_sha: "base".into(),
        fork: true,
        draft: false,
        author_id: "7".into(),
        author_login: "kestrel".into(),
        git_ref: format!("refs/pull/{number}/merge"),
        html_url: format!("https://git.example/pull/{number}"),
    }
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
        pull_request: None,
        sender: None,
        before_sha: None,
        compare_url: None,
        delivery_id: None,
        held: false,
        config: None,
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
    let new = new_build(tx, repository_id, branch).await;
    tx.insert_build(&new).await.unwrap()
}

/// Stores what such a build needs.
async fn new_build(tx: &mut dyn Tx, repository_id: RepositoryId, branch: &str) -> NewBuild {
    let (request_id, _) = tx
        .insert_request(&new_request(repository_id, None))
        .await
        .unwrap();
    let commit_id = tx
        .put_commit(&new_commit(repository_id, "c0ffee"))
        .await
        .unwrap();
    NewBuild {
        repository_id,
        request_id,
        commit_id,
        event_type: "push".into(),
        branch: branch.into(),
        tag: None,
        message: None,
        previous_state: None,
        raw_config: Some("script: make".into()),
        imports: vec![travis_model::ImportedFile {
            source: "ci/common.yml".into(),
            config: "cache: bundler".into(),
        }],
        config: json!({"script": ["make"]}),
        messages: json!([]),
        fast_finish: true,
        pull_request: None,
        sender: None,
        before_sha: None,
        compare_url: None,
        created_by: None,
        stages: vec!["test".into(), "deploy".into()],
        jobs: vec![new_job(0), new_job(0), new_job(1)],
        at: Timestamp(10),
    }
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
        purpose: travis_model::Purpose::Job,
        tier: None,
        network: None,
        at: Timestamp(20),
    }
}

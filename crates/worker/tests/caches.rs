//! Caches of jobs, from the worker's side: fetched, lent to the job, stored.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path as At, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use support::{Fake, Worker, assignment};
use travis_api::worker::{Assignment, CACHE_FROM, CACHE_SHA256, CacheSpec};
use travis_sandbox::{Host, ToolDirs};

/// What the server has, and how it is to behave.
#[derive(Default)]
struct Caches {
    held: Option<Vec<u8>>,
    /// The SHA-256 that is said, when it is not the right one.
    lie: Option<String>,
    /// Refuse so many times with this.
    refuse: Vec<StatusCode>,
    /// Never answer.
    hang: bool,
    puts: u32,
}

type Shared = Arc<Mutex<Caches>>;

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

async fn fetch(State(caches): State<Shared>, At(_): At<i64>) -> Response {
    if caches.lock().unwrap().hang {
        std::future::pending::<()>().await;
    }
    let caches = caches.lock().unwrap();
    match &caches.held {
        Some(bytes) => {
            let said = caches.lie.clone().unwrap_or_else(|| sha256(bytes));
            let headers = [(CACHE_SHA256, said), (CACHE_FROM, "main".to_owned())];
            (headers, bytes.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn store(
    State(caches): State<Shared>,
    At(attempt): At<i64>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let said = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
    assert_eq!(said("authorization"), format!("Bearer token-{attempt}"));
    assert_eq!(said("content-length"), body.len().to_string());
    assert_eq!(said(CACHE_SHA256), sha256(&body));
    let mut caches = caches.lock().unwrap();
    caches.puts += 1;
    if let Some(status) = caches.refuse.pop() {
        return status;
    }
    caches.held = Some(body.to_vec());
    StatusCode::NO_CONTENT
}

struct Stage {
    fake: Fake,
    caches: Shared,
    worker: Worker,
    data: tempfile::TempDir,
}

impl Stage {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let caches = Shared::default();
        let more = Router::new()
            .route("/worker/v1/attempts/{id}/cache", get(fetch).put(store))
            .layer(DefaultBodyLimit::disable())
            .with_state(caches.clone());
        let fake = Fake::with(more).await;
        let sandboxes = data.path().join("sandbox");
        let host = Arc::new(Host::new(sandboxes, ToolDirs::default()));
        let worker = Worker::start(&fake.url(), data.path(), host);
        Self {
            fake,
            caches,
            worker,
            data,
        }
    }

    /// Runs a job, which has to pass; gives its output.
    async fn run(&self, attempt: i64, script: &str) -> String {
        self.run_as(job(attempt, script)).await
    }

    async fn run_as(&self, job: Assignment) -> String {
        let attempt = job.attempt;
        self.fake.assign_as(job);
        let end = self.fake.finished(attempt).await;
        let log = String::from_utf8(self.fake.output(attempt)).unwrap();
        assert_eq!(end.outcome, "passed", "{log}");
        log
    }

    fn held(&self) -> Option<Vec<u8>> {
        self.caches.lock().unwrap().held.clone()
    }
}

fn job(attempt: i64, script: &str) -> Assignment {
    let mut job = assignment(attempt, script);
    job.cache = Some(CacheSpec {
        fetch: true,
        store: true,
        most_bytes: 1_000_000,
        timeout_seconds: 20,
    });
    job
}

const LEAVE: &str = "printf left > \"$TRAVIS_CACHE_DIR/new.tgz\"\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_goes_round() {
    let stage = Stage::new().await;
    let script = format!("ls -A \"$TRAVIS_CACHE_DIR\"; echo end\n{LEAVE}");
    let log = stage.run(1, &script).await;
    assert!(log.contains("No cache yet"), "{log}");
    assert!(log.contains("\nend\n"), "{log}");
    assert!(log.contains("Cache stored: 4 bytes"), "{log}");
    let log = stage
        .run(2, "cat \"$TRAVIS_CACHE_DIR/fetched.tgz\"; echo\n")
        .await;
    assert!(log.contains("Cache of main fetched: 4 bytes"), "{log}");
    assert!(log.contains("\nleft\n"), "{log}");
    assert!(!log.contains("stored"), "nothing new: {log}");
    assert_eq!(stage.caches.lock().unwrap().puts, 1);

    // A job that did not pass stores nothing; one without a cache has no directory.
    stage.fake.assign_as(job(3, &format!("{LEAVE}exit 1\n")));
    assert_eq!(stage.fake.finished(3).await.outcome, "failed");
    assert_eq!(stage.caches.lock().unwrap().puts, 1);
    stage
        .run_as(assignment(4, "[ -z \"${TRAVIS_CACHE_DIR+x}\" ]\n"))
        .await;
    stage.worker.leave().await.unwrap();
    let left = std::fs::read_dir(stage.data.path().join("sandbox/jobs")).unwrap();
    assert_eq!(left.count(), 0, "what was lent goes with the sandbox");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_wrong_with_a_cache_fails_a_job() {
    let stage = Stage::new().await;
    let empty = "[ -z \"$(ls -A \"$TRAVIS_CACHE_DIR\")\" ]\n";
    stage.caches.lock().unwrap().held = Some(b"damaged".to_vec());
    stage.caches.lock().unwrap().lie = Some(sha256(b"whole"));
    let log = stage.run(1, empty).await;
    assert!(log.contains("goes on without: it is damaged"), "{log}");
    stage.caches.lock().unwrap().lie = None;
    stage.caches.lock().unwrap().held = Some(vec![7; 2_000_000]);
    let log = stage.run(2, empty).await;
    assert!(log.contains("larger than 1.0 MB"), "{log}");
    stage.caches.lock().unwrap().hang = true;
    let mut slow = job(3, empty);
    slow.cache.as_mut().unwrap().timeout_seconds = 1;
    let log = stage.run_as(slow).await;
    assert!(log.contains("goes on without"), "{log}");
    stage.caches.lock().unwrap().hang = false;
    stage.caches.lock().unwrap().held = None;

    // Tried again after a fault, not after a refusal.
    stage.caches.lock().unwrap().refuse = vec![StatusCode::SERVICE_UNAVAILABLE];
    let log = stage.run(4, LEAVE).await;
    assert!(log.contains("Cache stored"), "{log}");
    assert_eq!(stage.caches.lock().unwrap().puts, 2);
    stage.caches.lock().unwrap().refuse = vec![StatusCode::PAYLOAD_TOO_LARGE];
    let log = stage.run(5, LEAVE).await;
    assert!(log.contains("can't be stored"), "{log}");
    assert_eq!(stage.caches.lock().unwrap().puts, 3);
    let mut reader = job(6, LEAVE);
    reader.cache.as_mut().unwrap().store = false;
    let log = stage.run_as(reader).await;
    assert!(log.contains("may read caches and not write"), "{log}");
    let script = "head -c 1000001 /dev/zero > \"$TRAVIS_CACHE_DIR/new.tgz\"\n";
    let log = stage.run(7, script).await;
    assert!(log.contains("cache fewer directories"), "{log}");
    assert_eq!(stage.caches.lock().unwrap().puts, 3);
    stage.worker.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_does_not_bring_out_files_of_the_machine() {
    let stage = Stage::new().await;
    let key = stage.data.path().join("worker.key");
    let script = format!("ln -s '{}' \"$TRAVIS_CACHE_DIR/new.tgz\"\n", key.display());
    let log = stage.run(1, &script).await;
    assert!(log.contains("no plain file"), "{log}");
    let log = stage.run(2, "mkfifo \"$TRAVIS_CACHE_DIR/new.tgz\"\n").await;
    assert!(log.contains("no plain file"), "{log}");
    assert_eq!(stage.held(), None);
    stage.worker.leave().await.unwrap();
}

//! A server that a test can look into, and a link to it that can be cut.
#![allow(dead_code, reason = "each test file uses its own part of this")]

mod link;
mod routes;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
#[allow(unused_imports, reason = "each test file uses its own part of this")]
pub use link::Link;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use travis_api::worker::*;
use travis_sandbox::{Dummy, Executor};
use travis_worker::{WorkerConfig, WorkerError};

pub const TOKEN: &str = "enrolment-token";

/// What the server knows, and how it is to behave.
#[derive(Default)]
pub struct Known {
    pub public_key: Option<String>,
    pub enrolments: u32,
    pub sessions: Vec<String>,
    pub queue: VecDeque<Assignment>,
    pub cancel: Vec<CancelOrder>,
    pub lost: Vec<i64>,
    pub drain: bool,
    pub pause: bool,
    told_pause: bool,
    /// What the worker's page says, told once.
    pub lending: Option<travis_api::lend::Lending>,
    /// The operator's table of images.
    pub image_table: Option<travis_api::worker::ImageTableNews>,
    /// What the last session said that is lent.
    pub session_lending: Option<travis_api::lend::Lending>,
    pub polls: Vec<PollRequest>,
    pub refused: Vec<RefusedAttempt>,
    pub attempts: BTreeMap<i64, Attempt>,
    /// Assignments that no poll has listed as running yet.
    unacknowledged: HashMap<i64, Assignment>,
    /// Valid time of leases, and three times how long a poll is held.
    pub lease_ms: u64,
}

#[derive(Default)]
pub struct Attempt {
    pub token: String,
    pub log: Vec<u8>,
    pub log_calls: u32,
    pub states: Vec<String>,
    pub finish: Option<FinishRequest>,
    pub finish_calls: u32,
    pub sealed: bool,
    /// Forget all but so many bytes at the next log call.
    pub forget_to: Option<usize>,
    /// Forget all but so many bytes at the first finish.
    pub forget_at_finish: Option<usize>,
    /// Answer 410 to everything.
    pub gone: bool,
}

#[derive(Clone)]
pub struct Fake {
    pub known: Arc<Mutex<Known>>,
    changed: Arc<watch::Sender<u64>>,
    pub address: std::net::SocketAddr,
}

impl Fake {
    pub async fn start() -> Self {
        Self::with(Router::new()).await
    }

    /// With more routes.
    pub async fn with(more: Router) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            known: Arc::new(Mutex::new(Known {
                lease_ms: 15_000,
                ..Known::default()
            })),
            changed: Arc::new(watch::channel(0).0),
            address: listener.local_addr().unwrap(),
        };
        let app = Router::new()
            .merge(routes::worker())
            .route("/health", axum::routing::get(|| async { "ok" }))
            .layer(DefaultBodyLimit::disable())
            .with_state(fake.clone())
            .merge(more);
        tokio::spawn(async move { axum::serve(listener, app).await });
        fake
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Changes what it knows and wakes whoever waits.
    pub fn change<T>(&self, by: impl FnOnce(&mut Known) -> T) -> T {
        let result = by(&mut self.known.lock().unwrap());
        self.changed.send_modify(|count| *count += 1);
        result
    }

    /// Waits until something is so; fails after half a minute.
    pub async fn until<T>(&self, what: &str, mut so: impl FnMut(&Known) -> Option<T>) -> T {
        let mut changed = self.changed.subscribe();
        let waiting = async {
            loop {
                changed.borrow_and_update();
                let found = so(&self.known.lock().unwrap());
                if let Some(found) = found {
                    return found;
                }
                changed.changed().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting)
            .await
            .unwrap_or_else(|_| panic!("never: {what}"))
    }

    pub fn assign(&self, attempt: i64, script: &str) {
        self.assign_as(assignment(attempt, script));
    }

    pub fn assign_as(&self, mut assignment: Assignment) {
        self.change(|known| {
            assignment.lease_ms = known.lease_ms;
            known.queue.push_back(assignment);
        });
    }

    pub async fn finished(&self, attempt: i64) -> FinishRequest {
        self.until("finished and sealed", |known| {
            let attempt = known.attempts.get(&attempt)?;
            attempt.finish.clone().filter(|_| attempt.sealed)
        })
        .await
    }

    pub fn log(&self, attempt: i64) -> Vec<u8> {
        let known = self.known.lock().unwrap();
        known
            .attempts
            .get(&attempt)
            .map_or_else(Vec::new, |attempt| attempt.log.clone())
    }

    /// The log after the fold about the worker.
    pub fn output(&self, attempt: i64) -> Vec<u8> {
        let log = self.log(attempt);
        let end = b"travis_fold:end:worker_info\r\x1b[0K";
        let at = log.windows(end.len()).position(|window| window == end);
        log[at.map_or(0, |at| at + end.len())..].to_vec()
    }

    pub async fn printed(&self, attempt: i64, text: &str) {
        self.until(text, |known| {
            let log = &known.attempts.get(&attempt)?.log;
            String::from_utf8_lossy(log).contains(text).then_some(())
        })
        .await;
    }
}

pub fn assignment(attempt: i64, script: &str) -> Assignment {
    Assignment {
        attempt,
        token: format!("token-{attempt}"),
        lease_ms: 15_000,
        repository: "someone/thing".to_owned(),
        job_number: "1.1".to_owned(),
        thanks: String::new(),
        job_id: attempt + 1000,
        script: script.to_owned(),
        secrets: Vec::new(),
        source: None,
        limits: Limits {
            total_seconds: 3000,
            silence_seconds: 600,
            log_bytes: 1 << 30,
            memory_bytes: None,
            processes: None,
        },
        network: true,
        cache: None,
        results: None,
        min_executor: None,
        image: None,
        services: Vec::new(),
    }
}

/// A worker under test.
pub struct Worker {
    pub shutdown: CancellationToken,
    pub hard: CancellationToken,
    pub task: tokio::task::JoinHandle<Result<(), WorkerError>>,
}

impl Worker {
    pub fn start(server: &str, data: &Path, executor: Arc<dyn Executor>) -> Self {
        Self::with(config(server, data, executor))
    }

    pub fn with(config: WorkerConfig) -> Self {
        let shutdown = CancellationToken::new();
        let hard = CancellationToken::new();
        let task = tokio::spawn(travis_worker::run(config, shutdown.clone(), hard.clone()));
        Self {
            shutdown,
            hard,
            task,
        }
    }

    pub async fn leave(self) -> Result<(), WorkerError> {
        self.shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(20), self.task)
            .await
            .expect("leaves in time")
            .unwrap()
    }
}

pub fn config(server: &str, data: &Path, executor: Arc<dyn Executor>) -> WorkerConfig {
    WorkerConfig {
        name: "tester".to_owned(),
        slots: 2,
        enrolment_token: Some(TOKEN.to_owned()),
        ..WorkerConfig::new(server, data.to_owned(), executor)
    }
}

pub fn dummy() -> Arc<dyn Executor> {
    Arc::new(Dummy::new())
}

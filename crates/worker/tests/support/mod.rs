//! A server that a test can look into, and a link to it that can be cut.
#![allow(dead_code, reason = "each test file uses its own part of this")]

mod link;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path as At, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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
            .route("/worker/v1/enrol", post(enrol))
            .route("/worker/v1/challenge", post(challenge))
            .route("/worker/v1/session", post(session))
            .route("/worker/v1/poll", post(poll))
            .route("/worker/v1/attempts/{id}/log", post(log))
            .route("/worker/v1/attempts/{id}/state", post(state))
            .route("/worker/v1/attempts/{id}/finish", post(finish))
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

fn error(status: StatusCode, held: Option<u64>) -> Response {
    let body = serde_json::json!({
        "@type": "error", "error_type": "test", "error_message": "said the test", "held": held,
    });
    (status, Json(body)).into_response()
}

fn bearer(headers: &HeaderMap) -> String {
    assert_eq!(headers.get(PROTOCOL_HEADER).unwrap(), PROTOCOL);
    let header = headers
        .get("authorization")
        .map(|value| value.to_str().unwrap());
    header
        .and_then(|h| h.strip_prefix("Bearer "))
        .unwrap_or_default()
        .to_owned()
}

async fn enrol(State(fake): State<Fake>, Json(request): Json<EnrolRequest>) -> Response {
    fake.change(|known| {
        if request.token != TOKEN || known.enrolments > 0 {
            return error(StatusCode::FORBIDDEN, None);
        }
        known.enrolments += 1;
        known.public_key = Some(request.public_key);
        Json(EnrolResponse {
            worker_id: 1,
            name: request.name,
            lending: None,
        })
        .into_response()
    })
}

async fn challenge(State(fake): State<Fake>, Json(request): Json<ChallengeRequest>) -> Response {
    let known = fake.known.lock().unwrap();
    if request.worker_id != 1 || known.public_key.is_none() {
        return error(StatusCode::NOT_FOUND, None);
    }
    Json(ChallengeResponse {
        challenge: "sign-this".to_owned(),
    })
    .into_response()
}

async fn session(State(fake): State<Fake>, Json(request): Json<SessionRequest>) -> Response {
    fake.change(|known| {
        verify(
            known,
            &format!("{SESSION_CONTEXT}{}", request.challenge),
            &request.signature,
        );
        let session_token = format!("session-{}", known.sessions.len());
        known.session_lending = request.lending;
        known.sessions.push(session_token.clone());
        Json(SessionResponse {
            session_token,
            expires_in_seconds: 3600,
        })
        .into_response()
    })
}

fn verify(known: &Known, text: &str, signature: &str) {
    let key = STANDARD.decode(known.public_key.as_ref().unwrap()).unwrap();
    UnparsedPublicKey::new(&ED25519, key)
        .verify(text.as_bytes(), &STANDARD.decode(signature).unwrap())
        .expect("a good signature");
}

async fn poll(
    State(fake): State<Fake>,
    headers: HeaderMap,
    Json(request): Json<PollRequest>,
) -> Response {
    let token = bearer(&headers);
    let mut changed = fake.changed.subscribe();
    let (hold, number) = fake.change(|known| {
        known.refused.extend(request.refused.iter().cloned());
        known.polls.push(request.clone());
        for attempt in &request.running {
            known.unacknowledged.remove(attempt);
        }
        let hold = Duration::from_millis(request.hold_ms.unwrap_or(known.lease_ms / 3));
        (hold, known.polls.len())
    });
    let deadline = tokio::time::Instant::now() + hold;
    loop {
        changed.borrow_and_update();
        {
            let mut known = fake.known.lock().unwrap();
            if known.sessions.last() != Some(&token) {
                return error(StatusCode::UNAUTHORIZED, None);
            }
            if known.polls.len() != number {
                // The worker hung up and asks anew: whatever this brought would be lost.
                return error(StatusCode::CONFLICT, None);
            }
            let late = tokio::time::Instant::now() >= deadline;
            if let Some(answer) = answer(&mut known, &request, late) {
                return Json(answer).into_response();
            }
        }
        let _ = tokio::time::timeout_at(deadline, changed.changed()).await;
    }
}

fn answer(known: &mut Known, request: &PollRequest, late: bool) -> Option<PollResponse> {
    let live = known
        .attempts
        .values()
        .filter(|a| !a.sealed && !a.gone)
        .count();
    let mut free = usize::try_from(request.slots).unwrap().saturating_sub(live);
    let mut assignments: Vec<_> = known.unacknowledged.values().cloned().collect();
    while free > 0 && !known.queue.is_empty() {
        let next = known.queue.pop_front().unwrap();
        let attempt = known.attempts.entry(next.attempt).or_default();
        attempt.token = next.token.clone();
        known.unacknowledged.insert(next.attempt, next.clone());
        assignments.push(next);
        free -= 1;
    }
    let cancel = std::mem::take(&mut known.cancel);
    let lost = std::mem::take(&mut known.lost);
    let news = !assignments.is_empty()
        || !cancel.is_empty()
        || !lost.is_empty()
        || known.drain
        || known.lending.is_some()
        || (known.image_table.as_ref())
            .is_some_and(|news| request.image_table.as_ref() != Some(&news.mark))
        || known.pause != known.told_pause;
    (news || late || request.hold_ms == Some(0)).then(|| PollResponse {
        assignments,
        cancel,
        lost,
        leases: request
            .running
            .iter()
            .map(|attempt| Lease {
                attempt: *attempt,
                valid_for_ms: known.lease_ms,
            })
            .collect(),
        drain: known.drain,
        pause: {
            known.told_pause = known.pause;
            known.pause
        },
        lending: known.lending.take(),
        image_table: known
            .image_table
            .clone()
            .filter(|news| request.image_table.as_ref() != Some(&news.mark)),
    })
}

/// Finds the attempt of a call, or says why not.
#[allow(clippy::result_large_err, reason = "the answer is sent at once")]
fn entitled<'a>(
    known: &'a mut Known,
    id: i64,
    headers: &HeaderMap,
) -> Result<&'a mut Attempt, Response> {
    let token = bearer(headers);
    let attempt = known
        .attempts
        .get_mut(&id)
        .ok_or_else(|| error(StatusCode::NOT_FOUND, None))?;
    if attempt.gone {
        return Err(error(StatusCode::GONE, None));
    }
    if attempt.token != token {
        return Err(error(StatusCode::FORBIDDEN, None));
    }
    Ok(attempt)
}

async fn log(
    State(fake): State<Fake>,
    At(id): At<i64>,
    Query(query): Query<HashMap<String, usize>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    fake.change(|known| {
        let attempt = match entitled(known, id, &headers) {
            Ok(attempt) => attempt,
            Err(response) => return response,
        };
        attempt.log_calls += 1;
        if let Some(kept) = attempt.forget_to.take_if(|kept| *kept < attempt.log.len()) {
            attempt.log.truncate(kept);
        }
        let offset = query["offset"];
        let held = attempt.log.len();
        if offset > held {
            return error(StatusCode::CONFLICT, Some(held as u64));
        }
        attempt
            .log
            .extend_from_slice(body.get(held - offset..).unwrap_or_default());
        Json(LogResponse {
            length: attempt.log.len() as u64,
        })
        .into_response()
    })
}

async fn state(
    State(fake): State<Fake>,
    At(id): At<i64>,
    headers: HeaderMap,
    Json(request): Json<StateRequest>,
) -> Response {
    fake.change(|known| match entitled(known, id, &headers) {
        Ok(attempt) => {
            attempt.states.push(request.state);
            StatusCode::NO_CONTENT.into_response()
        }
        Err(response) => response,
    })
}

async fn finish(
    State(fake): State<Fake>,
    At(id): At<i64>,
    headers: HeaderMap,
    Json(request): Json<FinishRequest>,
) -> Response {
    fake.change(|known| {
        let statement = result_statement(
            id,
            id + 1000,
            &request.outcome,
            request.exit_code,
            request.log_length,
            &request.log_sha256,
        );
        verify(known, &statement, &request.signature);
        let attempt = match entitled(known, id, &headers) {
            Ok(attempt) => attempt,
            Err(response) => return response,
        };
        attempt.finish_calls += 1;
        if let Some(kept) = attempt.forget_at_finish.take() {
            attempt.log.truncate(kept);
        }
        attempt.sealed = attempt.log.len() as u64 == request.log_length
            && hex::encode(digest(&SHA256, &attempt.log)) == request.log_sha256;
        attempt.finish = Some(request);
        Json(FinishResponse {
            sealed: attempt.sealed,
            held: attempt.log.len() as u64,
        })
        .into_response()
    })
}

//! What the worker costs, against a server that takes everything and keeps nothing.
//!
//! `cargo run --release -p travis-worker --example measure -- [namespace|host|dummy] [jobs] [slots] [log bytes a job]`

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Instant;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use travis_api::worker::{Assignment, FinishRequest, Limits, PollRequest};
use travis_sandbox::{Dummy, Executor, Host, Namespace, ToolDirs};
use travis_worker::WorkerConfig;

struct Server {
    script: String,
    jobs: i64,
    given: AtomicI64,
    finished: watch::Sender<i64>,
    bytes: AtomicU64,
    calls: AtomicU64,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().unwrap_or_else(|| "namespace".to_owned());
    let mut number = |otherwise: i64| {
        let given = arguments.next().and_then(|text| text.parse().ok());
        given.unwrap_or(otherwise)
    };
    let (jobs, slots, bytes) = (number(200), number(4), number(0));
    let script = match (bytes, kind.as_str()) {
        (0, _) => "true\n".to_owned(),
        (_, "dummy") => format!("flood {bytes}\n"),
        _ => format!(
            "yes 'a line of a log that is eighty bytes long, which is what lines are like mostly .' | head -c {bytes}\n"
        ),
    };
    let server = Arc::new(Server {
        script,
        jobs,
        given: AtomicI64::new(0),
        finished: watch::channel(0).0,
        bytes: AtomicU64::new(0),
        calls: AtomicU64::new(0),
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let app = Router::new()
        .route(
            "/worker/v1/enrol",
            post(|| async { Json(json!({"worker_id": 1, "name": "m"})) }),
        )
        .route(
            "/worker/v1/challenge",
            post(|| async { Json(json!({"challenge": "c"})) }),
        )
        .route(
            "/worker/v1/session",
            post(|| async { Json(json!({"session_token": "s", "expires_in_seconds": 3600})) }),
        )
        .route("/worker/v1/poll", post(poll))
        .route("/worker/v1/attempts/{id}/log", post(log))
        .route(
            "/worker/v1/attempts/{id}/state",
            post(|| async { StatusCode::NO_CONTENT }),
        )
        .route("/worker/v1/attempts/{id}/finish", post(finish))
        .layer(DefaultBodyLimit::disable())
        .with_state(Arc::clone(&server));
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let data = std::env::temp_dir().join(format!("travis-measure-{}", std::process::id()));
    let sandbox = data.join("sandbox");
    let executor: Arc<dyn Executor> = match kind.as_str() {
        "dummy" => Arc::new(Dummy::new()),
        "host" => Arc::new(Host::new(sandbox, ToolDirs::detect())),
        _ => Arc::new(Namespace::new(sandbox, Vec::new(), ToolDirs::detect())),
    };
    let config = WorkerConfig {
        name: "measured".to_owned(),
        slots: u32::try_from(slots)?,
        enrolment_token: Some("t".to_owned()),
        ..WorkerConfig::new(format!("http://{address}"), data.clone(), executor)
    };
    let stop = CancellationToken::new();
    let since = Instant::now();
    let worker = tokio::spawn(travis_worker::run(
        config,
        stop.clone(),
        CancellationToken::new(),
    ));
    server
        .finished
        .subscribe()
        .wait_for(|done| *done >= jobs)
        .await?;
    let took = since.elapsed().as_secs_f64();
    let processor = std::fs::read_to_string("/proc/self/schedstat")?;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "numbers for people")]
    let rate = jobs as f64 / took;
    println!(
        "{kind}: {jobs} jobs on {slots} slots in {took:.3} s, {rate:.0} a second; {} bytes of log in {} calls; {peak} (server included); main thread {}",
        server.bytes.load(Ordering::Relaxed),
        server.calls.load(Ordering::Relaxed),
        processor.trim(),
    );
    stop.cancel();
    worker.await??;
    serving.abort();
    std::fs::remove_dir_all(data)?;
    Ok(())
}

async fn poll(State(server): State<Arc<Server>>, Json(request): Json<PollRequest>) -> Json<Value> {
    let mut done = server.finished.subscribe();
    loop {
        let running = server.given.load(Ordering::SeqCst) - *done.borrow_and_update();
        let free = i64::from(request.slots) - running;
        let left = server.jobs - server.given.load(Ordering::SeqCst);
        let count = free.min(left);
        if count > 0 {
            let first = server.given.fetch_add(count, Ordering::SeqCst);
            let given: Vec<_> = (first..first + count)
                .map(|id| assignment(id + 1, &server.script))
                .collect();
            return Json(json!({
                "assignments": given, "cancel": [], "lost": [], "leases": [], "drain": false,
            }));
        }
        let hold = std::time::Duration::from_secs(if request.draining { 0 } else { 5 });
        if tokio::time::timeout(hold, done.changed()).await.is_err() {
            let leases: Vec<_> = request
                .running
                .iter()
                .map(|id| json!({"attempt": id, "valid_for_ms": 15_000}))
                .collect();
            return Json(json!({
                "assignments": [], "cancel": [], "lost": [], "leases": leases, "drain": false,
            }));
        }
    }
}

fn assignment(attempt: i64, script: &str) -> Assignment {
    Assignment {
        attempt,
        token: "t".to_owned(),
        lease_ms: 60_000,
        repository: "a/b".to_owned(),
        job_number: "1.1".to_owned(),
        thanks: String::new(),
        job_id: attempt,
        script: script.to_owned(),
        secrets: Vec::new(),
        source: None,
        limits: Limits {
            total_seconds: 3000,
            silence_seconds: 600,
            log_bytes: u64::MAX,
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

async fn log(
    State(server): State<Arc<Server>>,
    Path(_): Path<i64>,
    Query(query): Query<HashMap<String, u64>>,
    body: Bytes,
) -> Json<Value> {
    let length = body.len() as u64;
    server.bytes.fetch_add(length, Ordering::Relaxed);
    server.calls.fetch_add(1, Ordering::Relaxed);
    let offset = query.get("offset").copied().unwrap_or_default();
    Json(json!({ "length": offset + length }))
}

async fn finish(
    State(server): State<Arc<Server>>,
    Json(request): Json<FinishRequest>,
) -> Json<Value> {
    server.finished.send_modify(|done| *done += 1);
    Json(json!({ "sealed": true, "held": request.log_length }))
}

//! A worker speaks to servers one release older and newer: what it does not know it passes over,
//! what is missing has its default. The answers are recorded, not made from this release's types.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use tokio_util::sync::CancellationToken;
use travis_sandbox::Dummy;
use travis_worker::WorkerConfig;

/// What a server of one release says.
struct Release {
    enrol: &'static str,
    session: &'static str,
    poll: &'static str,
    finish: &'static str,
}

/// The last release before workers told what is lent.
const OLDER: Release = Release {
    enrol: r#"{"worker_id":7,"name":"tester"}"#,
    session: r#"{"session_token":"worker_1","expires_in_seconds":3600}"#,
    poll: r#"{"assignments":[{"attempt":3,"token":"attempt_1","lease_ms":15000,
        "repository":"acme/rocket","job_number":"3.1","job_id":3,"script":"echo hello","secrets":[],
        "source":null,"limits":{"total_seconds":60,"silence_seconds":60,"log_bytes":1000000,
        "memory_bytes":null,"processes":4096},"network":true}],
        "cancel":[],"lost":[],"leases":[],"drain":false}"#,
    finish: r#"{"sealed":true,"held":0}"#,
};

/// One that says more than this release knows.
const NEWER: Release = Release {
    enrol: r#"{"worker_id":7,"name":"tester","region":"north","lending":{"slots":1,
        "moon_phase":"full","egress":"friends"}}"#,
    session: r#"{"session_token":"worker_1","expires_in_seconds":3600,"renew":{"at":1800}}"#,
    poll: r#"{"assignments":[{"attempt":3,"token":"attempt_1","lease_ms":15000,"priority":9,
        "repository":"acme/rocket","job_number":"3.1","job_id":3,"script":"echo hello","secrets":[],
        "source":null,"limits":{"total_seconds":60,"silence_seconds":60,"log_bytes":1000000,
        "memory_bytes":null,"processes":4096,"gpus":2},"network":true,"cache":null,
        "min_executor":null,"image":{"language":"rust","flavor":"slim"},"services":[],
        "attestation":{"nonce":"x"}}],
        "cancel":[],"lost":[],"leases":[],"drain":false,"pause":false,"upgrade":{"version":"9"},
        "lending":{"slots":2,"hours":[{"from":"00:00","to":"24:00","season":"winter"}],
        "only_on_sundays":false}}"#,
    finish: r#"{"sealed":true,"held":0,"thanks":"!"}"#,
};

#[derive(Clone)]
struct Server {
    release: &'static Release,
    given: Arc<Mutex<bool>>,
    finished: Arc<Mutex<Option<serde_json::Value>>>,
    done: CancellationToken,
}

fn json(text: &str) -> Response {
    ([(CONTENT_TYPE, "application/json")], text.to_owned()).into_response()
}

async fn poll(State(server): State<Server>, body: String) -> Response {
    let asked: serde_json::Value = serde_json::from_str(&body).unwrap();
    let first = !std::mem::replace(&mut *server.given.lock().unwrap(), true);
    if first {
        return json(server.release.poll);
    }
    let held = asked["hold_ms"].as_u64().unwrap_or(30_000);
    let _ = tokio::time::timeout(Duration::from_millis(held), server.done.cancelled()).await;
    json(r#"{"assignments":[],"cancel":[],"lost":[],"leases":[],"drain":false}"#)
}

async fn works_with(release: &'static Release) {
    let server = Server {
        release,
        given: Arc::default(),
        finished: Arc::default(),
        done: CancellationToken::new(),
    };
    let said = |text: &'static str| post(move || async move { json(text) });
    let app = Router::new()
        .route("/worker/v1/enrol", said(release.enrol))
        .route(
            "/worker/v1/challenge",
            said(r#"{"challenge":"sign-this","kind":"nonce"}"#),
        )
        .route("/worker/v1/session", said(release.session))
        .route("/worker/v1/poll", post(poll))
        .route(
            "/worker/v1/attempts/3/log",
            post(|body: axum::body::Bytes| async move {
                json(&format!(r#"{{"length":{}}}"#, body.len()))
            }),
        )
        .route("/worker/v1/attempts/3/state", said("{}"))
        .route(
            "/worker/v1/attempts/3/finish",
            post(|State(server): State<Server>, body: String| async move {
                *server.finished.lock().unwrap() = serde_json::from_str(&body).ok();
                server.done.cancel();
                json(server.release.finish)
            }),
        )
        .with_state(server.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let data = tempfile::tempdir().unwrap();
    let config = WorkerConfig {
        enrolment_token: Some("token".to_owned()),
        ..WorkerConfig::new(url, data.path().to_owned(), Arc::new(Dummy::new()))
    };
    let shutdown = CancellationToken::new();
    let worker = travis_worker::run(config, shutdown.clone(), CancellationToken::new());
    let leaving = async {
        server.done.cancelled().await;
        shutdown.cancel();
    };
    let both = async { tokio::join!(worker, leaving) };
    let (left, ()) = tokio::time::timeout(Duration::from_secs(30), both)
        .await
        .unwrap();
    left.unwrap();
    let finished = server.finished.lock().unwrap().clone().unwrap();
    assert_eq!(finished["outcome"], "passed");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_server_one_release_older() {
    works_with(&OLDER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_server_one_release_newer() {
    works_with(&NEWER).await;
}

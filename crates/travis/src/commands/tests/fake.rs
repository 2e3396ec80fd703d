//! A server with answers by method and path, and a live channel that the test speaks on.

use super::data;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio::sync::{Mutex as Turn, broadcast, mpsc};
use tokio_util::task::AbortOnDropHandle;
use travis_api::live::{ClientMessage, ServerMessage};

/// What the test says on the live channel.
#[derive(Clone)]
pub enum Say {
    Text(Value),
    Frame(i64, u64, Vec<u8>),
    Close,
}

#[derive(Clone)]
pub struct Fake {
    pub endpoint: String,
    answers: Arc<Mutex<HashMap<String, (u16, String)>>>,
    bodies: Arc<Mutex<Vec<(String, String)>>>,
    seen_in: mpsc::Sender<String>,
    seen: Arc<Turn<mpsc::Receiver<String>>>,
    say: broadcast::Sender<Say>,
    _server: Arc<Mutex<Option<AbortOnDropHandle<()>>>>,
}

impl Fake {
    /// Starts with build 12 of acme/rocket and all lists.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (seen_in, seen) = mpsc::channel(1024);
        let fake = Self {
            endpoint: format!("http://{}", listener.local_addr().unwrap()),
            answers: Arc::default(),
            bodies: Arc::default(),
            seen_in,
            seen: Arc::new(Turn::new(seen)),
            say: broadcast::channel(64).0,
            _server: Arc::default(),
        };
        fake.fill();
        let router = Router::new()
            .route("/live", get(live))
            .fallback(any(answer))
            .with_state(fake.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        *fake._server.lock().unwrap() = Some(AbortOnDropHandle::new(task));
        fake
    }

    fn fill(&self) {
        let build = data::build_minimal(112, "12", "failed", 5);
        let rocket = data::repository(1, "rocket", true, build);
        let moon = data::repository(2, "moon", false, Value::Null);
        let list = |kind: &str, items: Vec<Value>, count: u64| {
            json!({
                "@type": kind, "@href": "/v3/x", "@representation": "standard",
                "@pagination": data::pagination(count), kind: items
            })
        };
        self.set("GET /health", json!({"version": env!("CARGO_PKG_VERSION")}));
        self.set("GET /v3/user", data::user());
        self.set(
            "GET /v3/repos",
            list("repositories", vec![rocket.clone(), moon], 30),
        );
        self.set("POST /v3/repos", rocket.clone());
        self.set("GET /v3/repo/acme%2Frocket", rocket.clone());
        self.set("POST /v3/repo/acme%2Frocket/activate", rocket.clone());
        self.set("POST /v3/repo/acme%2Frocket/deactivate", rocket);
        let running = data::build(11, "started", 2, &[]);
        self.set(
            "GET /v3/repo/acme%2Frocket/builds",
            list("builds", vec![data::build_12(), running], 2),
        );
        self.set("GET /v3/build/112", data::build_12());
        let job = data::build_12()["jobs"][1].clone();
        let lost = data::attempt(6, 1, "lost", None);
        let whole = data::with(
            job,
            json!({"attempts": [lost, data::attempt(7, 2, "finished", Some("failed"))]}),
        );
        self.set("GET /v3/job/12002", whole);
        let request = data::request("pending", None, &[]);
        self.set(
            "POST /v3/repo/acme%2Frocket/requests",
            data::pending_request(request.clone()),
        );
        self.set("GET /v3/repo/acme%2Frocket/request/5", request);
        self.set(
            "POST /v3/build/112/cancel",
            data::pending_change("build", "cancel"),
        );
        self.set(
            "POST /v3/job/12002/restart",
            data::pending_change("job", "restart"),
        );
        self.set("GET /v3/workers", data::workers());
        self.set("GET /v3/tokens", data::tokens());
        self.set("POST /v3/tokens", data::token(Some("shown-once")));
        self.set("DELETE /v3/token/3", Value::Null);
        self.set("POST /v3/workers/enrolment_token", data::enrolment_token());
        self.set("GET /v3/repo/acme%2Frocket/env_vars", data::env_vars());
        self.set(
            "POST /v3/repo/acme%2Frocket/env_vars",
            data::env_var("API_KEY", None),
        );
        self.set("DELETE /v3/repo/acme%2Frocket/env_var/9", Value::Null);
        self.set(
            "GET /v3/repo/acme%2Frocket/key_pair/generated",
            data::key_pair(),
        );
        self.set("GET /v3/job/12002/log", data::log("$ false\n"));
        let log = "travis_fold:start:git\r\x1b[0Ktravis_time:start:a\r\x1b[0K$ git clone\ntravis_time:end:a:start=1,finish=2,duration=812000000,event=checkout\r\x1b[0Ktravis_fold:end:git\r\x1b[0K\x1b[31;1mexited with 1\x1b[0m\n";
        self.set_text("GET /v3/job/12002/log.txt", 200, log);
    }

    /// Sets an answer.
    pub fn set(&self, call: &str, body: Value) {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.set_text(call, if body.is_null() { 204 } else { 200 }, &text);
    }

    /// Sets an error.
    pub fn fail(&self, call: &str, status: u16, kind: &str, message: &str) {
        let body = json!({"@type": "error", "error_type": kind, "error_message": message});
        self.set_text(call, status, &body.to_string());
    }

    /// Sets an answer with a status.
    pub fn set_text(&self, call: &str, status: u16, body: &str) {
        let mut answers = self.answers.lock().unwrap();
        answers.insert(call.to_owned(), (status, body.to_owned()));
    }

    /// What is answered to a call.
    pub fn body(&self, call: &str) -> Value {
        serde_json::from_str(&self.answers.lock().unwrap()[call].1).unwrap()
    }

    /// Bodies that were sent to a call.
    pub fn sent(&self, call: &str) -> Vec<Value> {
        let bodies = self.bodies.lock().unwrap();
        let of_call = bodies.iter().filter(|(name, _)| name == call);
        of_call
            .map(|(_, body)| serde_json::from_str(body).unwrap())
            .collect()
    }

    /// Waits for a call or a subscription; those before it are passed over.
    pub async fn saw(&self, what: &str) {
        let mut seen = self.seen.lock().await;
        while seen.recv().await.unwrap() != what {}
    }

    /// Says something on the live channel.
    pub fn say(&self, what: Say) {
        self.say.send(what).map(drop).ok();
    }

    /// Says that something changed.
    pub fn event(&self, topic: &str, seq: u64, event: &str, data: Value) {
        self.say(Say::Text(json!({
            "type": "event", "topic": topic, "seq": seq, "event": event, "data": data
        })));
    }
}

async fn answer(
    State(fake): State<Fake>,
    method: Method,
    uri: Uri,
    headers: axum::http::HeaderMap,
    body: Bytes,
) -> Response {
    let call = format!("{method} {}", uri.path());
    assert_eq!(headers["authorization"], "token secret-token");
    if !body.is_empty() {
        let text = String::from_utf8(body.to_vec()).unwrap();
        fake.bodies.lock().unwrap().push((call.clone(), text));
    }
    let found = fake.answers.lock().unwrap().get(&call).cloned();
    fake.seen_in.send(call).await.unwrap();
    match found {
        Some((status, body)) => (StatusCode::from_u16(status).unwrap(), body).into_response(),
        None => {
            let body = json!({
                "@type": "error", "error_type": "not_found",
                "error_message": "There is no such thing, or it is not for you."
            });
            (StatusCode::NOT_FOUND, body.to_string()).into_response()
        }
    }
}

async fn live(State(fake): State<Fake>, upgrade: WebSocketUpgrade) -> Response {
    let heard = fake.say.subscribe();
    upgrade.on_upgrade(move |socket| talk(socket, fake, heard))
}

async fn talk(mut socket: WebSocket, fake: Fake, mut heard: broadcast::Receiver<Say>) {
    let hello = ServerMessage::Hello {
        epoch: "e".to_owned(),
    };
    socket.send(text(&hello)).await.ok();
    loop {
        tokio::select! {
            message = socket.recv() => {
                let Some(Ok(Message::Text(words))) = message else { return };
                let ClientMessage::Subscribe { topics } = serde_json::from_str(&words).unwrap() else {
                    continue;
                };
                for topic in topics {
                    fake.seen_in.send(topic.clone()).await.unwrap();
                    socket.send(text(&ServerMessage::Subscribed { topic, seq: 0 })).await.ok();
                }
            }
            what = heard.recv() => {
                let message = match what.unwrap() {
                    Say::Text(value) => Message::text(value.to_string()),
                    Say::Frame(attempt, offset, bytes) => {
                        let mut frame = attempt.to_be_bytes().to_vec();
                        frame.extend(offset.to_be_bytes());
                        frame.extend(bytes);
                        Message::binary(frame)
                    }
                    Say::Close => return,
                };
                if socket.send(message).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn text(message: &ServerMessage) -> Message {
    Message::text(serde_json::to_string(message).unwrap())
}

//! A worker that is no worker: it speaks the worker API by hand, so that it can say anything.

use super::api::send;
use super::{Answer, Api, Server, sha256};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::path::Path;

/// An attempt that somebody holds.
#[derive(Debug, Clone)]
pub struct Held {
    pub attempt: i64,
    pub job: i64,
    pub token: String,
}

pub struct FakeWorker {
    pub id: i64,
    key: Ed25519KeyPair,
    session: String,
    /// What it says that it runs jobs in.
    executor: String,
    url: String,
    http: reqwest::Client,
    /// Known-answer jobs that it was given and leaves alone.
    known: std::sync::Mutex<Vec<i64>>,
}

/// Known-answer jobs have numbers above this.
const KNOWN_ANSWERS: i64 = 1 << 52;

/// A machine in its worker's words.
pub fn facts() -> Value {
    json!({
        "os": "linux", "arch": "amd64", "cores": 1, "memory_bytes": 1 << 30,
        "disk_free_bytes": 1_i64 << 33, "executors": ["host"], "executor": "host", "limits": [],
        "distribution": "Test", "version": "0",
    })
}

impl FakeWorker {
    /// Registers with the server.
    pub async fn enrol(server: &Server, name: &str) -> Self {
        Self::of(server, &server.api, name).await
    }

    /// One that somebody lends.
    pub async fn of(server: &Server, lender: &Api, name: &str) -> Self {
        let answer = lender.post("/v3/workers/enrolment_token", &json!({})).await;
        let key = Ed25519KeyPair::generate().unwrap();
        let body = json!({
            "token": answer.body["token"], "name": name, "facts": facts(), "slots": 1,
            "public_key": BASE64_STANDARD.encode(key.public_key().as_ref()),
        });
        let anonymous = server.anonymous();
        let enrolled = anonymous.post("/worker/v1/enrol", &body).await.expect(200);
        let mut worker = Self {
            id: enrolled["worker_id"].as_i64().unwrap(),
            key,
            session: String::new(),
            executor: "host".to_owned(),
            url: server.url.clone(),
            http: anonymous.http,
            known: std::sync::Mutex::default(),
        };
        worker.sign_in().await;
        worker
    }

    /// One with a key of its own that the server has not heard of.
    pub fn unsigned(server: &Server) -> Self {
        Self {
            id: 0,
            key: Ed25519KeyPair::generate().unwrap(),
            session: String::new(),
            executor: "host".to_owned(),
            url: server.url.clone(),
            http: server.anonymous().http,
            known: std::sync::Mutex::default(),
        }
    }

    pub fn public_key(&self) -> String {
        BASE64_STANDARD.encode(self.key.public_key().as_ref())
    }

    /// Takes over the identity of a real worker from its data directory.
    pub async fn steal(server: &Server, data: &Path) -> Self {
        let key = Ed25519KeyPair::from_pkcs8(&std::fs::read(data.join("worker.key")).unwrap());
        let known = std::fs::read(data.join("worker.json")).unwrap();
        let known: Value = serde_json::from_slice(&known).unwrap();
        Self {
            id: known["worker_id"].as_i64().unwrap(),
            key: key.unwrap(),
            session: String::new(),
            executor: "host".to_owned(),
            url: server.url.clone(),
            http: server.anonymous().http,
            known: std::sync::Mutex::default(),
        }
    }

    /// Opens a session.
    pub async fn sign_in(&mut self) {
        self.sign_in_with(facts(), 1).await;
    }

    /// The machine in its words from now on.
    pub async fn sign_in_with(&mut self, facts: Value, slots: u32) {
        self.try_sign_in(facts, slots).await.expect(200);
    }

    /// The same, which may be refused.
    pub async fn try_sign_in(&mut self, facts: Value, slots: u32) -> Answer {
        let body = json!({"worker_id": self.id});
        let challenge = self.post("challenge", "", &body).await.expect(200);
        let challenge = challenge["challenge"].as_str().unwrap().to_owned();
        let signature = self.sign(&format!("travis-worker-session:{challenge}"));
        // One more for the known-answer job that is left alone.
        let body = json!({
            "worker_id": self.id, "challenge": challenge, "signature": signature,
            "facts": facts, "slots": slots + 1,
        });
        let session = self.post("session", "", &body).await;
        if let Some(token) = session.body["session_token"].as_str() {
            self.executor = body["facts"]["executor"].as_str().unwrap().to_owned();
            self.session = token.to_owned();
        }
        session
    }

    pub fn sign(&self, text: &str) -> String {
        BASE64_STANDARD.encode(self.key.sign(text.as_bytes()).as_ref())
    }

    /// Any call of the worker API, to be sent.
    pub fn call(
        &self,
        method: reqwest::Method,
        path: &str,
        token: &str,
    ) -> reqwest::RequestBuilder {
        let url = format!("{}/worker/v1/{path}", self.url);
        self.http.request(method, url).bearer_auth(token)
    }

    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        let call = self.http.post(format!("{}/worker/v1/{path}", self.url));
        send(call.bearer_auth(token).json(body)).await
    }

    /// One poll that is answered at once, or after so many milliseconds. Known-answer jobs are
    /// left out of the answer.
    pub async fn poll(&self, running: &[i64], hold_ms: u64) -> Answer {
        loop {
            let mut answer = self.poll_all(running, hold_ms).await;
            let given = answer.body.get_mut("assignments");
            let Some(given) = given.and_then(Value::as_array_mut) else {
                return answer;
            };
            let is_known = |one: &Value| one["attempt"].as_i64() > Some(KNOWN_ANSWERS);
            let known: Vec<i64> = given
                .iter()
                .filter(|one| is_known(one))
                .filter_map(|one| one["attempt"].as_i64())
                .collect();
            given.retain(|one| !is_known(one));
            let only_known = given.is_empty() && !known.is_empty();
            self.known.lock().unwrap().extend(known);
            if !only_known {
                return answer;
            }
        }
    }

    /// One poll with all that it brings.
    pub async fn poll_all(&self, running: &[i64], hold_ms: u64) -> Answer {
        let mut running = running.to_vec();
        let slots = {
            let known = self.known.lock().unwrap();
            running.extend(known.iter());
            1 + known.len()
        };
        let body = json!({"slots": slots, "running": running, "hold_ms": hold_ms});
        self.post("poll", &self.session, &body).await
    }

    /// Takes the next job.
    pub async fn take(&self) -> Held {
        let answer = self.poll(&[], 10_000).await.expect(200);
        let given = &answer["assignments"][0];
        Held {
            attempt: given["attempt"].as_i64().expect("a job"),
            job: given["job_id"].as_i64().unwrap(),
            token: given["token"].as_str().unwrap().to_owned(),
        }
    }

    pub async fn running(&self, held: &Held) -> Answer {
        self.running_in(held, &self.executor).await
    }

    /// The same, in an executor of this name.
    pub async fn running_in(&self, held: &Held, executor: &str) -> Answer {
        let body = json!({"state": "running", "executor": executor});
        self.post(
            &format!("attempts/{}/state", held.attempt),
            &held.token,
            &body,
        )
        .await
    }

    pub async fn log(&self, held: &Held, offset: u64, bytes: &[u8]) -> Answer {
        let url = format!(
            "{}/worker/v1/attempts/{}/log?offset={offset}",
            self.url, held.attempt
        );
        let call = self.http.post(url).bearer_auth(&held.token);
        send(call.body(bytes.to_vec())).await
    }

    /// A chunk that may be refused before it is sent whole; the status if there was an answer.
    pub async fn try_log(
        &self,
        held: &Held,
        offset: u64,
        bytes: Vec<u8>,
        encoding: Option<&str>,
    ) -> Option<u16> {
        let url = format!(
            "{}/worker/v1/attempts/{}/log?offset={offset}",
            self.url, held.attempt
        );
        let mut call = self.http.post(url).bearer_auth(&held.token).body(bytes);
        if let Some(encoding) = encoding {
            call = call.header("content-encoding", encoding);
        }
        call.send()
            .await
            .ok()
            .map(|answer| answer.status().as_u16())
    }

    /// The token of its session.
    pub fn session(&self) -> &str {
        &self.session
    }

    /// Says that an attempt ended, with this as its whole log.
    pub async fn finish(&self, held: &Held, outcome: &str, log: &[u8]) -> Answer {
        let digest = sha256(log);
        let statement = format!(
            "travis-worker-result:{}:{}:{outcome}:0:{}:{digest}",
            held.attempt,
            held.job,
            log.len()
        );
        let body = json!({
            "outcome": outcome, "exit_code": 0, "reason": null, "log_length": log.len(),
            "log_sha256": digest, "signature": self.sign(&statement),
        });
        self.post(
            &format!("attempts/{}/finish", held.attempt),
            &held.token,
            &body,
        )
        .await
    }
}

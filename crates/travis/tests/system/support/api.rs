//! The API as its callers see it.

use super::{SOON, until};
use reqwest::{Method, RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};
use std::time::Duration;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// JSON, or a string when it is none.
    pub body: Value,
}

impl Answer {
    /// The body, when the status is this one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

#[derive(Clone)]
pub struct Api {
    pub http: reqwest::Client,
    pub url: String,
    token: Option<String>,
}

impl Api {
    pub fn new(url: &str, token: Option<&str>) -> Self {
        let http = reqwest::Client::builder()
            .timeout(SOON)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            http,
            url: url.to_owned(),
            token: token.map(str::to_owned),
        }
    }

    /// A call with whatever credentials there are.
    pub fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let call = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => call.header("authorization", format!("token {token}")),
            None => call,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.call(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.call(Method::POST, path).json(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        send(self.call(Method::DELETE, path)).await
    }

    /// Raw bytes of an answer that has to be good.
    pub async fn bytes(&self, path: &str) -> Vec<u8> {
        let answer = self.call(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.bytes().await.unwrap().to_vec()
    }

    /// A repository.
    pub async fn repo(&self, slug: &str) -> Value {
        self.get(&format!("/v3/repo/{}", key(slug)))
            .await
            .expect(200)
    }

    /// Asks for a build of a branch and waits until there is one. Answers its number.
    pub async fn trigger(&self, slug: &str) -> i64 {
        self.trigger_with(slug, &json!({})).await
    }

    pub async fn trigger_with(&self, slug: &str, body: &Value) -> i64 {
        let request = self.request(slug, body).await;
        assert_eq!(request["state"], "accepted", "{request}");
        request["builds"][0]["id"].as_i64().unwrap()
    }

    /// Asks for a build and waits until the request is settled.
    pub async fn request(&self, slug: &str, body: &Value) -> Value {
        let path = format!("/v3/repo/{}/requests", key(slug));
        let pending = self.post(&path, body).await.expect(202);
        let id = pending["request"]["id"].as_i64().unwrap();
        let path = format!("/v3/repo/{}/request/{id}", key(slug));
        until("the request settled", SOON, || async {
            let request = self.get(&path).await.expect(200);
            (request["state"] != "pending").then_some(request)
        })
        .await
    }

    pub async fn build(&self, id: i64) -> Value {
        self.get(&format!("/v3/build/{id}")).await.expect(200)
    }

    /// The only job of a build, or its first.
    pub async fn first_job(&self, build: i64) -> i64 {
        self.build(build).await["jobs"][0]["id"].as_i64().unwrap()
    }

    pub async fn job(&self, id: i64) -> Value {
        self.get(&format!("/v3/job/{id}")).await.expect(200)
    }

    /// Waits for the end of a build.
    pub async fn finished(&self, id: i64) -> Value {
        self.finished_within(id, SOON).await
    }

    pub async fn finished_within(&self, id: i64, deadline: Duration) -> Value {
        until(&format!("the end of build {id}"), deadline, || async {
            let build = self.build(id).await;
            is_over(&build).then_some(build)
        })
        .await
    }

    /// Waits until a job is in a state.
    pub async fn job_in(&self, id: i64, state: &str) -> Value {
        until(&format!("job {id} {state}"), SOON, || async {
            let job = self.job(id).await;
            (job["state"] == state).then_some(job)
        })
        .await
    }

    /// Builds to the end and answers the build.
    pub async fn run(&self, slug: &str) -> Value {
        let id = self.trigger(slug).await;
        self.finished(id).await
    }

    /// A job's log as it was printed.
    pub async fn log(&self, job: i64) -> Vec<u8> {
        self.bytes(&format!("/v3/job/{job}/log.txt")).await
    }

    pub async fn log_text(&self, job: i64) -> String {
        String::from_utf8_lossy(&self.log(job).await).into_owned()
    }

    /// Waits until a job printed a text.
    pub async fn printed(&self, job: i64, text: &str) {
        until(
            &format!("{text:?} in the log of job {job}"),
            SOON,
            || async { self.log_text(job).await.contains(text).then_some(()) },
        )
        .await;
    }
}

pub fn is_over(build: &Value) -> bool {
    let state = build["state"].as_str().unwrap();
    ["passed", "failed", "errored", "canceled"].contains(&state)
}

fn key(slug: &str) -> String {
    slug.replace('/', "%2F")
}

/// Sends a call and reads the answer whole.
pub async fn send(call: RequestBuilder) -> Answer {
    let answer = call.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let bytes = answer.bytes().await.unwrap();
    let body = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    Answer {
        status,
        headers,
        body,
    }
}

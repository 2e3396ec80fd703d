//! A small server that answers as a test says and keeps what was asked.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use std::sync::{Arc, Mutex, PoisonError};

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// With the query.
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// `GET /user`.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// The server; ends with its test's runtime.
pub(crate) struct Server {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Answers each call with what the function says; it is given the number of calls before.
    pub(crate) async fn start(
        answer: impl Fn(&Asked, usize) -> Response + Send + Sync + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&asked);
        let answer = Arc::new(answer);
        let app = axum::Router::new().fallback(move |request: Request| {
            let (all, answer) = (Arc::clone(&all), Arc::clone(&answer));
            async move {
                let (parts, body) = request.into_parts();
                let one = Asked {
                    method: parts.method,
                    path: parts.uri.to_string(),
                    headers: parts.headers,
                    body: to_bytes(body, usize::MAX).await.unwrap(),
                };
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                all.push(one.clone());
                answer(&one, all.len() - 1)
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, asked }
    }

    /// The calls so far: `GET /user`.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().iter().map(Asked::line).collect()
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// An answer with a body and headers.
pub(crate) fn answer(
    status: u16,
    headers: &[(&'static str, &str)],
    body: impl Into<Body>,
) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().insert(*name, value.parse().unwrap());
    }
    response
}

/// An answer in JSON.
pub(crate) fn json(status: u16, body: serde_json::Value) -> Response {
    let kind = [("content-type", "application/json; charset=utf-8")];
    answer(status, &kind, body.to_string())
}

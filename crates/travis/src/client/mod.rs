//! A typed client of API v3 and of the live channel.

pub mod calls;
mod error;
pub mod live;
mod settings;

pub use error::ClientError;

use crate::config::Server;
use error::read_error;
use reqwest::{Method, RequestBuilder, Response, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use travis_model::Slug;

/// Time to reach the server.
const CONNECT: Duration = Duration::from_secs(5);
/// Time for a whole answer, and for silence within a log.
const ANSWER: Duration = Duration::from_secs(30);

/// Talks to one server.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    server: Server,
}

/// Parameters after the `?`.
pub type Query<'a> = &'a [(&'a str, String)];

impl Client {
    /// A client of a server; nothing is sent yet.
    ///
    /// # Errors
    /// When the system lends no TLS.
    pub fn new(server: Server) -> Result<Self, ClientError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("travis/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .read_timeout(ANSWER)
            // The live channel begins as HTTP/1.1 on this same client.
            .http1_only();
        if is_loopback(&server.endpoint) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| ClientError::Unexpected {
            place: server.endpoint.clone(),
            reason: error.to_string(),
        })?;
        Ok(Self { http, server })
    }

    /// The server's address, without a slash at the end.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.server.endpoint
    }

    /// Whether a token is sent.
    #[must_use]
    pub fn has_token(&self) -> bool {
        self.server.token.is_some()
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}{path}", self.server.endpoint))
            .header(header::ACCEPT, "application/json");
        match &self.server.token {
            Some(token) => request.header(header::AUTHORIZATION, format!("token {token}")),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, ClientError> {
        let response = request
            .send()
            .await
            .map_err(|error| ClientError::from_transport(&self.server.endpoint, &error))?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(read_error(&self.server.endpoint, response).await)
        }
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let response = self.send(request.timeout(ANSWER)).await?;
        let place = response.url().to_string();
        let body = response
            .bytes()
            .await
            .map_err(|error| ClientError::from_transport(&self.server.endpoint, &error))?;
        serde_json::from_slice(&body).map_err(|error| ClientError::Unexpected {
            place,
            reason: error.to_string(),
        })
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: Query<'_>,
    ) -> Result<T, ClientError> {
        self.json(self.request(Method::GET, path).query(query))
            .await
    }

    async fn post<T: DeserializeOwned>(&self, path: &str) -> Result<T, ClientError> {
        self.json(self.request(Method::POST, path)).await
    }

    async fn post_body<T: DeserializeOwned, B: Serialize + Sync>(
        &self,
        path: &str,
        body: &B,
    ) -> Result<T, ClientError> {
        self.json(self.request(Method::POST, path).json(body)).await
    }

    async fn delete(&self, path: &str) -> Result<(), ClientError> {
        self.send(self.request(Method::DELETE, path).timeout(ANSWER))
            .await?;
        Ok(())
    }
}

/// A slug as one part of a path.
fn part(slug: &Slug) -> String {
    // The other characters of a slug stand for themselves in a path.
    format!("{}%2F{}", slug.owner(), slug.name())
}

/// Whether an address lies on this machine, where no proxy belongs between.
fn is_loopback(endpoint: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(endpoint) else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

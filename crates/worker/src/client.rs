//! The calls of the worker API.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue,
};
use reqwest::{Body, RequestBuilder, Response, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::io::ReaderStream;
use travis_api::v3::ErrorBody;
use travis_api::worker::{
    CACHE_FROM, CACHE_SHA256, ChallengeRequest, ChallengeResponse, EnrolRequest, EnrolResponse,
    FinishRequest, FinishResponse, IDLE_POLL_SECONDS, LogResponse, PROTOCOL, PROTOCOL_HEADER,
    PollRequest, PollResponse, ResultsRequest, ResultsResponse, SOURCE_USER, SessionRequest,
    SessionResponse, StateRequest,
};
use travis_forge::mirror::Via;

use crate::WorkerError;

/// A call that the server answers at once takes at most this long.
const CALL: Duration = Duration::from_secs(10);
/// Bytes of a cache that are read at once.
const PIECE: usize = 128 << 10;
const CONNECT: Duration = Duration::from_secs(5);
/// Chunks of at least this size are compressed on their way to another machine.
const WORTH_COMPRESSING: usize = 64 * 1024;

/// Why a call brought no answer of use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// No answer, or one that says to try again: 5xx, 408, 429.
    #[error("{0}")]
    Again(String),
    /// The server means it.
    #[error("{message} (status {status})")]
    Refused {
        status: u16,
        message: String,
        /// Log uploads: how many bytes the server holds.
        held: Option<u64>,
    },
}

impl CallError {
    /// Turned down for what the caller is or may.
    pub(crate) fn is_denial(&self) -> bool {
        matches!(self, Self::Refused { status, .. } if [401, 403, 404, 410].contains(status))
    }
}

/// Talks to one server. Connections are kept and shared.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    same_machine: bool,
}

impl Client {
    /// Trusts the authorities that the machine knows, and those of `authorities`, in PEM.
    pub(crate) fn new(server: &str, authorities: &[u8]) -> Result<Self, WorkerError> {
        let fault = |error: String| WorkerError::Server(server.to_owned(), error);
        let base = Url::parse(server).map_err(|error| fault(error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(fault("it is neither http nor https".to_owned()));
        }
        let same_machine = match base.host_str() {
            Some("localhost" | "[::1]") => true,
            Some(host) => host.starts_with("127."),
            None => return Err(fault("it names no host".to_owned())),
        };
        let mut headers = HeaderMap::new();
        headers.insert(PROTOCOL_HEADER, HeaderValue::from_static(PROTOCOL));
        let mut builder = reqwest::Client::builder()
            .default_headers(headers)
            .user_agent(concat!("travis-worker/", env!("CARGO_PKG_VERSION")))
            .tcp_nodelay(true)
            .connect_timeout(CONNECT)
            // A redirect would take credentials elsewhere; none of these calls has one.
            .redirect(reqwest::redirect::Policy::none());
        if same_machine {
            builder = builder.no_proxy();
        }
        if !authorities.is_empty() {
            let certificates = reqwest::Certificate::from_pem_bundle(authorities)
                .map_err(|error| WorkerError::Authorities(causes(&error)))?;
            for certificate in certificates {
                builder = builder.add_root_certificate(certificate);
            }
        }
        // What a certificate holds is looked at only now.
        let http = builder.build().map_err(|error| {
            if authorities.is_empty() {
                fault(causes(&error))
            } else {
                WorkerError::Authorities(causes(&error))
            }
        })?;
        Ok(Self {
            http,
            base,
            same_machine,
        })
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        let under = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{under}/worker/v1/{path}"));
        url
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(self.url(path)).timeout(CALL)
    }

    /// The way to a private repository: through the server, with the attempt's token.
    pub(crate) fn source(&self, attempt: i64, token: &str, repository: i64) -> Via {
        Via::basic(
            self.url(&format!("attempts/{attempt}/source")).into(),
            SOURCE_USER,
            token,
            format!("private repository {repository}"),
        )
    }

    fn attempt(&self, attempt: i64, call: &str, token: &str) -> RequestBuilder {
        self.post(&format!("attempts/{attempt}/{call}"))
            .header(AUTHORIZATION, bearer(token))
    }

    pub(crate) async fn enrol(&self, body: &EnrolRequest) -> Result<EnrolResponse, CallError> {
        send(json(self.post("enrol"), body)).await
    }

    pub(crate) async fn challenge(&self, worker_id: i64) -> Result<ChallengeResponse, CallError> {
        send(json(
            self.post("challenge"),
            &ChallengeRequest { worker_id },
        ))
        .await
    }

    pub(crate) async fn session(
        &self,
        body: &SessionRequest,
    ) -> Result<SessionResponse, CallError> {
        send(json(self.post("session"), body)).await
    }

    pub(crate) async fn poll(
        &self,
        token: &str,
        body: &PollRequest,
    ) -> Result<PollResponse, CallError> {
        let held = match body.hold_ms {
            Some(hold) => Duration::from_millis(hold),
            None if body.running.is_empty() => Duration::from_secs(IDLE_POLL_SECONDS),
            None => Duration::from_secs(travis_api::worker::HEARTBEAT_SECONDS),
        };
        let call = self
            .post("poll")
            .timeout(held + CALL / 2)
            .header(AUTHORIZATION, bearer(token));
        send(json(call, body)).await
    }

    pub(crate) async fn log(
        &self,
        attempt: i64,
        token: &str,
        offset: u64,
        bytes: Bytes,
    ) -> Result<LogResponse, CallError> {
        let mut call = self
            .attempt(attempt, "log", token)
            .query(&[("offset", offset)])
            .header(CONTENT_TYPE, "application/octet-stream");
        let mut body = bytes;
        // On the same machine compressing costs more time than it saves.
        if !self.same_machine && body.len() >= WORTH_COMPRESSING {
            let whole = body.clone();
            let packed = tokio::task::spawn_blocking(move || zstd::bulk::compress(&whole, 1)).await;
            if let Ok(Ok(packed)) = packed
                && packed.len() < body.len() / 4 * 3
            {
                call = call.header(CONTENT_ENCODING, "zstd");
                body = Bytes::from(packed);
            }
        }
        send(call.body(body)).await
    }

    pub(crate) async fn state(
        &self,
        attempt: i64,
        token: &str,
        body: &StateRequest,
    ) -> Result<(), CallError> {
        answer(json(self.attempt(attempt, "state", token), body))
            .await
            .map(drop)
    }

    pub(crate) async fn finish(
        &self,
        attempt: i64,
        token: &str,
        body: &FinishRequest,
    ) -> Result<FinishResponse, CallError> {
        send(json(self.attempt(attempt, "finish", token), body)).await
    }

    /// An attempt's cache, as it comes; `None` when there is none.
    pub(crate) async fn fetch_cache(
        &self,
        attempt: i64,
        token: &str,
        time: Duration,
    ) -> Result<Option<Coming>, CallError> {
        let call = self
            .http
            .get(self.url(&format!("attempts/{attempt}/cache")))
            .timeout(time)
            .header(AUTHORIZATION, bearer(token));
        let response = match success(call).await {
            Ok(response) => response,
            Err(CallError::Refused { status: 404, .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let header = |name: &str| {
            let value = response.headers().get(name);
            value
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        Ok(Some(Coming {
            sha256: header(CACHE_SHA256).unwrap_or_default(),
            from: header(CACHE_FROM).unwrap_or_default(),
            response,
        }))
    }

    /// Says which files an attempt left. Answers those that are to be sent.
    pub(crate) async fn declare_results(
        &self,
        attempt: i64,
        token: &str,
        files: &ResultsRequest,
    ) -> Result<ResultsResponse, CallError> {
        send(json(self.attempt(attempt, "results", token), files)).await
    }

    /// Sends a file that an attempt left, from its beginning.
    pub(crate) async fn send_result(
        &self,
        attempt: i64,
        token: &str,
        id: i64,
        file: std::fs::File,
        length: u64,
        time: Duration,
    ) -> Result<(), CallError> {
        let pieces = ReaderStream::with_capacity(tokio::fs::File::from_std(file), PIECE);
        let call = self
            .http
            .put(self.url(&format!("attempts/{attempt}/results/{id}")))
            .timeout(time)
            .header(AUTHORIZATION, bearer(token))
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, length)
            .body(Body::wrap_stream(pieces));
        success(call).await.map(drop)
    }

    /// Stores an attempt's cache: a file from its beginning.
    pub(crate) async fn store_cache(
        &self,
        attempt: i64,
        token: &str,
        file: std::fs::File,
        length: u64,
        sha256: &str,
        time: Duration,
    ) -> Result<(), CallError> {
        let pieces = ReaderStream::with_capacity(tokio::fs::File::from_std(file), PIECE);
        let call = self
            .http
            .put(self.url(&format!("attempts/{attempt}/cache")))
            .timeout(time)
            .header(AUTHORIZATION, bearer(token))
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, length)
            .header(CACHE_SHA256, sha256)
            .body(Body::wrap_stream(pieces));
        success(call).await.map(drop)
    }

    /// Whether the server answers at all, for `travis doctor`.
    pub(crate) async fn health(&self) -> Result<(), CallError> {
        let mut url = self.base.clone();
        let under = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{under}/health"));
        answer(self.http.get(url).timeout(CONNECT)).await.map(drop)
    }
}

/// A cache on its way.
pub(crate) struct Coming {
    /// What its bytes have to have.
    pub(crate) sha256: String,
    /// Whose it is, for people.
    pub(crate) from: String,
    response: Response,
}

impl Coming {
    /// The next bytes; `None` at the end.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, CallError> {
        self.response.chunk().await.map_err(broken)
    }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn json(call: RequestBuilder, body: &impl Serialize) -> RequestBuilder {
    call.json(body)
}

async fn answer(call: RequestBuilder) -> Result<Bytes, CallError> {
    success(call).await?.bytes().await.map_err(broken)
}

fn broken(error: reqwest::Error) -> CallError {
    CallError::Again(causes(&error.without_url()))
}

/// The answer to a call that succeeded.
async fn success(call: RequestBuilder) -> Result<Response, CallError> {
    let response = call.send().await.map_err(broken)?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let body = response.bytes().await.map_err(broken)?;
    let told: Option<ErrorBody> = serde_json::from_slice(&body).ok();
    let held = told.as_ref().and_then(|body| body.held);
    let message = told.map_or_else(|| "no reason given".to_owned(), |body| body.error_message);
    if status.is_server_error() || [408, 429].contains(&status.as_u16()) {
        return Err(CallError::Again(format!("{message} (status {status})")));
    }
    Err(CallError::Refused {
        status: status.as_u16(),
        message,
        held,
    })
}

async fn send<T: DeserializeOwned>(call: RequestBuilder) -> Result<T, CallError> {
    let body = answer(call).await?;
    serde_json::from_slice(&body)
        .map_err(|error| CallError::Again(format!("the server's answer can't be read: {error}")))
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

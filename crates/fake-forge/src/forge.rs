//! The running fake: its address, its memory and the work it has under way.

use crate::client::Control;
use crate::http::{Call, CallRecord, Reply};
use crate::state::State;
use crate::state::faults::FaultMode;
use crate::{control, git, gitea, github, gitlab};
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Largest body of an API call.
const MAX_BODY: usize = 32 << 20;

/// Which service is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// GitHub, with the API below `/api/v3` as GitHub Enterprise Server has it.
    Github,
    /// Gitea and Forgejo, with the API below `/api/v1`.
    Gitea,
    /// GitLab, with the API below `/api/v4`.
    Gitlab,
}

/// How a fake is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address to listen on; port 0 takes a free one.
    pub bind: SocketAddr,
    /// How long every answer takes at least.
    pub latency: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            latency: Duration::ZERO,
        }
    }
}

/// Why a fake could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or the folder can't be made.
    #[error("the fake forge can't start, give another address or free the disk: {0}")]
    Io(#[from] std::io::Error),
    /// No HTTP client for hooks.
    #[error("no HTTP client for hooks: {0}")]
    Client(#[from] reqwest::Error),
}

/// A fake that runs until it is dropped.
pub struct FakeForge {
    forge: Forge,
    stop: CancellationToken,
}

impl FakeForge {
    /// Starts a fake inside the current runtime.
    ///
    /// # Errors
    /// When the address can't be listened on or there is no room for repositories.
    pub async fn start(kind: Kind, options: Options) -> Result<Self, StartError> {
        let listener = TcpListener::bind(options.bind).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let mut state = State::default();
        state.latency = options.latency;
        let stop = CancellationToken::new();
        let forge = Forge(Arc::new(Inner {
            kind,
            url,
            state: Mutex::new(state),
            root: tempfile::Builder::new().prefix("fake-forge-").tempdir()?,
            client: reqwest::Client::builder()
                .timeout(Duration::from_secs(10))
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build()?,
            queues: Mutex::default(),
            locks: Mutex::default(),
            waiting: watch::Sender::new(0),
            tasks: TaskTracker::new(),
            stop: stop.clone(),
        }));
        let router = Router::new().fallback(serve).with_state(forge.clone());
        let ended = stop.clone();
        forge.spawn(async move {
            let server = axum::serve(listener, router);
            tokio::select! {
                _ = server => {}
                () = ended.cancelled() => {}
            }
        });
        Ok(Self { forge, stop })
    }

    /// `http://ADDR`.
    pub fn url(&self) -> &str {
        self.forge.url()
    }

    /// Acts on the forge's side.
    pub fn control(&self) -> Control {
        Control::with_client(self.url(), self.forge.client().clone())
    }
}

impl Drop for FakeForge {
    fn drop(&mut self) {
        self.stop.cancel();
        // Connections still open keep the memory for a moment; the repositories go at once. The
        // folder's own end tries again, so a failure here is not the last word.
        let _ = std::fs::remove_dir_all(self.forge.root());
    }
}

struct Inner {
    kind: Kind,
    url: String,
    state: Mutex<State>,
    root: TempDir,
    client: reqwest::Client,
    queues: Mutex<HashMap<String, mpsc::Sender<u64>>>,
    locks: Mutex<HashMap<u64, Arc<tokio::sync::Mutex<()>>>>,
    waiting: watch::Sender<usize>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// What every part of a running fake holds.
#[derive(Clone)]
pub struct Forge(Arc<Inner>);

impl Forge {
    /// Which service is played.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// `http://ADDR`.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The memory; never held over an await.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The folder of all repositories.
    pub fn root(&self) -> &Path {
        self.0.root.path()
    }

    /// The folder of a repository.
    pub fn folder(&self, repo: u64) -> PathBuf {
        self.root().join(format!("{repo}.git"))
    }

    /// The client that sends hooks.
    pub fn client(&self) -> &reqwest::Client {
        &self.0.client
    }

    /// What is held while refs of a repository change.
    pub fn lock(&self, repo: u64) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.0.locks.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(locks.entry(repo).or_default())
    }

    /// Queues by hook.
    pub fn queues(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<u64>>> {
        self.0.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many deliveries are queued or on their way.
    pub fn waiting(&self) -> &watch::Sender<usize> {
        &self.0.waiting
    }

    /// Runs work that ends with the fake.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.0.stop.clone();
        self.0.tasks.spawn(async move {
            tokio::select! {
                () = work => {}
                () = stop.cancelled() => {}
            }
        });
    }

    fn record(&self, call: (&str, &str), status: u16, conditional: bool) {
        let mut state = self.state();
        let number = state.calls.len() + 1;
        state.calls.push(CallRecord {
            number,
            method: call.0.to_owned(),
            path: call.1.to_owned(),
            status,
            conditional,
            at: jiff::Timestamp::now()
                .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
                .to_string(),
        });
    }
}

async fn serve(
    axum::extract::State(forge): axum::extract::State<Forge>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    if parts.uri.path().starts_with("/_fake/") {
        return match axum::body::to_bytes(body, MAX_BODY).await {
            Ok(body) => either(control::answer(&forge, &Call::new(&parts, body)).await).response(),
            Err(_) => Reply::message(413, "too large").response(),
        };
    }
    let method = parts.method.as_str().to_owned();
    let path = parts
        .uri
        .path_and_query()
        .map_or_else(|| "/".to_owned(), ToString::to_string);
    let conditional = parts.headers.contains_key("if-none-match");
    let (latency, trouble) = {
        let mut state = forge.state();
        (state.latency, state.trouble(&path, false))
    };
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let response = match trouble.map(|fault| (fault.mode, fault.retry_after)) {
        Some((FaultMode::Status500, _)) => Reply::message(500, "Server Error").response(),
        Some((FaultMode::RateLimit, retry_after)) => limited(&forge, retry_after).response(),
        Some((FaultMode::Hang, _)) => {
            forge.record((&method, &path), 0, conditional);
            std::future::pending().await
        }
        _ => inner(&forge, &parts, body).await,
    };
    forge.record((&method, &path), response.status().as_u16(), conditional);
    response
}

async fn inner(forge: &Forge, parts: &axum::http::request::Parts, body: Body) -> Response {
    if git::backend::target(parts.uri.path()).is_some() {
        return git::backend::answer(forge, parts, body).await;
    }
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return Reply::message(413, "too large").response();
    };
    let call = Call::new(parts, body);
    let reply = match forge.kind() {
        Kind::Github => github::answer(forge, &call).await,
        Kind::Gitea => gitea::answer(forge, &call).await,
        Kind::Gitlab => gitlab::answer(forge, &call).await,
    };
    reply.response()
}

/// A reply, whether it was one early or late.
pub fn either(answer: crate::http::Answer) -> Reply {
    answer.unwrap_or_else(|reply| reply)
}

/// The forge's way to say "not so fast".
fn limited(forge: &Forge, retry_after: Option<u64>) -> Reply {
    let wait = retry_after.unwrap_or(60).to_string();
    match forge.kind() {
        Kind::Github => Reply::message(
            403,
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
        ),
        Kind::Gitea => Reply::message(429, "too many requests"),
        Kind::Gitlab => Reply::bytes(429, "text/plain", b"Retry later\n".to_vec()),
    }
    .with("retry-after", wait)
}

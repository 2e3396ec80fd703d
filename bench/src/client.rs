//! The API and the live channel, as any program uses them.

use crate::samples::wall_clock;
use anyhow::{Context as _, Result, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest as _};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use travis_api::live::{ClientMessage, ServerMessage};
use travis_api::v3;

const CALL: Duration = Duration::from_secs(20);

/// Talks to one server as its administrator.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Api {
    pub fn new(base: &str, token: &str) -> Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .tcp_nodelay(true)
            .timeout(CALL)
            .build()?;
        Ok(Self {
            http,
            base: base.to_owned(),
            token: token.trim().to_owned(),
        })
    }

    fn call(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.base))
            .header("Authorization", format!("token {}", self.token))
    }

    async fn answer(&self, call: reqwest::RequestBuilder) -> Result<Vec<u8>> {
        let response = call.send().await?;
        let (status, url) = (response.status(), response.url().clone());
        let body = response.bytes().await?;
        let text = String::from_utf8_lossy(body.get(..300).unwrap_or(&body));
        ensure!(status.is_success(), "{url} answered {status}: {text}");
        Ok(body.into())
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let body = self.answer(self.call(Method::GET, path)).await?;
        serde_json::from_slice(&body).with_context(|| format!("{path} is not what it should be"))
    }

    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        let body = self
            .answer(self.call(Method::POST, path).json(body))
            .await?;
        serde_json::from_slice(&body).with_context(|| format!("{path} is not what it should be"))
    }

    /// Whether the server answers at all.
    pub async fn healthy(&self) -> bool {
        let call = self.http.get(format!("{}/health", self.base)).send().await;
        call.is_ok_and(|answer| answer.status() == StatusCode::OK)
    }

    /// Asks for a build; the request's number and the moment at which its 202 arrived.
    pub async fn trigger(&self, repository: i64) -> Result<(i64, f64)> {
        let path = format!("/v3/repo/{repository}/requests");
        let body = v3::NewRequest::default();
        let response = self.call(Method::POST, &path).json(&body).send().await?;
        let accepted = wall_clock();
        let status = response.status();
        ensure!(
            status == StatusCode::ACCEPTED,
            "a trigger was answered {status}"
        );
        let pending: v3::PendingRequest = serde_json::from_slice(&response.bytes().await?)?;
        Ok((pending.request.id, accepted))
    }

    /// The build that a request makes.
    pub async fn build_of(
        &self,
        repository: i64,
        request: i64,
        every: Duration,
    ) -> Result<v3::BuildMinimal> {
        let path = format!("/v3/repo/{repository}/request/{request}");
        let until = Instant::now() + CALL;
        loop {
            let request: v3::Request = self.get(&path).await?;
            ensure!(
                request.state != "rejected",
                "a request was rejected: {:?}",
                request.message
            );
            if let Some(build) = request.builds.into_iter().next() {
                return Ok(build);
            }
            ensure!(Instant::now() < until, "a request makes no build");
            sleep(every).await;
        }
    }

    /// Waits for a build's end.
    pub async fn finished(
        &self,
        build: i64,
        every: Duration,
        patience: Duration,
    ) -> Result<v3::Build> {
        let until = Instant::now() + patience;
        loop {
            let now: v3::Build = self.get(&format!("/v3/build/{build}")).await?;
            if is_over(&now.state) {
                return Ok(now);
            }
            ensure!(
                Instant::now() < until,
                "build {} is still {}",
                now.number,
                now.state
            );
            sleep(every).await;
        }
    }

    pub async fn jobs(&self, build: i64) -> Result<Vec<v3::Job>> {
        let jobs: v3::Jobs = self.get(&format!("/v3/build/{build}/jobs")).await?;
        Ok(jobs.jobs)
    }

    /// The log as the job printed it.
    pub async fn log(&self, job: i64) -> Result<Vec<u8>> {
        self.answer(self.call(Method::GET, &format!("/v3/job/{job}/log.txt")))
            .await
    }

    /// Opens the live channel.
    pub async fn live(&self) -> Result<Live> {
        let address = format!("{}/live", self.base.replacen("http", "ws", 1));
        let mut request = address.into_client_request()?;
        request
            .headers_mut()
            .insert("Authorization", format!("token {}", self.token).parse()?);
        let (socket, _) = timeout(CALL, connect_async(request)).await??;
        Ok(Live(socket))
    }
}

/// Whether a build or job in this state changes no more.
pub fn is_over(state: &str) -> bool {
    matches!(state, "passed" | "failed" | "errored" | "canceled")
}

/// A websocket.
pub struct Live(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// What came over it.
pub enum Heard {
    Message(ServerMessage),
    /// Bytes of a log.
    Log(Vec<u8>),
}

impl Live {
    pub async fn subscribe(&mut self, topic: String) -> Result<()> {
        let topics = vec![topic];
        let text = serde_json::to_string(&ClientMessage::Subscribe { topics })?;
        Ok(self.0.send(Message::text(text)).await?)
    }

    /// The next thing, and when it arrived.
    pub async fn next(&mut self) -> Result<(Heard, f64)> {
        loop {
            let message = timeout(CALL, self.0.next())
                .await
                .context("the live channel is silent")?
                .context("the live channel ended")??;
            let at = wall_clock();
            match message {
                Message::Text(text) => {
                    return Ok((Heard::Message(serde_json::from_str(text.as_str())?), at));
                }
                Message::Binary(frame) => {
                    let bytes = frame.get(16..).context("a short frame")?;
                    return Ok((Heard::Log(bytes.to_vec()), at));
                }
                _ => {}
            }
        }
    }
}

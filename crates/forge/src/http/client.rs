//! The client: time limits, redirects, retries, budgets and kept answers.

use super::answer::{Answer, same_origin};
use super::budget::{self, Budgets, Payer};
use super::call::Call;
use super::read;
use crate::ForgeError;
use crate::cache::Cache;
use aws_lc_rs::rand;
use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LINK, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use reqwest::Url;
use std::error::Error as _;
use std::time::Duration;

/// Redirects followed for one call.
const MAX_REDIRECTS: usize = 3;
/// Times that a read is asked again after a failure that passes.
const RETRIES: usize = 2;
/// What a kept answer costs besides its body.
const KEPT_OVERHEAD: usize = 512;
/// Headers of an answer that are kept with it.
const KEPT_HEADERS: [HeaderName; 3] =
    [LINK, CONTENT_TYPE, HeaderName::from_static("x-total-count")];

/// How long and how much. The defaults are the ones of [`crate::hosting::ForgeApi`]'s contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time to connect.
    pub connect: Duration,
    /// Time for a whole call, with its redirects and repetitions.
    pub call: Duration,
    /// The longest answer, in bytes.
    pub answer: usize,
    /// Memory for answers that may be asked for again, in bytes.
    pub kept: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            call: Duration::from_secs(10),
            answer: 8 * 1024 * 1024,
            kept: 16 * 1024 * 1024,
        }
    }
}

/// An answer that is good until the forge says otherwise.
#[derive(Debug, Clone)]
struct Kept {
    etag: HeaderValue,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// Calls one forge. Made once; connections, budgets and kept answers are shared by all calls.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    limits: Limits,
    budgets: Budgets,
    kept: Cache<Payer, Kept>,
}

/// What one request brought.
struct Raw {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Client {
    /// A client for the forge at this address.
    ///
    /// # Errors
    /// [`ForgeError::Unreachable`] for an address that is none, or when the machine has no
    /// certificates.
    pub(crate) fn new(base_url: &str, limits: Limits) -> Result<Self, ForgeError> {
        let base = parse(base_url)?;
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("travis/", env!("CARGO_PKG_VERSION")))
            .tcp_nodelay(true)
            .connect_timeout(limits.connect)
            .redirect(reqwest::redirect::Policy::none());
        let same_machine = base
            .host_str()
            .is_some_and(|host| host == "localhost" || host == "[::1]" || host.starts_with("127."));
        if same_machine {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| unreachable(&error))?;
        Ok(Self {
            http,
            limits,
            budgets: Budgets::default(),
            kept: Cache::new(limits.kept),
        })
    }

    /// Makes a call. Only 2xx is an answer.
    ///
    /// # Errors
    /// 401 is `Denied`, 403 `Forbidden`, 404 and 410 `NotFound`, other 4xx `Refused` with the
    /// forge's message, 5xx `Upstream`; too many calls `RateLimited`; else `Timeout`,
    /// `Unreachable`.
    pub(crate) async fn send(&self, call: Call) -> Result<Answer, ForgeError> {
        let answer = self.ask(&call).await?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        Err(read::fault(&call, answer.status.as_u16(), &answer.body))
    }

    /// Makes a call; what is not there is `None`.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) async fn find(&self, call: Call) -> Result<Option<Answer>, ForgeError> {
        match self.send(call).await {
            Ok(answer) => Ok(Some(answer)),
            Err(ForgeError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a call; any status is an answer except one for too many calls.
    ///
    /// # Errors
    /// `RateLimited`, `Timeout`, `Unreachable`, and `Upstream` for an answer that is too long or
    /// a redirect to elsewhere.
    pub(crate) async fn ask(&self, call: &Call) -> Result<Answer, ForgeError> {
        let payer = call.payer();
        self.budgets.check(payer, call.class)?;
        let answer = tokio::time::timeout(self.limits.call, self.follow(call, payer))
            .await
            .map_err(|_| ForgeError::Timeout {
                after: self.limits.call,
            })??;
        let status = answer.status.as_u16();
        if matches!(status, 403 | 429) {
            let message = read::message(&answer.body, None);
            if let Some(after) = budget::refusal(status, &answer.headers, &message) {
                return Err(self.budgets.close(payer, after));
            }
        }
        Ok(answer)
    }

    /// Follows redirects within the forge: a renamed repository. Elsewhere would take the
    /// credentials with it.
    async fn follow(&self, call: &Call, payer: Payer) -> Result<Answer, ForgeError> {
        let headers = call.all_headers()?;
        let mut url = parse(&call.url)?;
        for _ in 0..=MAX_REDIRECTS {
            let raw = self.kept_or_asked(call, &headers, &url, payer).await?;
            let again = match raw.status.as_u16() {
                301 | 307 | 308 => true,
                302 => call.method == Method::GET,
                _ => false,
            };
            let location = raw.headers.get(LOCATION).and_then(|to| to.to_str().ok());
            let Some(location) = location.filter(|_| again) else {
                return Ok(Answer {
                    status: raw.status,
                    headers: raw.headers,
                    body: raw.body,
                    url,
                    what: call.what.clone(),
                });
            };
            let next = url.join(location).ok();
            url = next.filter(|next| same_origin(&url, next)).ok_or_else(|| {
                ForgeError::Upstream {
                    detail: format!("{} is said to be on another host", call.what),
                }
            })?;
        }
        Err(ForgeError::Upstream {
            detail: format!("{} is moved around in a circle", call.what),
        })
    }

    async fn kept_or_asked(
        &self,
        call: &Call,
        headers: &HeaderMap,
        url: &Url,
        payer: Payer,
    ) -> Result<Raw, ForgeError> {
        if call.method != Method::GET {
            return self.once(call, headers.clone(), url, payer).await;
        }
        let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
        let key = payer.with(&[url.as_str(), accept.unwrap_or_default()]);
        let kept = self.kept.get(&key);
        let mut headers = headers.clone();
        if let Some(kept) = &kept {
            headers.insert(IF_NONE_MATCH, kept.etag.clone());
        }
        let raw = self.repeated(call, &headers, url, payer).await?;
        if let (StatusCode::NOT_MODIFIED, Some(kept)) = (raw.status, kept) {
            return Ok(Raw {
                status: kept.status,
                headers: kept.headers,
                body: kept.body,
            });
        }
        let cost = raw.body.len() + KEPT_OVERHEAD;
        if let Some(etag) = raw.headers.get(ETAG)
            && raw.status == StatusCode::OK
            // One answer must not push out all others.
            && cost <= self.limits.kept / 4
        {
            let kept = Kept {
                etag: etag.clone(),
                status: raw.status,
                headers: KEPT_HEADERS
                    .iter()
                    .filter_map(|name| Some((name.clone(), raw.headers.get(name)?.clone())))
                    .collect(),
                body: raw.body.clone(),
            };
            self.kept.put(key, kept, cost);
        }
        Ok(raw)
    }

    /// Asks again after failures that pass.
    async fn repeated(
        &self,
        call: &Call,
        headers: &HeaderMap,
        url: &Url,
        payer: Payer,
    ) -> Result<Raw, ForgeError> {
        let mut left = RETRIES;
        loop {
            let raw = self.once(call, headers.clone(), url, payer).await;
            let passes = match &raw {
                Ok(raw) => matches!(raw.status.as_u16(), 502..=504),
                Err(ForgeError::Unreachable { .. }) => true,
                Err(_) => false,
            };
            if !passes || left == 0 {
                return raw;
            }
            left -= 1;
            tokio::time::sleep(pause()).await;
        }
    }

    async fn once(
        &self,
        call: &Call,
        headers: HeaderMap,
        url: &Url,
        payer: Payer,
    ) -> Result<Raw, ForgeError> {
        let mut request = self
            .http
            .request(call.method.clone(), url.clone())
            .headers(headers);
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let mut response = request.send().await.map_err(|error| self.failed(error))?;
        self.budgets.note(payer, response.headers());
        let limit = call.longest.unwrap_or(self.limits.answer);
        let too_long = || match call.longest {
            Some(limit) => ForgeError::TooLarge {
                path: call.what.clone(),
                limit,
            },
            None => ForgeError::Upstream {
                detail: format!("{} is longer than {limit} bytes", call.what),
            },
        };
        let announced = response.content_length().unwrap_or(0);
        if announced > limit as u64 {
            return Err(too_long());
        }
        let mut body = BytesMut::with_capacity(announced as usize);
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(error))? {
            if body.len() + chunk.len() > limit {
                return Err(too_long());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Raw {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body: body.freeze(),
        })
    }

    fn failed(&self, error: reqwest::Error) -> ForgeError {
        let connecting = error.is_connect();
        if error.is_timeout() {
            let after = match connecting {
                true => self.limits.connect,
                false => self.limits.call,
            };
            return ForgeError::Timeout { after };
        }
        unreachable(&error)
    }
}

fn parse(url: &str) -> Result<Url, ForgeError> {
    let bad = |detail: String| ForgeError::Unreachable { detail };
    let url =
        Url::parse(url).map_err(|error| bad(format!("the address can't be read: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("the address is neither http nor https".to_owned()));
    }
    Ok(url)
}

/// The innermost cause says it best; the address is left out, it is known.
fn unreachable(error: &reqwest::Error) -> ForgeError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let detail = match error.source() {
        Some(_) => cause.to_string(),
        None => "the connection broke".to_owned(),
    };
    ForgeError::Unreachable { detail }
}

/// 50 to 400 ms, so that callers who failed together don't come back together.
fn pause() -> Duration {
    let mut random = [0; 2];
    // Without randomness there is no spread, which only costs politeness.
    let _ = rand::fill(&mut random);
    Duration::from_millis(50 + u64::from(u16::from_be_bytes(random)) % 351)
}

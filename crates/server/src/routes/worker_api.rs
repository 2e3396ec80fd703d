//! The worker API (see `travis_api::worker`).

use super::assignments::{assignment, known_assignment};
use crate::{
    App,
    access::bearer,
    error::{ApiError, JsonBody},
    lending,
    peer::Peer,
};
use axum::{
    Json,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::{HeaderMap, StatusCode, header},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use std::time::Duration;
use travis_api::{v3::ErrorBody, worker as wire};
use travis_engine::{
    AttemptAccess, EngineError, Enrolment, Finished, Finishing, GivenBack, Heard, Introduction,
    PollCall,
};
use travis_model::{AttemptId, Outcome, WorkerId};

/// A chunk of log holds at most so many bytes, packed or not.
pub(crate) const CHUNK: usize = 4 << 20;

fn introduction(facts: &wire::Facts, slots: u32) -> Result<Introduction, ApiError> {
    Ok(Introduction {
        facts: serde_json::to_value(facts)
            .map_err(|error| ApiError::wrong_params(error.to_string()))?,
        os: facts.os.clone(),
        arch: facts.arch.clone(),
        executor: facts.executor.clone(),
        slots,
    })
}

fn base64(name: &str, text: &str) -> Result<Vec<u8>, ApiError> {
    BASE64_STANDARD
        .decode(text)
        .map_err(|_| ApiError::wrong_params(format!("{name}: not base64")))
}

/// A worker that names no protocol speaks the first one.
fn understood(headers: &HeaderMap) -> Result<(), ApiError> {
    match headers.get(wire::PROTOCOL_HEADER) {
        Some(spoken) if spoken != wire::PROTOCOL => Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "unknown_protocol",
            format!(
                "this worker speaks protocol {}, this server (version {}) protocol {}: renew \
                 the older one of the two; programs one release apart understand each other",
                String::from_utf8_lossy(spoken.as_bytes())
                    .chars()
                    .take(20)
                    .collect::<String>(),
                env!("CARGO_PKG_VERSION"),
                wire::PROTOCOL
            ),
        )),
        _ => Ok(()),
    }
}

fn token(headers: &HeaderMap) -> Result<&str, ApiError> {
    understood(headers)?;
    bearer(headers).ok_or_else(|| EngineError::Unauthorized.into())
}

pub(crate) async fn access(
    app: &App,
    headers: &HeaderMap,
    attempt: i64,
) -> Result<AttemptAccess, ApiError> {
    Ok(app
        .engine
        .attempt_access(AttemptId(attempt), token(headers)?)
        .await?)
}

/// Registers a worker.
#[utoipa::path(post, path = "/worker/v1/enrol", request_body = wire::EnrolRequest,
    responses((status = 200, body = wire::EnrolResponse), (status = 401, body = ErrorBody)))]
pub(crate) async fn enrol(
    State(app): State<App>,
    headers: HeaderMap,
    JsonBody(call): JsonBody<wire::EnrolRequest>,
) -> Result<Json<wire::EnrolResponse>, ApiError> {
    understood(&headers)?;
    let new = Enrolment {
        name: call.name,
        public_key: base64("public_key", &call.public_key)?,
        machine: introduction(&call.facts, call.slots)?,
    };
    let worker = app.engine.enrol(&call.token, new).await?;
    let mut reader = app.engine.store().reader().await?;
    let wish = reader.worker_wishes(&[worker.id]).await?.pop();
    Ok(Json(wire::EnrolResponse {
        worker_id: worker.id.get(),
        name: worker.name,
        lending: wish.and_then(|wish| lending::read(&wish.lending)),
    }))
}

/// Something to sign.
#[utoipa::path(post, path = "/worker/v1/challenge", request_body = wire::ChallengeRequest,
    responses((status = 200, body = wire::ChallengeResponse)))]
pub(crate) async fn challenge(
    State(app): State<App>,
    headers: HeaderMap,
    JsonBody(call): JsonBody<wire::ChallengeRequest>,
) -> Result<Json<wire::ChallengeResponse>, ApiError> {
    understood(&headers)?;
    Ok(Json(wire::ChallengeResponse {
        challenge: app.engine.challenge(WorkerId(call.worker_id)),
    }))
}

/// Opens a session.
#[utoipa::path(post, path = "/worker/v1/session", request_body = wire::SessionRequest,
    responses((status = 200, body = wire::SessionResponse), (status = 401, body = ErrorBody),
        (status = 426, body = ErrorBody, description = "the worker is older than the operator allows")))]
pub(crate) async fn session(
    State(app): State<App>,
    headers: HeaderMap,
    peer: Peer,
    JsonBody(call): JsonBody<wire::SessionRequest>,
) -> Result<Json<wire::SessionResponse>, ApiError> {
    understood(&headers)?;
    let id = WorkerId(call.worker_id);
    let signed = format!("{}{}", wire::SESSION_CONTEXT, call.challenge);
    let (session, lasts) = app
        .engine
        .open_worker_session(
            WorkerId(call.worker_id),
            &call.challenge,
            signed.as_bytes(),
            &base64("signature", &call.signature)?,
            introduction(&call.facts, call.slots)?,
        )
        .await?;
    let heard = Heard {
        slots: call.slots,
        lending: call.lending.as_ref().map(lending::value).transpose()?,
        network: peer.0,
        ..Heard::default()
    };
    app.engine.hear(id, heard).await?;
    Ok(Json(wire::SessionResponse {
        session_token: session.reveal().to_owned(),
        expires_in_seconds: lasts.as_secs(),
    }))
}

/// What a job's log says of whoever lends the machine.
async fn thanks_to(app: &App, id: WorkerId) -> Result<String, ApiError> {
    let mut reader = app.engine.store().reader().await?;
    let Some(worker) = reader.worker(id).await? else {
        return Ok(String::new());
    };
    let owner = reader.user(worker.owner_id).await?;
    let login = owner.map_or_else(|| "unknown".to_owned(), |owner| owner.login);
    Ok(crate::represent::thanks(&worker.name, &login))
}

/// Texts for people that a worker says are so long at most.
const SENTENCE: usize = 300;
/// Frozen attempts that are kept at most: more than any worker has slots.
const FROZEN: usize = 256;
/// Images that are kept by name at most.
const IMAGES: usize = 1000;

/// What a worker says of itself, cut to what is reasonable.
fn heard(call: &wire::PollRequest, peer: Peer) -> Result<Heard, ApiError> {
    let wrong = |error: serde_json::Error| ApiError::wrong_params(error.to_string());
    let mut presence = call.presence.clone();
    let mut presence_for = Duration::ZERO;
    if let Some(presence) = &mut presence {
        presence.text = presence.text.chars().take(SENTENCE).collect();
        // Kept apart, so that what is said stays the same while time passes.
        presence_for = Duration::from_secs(std::mem::take(&mut presence.since_seconds));
    }
    let presence = presence
        .map(serde_json::to_value)
        .transpose()
        .map_err(wrong)?;
    let usage = call.usage.as_ref().map(serde_json::to_value);
    Ok(Heard {
        slots: call.slots,
        presence,
        presence_for,
        usage: usage.transpose().map_err(wrong)?,
        lending: call.lending.as_ref().map(lending::value).transpose()?,
        images: call.images.as_ref().map(|names| {
            let names = names.iter().take(IMAGES);
            names
                .map(|name| name.chars().take(SENTENCE).collect())
                .collect()
        }),
        frozen: call
            .frozen
            .iter()
            .take(FROZEN)
            .map(|id| AttemptId(*id))
            .collect(),
        froze_ms: call.froze_ms,
        network: peer.0,
    })
}

/// Heartbeat, request for work and channel for orders in one.
#[utoipa::path(post, path = "/worker/v1/poll", request_body = wire::PollRequest,
    responses((status = 200, body = wire::PollResponse), (status = 401, body = ErrorBody)))]
pub(crate) async fn poll(
    State(app): State<App>,
    headers: HeaderMap,
    peer: Peer,
    JsonBody(call): JsonBody<wire::PollRequest>,
) -> Result<Json<wire::PollResponse>, ApiError> {
    let worker = app.engine.worker_by_session(token(&headers)?).await?;
    app.engine.hear(worker, heard(&call, peer)?).await?;
    let orders = app
        .engine
        .poll(
            worker,
            PollCall {
                slots: call.slots,
                running: call.running.into_iter().map(AttemptId).collect(),
                refused: call
                    .refused
                    .into_iter()
                    .map(|given| GivenBack {
                        attempt: AttemptId(given.attempt),
                        reason: given.reason,
                        yielded: given.yielded,
                    })
                    .collect(),
                draining: call.draining,
                hold: call.hold_ms.map(Duration::from_millis),
            },
        )
        .await?;
    let image_table = match call.image_table {
        None => None,
        Some(known) => {
            let table = app.engine.images().await?;
            let news = wire::ImageTableNews {
                mark: table.mark,
                text: table.text,
            };
            (known != news.mark).then_some(news)
        }
    };
    let valid_for_ms = u64::try_from(app.engine.policy().lease.as_millis()).unwrap_or(u64::MAX);
    let thanks = match (orders.offers.as_slice(), &orders.known) {
        ([], None) => String::new(),
        _ => thanks_to(&app, worker).await?,
    };
    Ok(Json(wire::PollResponse {
        assignments: orders
            .offers
            .into_iter()
            .map(|offer| assignment(&app, offer, &thanks))
            .chain(
                orders
                    .known
                    .map(|known| known_assignment(&app, known, &thanks)),
            )
            .collect(),
        cancel: orders
            .cancel
            .into_iter()
            .map(|(attempt, reason)| wire::CancelOrder {
                attempt: attempt.get(),
                reason,
            })
            .collect(),
        lost: orders.lost.into_iter().map(AttemptId::get).collect(),
        leases: orders
            .renewed
            .into_iter()
            .map(|attempt| wire::Lease {
                attempt: attempt.get(),
                valid_for_ms,
            })
            .collect(),
        drain: orders.drain,
        pause: orders.page.pause,
        lending: orders.page.lending.as_ref().and_then(lending::read),
        image_table,
    }))
}

#[derive(Deserialize)]
pub(crate) struct LogQuery {
    offset: u64,
}

/// Bytes of log, raw or packed by zstd (`Content-Encoding: zstd`).
#[utoipa::path(post, path = "/worker/v1/attempts/{id}/log",
    params(("id" = i64, Path), ("offset" = u64, Query, description = "where the bytes begin")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = wire::LogResponse), (status = 401, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "bytes are missing before these; `held` says from where"),
        (status = 410, body = ErrorBody)))]
pub(crate) async fn log(
    State(app): State<App>,
    Path(id): Path<i64>,
    Query(query): Query<LogQuery>,
    headers: HeaderMap,
    LogBody(bytes): LogBody,
) -> Result<Json<wire::LogResponse>, ApiError> {
    let access = access(&app, &headers, id).await?;
    let packed = headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|encoding| encoding == "zstd");
    let bytes = if packed { unpack(bytes).await? } else { bytes };
    let length = app.engine.append_log(access, query.offset, bytes).await?;
    Ok(Json(wire::LogResponse { length }))
}

/// A body with the limit of log chunks.
pub(crate) struct LogBody(Bytes);

impl<S: Send + Sync> axum::extract::FromRequest<S> for LogBody {
    type Rejection = ApiError;
    async fn from_request(
        mut request: axum::extract::Request,
        state: &S,
    ) -> Result<Self, ApiError> {
        DefaultBodyLimit::max(CHUNK).apply(&mut request);
        match Bytes::from_request(request, state).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(error) => Err(ApiError::new(
                error.status(),
                "wrong_params",
                error.body_text(),
            )),
        }
    }
}

async fn unpack(bytes: Bytes) -> Result<Bytes, ApiError> {
    let unpacked = tokio::task::spawn_blocking(move || zstd::bulk::decompress(&bytes, CHUNK)).await;
    match unpacked {
        Ok(Ok(plain)) => Ok(Bytes::from(plain)),
        _ => Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "wrong_params",
            format!("the chunk is no zstd frame of at most {CHUNK} bytes"),
        )),
    }
}

/// The script began.
#[utoipa::path(post, path = "/worker/v1/attempts/{id}/state", params(("id" = i64, Path)), request_body = wire::StateRequest,
    responses((status = 204), (status = 401, body = ErrorBody), (status = 410, body = ErrorBody)))]
pub(crate) async fn state(
    State(app): State<App>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    JsonBody(call): JsonBody<wire::StateRequest>,
) -> Result<StatusCode, ApiError> {
    let access = access(&app, &headers, id).await?;
    if call.state != "running" {
        return Err(ApiError::wrong_params(
            "state: only running is said here; the end goes to finish",
        ));
    }
    let executor: String = call.executor.chars().take(30).collect();
    app.engine.attempt_running(access, &executor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The attempt ended. Counts when the log is complete and its digest agrees.
#[utoipa::path(post, path = "/worker/v1/attempts/{id}/finish", params(("id" = i64, Path)), request_body = wire::FinishRequest,
    responses((status = 200, body = wire::FinishResponse), (status = 401, body = ErrorBody), (status = 410, body = ErrorBody)))]
pub(crate) async fn finish(
    State(app): State<App>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    JsonBody(call): JsonBody<wire::FinishRequest>,
) -> Result<Json<wire::FinishResponse>, ApiError> {
    let access = access(&app, &headers, id).await?;
    let outcome = Outcome::parse(&call.outcome).ok_or_else(|| {
        ApiError::wrong_params("outcome: use passed, failed, errored or canceled")
    })?;
    let end = Finishing {
        outcome,
        exit_code: call.exit_code,
        reason: call
            .reason
            .map(|reason| reason.chars().take(2000).collect()),
        log_length: call.log_length,
        log_sha256: call.log_sha256.clone(),
        signature: base64("signature", &call.signature)?,
    };
    let statement = |attempt: i64, job: i64| {
        wire::result_statement(
            attempt,
            job,
            &call.outcome,
            call.exit_code,
            call.log_length,
            &call.log_sha256,
        )
    };
    let answer = match app.engine.finish_attempt(access, end, &statement).await? {
        Finished::Sealed { held } => wire::FinishResponse { sealed: true, held },
        Finished::Missing { held } => wire::FinishResponse {
            sealed: false,
            held,
        },
    };
    Ok(Json(answer))
}

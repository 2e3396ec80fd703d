//! Private repositories for workers: reading by git, with the attempt's token and as long as the
//! attempt is live. What is asked goes on to the forge with credentials that stay here.

use crate::{App, error::ApiError};
use axum::{
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, FromRequest, Path, Query, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use travis_api::{v3::ErrorBody, worker::SOURCE_USER};
use travis_engine::EngineError;
use travis_forge::source::{ADVERTISEMENT, RESULT, SourceCall};
use travis_model::AttemptId;

/// What git asks for holds at most so many bytes; it grows with the refs that a mirror has.
const ASKED: usize = 32 << 20;

#[derive(Deserialize)]
pub(crate) struct ServiceQuery {
    service: Option<String>,
}

/// A call without the token of a live attempt, in words that git understands.
fn unauthorized() -> Response {
    let error = ApiError::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "send the token of a running attempt as the password",
    );
    let challenge = HeaderValue::from_static("Basic realm=\"attempt\"");
    ([(header::WWW_AUTHENTICATE, challenge)], error).into_response()
}

fn refused() -> Response {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "insufficient_access",
        "an attempt may read its repository by git-upload-pack, and nothing else",
    )
    .into_response()
}

/// The password of Basic auth with the user of attempts.
fn password(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, both) = value.split_once(' ')?;
    let both = scheme
        .eq_ignore_ascii_case("basic")
        .then(|| BASE64_STANDARD.decode(both.trim()).ok())??;
    let both = String::from_utf8(both).ok()?;
    let (user, password) = both.split_once(':')?;
    (user == SOURCE_USER).then(|| password.to_owned())
}

/// Passes a call on, and the answer back.
async fn pass(
    app: &App,
    attempt: i64,
    headers: &HeaderMap,
    call: SourceCall,
) -> Result<Response, ApiError> {
    let Some(token) = password(headers) else {
        return Ok(unauthorized());
    };
    let attempt = AttemptId(attempt);
    let source = match app.engine.attempt_access(attempt, &token).await {
        Ok(access) => app.engine.attempt_source(access).await,
        Err(error) => Err(error),
    };
    let source = match source {
        Err(EngineError::Unauthorized | EngineError::AttemptOver) => return Ok(unauthorized()),
        other => other?,
    };
    let kind = match call {
        SourceCall::Refs => ADVERTISEMENT,
        SourceCall::Objects { .. } => RESULT,
    };
    let protocol = headers.get("git-protocol").and_then(|v| v.to_str().ok());
    let answer = app
        .sources
        .ask(&source, call, protocol)
        .await
        .map_err(|error| {
            tracing::warn!(attempt = attempt.get(), %error, "a private repository could not be read for a worker");
            // The forge's refusal is of the server, not of the worker.
            ApiError::new(StatusCode::BAD_GATEWAY, "forge_unreachable", error.to_string())
        })?;
    let pieces = futures_util::stream::try_unfold(answer, |mut answer| async move {
        Ok::<_, travis_forge::ForgeError>(answer.piece().await?.map(|piece| (piece, answer)))
    });
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// What the attempt's repository holds, for git.
#[utoipa::path(get, path = "/worker/v1/attempts/{id}/source/info/refs",
    params(("id" = i64, Path), ("service" = String, Query, description = "git-upload-pack")),
    responses((status = 200, description = "what git-upload-pack says first", body = Vec<u8>, content_type = "application/x-git-upload-pack-advertisement"),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 502, body = ErrorBody)))]
pub(crate) async fn refs(
    State(app): State<App>,
    Path(id): Path<i64>,
    Query(query): Query<ServiceQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if query.service.as_deref() != Some("git-upload-pack") {
        return Ok(refused());
    }
    pass(&app, id, &headers, SourceCall::Refs).await
}

/// Objects of the attempt's repository, for git.
#[utoipa::path(post, path = "/worker/v1/attempts/{id}/source/git-upload-pack", params(("id" = i64, Path)),
    request_body(content = Vec<u8>, content_type = "application/x-git-upload-pack-request"),
    responses((status = 200, description = "what git-upload-pack answers", body = Vec<u8>, content_type = "application/x-git-upload-pack-result"),
        (status = 401, body = ErrorBody), (status = 404, body = ErrorBody), (status = 502, body = ErrorBody)))]
pub(crate) async fn objects(
    State(app): State<App>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    AskedBody(body): AskedBody,
) -> Result<Response, ApiError> {
    let packed = headers
        .get(header::CONTENT_ENCODING)
        .is_some_and(|encoding| encoding == "gzip");
    pass(&app, id, &headers, SourceCall::Objects { body, packed }).await
}

/// Writing is not possible.
pub(crate) async fn write() -> Response {
    refused()
}

/// A body with the limit of what git asks.
pub(crate) struct AskedBody(Bytes);

impl<S: Send + Sync> FromRequest<S> for AskedBody {
    type Rejection = Response;
    async fn from_request(mut request: Request, state: &S) -> Result<Self, Response> {
        // Nobody without credentials makes the server read so much.
        if password(request.headers()).is_none() {
            return Err(unauthorized());
        }
        DefaultBodyLimit::max(ASKED).apply(&mut request);
        match Bytes::from_request(request, state).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(error) => Err(
                ApiError::new(error.status(), "wrong_params", error.body_text()).into_response(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_basic_auth_of_an_attempt_is_read() {
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            password(&headers)
        };
        let basic = |both: &str| format!("Basic {}", BASE64_STANDARD.encode(both));
        assert_eq!(read(&basic("attempt:t:k")).as_deref(), Some("t:k"));
        assert_eq!(read(&basic("root:t")), None);
        assert_eq!(read(&basic("attempt")), None);
        assert_eq!(read("Bearer t"), None);
        assert_eq!(read("Basic %%%"), None);
        assert_eq!(password(&HeaderMap::new()), None);
    }
}

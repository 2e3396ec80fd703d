use crate::{App, error::ApiError, represent::request_minimal};
use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use travis_api::v3::{self, ErrorBody};
use travis_engine::Taken;
use travis_model::{ForgeId, RepositoryId};

/// Bodies of hooks hold at most so many bytes, as GitHub's do.
pub(crate) const HOOK_LIMIT: usize = 25 << 20;

fn answer(taken: Taken, plain: bool) -> (StatusCode, Json<v3::Taken>) {
    let kind = match (plain, &taken.request) {
        (false, _) => "delivery",
        (true, Some(_)) => "pending",
        (true, None) => "ignored",
    };
    let request = taken.request.as_deref().map(request_minimal);
    let body = v3::Taken {
        kind: kind.to_owned(),
        id: taken.delivery.get(),
        resource_type: request.as_ref().map(|_| "request".to_owned()),
        reason: taken.outcome.filter(|_| request.is_none()),
        request,
    };
    (StatusCode::ACCEPTED, Json(body))
}

/// The message of a repository's own hook. Of plain git: a signed ping of any git host (GitHub's,
/// Gitea's and GitLab's pushes, or `{"branch": "main", "sha": "…"}`), whose header
/// `X-Hub-Signature-256` holds `sha256=<hex HMAC-SHA256 of the body>` under the repository's ping
/// secret. Of a forge: as the forge signs it.
#[utoipa::path(post, path = "/ping/{repository_id}", params(("repository_id" = i64, Path)), request_body = Value,
    responses((status = 202, body = v3::Taken), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 413, body = ErrorBody)))]
pub(crate) async fn ping(
    State(app): State<App>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<(StatusCode, Json<v3::Taken>), ApiError> {
    let body = body.map_err(too_large)?;
    let taken = app
        .engine
        .take_ping(RepositoryId(id), &headers, &body)
        .await?;
    let plain = taken.outcome.is_some();
    Ok(answer(taken, plain))
}

/// The message of an App's hook.
#[utoipa::path(post, path = "/hooks/{forge_id}", params(("forge_id" = i64, Path)), request_body = Value,
    responses((status = 202, body = v3::Taken), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 413, body = ErrorBody)))]
pub(crate) async fn hook(
    State(app): State<App>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<(StatusCode, Json<v3::Taken>), ApiError> {
    let body = body.map_err(too_large)?;
    let taken = app.engine.take_hook(ForgeId(id), &headers, &body).await?;
    Ok(answer(taken, false))
}

fn too_large(error: axum::extract::rejection::BytesRejection) -> ApiError {
    let status = error.status();
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return ApiError::new(
            status,
            "too_large",
            "a hook's message holds 25 MiB at most: let the forge send fewer commits in one",
        );
    }
    ApiError::new(status, "wrong_params", error.body_text())
}

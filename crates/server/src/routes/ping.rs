use crate::{App, error::ApiError};
use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use serde_json::{Value, json};
use travis_api::v3::ErrorBody;
use travis_engine::{Ping, PingOutcome};
use travis_model::RepositoryId;

/// A signed ping of any git host: GitHub's, Gitea's and GitLab's pushes, or
/// `{"branch": "main", "sha": "…"}`. The header `X-Hub-Signature-256` holds
/// `sha256=<hex HMAC-SHA256 of the body>` under the repository's ping secret.
#[utoipa::path(post, path = "/ping/{repository_id}", params(("repository_id" = i64, Path)), request_body = Value,
    responses((status = 202, body = Value), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn ping(
    State(app): State<App>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let first = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| headers.get(*name))
            .and_then(|value| value.to_str().ok())
    };
    let ping = Ping {
        body: &body,
        signature: first(&["x-hub-signature-256"]),
        delivery: first(&[
            "x-github-delivery",
            "x-gitea-delivery",
            "x-forgejo-delivery",
            "x-gitlab-event-uuid",
        ]),
        event: first(&[
            "x-github-event",
            "x-gitea-event",
            "x-forgejo-event",
            "x-gitlab-event",
        ]),
    };
    let answer = match app.engine.take_ping(RepositoryId(id), ping).await? {
        PingOutcome::Stored(request) => json!({
            "@type": "pending",
            "resource_type": "request",
            "request": {"@type": "request", "id": request.id.get(), "state": request.state.as_str()},
        }),
        PingOutcome::Ignored(reason) => json!({"@type": "ignored", "reason": reason}),
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

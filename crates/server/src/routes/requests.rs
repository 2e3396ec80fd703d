use crate::{
    App,
    access::Caller,
    error::{ApiError, JsonBody},
    represent::{Represent, repository_minimal},
    wire::{Paging, pagination},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::Value;
use travis_api::v3::{self, ErrorBody};
use travis_engine::BuildDemand;
use travis_model::{Repository, Request, RequestId};
use travis_store::Reader;

/// Demands for builds, newest first, with the reason for each that made none.
#[utoipa::path(get, path = "/v3/repo/{repository}/requests",
    params(("repository" = String, Path), ("limit" = Option<u64>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = v3::Requests), (status = 404, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<v3::Requests>, ApiError> {
    let row = app.engine.repository(&caller.0, &key).await?;
    let page = paging.page()?;
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    let found = represent.reader.requests(row.id, page).await?;
    let href = format!("/v3/repo/{}/requests", row.id);
    Ok(Json(v3::Requests {
        head: v3::Head::standard("requests", href.clone()),
        pagination: pagination(&href, page, found.count),
        requests: represent.requests(&row, found.items).await?,
    }))
}

/// The bare form, or the original's with everything inside `request`.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    request: Option<v3::NewRequest>,
    branch: Option<String>,
    sha: Option<String>,
    message: Option<String>,
    config: Option<Value>,
    merge_mode: Option<String>,
}

impl From<Wanted> for BuildDemand {
    fn from(wanted: Wanted) -> Self {
        let inner = wanted.request.unwrap_or(v3::NewRequest {
            branch: wanted.branch,
            sha: wanted.sha,
            message: wanted.message,
            config: wanted.config,
            merge_mode: wanted.merge_mode,
        });
        Self {
            branch: inner.branch,
            sha: inner.sha,
            message: inner.message,
            config: inner.config.and_then(|config| match config {
                Value::Null => None,
                Value::String(text) => Some(text),
                // JSON is YAML, too.
                other => Some(other.to_string()),
            }),
            merge_mode: inner.merge_mode,
        }
    }
}

/// What a demand for a build would come to. Nothing is stored.
#[utoipa::path(post, path = "/v3/repo/{repository}/request/preview", params(("repository" = String, Path)), request_body = v3::NewRequest,
    responses((status = 200, body = v3::RequestPreview), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn preview(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
    JsonBody(wanted): JsonBody<Wanted>,
) -> Result<Json<v3::RequestPreview>, ApiError> {
    let repository = app.engine.repository(&caller.0, &key).await?;
    let found = app
        .engine
        .preview_build(&caller.0, &repository, wanted.into())
        .await?;
    let linted = super::lint::represent(found.linted);
    let href = format!("/v3/repo/{}/request/preview", repository.id);
    Ok(Json(v3::RequestPreview {
        head: v3::Head::standard("request_preview", href),
        sha: found.sha,
        branch: found.branch,
        message: found.message,
        refused: found.refused,
        messages: linted.messages,
        stages: linted.stages,
        jobs: linted.jobs,
    }))
}

/// Asks for a build.
#[utoipa::path(post, path = "/v3/repo/{repository}/requests", params(("repository" = String, Path)), request_body = v3::NewRequest,
    responses((status = 202, body = v3::PendingRequest), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 406, body = ErrorBody)))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
    JsonBody(wanted): JsonBody<Wanted>,
) -> Result<(StatusCode, Json<v3::PendingRequest>), ApiError> {
    let repository = app.engine.repository(&caller.0, &key).await?;
    let request = app
        .engine
        .demand_build(&caller.0, &repository, wanted.into())
        .await?;
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    let request = represent
        .requests(&repository, vec![request])
        .await?
        .pop()
        .ok_or_else(|| ApiError::not_found("request"))?;
    let answer = v3::PendingRequest {
        kind: "pending".to_owned(),
        resource_type: "request".to_owned(),
        repository: repository_minimal(&repository),
        request,
    };
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

/// A demand for a build.
#[utoipa::path(get, path = "/v3/repo/{repository}/request/{id}",
    params(("repository" = String, Path), ("id" = i64, Path)),
    responses((status = 200, body = v3::Request), (status = 404, body = ErrorBody)))]
pub(crate) async fn find(
    State(app): State<App>,
    caller: Caller,
    Path((key, id)): Path<(String, i64)>,
) -> Result<Json<v3::Request>, ApiError> {
    let repository = app.engine.repository(&caller.0, &key).await?;
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    let row = of_repository(represent.reader.as_mut(), &repository, id).await?;
    let mut all = represent.requests(&repository, vec![row]).await?;
    all.pop()
        .map(Json)
        .ok_or_else(|| ApiError::not_found("request"))
}

/// A request of this very repository.
async fn of_repository(
    reader: &mut dyn Reader,
    repository: &Repository,
    id: i64,
) -> Result<Request, ApiError> {
    reader
        .request(RequestId(id))
        .await?
        .filter(|row| row.repository_id == repository.id)
        .ok_or_else(|| ApiError::not_found("request"))
}

/// What was noticed in the configuration that a request's build has.
#[utoipa::path(get, path = "/v3/repo/{repository}/request/{id}/messages",
    params(("repository" = String, Path), ("id" = i64, Path)),
    responses((status = 200, body = v3::RequestMessages), (status = 404, body = ErrorBody)))]
pub(crate) async fn messages(
    State(app): State<App>,
    caller: Caller,
    Path((key, id)): Path<(String, i64)>,
) -> Result<Json<v3::RequestMessages>, ApiError> {
    let repository = app.engine.repository(&caller.0, &key).await?;
    let mut reader = app.engine.store().reader().await?;
    let request = of_repository(reader.as_mut(), &repository, id).await?;
    let builds = reader.builds_of_requests(&[request.id]).await?;
    let kept = builds.into_iter().next().map(|build| build.messages);
    let kept: Vec<v3::ConfigMessage> = kept
        .and_then(|kept| serde_json::from_value(kept).ok())
        .unwrap_or_default();
    let href = format!("/v3/repo/{}/request/{id}/messages", repository.id);
    let messages = kept
        .into_iter()
        .zip(1..)
        .map(|(message, id)| v3::RequestMessage {
            head: v3::Head::standard("message", format!("{href}/{id}")),
            id,
            level: message.level,
            key: message.key,
            code: message.code,
            args: message.args,
            src: message.src,
            line: message.line,
        });
    Ok(Json(v3::RequestMessages {
        messages: messages.collect(),
        head: v3::Head::standard("messages", href),
    }))
}

use crate::{App, access::Caller, error::ApiError, represent::Represent, wire::time};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use travis_api::v3::{self, ErrorBody};
use travis_engine::Viewer;
use travis_model::{Scope, Worker, WorkerId};

async fn one(app: &App, viewer: &Viewer, row: Worker) -> Result<Json<v3::Worker>, ApiError> {
    let mut represent = Represent::new(&app.engine, viewer).await?;
    let mut all = represent.workers(vec![row]).await?;
    all.pop()
        .map(Json)
        .ok_or_else(|| ApiError::not_found("worker"))
}

/// All workers, by name.
#[utoipa::path(get, path = "/v3/workers", responses((status = 200, body = v3::Workers)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<v3::Workers>, ApiError> {
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    let rows = represent.reader.workers().await?;
    let busy = represent.reader.all_live_attempts().await?.len();
    let queued = represent.reader.queue_depth().await?.queued;
    let workers = represent.workers(rows).await?;
    Ok(Json(v3::Workers {
        head: v3::Head::standard("workers", "/v3/workers".to_owned()),
        slots: workers
            .iter()
            .filter(|worker| worker.state == "online")
            .map(|worker| worker.slots)
            .sum(),
        busy: u32::try_from(busy).unwrap_or(u32::MAX),
        queued,
        workers,
    }))
}

/// A worker.
#[utoipa::path(get, path = "/v3/worker/{id}", params(("id" = i64, Path)),
    responses((status = 200, body = v3::Worker), (status = 404, body = ErrorBody)))]
pub(crate) async fn find(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<v3::Worker>, ApiError> {
    let row = app
        .engine
        .store()
        .reader()
        .await?
        .worker(WorkerId(id))
        .await?;
    one(
        &app,
        &caller.0,
        row.ok_or_else(|| ApiError::not_found("worker"))?,
    )
    .await
}

/// Removes a worker. What it runs is given to others.
#[utoipa::path(delete, path = "/v3/worker/{id}", params(("id" = i64, Path)),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode, ApiError> {
    app.engine.remove_worker(&caller.0, WorkerId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lends nothing for now; what runs goes on.
#[utoipa::path(post, path = "/v3/worker/{id}/pause", params(("id" = i64, Path)),
    responses((status = 200, body = v3::Worker), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn pause(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<v3::Worker>, ApiError> {
    let row = app
        .engine
        .pause_worker(&caller.0, WorkerId(id), true)
        .await?;
    one(&app, &caller.0, row).await
}

/// Lends again.
#[utoipa::path(post, path = "/v3/worker/{id}/resume", params(("id" = i64, Path)),
    responses((status = 200, body = v3::Worker), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn resume(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<v3::Worker>, ApiError> {
    let row = app
        .engine
        .pause_worker(&caller.0, WorkerId(id), false)
        .await?;
    one(&app, &caller.0, row).await
}

/// Lets a worker finish what it has and leave.
#[utoipa::path(post, path = "/v3/worker/{id}/drain", params(("id" = i64, Path)),
    responses((status = 200, body = v3::Worker), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn drain(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<v3::Worker>, ApiError> {
    let row = app.engine.drain_worker(&caller.0, WorkerId(id)).await?;
    one(&app, &caller.0, row).await
}

/// Makes a single-use token with which a machine joins.
#[utoipa::path(post, path = "/v3/workers/enrolment_token",
    responses((status = 201, body = v3::EnrolmentToken), (status = 403, body = ErrorBody)))]
pub(crate) async fn enrolment_token(
    State(app): State<App>,
    caller: Caller,
) -> Result<(StatusCode, Json<v3::EnrolmentToken>), ApiError> {
    let user = caller.0.signed_in_for(Scope::Settings)?;
    let (token, until) = app.engine.new_enrolment_token(user).await?;
    let command = format!(
        "travis worker --server {} --token {}",
        app.engine.policy().public_url,
        token.reveal()
    );
    let answer = v3::EnrolmentToken {
        kind: "enrolment_token".to_owned(),
        token: token.reveal().to_owned(),
        expires_at: time(until),
        command,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

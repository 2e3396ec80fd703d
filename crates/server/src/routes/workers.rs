use crate::{
    App,
    access::Caller,
    error::{ApiError, JsonBody},
    lending,
    represent::{Represent, first_day},
    wire::{Paging, pagination},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use travis_api::v3::{self, ErrorBody};
use travis_engine::{Viewer, WorkerEdit};
use travis_model::{Worker, WorkerId, trust::Tier};

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

/// Lends nothing for now: what runs is frozen, and handed back after a minute.
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

/// Changes its name, and what it may lend.
#[utoipa::path(patch, path = "/v3/worker/{id}", params(("id" = i64, Path)), request_body = v3::WorkerChange,
    responses((status = 200, body = v3::Worker), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    JsonBody(change): JsonBody<v3::WorkerChange>,
) -> Result<Json<v3::Worker>, ApiError> {
    if let Some(lending) = &change.lending {
        lending::check(lending)?;
    }
    let edit = WorkerEdit {
        name: change.name,
        lending: change.lending.as_ref().map(lending::value).transpose()?,
    };
    let row = app
        .engine
        .edit_worker(&caller.0, WorkerId(id), edit)
        .await?;
    one(&app, &caller.0, row).await
}

/// Shuts a worker out: it gets no work and can't sign in. What it runs is given to others.
#[utoipa::path(post, path = "/v3/worker/{id}/ban", params(("id" = i64, Path)),
    responses((status = 200, body = v3::Worker), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn ban(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<v3::Worker>, ApiError> {
    let row = app.engine.ban_worker(&caller.0, WorkerId(id), true).await?;
    one(&app, &caller.0, row).await
}

/// Lets a worker in again.
#[utoipa::path(post, path = "/v3/worker/{id}/unban", params(("id" = i64, Path)),
    responses((status = 200, body = v3::Worker), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn unban(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<v3::Worker>, ApiError> {
    let row = app
        .engine
        .ban_worker(&caller.0, WorkerId(id), false)
        .await?;
    one(&app, &caller.0, row).await
}

/// Sets how far a worker's word counts.
#[utoipa::path(post, path = "/v3/worker/{id}/tier", params(("id" = i64, Path)), request_body = v3::WorkerTierChange,
    responses((status = 200, body = v3::Worker), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn tier(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    JsonBody(change): JsonBody<v3::WorkerTierChange>,
) -> Result<Json<v3::Worker>, ApiError> {
    let tier = match change.tier.as_deref() {
        None => None,
        Some(word) => Some(Tier::parse(word).ok_or_else(|| {
            ApiError::wrong_params(
                "tier: use quarantined, probation, volunteer, bound or attested, or leave it out",
            )
        })?),
    };
    let reason: String = change
        .reason
        .unwrap_or_default()
        .chars()
        .take(500)
        .collect();
    let row = app
        .engine
        .set_tier(&caller.0, WorkerId(id), tier, &reason)
        .await?;
    one(&app, &caller.0, row).await
}

/// What it did, and for whom.
#[utoipa::path(get, path = "/v3/worker/{id}/history",
    params(("id" = i64, Path), ("limit" = Option<u64>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = v3::WorkerHistory), (status = 404, body = ErrorBody)))]
pub(crate) async fn history(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    Query(paging): Query<Paging>,
) -> Result<Json<v3::WorkerHistory>, ApiError> {
    let page = paging.page()?;
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    let id = existing(&mut represent, id).await?;
    let found = represent
        .reader
        .attempts_of_worker(id, caller.0.seen_by(), page)
        .await?;
    let href = format!("/v3/worker/{id}/history");
    let all = found.count <= page.limit;
    let mut deeds = represent.deeds(found.items).await?;
    if page.offset == 0 {
        deeds = represent.with_known(id, deeds, all).await?;
    }
    Ok(Json(v3::WorkerHistory {
        head: v3::Head::standard("worker_history", href.clone()),
        pagination: pagination(&href, page, found.count),
        deeds,
    }))
}

/// When it works.
#[utoipa::path(get, path = "/v3/worker/{id}/hours", params(("id" = i64, Path)),
    responses((status = 200, body = v3::WorkerHours), (status = 404, body = ErrorBody)))]
pub(crate) async fn hours(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<v3::WorkerHours>, ApiError> {
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    let id = existing(&mut represent, id).await?;
    let since = first_day(represent.now);
    let busy = represent.reader.worker_hours(id, since).await?;
    let running = represent.reader.live_attempts(id).await?;
    Ok(Json(represent.hours(
        format!("/v3/worker/{id}/hours"),
        &busy,
        &running,
    )))
}

async fn existing(represent: &mut Represent<'_>, id: i64) -> Result<WorkerId, ApiError> {
    let row = represent.reader.worker(WorkerId(id)).await?;
    row.map(|row| row.id)
        .ok_or_else(|| ApiError::not_found("worker"))
}

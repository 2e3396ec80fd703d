use crate::{
    App,
    access::Caller,
    error::ApiError,
    represent::{Represent, job_minimal},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use travis_api::v3::{self, ErrorBody};
use travis_engine::Viewer;
use travis_model::{Job, JobId};

/// A job that the viewer may see.
pub(crate) async fn visible(app: &App, viewer: &Viewer, id: i64) -> Result<Job, ApiError> {
    let mut reader = app.engine.store().reader().await?;
    let job = reader
        .job(JobId(id))
        .await?
        .ok_or_else(|| ApiError::not_found("job"))?;
    let repository = reader.repository(job.repository_id).await?;
    if repository.is_some_and(|repository| viewer.sees(&repository)) {
        Ok(job)
    } else {
        Err(ApiError::not_found("job"))
    }
}

/// A job with its attempts and its configuration.
#[utoipa::path(get, path = "/v3/job/{id}", params(("id" = i64, Path)),
    responses((status = 200, body = v3::Job), (status = 404, body = ErrorBody)))]
pub(crate) async fn find(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<v3::Job>, ApiError> {
    let job = visible(&app, &caller.0, id).await?;
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    let mut all = represent.jobs(vec![job], true).await?;
    all.pop()
        .map(Json)
        .ok_or_else(|| ApiError::not_found("job"))
}

fn pending(job: &Job, change: &str) -> (StatusCode, Json<v3::PendingChange>) {
    let answer = v3::PendingChange {
        kind: "pending".to_owned(),
        resource_type: "job".to_owned(),
        state_change: change.to_owned(),
        build: None,
        job: Some(job_minimal(job)),
    };
    (StatusCode::ACCEPTED, Json(answer))
}

/// Cancels a job.
#[utoipa::path(post, path = "/v3/job/{id}/cancel", params(("id" = i64, Path)),
    responses((status = 202, body = v3::PendingChange), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<(StatusCode, Json<v3::PendingChange>), ApiError> {
    Ok(pending(
        &app.engine.cancel_job(&caller.0, JobId(id)).await?,
        "cancel",
    ))
}

/// Runs a job again, and with it what never ran because it had failed.
#[utoipa::path(post, path = "/v3/job/{id}/restart", params(("id" = i64, Path)),
    responses((status = 202, body = v3::PendingChange), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn restart(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<(StatusCode, Json<v3::PendingChange>), ApiError> {
    Ok(pending(
        &app.engine.restart_job(&caller.0, JobId(id)).await?,
        "restart",
    ))
}

//! Builds that are asked for again and again.

use crate::{
    App,
    access::Caller,
    error::{ApiError, JsonBody},
    represent::{Represent, branch_minimal, repository_minimal},
    wire::{Paging, pagination, time, time_opt},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use serde::Deserialize;
use travis_api::v3::{self, ErrorBody};
use travis_engine::CronWish;
use travis_model::{Cron, CronId, Repository, cron::CronInterval};

async fn represent(
    app: &App,
    caller: &Caller,
    repository: &Repository,
    rows: Vec<Cron>,
) -> Result<Vec<v3::Cron>, ApiError> {
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    let mut answer = Vec::with_capacity(rows.len());
    for row in rows {
        let last = match row.last_request_id {
            Some(id) => represent.reader.request(id).await?,
            None => None,
        };
        let last_request = represent
            .requests(repository, last.into_iter().collect())
            .await?
            .pop();
        answer.push(v3::Cron {
            head: v3::Head::standard("cron", format!("/v3/cron/{}", row.id)),
            permissions: v3::CronPermissions {
                read: true,
                delete: caller.0.administers(repository),
            },
            id: row.id.get(),
            repository: repository_minimal(repository),
            branch: branch_minimal(repository, &row.branch),
            interval: row.interval.as_str().to_owned(),
            dont_run_if_recent_build_exists: row.skip_if_recent,
            last_run: time_opt(row.last_run),
            next_run: time(row.next_run),
            created_at: time(row.created_at),
            active: repository.active,
            last_request,
        });
    }
    Ok(answer)
}

async fn one(
    app: &App,
    caller: &Caller,
    repository: &Repository,
    row: Option<Cron>,
) -> Result<Json<v3::Cron>, ApiError> {
    represent(app, caller, repository, row.into_iter().collect())
        .await?
        .pop()
        .map(Json)
        .ok_or_else(|| ApiError::not_found("cron"))
}

/// Crons of a repository.
#[utoipa::path(get, path = "/v3/repo/{repository}/crons",
    params(("repository" = String, Path), ("limit" = Option<u64>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = v3::Crons), (status = 404, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<v3::Crons>, ApiError> {
    let page = paging.page()?;
    let (repository, rows) = app.engine.crons(&caller.0, &key).await?;
    let count = rows.len() as u64;
    let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let rows = rows.into_iter().skip(place(page.offset));
    let shown = rows.take(place(page.limit)).collect();
    let href = format!("/v3/repo/{}/crons", repository.id);
    Ok(Json(v3::Crons {
        head: v3::Head::standard("crons", href.clone()),
        pagination: pagination(&href, page, count),
        crons: represent(&app, &caller, &repository, shown).await?,
    }))
}

/// One cron.
#[utoipa::path(get, path = "/v3/cron/{id}", params(("id" = i64, Path)),
    responses((status = 200, body = v3::Cron), (status = 404, body = ErrorBody)))]
pub(crate) async fn find(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<v3::Cron>, ApiError> {
    let (repository, row) = app.engine.cron(&caller.0, CronId(id)).await?;
    one(&app, &caller, &repository, Some(row)).await
}

/// Removes a cron.
#[utoipa::path(delete, path = "/v3/cron/{id}", params(("id" = i64, Path)),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode, ApiError> {
    app.engine.remove_cron(&caller.0, CronId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The cron of a branch.
#[utoipa::path(get, path = "/v3/repo/{repository}/branch/{branch}/cron",
    params(("repository" = String, Path), ("branch" = String, Path, description = "slashes as %2F")),
    responses((status = 200, body = v3::Cron), (status = 404, body = ErrorBody)))]
pub(crate) async fn of_branch(
    State(app): State<App>,
    caller: Caller,
    Path((key, branch)): Path<(String, String)>,
) -> Result<Json<v3::Cron>, ApiError> {
    let (repository, row) = app.engine.cron_of_branch(&caller.0, &key, &branch).await?;
    one(&app, &caller, &repository, row).await
}

/// The bare form, the original's with everything inside `cron`, and its form with dots.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    cron: Option<v3::NewCron>,
    #[serde(alias = "cron.interval")]
    interval: Option<String>,
    #[serde(alias = "cron.dont_run_if_recent_build_exists", default)]
    dont_run_if_recent_build_exists: bool,
}

/// Makes a cron for a branch, in place of the one that it has. It runs first in a minute.
#[utoipa::path(post, path = "/v3/repo/{repository}/branch/{branch}/cron", request_body = v3::NewCron,
    params(("repository" = String, Path), ("branch" = String, Path, description = "slashes as %2F")),
    responses((status = 201, body = v3::Cron), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 406, body = ErrorBody)))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Path((key, branch)): Path<(String, String)>,
    JsonBody(wanted): JsonBody<Wanted>,
) -> Result<(StatusCode, Json<v3::Cron>), ApiError> {
    let new = wanted.cron.unwrap_or(v3::NewCron {
        interval: wanted.interval.unwrap_or_default(),
        dont_run_if_recent_build_exists: wanted.dont_run_if_recent_build_exists,
    });
    let wish = CronWish {
        interval: CronInterval::parse(&new.interval)
            .ok_or_else(|| ApiError::wrong_params("interval: use daily, weekly or monthly"))?,
        skip_if_recent: new.dont_run_if_recent_build_exists,
    };
    let (repository, row) = app.engine.make_cron(&caller.0, &key, &branch, wish).await?;
    let answer = one(&app, &caller, &repository, Some(row)).await?;
    Ok((StatusCode::CREATED, answer))
}

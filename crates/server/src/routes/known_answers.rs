//! Known-answer jobs of a worker, for its owner and the operators: what a new worker runs before
//! anything else, with its log.

use crate::{
    App,
    access::Caller,
    error::ApiError,
    routes::logs::{LogQuery, Source},
    wire::{time, time_opt},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::header,
    response::IntoResponse,
};
use travis_api::v3::{self, ErrorBody};
use travis_engine::Viewer;
use travis_model::{KnownAnswer, KnownAnswerId, Worker, WorkerId};

/// How many are shown.
const SHOWN: u64 = 12;
/// Bytes of log read at a time.
const PIECE: usize = 64 * 1024;

async fn own_worker(app: &App, viewer: &Viewer, id: i64) -> Result<Worker, ApiError> {
    let worker = app
        .engine
        .store()
        .reader()
        .await?
        .worker(WorkerId(id))
        .await?;
    worker
        .filter(|worker| viewer.commands(worker))
        .ok_or_else(|| ApiError::not_found("worker"))
}

async fn own_answer(
    app: &App,
    viewer: &Viewer,
    id: i64,
    number: i64,
) -> Result<KnownAnswer, ApiError> {
    let worker = own_worker(app, viewer, id).await?;
    let mut reader = app.engine.store().reader().await?;
    let row = reader.known_answer(KnownAnswerId(number)).await?;
    row.filter(|row| row.worker_id == worker.id)
        .ok_or_else(|| ApiError::not_found("known answer"))
}

/// Its log, as pages read logs.
async fn own_log(app: &App, viewer: &Viewer, id: i64, number: i64) -> Result<Source, ApiError> {
    let row = own_answer(app, viewer, id, number).await?;
    Ok(Source::Attempt {
        id: row.id.attempt().get(),
        over: !row.state.is_live(),
    })
}

fn represent(row: &KnownAnswer) -> v3::KnownAnswer {
    v3::KnownAnswer {
        head: v3::Head::standard(
            "known_answer",
            format!("/v3/worker/{}/known_answer/{}", row.worker_id, row.id),
        ),
        id: row.id.get(),
        state: row.state.as_str().to_owned(),
        passed: row.passed,
        problem: row.problem.clone(),
        executor: row.executor.clone(),
        leased_at: time(row.leased_at),
        started_at: time_opt(row.started_at),
        finished_at: time_opt(row.finished_at),
        log: format!("/v3/worker/{}/known_answer/{}/log", row.worker_id, row.id),
        attempt: row.id.attempt().get(),
    }
}

/// Known-answer jobs of a worker, newest first. For its owner and operators.
#[utoipa::path(get, path = "/v3/worker/{id}/known_answers", params(("id" = i64, Path)),
    responses((status = 200, body = v3::KnownAnswers), (status = 404, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<v3::KnownAnswers>, ApiError> {
    let worker = own_worker(&app, &caller.0, id).await?;
    let mut reader = app.engine.store().reader().await?;
    let rows = reader.known_answers(worker.id, SHOWN).await?;
    let (standing, tier) = app
        .engine
        .standings_of(reader.as_mut(), std::slice::from_ref(&worker))
        .await?
        .pop()
        .unwrap_or_default();
    Ok(Json(v3::KnownAnswers {
        head: v3::Head::standard("known_answers", format!("/v3/worker/{id}/known_answers")),
        passed_in_a_row: standing.known_passed,
        wanted: app.engine.known_wanted(tier),
        problem: standing.known_problem,
        known_answers: rows.iter().map(represent).collect(),
    }))
}

/// What a known-answer job printed, as text. For the worker's owner and operators.
#[utoipa::path(get, path = "/v3/worker/{id}/known_answer/{number}/log",
    params(("id" = i64, Path), ("number" = i64, Path)),
    responses((status = 200, body = String, content_type = "text/plain"), (status = 404, body = ErrorBody)))]
pub(crate) async fn log(
    State(app): State<App>,
    caller: Caller,
    Path((id, number)): Path<(i64, i64)>,
) -> Result<impl IntoResponse, ApiError> {
    let row = own_answer(&app, &caller.0, id, number).await?;
    let log = row.id.attempt().get();
    // Its length is bounded where it comes in.
    let mut text = Vec::new();
    loop {
        let from = u64::try_from(text.len()).unwrap_or(u64::MAX);
        let piece = app.engine.logs().read(log, from, PIECE).await?;
        if piece.is_empty() {
            break;
        }
        text.extend_from_slice(&piece);
    }
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "sandbox"),
    ];
    Ok((headers, text))
}

/// Lines of a known-answer job's log as a terminal would show them. For the worker's owner and
/// operators.
#[utoipa::path(get, path = "/v3/worker/{id}/known_answer/{number}/log/lines",
    params(("id" = i64, Path), ("number" = i64, Path), ("first" = Option<u64>, Query), ("count" = Option<u32>, Query, description = "2,000 at most")),
    responses((status = 200, body = v3::LogLines), (status = 404, body = ErrorBody)))]
pub(crate) async fn lines(
    State(app): State<App>,
    caller: Caller,
    Path((id, number)): Path<(i64, i64)>,
    Query(query): Query<LogQuery>,
) -> Result<Json<v3::LogLines>, ApiError> {
    let source = own_log(&app, &caller.0, id, number).await?;
    let href = format!("/v3/worker/{id}/known_answer/{number}/log/lines");
    Ok(Json(source.lines_shown(&app, href, &query).await?))
}

/// Folds and times of a known-answer job's log. For the worker's owner and operators.
#[utoipa::path(get, path = "/v3/worker/{id}/known_answer/{number}/log/index",
    params(("id" = i64, Path), ("number" = i64, Path)),
    responses((status = 200, body = v3::LogIndex), (status = 404, body = ErrorBody)))]
pub(crate) async fn index(
    State(app): State<App>,
    caller: Caller,
    Path((id, number)): Path<(i64, i64)>,
) -> Result<Json<v3::LogIndex>, ApiError> {
    let source = own_log(&app, &caller.0, id, number).await?;
    let href = format!("/v3/worker/{id}/known_answer/{number}/log/index");
    Ok(Json(source.index_shown(&app, href).await?))
}

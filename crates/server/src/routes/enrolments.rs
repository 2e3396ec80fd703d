//! Tokens with which machines join, and what became of them; the script that joins one.

use crate::{
    App,
    access::Caller,
    error::{ApiError, JsonBody},
    join, lending,
    represent::Represent,
    wire::{time, time_opt},
};
use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use travis_api::v3::{self, ErrorBody};
use travis_engine::{EnrolmentChange, EnrolmentWish};
use travis_model::{EnrolmentId, Scope};
use travis_store::Enrolment;

const WAYS: [&str; 4] = ["command", "image", "service", "container"];

fn check_way(way: &str) -> Result<(), ApiError> {
    if WAYS.contains(&way) {
        return Ok(());
    }
    let ways = WAYS.join(", ");
    Err(ApiError::wrong_params(format!("way: use one of {ways}")))
}

/// Makes a single-use token with which a machine joins.
#[utoipa::path(post, path = "/v3/workers/enrolment_token", request_body = v3::NewEnrolment,
    responses((status = 201, body = v3::EnrolmentToken), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody)))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    body: Bytes,
) -> Result<(StatusCode, Json<v3::EnrolmentToken>), ApiError> {
    let user = caller.0.signed_in_for(Scope::Settings)?;
    // Who wishes for nothing may send nothing.
    let new = match body.as_ref() {
        [] => v3::NewEnrolment::default(),
        json => serde_json::from_slice(json)
            .map_err(|error| ApiError::wrong_params(error.to_string()))?,
    };
    let way = new.way.unwrap_or_else(|| "command".to_owned());
    check_way(&way)?;
    if let Some(lending) = &new.lending {
        lending::check(lending)?;
    }
    let wish = EnrolmentWish {
        way: way.clone(),
        name: new.name.filter(|name| !name.is_empty()),
        lending: new.lending.as_ref().map(lending::value).transpose()?,
    };
    let name = wish.name.clone();
    let (id, token, until) = app.engine.new_enrolment(user, wish).await?;
    let server = &app.engine.policy().public_url;
    let disk = app.downloads.names().await;
    let disk = disk.iter().find(|name| name.ends_with(".qcow2"));
    let named = name.as_deref();
    let answer = v3::EnrolmentToken {
        kind: "enrolment_token".to_owned(),
        id: id.get(),
        token: token.reveal().to_owned(),
        expires_at: time(until),
        way,
        command: format!("travis worker --server {server} --token {}", token.reveal()),
        lines: join::lines(server, token.reveal(), named, disk.map(String::as_str)),
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// The tokens that one made in the last day, newest first.
#[utoipa::path(get, path = "/v3/enrolments",
    responses((status = 200, body = v3::Enrolments), (status = 403, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<v3::Enrolments>, ApiError> {
    let rows = app.engine.enrolments(&caller.0).await?;
    Ok(Json(v3::Enrolments {
        head: v3::Head::standard("enrolments", "/v3/enrolments".to_owned()),
        enrolments: shown(&app, &caller, rows).await?,
    }))
}

/// What became of a token, for whoever made it. The live topic `user:ID` says when it changes.
#[utoipa::path(get, path = "/v3/enrolment/{id}", params(("id" = i64, Path)),
    responses((status = 200, body = v3::Enrolment), (status = 404, body = ErrorBody)))]
pub(crate) async fn find(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<v3::Enrolment>, ApiError> {
    let row = app.engine.enrolment(&caller.0, EnrolmentId(id)).await?;
    one(&app, &caller, row).await
}

/// Changes what a machine is to be that has not come yet; its token stays the same.
#[utoipa::path(patch, path = "/v3/enrolment/{id}", params(("id" = i64, Path)), request_body = v3::EnrolmentChange,
    responses((status = 200, body = v3::Enrolment), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    JsonBody(change): JsonBody<v3::EnrolmentChange>,
) -> Result<Json<v3::Enrolment>, ApiError> {
    if let Some(way) = &change.way {
        check_way(way)?;
    }
    if let Some(lending) = &change.lending {
        lending::check(lending)?;
    }
    let change = EnrolmentChange {
        way: change.way,
        name: change.name,
        lending: change.lending.as_ref().map(lending::value).transpose()?,
    };
    let row = app
        .engine
        .change_enrolment(&caller.0, EnrolmentId(id), change)
        .await?;
    one(&app, &caller, row).await
}

/// Makes a token worthless.
#[utoipa::path(delete, path = "/v3/enrolment/{id}", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(crate) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode, ApiError> {
    app.engine
        .revoke_enrolment(&caller.0, EnrolmentId(id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn one(app: &App, caller: &Caller, row: Enrolment) -> Result<Json<v3::Enrolment>, ApiError> {
    let mut all = shown(app, caller, vec![row]).await?;
    all.pop()
        .map(Json)
        .ok_or_else(|| ApiError::not_found("enrolment"))
}

async fn shown(
    app: &App,
    caller: &Caller,
    rows: Vec<Enrolment>,
) -> Result<Vec<v3::Enrolment>, ApiError> {
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    let mut workers = Vec::new();
    for id in rows.iter().filter_map(|row| row.worker_id) {
        // Not by a list of identifiers, which knows removed ones, too.
        workers.extend(represent.reader.worker(id).await?);
    }
    let workers = represent.workers(workers).await?;
    let now = represent.now;
    Ok(rows
        .into_iter()
        .map(|row| {
            let state = if row.used_at.is_some() {
                "used"
            } else if row.revoked_at.is_some() {
                "revoked"
            } else if row.expires_at <= now {
                "expired"
            } else {
                "waiting"
            };
            let worker = row.worker_id.and_then(|id| {
                let mut workers = workers.iter();
                workers.find(|worker| worker.id == id.get()).cloned()
            });
            v3::Enrolment {
                head: v3::Head::standard("enrolment", format!("/v3/enrolment/{}", row.id)),
                id: row.id.get(),
                state: state.to_owned(),
                way: row.way,
                name: row.name,
                lending: row.lending.as_ref().and_then(lending::read),
                created_at: time(row.created_at),
                expires_at: time(row.expires_at),
                used_at: time_opt(row.used_at),
                worker,
            }
        })
        .collect())
}

/// The script that joins a machine, with this server's address in it.
pub(crate) async fn script(State(app): State<App>) -> Result<Response, ApiError> {
    let files = app.downloads.list().await;
    let files = files.map_err(|error| ApiError::internal(&error))?;
    let text = join::script(&app.engine.policy().public_url, &files);
    let headers = [
        // Browsers show it, so that people can read it first.
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((headers, text).into_response())
}

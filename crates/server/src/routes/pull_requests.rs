use crate::{
    App,
    access::Caller,
    error::{ApiError, JsonBody},
    represent::Represent,
    wire::{Paging, pagination},
};
use axum::{
    Json,
    extract::{Path, Query, State},
};
use std::collections::HashSet;
use travis_api::v3::{self, ErrorBody};
use travis_model::{Request, RequestId};
use travis_store::Page;

/// Requests that are looked through for pull requests.
const LOOKED_THROUGH: u64 = 2000;
const AT_ONCE: u64 = 200;

/// Pull requests that something was asked for, the newest activity first.
#[utoipa::path(get, path = "/v3/repo/{repository}/pull_requests",
    params(("repository" = String, Path), ("limit" = Option<u64>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = v3::PullRequests), (status = 404, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<v3::PullRequests>, ApiError> {
    let row = app.engine.repository(&caller.0, &key).await?;
    let page = paging.page()?;
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    let mut seen = HashSet::new();
    let mut newest: Vec<Request> = Vec::new();
    for offset in (0..LOOKED_THROUGH).step_by(AT_ONCE as usize) {
        let part = Page {
            offset,
            limit: AT_ONCE,
        };
        let found = represent.reader.requests(row.id, part).await?.items;
        let last = (found.len() as u64) < AT_ONCE;
        newest.extend(found.into_iter().filter(|request| {
            let pull = request.pull_request.as_ref();
            pull.is_some_and(|pull| seen.insert(pull.number))
        }));
        if last {
            break;
        }
    }
    let count = newest.len() as u64;
    let shown = newest
        .into_iter()
        .skip(usize::try_from(page.offset).unwrap_or(usize::MAX))
        .take(usize::try_from(page.limit).unwrap_or(usize::MAX))
        .collect();
    let href = format!("/v3/repo/{}/pull_requests", row.id);
    Ok(Json(v3::PullRequests {
        head: v3::Head::standard("pull_requests", href.clone()),
        pagination: pagination(&href, page, count),
        pull_requests: represent.pull_requests(&row, shown).await?,
    }))
}

/// Lets a held request go on; with `secrets` gives exactly its commit the repository's secrets.
/// The answer is the request that is built.
#[utoipa::path(post, path = "/v3/repo/{repository}/request/{id}/approve",
    params(("repository" = String, Path), ("id" = i64, Path)), request_body = v3::Approve,
    responses((status = 200, body = v3::Request), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub(crate) async fn approve(
    State(app): State<App>,
    caller: Caller,
    Path((key, id)): Path<(String, i64)>,
    JsonBody(wanted): JsonBody<v3::Approve>,
) -> Result<Json<v3::Request>, ApiError> {
    let repository = app.engine.repository(&caller.0, &key).await?;
    let request = app
        .engine
        .approve(&caller.0, &repository, RequestId(id), wanted.secrets)
        .await?;
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    let mut all = represent.requests(&repository, vec![request]).await?;
    all.pop()
        .map(Json)
        .ok_or_else(|| ApiError::not_found("request"))
}

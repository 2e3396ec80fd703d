use crate::{
    App,
    access::Caller,
    error::ApiError,
    represent::Represent,
    wire::{Paging, pagination},
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use travis_api::v3::{self, ErrorBody};
use travis_engine::Viewer;
use travis_model::{Delivery, DeliveryId, Repository};

/// Hooks' messages about a repository, newest first, with what came of each.
#[utoipa::path(get, path = "/v3/repo/{repository}/deliveries",
    params(("repository" = String, Path), ("limit" = Option<u64>, Query), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = v3::Deliveries), (status = 404, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<v3::Deliveries>, ApiError> {
    let row = app.engine.repository(&caller.0, &key).await?;
    let page = paging.page()?;
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    let found = represent.reader.deliveries(row.id, page).await?;
    let href = format!("/v3/repo/{}/deliveries", row.id);
    Ok(Json(v3::Deliveries {
        head: v3::Head::standard("deliveries", href.clone()),
        pagination: pagination(&href, page, found.count),
        deliveries: represent.deliveries(&row, found.items, false).await?,
    }))
}

async fn one(
    app: &App,
    viewer: &Viewer,
    repository: &Repository,
    row: Delivery,
    whole: bool,
) -> Result<Json<v3::Delivery>, ApiError> {
    let mut represent = Represent::new(&app.engine, viewer).await?;
    let mut all = represent.deliveries(repository, vec![row], whole).await?;
    all.pop()
        .map(Json)
        .ok_or_else(|| ApiError::not_found("delivery"))
}

/// A hook's message, with its headers and body: for whoever may push.
#[utoipa::path(get, path = "/v3/repo/{repository}/delivery/{id}",
    params(("repository" = String, Path), ("id" = i64, Path)),
    responses((status = 200, body = v3::Delivery), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn find(
    State(app): State<App>,
    caller: Caller,
    Path((key, id)): Path<(String, i64)>,
) -> Result<Json<v3::Delivery>, ApiError> {
    let repository = app.engine.repository(&caller.0, &key).await?;
    let row = app
        .engine
        .delivery(&caller.0, &repository, DeliveryId(id))
        .await?;
    one(&app, &caller.0, &repository, row, true).await
}

/// Works on a hook's message once more.
#[utoipa::path(post, path = "/v3/repo/{repository}/delivery/{id}/redeliver",
    params(("repository" = String, Path), ("id" = i64, Path)),
    responses((status = 202, body = v3::Delivery), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody)))]
pub(crate) async fn redeliver(
    State(app): State<App>,
    caller: Caller,
    Path((key, id)): Path<(String, i64)>,
) -> Result<(StatusCode, Json<v3::Delivery>), ApiError> {
    let repository = app.engine.repository(&caller.0, &key).await?;
    let row = app
        .engine
        .redeliver(&caller.0, &repository, DeliveryId(id))
        .await?;
    let answer = one(&app, &caller.0, &repository, row, false).await?;
    Ok((StatusCode::ACCEPTED, answer))
}

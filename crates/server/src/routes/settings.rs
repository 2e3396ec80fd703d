use crate::{
    App,
    access::Caller,
    error::{ApiError, JsonBody},
};
use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::Value;
use travis_api::v3::{self, ErrorBody};
use travis_engine::settings_list;
use travis_model::Repository;

fn setting(row: &Repository, name: &str, value: Value) -> v3::Setting {
    v3::Setting {
        head: v3::Head::standard("setting", format!("/v3/repo/{}/setting/{name}", row.id)),
        name: name.to_owned(),
        value,
    }
}

fn one(row: &Repository, name: &str) -> Result<Json<v3::Setting>, ApiError> {
    settings_list(&row.settings)
        .into_iter()
        .find(|(known, _)| *known == name)
        .map(|(name, value)| Json(setting(row, name, value)))
        .ok_or_else(|| ApiError::not_found("setting"))
}

/// What a repository's maintainers decided.
#[utoipa::path(get, path = "/v3/repo/{repository}/settings", params(("repository" = String, Path)),
    responses((status = 200, body = v3::Settings), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
) -> Result<Json<v3::Settings>, ApiError> {
    let row = app.engine.with_settings(&caller.0, &key).await?;
    Ok(Json(v3::Settings {
        head: v3::Head::standard("settings", format!("/v3/repo/{}/settings", row.id)),
        settings: settings_list(&row.settings)
            .into_iter()
            .map(|(name, value)| setting(&row, name, value))
            .collect(),
    }))
}

/// One setting.
#[utoipa::path(get, path = "/v3/repo/{repository}/setting/{name}",
    params(("repository" = String, Path), ("name" = String, Path)),
    responses((status = 200, body = v3::Setting), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn find(
    State(app): State<App>,
    caller: Caller,
    Path((key, name)): Path<(String, String)>,
) -> Result<Json<v3::Setting>, ApiError> {
    let row = app.engine.with_settings(&caller.0, &key).await?;
    one(&row, &name)
}

/// Changes a setting.
#[utoipa::path(patch, path = "/v3/repo/{repository}/setting/{name}",
    params(("repository" = String, Path), ("name" = String, Path)), request_body = v3::NewSetting,
    responses((status = 200, body = v3::Setting), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    Path((key, name)): Path<(String, String)>,
    JsonBody(new): JsonBody<v3::NewSetting>,
) -> Result<Json<v3::Setting>, ApiError> {
    let row = app
        .engine
        .change_setting(&caller.0, &key, &name, &new.value)
        .await?;
    one(&row, &name)
}

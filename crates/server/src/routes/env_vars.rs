use crate::{
    App,
    access::Caller,
    error::{ApiError, JsonBody},
    represent,
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use travis_api::v3::{self, ErrorBody};
use travis_engine::{EnvVarChange, Secret};
use travis_model::EnvVarId;

/// The variables of a repository. Values that are not public are never shown.
#[utoipa::path(get, path = "/v3/repo/{repository}/env_vars", params(("repository" = String, Path)),
    responses((status = 200, body = v3::EnvVars), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
) -> Result<Json<v3::EnvVars>, ApiError> {
    let repository = app.engine.repository(&caller.0, &key).await?;
    let rows = app.engine.env_vars(&caller.0, &key).await?;
    Ok(Json(v3::EnvVars {
        head: v3::Head::standard("env_vars", format!("/v3/repo/{}/env_vars", repository.id)),
        env_vars: rows
            .iter()
            .map(|row| represent::env_var(&repository, row))
            .collect(),
    }))
}

/// Sets a variable; one of the same name and branch is replaced.
#[utoipa::path(post, path = "/v3/repo/{repository}/env_vars", params(("repository" = String, Path)), request_body = v3::NewEnvVar,
    responses((status = 201, body = v3::EnvVar), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody)))]
pub(crate) async fn set(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
    JsonBody(new): JsonBody<v3::NewEnvVar>,
) -> Result<(StatusCode, Json<v3::EnvVar>), ApiError> {
    let repository = app.engine.repository(&caller.0, &key).await?;
    let value = Secret::new(new.value);
    let row = app
        .engine
        .set_env_var(
            &caller.0,
            &key,
            &new.name,
            &value,
            new.public,
            new.branch.as_deref(),
        )
        .await?;
    Ok((
        StatusCode::CREATED,
        Json(represent::env_var(&repository, &row)),
    ))
}

/// One variable.
#[utoipa::path(get, path = "/v3/repo/{repository}/env_var/{id}",
    params(("repository" = String, Path), ("id" = i64, Path)),
    responses((status = 200, body = v3::EnvVar), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn find(
    State(app): State<App>,
    caller: Caller,
    Path((key, id)): Path<(String, i64)>,
) -> Result<Json<v3::EnvVar>, ApiError> {
    let repository = app.engine.repository(&caller.0, &key).await?;
    let row = app.engine.env_var(&caller.0, &key, EnvVarId(id)).await?;
    Ok(Json(represent::env_var(&repository, &row)))
}

/// Changes a variable; what is not given stays.
#[utoipa::path(patch, path = "/v3/repo/{repository}/env_var/{id}", request_body = v3::ChangedEnvVar,
    params(("repository" = String, Path), ("id" = i64, Path)),
    responses((status = 200, body = v3::EnvVar), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    Path((key, id)): Path<(String, i64)>,
    JsonBody(changed): JsonBody<v3::ChangedEnvVar>,
) -> Result<Json<v3::EnvVar>, ApiError> {
    let repository = app.engine.repository(&caller.0, &key).await?;
    let change = EnvVarChange {
        name: changed.name,
        value: changed.value.map(Secret::new),
        public: changed.public,
        branch: changed.branch,
    };
    let row = app
        .engine
        .change_env_var(&caller.0, &key, EnvVarId(id), change)
        .await?;
    Ok(Json(represent::env_var(&repository, &row)))
}

/// Removes a variable.
#[utoipa::path(delete, path = "/v3/repo/{repository}/env_var/{id}",
    params(("repository" = String, Path), ("id" = i64, Path)),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path((key, id)): Path<(String, i64)>,
) -> Result<StatusCode, ApiError> {
    app.engine
        .remove_env_var(&caller.0, &key, EnvVarId(id))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

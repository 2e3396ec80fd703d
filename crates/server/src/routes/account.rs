use crate::{
    App,
    access::Caller,
    error::{ApiError, JsonBody},
    represent,
    wire::{time, time_opt},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use travis_api::v3::{self, ErrorBody};
use travis_model::{ApiToken, TokenId};

/// Who one is.
#[utoipa::path(get, path = "/v3/user", responses((status = 200, body = v3::User), (status = 403, body = ErrorBody)))]
pub(crate) async fn user(caller: Caller) -> Result<Json<v3::User>, ApiError> {
    Ok(Json(represent::user(caller.0.signed_in()?)))
}

fn token(row: ApiToken, shown: Option<String>) -> v3::ApiToken {
    v3::ApiToken {
        head: v3::Head::standard("token", format!("/v3/token/{}", row.id)),
        id: row.id.get(),
        name: row.name,
        token: shown,
        created_at: time(row.created_at),
        expires_at: time_opt(row.expires_at),
        last_used_at: time_opt(row.last_used_at),
    }
}

/// One's own API tokens, newest first.
#[utoipa::path(get, path = "/v3/tokens", responses((status = 200, body = v3::ApiTokens), (status = 403, body = ErrorBody)))]
pub(crate) async fn tokens(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<v3::ApiTokens>, ApiError> {
    let user = caller.0.signed_in()?;
    let rows = app
        .engine
        .store()
        .reader()
        .await?
        .api_tokens(user.id)
        .await?;
    Ok(Json(v3::ApiTokens {
        head: v3::Head::standard("tokens", "/v3/tokens".to_owned()),
        tokens: rows.into_iter().map(|row| token(row, None)).collect(),
    }))
}

/// Makes an API token. It is shown in this answer and never again.
#[utoipa::path(post, path = "/v3/tokens", request_body = v3::NewToken,
    responses((status = 201, body = v3::ApiToken), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody)))]
pub(crate) async fn create_token(
    State(app): State<App>,
    caller: Caller,
    JsonBody(new): JsonBody<v3::NewToken>,
) -> Result<(StatusCode, Json<v3::ApiToken>), ApiError> {
    let user = caller.0.signed_in()?;
    let (secret, row) = app
        .engine
        .new_api_token(user, &new.name, new.expires_in_days)
        .await?;
    Ok((
        StatusCode::CREATED,
        Json(token(row, Some(secret.reveal().to_owned()))),
    ))
}

/// Revokes one of one's own API tokens.
#[utoipa::path(delete, path = "/v3/token/{id}", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(crate) async fn revoke_token(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode, ApiError> {
    let user = caller.0.signed_in()?;
    app.engine.revoke_api_token(user, TokenId(id)).await?;
    app.hub.credential_ended(user.id);
    Ok(StatusCode::NO_CONTENT)
}

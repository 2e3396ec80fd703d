use crate::{
    App,
    access::Caller,
    error::{ApiError, JsonBody},
    represent::{self, Represent},
    wire::{time, time_opt},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use travis_api::v3::{self, ErrorBody};
use travis_model::{ApiToken, Scope, SessionId, TokenId};

/// Who one is.
#[utoipa::path(get, path = "/v3/user", responses((status = 200, body = v3::CurrentUser), (status = 403, body = ErrorBody)))]
pub(crate) async fn user(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<v3::CurrentUser>, ApiError> {
    let user = caller.0.signed_in()?;
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    Ok(Json(represent.current_user(user).await?))
}

/// Reads one's repositories from the forges again.
#[utoipa::path(post, path = "/v3/user/sync",
    responses((status = 202, body = v3::CurrentUser), (status = 403, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn sync(
    State(app): State<App>,
    caller: Caller,
) -> Result<(StatusCode, Json<v3::CurrentUser>), ApiError> {
    app.engine.start_sync(&caller.0).await?;
    let user = caller.0.signed_in()?;
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    let user = represent.current_user(user).await?;
    Ok((StatusCode::ACCEPTED, Json(user)))
}

/// One's own sessions, the last used first.
#[utoipa::path(get, path = "/v3/user/sessions", responses((status = 200, body = v3::Sessions), (status = 403, body = ErrorBody)))]
pub(crate) async fn sessions(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<v3::Sessions>, ApiError> {
    let rows = app.engine.sessions(&caller.0).await?;
    Ok(Json(v3::Sessions {
        head: v3::Head::standard("sessions", "/v3/user/sessions".to_owned()),
        sessions: rows
            .iter()
            .map(|row| represent::session(row, caller.0.session == Some(row.id)))
            .collect(),
    }))
}

/// Signs out everywhere else.
#[utoipa::path(delete, path = "/v3/user/sessions", responses((status = 204), (status = 403, body = ErrorBody)))]
pub(crate) async fn end_sessions(
    State(app): State<App>,
    caller: Caller,
) -> Result<StatusCode, ApiError> {
    app.engine.end_other_sessions(&caller.0).await?;
    app.hub.credential_ended(caller.0.signed_in()?.id);
    Ok(StatusCode::NO_CONTENT)
}

/// Ends one of one's own sessions.
#[utoipa::path(delete, path = "/v3/user/session/{id}", params(("id" = i64, Path)),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn end_session(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode, ApiError> {
    app.engine.end_session(&caller.0, SessionId(id)).await?;
    app.hub.credential_ended(caller.0.signed_in()?.id);
    Ok(StatusCode::NO_CONTENT)
}

fn token(row: ApiToken, shown: Option<String>) -> v3::ApiToken {
    v3::ApiToken {
        head: v3::Head::standard("token", format!("/v3/token/{}", row.id)),
        id: row.id.get(),
        name: row.name,
        scope: row.scope.as_str().to_owned(),
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
    let user = caller.0.signed_in_for(Scope::All)?;
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
    let user = caller.0.signed_in_for(Scope::All)?;
    let scope = Scope::parse(&new.scope)
        .ok_or_else(|| ApiError::wrong_params("scope: use read, build, settings or all"))?;
    let (secret, row) = app
        .engine
        .new_api_token(user, &new.name, scope, new.expires_in_days)
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
    let user = caller.0.signed_in_for(Scope::All)?;
    app.engine.revoke_api_token(user, TokenId(id)).await?;
    app.hub.credential_ended(user.id);
    Ok(StatusCode::NO_CONTENT)
}

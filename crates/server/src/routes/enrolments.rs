//! Tokens with which machines join, and what became of them.

use crate::{App, access::Caller, error::ApiError, routes::fleet::soon, wire::time};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use travis_api::v3::{self, ErrorBody};
use travis_model::Scope;

/// Makes a single-use token with which a machine joins.
#[utoipa::path(post, path = "/v3/workers/enrolment_token", request_body = v3::NewEnrolment,
    responses((status = 201, body = v3::EnrolmentToken), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody)))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
) -> Result<(StatusCode, Json<v3::EnrolmentToken>), ApiError> {
    let user = caller.0.signed_in_for(Scope::Settings)?;
    let (token, until) = app.engine.new_enrolment_token(user).await?;
    let command = format!(
        "travis worker --server {} --token {}",
        app.engine.policy().public_url,
        token.reveal()
    );
    let answer = v3::EnrolmentToken {
        kind: "enrolment_token".to_owned(),
        id: 0,
        token: token.reveal().to_owned(),
        expires_at: time(until),
        way: "command".to_owned(),
        lines: v3::JoinLines {
            one_command: command.clone(),
            one_command_wget: command.clone(),
            without_pipe: vec![command.clone()],
            service: vec![command.clone()],
            container: command.clone(),
            vm: command.clone(),
            qemu: vec![command.clone()],
            user_data: String::new(),
            smbios: String::new(),
            fw_cfg: Vec::new(),
        },
        command,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// The tokens that one made in the last day, newest first.
#[utoipa::path(get, path = "/v3/enrolments",
    responses((status = 200, body = v3::Enrolments), (status = 403, body = ErrorBody)))]
pub(crate) async fn list(
    State(_app): State<App>,
    _caller: Caller,
) -> Result<Json<v3::Enrolments>, ApiError> {
    Err(soon())
}

/// What became of a token, for whoever made it. The live topic `user:ID` says when it changes.
#[utoipa::path(get, path = "/v3/enrolment/{id}", params(("id" = i64, Path)),
    responses((status = 200, body = v3::Enrolment), (status = 404, body = ErrorBody)))]
pub(crate) async fn find(
    State(_app): State<App>,
    _caller: Caller,
    Path(_id): Path<i64>,
) -> Result<Json<v3::Enrolment>, ApiError> {
    Err(soon())
}

/// Makes a token worthless.
#[utoipa::path(delete, path = "/v3/enrolment/{id}", params(("id" = i64, Path)),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(crate) async fn revoke(
    State(_app): State<App>,
    _caller: Caller,
    Path(_id): Path<i64>,
) -> Result<StatusCode, ApiError> {
    Err(soon())
}

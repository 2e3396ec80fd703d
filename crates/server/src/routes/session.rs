//! Signing in by a one-time link, and out.

use crate::{
    App,
    access::{Caller, cookie_name, session_cookie},
    error::ApiError,
};
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::time::Duration;

pub(super) fn cookie(app: &App, value: &str, age: Duration) -> String {
    let secure = if app.secure_cookies { "; Secure" } else { "" };
    format!(
        "{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}",
        cookie_name(app.secure_cookies),
        age.as_secs()
    )
}

/// Uses up a one-time link.
pub(crate) async fn sign_in_by_link(
    State(app): State<App>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let agent = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match app.engine.sign_in_by_link(&token, agent).await {
        Ok((session, age)) => {
            let headers = [
                (header::SET_COOKIE, cookie(&app, session.reveal(), age)),
                (header::LOCATION, "/".to_owned()),
                (header::CACHE_CONTROL, "no-store".to_owned()),
            ];
            Ok((StatusCode::SEE_OTHER, headers).into_response())
        }
        // The page explains what to do with a link that was used.
        Err(travis_engine::EngineError::Unauthorized) => Ok((
            StatusCode::SEE_OTHER,
            [(header::LOCATION, "/sign-in?link=used")],
        )
            .into_response()),
        Err(error) => Err(error.into()),
    }
}

/// Ends the session of this browser.
pub(crate) async fn sign_out(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(session) = session_cookie(&app, &headers) {
        app.engine.sign_out(&session).await?;
        if let Some(user) = &caller.0.user {
            app.hub.credential_ended(user.id);
        }
    }
    Ok((
        StatusCode::NO_CONTENT,
        [(header::SET_COOKIE, cookie(&app, "", Duration::ZERO))],
    )
        .into_response())
}

//! Signing in with a forge: there and back again. Pages, not calls: the answers send the browser on.

use crate::{
    App,
    access::{self, Caller, session_cookie},
    error::ApiError,
    routes::session::cookie,
};
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use serde::Deserialize;
use travis_engine::{Arrival, EngineError, SignInError, Vault};
use travis_model::ForgeId;

/// How long somebody may be on the way, in seconds.
const ON_THE_WAY: u32 = 600;

#[derive(Deserialize)]
pub(crate) struct Going {
    next: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Coming {
    code: Option<String>,
    state: Option<String>,
}

/// Name of the cookie that stays in the browser while its person is at the forge.
const fn browser_name(secure: bool) -> &'static str {
    if secure {
        "__Host-travis_browser"
    } else {
        "travis_browser"
    }
}

/// What stays in this browser; empty when nothing does.
pub(crate) fn browser(app: &App, headers: &HeaderMap) -> String {
    access::cookie_value(headers, browser_name(app.secure_cookies)).unwrap_or_default()
}

/// What is to stay in this browser: what is there already, so that two tabs don't disturb each
/// other, else something new. With the header that keeps it for ten more minutes.
pub(crate) fn new_browser(app: &App, headers: &HeaderMap) -> Result<(String, String), ApiError> {
    let there = browser(app, headers);
    let ours = there.strip_prefix("browser_").is_some_and(|rest| {
        rest.len() == 64 && rest.bytes().all(|letter| letter.is_ascii_hexdigit())
    });
    let value = if ours {
        there
    } else {
        let token = Vault::new_token("browser").map_err(EngineError::from)?;
        token.reveal().to_owned()
    };
    let name = browser_name(app.secure_cookies);
    let secure = if app.secure_cookies { "; Secure" } else { "" };
    let header =
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={ON_THE_WAY}{secure}");
    Ok((value, header))
}

/// Sends the browser on.
pub(crate) fn see_other(place: &str) -> Response {
    let headers = [
        (header::LOCATION, place.to_owned()),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Sends the browser to a forge.
pub(crate) async fn leave(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    Query(going): Query<Going>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (browser, keep) = new_browser(&app, &headers)?;
    let next = going.next.as_deref();
    let begun = app
        .engine
        .begin_sign_in(ForgeId(id), &browser, next, &caller.0);
    match begun.await {
        Ok(url) => {
            Ok((AppendHeaders([(header::SET_COOKIE, keep)]), see_other(&url)).into_response())
        }
        Err(EngineError::Forge(error)) => {
            tracing::warn!(forge = id, %error, "nobody can sign in with a forge");
            Ok(see_other("/sign-in?error=forge"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes the browser back and begins a session.
pub(crate) async fn arrive(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    Query(coming): Query<Coming>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let browser = browser(&app, &headers);
    let session = session_cookie(&app, &headers);
    let agent = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok());
    let arrival = Arrival {
        code: coming.code.as_deref(),
        state: coming.state.as_deref().unwrap_or_default(),
        browser: &browser,
        session: session.as_deref(),
        viewer: &caller.0,
        user_agent: agent.unwrap_or_default(),
    };
    match app.engine.finish_sign_in(ForgeId(id), arrival).await {
        Ok(done) => {
            if let Some(before) = done.before {
                app.hub.credential_ended(before);
            }
            let kept = cookie(&app, done.session.reveal(), done.lasts);
            Ok((
                AppendHeaders([(header::SET_COOKIE, kept)]),
                see_other(&done.next),
            )
                .into_response())
        }
        Err(SignInError::Engine(error @ EngineError::Store(_))) => Err(error.into()),
        Err(error) => {
            if let SignInError::Forge(_) | SignInError::Engine(_) = &error {
                tracing::warn!(forge = id, %error, "somebody could not be signed in");
            }
            Ok(see_other(&format!("/sign-in?error={}", error.word())))
        }
    }
}

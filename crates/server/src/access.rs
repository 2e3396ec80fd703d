//! Who calls: a browser's cookie, or a token in the header `Authorization`.

use crate::{App, error::ApiError};
use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
};
use travis_engine::Viewer;

/// Sent by our own page with calls that change something: a foreign page can't send it, so a
/// cookie alone is not enough.
const OWN_PAGE: &str = "x-requested-with";

/// The viewer of a call.
pub(crate) struct Caller(pub Viewer);

/// The session's token in the cookie.
pub(crate) fn session_cookie(app: &App, headers: &HeaderMap) -> Option<String> {
    cookie_value(headers, cookie_name(app.secure_cookies))
}

/// The value of a cookie.
pub(crate) fn cookie_value(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// Name of the cookie. With https the prefix makes browsers insist on https and this very host.
pub(crate) const fn cookie_name(secure: bool) -> &'static str {
    if secure {
        "__Host-travis_session"
    } else {
        "travis_session"
    }
}

/// The token in `Authorization: token T`, `Bearer T`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("token") || scheme.eq_ignore_ascii_case("bearer"))
        .then(|| token.trim())
}

/// Who a header names, whatever is asked for.
pub(crate) async fn viewer(app: &App, headers: &HeaderMap) -> Result<Viewer, ApiError> {
    if headers.contains_key(header::AUTHORIZATION) {
        let token = bearer(headers).ok_or_else(|| {
            ApiError::new(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "send the token as: Authorization: token YOUR-TOKEN",
            )
        })?;
        return Ok(app.engine.viewer_by_token(token).await?);
    }
    match session_cookie(app, headers) {
        Some(session) => Ok(app.engine.viewer_by_session(&session).await?),
        None => Ok(Viewer::default()),
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let viewer = viewer(app, &parts.headers).await?;
        let changes = !matches!(parts.method, Method::GET | Method::HEAD);
        let by_cookie = viewer.user.is_some() && !parts.headers.contains_key(header::AUTHORIZATION);
        if changes && by_cookie && !parts.headers.contains_key(OWN_PAGE) {
            return Err(ApiError::new(
                StatusCode::FORBIDDEN,
                "csrf",
                "calls by cookie that change something need the header X-Requested-With: travis",
            ));
        }
        Ok(Self(viewer))
    }
}

/// Whether a websocket was opened by our own page.
pub(crate) fn same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        // No browser sent it; such clients carry a token or nothing.
        return true;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    origin
        .to_str()
        .ok()
        .and_then(|origin| origin.split_once("://"))
        .is_some_and(|(_, origin)| Some(origin) == host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    name.parse::<header::HeaderName>().unwrap(),
                    value.parse().unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn only_our_own_page_opens_the_live_channel() {
        assert!(same_origin(&headers(&[
            ("origin", "http://ci.example:80"),
            ("host", "ci.example:80")
        ])));
        assert!(!same_origin(&headers(&[
            ("origin", "http://evil.example"),
            ("host", "ci.example")
        ])));
        assert!(!same_origin(&headers(&[
            ("origin", "null"),
            ("host", "ci.example")
        ])));
        assert!(same_origin(&headers(&[("host", "ci.example")])));
    }

    #[test]
    fn both_schemes_of_tokens_are_read() {
        assert_eq!(
            bearer(&headers(&[("authorization", "token abc")])),
            Some("abc")
        );
        assert_eq!(
            bearer(&headers(&[("authorization", "Bearer abc")])),
            Some("abc")
        );
        assert_eq!(bearer(&headers(&[("authorization", "Basic abc")])), None);
    }
}

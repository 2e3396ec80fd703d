//! Gitea's pages: consent and tokens.

use super::refusal;
use crate::forge::Forge;
use crate::http::{Answer, Call, Reply};
use crate::oauth::{self, Refusal};
use axum::http::Method;
use serde_json::json;

/// Seconds that an access token is good for.
const SECONDS: i64 = 3600;

/// Answers what is not below the API.
pub fn answer(forge: &Forge, call: &Call, path: &[&str]) -> Answer {
    let post = call.method == Method::POST;
    match path {
        ["login", "oauth", "authorize"] => {
            if call.parameter("response_type") != Some("code") {
                let why = "<p>Only code response type is supported.</p>";
                return Err(Reply::page(400, "Authorization failed", why));
            }
            if post {
                oauth::agree(forge, call)
            } else {
                oauth::ask(forge, call)
            }
        }
        ["login", "oauth", "access_token"] if post => Ok(token(forge, call)),
        ["login", "oauth", "userinfo"] => Err(refusal(401, "no token")),
        [owner, name, ..] if forge.state().repo_id(owner, name).is_some() => {
            let title = format!("{owner}/{name}");
            Ok(Reply::page(200, &title, "<p>a repository</p>"))
        }
        [] => Ok(Reply::page(200, "Fake Gitea", "<p>nothing to see</p>")),
        _ => Ok(Reply::page(404, "Not found", "<p>not here</p>")),
    }
}

fn token(forge: &Forge, call: &Call) -> Reply {
    let grant = match oauth::redeem(forge, call) {
        Ok(grant) => grant,
        Err(refusal) => {
            let (error, text) = match refusal {
                Refusal::Client => ("invalid_client", "cannot load client with client id"),
                Refusal::Code => ("unauthorized_client", "client is not authorized"),
                Refusal::Redirect => ("unauthorized_client", "unexpected redirect URI"),
                Refusal::Refresh => ("unauthorized_client", "unable to parse refresh token"),
                Refusal::GrantType => (
                    "unsupported_grant_type",
                    "Only refresh_token or authorization_code grant type is supported",
                ),
            };
            return Reply::json(400, &json!({"error": error, "error_description": text}));
        }
    };
    let (access, refresh) = oauth::tokens(forge, &grant, ("gta_", "gtr_"), Some(SECONDS));
    Reply::json(
        200,
        &json!({"access_token": access, "token_type": "bearer", "expires_in": SECONDS,
            "refresh_token": refresh}),
    )
}

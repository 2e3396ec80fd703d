//! GitLab's pages: consent and tokens.

use super::refusal;
use crate::forge::Forge;
use crate::http::{Answer, Call, Reply};
use crate::oauth::{self, Refusal};
use crate::state::apps::Holder;
use crate::state::epoch;
use axum::http::Method;
use serde_json::json;

/// Seconds that an access token is good for.
const SECONDS: i64 = 7200;

/// Answers what is not below the API.
pub fn answer(forge: &Forge, call: &Call, path: &[&str]) -> Answer {
    let post = call.method == Method::POST;
    match path {
        ["oauth", "authorize"] => {
            if call.parameter("response_type") != Some("code") {
                let why = "<p>The authorization server does not support this response type.</p>";
                return Err(Reply::page(400, "An error has occurred", why));
            }
            if post {
                oauth::agree(forge, call)
            } else {
                oauth::ask(forge, call)
            }
        }
        ["oauth", "token"] if post => Ok(token(forge, call)),
        ["oauth", "revoke"] if post => revoke(forge, call),
        ["oauth", "token", "info"] => info(forge, call),
        [space @ .., name] if forge.state().repo_id(&space.join("/"), name).is_some() => {
            Ok(Reply::page(200, &path.join("/"), "<p>a project</p>"))
        }
        [owner, name, ..] if forge.state().repo_id(owner, name).is_some() => {
            let title = format!("{owner}/{name}");
            Ok(Reply::page(200, &title, "<p>a project</p>"))
        }
        [] => Ok(Reply::page(200, "Fake GitLab", "<p>nothing to see</p>")),
        _ => Ok(Reply::page(404, "Not found", "<p>not here</p>")),
    }
}

fn denied(status: u16, error: &str, text: &str) -> Reply {
    Reply::json(status, &json!({"error": error, "error_description": text}))
}

const UNKNOWN_CLIENT: &str = "Client authentication failed due to unknown client, no client \
                              authentication included, or unsupported authentication method.";

fn token(forge: &Forge, call: &Call) -> Reply {
    let fields = call.fields();
    let Some(kind) = fields.get("grant_type") else {
        let text = "Missing required parameter: grant_type.";
        return denied(400, "invalid_request", text);
    };
    if kind == "authorization_code" && !fields.contains_key("redirect_uri") {
        let text = "Missing required parameter: redirect_uri.";
        return denied(400, "invalid_request", text);
    }
    let grant = match oauth::redeem(forge, call) {
        Ok(grant) => grant,
        Err(Refusal::Client) => return denied(401, "invalid_client", UNKNOWN_CLIENT),
        Err(Refusal::GrantType) => {
            let text = "The authorization grant type is not supported by the authorization server.";
            return denied(400, "unsupported_grant_type", text);
        }
        Err(Refusal::Code | Refusal::Redirect | Refusal::Refresh) => {
            let text = "The provided authorization grant is invalid, expired, revoked, does not \
                        match the redirection URI used in the authorization request, or was \
                        issued to another client.";
            return denied(400, "invalid_grant", text);
        }
    };
    // Without a wish the client gets its default scope.
    let mut grant = grant;
    if grant.scope.is_empty() {
        "api".clone_into(&mut grant.scope);
    }
    let (access, refresh) = oauth::tokens(forge, &grant, ("gloat-", "glort-"), Some(SECONDS));
    Reply::json(
        200,
        &json!({"access_token": access, "token_type": "Bearer", "expires_in": SECONDS,
            "refresh_token": refresh, "scope": grant.scope, "created_at": epoch()}),
    )
}

/// `POST /oauth/revoke`: also a token that is none is gone afterwards.
fn revoke(forge: &Forge, call: &Call) -> Answer {
    let mut fields = call.fields();
    if let Some((user, password)) = crate::http::basic(&call.headers) {
        fields.insert("client_id".to_owned(), user);
        fields.insert("client_secret".to_owned(), password);
    }
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let mut state = forge.state();
    let client = state.client(field("client_id"));
    if client.is_none_or(|client| client.client_secret != field("client_secret")) {
        let text = "You are not authorized to revoke this token";
        return Err(denied(403, "unauthorized_client", text));
    }
    let id = field("client_id");
    let own = state.tokens.get(field("token")).is_some_and(|token| {
        let of = match &token.holder {
            Holder::Person { client_id, .. } => client_id.as_deref(),
            Holder::Refresh { client_id, .. } => Some(client_id.as_str()),
            Holder::Installation { .. } => None,
        };
        of == Some(id)
    });
    if own {
        state.tokens.remove(field("token"));
    }
    Reply::ok(&json!({}))
}

fn info(forge: &Forge, call: &Call) -> Answer {
    let state = forge.state();
    let token = call.bearer().or_else(|| call.parameter("access_token"));
    let token = token.and_then(|token| state.token(token));
    let Some((token, Holder::Person { login, client_id })) =
        token.map(|token| (token, &token.holder))
    else {
        return Err(refusal(401, "401 Unauthorized"));
    };
    let scopes: Vec<&str> = token.scope.split([',', ' ']).collect();
    let left = token.expires.map(|end| end - epoch());
    Reply::ok(
        &json!({"resource_owner_id": state.account(login).map(|one| one.id), "scope": scopes,
        "expires_in": left, "application": {"uid": client_id}, "created_at": epoch(),
        "scopes": scopes, "expires_in_seconds": left}),
    )
}

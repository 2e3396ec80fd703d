//! GitHub's pages: consent, App manifests, installing an App.

use super::{install, manifest};
use crate::forge::Forge;
use crate::http::{Answer, Call, Reply};
use crate::oauth::{self, Refusal};
use axum::http::Method;
use serde_json::json;

/// Answers what is not below the API.
pub fn answer(forge: &Forge, call: &Call, path: &[&str]) -> Answer {
    let post = call.method == Method::POST;
    match path {
        ["login", "oauth", "authorize"] if post => oauth::agree(forge, call),
        ["login", "oauth", "authorize"] => oauth::ask(forge, call),
        ["login", "oauth", "access_token"] if post => Ok(token(forge, call)),
        ["settings", "apps", "new"] | ["organizations", _, "settings", "apps", "new"] if post => {
            manifest::ask(forge, call, path)
        }
        ["apps", slug, "installations", "new"] | ["github-apps", slug, "installations", "new"] => {
            if post {
                install::install_page_done(forge, call, slug)
            } else {
                install::install_page(forge, call, slug)
            }
        }
        [owner, name, ..] if forge.state().repo_id(owner, name).is_some() => Ok(Reply::page(
            200,
            &format!("{owner}/{name}"),
            "<p>a repository</p>",
        )),
        [] => Ok(Reply::page(200, "Fake GitHub", "<p>nothing to see</p>")),
        _ => Ok(Reply::page(404, "Not found", "<p>not here</p>")),
    }
}

fn token(forge: &Forge, call: &Call) -> Reply {
    let grant = match oauth::redeem(forge, call) {
        Ok(grant) => grant,
        Err(refusal) => {
            let (error, text) = match refusal {
                Refusal::Client => (
                    "incorrect_client_credentials",
                    "The client_id and/or client_secret passed are incorrect.",
                ),
                Refusal::Code => (
                    "bad_verification_code",
                    "The code passed is incorrect or expired.",
                ),
                Refusal::Redirect => (
                    "redirect_uri_mismatch",
                    "The redirect_uri MUST match the registered callback URL for this application.",
                ),
                Refusal::Refresh => (
                    "bad_refresh_token",
                    "The refresh token passed is incorrect or expired.",
                ),
                Refusal::GrantType => {
                    ("unsupported_grant_type", "The grant_type is not supported.")
                }
            };
            return shaped(
                call,
                &[
                    ("error", error.to_owned()),
                    ("error_description", text.to_owned()),
                ],
            );
        }
    };
    if grant.client.app.is_none() {
        let scope = grant.scope.replace(' ', ",");
        let (access, _) = oauth::tokens(forge, &grant, ("gho_", "ghr_"), None);
        return shaped(
            call,
            &[
                ("access_token", access),
                ("scope", scope),
                ("token_type", "bearer".to_owned()),
            ],
        );
    }
    let (access, refresh) = oauth::tokens(forge, &grant, ("ghu_", "ghr_"), Some(28_800));
    shaped(
        call,
        &[
            ("access_token", access),
            ("expires_in", "28800".to_owned()),
            ("refresh_token", refresh.unwrap_or_default()),
            ("refresh_token_expires_in", "15897600".to_owned()),
            ("scope", String::new()),
            ("token_type", "bearer".to_owned()),
        ],
    )
}

/// JSON when asked for, a form otherwise. Numbers are numbers in JSON.
fn shaped(call: &Call, fields: &[(&str, String)]) -> Reply {
    if call
        .header("accept")
        .is_some_and(|kind| kind.contains("json"))
    {
        let mut value = json!({});
        for (name, text) in fields {
            value[*name] = match text.parse::<u64>() {
                Ok(number) if name.ends_with("expires_in") => json!(number),
                _ => json!(text),
            };
        }
        return Reply::json(200, &value);
    }
    let text = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    Reply::bytes(
        200,
        "application/x-www-form-urlencoded; charset=utf-8",
        text.into_bytes(),
    )
}

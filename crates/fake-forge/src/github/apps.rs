//! Apps, their installations, and OAuth grants.

use super::{Api, Who, hooks, install, invalid, manifest, render};
use crate::http::{Answer, Reply, basic};
use crate::state::apps::{Holder, Installation};
use crate::state::{State, epoch};
use axum::http::Method;
use serde_json::{Value, json};

fn app_only(api: &Api<'_>) -> Result<u64, Reply> {
    match api.who {
        Who::App(id) => Ok(id),
        _ => Err(Reply::message(401, "A JSON web token could not be decoded")),
    }
}

/// Answers the routes of Apps.
pub fn answer(api: &Api<'_>, path: &[&str]) -> Answer {
    let method = &api.call.method;
    match path {
        ["app-manifests", code, "conversions"] => manifest::convert(api.forge, api.call, code),
        ["applications", client, what @ ("grant" | "token")] => grants(api, client, what),
        ["user", "installations", rest @ ..] => of_person(api, rest),
        ["installation", "repositories"] => {
            let Who::Installation { id, repos, .. } = &api.who else {
                return Err(Reply::message(
                    403,
                    "You must authenticate with an installation access token in order to list repositories for an installation.",
                ));
            };
            let state = api.state();
            let row = state.installations.get(id).ok_or_else(Reply::not_found)?;
            let mut ids = state.repos_of(row);
            ids.retain(|one| repos.as_ref().is_none_or(|some| some.contains(one)));
            Ok(repositories(api, &state, ids))
        }
        ["installation", "token"] if method == Method::DELETE => {
            if let Some(token) = api.call.bearer() {
                api.state().tokens.remove(token);
            }
            Ok(Reply::empty(204))
        }
        ["app", rest @ ..] => of_app(api, app_only(api)?, rest),
        _ => Err(Reply::not_found()),
    }
}

fn of_app(api: &Api<'_>, app: u64, path: &[&str]) -> Answer {
    let url = api.forge.url();
    let hook = {
        let state = api.state();
        state.apps.get(&app).ok_or_else(Reply::not_found)?.hook
    };
    let own = |state: &State, id: &str| -> Result<Installation, Reply> {
        id.parse()
            .ok()
            .and_then(|id: u64| state.installations.get(&id))
            .filter(|one| one.app == app)
            .cloned()
            .ok_or_else(Reply::not_found)
    };
    match path {
        [] => {
            let state = api.state();
            let row = state.apps.get(&app).ok_or_else(Reply::not_found)?;
            let mut value = render::app(url, &state, row);
            let count = state
                .installations
                .values()
                .filter(|one| one.app == app)
                .count();
            value["installations_count"] = json!(count);
            Reply::ok(&value)
        }
        ["installations"] => {
            let state = api.state();
            let rows: Vec<&Installation> = state
                .installations
                .values()
                .filter(|one| one.app == app)
                .collect();
            Ok(api.list(rows, |one| render::installation(url, &state, one)))
        }
        ["installations", id] if api.call.method == Method::DELETE => {
            let row = own(&api.state(), id)?;
            install::uninstall(api.forge, row.id);
            Ok(Reply::empty(204))
        }
        ["installations", id] => {
            let state = api.state();
            let row = own(&state, id)?;
            Reply::ok(&render::installation(url, &state, &row))
        }
        ["installations", id, "access_tokens"] if api.call.method == Method::POST => {
            let row = own(&api.state(), id)?;
            new_token(api, &row)
        }
        ["hook", "config"] => {
            if api.call.method == Method::PATCH {
                let config = api.call.json()?;
                let mut state = api.state();
                if let Some(row) = state.hooks.get_mut(&hook) {
                    hooks::configure(row, &config);
                    row.active = !row.url.is_empty();
                }
            }
            let state = api.state();
            let row = state.hooks.get(&hook).ok_or_else(Reply::not_found)?;
            Reply::ok(&render::hook_config(row))
        }
        ["hook", "deliveries", rest @ ..] => hooks::deliveries(api, hook, rest),
        _ => Err(Reply::not_found()),
    }
}

fn new_token(api: &Api<'_>, installation: &Installation) -> Answer {
    let body = api.call.json()?;
    if installation.suspended {
        return Err(Reply::message(403, "This installation has been suspended"));
    }
    let mut state = api.state();
    let reached = state.repos_of(installation);
    let mut chosen: Option<Vec<u64>> = None;
    for id in body["repository_ids"].as_array().into_iter().flatten() {
        chosen.get_or_insert_default().extend(id.as_u64());
    }
    for name in body["repositories"].as_array().into_iter().flatten() {
        let id = name
            .as_str()
            .and_then(|name| state.repo_id(&installation.account, name));
        chosen.get_or_insert_default().push(id.unwrap_or(0));
    }
    if chosen
        .as_ref()
        .is_some_and(|ids| ids.iter().any(|id| !reached.contains(id)))
    {
        return Err(Reply::message(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        ));
    }
    let granted = state
        .apps
        .get(&installation.app)
        .map(|app| app.permissions.clone())
        .unwrap_or_default();
    let mut permissions = granted.clone();
    if let Value::Object(asked) = &body["permissions"] {
        let rank = |value: Option<&Value>| match value.and_then(Value::as_str) {
            Some("read") => 1,
            Some("write") => 2,
            Some("admin") => 3,
            _ => 0,
        };
        if asked
            .iter()
            .any(|(name, value)| rank(Some(value)) > rank(granted.get(name)))
        {
            return Err(Reply::message(
                422,
                "The permissions requested are not granted to this installation.",
            ));
        }
        permissions = asked.clone();
    }
    permissions
        .entry("metadata".to_owned())
        .or_insert_with(|| json!("read"));
    let holder = Holder::Installation {
        id: installation.id,
        repos: chosen.clone(),
        permissions: permissions.clone(),
    };
    let token = state.issue("ghs_", holder, "", Some(3600));
    let ends = jiff::Timestamp::from_second(epoch() + 3600)
        .map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
        .unwrap_or_default();
    let selection = if installation.repos.is_some() || chosen.is_some() {
        "selected"
    } else {
        "all"
    };
    let mut value = json!({"token": token, "expires_at": ends, "permissions": permissions,
        "repository_selection": selection});
    if let Some(ids) = chosen {
        let rows = ids.iter().filter_map(|id| state.repos.get(id));
        let rows: Vec<Value> = rows
            .map(|row| render::repo(api.forge.url(), &state, row, None))
            .collect();
        value["repositories"] = json!(rows);
    }
    Ok(Reply::json(201, &value))
}

fn repositories(api: &Api<'_>, state: &State, ids: Vec<u64>) -> Reply {
    let rows: Vec<_> = ids.iter().filter_map(|id| state.repos.get(id)).collect();
    api.counted("repositories", rows, |row| {
        render::repo(api.forge.url(), state, row, api.allowed(state, row))
    })
}

fn of_person(api: &Api<'_>, path: &[&str]) -> Answer {
    let login = api.person()?.to_owned();
    let Who::Person { app: Some(app), .. } = api.who else {
        return Err(Reply::message(
            403,
            "You must authenticate with an access token authorized to a GitHub App in order to list installations",
        ));
    };
    let state = api.state();
    let sees = |one: &Installation| {
        one.app == app
            && (one.account.eq_ignore_ascii_case(&login)
                || state.org_role(&one.account, &login).is_some()
                || state.repos_of(one).iter().any(|id| {
                    let row = state.repos.get(id);
                    row.is_some_and(|row| state.granted(row, &login).is_some())
                }))
    };
    match path {
        [] => {
            let rows: Vec<&Installation> = state
                .installations
                .values()
                .filter(|one| sees(one))
                .collect();
            Ok(api.counted("installations", rows, |one| {
                render::installation(api.forge.url(), &state, one)
            }))
        }
        [id, "repositories"] => {
            let row = id
                .parse()
                .ok()
                .and_then(|id: u64| state.installations.get(&id))
                .filter(|one| sees(one))
                .ok_or_else(Reply::not_found)?;
            let mut ids = state.repos_of(row);
            ids.retain(|id| {
                let row = state.repos.get(id);
                row.is_some_and(|row| state.level(row, &login).is_some())
            });
            Ok(repositories(api, &state, ids))
        }
        _ => Err(Reply::not_found()),
    }
}

fn grants(api: &Api<'_>, client_id: &str, what: &str) -> Answer {
    let known = basic(&api.call.headers).filter(|(user, password)| {
        user == client_id
            && api
                .state()
                .client(client_id)
                .is_some_and(|client| client.client_secret == *password)
    });
    if known.is_none() {
        return Err(Reply::not_found());
    }
    let body = api.call.json()?;
    let token = body["access_token"]
        .as_str()
        .ok_or_else(|| invalid("OauthAccess", "access_token", "missing_field"))?;
    let mut state = api.state();
    let holder = state.token(token).map(|token| token.holder.clone());
    let Some(Holder::Person {
        login,
        client_id: Some(owner),
    }) = holder
    else {
        return Err(Reply::not_found());
    };
    if owner != client_id {
        return Err(Reply::not_found());
    }
    if api.call.method == Method::POST && what == "token" {
        let scope = state
            .token(token)
            .map(|one| one.scope.clone())
            .unwrap_or_default();
        let scopes: Vec<&str> = scope
            .split([',', ' '])
            .filter(|one| !one.is_empty())
            .collect();
        let user = render::by_login(api.forge.url(), &state, &login);
        return Reply::ok(&json!({"token": token, "scopes": scopes, "user": user}));
    }
    if api.call.method != Method::DELETE {
        return Err(Reply::not_found());
    }
    if what == "token" {
        state.tokens.remove(token);
    } else {
        state.tokens.retain(|_, one| match &one.holder {
            Holder::Person {
                login: other,
                client_id: Some(id),
            } => !(id == client_id && *other == login),
            Holder::Refresh {
                login: other,
                client_id: id,
            } => !(id == client_id && *other == login),
            _ => true,
        });
    }
    Ok(Reply::empty(204))
}

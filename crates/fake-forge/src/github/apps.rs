//! Apps, their installations, and OAuth grants.

use super::{Api, Who, hooks, invalid, manifest, render};
use crate::delivery;
use crate::events::Notice;
use crate::forge::Forge;
use crate::http::{Answer, Call, Reply, basic, encoded, escaped};
use crate::state::apps::{Holder, Installation};
use crate::state::{State, epoch, now};
use axum::http::Method;
use serde_json::{Map, Value, json};

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
            uninstall(api.forge, row.id);
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

/// The page that asks where an App is to be installed.
pub fn install_page(forge: &Forge, call: &Call, slug: &str) -> Answer {
    let state = forge.state();
    let app = state
        .apps
        .values()
        .find(|app| app.slug == slug)
        .ok_or_else(|| Reply::page(404, "Not found", "<p>no such App</p>"))?;
    let action = escaped(&format!("{}?{}", call.path, call.query_text));
    let forms: String = state
        .accounts
        .iter()
        .map(|account| {
            let login = escaped(&account.login);
            let repos: String = state
                .repos
                .values()
                .filter(|repo| repo.owner == account.login)
                .take(50)
                .map(|repo| {
                    let name = escaped(&repo.full_name());
                    format!("<label><input type=\"checkbox\" name=\"repository\" value=\"{}\"> {name}</label> ", repo.id)
                })
                .collect();
            format!(
                "<section><h2>{login}</h2><form method=\"post\" action=\"{action}\">\
                 <input type=\"hidden\" name=\"account\" value=\"{login}\">{repos}\
                 <button name=\"selection\" value=\"all\">Install on all repositories of {login}</button> \
                 <button name=\"selection\" value=\"selected\">Install on selected repositories of {login}</button>\
                 </form></section>"
            )
        })
        .collect();
    Ok(Reply::page(200, &format!("Install {}", app.name), &forms))
}

/// What follows a button of that page.
pub fn install_page_done(forge: &Forge, call: &Call, slug: &str) -> Answer {
    let fields = crate::http::pairs(&call.body);
    let field = |name: &str| {
        fields
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    };
    let account = field("account")
        .ok_or_else(|| Reply::page(422, "Can't install", "<p>choose an account</p>"))?;
    let selected = field("selection").as_deref() == Some("selected");
    let chosen = selected.then(|| {
        let ids = fields.iter().filter(|(key, _)| key == "repository");
        ids.filter_map(|(_, id)| id.parse().ok()).collect()
    });
    let (app, setup) = {
        let state = forge.state();
        let app = state
            .apps
            .values()
            .find(|app| app.slug == slug)
            .ok_or_else(Reply::not_found)?;
        (app.id, app.setup_url.clone())
    };
    let id = install(forge, app, &account, chosen, &account);
    let Some(setup) = setup else {
        return Ok(Reply::page(200, "Installed", "<p>done</p>"));
    };
    let separator = if setup.contains('?') { '&' } else { '?' };
    let state = call
        .parameter("state")
        .map(|state| format!("&state={}", encoded(state)))
        .unwrap_or_default();
    let to = format!("{setup}{separator}installation_id={id}&setup_action=install{state}");
    Ok(Reply::redirect(302, &to))
}

fn short(state: &State, ids: &[u64]) -> Vec<Value> {
    ids.iter()
        .filter_map(|id| state.repos.get(id))
        .map(|row| json!({"id": row.id, "node_id": super::node_id("Repository", row.id), "name": row.name, "full_name": row.full_name(), "private": row.private}))
        .collect()
}

/// Tells the App about its installation.
fn tell(
    forge: &Forge,
    state: &mut State,
    id: u64,
    event: &str,
    more: Map<String, Value>,
    sender: &str,
) {
    let Some(row) = state.installations.get(&id).cloned() else {
        return;
    };
    let mut body = json!({"installation": render::installation(forge.url(), state, &row),
        "sender": render::by_login(forge.url(), state, sender)});
    for (name, value) in more {
        body[name.as_str()] = value;
    }
    let hook = state.apps.get(&row.app).map(|app| app.hook);
    let hook = hook.and_then(|id| state.hooks.get(&id)).cloned();
    if let Some(hook) = hook.filter(|hook| hook.active) {
        let notice = Notice {
            event: event.to_owned(),
            topic: event.to_owned(),
            body,
        };
        delivery::to_hook(forge, state, &hook, &notice, (None, Some(id)));
    }
}

/// Puts an App into an account, or changes what it reaches there; gives the installation's number.
pub fn install(
    forge: &Forge,
    app: u64,
    account: &str,
    repos: Option<Vec<u64>>,
    sender: &str,
) -> u64 {
    let mut state = forge.state();
    let existing = state
        .installations
        .values()
        .find(|one| one.app == app && one.account.eq_ignore_ascii_case(account))
        .cloned();
    if let Some(old) = existing {
        let before = state.repos_of(&old);
        if let Some(row) = state.installations.get_mut(&old.id) {
            row.repos.clone_from(&repos);
        }
        let after = state
            .installations
            .get(&old.id)
            .map(|row| state.repos_of(row))
            .unwrap_or_default();
        let added: Vec<u64> = after
            .iter()
            .copied()
            .filter(|id| !before.contains(id))
            .collect();
        let removed: Vec<u64> = before
            .iter()
            .copied()
            .filter(|id| !after.contains(id))
            .collect();
        let selection = if repos.is_some() { "selected" } else { "all" };
        for (action, ids) in [("added", &added), ("removed", &removed)] {
            if ids.is_empty() {
                continue;
            }
            let both = if action == "added" {
                (short(&state, ids), Vec::new())
            } else {
                (Vec::new(), short(&state, ids))
            };
            let more = json!({"action": action, "repository_selection": selection,
                "repositories_added": both.0, "repositories_removed": both.1, "requester": null});
            tell(
                forge,
                &mut state,
                old.id,
                "installation_repositories",
                crate::pulls::object(more),
                sender,
            );
        }
        return old.id;
    }
    let id = state.next_id();
    let row = Installation {
        id,
        app,
        account: account.to_owned(),
        repos,
        suspended: false,
        created_at: now(),
    };
    let reached = short(&state, &state.repos_of(&row));
    state.installations.insert(id, row);
    let more = json!({"action": "created", "repositories": reached, "requester": null});
    tell(
        forge,
        &mut state,
        id,
        "installation",
        crate::pulls::object(more),
        sender,
    );
    id
}

/// Takes an App out of an account.
pub fn uninstall(forge: &Forge, id: u64) {
    let mut state = forge.state();
    let Some(row) = state.installations.get(&id).cloned() else {
        return;
    };
    let reached = short(&state, &state.repos_of(&row));
    let more = json!({"action": "deleted", "repositories": reached, "requester": null});
    tell(
        forge,
        &mut state,
        id,
        "installation",
        crate::pulls::object(more),
        &row.account,
    );
    state.installations.remove(&id);
    state.tokens.retain(
        |_, one| !matches!(&one.holder, Holder::Installation { id: own, .. } if *own == id),
    );
}

/// Stops an installation, or lets it go on.
pub fn suspend(forge: &Forge, id: u64, suspended: bool) {
    let mut state = forge.state();
    let Some(row) = state.installations.get_mut(&id) else {
        return;
    };
    row.suspended = suspended;
    let account = row.account.clone();
    let action = if suspended { "suspend" } else { "unsuspend" };
    let more = crate::pulls::object(json!({"action": action}));
    tell(forge, &mut state, id, "installation", more, &account);
}

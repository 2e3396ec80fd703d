//! Putting Apps into accounts, and what the Apps are told about it.

use super::render;
use crate::delivery;
use crate::events::Notice;
use crate::forge::Forge;
use crate::http::{Answer, Call, Reply, encoded, escaped};
use crate::state::apps::{Holder, Installation};
use crate::state::{State, now};
use serde_json::{Map, Value, json};

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

/// Tells the Apps that are installed on all repositories of an account about new ones there.
pub fn reached(forge: &Forge, state: &mut State, repos: &[u64], sender: &str) {
    let Some(first) = repos.first() else { return };
    let installations: Vec<u64> = state
        .installations
        .values()
        .filter(|one| one.repos.is_none() && state.installed_on(one, *first))
        .map(|one| one.id)
        .collect();
    for id in installations {
        let more = json!({"action": "added", "repository_selection": "all",
            "repositories_added": short(state, repos), "repositories_removed": [],
            "requester": null});
        let more = crate::pulls::object(more);
        tell(forge, state, id, "installation_repositories", more, sender);
    }
}

/// Tells the Apps installed on an organization that somebody came or left.
pub fn membership(forge: &Forge, state: &mut State, org: &str, change: (&str, &str), role: &str) {
    let (action, login) = change;
    let url = forge.url();
    let installations: Vec<(u64, u64)> = state
        .installations
        .values()
        .filter(|one| one.account.eq_ignore_ascii_case(org) && !one.suspended)
        .map(|one| (one.id, one.app))
        .collect();
    for (id, app) in installations {
        let hook = state
            .apps
            .get(&app)
            .and_then(|app| state.hooks.get(&app.hook));
        let wanted = |event: &String| event == "organization" || event == "*";
        if hook.is_none_or(|hook| !hook.events.iter().any(wanted)) {
            continue;
        }
        let api = format!("{url}/api/v3/orgs/{org}");
        let more = json!({"action": action,
            "membership": {"url": format!("{api}/memberships/{login}"), "state": "active",
                "role": role, "organization_url": api, "direct_membership": true,
                "user": render::by_login(url, state, login)},
            "organization": render::by_login(url, state, org),
            "installation": {"id": id, "node_id": super::node_id("Integration", id)}});
        let more = crate::pulls::object(more);
        tell(forge, state, id, "organization", more, org);
    }
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

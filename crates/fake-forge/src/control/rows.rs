//! People, organizations, repositories, clients, Apps and tokens.

use super::text;
use crate::events::{Event, announce};
use crate::forge::Forge;
use crate::git;
use crate::git::commits::{Draft, make};
use crate::github;
use crate::http::{Answer, Reply};
use crate::state::apps::{Client, Holder};
use crate::state::people::Level;
use crate::state::repos::Named;
use crate::state::{State, random};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// `POST /_fake/users`.
pub fn person(forge: &Forge, body: &Value) -> Answer {
    let one = forge.state().add_person(
        text(body, "login")?,
        body["name"].as_str(),
        body["email"].as_str(),
    );
    Ok(Reply::json(201, &json!(one)))
}

/// `POST /_fake/orgs`.
pub fn org(forge: &Forge, body: &Value) -> Answer {
    let mut members = BTreeMap::new();
    for one in body["members"].as_array().into_iter().flatten() {
        let role = one["role"].as_str().unwrap_or("member");
        members.insert(text(one, "login")?.to_owned(), role.to_owned());
    }
    let one = forge.state().add_org(text(body, "login")?, members);
    Ok(Reply::json(201, &json!(one)))
}

/// The files of a body: path → content, none to remove.
pub fn files(body: &Value) -> Result<BTreeMap<String, Option<String>>, Reply> {
    serde_json::from_value(body["files"].clone())
        .or_else(|error| {
            if body["files"].is_null() {
                Ok(BTreeMap::new())
            } else {
                Err(error)
            }
        })
        .map_err(|error| Reply::message(422, &format!("files: {error}")))
}

/// `POST /_fake/repos`.
pub async fn repo(forge: &Forge, body: &Value) -> Answer {
    let (owner, name) = (text(body, "owner")?, text(body, "name")?);
    let private = body["private"].as_bool().unwrap_or(false);
    let branch = body["default_branch"].as_str().unwrap_or("main");
    let collaborators: BTreeMap<String, Level> = match &body["collaborators"] {
        Value::Null => BTreeMap::new(),
        some => serde_json::from_value(some.clone())
            .map_err(|error| Reply::message(422, &format!("collaborators: {error}")))?,
    };
    if let Some(count) = body["count"].as_u64() {
        let mut state = forge.state();
        let mut ids = Vec::new();
        for number in 0..count {
            let id = state.add_repo(owner, &format!("{name}-{number}"), private, branch);
            if let Some(row) = state.repos.get_mut(&id) {
                row.git = false;
                row.collaborators.clone_from(&collaborators);
            }
            ids.push(id);
        }
        made(forge, &mut state, &ids, owner);
        return Ok(Reply::json(201, &json!({"count": count})));
    }
    let id = {
        let mut state = forge.state();
        // An old name of another repository is free.
        if matches!(state.named(owner, name), Some(Named::Here(_))) {
            return Err(Reply::message(
                422,
                &format!("{owner}/{name} is there already"),
            ));
        }
        if state.account(owner).is_none() {
            state.add_person(owner, None, None);
        }
        for login in collaborators.keys() {
            state.add_person(login, None, None);
        }
        let id = state.add_repo(owner, name, private, branch);
        if let Some(row) = state.repos.get_mut(&id) {
            row.collaborators = collaborators;
        }
        id
    };
    let folder = forge.folder(id);
    git::init(&folder, branch).await?;
    let files = files(body)?;
    let mut sha = None;
    if !files.is_empty() {
        let email = forge.state().account(owner).map(|one| one.email.clone());
        let draft = Draft {
            branch,
            base: None,
            files: &files,
            message: "Initial commit",
            name: owner,
            email: &email.unwrap_or_default(),
        };
        sha = Some(make(&folder, &draft).await?);
    }
    let mut state = forge.state();
    made(forge, &mut state, &[id], owner);
    let full = state
        .repos
        .get(&id)
        .map(crate::state::repos::Repo::full_name);
    let full = full.unwrap_or_default();
    Ok(Reply::json(
        201,
        &json!({"id": id, "full_name": full, "sha": sha, "clone_url": format!("{}/{full}.git", forge.url())}),
    ))
}

/// Tells who listens about new repositories of one owner.
pub fn made(forge: &Forge, state: &mut State, repos: &[u64], sender: &str) {
    github::reached(forge, state, repos, sender);
    for id in repos {
        let event = Event::Repository("created", Map::new());
        announce(forge, state, *id, sender, &event);
    }
}

/// `POST /_fake/oauth_app`.
pub fn oauth_app(forge: &Forge, body: &Value) -> Answer {
    let given = |name: &str| body[name].as_str().map(str::to_owned);
    let client = Client {
        client_id: given("client_id").unwrap_or_else(|| format!("Ov23{}", random(8))),
        client_secret: given("client_secret").unwrap_or_else(|| random(20)),
        name: given("name").unwrap_or_else(|| "Test".to_owned()),
        callbacks: vec![text(body, "callback_url")?.to_owned()],
        app: None,
    };
    let mut state = forge.state();
    state
        .clients
        .retain(|one| one.client_id != client.client_id);
    state.clients.push(client.clone());
    Ok(Reply::json(201, &json!(client)))
}

/// `POST /_fake/app {owner, manifest}`: an App without the browser.
pub fn app(forge: &Forge, body: &Value) -> Answer {
    let owner = text(body, "owner")?;
    forge.state().add_person(owner, None, None);
    let id = github::new_app(forge, owner, &body["manifest"]);
    Ok(Reply::json(201, &github::whole_app(forge, id)?))
}

/// `POST /_fake/install {app_id, account, repositories?, as?}`.
pub fn install(forge: &Forge, body: &Value) -> Answer {
    let app = body["app_id"].as_u64().unwrap_or(0);
    if !forge.state().apps.contains_key(&app) {
        return Err(Reply::message(404, "no App with this app_id"));
    }
    let account = text(body, "account")?;
    let mut chosen = None;
    if let Some(names) = body["repositories"].as_array() {
        let state = forge.state();
        let ids = names
            .iter()
            .filter_map(|name| state.repo_id(account, name.as_str()?));
        chosen = Some(ids.collect());
    }
    let sender = body["as"].as_str().unwrap_or(account);
    let id = github::install(forge, app, account, chosen, sender);
    Ok(Reply::json(201, &json!({"id": id})))
}

/// `POST /_fake/uninstall|suspend|unsuspend {id}`.
pub fn installation(forge: &Forge, body: &Value, what: &str) -> Answer {
    let id = body["id"].as_u64().unwrap_or(0);
    match what {
        "uninstall" => github::uninstall(forge, id),
        _ => github::suspend(forge, id, what == "suspend"),
    }
    Ok(Reply::empty(204))
}

/// `POST /_fake/token`.
pub fn token(forge: &Forge, body: &Value) -> Answer {
    let login = text(body, "login")?;
    let mut state = forge.state();
    let holder = Holder::Person {
        login: state.add_person(login, None, None).login,
        client_id: None,
    };
    let scopes = match &body["scopes"] {
        Value::String(text) => text.clone(),
        Value::Array(list) => list
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(","),
        _ => "repo,admin:repo_hook,read:org,user:email,api".to_owned(),
    };
    let token = state.issue("ghp_", holder, &scopes, None);
    Ok(Reply::json(201, &json!({"token": token})))
}

/// `POST /_fake/revoke {login}`: takes every token of a person back.
pub fn revoke(forge: &Forge, body: &Value) -> Answer {
    let revoked = text(body, "login")?;
    forge.state().tokens.retain(
        |_, token| !matches!(&token.holder, Holder::Person { login, .. } if login == revoked),
    );
    Ok(Reply::empty(204))
}

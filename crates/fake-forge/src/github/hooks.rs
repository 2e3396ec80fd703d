//! Webhooks of repositories and their deliveries.

use super::{Api, invalid, render};
use crate::delivery;
use crate::events::{Event, notice};
use crate::http::{Answer, Reply};
use crate::state::now;
use crate::state::people::Level;
use crate::state::repos::{Delivery, Hook, HookOwner};
use axum::http::Method;
use serde_json::Value;

/// Takes over the settings given.
pub fn configure(hook: &mut Hook, config: &Value) {
    if let Some(url) = config["url"].as_str() {
        url.clone_into(&mut hook.url);
    }
    if let Some(kind) = config["content_type"].as_str() {
        kind.clone_into(&mut hook.content_type);
    }
    if let Some(secret) = config["secret"].as_str() {
        hook.secret = Some(secret.to_owned());
    }
    hook.updated_at = now();
}

fn events(value: &Value) -> Option<Vec<String>> {
    let events = value.as_array()?;
    Some(
        events
            .iter()
            .filter_map(|one| one.as_str().map(str::to_owned))
            .collect(),
    )
}

/// Answers `/repos/{owner}/{name}/hooks…`.
pub fn answer(api: &Api<'_>, repo: u64, path: &[&str]) -> Answer {
    let scopes: &[&str] = if api.call.method == Method::GET {
        &["read:repo_hook", "repo"]
    } else {
        &["write:repo_hook", "repo"]
    };
    api.require(repo, Level::Admin, scopes, "repository_hooks")?;
    let own = |id: &str| -> Result<Hook, Reply> {
        id.parse()
            .ok()
            .and_then(|id: u64| api.state().hooks.get(&id).cloned())
            .filter(|hook| hook.owner == HookOwner::Repo(repo))
            .ok_or_else(Reply::not_found)
    };
    let method = api.call.method.as_str();
    match (method, path) {
        ("GET", []) => {
            let state = api.state();
            let rows: Vec<&Hook> = state
                .hooks
                .values()
                .filter(|hook| hook.owner == HookOwner::Repo(repo))
                .collect();
            Ok(api.list(rows, |hook| render::hook(api.forge.url(), &state, hook)))
        }
        ("POST", []) => create(api, repo),
        ("GET", [id]) => {
            let hook = own(id)?;
            Reply::ok(&render::hook(api.forge.url(), &api.state(), &hook))
        }
        ("PATCH", [id]) => {
            let mut hook = own(id)?;
            let body = api.call.json()?;
            configure(&mut hook, &body["config"]);
            // Settings given whole replace those before: without a secret there is none any more.
            if body["config"]["url"].is_string() && body["config"]["secret"].is_null() {
                hook.secret = None;
            }
            if let Some(active) = body["active"].as_bool() {
                hook.active = active;
            }
            if let Some(events) = events(&body["events"]) {
                hook.events = events;
            }
            for event in events(&body["add_events"]).unwrap_or_default() {
                if !hook.events.contains(&event) {
                    hook.events.push(event);
                }
            }
            let removed = events(&body["remove_events"]).unwrap_or_default();
            hook.events.retain(|event| !removed.contains(event));
            let mut state = api.state();
            state.hooks.insert(hook.id, hook.clone());
            Reply::ok(&render::hook(api.forge.url(), &state, &hook))
        }
        ("DELETE", [id]) => {
            let hook = own(id)?;
            api.state().hooks.remove(&hook.id);
            Ok(Reply::empty(204))
        }
        ("POST", [id, "pings"]) => {
            let hook = own(id)?;
            ping(api, repo, &hook);
            Ok(Reply::empty(204))
        }
        ("POST", [id, "tests"]) => {
            let hook = own(id)?;
            let mut state = api.state();
            let last = state
                .deliveries
                .values()
                .rev()
                .find(|one| one.repository == Some(repo) && one.event == "push")
                .cloned();
            if let Some(mut last) =
                last.filter(|_| hook.events.iter().any(|one| one == "push" || one == "*"))
            {
                last.id = state.next_id();
                last.guid = crate::state::uuid();
                last.hook = Some(hook.id);
                last.url.clone_from(&hook.url);
                last.secret.clone_from(&hook.secret);
                last.status = None;
                delivery::queue(api.forge, &mut state, last);
            }
            Ok(Reply::empty(204))
        }
        (_, [id, "deliveries", rest @ ..]) => {
            let hook = own(id)?;
            deliveries(api, hook.id, rest)
        }
        _ => Err(Reply::not_found()),
    }
}

fn create(api: &Api<'_>, repo: u64) -> Answer {
    let body = api.call.json()?;
    let config = &body["config"];
    let url = config["url"].as_str().unwrap_or_default();
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(invalid("Hook", "url", "missing_field"));
    }
    if body["name"].as_str().is_some_and(|name| name != "web") {
        return Err(invalid("Hook", "name", "invalid"));
    }
    let kind = config["content_type"].as_str().unwrap_or("form");
    if kind != "json" && kind != "form" {
        return Err(invalid("Hook", "content_type", "invalid"));
    }
    let hook = {
        let mut state = api.state();
        let own = |hook: &&Hook| hook.owner == HookOwner::Repo(repo);
        if state.hooks.values().filter(own).any(|hook| hook.url == url) {
            let body = serde_json::json!({"message": "Validation Failed", "status": "422",
                "errors": [{"resource": "Hook", "code": "custom", "message": "Hook already exists on this repository"}],
                "documentation_url": "https://docs.github.com/rest/repos/webhooks#create-a-repository-webhook"});
            return Err(Reply::json(422, &body));
        }
        if state.hooks.values().filter(own).count() >= 20 {
            return Err(invalid("Hook", "base", "custom"));
        }
        let hook = Hook {
            id: state.next_id(),
            owner: HookOwner::Repo(repo),
            url: url.to_owned(),
            secret: config["secret"].as_str().map(str::to_owned),
            content_type: kind.to_owned(),
            events: events(&body["events"]).unwrap_or_else(|| vec!["push".to_owned()]),
            active: body["active"].as_bool().unwrap_or(true),
            created_at: now(),
            updated_at: now(),
        };
        state.hooks.insert(hook.id, hook.clone());
        hook
    };
    let reply = render::hook(api.forge.url(), &api.state(), &hook);
    if hook.active {
        ping(api, repo, &hook);
    }
    Ok(Reply::json(201, &reply))
}

fn ping(api: &Api<'_>, repo: u64, hook: &Hook) {
    let sender = api.person().unwrap_or("app[bot]").to_owned();
    let mut state = api.state();
    let event = Event::Ping(Box::new(hook.clone()));
    if let Some(notice) = notice(api.forge, &state, repo, &sender, &event) {
        delivery::to_hook(api.forge, &mut state, hook, &notice, (Some(repo), None));
    }
}

/// Answers `…/deliveries…` of a hook.
pub fn deliveries(api: &Api<'_>, hook: u64, path: &[&str]) -> Answer {
    let mut state = api.state();
    let own = |one: &&Delivery| one.hook == Some(hook);
    match path {
        [] => {
            let mut rows: Vec<&Delivery> = state.deliveries.values().filter(own).collect();
            rows.reverse();
            Ok(api.list(rows, |one| render::delivery(one, false)))
        }
        [id, rest @ ..] => {
            let id = id.parse().map_err(|_| Reply::not_found())?;
            let found = state.deliveries.get(&id).filter(own);
            let found = found.ok_or_else(Reply::not_found)?;
            match rest {
                [] => Reply::ok(&render::delivery(found, true)),
                ["attempts"] if api.call.method == Method::POST => {
                    delivery::again(api.forge, &mut state, id);
                    Ok(Reply::json(202, &serde_json::json!({})))
                }
                _ => Err(Reply::not_found()),
            }
        }
    }
}

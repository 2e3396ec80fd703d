//! Webhooks of repositories.

use super::{Api, missing, refusal, render};
use crate::delivery;
use crate::events::{Event, Push, notice};
use crate::http::{Answer, Reply};
use crate::state::now;
use crate::state::people::Level;
use crate::state::repos::{Hook, HookOwner};
use serde_json::Value;

/// What `pull_request` stands for when a hook is made.
const OF_PULLS: [&str; 7] = [
    "pull_request",
    "pull_request_assign",
    "pull_request_label",
    "pull_request_milestone",
    "pull_request_comment",
    "pull_request_sync",
    "pull_request_review_request",
];

/// The events asked for, as the forge remembers them.
fn events(value: &Value) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        let names: &[&str] = match name {
            "pull_request" => &OF_PULLS,
            "pull_request_only" => &["pull_request"],
            other => &[other],
        };
        for name in names {
            if !all.iter().any(|one| one == name) {
                all.push((*name).to_owned());
            }
        }
    }
    match all.is_empty() {
        true => vec!["push".to_owned()],
        false => all,
    }
}

fn checked<'a>(config: &'a Value, name: &str) -> Result<&'a str, Reply> {
    let found = config[name].as_str().filter(|text| !text.is_empty());
    found.ok_or_else(|| refusal(422, &format!("Missing config option: {name}")))
}

fn content_type(kind: &str) -> Result<(), Reply> {
    match kind {
        "json" | "form" => Ok(()),
        _ => Err(refusal(422, "Invalid content type")),
    }
}

/// Answers `/repos/{owner}/{name}/hooks…`.
pub fn answer(api: &Api<'_>, repo: u64, path: &[&str]) -> Answer {
    api.require(repo, Level::Admin)?;
    let own = |id: &str| -> Result<Hook, Reply> {
        id.parse()
            .ok()
            .and_then(|id: u64| api.state().hooks.get(&id).cloned())
            .filter(|hook| hook.owner == HookOwner::Repo(repo))
            .ok_or_else(missing)
    };
    match (api.call.method.as_str(), path) {
        ("GET", []) => {
            let state = api.state();
            let of_repo = |hook: &&Hook| hook.owner == HookOwner::Repo(repo);
            let rows: Vec<&Hook> = state.hooks.values().filter(of_repo).collect();
            Ok(api.list(rows, render::hook))
        }
        ("POST", []) => create(api, repo),
        ("GET", [id]) => Reply::ok(&render::hook(&own(id)?)),
        ("PATCH", [id]) => {
            let mut hook = own(id)?;
            let body = api.call.json()?;
            // The secret is not among what can be changed.
            if let Some(url) = body["config"]["url"].as_str() {
                url.clone_into(&mut hook.url);
            }
            if let Some(kind) = body["config"]["content_type"].as_str() {
                content_type(kind)?;
                kind.clone_into(&mut hook.content_type);
            }
            if body["events"].is_array() {
                hook.events = events(&body["events"]);
            }
            if let Some(active) = body["active"].as_bool() {
                hook.active = active;
            }
            hook.updated_at = now();
            api.state().hooks.insert(hook.id, hook.clone());
            Reply::ok(&render::hook(&hook))
        }
        ("DELETE", [id]) => {
            let hook = own(id)?;
            api.state().hooks.remove(&hook.id);
            Ok(Reply::empty(204))
        }
        ("POST", [id, "tests"]) => {
            let hook = own(id)?;
            test(api, repo, &hook)?;
            Ok(Reply::empty(204))
        }
        _ => Err(missing()),
    }
}

fn create(api: &Api<'_>, repo: u64) -> Answer {
    let body = api.call.json()?;
    let kind = body["type"].as_str().unwrap_or_default();
    if !["gitea", "forgejo", "gogs"].contains(&kind) {
        return Err(refusal(422, &format!("Invalid hook type: {kind}")));
    }
    let url = checked(&body["config"], "url")?;
    let form = checked(&body["config"], "content_type")?;
    content_type(form)?;
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(refusal(422, "Invalid url"));
    }
    let mut state = api.state();
    let hook = Hook {
        id: state.next_id(),
        owner: HookOwner::Repo(repo),
        url: url.to_owned(),
        secret: body["config"]["secret"].as_str().map(str::to_owned),
        content_type: form.to_owned(),
        events: events(&body["events"]),
        // Off unless asked for.
        active: body["active"].as_bool().unwrap_or(false),
        created_at: now(),
        updated_at: now(),
    };
    state.hooks.insert(hook.id, hook.clone());
    Ok(Reply::json(201, &render::hook(&hook)))
}

/// Sends a push of nothing new.
fn test(api: &Api<'_>, repo: u64, hook: &Hook) -> Result<(), Reply> {
    let login = api.person()?.to_owned();
    let branch = api.row(repo)?.default_branch;
    let mut state = api.state();
    let push = Push {
        full_ref: format!("refs/heads/{branch}"),
        before: crate::events::ZERO.to_owned(),
        after: crate::events::ZERO.to_owned(),
        forced: false,
        commits: Vec::new(),
        head: None,
    };
    let event = Event::Push(Box::new(push));
    if let Some(notice) = notice(api.forge, &state, repo, &login, &event) {
        delivery::to_hook(api.forge, &mut state, hook, &notice, (Some(repo), None));
    }
    Ok(())
}

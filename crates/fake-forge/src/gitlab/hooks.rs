//! Webhooks of projects.

use super::{Api, not_found, refusal, render};
use crate::delivery;
use crate::events::{Event, Push, ZERO, notice};
use crate::http::{Answer, Reply};
use crate::state::now;
use crate::state::people::Level;
use crate::state::repos::{Hook, HookOwner};
use serde_json::json;
use std::collections::BTreeMap;

/// What a hook may be told, and whether it is unless said.
pub const EVENTS: [(&str, bool); 8] = [
    ("push_events", true),
    ("tag_push_events", false),
    ("merge_requests_events", false),
    ("repository_update_events", false),
    ("issues_events", false),
    ("note_events", false),
    ("pipeline_events", false),
    ("job_events", false),
];

/// Takes over the fields given.
fn configure(hook: &mut Hook, fields: &BTreeMap<String, String>) -> Result<(), Reply> {
    if let Some(url) = fields.get("url") {
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(Reply::json(422, &json!({"error": "Invalid url given"})));
        }
        url.clone_into(&mut hook.url);
    }
    if let Some(token) = fields.get("token") {
        hook.secret = Some(token.clone()).filter(|token| !token.is_empty());
    }
    for (name, _) in EVENTS {
        match fields.get(name).map(String::as_str) {
            None => {}
            Some("true" | "1") => {
                if !hook.events.iter().any(|one| one == name) {
                    hook.events.push(name.to_owned());
                }
            }
            Some("false" | "0") => hook.events.retain(|one| one != name),
            Some(_) => {
                let body = json!({"error": format!("{name} is invalid")});
                return Err(Reply::json(400, &body));
            }
        }
    }
    hook.updated_at = now();
    Ok(())
}

/// Answers `/projects/{id}/hooks…`.
pub fn answer(api: &Api<'_>, repo: u64, path: &[&str]) -> Answer {
    api.require(repo, Level::Maintain)?;
    let own = |id: &str| -> Result<Hook, Reply> {
        id.parse()
            .ok()
            .and_then(|id: u64| api.state().hooks.get(&id).cloned())
            .filter(|hook| hook.owner == HookOwner::Repo(repo))
            .ok_or_else(not_found)
    };
    match (api.call.method.as_str(), path) {
        ("GET", []) => {
            let state = api.state();
            let of_repo = |hook: &&Hook| hook.owner == HookOwner::Repo(repo);
            let rows: Vec<&Hook> = state.hooks.values().filter(of_repo).collect();
            Ok(api.list(rows, |hook| render::hook(repo, hook)))
        }
        ("POST", []) => {
            let fields = api.call.fields();
            if !fields.contains_key("url") {
                return Err(Reply::json(400, &json!({"error": "url is missing"})));
            }
            let on = EVENTS.iter().filter(|(_, usual)| *usual);
            let id = api.state().next_id();
            let mut hook = Hook {
                id,
                owner: HookOwner::Repo(repo),
                url: String::new(),
                secret: None,
                content_type: "json".to_owned(),
                events: on.map(|(name, _)| (*name).to_owned()).collect(),
                active: true,
                created_at: now(),
                updated_at: now(),
            };
            configure(&mut hook, &fields)?;
            api.state().hooks.insert(id, hook.clone());
            Ok(Reply::json(201, &render::hook(repo, &hook)))
        }
        ("GET", [id]) => Reply::ok(&render::hook(repo, &own(id)?)),
        ("PUT", [id]) => {
            let mut hook = own(id)?;
            configure(&mut hook, &api.call.fields())?;
            api.state().hooks.insert(hook.id, hook.clone());
            Reply::ok(&render::hook(repo, &hook))
        }
        ("DELETE", [id]) => {
            let hook = own(id)?;
            api.state().hooks.remove(&hook.id);
            Ok(Reply::empty(204))
        }
        ("POST", [id, "test", trigger]) => {
            let hook = own(id)?;
            if *trigger != "push_events" {
                return Err(refusal(422, "422 Unprocessable Entity"));
            }
            test(api, repo, &hook)?;
            Ok(Reply::json(201, &json!({"message": "201 Created"})))
        }
        _ => Err(not_found()),
    }
}

/// Sends a push of nothing new.
fn test(api: &Api<'_>, repo: u64, hook: &Hook) -> Result<(), Reply> {
    let login = api.person()?.to_owned();
    let branch = api.row(repo)?.default_branch;
    let mut state = api.state();
    let push = Push {
        full_ref: format!("refs/heads/{branch}"),
        before: ZERO.to_owned(),
        after: ZERO.to_owned(),
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

//! Payloads of GitHub's webhooks.

use super::render;
use crate::events::{Event, Notice, Push, ZERO, short};
use crate::state::State;
use crate::state::repos::{HookOwner, Repo};
use serde_json::{Value, json};

/// The payload of an event.
pub fn build(url: &str, state: &State, id: u64, sender: &str, event: &Event) -> Option<Notice> {
    let repo = state.repos.get(&id);
    let (name, mut body) = match event {
        Event::Push(push) => ("push", pushed(url, state, repo?, sender, push)),
        Event::Create(full, _) => {
            let (kind, name) = short(full);
            let master = &repo?.default_branch;
            (
                "create",
                json!({"ref": name, "ref_type": kind, "full_ref": full, "master_branch": master,
                    "description": null, "pusher_type": "user"}),
            )
        }
        Event::Delete(full) => {
            let (kind, name) = short(full);
            (
                "delete",
                json!({"ref": name, "ref_type": kind, "full_ref": full, "pusher_type": "user"}),
            )
        }
        Event::Pull(number, action, more) => {
            let pull = repo?.pull(*number)?;
            let mut body = json!({"action": action, "number": number,
                "pull_request": render::pull(url, state, repo?, pull)});
            add(&mut body, more);
            ("pull_request", body)
        }
        Event::Repository(action, more) => {
            let mut body = json!({"action": action});
            add(&mut body, more);
            ("repository", body)
        }
        Event::Member(action, login) => (
            "member",
            json!({"action": action, "member": render::by_login(url, state, login)}),
        ),
        Event::CheckRun(action, run) => {
            let run = repo?.checks.iter().find(|one| one.id == *run)?;
            let mut shown = render::check(url, state, repo?, run);
            shown["check_suite"] = suite(url, state, repo?, run.app, &run.head_sha);
            ("check_run", json!({"action": action, "check_run": shown}))
        }
        Event::CheckSuite(action, app, sha) => (
            "check_suite",
            json!({"action": action, "check_suite": suite(url, state, repo?, *app, sha)}),
        ),
        Event::Ping(hook) => {
            let mut shown = render::hook(url, state, hook);
            if let HookOwner::App(app) = hook.owner {
                shown["type"] = json!("App");
                shown["app_id"] = json!(app);
            }
            (
                "ping",
                json!({"zen": "Keep it logically awesome.", "hook_id": hook.id, "hook": shown}),
            )
        }
    };
    if let Some(repo) = repo {
        if body["repository"].is_null() {
            body["repository"] = render::repo(url, state, repo, None);
        }
        if state
            .account(&repo.owner)
            .is_some_and(|owner| owner.members.is_some())
        {
            body["organization"] = render::by_login(url, state, &repo.owner);
        }
    }
    body["sender"] = render::by_login(url, state, sender);
    Some(Notice {
        event: name.to_owned(),
        topic: name.to_owned(),
        body,
    })
}

fn add(body: &mut Value, more: &serde_json::Map<String, Value>) {
    for (key, value) in more {
        body[key] = value.clone();
    }
}

fn suite(url: &str, state: &State, repo: &Repo, app: u64, sha: &str) -> Value {
    let run = repo
        .checks
        .iter()
        .rev()
        .find(|one| one.app == app && one.head_sha == sha);
    let branch = repo
        .pulls
        .iter()
        .find(|pull| pull.head_sha == sha)
        .map_or(&repo.default_branch, |pull| &pull.head_ref);
    let field = |name: &str| run.and_then(|run| run.fields.get(name)).cloned();
    json!({"id": run.map_or(1, render::suite), "head_branch": branch, "head_sha": sha,
        "status": field("status"), "conclusion": field("conclusion"), "before": ZERO, "after": sha,
        "app": state.apps.get(&app).map(|app| render::app(url, state, app)), "pull_requests": []})
}

fn pushed(url: &str, state: &State, repo: &Repo, sender: &str, push: &Push) -> Value {
    let commit = |one| render::pushed_commit(url, state, repo, one);
    let commits: Vec<Value> = push.commits.iter().map(commit).collect();
    let compare = if push.created() {
        format!("{url}/{}/compare/{}", repo.full_name(), push.short().1)
    } else {
        let short = |sha: &str| sha.get(..12).unwrap_or(sha).to_owned();
        format!(
            "{url}/{}/compare/{}...{}",
            repo.full_name(),
            short(&push.before),
            short(&push.after)
        )
    };
    let email = state
        .account(sender)
        .map(|one| one.email.clone())
        .unwrap_or_default();
    let mut repository = render::repo(url, state, repo, None);
    // Here, and only here, GitHub writes these times as numbers and names the owner once more.
    let seconds = |text: &str| {
        text.parse::<jiff::Timestamp>()
            .map(jiff::Timestamp::as_second)
            .unwrap_or_default()
    };
    repository["created_at"] = json!(seconds(&repo.created_at));
    repository["pushed_at"] = json!(seconds(&repo.pushed_at));
    repository["master_branch"] = json!(repo.default_branch);
    if let Some(owner) = state.account(&repo.owner) {
        repository["owner"]["name"] = json!(owner.login);
        repository["owner"]["email"] = json!(owner.email);
    }
    json!({
        "ref": push.full_ref, "before": push.before, "after": push.after, "base_ref": null,
        "created": push.created(), "deleted": push.deleted(), "forced": push.forced,
        "compare": compare, "commits": commits, "head_commit": push.head.as_ref().map(commit),
        "repository": repository, "pusher": {"name": sender, "email": email},
    })
}

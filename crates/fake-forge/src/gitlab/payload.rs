//! Payloads of GitLab's webhooks.

use super::render;
use crate::events::{Event, Notice, Push};
use crate::git::commits::Commit;
use crate::state::State;
use crate::state::repos::{Pull, Repo};
use serde_json::{Map, Value, json};

/// The payload of an event; none for what this forge does not tell projects' hooks.
pub fn build(url: &str, state: &State, id: u64, sender: &str, event: &Event) -> Option<Notice> {
    let repo = state.repos.get(&id)?;
    let (event, topic, body) = match event {
        Event::Push(push) => {
            let (event, topic) = match push.short().0 {
                "tag" => ("Tag Push Hook", "tag_push_events"),
                _ => ("Push Hook", "push_events"),
            };
            (event, topic, pushed(url, state, repo, sender, push))
        }
        Event::Pull(number, action, more) => {
            let pull = repo.pull(*number)?;
            let body = merge_request(url, state, repo, pull, sender, action, more);
            ("Merge Request Hook", "merge_requests_events", body)
        }
        _ => return None,
    };
    Some(Notice {
        event: event.to_owned(),
        topic: topic.to_owned(),
        body,
    })
}

/// A project in short, as hooks have it.
fn project(url: &str, one: &Repo) -> Value {
    let full = one.full_name();
    let (page, http) = (format!("{url}/{full}"), format!("{url}/{full}.git"));
    let ssh = format!("git@forge.example:{full}.git");
    json!({
        "id": one.id, "name": one.name, "description": null, "web_url": page, "avatar_url": null,
        "git_ssh_url": ssh, "git_http_url": http, "namespace": one.owner,
        "visibility_level": if one.private { 0 } else { 20 }, "path_with_namespace": full,
        "default_branch": one.default_branch, "ci_config_path": null, "homepage": page,
        "url": ssh, "ssh_url": ssh, "http_url": http,
    })
}

fn repository(url: &str, one: &Repo) -> Value {
    let project = project(url, one);
    let mut value = json!({"name": one.name});
    for name in [
        "url",
        "description",
        "homepage",
        "git_http_url",
        "git_ssh_url",
        "visibility_level",
    ] {
        value[name] = project[name].clone();
    }
    value
}

fn commit(url: &str, repo: &Repo, one: &Commit) -> Value {
    let of_kind = |kind: char| -> Vec<&str> {
        let files = one.files.iter().filter(|(is, _)| *is == kind);
        files.map(|(_, path)| path.as_str()).collect()
    };
    json!({
        "id": one.sha, "message": format!("{}\n", one.message),
        "title": one.message.lines().next().unwrap_or_default(),
        "timestamp": one.committer.date,
        "url": format!("{url}/{}/-/commit/{}", repo.full_name(), one.sha),
        "author": {"name": one.author.name, "email": one.author.email},
        "added": of_kind('A'), "modified": of_kind('M'), "removed": of_kind('D'),
    })
}

fn pushed(url: &str, state: &State, repo: &Repo, sender: &str, push: &Push) -> Value {
    let user = render::by_login(url, state, sender);
    let tag = push.short().0 == "tag";
    let kind = if tag { "tag_push" } else { "push" };
    // A tag comes with the commit it is at.
    let commits: Vec<Value> = match (&push.head, tag) {
        (Some(head), true) => vec![commit(url, repo, head)],
        _ => push
            .commits
            .iter()
            .map(|one| commit(url, repo, one))
            .collect(),
    };
    json!({
        "object_kind": kind, "event_name": kind, "before": push.before, "after": push.after,
        "ref": push.full_ref, "ref_protected": push.short().1 == repo.default_branch,
        "checkout_sha": push.head.as_ref().map(|head| &head.sha), "message": null,
        "user_id": user["id"], "user_name": user["name"], "user_username": user["username"],
        "user_email": "", "user_avatar": user["avatar_url"], "project_id": repo.id,
        "project": project(url, repo), "total_commits_count": commits.len(),
        "commits": commits, "push_options": {}, "repository": repository(url, repo),
    })
}

/// A time as hooks about merge requests write it.
fn spoken(time: &str) -> String {
    time.replace('T', " ").replace('Z', " UTC")
}

fn merge_request(
    url: &str,
    state: &State,
    repo: &Repo,
    pull: &Pull,
    sender: &str,
    action: &str,
    more: &Map<String, Value>,
) -> Value {
    let person = render::by_login(url, state, sender);
    let user = json!({"id": person["id"], "name": person["name"],
        "username": person["username"], "avatar_url": person["avatar_url"],
        "email": "[REDACTED]"});
    let full = repo.full_name();
    let author = state.account(&pull.author).map(|one| one.id);
    let source = state.repos.get(&pull.head_repo);
    let email = state.account(&pull.author).map(|one| one.email.clone());
    let labels: Vec<Value> = pull.labels.iter().map(|name| label(name)).collect();
    let (status, detailed) = render::mergeable(pull);
    let action = match action {
        "opened" => "open",
        "reopened" => "reopen",
        "closed" if pull.merged => "merge",
        "closed" => "close",
        _ => "update",
    };
    let mut about = json!({
        "assignee_id": null, "author_id": author, "created_at": spoken(&pull.created_at),
        "description": "", "draft": render::draft(pull), "head_pipeline_id": null,
        "id": pull.id, "iid": pull.number, "last_edited_at": null, "last_edited_by_id": null,
        "merge_commit_sha": if pull.merged { json!(pull.merge_sha) } else { Value::Null },
        "merge_error": null, "merge_params": {"force_remove_source_branch": "0"},
        "merge_status": status, "detailed_merge_status": detailed, "merge_user_id": null,
        "merge_when_pipeline_succeeds": false, "milestone_id": null,
        "source_branch": pull.head_ref, "source_project_id": source.map(|one| one.id),
        "state_id": match render::state(pull) { "opened" => 1, "closed" => 2, _ => 3 },
        "target_branch": pull.base_ref, "target_project_id": repo.id, "time_estimate": 0,
        "title": render::title(&pull.title, pull.draft), "updated_at": spoken(&pull.updated_at),
        "updated_by_id": null, "url": format!("{url}/{full}/-/merge_requests/{}", pull.number),
        "source": source.map(|one| project(url, one)), "target": project(url, repo),
        "last_commit": {"id": pull.head_sha, "message": pull.title, "title": pull.title,
            "timestamp": pull.updated_at,
            "url": format!("{url}/{full}/-/commit/{}", pull.head_sha),
            "author": {"name": pull.author, "email": email}},
        "work_in_progress": render::draft(pull), "total_time_spent": 0, "time_change": 0,
        "human_total_time_spent": null, "assignee_ids": [], "reviewer_ids": [],
        "labels": labels, "state": render::state(pull), "blocking_discussions_resolved": true,
        "first_contribution": false, "action": action,
    });
    if let Some(before) = more.get("before") {
        about["oldrev"] = before.clone();
    }
    json!({
        "object_kind": "merge_request", "event_type": "merge_request", "user": user,
        "project": project(url, repo), "repository": repository(url, repo),
        "object_attributes": about, "labels": labels,
        "changes": changes(pull, action, more),
    })
}

fn label(name: &str) -> Value {
    json!({"id": 1, "title": name, "color": "#ededed", "project_id": null, "template": false,
        "description": null, "type": "ProjectLabel", "group_id": null})
}

/// What was before and what is, from the fields that the events carry in GitHub's form.
fn changes(pull: &Pull, action: &str, more: &Map<String, Value>) -> Value {
    let both = |before: Value, now: Value| json!({"previous": before, "current": now});
    if action != "update" || more.contains_key("before") {
        return json!({});
    }
    let mut changes = json!({"updated_at":
        both(json!(spoken(&pull.created_at)), json!(spoken(&pull.updated_at)))});
    if let Some(name) = more.get("label").and_then(|label| label["name"].as_str()) {
        let now: Vec<Value> = pull.labels.iter().map(|name| label(name)).collect();
        let old = pull.labels.iter().filter(|one| *one != name);
        let old: Vec<Value> = old.map(|name| label(name)).collect();
        changes["labels"] = both(json!(old), json!(now));
        return changes;
    }
    let Some(old) = more.get("changes") else {
        // The mark of a draft was taken off.
        changes["draft"] = both(json!(true), json!(false));
        changes["title"] = both(json!(render::title(&pull.title, true)), json!(pull.title));
        return changes;
    };
    if let Some(from) = old["title"]["from"].as_str() {
        changes["title"] = both(json!(from), json!(pull.title));
    }
    if let Some(from) = old["base"]["ref"]["from"].as_str() {
        changes["target_branch"] = both(json!(from), json!(pull.base_ref));
    }
    changes
}

//! Rows as GitLab's API shows them.

use super::{hooks, number};
use crate::git::commits::Commit;
use crate::state::State;
use crate::state::people::{Account, Level};
use crate::state::repos::{Hook, Pull, Repo, Status};
use serde_json::{Value, json};

/// Between the number of a person and that of the person's namespace, which are not the same.
const NAMESPACES: u64 = 500_000;

/// A person in short.
pub fn user(url: &str, one: &Account) -> Value {
    json!({
        "id": one.id, "username": one.login, "public_email": null, "name": one.name,
        "state": "active", "locked": false,
        "avatar_url": format!("{url}/uploads/-/system/user/avatar/{}/avatar.png", one.id),
        "web_url": format!("{url}/{}", one.login),
    })
}

/// The person of a login; the ghost when there is none.
pub fn by_login(url: &str, state: &State, login: &str) -> Value {
    match state.account(login) {
        Some(one) => user(url, one),
        None => json!({"id": 1, "username": "ghost", "name": "Ghost User", "state": "active",
            "locked": false, "avatar_url": null, "web_url": format!("{url}/ghost")}),
    }
}

/// The person who asks.
pub fn own_user(url: &str, one: &Account) -> Value {
    let mut value = user(url, one);
    for (name, more) in [
        ("created_at", json!("2020-01-01T00:00:00.000Z")),
        ("bio", json!("")),
        ("bot", json!(false)),
        ("external", json!(false)),
        ("private_profile", json!(false)),
        ("two_factor_enabled", json!(true)),
        ("can_create_group", json!(true)),
        ("can_create_project", json!(true)),
        ("namespace_id", json!(one.id + NAMESPACES)),
        ("email", json!(one.email)),
        ("commit_email", json!(one.email)),
        ("confirmed_at", json!("2020-01-01T00:00:00.000Z")),
        ("last_sign_in_at", json!("2020-01-01T00:00:00.000Z")),
        ("identities", json!([])),
    ] {
        value[name] = more;
    }
    value
}

/// A member of a project or group.
pub fn member(url: &str, one: &Account, level: u64) -> Value {
    let mut value = user(url, one);
    value["access_level"] = json!(level);
    value["created_at"] = json!("2020-01-01T00:00:00.000Z");
    value["expires_at"] = Value::Null;
    value["membership_state"] = json!("active");
    value
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A group.
pub fn group(url: &str, one: &Account) -> Value {
    json!({
        "id": one.id, "web_url": format!("{url}/groups/{}", one.login), "name": last(&one.name),
        "path": last(&one.login), "description": "", "visibility": "public",
        "share_with_group_lock": false, "require_two_factor_authentication": false,
        "project_creation_level": "developer", "auto_devops_enabled": null,
        "subgroup_creation_level": "maintainer", "emails_disabled": false, "lfs_enabled": true,
        "avatar_url": null, "request_access_enabled": true,
        "full_name": one.login.replace('/', " / "), "full_path": one.login,
        "created_at": "2020-01-01T00:00:00.000Z", "parent_id": null, "organization_id": 1,
    })
}

fn namespace(url: &str, state: &State, owner: &str) -> Value {
    let Some(one) = state.account(owner) else {
        return Value::Null;
    };
    let of_group = one.members.is_some();
    json!({
        "id": if of_group { one.id } else { one.id + NAMESPACES }, "name": last(&one.name),
        "path": last(&one.login), "kind": if of_group { "group" } else { "user" },
        "full_path": one.login, "parent_id": null, "avatar_url": null,
        "web_url": format!("{url}/{}{}", if of_group { "groups/" } else { "" }, one.login),
    })
}

/// A project; with what was granted to the one who asks, when somebody asks.
pub fn project(url: &str, state: &State, one: &Repo, access: Option<Option<Level>>) -> Value {
    let full = one.full_name();
    let api = format!("{url}/api/v4/projects/{}", one.id);
    let page = format!("{url}/{full}");
    let mut value = json!({
        "id": one.id, "description": null, "name": one.name,
        "name_with_namespace": full.replace('/', " / "), "path": one.name,
        "path_with_namespace": full, "created_at": one.created_at,
        "default_branch": one.default_branch, "tag_list": [], "topics": [],
        "ssh_url_to_repo": format!("git@forge.example:{full}.git"),
        "http_url_to_repo": format!("{page}.git"), "web_url": page, "readme_url": null,
        "forks_count": 0, "avatar_url": null, "star_count": 0,
        "last_activity_at": one.pushed_at, "visibility": visibility(one),
        "namespace": namespace(url, state, &one.owner),
        "_links": {"self": api, "merge_requests": format!("{api}/merge_requests"),
            "repo_branches": format!("{api}/repository/branches"),
            "members": format!("{api}/members")},
        "empty_repo": false, "archived": one.archived, "creator_id": 1, "import_status": "none",
        "open_issues_count": 0, "ci_config_path": null, "public_jobs": true,
        "merge_method": "merge", "request_access_enabled": true,
    });
    let owner = state.account(&one.owner);
    if let Some(owner) = owner.filter(|owner| owner.members.is_none()) {
        value["owner"] = user(url, owner);
    }
    if let Some(parent) = one.parent.and_then(|id| state.repos.get(&id)) {
        value["forked_from_project"] = project(url, state, parent, None);
    }
    if let Some(granted) = access {
        let of_group = owner.is_some_and(|owner| owner.members.is_some());
        let level =
            granted.map(|level| json!({"access_level": number(level), "notification_level": 3}));
        value["permissions"] = match of_group {
            true => json!({"project_access": null, "group_access": level}),
            false => json!({"project_access": level, "group_access": null}),
        };
    }
    value
}

fn visibility(one: &Repo) -> &'static str {
    if one.private { "private" } else { "public" }
}

/// A commit.
pub fn commit(url: &str, repo: &Repo, one: &Commit) -> Value {
    json!({
        "id": one.sha, "short_id": one.sha.get(..8), "created_at": one.committer.date,
        "parent_ids": one.parents, "title": one.message.lines().next().unwrap_or_default(),
        "message": format!("{}\n", one.message), "author_name": one.author.name,
        "author_email": one.author.email, "authored_date": one.author.date,
        "committer_name": one.committer.name, "committer_email": one.committer.email,
        "committed_date": one.committer.date, "trailers": {}, "extended_trailers": {},
        "web_url": format!("{url}/{}/-/commit/{}", repo.full_name(), one.sha),
    })
}

/// `opened`, `merged` or `closed`.
pub fn state(one: &Pull) -> &'static str {
    match (one.open, one.merged) {
        (true, _) => "opened",
        (false, true) => "merged",
        (false, false) => "closed",
    }
}

/// Whether a title says that its merge request is not ready.
fn unready(title: &str) -> bool {
    let title = title.to_lowercase();
    ["draft:", "[draft]", "(draft)"]
        .iter()
        .any(|mark| title.starts_with(mark))
}

/// The title as it is shown: here a draft is one by its title.
pub fn title(title: &str, draft: bool) -> String {
    match draft && !unready(title) {
        true => format!("Draft: {title}"),
        false => title.to_owned(),
    }
}

/// Whether it is a draft.
pub fn draft(one: &Pull) -> bool {
    one.draft || unready(&one.title)
}

/// The two words for whether it merges.
pub fn mergeable(one: &Pull) -> (&'static str, &'static str) {
    match (one.merge_sha.is_some(), draft(one)) {
        _ if !one.open => ("can_be_merged", "not_open"),
        (false, _) => ("cannot_be_merged", "conflict"),
        (true, true) => ("can_be_merged", "draft_status"),
        (true, false) => ("can_be_merged", "mergeable"),
    }
}

/// A merge request.
pub fn merge_request(url: &str, memory: &State, repo: &Repo, one: &Pull) -> Value {
    let (status, detailed) = mergeable(one);
    let full = repo.full_name();
    let (merged, closed) = match one.merged {
        true => (json!(one.closed_at), Value::Null),
        false => (Value::Null, json!(one.closed_at)),
    };
    json!({
        "id": one.id, "iid": one.number, "project_id": repo.id,
        "title": title(&one.title, one.draft), "description": "", "state": state(one),
        "created_at": one.created_at, "updated_at": one.updated_at, "merged_by": null,
        "merge_user": null, "merged_at": merged, "closed_by": null, "closed_at": closed,
        "target_branch": one.base_ref, "source_branch": one.head_ref, "user_notes_count": 0,
        "upvotes": 0, "downvotes": 0, "author": by_login(url, memory, &one.author),
        "assignees": [], "assignee": null, "reviewers": [],
        "source_project_id": memory.repos.contains_key(&one.head_repo).then_some(one.head_repo),
        "target_project_id": repo.id, "labels": one.labels, "draft": draft(one),
        "work_in_progress": draft(one), "milestone": null,
        "merge_when_pipeline_succeeds": false, "merge_status": status,
        "detailed_merge_status": detailed, "sha": one.head_sha,
        "merge_commit_sha": if one.merged { json!(one.merge_sha) } else { Value::Null },
        "squash_commit_sha": null, "discussion_locked": null,
        "reference": format!("!{}", one.number),
        "references": {"short": format!("!{}", one.number),
            "relative": format!("!{}", one.number), "full": format!("{full}!{}", one.number)},
        "web_url": format!("{url}/{full}/-/merge_requests/{}", one.number), "squash": false,
        "has_conflicts": one.merge_sha.is_none(), "blocking_discussions_resolved": true,
    })
}

/// A hook; its token is never shown.
pub fn hook(project: u64, one: &Hook) -> Value {
    let mut value = json!({
        "id": one.id, "url": one.url, "name": null, "description": null,
        "created_at": one.created_at, "push_events_branch_filter": null,
        "branch_filter_strategy": "wildcard", "enable_ssl_verification": true,
        "alert_status": "executable", "disabled_until": null, "url_variables": [],
        "custom_webhook_template": null, "custom_headers": [], "project_id": project,
    });
    for (name, _) in hooks::EVENTS {
        value[name] = json!(one.events.iter().any(|event| event == name));
    }
    value
}

/// A status.
pub fn status(url: &str, state: &State, one: &Status, name: Option<&str>) -> Value {
    let over = !["pending", "running"].contains(&one.state.as_str());
    json!({
        "id": one.id, "sha": one.sha, "ref": name.unwrap_or("main"), "status": one.state,
        "name": one.context, "target_url": one.target_url, "description": one.description,
        "created_at": one.at, "started_at": if one.state == "pending" { Value::Null } else { json!(one.at) },
        "finished_at": if over { json!(one.at) } else { Value::Null }, "allow_failure": false,
        "coverage": null, "pipeline_id": 1, "author": by_login(url, state, &one.creator),
    })
}

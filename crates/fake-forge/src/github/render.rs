//! Rows as GitHub's API and payloads show them.

use super::node_id;
use crate::git::commits::{Commit, Person};
use crate::http::encoded;
use crate::state::State;
use crate::state::apps::{App, Installation};
use crate::state::people::{Account, Level};
use crate::state::repos::{CheckRun, Delivery, Hook, HookOwner, Pull, Repo, Status};
use serde_json::{Value, json};

/// An account in short.
pub fn account(url: &str, one: &Account) -> Value {
    let login = &one.login;
    let api = format!("{url}/api/v3/users/{login}");
    json!({
        "login": login, "id": one.id, "node_id": node_id(one.kind(), one.id),
        "avatar_url": format!("{url}/avatars/u/{}?v=4", one.id), "gravatar_id": "",
        "url": api, "html_url": format!("{url}/{login}"),
        "repos_url": format!("{api}/repos"), "organizations_url": format!("{api}/orgs"),
        "type": one.kind(), "user_view_type": "public", "site_admin": false,
    })
}

/// The account of a login; a made-up bot when there is none.
pub fn by_login(url: &str, state: &State, login: &str) -> Value {
    match state.account(login) {
        Some(one) => account(url, one),
        None => json!({"login": login, "id": 1, "node_id": node_id("Bot", 1), "type": "Bot",
            "html_url": format!("{url}/{login}"), "url": format!("{url}/api/v3/users/{login}"),
            "avatar_url": format!("{url}/avatars/u/1?v=4"), "site_admin": false}),
    }
}

/// An account with what only its own page has.
pub fn whole_account(url: &str, one: &Account) -> Value {
    let mut value = account(url, one);
    value["name"] = json!(one.name);
    value["company"] = Value::Null;
    value["blog"] = json!("");
    value["email"] = if one.members.is_some() {
        Value::Null
    } else {
        json!(one.email)
    };
    value["public_repos"] = json!(0);
    value["created_at"] = json!("2020-01-01T00:00:00Z");
    value["updated_at"] = json!("2020-01-01T00:00:00Z");
    value
}

/// What a level means, word by word.
pub fn permissions(level: Level) -> Value {
    json!({"admin": level >= Level::Admin, "maintain": level >= Level::Maintain,
        "push": level >= Level::Write, "triage": level >= Level::Triage, "pull": true})
}

/// A repository; `permissions` for the one who asks.
pub fn repo(url: &str, state: &State, one: &Repo, level: Option<Level>) -> Value {
    let full = one.full_name();
    let api = format!("{url}/api/v3/repos/{full}");
    let owner = by_login(url, state, &one.owner);
    let mut value = json!({
        "id": one.id, "node_id": node_id("Repository", one.id), "name": one.name,
        "full_name": full, "private": one.private, "owner": owner,
        "html_url": format!("{url}/{full}"), "description": null,
        "fork": one.parent.is_some(), "url": api,
        "hooks_url": format!("{api}/hooks"),
        "branches_url": format!("{api}/branches{{/branch}}"),
        "statuses_url": format!("{api}/statuses/{{sha}}"),
        "commits_url": format!("{api}/commits{{/sha}}"),
        "contents_url": format!("{api}/contents/{{+path}}"),
        "compare_url": format!("{api}/compare/{{base}}...{{head}}"),
        "pulls_url": format!("{api}/pulls{{/number}}"),
        "created_at": one.created_at, "updated_at": one.pushed_at, "pushed_at": one.pushed_at,
        "git_url": format!("{}/{full}.git", url.replacen("http:", "git:", 1)),
        "ssh_url": format!("git@forge.example:{full}.git"),
        "clone_url": format!("{url}/{full}.git"), "homepage": null, "size": 1,
        "stargazers_count": 0, "watchers_count": 0, "forks_count": 0, "open_issues_count": 0,
        "language": null, "archived": one.archived, "disabled": false,
        "visibility": if one.private { "private" } else { "public" },
        "forks": 0, "open_issues": 0, "watchers": 0, "topics": [],
        "has_issues": true, "is_template": false, "allow_forking": true,
        "default_branch": one.default_branch,
    });
    if let Some(level) = level {
        value["permissions"] = permissions(level);
    }
    if let Some(parent) = one.parent.and_then(|id| state.repos.get(&id)) {
        value["parent"] = repo(url, state, parent, None);
        value["source"] = value["parent"].clone();
    }
    value
}

fn person(one: &Person) -> Value {
    json!({"name": one.name, "email": one.email, "date": one.date})
}

/// The account that an author's address belongs to.
fn known(url: &str, state: &State, one: &Person) -> Value {
    state
        .accounts
        .iter()
        .find(|account| account.email.eq_ignore_ascii_case(&one.email))
        .map_or(Value::Null, |found| account(url, found))
}

/// A commit as the API shows it.
pub fn commit(url: &str, state: &State, repo: &Repo, one: &Commit) -> Value {
    let api = format!("{url}/api/v3/repos/{}", repo.full_name());
    let parents: Vec<Value> = one
        .parents
        .iter()
        .map(|sha| {
            json!({"sha": sha, "url": format!("{api}/commits/{sha}"),
            "html_url": format!("{url}/{}/commit/{sha}", repo.full_name())})
        })
        .collect();
    let sha = &one.sha;
    json!({
        "sha": sha, "node_id": node_id("Commit", repo.id),
        "commit": {
            "author": person(&one.author), "committer": person(&one.committer),
            "message": one.message,
            "tree": {"sha": one.tree, "url": format!("{api}/git/trees/{}", one.tree)},
            "url": format!("{api}/git/commits/{sha}"), "comment_count": 0,
            "verification": {"verified": false, "reason": "unsigned", "signature": null, "payload": null, "verified_at": null},
        },
        "url": format!("{api}/commits/{sha}"),
        "html_url": format!("{url}/{}/commit/{sha}", repo.full_name()),
        "comments_url": format!("{api}/commits/{sha}/comments"),
        "author": known(url, state, &one.author), "committer": known(url, state, &one.committer),
        "parents": parents,
    })
}

/// A commit as the payload of a push shows it.
pub fn pushed_commit(url: &str, state: &State, repo: &Repo, one: &Commit) -> Value {
    let who = |person: &Person| {
        let mut value = json!({"name": person.name, "email": person.email, "date": person.date});
        let found = state
            .accounts
            .iter()
            .find(|account| account.email.eq_ignore_ascii_case(&person.email));
        if let Some(account) = found {
            value["username"] = json!(account.login);
        }
        value
    };
    let files = |kinds: &[char]| -> Vec<&str> {
        one.files
            .iter()
            .filter(|(kind, _)| kinds.contains(kind))
            .map(|(_, path)| path.as_str())
            .collect()
    };
    json!({
        "id": one.sha, "tree_id": one.tree, "distinct": true, "message": one.message,
        "timestamp": one.committer.date,
        "url": format!("{url}/{}/commit/{}", repo.full_name(), one.sha),
        "author": who(&one.author), "committer": who(&one.committer),
        "added": files(&['A']), "removed": files(&['D']), "modified": files(&['M', 'T']),
    })
}

fn side(url: &str, state: &State, repo: u64, branch: &str, sha: &str) -> Value {
    let row = state.repos.get(&repo);
    let owner = row.map(|row| row.owner.clone()).unwrap_or_default();
    json!({"label": format!("{owner}:{branch}"), "ref": branch, "sha": sha,
        "user": by_login(url, state, &owner),
        "repo": row.map(|row| self::repo(url, state, row, None))})
}

/// A pull request.
pub fn pull(url: &str, state: &State, repo: &Repo, one: &Pull) -> Value {
    let full = repo.full_name();
    let api = format!("{url}/api/v3/repos/{full}/pulls/{}", one.number);
    let labels: Vec<Value> = one
        .labels
        .iter()
        .map(|name| json!({"id": 1, "node_id": node_id("Label", 1), "name": name, "color": "ededed",
            "default": false, "description": null, "url": format!("{url}/api/v3/repos/{full}/labels/{name}")}))
        .collect();
    let author_level = state.granted(repo, &one.author);
    let association = match author_level {
        Some(Level::Admin) if repo.owner.eq_ignore_ascii_case(&one.author) => "OWNER",
        Some(_) if state.org_role(&repo.owner, &one.author).is_some() => "MEMBER",
        Some(_) => "COLLABORATOR",
        None if repo
            .pulls
            .iter()
            .any(|other| other.merged && other.author == one.author) =>
        {
            "CONTRIBUTOR"
        }
        None => "FIRST_TIME_CONTRIBUTOR",
    };
    json!({
        "url": api, "id": one.id, "node_id": node_id("PullRequest", one.id),
        "html_url": format!("{url}/{full}/pull/{}", one.number),
        "diff_url": format!("{url}/{full}/pull/{}.diff", one.number),
        "number": one.number, "state": if one.open { "open" } else { "closed" },
        "locked": false, "title": one.title, "user": by_login(url, state, &one.author),
        "body": null, "labels": labels, "created_at": one.created_at,
        "updated_at": one.updated_at, "closed_at": one.closed_at,
        "merged_at": if one.merged { json!(one.closed_at) } else { Value::Null },
        "merge_commit_sha": one.merge_sha, "draft": one.draft, "merged": one.merged,
        "mergeable": one.merge_sha.is_some(), "rebaseable": one.merge_sha.is_some(),
        "mergeable_state": if one.merge_sha.is_some() { "clean" } else { "dirty" },
        "assignee": null, "assignees": [], "requested_reviewers": [], "requested_teams": [],
        "milestone": null, "author_association": association, "auto_merge": null,
        "comments": 0, "review_comments": 0, "maintainer_can_modify": false,
        "commits": 1, "additions": 1, "deletions": 0, "changed_files": 1,
        "commits_url": format!("{api}/commits"),
        "statuses_url": format!("{url}/api/v3/repos/{full}/statuses/{}", one.head_sha),
        "head": side(url, state, one.head_repo, &one.head_ref, &one.head_sha),
        "base": side(url, state, repo.id, &one.base_ref, &one.base_sha),
    })
}

/// A hook of a repository.
pub fn hook(url: &str, state: &State, one: &Hook) -> Value {
    let full = match one.owner {
        HookOwner::Repo(id) => state.repos.get(&id).map(Repo::full_name),
        HookOwner::App(_) => None,
    };
    let api = format!(
        "{url}/api/v3/repos/{}/hooks/{}",
        full.unwrap_or_default(),
        one.id
    );
    let last = state
        .deliveries
        .values()
        .rev()
        .find(|delivery| delivery.hook == Some(one.id) && delivery.status.is_some());
    let last = last.map_or_else(
        || json!({"code": null, "status": "unused", "message": null}),
        |delivery| json!({"code": delivery.status, "status": if delivery.status.is_some_and(|code| (200..300).contains(&code)) { "active" } else { "failed" }, "message": delivery.error}),
    );
    json!({
        "type": "Repository", "id": one.id, "name": "web", "active": one.active,
        "events": one.events, "config": hook_config(one),
        "updated_at": one.updated_at, "created_at": one.created_at, "url": api,
        "test_url": format!("{api}/test"), "ping_url": format!("{api}/pings"),
        "deliveries_url": format!("{api}/deliveries"), "last_response": last,
    })
}

/// The settings of a hook; a secret shows as stars.
pub fn hook_config(one: &Hook) -> Value {
    let mut value = json!({"content_type": one.content_type, "insecure_ssl": "0", "url": one.url});
    if one.secret.is_some() {
        value["secret"] = json!("********");
    }
    value
}

/// A delivery; with payload and answer when asked for one.
pub fn delivery(one: &Delivery, whole: bool) -> Value {
    let code = one.status.unwrap_or(0);
    let word = match code {
        200..=299 => "OK",
        0 => "failed to connect to host",
        _ => "Invalid HTTP Response",
    };
    let mut value = json!({
        "id": one.id, "guid": one.guid, "delivered_at": one.at, "redelivery": one.redelivery,
        "duration": one.seconds, "status": word, "status_code": code, "event": one.event,
        "action": one.action, "installation_id": one.installation,
        "repository_id": one.repository, "throttled_at": null,
    });
    if whole {
        let payload: Value = serde_json::from_str(&one.body).unwrap_or(Value::Null);
        value["url"] = json!(one.url);
        value["request"] = json!({"headers": {"X-GitHub-Delivery": one.guid, "X-GitHub-Event": one.event}, "payload": payload});
        value["response"] = json!({"headers": {}, "payload": one.response});
    }
    value
}

/// A status.
pub fn status(url: &str, state: &State, repo: &Repo, one: &Status) -> Value {
    json!({
        "url": format!("{url}/api/v3/repos/{}/statuses/{}", repo.full_name(), one.sha),
        "avatar_url": format!("{url}/avatars/u/1"), "id": one.id,
        "node_id": node_id("StatusContext", one.id), "state": one.state,
        "description": one.description, "target_url": one.target_url, "context": one.context,
        "created_at": one.at, "updated_at": one.at,
        "creator": by_login(url, state, &one.creator),
    })
}

/// A check run.
pub fn check(url: &str, state: &State, repo: &Repo, one: &CheckRun) -> Value {
    let api = format!(
        "{url}/api/v3/repos/{}/check-runs/{}",
        repo.full_name(),
        one.id
    );
    let field = |name: &str| one.fields.get(name).cloned().unwrap_or(Value::Null);
    let output = field("output");
    let count = one.annotations.len();
    json!({
        "id": one.id, "node_id": node_id("CheckRun", one.id), "head_sha": one.head_sha,
        "external_id": field("external_id"), "url": api,
        "html_url": format!("{url}/{}/runs/{}", repo.full_name(), one.id),
        "details_url": field("details_url"),
        "status": one.fields.get("status").cloned().unwrap_or_else(|| json!("queued")),
        "conclusion": field("conclusion"), "started_at": field("started_at"),
        "completed_at": field("completed_at"), "name": field("name"),
        "output": {"title": output["title"], "summary": output["summary"], "text": output["text"],
            "annotations_count": count, "annotations_url": format!("{api}/annotations")},
        "check_suite": {"id": suite(one)},
        "app": state.apps.get(&one.app).map(|app| self::app(url, state, app)),
        "pull_requests": [],
    })
}

/// The suite of a run: one for each App and commit.
pub fn suite(one: &CheckRun) -> u64 {
    let part = one.head_sha.get(..8).unwrap_or("0");
    one.app * 10_000_000_000 + u64::from_str_radix(part, 16).unwrap_or(0)
}

/// An App.
pub fn app(url: &str, state: &State, one: &App) -> Value {
    json!({
        "id": one.id, "slug": one.slug, "node_id": node_id("Integration", one.id),
        "client_id": one.client_id, "owner": by_login(url, state, &one.owner), "name": one.name,
        "description": null, "external_url": one.external_url,
        "html_url": format!("{url}/github-apps/{}", one.slug),
        "created_at": one.created_at, "updated_at": one.created_at,
        "permissions": one.permissions, "events": one.events,
    })
}

/// An installation.
pub fn installation(url: &str, state: &State, one: &Installation) -> Value {
    let account = by_login(url, state, &one.account);
    let app = state.apps.get(&one.app);
    json!({
        "id": one.id, "account": account, "target_id": account["id"],
        "target_type": account["type"],
        "repository_selection": if one.repos.is_some() { "selected" } else { "all" },
        "access_tokens_url": format!("{url}/api/v3/app/installations/{}/access_tokens", one.id),
        "repositories_url": format!("{url}/api/v3/installation/repositories"),
        "html_url": format!("{url}/settings/installations/{}", one.id),
        "app_id": one.app, "app_slug": app.map(|app| app.slug.clone()),
        "permissions": app.map(|app| app.permissions.clone()),
        "events": app.map(|app| app.events.clone()),
        "created_at": one.created_at, "updated_at": one.created_at,
        "single_file_name": null, "has_multiple_single_files": false, "single_file_paths": [],
        "suspended_by": null,
        "suspended_at": if one.suspended { json!(one.created_at) } else { Value::Null },
    })
}

/// A branch in short.
pub fn branch(url: &str, repo: &Repo, name: &str, sha: &str) -> Value {
    let api = format!("{url}/api/v3/repos/{}", repo.full_name());
    json!({"name": name, "protected": false,
        "protection_url": format!("{api}/branches/{}/protection", encoded(name)),
        "commit": {"sha": sha, "url": format!("{api}/commits/{sha}")}})
}

/// A ref.
pub fn git_ref(url: &str, repo: &Repo, name: &str, sha: &str) -> Value {
    let api = format!("{url}/api/v3/repos/{}", repo.full_name());
    let name_url = name.strip_prefix("refs/").unwrap_or(name);
    json!({"ref": name, "node_id": node_id("Ref", repo.id),
        "url": format!("{api}/git/refs/{name_url}"),
        "object": {"type": "commit", "sha": sha, "url": format!("{api}/git/commits/{sha}")}})
}

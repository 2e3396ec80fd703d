//! Rows as Gitea's API and payloads show them.

use crate::git::commits::{Commit, Person};
use crate::state::State;
use crate::state::people::{Account, Level};
use crate::state::repos::{Hook, Pull, Repo, Status};
use serde_json::{Value, json};

/// The address that stands for a person who hides the real one.
fn hidden(one: &Account) -> String {
    format!("{}@noreply.localhost", one.login)
}

/// A person, or an organization where it stands as an owner.
pub fn account(url: &str, one: &Account) -> Value {
    json!({
        "id": one.id, "login": one.login, "login_name": "", "source_id": 0,
        "full_name": one.name, "email": hidden(one),
        "avatar_url": format!("{url}/avatars/{}", one.id),
        "html_url": format!("{url}/{}", one.login), "language": "", "is_admin": false,
        "last_login": "0001-01-01T00:00:00Z", "created": "2020-01-01T00:00:00Z",
        "restricted": false, "active": false, "prohibit_login": false, "location": "",
        "website": "", "description": "", "visibility": "public", "followers_count": 0,
        "following_count": 0, "starred_repos_count": 0, "username": one.login,
    })
}

/// The account of a login; the ghost when there is none.
pub fn by_login(url: &str, state: &State, login: &str) -> Value {
    match state.account(login) {
        Some(one) => account(url, one),
        None => json!({"id": -1, "login": "Ghost", "full_name": "", "email": "",
            "avatar_url": "", "username": "Ghost"}),
    }
}

/// An organization by itself.
pub fn organization(url: &str, one: &Account) -> Value {
    json!({
        "id": one.id, "name": one.login, "full_name": one.name, "email": "",
        "avatar_url": format!("{url}/avatars/{}", one.id), "description": "", "website": "",
        "location": "", "visibility": "public", "repo_admin_change_team_access": false,
        "username": one.login,
    })
}

/// What a level means.
pub fn permissions(level: Option<Level>) -> Value {
    json!({"admin": level >= Some(Level::Admin), "push": level >= Some(Level::Write),
        "pull": level >= Some(Level::Read)})
}

/// A repository with what the one who asks may do.
pub fn repo(url: &str, state: &State, one: &Repo, level: Option<Level>) -> Value {
    let full = one.full_name();
    let parent = one.parent.and_then(|id| state.repos.get(&id));
    json!({
        "id": one.id, "owner": by_login(url, state, &one.owner), "name": one.name,
        "full_name": full, "description": "", "empty": false, "private": one.private,
        "fork": one.parent.is_some(), "template": false,
        "parent": parent.map(|parent| repo(url, state, parent, level)), "mirror": false,
        "size": 24, "language": "", "languages_url": format!("{url}/api/v1/repos/{full}/languages"),
        "html_url": format!("{url}/{full}"), "url": format!("{url}/api/v1/repos/{full}"),
        "link": "", "ssh_url": format!("git@forge.example:{full}.git"),
        "clone_url": format!("{url}/{full}.git"), "original_url": "", "website": "",
        "stars_count": 0, "forks_count": 0, "watchers_count": 1, "open_issues_count": 0,
        "open_pr_counter": one.pulls.iter().filter(|pull| pull.open).count(),
        "release_counter": 0, "default_branch": one.default_branch, "archived": one.archived,
        "created_at": one.created_at, "updated_at": one.pushed_at,
        "archived_at": "1970-01-01T00:00:00Z", "permissions": permissions(level),
        "has_issues": true, "has_wiki": true, "has_pull_requests": true, "has_projects": true,
        "has_releases": true, "has_packages": true, "has_actions": false,
        "ignore_whitespace_conflicts": false, "allow_merge_commits": true, "allow_rebase": true,
        "allow_squash_merge": true, "default_merge_style": "merge", "avatar_url": "",
        "internal": false, "mirror_interval": "", "object_format_name": "sha1",
        "mirror_updated": "0001-01-01T00:00:00Z", "topics": [], "licenses": [],
    })
}

/// The login that an author's address belongs to.
fn username(state: &State, one: &Person) -> String {
    let own = |account: &&Account| account.email.eq_ignore_ascii_case(&one.email);
    let found = state.accounts.iter().find(own);
    found.map(|one| one.login.clone()).unwrap_or_default()
}

/// A commit as payloads and branches have it.
pub fn pushed_commit(url: &str, state: &State, repo: &Repo, one: &Commit) -> Value {
    let person = |person: &Person| json!({"name": person.name, "email": person.email, "username": username(state, person)});
    let of_kind = |kind: char| -> Vec<&str> {
        let files = one.files.iter().filter(|(is, _)| *is == kind);
        files.map(|(_, path)| path.as_str()).collect()
    };
    json!({
        "id": one.sha, "message": format!("{}\n", one.message),
        "url": format!("{url}/{}/commit/{}", repo.full_name(), one.sha),
        "author": person(&one.author), "committer": person(&one.committer), "verification": null,
        "timestamp": one.committer.date, "added": of_kind('A'), "removed": of_kind('D'),
        "modified": of_kind('M'),
    })
}

/// A commit by itself.
pub fn commit(url: &str, state: &State, repo: &Repo, one: &Commit) -> Value {
    let api = format!("{url}/api/v1/repos/{}/git", repo.full_name());
    let person =
        |person: &Person| json!({"name": person.name, "email": person.email, "date": person.date});
    let known = |person: &Person| {
        state
            .account(&username(state, person))
            .map(|one| account(url, one))
    };
    let date = &one.committer.date;
    let parents = one.parents.iter().map(|sha| {
        json!({"url": format!("{api}/commits/{sha}"), "sha": sha, "created": "0001-01-01T00:00:00Z"})
    });
    json!({
        "url": format!("{api}/commits/{}", one.sha), "sha": one.sha, "created": date,
        "html_url": format!("{url}/{}/commit/{}", repo.full_name(), one.sha),
        "commit": {
            "url": format!("{api}/commits/{}", one.sha), "author": person(&one.author),
            "committer": person(&one.committer), "message": format!("{}\n", one.message),
            "tree": {"url": format!("{api}/trees/{}", one.tree), "sha": one.tree, "created": date},
        },
        "author": known(&one.author), "committer": known(&one.committer),
        "parents": parents.collect::<Vec<_>>(),
    })
}

/// Whether a title says that its pull request is not ready.
pub fn unready(title: &str) -> bool {
    let title = title.to_uppercase();
    title.starts_with("WIP:") || title.starts_with("[WIP]")
}

/// The title as it is shown: here a draft is one by its title.
pub fn title(title: &str, draft: bool) -> String {
    match draft && !unready(title) {
        true => format!("WIP: {title}"),
        false => title.to_owned(),
    }
}

/// A pull request.
pub fn pull(url: &str, state: &State, repo: &Repo, one: &Pull) -> Value {
    let full = repo.full_name();
    let page = format!("{url}/{full}/pulls/{}", one.number);
    let side = |id: u64, name: &str, sha: &str| {
        let row = state.repos.get(&id);
        let shown = row.map(|row| self::repo(url, state, row, Some(Level::Read)));
        let gone = format!("refs/pull/{}/head", one.number);
        json!({"label": name, "ref": if row.is_some() { name } else { &gone }, "sha": sha,
            "repo_id": if row.is_some() { id } else { 0 }, "repo": shown})
    };
    let labels = one.labels.iter().enumerate().map(|(at, name)| {
        json!({"id": at + 1, "name": name, "exclusive": false, "is_archived": false,
            "color": "ededed", "description": "", "url": format!("{url}/api/v1/repos/{full}/labels/{}", at + 1)})
    });
    let title = title(&one.title, one.draft);
    json!({
        "id": one.id, "url": page, "number": one.number,
        "user": by_login(url, state, &one.author), "draft": unready(&title), "title": title,
        "body": "", "labels": labels.collect::<Vec<_>>(), "milestone": null, "assignee": null,
        "assignees": null, "requested_reviewers": [], "requested_reviewers_teams": [],
        "state": if one.open { "open" } else { "closed" }, "is_locked": false, "comments": 0,
        "additions": 1, "deletions": 0, "changed_files": 1, "html_url": page,
        "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"),
        "mergeable": one.open && one.merge_sha.is_some(), "merged": one.merged,
        "merged_at": if one.merged { json!(one.closed_at) } else { Value::Null },
        "merge_commit_sha": if one.merged { json!(one.merge_sha) } else { Value::Null },
        "merged_by": null, "allow_maintainer_edit": false,
        "base": side(repo.id, &one.base_ref, &one.base_sha),
        "head": side(one.head_repo, &one.head_ref, &one.head_sha), "merge_base": one.base_sha,
        "due_date": null, "created_at": one.created_at, "updated_at": one.updated_at,
        "closed_at": one.closed_at, "pin_order": 0,
    })
}

/// A hook; its secret is never shown.
pub fn hook(one: &Hook) -> Value {
    json!({
        "id": one.id, "type": "gitea", "branch_filter": "",
        "config": {"content_type": one.content_type, "url": one.url}, "events": one.events,
        "authorization_header": "", "active": one.active, "updated_at": one.updated_at,
        "created_at": one.created_at,
    })
}

/// A status.
pub fn status(url: &str, state: &State, repo: &Repo, one: &Status) -> Value {
    let full = repo.full_name();
    json!({
        "id": one.id, "status": one.state,
        "target_url": one.target_url.as_deref().unwrap_or_default(),
        "description": one.description.as_deref().unwrap_or_default(),
        "url": format!("{url}/api/v1/repos/{full}/statuses/{}", one.sha),
        "context": one.context, "creator": by_login(url, state, &one.creator),
        "created_at": one.at, "updated_at": one.at,
    })
}

//! Commits, forks, pull requests and changes of repositories.

use super::{actor, repo, rows, text};
use crate::events::{Event, announce, moved};
use crate::forge::Forge;
use crate::git;
use crate::git::commits::{Draft, make};
use crate::github;
use crate::http::{Answer, Reply};
use crate::pulls::{self, object};
use crate::state::people::{Account, Level};
use serde_json::{Map, Value, json};

/// `POST /_fake/commit`: a commit made on the server, told as a push of `as`.
pub async fn commit(forge: &Forge, body: &Value) -> Answer {
    let id = repo(forge, body)?;
    let login = actor(body)?;
    let files = rows::files(body)?;
    let (default, account) = {
        let state = forge.state();
        let row = state.repos.get(&id).ok_or_else(Reply::not_found)?;
        (row.default_branch.clone(), state.account(login).cloned())
    };
    let (name, email) = account.map_or_else(
        || (login.to_owned(), format!("{login}@example.org")),
        |one| (one.name, one.email),
    );
    let author = &body["author"];
    let draft = Draft {
        branch: body["branch"].as_str().unwrap_or(&default),
        base: Some(body["base"].as_str().unwrap_or(&default)),
        files: &files,
        message: body["message"].as_str().unwrap_or("Change"),
        name: author["name"].as_str().unwrap_or(&name),
        email: author["email"].as_str().unwrap_or(&email),
    };
    let lock = forge.lock(id);
    let _held = lock.lock().await;
    let folder = forge.folder(id);
    let before = git::refs(&folder).await?;
    let sha = make(&folder, &draft).await?;
    let after = git::refs(&folder).await?;
    moved(forge, id, login, &before, &after).await?;
    Ok(Reply::json(201, &json!({"sha": sha})))
}

/// `POST /_fake/tag {owner, name, tag, sha?|branch?}` and `/_fake/delete_ref {owner, name, ref}`.
pub async fn set_ref(forge: &Forge, body: &Value, what: &str) -> Answer {
    let id = repo(forge, body)?;
    let login = actor(body)?;
    let lock = forge.lock(id);
    let _held = lock.lock().await;
    let folder = forge.folder(id);
    let before = git::refs(&folder).await?;
    let mut sha = None;
    if what == "tag" {
        let start = body["sha"].as_str().or(body["branch"].as_str());
        let found = git::resolve(&folder, start.unwrap_or("HEAD")).await?;
        let found = found.ok_or_else(|| Reply::message(422, "no such commit"))?;
        let name = format!("refs/tags/{}", text(body, "tag")?);
        git::set_ref(&folder, &name, Some(&found)).await?;
        sha = Some(found);
    } else {
        git::set_ref(&folder, text(body, "ref")?, None).await?;
    }
    let after = git::refs(&folder).await?;
    moved(forge, id, login, &before, &after).await?;
    Ok(Reply::json(201, &json!({"sha": sha})))
}

/// `POST /_fake/fork {owner, name, as}`.
pub async fn fork(forge: &Forge, body: &Value) -> Answer {
    let id = repo(forge, body)?;
    let login = actor(body)?;
    let (fork, branch) = {
        let mut state = forge.state();
        let parent = state.repos.get(&id).cloned().ok_or_else(Reply::not_found)?;
        if state.repo_id(login, &parent.name).is_some() {
            return Err(Reply::message(
                422,
                &format!("{login}/{} is there already", parent.name),
            ));
        }
        state.add_person(login, None, None);
        let fork = state.add_repo(login, &parent.name, parent.private, &parent.default_branch);
        if let Some(row) = state.repos.get_mut(&fork) {
            row.parent = Some(id);
        }
        (fork, parent.default_branch)
    };
    let folder = forge.folder(fork);
    git::init(&folder, &branch).await?;
    let from = forge.folder(id);
    let from = from.to_string_lossy();
    let arguments = [
        "fetch",
        "-q",
        &from,
        "+refs/heads/*:refs/heads/*",
        "+refs/tags/*:refs/tags/*",
    ];
    git::run(&folder, &arguments, None).await?;
    let mut state = forge.state();
    rows::made(forge, &mut state, &[fork], login);
    let full = state
        .repos
        .get(&fork)
        .map(crate::state::repos::Repo::full_name);
    Ok(Reply::json(201, &json!({"id": fork, "full_name": full})))
}

/// `POST /_fake/pull`.
pub async fn open(forge: &Forge, body: &Value) -> Answer {
    let id = repo(forge, body)?;
    let (owner, head_ref) = match text(body, "head")?.split_once(':') {
        Some(pair) => pair,
        None => (text(body, "owner")?, text(body, "head")?),
    };
    let (head_repo, default) = {
        let state = forge.state();
        let base = state.repos.get(&id).ok_or_else(Reply::not_found)?;
        let head = if base.owner.eq_ignore_ascii_case(owner) {
            id
        } else {
            // A fork may have another name than what it was forked from.
            state
                .repos
                .values()
                .find(|row| row.parent == Some(id) && row.owner.eq_ignore_ascii_case(owner))
                .map(|row| row.id)
                .ok_or_else(|| Reply::message(422, &format!("{owner} has no fork")))?
        };
        (head, base.default_branch.clone())
    };
    let draft = pulls::Draft {
        base_repo: id,
        head_repo,
        head_ref,
        base_ref: body["base"].as_str().unwrap_or(&default),
        title: body["title"].as_str().unwrap_or("A change"),
        author: body["as"].as_str().unwrap_or(owner),
        draft: body["draft"].as_bool().unwrap_or(false),
    };
    let number = pulls::open(forge, &draft).await?;
    let state = forge.state();
    let pull = state.repos.get(&id).and_then(|row| row.pull(number));
    Ok(Reply::json(201, &json!(pull)))
}

/// `POST /_fake/pull/close|reopen|merge|edit|label|ready`.
pub async fn pull(forge: &Forge, body: &Value, what: &str) -> Answer {
    let id = repo(forge, body)?;
    let login = actor(body)?;
    let number = body["number"].as_u64().unwrap_or(0);
    let before = forge
        .state()
        .repos
        .get(&id)
        .and_then(|row| row.pull(number))
        .cloned()
        .ok_or_else(|| Reply::message(404, &format!("no pull request {number}")))?;
    let tell = |action, more| {
        let event = Event::Pull(number, action, more);
        announce(forge, &mut forge.state(), id, login, &event);
    };
    match what {
        "close" => pulls::close(forge, id, number, login),
        "reopen" => pulls::reopen(forge, id, number, login).await?,
        "merge" => {
            let sha = pulls::accept(forge, id, number, login).await?;
            return Reply::ok(&json!({"sha": sha}));
        }
        "ready" => {
            pulls::change(forge, id, number, |pull| pull.draft = false);
            tell("ready_for_review", Map::new());
        }
        "label" => {
            let label = text(body, "label")?;
            pulls::change(forge, id, number, |pull| pull.labels.push(label.to_owned()));
            let more =
                json!({"label": {"id": 1, "name": label, "color": "ededed", "default": false}});
            tell("labeled", object(more));
        }
        "edit" => {
            let mut changes = json!({});
            if let Some(title) = body["title"].as_str() {
                changes["title"] = json!({"from": before.title});
                pulls::change(forge, id, number, |pull| title.clone_into(&mut pull.title));
            }
            if let Some(base) = body["base"].as_str() {
                changes["base"] =
                    json!({"ref": {"from": before.base_ref}, "sha": {"from": before.base_sha}});
                pulls::change(forge, id, number, |pull| {
                    base.clone_into(&mut pull.base_ref)
                });
                pulls::refresh(forge, id, number).await?;
            }
            tell("edited", object(json!({"changes": changes})));
        }
        _ => return Err(Reply::message(404, "no such control")),
    }
    Ok(Reply::empty(204))
}

/// `POST /_fake/rerequest {owner, name, check_run_id, suite?, as}`.
pub fn rerequest(forge: &Forge, body: &Value) -> Answer {
    let id = repo(forge, body)?;
    let login = actor(body)?;
    let run = body["check_run_id"].as_u64().unwrap_or(0);
    let mut state = forge.state();
    let found = state
        .repos
        .get(&id)
        .and_then(|row| row.checks.iter().find(|one| one.id == run))
        .map(|one| (one.app, one.head_sha.clone()))
        .ok_or_else(|| Reply::message(404, &format!("no check run {run}")))?;
    let event = if body["suite"].as_bool().unwrap_or(false) {
        Event::CheckSuite("rerequested", found.0, found.1)
    } else {
        Event::CheckRun("rerequested", run)
    };
    announce(forge, &mut state, id, login, &event);
    Ok(Reply::empty(204))
}

/// `POST /_fake/repo/rename|transfer|delete|privatize|publicize|archive|unarchive`.
pub fn repository(forge: &Forge, body: &Value, what: &str) -> Answer {
    let id = repo(forge, body)?;
    let login = actor(body)?;
    let mut state = forge.state();
    let old = state.repos.get(&id).cloned().ok_or_else(Reply::not_found)?;
    let mut more = Map::new();
    let action = match what {
        "rename" => {
            state.rename(id, &old.owner, text(body, "to")?);
            more = object(json!({"changes": {"repository": {"name": {"from": old.name}}}}));
            "renamed"
        }
        "transfer" => {
            let to = text(body, "to")?;
            if state.account(to).is_none() {
                state.add_person(to, None, None);
            }
            let from = github::render::by_login(forge.url(), &state, &old.owner);
            let kind = if from["type"] == "Organization" {
                "organization"
            } else {
                "user"
            };
            state.rename(id, to, &old.name);
            more = object(json!({"changes": {"owner": {"from": {kind: from}}}}));
            "transferred"
        }
        "privatize" | "publicize" => {
            if let Some(row) = state.repos.get_mut(&id) {
                row.private = what == "privatize";
            }
            if what == "privatize" {
                "privatized"
            } else {
                "publicized"
            }
        }
        "archive" | "unarchive" => {
            if let Some(row) = state.repos.get_mut(&id) {
                row.archived = what == "archive";
            }
            if what == "archive" {
                "archived"
            } else {
                "unarchived"
            }
        }
        "delete" => "deleted",
        _ => return Err(Reply::message(404, "no such control")),
    };
    announce(
        forge,
        &mut state,
        id,
        login,
        &Event::Repository(action, more),
    );
    if what == "delete" {
        state.repos.remove(&id);
        state.names.retain(|_, other| *other != id);
    }
    Ok(Reply::empty(204))
}

/// `POST /_fake/member {owner, login, permission|null}`: somebody comes to an organization, in the
/// role of that name, or leaves it.
fn org_member(forge: &Forge, body: &Value) -> Answer {
    let (org, login) = (text(body, "owner")?, text(body, "login")?);
    let role = body["permission"].as_str();
    let mut state = forge.state();
    state.add_person(login, None, None);
    let is_org = |one: &&mut Account| one.login.eq_ignore_ascii_case(org);
    let members = state.accounts.iter_mut().find(is_org);
    let members = members.and_then(|one| one.members.as_mut());
    let members = members.ok_or_else(|| Reply::message(404, &format!("no organization {org}")))?;
    let had = members.remove(login);
    if let Some(role) = role {
        members.insert(login.to_owned(), role.to_owned());
    }
    // GitHub's two roles; another role of the same person is told to nobody.
    let word = |role: &str| match role {
        "admin" | "owner" => "admin",
        _ => "member",
    };
    let change = match (role, &had) {
        (Some(role), None) => Some(("member_added", word(role))),
        (None, Some(had)) => Some(("member_removed", word(had))),
        _ => None,
    };
    if let Some((action, role)) = change {
        github::membership(forge, &mut state, org, (action, login), role);
    }
    Ok(Reply::empty(204))
}

/// `POST /_fake/member {owner, name, login, permission|null, as?}`.
pub fn member(forge: &Forge, body: &Value) -> Answer {
    if body["name"].as_str().is_none_or(str::is_empty) {
        return org_member(forge, body);
    }
    let id = repo(forge, body)?;
    let login = text(body, "login")?;
    let level: Option<Level> = serde_json::from_value(body["permission"].clone())
        .map_err(|error| Reply::message(422, &format!("permission: {error}")))?;
    let mut state = forge.state();
    state.add_person(login, None, None);
    let row = state.repos.get_mut(&id).ok_or_else(Reply::not_found)?;
    let had = row.collaborators.remove(login).is_some();
    let action = match level {
        Some(level) => {
            row.collaborators.insert(login.to_owned(), level);
            if had { "edited" } else { "added" }
        }
        None => "removed",
    };
    let event = Event::Member(action, login.to_owned());
    announce(forge, &mut state, id, actor(body)?, &event);
    Ok(Reply::empty(204))
}

//! Repositories: branches, refs, commits, pull requests.

use super::{Api, Who, checks, contents, hooks, invalid, releases, render, statuses};
use crate::git::{self, commits};
use crate::http::{Answer, Reply};
use crate::state::people::Level;
use crate::state::repos::{Pull, Repo};
use axum::http::Method;
use serde_json::{Value, json};

fn row(api: &Api<'_>, id: u64) -> Result<Repo, Reply> {
    api.state()
        .repos
        .get(&id)
        .cloned()
        .ok_or_else(Reply::not_found)
}

/// Answers `/repos/{owner}/{name}…`.
pub async fn answer(api: &Api<'_>, id: u64, path: &[&str]) -> Answer {
    let url = api.forge.url();
    let folder = api.forge.folder(id);
    let get = api.call.method == Method::GET;
    match path {
        [] => {
            let repo = row(api, id)?;
            let state = api.state();
            let level = match &api.who {
                Who::Nobody | Who::App(_) => None,
                _ => api.allowed(&state, &repo),
            };
            Reply::ok(&render::repo(url, &state, &repo, level))
        }
        ["installation"] => installation(api, id),
        ["collaborators", login, "permission"] => permission(api, id, login),
        ["releases", rest @ ..] => releases::answer(api, id, rest),
        ["hooks", rest @ ..] => hooks::answer(api, id, rest),
        ["statuses", sha] if !get => statuses::create(api, id, sha).await,
        ["commits", name @ .., "status"] => statuses::combined(api, id, &name.join("/")).await,
        ["commits", name @ .., "statuses"] | ["statuses", name @ ..] => {
            statuses::list(api, id, &name.join("/")).await
        }
        ["commits", name @ .., "check-runs"] => checks::list(api, id, &name.join("/")).await,
        ["check-runs", rest @ ..] => checks::answer(api, id, rest).await,
        ["contents", file @ ..] => contents::answer(api, id, &file.join("/")).await,
        ["pulls", rest @ ..] if get => pulls(api, id, rest).await,
        ["issues", number, "comments"] => comments(api, id, number),
        _ if !get => Err(Reply::not_found()),
        ["branches"] => {
            let repo = row(api, id)?;
            let refs = git::refs(&folder).await?;
            let rows: Vec<(&str, &String)> = refs
                .iter()
                .filter_map(|(name, sha)| Some((name.strip_prefix("refs/heads/")?, sha)))
                .collect();
            Ok(api.list(rows, |(name, sha)| render::branch(url, &repo, name, sha)))
        }
        ["branches", name @ ..] => {
            let name = name.join("/");
            let missing = || Reply::message(404, "Branch not found");
            let sha = git::resolve(&folder, &format!("heads/{name}")).await?;
            let sha = sha.ok_or_else(missing)?;
            let commit = commits::one(&folder, &sha).await?.ok_or_else(missing)?;
            let repo = row(api, id)?;
            let mut value = render::branch(url, &repo, &name, &sha);
            value["commit"] = render::commit(url, &api.state(), &repo, &commit);
            Reply::ok(&value)
        }
        ["git", "ref", name @ ..] | ["git", "refs", name @ ..] => {
            let full = format!("refs/{}", name.join("/"));
            let refs = git::refs(&folder).await?;
            let sha = refs.get(&full).ok_or_else(Reply::not_found)?;
            Reply::ok(&render::git_ref(url, &row(api, id)?, &full, sha))
        }
        ["git", "matching-refs", name @ ..] => {
            let start = format!("refs/{}", name.join("/"));
            let repo = row(api, id)?;
            let refs = git::refs(&folder).await?;
            let rows: Vec<_> = refs
                .iter()
                .filter(|(name, _)| name.starts_with(&start))
                .collect();
            Ok(api.list(rows, |(name, sha)| render::git_ref(url, &repo, name, sha)))
        }
        ["git", "commits", sha] => git_commit(api, id, sha).await,
        ["commits"] => {
            let repo = row(api, id)?;
            let start = api.call.parameter("sha").unwrap_or(&repo.default_branch);
            let Some(start) = git::resolve(&folder, start).await? else {
                return Err(Reply::message(409, "Git Repository is empty."));
            };
            let list = commits::log(&folder, &[&start], 1000).await?;
            let state = api.state();
            Ok(api.list(list, |one| render::commit(url, &state, &repo, &one)))
        }
        ["commits", name @ ..] => commit(api, id, &name.join("/")).await,
        ["compare", range @ ..] => compare(api, id, &range.join("/")).await,
        _ => Err(Reply::not_found()),
    }
}

fn installation(api: &Api<'_>, id: u64) -> Answer {
    let Who::App(app) = api.who else {
        return Err(Reply::message(401, "A JSON web token could not be decoded"));
    };
    let state = api.state();
    let row = state
        .installations
        .values()
        .find(|one| one.app == app && state.installed_on(one, id))
        .ok_or_else(Reply::not_found)?;
    Reply::ok(&render::installation(api.forge.url(), &state, row))
}

fn permission(api: &Api<'_>, id: u64, login: &str) -> Answer {
    if api.level(id)? < Level::Write {
        return Err(Reply::message(
            403,
            "Must have push access to view collaborator permission.",
        ));
    }
    let state = api.state();
    let repo = state.repos.get(&id).ok_or_else(Reply::not_found)?;
    let account = state.account(login).ok_or_else(Reply::not_found)?;
    let level = state.level(repo, login);
    // The old word knows four steps only.
    let word = match level {
        None => "none",
        Some(Level::Read | Level::Triage) => "read",
        Some(Level::Write | Level::Maintain) => "write",
        Some(Level::Admin) => "admin",
    };
    let mut user = render::account(api.forge.url(), account);
    let role = level.map_or("none", Level::word);
    user["role_name"] = json!(role);
    if let Some(level) = level {
        user["permissions"] = render::permissions(level);
    }
    Reply::ok(&json!({"permission": word, "role_name": role, "user": user}))
}

/// The commit as git's own object, which has less around it.
async fn git_commit(api: &Api<'_>, id: u64, sha: &str) -> Answer {
    let folder = api.forge.folder(id);
    let known = git::resolve(&folder, sha).await?;
    if known.as_deref() != Some(sha) {
        return Err(Reply::not_found());
    }
    let found = commits::one(&folder, sha).await?;
    let found = found.ok_or_else(Reply::not_found)?;
    let repo = row(api, id)?;
    let shown = render::commit(api.forge.url(), &api.state(), &repo, &found);
    let mut value = shown["commit"].clone();
    for name in ["sha", "node_id", "html_url", "parents"] {
        value[name] = shown[name].clone();
    }
    if let Some(fields) = value.as_object_mut() {
        fields.remove("comment_count");
    }
    Reply::ok(&value)
}

async fn commit(api: &Api<'_>, id: u64, name: &str) -> Answer {
    let sha = statuses::find(api, id, name).await?;
    if api
        .call
        .header("accept")
        .is_some_and(|kind| kind.contains(".sha"))
    {
        let kind = "application/vnd.github.sha; charset=utf-8";
        return Ok(Reply::bytes(200, kind, sha.into_bytes()));
    }
    let folder = api.forge.folder(id);
    let found = commits::one(&folder, &sha).await?;
    let found = found.ok_or_else(Reply::not_found)?;
    let repo = row(api, id)?;
    let mut value = render::commit(api.forge.url(), &api.state(), &repo, &found);
    let parent = found.parents.first();
    let range = parent.map(|parent| [parent.as_str(), sha.as_str()]);
    let files = match range {
        Some(range) => changed(api, id, &range).await?,
        None => Vec::new(),
    };
    value["stats"] = json!({"total": files.len(), "additions": files.len(), "deletions": 0});
    value["files"] = json!(files);
    Reply::ok(&value)
}

/// Files that differ between two commits.
async fn changed(api: &Api<'_>, id: u64, range: &[&str; 2]) -> Result<Vec<Value>, Reply> {
    let folder = api.forge.folder(id);
    let arguments = ["diff-tree", "-r", "-z", "--no-renames", range[0], range[1]];
    let output = git::run(&folder, &arguments, None).await?;
    let output = String::from_utf8_lossy(&output).into_owned();
    let parts: Vec<&str> = output.split('\0').collect();
    let full = row(api, id)?.full_name();
    let url = api.forge.url();
    let files = parts.chunks_exact(2).map(|pair| {
        let facts: Vec<&str> = pair[0].split(' ').collect();
        let status = match facts.get(4) {
            Some(&"A") => "added",
            Some(&"D") => "removed",
            _ => "modified",
        };
        json!({"sha": facts.get(3), "filename": pair[1], "status": status,
            "additions": 1, "deletions": 0, "changes": 1,
            "contents_url": format!("{url}/api/v3/repos/{full}/contents/{}?ref={}", pair[1], range[1]),
            "raw_url": format!("{url}/{full}/raw/{}/{}", range[1], pair[1])})
    });
    Ok(files.collect())
}

async fn compare(api: &Api<'_>, id: u64, range: &str) -> Answer {
    let (base, head) = range.split_once("...").ok_or_else(Reply::not_found)?;
    let folder = api.forge.folder(id);
    let resolve = async |name: &str| -> Result<String, Reply> {
        git::resolve(&folder, name)
            .await?
            .ok_or_else(Reply::not_found)
    };
    let (base, head) = (resolve(base).await?, resolve(head).await?);
    let common = git::text(&folder, &["merge-base", &base, &head]).await;
    let common = common.map_err(|_| Reply::message(404, "No common ancestor"))?;
    let behind_range = format!("{head}..{base}");
    let behind = git::text(&folder, &["rev-list", "--count", &behind_range]).await?;
    let behind: usize = behind.parse().unwrap_or(0);
    let ahead_range = format!("{base}..{head}");
    let ahead = git::text(&folder, &["rev-list", "--count", &ahead_range]).await?;
    let ahead: usize = ahead.parse().unwrap_or(0);
    let mut list = commits::log(&folder, &[&ahead_range], 250).await?;
    list.reverse();
    let merge_base = commits::one(&folder, &common).await?;
    let base_commit = commits::one(&folder, &base).await?;
    let files = changed(api, id, &[&common, &head]).await?;
    let repo = row(api, id)?;
    let state = api.state();
    let url = api.forge.url();
    let show = |one: &commits::Commit| render::commit(url, &state, &repo, one);
    let word = match (ahead, behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    Reply::ok(&json!({
        "url": format!("{url}/api/v3/repos/{}/compare/{range}", repo.full_name()),
        "html_url": format!("{url}/{}/compare/{range}", repo.full_name()),
        "status": word, "ahead_by": ahead, "behind_by": behind, "total_commits": ahead,
        "base_commit": base_commit.as_ref().map(show),
        "merge_base_commit": merge_base.as_ref().map(show),
        "commits": list.iter().map(show).collect::<Vec<_>>(), "files": files,
    }))
}

async fn pulls(api: &Api<'_>, id: u64, path: &[&str]) -> Answer {
    let repo = row(api, id)?;
    let url = api.forge.url();
    let Some((number, rest)) = path.split_first() else {
        let wanted = api.call.parameter("state").unwrap_or("open");
        let head = api.call.parameter("head");
        let base = api.call.parameter("base");
        let state = api.state();
        let fits = |pull: &&Pull| {
            let owner = state
                .repos
                .get(&pull.head_repo)
                .map(|row| row.owner.as_str());
            let label = format!("{}:{}", owner.unwrap_or_default(), pull.head_ref);
            (wanted == "all" || pull.open == (wanted == "open"))
                && head.is_none_or(|head| head == label)
                && base.is_none_or(|base| base == pull.base_ref)
        };
        let mut rows: Vec<&Pull> = repo.pulls.iter().filter(fits).collect();
        rows.reverse();
        return Ok(api.list(rows, |pull| render::pull(url, &state, &repo, pull)));
    };
    let number = number.parse().map_err(|_| Reply::not_found())?;
    let pull = repo.pull(number).ok_or_else(Reply::not_found)?;
    match rest {
        [] => Reply::ok(&render::pull(url, &api.state(), &repo, pull)),
        ["files"] => {
            let folder = api.forge.folder(id);
            let base = git::text(&folder, &["merge-base", &pull.base_sha, &pull.head_sha]).await?;
            let files = changed(api, id, &[&base, &pull.head_sha]).await?;
            Ok(api.list(files, |file| file))
        }
        ["commits"] => {
            let folder = api.forge.folder(id);
            let range = format!("{}..{}", pull.base_sha, pull.head_sha);
            let mut list = commits::log(&folder, &[&range], 250).await?;
            list.reverse();
            let state = api.state();
            Ok(api.list(list, |one| render::commit(url, &state, &repo, &one)))
        }
        _ => Err(Reply::not_found()),
    }
}

fn comments(api: &Api<'_>, id: u64, number: &str) -> Answer {
    let number: u64 = number.parse().map_err(|_| Reply::not_found())?;
    let repo = row(api, id)?;
    repo.pull(number).ok_or_else(Reply::not_found)?;
    if api.call.method == Method::POST {
        if matches!(api.who, Who::Nobody) {
            return Err(Reply::message(401, "Requires authentication"));
        }
        let body = api.call.json()?;
        let text = body["body"]
            .as_str()
            .filter(|text| !text.is_empty())
            .ok_or_else(|| invalid("IssueComment", "body", "missing_field"))?;
        let writer = statuses::writer(api);
        let mut state = api.state();
        let comment = state.next_id();
        let url = api.forge.url();
        let value = json!({"id": comment, "node_id": super::node_id("IssueComment", comment),
            "url": format!("{url}/api/v3/repos/{}/issues/comments/{comment}", repo.full_name()),
            "html_url": format!("{url}/{}/pull/{number}#issuecomment-{comment}", repo.full_name()),
            "body": text, "user": render::by_login(url, &state, &writer),
            "created_at": crate::state::now(), "updated_at": crate::state::now()});
        if let Some(row) = state.repos.get_mut(&id) {
            row.comments.push((number, value.clone()));
        }
        return Ok(Reply::json(201, &value));
    }
    let rows: Vec<Value> = repo
        .comments
        .iter()
        .filter(|(of, _)| *of == number)
        .map(|(_, value)| value.clone())
        .collect();
    Ok(api.list(rows, |one| one))
}

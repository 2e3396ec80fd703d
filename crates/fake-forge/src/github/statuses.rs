//! Commit statuses.

use super::{Api, Who, invalid, render};
use crate::git;
use crate::http::{Answer, Reply, paged};
use crate::state::people::Level;
use crate::state::repos::Status;
use serde_json::{Value, json};

/// Statuses that one context of a commit may get.
const MOST: usize = 1000;

/// The time now with milliseconds.
pub fn precise_now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
        .to_string()
}

/// Who writes: a login, or the App's name as a bot.
pub fn writer(api: &Api<'_>) -> String {
    match &api.who {
        Who::Person { login, .. } => login.clone(),
        Who::Installation { app, .. } | Who::App(app) => {
            let state = api.state();
            let slug = state.apps.get(app).map(|app| app.slug.clone());
            format!("{}[bot]", slug.unwrap_or_default())
        }
        Who::Nobody => String::new(),
    }
}

/// `POST /repos/{owner}/{name}/statuses/{sha}`.
pub async fn create(api: &Api<'_>, repo: u64, sha: &str) -> Answer {
    api.require(repo, Level::Write, &["repo:status", "repo"], "statuses")?;
    let body = api.call.json()?;
    let state = body["state"].as_str().unwrap_or_default();
    if !["error", "failure", "pending", "success"].contains(&state) {
        return Err(invalid("Status", "state", "custom"));
    }
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    if text("description").is_some_and(|text| text.chars().count() > 140) {
        return Err(invalid("Status", "description", "custom"));
    }
    let target = text("target_url").filter(|url| !url.is_empty());
    if target.as_ref().is_some_and(|url| !url.starts_with("http")) {
        return Err(invalid("Status", "target_url", "custom"));
    }
    if git::resolve(&api.forge.folder(repo), sha).await?.as_deref() != Some(sha) {
        return Err(Reply::message(
            422,
            &format!("No commit found for SHA: {sha}"),
        ));
    }
    let creator = writer(api);
    let mut memory = api.state();
    let id = memory.next_id();
    let row = memory.repos.get_mut(&repo).ok_or_else(Reply::not_found)?;
    let context = text("context").unwrap_or_else(|| "default".to_owned());
    let before = row
        .statuses
        .iter()
        .filter(|one| one.sha == sha && one.context == context)
        .count();
    if before >= MOST {
        return Err(Reply::message(
            422,
            "Validation Failed: This SHA and context has reached the maximum number of statuses.",
        ));
    }
    let status = Status {
        id,
        sha: sha.to_owned(),
        state: state.to_owned(),
        context,
        description: text("description"),
        target_url: target,
        creator,
        at: precise_now(),
    };
    row.statuses.push(status.clone());
    let row = memory.repos.get(&repo).ok_or_else(Reply::not_found)?;
    let value = render::status(api.forge.url(), &memory, row, &status);
    Ok(Reply::json(201, &value))
}

/// `GET …/commits/{ref}/statuses`: all, newest first.
pub async fn list(api: &Api<'_>, repo: u64, name: &str) -> Answer {
    let sha = find(api, repo, name).await?;
    let state = api.state();
    let row = state.repos.get(&repo).ok_or_else(Reply::not_found)?;
    let mut rows: Vec<&Status> = row.statuses.iter().filter(|one| one.sha == sha).collect();
    rows.reverse();
    Ok(api.list(rows, |one| {
        render::status(api.forge.url(), &state, row, one)
    }))
}

/// `GET …/commits/{ref}/status`: the latest of each context, and all in one word.
pub async fn combined(api: &Api<'_>, repo: u64, name: &str) -> Answer {
    let sha = find(api, repo, name).await?;
    let state = api.state();
    let row = state.repos.get(&repo).ok_or_else(Reply::not_found)?;
    let mut latest: Vec<&Status> = Vec::new();
    for one in row.statuses.iter().rev().filter(|one| one.sha == sha) {
        if latest.iter().all(|other| other.context != one.context) {
            latest.push(one);
        }
    }
    let has = |word: &str| latest.iter().any(|one| one.state == word);
    let word = if has("error") || has("failure") {
        "failure"
    } else if latest.is_empty() || has("pending") {
        "pending"
    } else {
        "success"
    };
    let page = paged(api.call, api.forge.url(), latest, "per_page", (30, 100));
    let url = api.forge.url();
    let rows: Vec<Value> = page
        .rows
        .into_iter()
        .map(|one| render::status(url, &state, row, one))
        .collect();
    let reply = Reply::json(
        200,
        &json!({"state": word, "statuses": rows, "sha": sha, "total_count": page.total,
            "repository": render::repo(url, &state, row, None),
            "commit_url": format!("{url}/api/v3/repos/{}/commits/{sha}", row.full_name()),
            "url": format!("{url}/api/v3/repos/{}/commits/{sha}/status", row.full_name())}),
    );
    Ok(match page.link {
        Some(link) => reply.with("link", link),
        None => reply,
    })
}

/// The commit that a path names.
pub async fn find(api: &Api<'_>, repo: u64, name: &str) -> Result<String, Reply> {
    git::resolve(&api.forge.folder(repo), name)
        .await?
        .ok_or_else(|| Reply::message(422, &format!("No commit found for SHA: {name}")))
}

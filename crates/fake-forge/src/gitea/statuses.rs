//! Commit statuses.

use super::{Api, missing, refusal, render};
use crate::git;
use crate::http::{Answer, Reply};
use crate::state::now;
use crate::state::people::Level;
use crate::state::repos::Status;
use serde_json::{Value, json};

/// Words of a status, worst first.
const WORDS: [&str; 6] = [
    "error", "failure", "warning", "pending", "success", "skipped",
];

/// `POST …/statuses/{sha}`.
pub async fn create(api: &Api<'_>, repo: u64, sha: &str) -> Answer {
    api.require(repo, Level::Write)?;
    let body = api.call.json()?;
    let word = body["state"].as_str().unwrap_or_default();
    if !WORDS.contains(&word) {
        return Err(refusal(422, &format!("unknown state: {word}")));
    }
    let found = git::resolve(&api.forge.folder(repo), sha).await?;
    let sha = found.ok_or_else(missing)?;
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let creator = api.person()?.to_owned();
    let mut state = api.state();
    let status = Status {
        id: state.next_id(),
        sha,
        state: word.to_owned(),
        context: text("context")
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| "default".to_owned()),
        description: text("description"),
        target_url: text("target_url"),
        creator,
        at: now(),
    };
    let row = state.repos.get_mut(&repo).ok_or_else(missing)?;
    row.statuses.push(status.clone());
    let row = state.repos.get(&repo).ok_or_else(missing)?;
    let value = render::status(api.url(), &state, row, &status);
    Ok(Reply::json(201, &value))
}

/// `GET …/statuses/{ref}`: all, newest first.
pub async fn list(api: &Api<'_>, repo: u64, name: &str) -> Answer {
    let found = git::resolve(&api.forge.folder(repo), name).await?;
    let sha = found.ok_or_else(missing)?;
    let state = api.state();
    let row = state.repos.get(&repo).ok_or_else(missing)?;
    let wanted = api.call.parameter("state").filter(|word| !word.is_empty());
    let fits = |one: &&Status| one.sha == sha && wanted.is_none_or(|word| word == one.state);
    let mut rows: Vec<&Status> = row.statuses.iter().filter(fits).collect();
    if api.call.parameter("sort") != Some("oldest") {
        rows.reverse();
    }
    Ok(api.list(rows, |one| render::status(api.url(), &state, row, one)))
}

/// `GET …/commits/{ref}/status`: the latest of each context, and all in one word.
pub async fn combined(api: &Api<'_>, repo: u64, name: &str) -> Answer {
    let found = git::resolve(&api.forge.folder(repo), name).await?;
    let sha = found.ok_or_else(missing)?;
    let state = api.state();
    let row = state.repos.get(&repo).ok_or_else(missing)?;
    let mut latest: Vec<&Status> = Vec::new();
    for one in row.statuses.iter().rev().filter(|one| one.sha == sha) {
        if latest.iter().all(|other| other.context != one.context) {
            latest.push(one);
        }
    }
    let worst = WORDS
        .iter()
        .find(|word| latest.iter().any(|one| one.state == **word));
    let url = api.url();
    let api_url = format!("{url}/api/v1/repos/{}/commits/{sha}", row.full_name());
    let rows: Vec<Value> = latest
        .iter()
        .map(|one| render::status(url, &state, row, one))
        .collect();
    Reply::ok(
        &json!({"state": worst.copied().unwrap_or_default(), "sha": sha,
        "total_count": rows.len(), "statuses": rows,
        "repository": render::repo(url, &state, row, api.allowed(&state, row)),
        "commit_url": api_url, "url": format!("{api_url}/status")}),
    )
}

//! Commit statuses, which are jobs of an outside pipeline here: one that is over is not changed any
//! more, and none goes to where it is.

use super::{Api, code, missing, refusal, render};
use crate::git;
use crate::http::{Answer, Reply};
use crate::state::now;
use crate::state::people::Level;
use crate::state::repos::{Repo, Status};
use axum::http::Method;
use serde_json::json;

/// Longest description and address.
const LONGEST: usize = 255;

/// The step of a job that leads to a state.
fn step(state: &str) -> Option<&'static str> {
    Some(match state {
        "pending" => "enqueue",
        "running" => "run",
        "success" => "success",
        "failed" => "drop",
        "canceled" => "cancel",
        "skipped" => "skip",
        _ => return None,
    })
}

/// The newest status of this name that is not over.
fn under_way<'a>(row: &'a Repo, sha: &str, name: &str) -> Option<&'a Status> {
    let own = |one: &&Status| one.sha == sha && one.context == name;
    let last = row.statuses.iter().rev().find(own)?;
    ["pending", "running"]
        .contains(&last.state.as_str())
        .then_some(last)
}

/// Whether a branch has the commit.
async fn on_branch(api: &Api<'_>, id: u64, sha: &str) -> Result<bool, Reply> {
    let arguments = ["for-each-ref", "--count=1", "--contains", sha, "refs/heads"];
    Ok(!git::text(&api.forge.folder(id), &arguments)
        .await?
        .is_empty())
}

/// `POST …/statuses/{sha}`.
pub async fn create(api: &Api<'_>, id: u64, sha: &str) -> Answer {
    if api.call.method != Method::POST {
        return Err(refusal(405, "405 Method Not Allowed"));
    }
    api.require(id, Level::Write)?;
    let fields = api.call.fields();
    let field = |name: &str| {
        fields
            .get(name)
            .map(String::as_str)
            .filter(|text| *text != "null")
    };
    let bad = |text: String| Reply::json(400, &json!({"error": text}));
    let word = field("state").ok_or_else(|| bad("state is missing".to_owned()))?;
    let step = step(word);
    let step = step.ok_or_else(|| bad("state does not have a valid value".to_owned()))?;
    let sha = code::find(api, id, sha).await?;
    // A commit of a fork belongs to no branch here: its ref has to be told.
    if field("ref").is_none() && !on_branch(api, id, &sha).await? {
        return Err(missing("References for commit"));
    }
    for name in ["description", "target_url"] {
        if field(name).is_some_and(|text| text.chars().count() > LONGEST) {
            let text = format!("is too long (maximum is {LONGEST} characters)");
            return Err(Reply::json(400, &json!({"message": {name: [text]}})));
        }
    }
    let name = field("name")
        .or_else(|| field("context"))
        .unwrap_or("default");
    let creator = api.person()?.to_owned();
    let mut state = api.state();
    let next = state.next_id();
    let row = state.repos.get_mut(&id).ok_or_else(|| missing("Project"))?;
    let before = under_way(row, &sha, name).cloned();
    if let Some(before) = before
        .as_ref()
        .filter(|before| before.state == word || (before.state == "running" && word == "pending"))
    {
        let text = format!(
            "Cannot transition status via :{step} from :{} (Reason(s): Status cannot transition via \"{step}\")",
            before.state
        );
        return Err(refusal(400, &text));
    }
    let status = Status {
        id: before.as_ref().map_or(next, |before| before.id),
        sha,
        state: word.to_owned(),
        context: name.to_owned(),
        description: field("description").map(str::to_owned),
        target_url: field("target_url")
            .filter(|url| !url.is_empty())
            .map(str::to_owned),
        creator,
        at: now(),
    };
    row.statuses.push(status.clone());
    Ok(Reply::json(
        201,
        &render::status(api.url(), &state, &status, field("ref")),
    ))
}

/// `GET …/repository/commits/{sha}/statuses`: the newest of each name, or all.
pub async fn list(api: &Api<'_>, id: u64, sha: &str) -> Answer {
    let sha = code::find(api, id, sha).await?;
    let row = api.row(id)?;
    let all = api.call.parameter("all") == Some("true");
    let name = api.call.parameter("name");
    let mut rows: Vec<&Status> = Vec::new();
    for one in row.statuses.iter().rev().filter(|one| one.sha == sha) {
        // A change of a job is a row of ours with the same number.
        let newer = |other: &Status| match all {
            true => other.id == one.id,
            false => other.context == one.context,
        };
        if name.is_none_or(|name| name == one.context) && !rows.iter().any(|other| newer(other)) {
            rows.push(one);
        }
    }
    rows.sort_by_key(|one| one.id);
    if api.call.parameter("sort") == Some("desc") {
        rows.reverse();
    }
    let state = api.state();
    Ok(api.list(rows, |one| render::status(api.url(), &state, one, None)))
}

//! Check runs, which only Apps may write.

use super::statuses::{find, precise_now};
use super::{Api, Who, invalid, render};
use crate::git;
use crate::http::{Answer, Reply};
use crate::state::people::Level;
use crate::state::repos::CheckRun;
use axum::http::Method;
use serde_json::{Map, Value, json};

/// Annotations in one call.
const MOST_ANNOTATIONS: usize = 50;
/// Characters of summary and text, each.
const MOST_TEXT: usize = 65_535;
/// Words for the end.
const CONCLUSIONS: [&str; 8] = [
    "action_required",
    "cancelled",
    "failure",
    "neutral",
    "success",
    "skipped",
    "stale",
    "timed_out",
];

fn app(api: &Api<'_>, repo: u64) -> Result<u64, Reply> {
    let Who::Installation { app, .. } = api.who else {
        return Err(Reply::message(
            403,
            "You must authenticate via a GitHub App.",
        ));
    };
    api.require(repo, Level::Write, &[], "checks")?;
    Ok(app)
}

/// Answers `…/check-runs…`.
pub async fn answer(api: &Api<'_>, repo: u64, path: &[&str]) -> Answer {
    let method = api.call.method.as_str();
    match (method, path) {
        ("POST", []) => create(api, repo).await,
        ("PATCH", [id]) => update(api, repo, id),
        ("GET", [id, rest @ ..]) => {
            let id: u64 = id.parse().map_err(|_| Reply::not_found())?;
            let state = api.state();
            let row = state.repos.get(&repo).ok_or_else(Reply::not_found)?;
            let run = row.checks.iter().find(|run| run.id == id);
            let run = run.ok_or_else(Reply::not_found)?;
            match rest {
                [] => Reply::ok(&render::check(api.forge.url(), &state, row, run)),
                ["annotations"] => Ok(api.list(run.annotations.clone(), |one| one)),
                _ => Err(Reply::not_found()),
            }
        }
        _ => Err(Reply::not_found()),
    }
}

fn validate(body: &Value) -> Result<(), Reply> {
    let bad = |field: &str| invalid("CheckRun", field, "invalid");
    let status = body["status"].as_str();
    if status.is_some_and(|word| !["queued", "in_progress", "completed"].contains(&word)) {
        return Err(bad("status"));
    }
    let conclusion = body["conclusion"].as_str();
    if conclusion.is_some_and(|word| !CONCLUSIONS.contains(&word)) {
        return Err(bad("conclusion"));
    }
    if status == Some("completed") && conclusion.is_none() {
        return Err(invalid("CheckRun", "conclusion", "missing_field"));
    }
    for field in ["started_at", "completed_at"] {
        let time = body[field].as_str();
        if time.is_some_and(|time| time.parse::<jiff::Timestamp>().is_err()) {
            return Err(bad(field));
        }
    }
    if body["details_url"]
        .as_str()
        .is_some_and(|url| !url.starts_with("http"))
    {
        return Err(bad("details_url"));
    }
    if body["actions"]
        .as_array()
        .is_some_and(|actions| actions.len() > 3)
    {
        return Err(bad("actions"));
    }
    let output = &body["output"];
    if output.is_null() {
        return Ok(());
    }
    for field in ["title", "summary"] {
        if !output[field].is_string() {
            return Err(invalid(
                "CheckRun",
                &format!("output.{field}"),
                "missing_field",
            ));
        }
    }
    for field in ["summary", "text"] {
        if output[field]
            .as_str()
            .is_some_and(|text| text.chars().count() > MOST_TEXT)
        {
            return Err(bad(&format!("output.{field}")));
        }
    }
    let none = Vec::new();
    let annotations = output["annotations"].as_array().unwrap_or(&none);
    if annotations.len() > MOST_ANNOTATIONS {
        return Err(bad("output.annotations"));
    }
    for one in annotations {
        let level = one["annotation_level"].as_str().unwrap_or_default();
        let whole = one["path"].is_string()
            && one["start_line"].is_u64()
            && one["end_line"].is_u64()
            && one["message"].is_string();
        // Columns are refused when the annotation spans lines.
        let columns = one["start_column"].is_null() || one["start_line"] == one["end_line"];
        if !whole || !columns || !["notice", "warning", "failure"].contains(&level) {
            return Err(bad("output.annotations"));
        }
    }
    Ok(())
}

/// Takes over what a call says, as GitHub does: annotations add up, the rest is replaced.
fn apply(run: &mut CheckRun, body: &Value) {
    let mut record = body.clone();
    record["at"] = json!(precise_now());
    run.history.push(record);
    let annotations = body["output"]["annotations"].as_array();
    run.annotations
        .extend(annotations.into_iter().flatten().cloned());
    for name in [
        "name",
        "details_url",
        "external_id",
        "status",
        "started_at",
        "conclusion",
        "completed_at",
        "output",
        "actions",
    ] {
        if !body[name].is_null() {
            run.fields.insert(name.to_owned(), body[name].clone());
        }
    }
    if !body["conclusion"].is_null() {
        run.fields.insert("status".to_owned(), json!("completed"));
        run.fields
            .entry("completed_at".to_owned())
            .or_insert_with(|| json!(crate::state::now()));
    } else if body["status"].is_string() && body["status"] != "completed" {
        run.fields.remove("conclusion");
        run.fields.remove("completed_at");
    }
}

async fn create(api: &Api<'_>, repo: u64) -> Answer {
    let app = app(api, repo)?;
    let body = api.call.json()?;
    for field in ["name", "head_sha"] {
        if body[field].as_str().is_none_or(str::is_empty) {
            return Err(invalid("CheckRun", field, "missing_field"));
        }
    }
    validate(&body)?;
    let sha = body["head_sha"].as_str().unwrap_or_default();
    if git::resolve(&api.forge.folder(repo), sha).await?.as_deref() != Some(sha) {
        return Err(Reply::message(
            422,
            &format!("No commit found for SHA: {sha}"),
        ));
    }
    let mut state = api.state();
    let mut run = CheckRun {
        id: state.next_id(),
        head_sha: sha.to_owned(),
        app,
        fields: Map::new(),
        annotations: Vec::new(),
        history: Vec::new(),
    };
    apply(&mut run, &body);
    let row = state.repos.get_mut(&repo).ok_or_else(Reply::not_found)?;
    row.checks.push(run.clone());
    let row = state.repos.get(&repo).ok_or_else(Reply::not_found)?;
    Ok(Reply::json(
        201,
        &render::check(api.forge.url(), &state, row, &run),
    ))
}

fn update(api: &Api<'_>, repo: u64, id: &str) -> Answer {
    let app = app(api, repo)?;
    let body = api.call.json()?;
    validate(&body)?;
    let id: u64 = id.parse().map_err(|_| Reply::not_found())?;
    let mut state = api.state();
    let row = state.repos.get_mut(&repo).ok_or_else(Reply::not_found)?;
    let run = row.checks.iter_mut().find(|run| run.id == id);
    let run = run.ok_or_else(Reply::not_found)?;
    if run.app != app {
        return Err(Reply::message(
            403,
            "Invalid app_id - check run can only be modified by the GitHub App that created it.",
        ));
    }
    apply(run, &body);
    let run = run.clone();
    let row = state.repos.get(&repo).ok_or_else(Reply::not_found)?;
    Reply::ok(&render::check(api.forge.url(), &state, row, &run))
}

/// `GET …/commits/{ref}/check-runs`: the latest of each name unless `filter=all`.
pub async fn list(api: &Api<'_>, repo: u64, name: &str) -> Answer {
    if api.call.method != Method::GET {
        return Err(Reply::not_found());
    }
    let sha = find(api, repo, name).await?;
    let state = api.state();
    let row = state.repos.get(&repo).ok_or_else(Reply::not_found)?;
    let wanted = api.call.parameter("check_name");
    let all = api.call.parameter("filter") == Some("all");
    let mut rows: Vec<&CheckRun> = Vec::new();
    for run in row.checks.iter().rev().filter(|run| run.head_sha == sha) {
        let name = run.fields.get("name").and_then(Value::as_str);
        let seen = rows.iter().any(|other| {
            other.app == run.app && other.fields.get("name") == run.fields.get("name")
        });
        if (all || !seen) && wanted.is_none_or(|wanted| name == Some(wanted)) {
            rows.push(run);
        }
    }
    let url = api.forge.url();
    Ok(api.counted("check_runs", rows, |run| {
        render::check(url, &state, row, run)
    }))
}

//! Releases and their files.

use super::statuses::{precise_now, writer};
use super::{Api, invalid};
use crate::http::{Answer, Reply, encoded};
use crate::state::people::Level;
use aws_lc_rs::digest;
use axum::http::Method;
use serde_json::{Value, json};

/// Answers `/repos/{owner}/{name}/releases…`, and the uploads below `/api/uploads`.
pub fn answer(api: &Api<'_>, repo: u64, path: &[&str]) -> Answer {
    let method = &api.call.method;
    if *method != Method::GET {
        api.require(repo, Level::Write, &["public_repo", "repo"], "contents")?;
    }
    match path {
        [] if *method == Method::POST => create(api, repo),
        [] => Ok(api.list(visible(api, repo), |release| release)),
        ["tags", tag @ ..] => {
            let tag = tag.join("/");
            let mut releases = visible(api, repo).into_iter();
            let found = releases.find(|one| one["tag_name"] == tag && one["draft"] == false);
            Reply::ok(&found.ok_or_else(Reply::not_found)?)
        }
        ["assets", id] if *method == Method::DELETE => delete(api, repo, id),
        [id] if *method == Method::PATCH => update(api, repo, id),
        [id] => Reply::ok(&one(api, repo, id)?),
        [id, "assets"] if *method == Method::POST => upload(api, repo, id),
        [id, "assets"] => {
            let release = one(api, repo, id)?;
            let assets = release["assets"].as_array().cloned().unwrap_or_default();
            Ok(api.list(assets, |asset| asset))
        }
        _ => Err(Reply::not_found()),
    }
}

/// The releases that the caller sees, newest first: drafts are for those who may write.
fn visible(api: &Api<'_>, repo: u64) -> Vec<Value> {
    let writes = api
        .require(repo, Level::Write, &["public_repo", "repo"], "contents")
        .is_ok();
    let state = api.state();
    let rows = state.repos.get(&repo).map(|row| row.releases.clone());
    let mut rows = rows.unwrap_or_default();
    rows.retain(|one| writes || one["draft"] == false);
    rows.reverse();
    rows
}

/// Whether a row bears the number that an address names.
fn is(row: &Value, id: &str) -> bool {
    id.parse().is_ok_and(|id: i64| row["id"] == id)
}

fn one(api: &Api<'_>, repo: u64, id: &str) -> Result<Value, Reply> {
    let mut rows = visible(api, repo).into_iter();
    rows.find(|one| is(one, id)).ok_or_else(Reply::not_found)
}

/// Takes over what a call says about a release.
fn fill(release: &mut Value, body: &Value) {
    for key in [
        "tag_name",
        "target_commitish",
        "name",
        "body",
        "draft",
        "prerelease",
    ] {
        if !body[key].is_null() {
            release[key] = body[key].clone();
        }
    }
}

fn create(api: &Api<'_>, repo: u64) -> Answer {
    let body = api.call.json()?;
    let tag = body["tag_name"].as_str().unwrap_or_default();
    if tag.is_empty() {
        return Err(invalid("Release", "tag_name", "missing_field"));
    }
    let author = writer(api);
    let mut state = api.state();
    let id = state.next_id();
    let row = state.repos.get_mut(&repo).ok_or_else(Reply::not_found)?;
    let is_draft = body["draft"] == true;
    let taken = |one: &Value| one["tag_name"] == tag && one["draft"] == false;
    if !is_draft && row.releases.iter().any(taken) {
        return Err(invalid("Release", "tag_name", "already_exists"));
    }
    let (url, name) = (api.forge.url(), row.full_name());
    let mut release = json!({
        "id": id, "url": format!("{url}/api/v3/repos/{name}/releases/{id}"),
        "author": {"login": author, "id": 1},
        "upload_url": format!("{url}/api/uploads/repos/{name}/releases/{id}/assets{{?name,label}}"),
        "html_url": format!("{url}/{name}/releases/tag/{tag}"),
        "name": null, "body": null, "draft": false, "prerelease": false,
        "target_commitish": row.default_branch, "created_at": precise_now(), "assets": [],
    });
    fill(&mut release, &body);
    row.releases.push(release.clone());
    Ok(Reply::json(201, &release))
}

fn update(api: &Api<'_>, repo: u64, id: &str) -> Answer {
    let body = api.call.json()?;
    change(api, repo, id, |release| {
        fill(release, &body);
        Reply::ok(release)
    })
}

/// Changes the release with that number.
fn change(api: &Api<'_>, repo: u64, id: &str, with: impl FnOnce(&mut Value) -> Answer) -> Answer {
    let mut state = api.state();
    let row = state.repos.get_mut(&repo).ok_or_else(Reply::not_found)?;
    let mut releases = row.releases.iter_mut();
    let release = releases.find(|one| is(one, id));
    with(release.ok_or_else(Reply::not_found)?)
}

fn upload(api: &Api<'_>, repo: u64, id: &str) -> Answer {
    let name = api.call.parameter("name").unwrap_or_default().to_owned();
    if name.is_empty() {
        return Err(invalid("ReleaseAsset", "name", "missing_field"));
    }
    let number = api.state().next_id();
    let content = &api.call.body;
    let sum: String = digest::digest(&digest::SHA256, content)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let asset = json!({
        "id": number, "name": name, "state": "uploaded", "size": content.len(),
        "content_type": api.call.header("content-type"), "digest": format!("sha256:{sum}"),
        "browser_download_url": format!("{}/releases/{number}/{}", api.forge.url(), encoded(&name)),
    });
    change(api, repo, id, |release| {
        let assets = release["assets"].as_array_mut();
        let assets = assets.ok_or_else(Reply::not_found)?;
        if assets.iter().any(|one| one["name"] == asset["name"]) {
            return Err(invalid("ReleaseAsset", "name", "already_exists"));
        }
        assets.push(asset.clone());
        Ok(Reply::json(201, &asset))
    })
}

fn delete(api: &Api<'_>, repo: u64, id: &str) -> Answer {
    let mut state = api.state();
    let row = state.repos.get_mut(&repo).ok_or_else(Reply::not_found)?;
    for release in &mut row.releases {
        if let Some(assets) = release["assets"].as_array_mut()
            && let Some(at) = assets.iter().position(|one| is(one, id))
        {
            assets.remove(at);
            return Ok(Reply::empty(204));
        }
    }
    Err(Reply::not_found())
}

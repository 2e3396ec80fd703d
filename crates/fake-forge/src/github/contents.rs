//! Files and folders of a commit.

use super::Api;
use crate::git::{self, Entry};
use crate::http::{Answer, Reply};
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// `GET …/contents/{path}?ref=`.
pub async fn answer(api: &Api<'_>, id: u64, path: &str) -> Answer {
    if api.call.method != Method::GET {
        return Err(Reply::not_found());
    }
    let (full, branch, has_git) = {
        let state = api.state();
        let row = state.repos.get(&id).ok_or_else(Reply::not_found)?;
        (row.full_name(), row.default_branch.clone(), row.git)
    };
    if !has_git {
        return Err(Reply::message(404, "This repository is empty."));
    }
    let name = api.call.parameter("ref").unwrap_or(&branch);
    let found = git::entry(&api.forge.folder(id), name, path).await?;
    let found = found.ok_or_else(Reply::not_found)?;
    let accept = api.call.header("accept").unwrap_or_default();
    let url = api.forge.url();
    let show = |kind: &str, path: &str, sha: &str, size: usize| {
        let file = path.rsplit('/').next().unwrap_or(path);
        let own = format!("{url}/api/v3/repos/{full}/contents/{path}?ref={name}");
        json!({"type": kind, "size": size, "name": file, "path": path, "sha": sha, "url": own,
            "git_url": format!("{url}/api/v3/repos/{full}/git/blobs/{sha}"),
            "html_url": format!("{url}/{full}/blob/{name}/{path}"),
            "download_url": format!("{url}/raw/{full}/{name}/{path}"),
            "_links": {"self": own, "git": null, "html": null}})
    };
    match found {
        Entry::File(_, content) if accept.contains(".raw") => Ok(Reply::bytes(
            200,
            "application/vnd.github.raw+json; charset=utf-8",
            content,
        )),
        Entry::File(sha, content) => {
            let mut value = show("file", path, &sha, content.len());
            // GitHub breaks the lines after 60 characters and ends with a break.
            let mut text = String::new();
            for (at, one) in STANDARD.encode(&content).chars().enumerate() {
                if at > 0 && at % 60 == 0 {
                    text.push('\n');
                }
                text.push(one);
            }
            text.push('\n');
            value["content"] = json!(text);
            value["encoding"] = json!("base64");
            Reply::ok(&value)
        }
        Entry::Folder(rows) => {
            let rows = rows.iter().map(|[_, kind, sha, size, name]| {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{}/{name}", path.trim_matches('/'))
                };
                let kind = match kind.as_str() {
                    "tree" => "dir",
                    "commit" => "submodule",
                    _ => "file",
                };
                show(kind, &path, sha, size.parse().unwrap_or(0))
            });
            Reply::ok(&Value::Array(rows.collect()))
        }
    }
}

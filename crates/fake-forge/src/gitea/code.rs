//! Branches, refs, commits and files.

use super::{Api, missing, refusal, render};
use crate::git::{self, Entry, commits};
use crate::http::{Answer, Reply};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Answers what is read of the code.
pub async fn answer(api: &Api<'_>, id: u64, path: &[&str]) -> Answer {
    let folder = api.forge.folder(id);
    let url = api.url();
    let repo = api.row(id)?;
    if !repo.git {
        return Err(missing());
    }
    match path {
        ["branches"] => {
            let refs = git::refs(&folder).await?;
            let mut rows = Vec::new();
            for (name, sha) in &refs {
                if let Some(name) = name.strip_prefix("refs/heads/") {
                    rows.push(branch(api, id, name, sha).await?);
                }
            }
            Ok(api.list(rows, |row| row))
        }
        ["branches", name @ ..] => {
            let name = name.join("/");
            let sha = git::resolve(&folder, &format!("heads/{name}")).await?;
            let refs = git::refs(&folder).await?;
            // A tag may be called `heads/…`; only a branch is meant.
            let sha = sha.filter(|_| refs.contains_key(&format!("refs/heads/{name}")));
            Reply::ok(&branch(api, id, &name, &sha.ok_or_else(missing)?).await?)
        }
        ["tags"] => {
            let refs = git::refs(&folder).await?;
            let mut rows = Vec::new();
            for (full, object) in &refs {
                let Some(name) = full.strip_prefix("refs/tags/") else {
                    continue;
                };
                let sha = git::resolve(&folder, object).await?.unwrap_or_default();
                rows.push(json!({"name": name, "message": "", "id": object,
                    "commit": {"url": format!("{url}/api/v1/repos/{}/git/commits/{sha}", repo.full_name()),
                        "sha": sha, "created": repo.pushed_at},
                    "zipball_url": format!("{url}/{}/archive/{name}.zip", repo.full_name()),
                    "tarball_url": format!("{url}/{}/archive/{name}.tar.gz", repo.full_name())}));
            }
            Ok(api.list(rows, |row| row))
        }
        ["git", "refs", name @ ..] => references(api, id, &name.join("/")).await,
        ["git", "commits", name @ ..] => {
            let name = name.join("/");
            if name.contains("..") || name.starts_with('-') {
                let text = format!("no valid ref or sha: {name}");
                return Err(refusal(422, &text));
            }
            let sha = git::resolve(&folder, &name).await?.ok_or_else(missing)?;
            let one = commits::one(&folder, &sha).await?.ok_or_else(missing)?;
            let asked = |name: &str| api.call.parameter(name) != Some("false");
            let mut value = render::commit(url, &api.state(), &repo, &one);
            if asked("files") {
                let word = |kind: char| match kind {
                    'A' => "added",
                    'D' => "removed",
                    _ => "modified",
                };
                let files = one.files.iter();
                let files =
                    files.map(|(kind, path)| json!({"filename": path, "status": word(*kind)}));
                value["files"] = Value::Array(files.collect());
            }
            if asked("stat") {
                let count = one.files.len();
                value["stats"] = json!({"total": count, "additions": count, "deletions": 0});
            }
            if asked("verification") {
                value["commit"]["verification"] = json!({"verified": false,
                    "reason": "gpg.error.not_signed_commit", "signature": "", "signer": null,
                    "payload": ""});
            }
            Reply::ok(&value)
        }
        ["commits"] => {
            let start = api.call.parameter("sha").unwrap_or(&repo.default_branch);
            let sha = git::resolve(&folder, start).await?.ok_or_else(missing)?;
            let list = commits::log(&folder, &[&sha], 1000).await?;
            let state = api.state();
            Ok(api.list(list, |one| render::commit(url, &state, &repo, &one)))
        }
        ["raw", file @ ..] | ["media", file @ ..] => {
            let (_, found) = entry(api, id, &file.join("/")).await?;
            match found {
                Entry::File(sha, content) => {
                    Ok(Reply::bytes(200, "text/plain; charset=utf-8", content)
                        .with("etag", format!("\"{sha}\""))
                        .with("cache-control", "private, max-age=300"))
                }
                Entry::Folder(_) => Err(missing()),
            }
        }
        ["contents", file @ ..] => contents(api, id, &file.join("/")).await,
        _ => Err(missing()),
    }
}

/// What is at a path of the commit asked for, and that commit.
async fn entry(api: &Api<'_>, id: u64, path: &str) -> Result<(String, Entry), Reply> {
    let folder = api.forge.folder(id);
    let default = api.row(id)?.default_branch;
    let name = api.call.parameter("ref").filter(|name| !name.is_empty());
    let sha = git::resolve(&folder, name.unwrap_or(&default)).await?;
    let sha = sha.ok_or_else(missing)?;
    let found = git::entry(&folder, &sha, path).await?;
    Ok((sha, found.ok_or_else(missing)?))
}

async fn branch(api: &Api<'_>, id: u64, name: &str, sha: &str) -> Result<Value, Reply> {
    let one = commits::one(&api.forge.folder(id), sha).await?;
    let one = one.ok_or_else(missing)?;
    let repo = api.row(id)?;
    let write = api.level(id)? >= crate::state::people::Level::Write;
    let mut commit = render::pushed_commit(api.url(), &api.state(), &repo, &one);
    for name in ["added", "removed", "modified"] {
        commit[name] = Value::Null;
    }
    Ok(
        json!({"name": name, "commit": commit, "protected": false, "required_approvals": 0,
        "enable_status_check": false, "status_check_contexts": [], "user_can_push": write,
        "user_can_merge": write, "effective_branch_protection_name": ""}),
    )
}

/// All refs that begin so; the only one that is called exactly so comes bare.
async fn references(api: &Api<'_>, id: u64, name: &str) -> Answer {
    let folder = api.forge.folder(id);
    let wanted = format!("refs/{name}");
    let full = api.row(id)?.full_name();
    let api_url = format!("{}/api/v1/repos/{full}/git", api.url());
    let refs = git::refs(&folder).await?;
    let mut rows = Vec::new();
    for (name, sha) in refs.iter().filter(|(name, _)| name.starts_with(&wanted)) {
        let kind = git::text(&folder, &["cat-file", "-t", sha]).await?;
        rows.push(json!({"ref": name, "url": format!("{api_url}/{name}"),
            "object": {"type": kind, "sha": sha, "url": format!("{api_url}/{kind}s/{sha}")}}));
    }
    match rows.as_slice() {
        [] => Err(missing()),
        [only] if only["ref"] == wanted.as_str() => Reply::ok(only),
        _ => Reply::ok(&Value::Array(rows)),
    }
}

async fn contents(api: &Api<'_>, id: u64, path: &str) -> Answer {
    let (commit, found) = entry(api, id, path).await?;
    let full = api.row(id)?.full_name();
    let name = api.call.parameter("ref").unwrap_or(&commit);
    let url = api.url();
    let show = |kind: &str, path: &str, sha: &str, size: usize| {
        let own = format!("{url}/api/v1/repos/{full}/contents/{path}?ref={name}");
        let page = format!("{url}/{full}/src/commit/{commit}/{path}");
        let blob = format!("{url}/api/v1/repos/{full}/git/blobs/{sha}");
        json!({"name": path.rsplit('/').next(), "path": path, "sha": sha,
            "last_commit_sha": commit, "type": kind, "size": size, "encoding": null,
            "content": null, "target": null, "url": own, "html_url": page, "git_url": blob,
            "download_url": format!("{url}/{full}/raw/commit/{commit}/{path}"),
            "submodule_git_url": null,
            "_links": {"self": own, "git": blob, "html": page}})
    };
    match found {
        Entry::File(sha, content) => {
            let mut value = show("file", path, &sha, content.len());
            value["encoding"] = json!("base64");
            value["content"] = json!(STANDARD.encode(&content));
            Reply::ok(&value)
        }
        Entry::Folder(rows) => {
            let rows = rows.iter().map(|[_, kind, sha, size, name]| {
                let path = format!("{path}/{name}");
                let kind = match kind.as_str() {
                    "tree" => "dir",
                    "commit" => "submodule",
                    _ => "file",
                };
                show(kind, path.trim_matches('/'), sha, size.parse().unwrap_or(0))
            });
            Reply::ok(&Value::Array(rows.collect()))
        }
    }
}

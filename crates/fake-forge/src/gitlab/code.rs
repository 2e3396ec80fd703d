//! Branches, tags, commits and files.

use super::{Api, missing, not_found, render};
use crate::git::{self, Entry, commits};
use crate::http::{Answer, Reply};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Answers `…/repository/…`.
pub async fn answer(api: &Api<'_>, id: u64, path: &[&str]) -> Answer {
    let folder = api.forge.folder(id);
    let repo = api.row(id)?;
    if !repo.git {
        return Err(missing("Repository"));
    }
    match path {
        ["branches"] => {
            let rows = named(api, id, "refs/heads/", None).await?;
            Ok(api.list(rows, |row| row))
        }
        ["branches", name @ ..] => {
            let rows = named(api, id, "refs/heads/", Some(&name.join("/"))).await?;
            let row = rows.into_iter().next();
            Reply::ok(&row.ok_or_else(|| missing("Branch"))?)
        }
        ["tags"] => {
            let rows = named(api, id, "refs/tags/", None).await?;
            Ok(api.list(rows, |row| row))
        }
        ["tags", name @ ..] => {
            let rows = named(api, id, "refs/tags/", Some(&name.join("/"))).await?;
            let row = rows.into_iter().next();
            Reply::ok(&row.ok_or_else(|| missing("Tag"))?)
        }
        ["commits"] => {
            let start = api.call.parameter("ref_name");
            let start = start.unwrap_or(&repo.default_branch);
            let sha = git::resolve(&folder, start).await?;
            let sha = sha.ok_or_else(|| missing("Commit"))?;
            let list = commits::log(&folder, &[&sha], 1000).await?;
            Ok(api.list(list, |one| render::commit(api.url(), &repo, &one)))
        }
        ["commits", name @ ..] => {
            let sha = find(api, id, &name.join("/")).await?;
            let one = commits::one(&folder, &sha).await?;
            let one = one.ok_or_else(|| missing("Commit"))?;
            let mut value = render::commit(api.url(), &repo, &one);
            if api.call.parameter("stats") != Some("false") {
                let count = one.files.len();
                value["stats"] = json!({"additions": count, "deletions": 0, "total": count});
            }
            for name in ["status", "last_pipeline"] {
                value[name] = Value::Null;
            }
            value["project_id"] = json!(id);
            Reply::ok(&value)
        }
        ["files", file @ .., "raw"] => file_at(api, id, &file.join("/"), true).await,
        ["files", file @ ..] => file_at(api, id, &file.join("/"), false).await,
        _ => Err(not_found()),
    }
}

/// The commit that a branch, tag, ref or (short) hash names.
pub async fn find(api: &Api<'_>, id: u64, name: &str) -> Result<String, Reply> {
    let name = name.strip_prefix("refs/").unwrap_or(name);
    let found = git::resolve(&api.forge.folder(id), name).await?;
    found.ok_or_else(|| missing("Commit"))
}

/// Branches or tags, all of them or the one of this name.
async fn named(
    api: &Api<'_>,
    id: u64,
    prefix: &str,
    only: Option<&str>,
) -> Result<Vec<Value>, Reply> {
    let folder = api.forge.folder(id);
    let repo = api.row(id)?;
    let search = api.call.parameter("search").unwrap_or_default();
    let mut rows = Vec::new();
    for (full, object) in &git::refs(&folder).await? {
        let Some(name) = full.strip_prefix(prefix) else {
            continue;
        };
        if only.is_some_and(|only| only != name) || !name.contains(search) {
            continue;
        }
        let sha = git::resolve(&folder, object).await?.unwrap_or_default();
        let one = commits::one(&folder, &sha).await?;
        let commit = one.map(|one| render::commit(api.url(), &repo, &one));
        rows.push(if prefix == "refs/heads/" {
            let own = api.granted(&api.state(), &repo);
            let default = name == repo.default_branch;
            let page = format!("{}/{}/-/tree/{name}", api.url(), repo.full_name());
            json!({"name": name, "commit": commit, "merged": false, "protected": default,
                "developers_can_push": false, "developers_can_merge": false,
                "can_push": own >= Some(crate::state::people::Level::Write),
                "default": default, "web_url": page})
        } else {
            json!({"name": name, "message": "", "target": object, "commit": commit,
                "release": null, "protected": false, "created_at": null})
        });
    }
    Ok(rows)
}

async fn file_at(api: &Api<'_>, id: u64, path: &str, raw: bool) -> Answer {
    let folder = api.forge.folder(id);
    let branch = api.row(id)?.default_branch;
    let name = match api.call.parameter("ref") {
        None | Some("HEAD") => branch,
        Some(name) => name.to_owned(),
    };
    let sha = find(api, id, &name).await?;
    let Some(Entry::File(blob, content)) = git::entry(&folder, &sha, path).await? else {
        return Err(missing("File"));
    };
    let arguments = ["log", "-1", "--format=%H", &sha, "--", path];
    let last = git::text(&folder, &arguments).await?;
    let file = path.rsplit('/').next().unwrap_or(path);
    let sum = hex::encode(digest::digest(&digest::SHA256, &content));
    let size = content.len();
    let reply = if raw {
        Reply::bytes(200, "text/plain; charset=utf-8", content)
    } else {
        Reply::json(
            200,
            &json!({"file_name": file, "file_path": path, "size": size, "encoding": "base64",
                "content_sha256": sum, "ref": name, "blob_id": blob, "commit_id": sha,
                "last_commit_id": last, "execute_filemode": false,
                "content": STANDARD.encode(&content)}),
        )
    };
    Ok(reply
        .with("x-gitlab-blob-id", blob)
        .with("x-gitlab-commit-id", sha)
        .with("x-gitlab-content-sha256", sum)
        .with("x-gitlab-encoding", "base64")
        .with("x-gitlab-file-name", file)
        .with("x-gitlab-file-path", path)
        .with("x-gitlab-last-commit-id", last)
        .with("x-gitlab-ref", name)
        .with("x-gitlab-size", size.to_string()))
}

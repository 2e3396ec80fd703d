//! Refs, commits, files and pull requests.

use super::GitHub;
use super::wire::{GitCommit, PullRequest};
use crate::hosting::{Access, RemotePullRequest, RemoteRef};
use crate::http::address::segments;
use crate::http::{Call, Class};
use crate::refs::{check_full_ref, check_path, check_ref, check_sha, check_short_sha, is_full_sha};
use crate::{BranchHead, ForgeError, MAX_FILE, Resolved, Snapshot, Want};
use serde::Deserialize;
use serde_json::Value;

const RAW: &str = "application/vnd.github.raw+json";
const ONLY_SHA: &str = "application/vnd.github.sha";

#[derive(Deserialize)]
struct Target {
    sha: String,
}

#[derive(Deserialize)]
struct GitRef {
    object: Target,
}

#[derive(Deserialize)]
struct Branch {
    name: String,
    commit: Target,
}

impl GitHub {
    pub(super) async fn find_commit(
        &self,
        access: &Access,
        repo: &RemoteRef,
        want: &Want,
    ) -> Result<Resolved, ForgeError> {
        let (sha, branch, tag) = match want {
            Want::Branch(name) => {
                let sha = self.branch_head(access, repo, name).await?;
                (sha, Some(name.clone()), None)
            }
            Want::Tag(name) => {
                let sha = self.tagged(access, repo, name).await?;
                (sha, None, Some(name.clone()))
            }
            Want::Default => {
                let found = self.by_number(access, repo).await?;
                let name = found.default_branch().to_owned();
                if name.is_empty() {
                    return Err(ForgeError::not_found("the default branch"));
                }
                let sha = self.branch_head(access, repo, &name).await?;
                (sha, Some(name), None)
            }
            Want::Commit(beginning) => {
                let beginning = check_short_sha(beginning)?;
                let what = format!("commit {beginning}");
                let sha = self.commit_sha(access, repo, &beginning, &what).await?;
                // A branch may have a name that looks like a commit's.
                if !sha.starts_with(&beginning) {
                    return Err(ForgeError::not_found(what));
                }
                (sha, None, None)
            }
            Want::Ref(name) => {
                let name = check_full_ref(name)?;
                let sha = match name.split_once('/').map(|(_, rest)| rest) {
                    Some(rest) if rest.starts_with("tags/") => {
                        self.tagged(access, repo, &rest["tags/".len()..]).await?
                    }
                    Some(rest) => self.ref_sha(access, repo, rest, name).await?,
                    None => return Err(ForgeError::not_found(name)),
                };
                let short = |front| name.strip_prefix(front).map(str::to_owned);
                (sha, short("refs/heads/"), short("refs/tags/"))
            }
        };
        Ok(Resolved { sha, branch, tag })
    }

    async fn branch_head(
        &self,
        access: &Access,
        repo: &RemoteRef,
        name: &str,
    ) -> Result<String, ForgeError> {
        let name = check_ref(name)?;
        let what = format!("branch {name}");
        self.ref_sha(access, repo, &format!("heads/{name}"), &what)
            .await
    }

    /// A ref that points at a commit, by its name without `refs/`.
    async fn ref_sha(
        &self,
        access: &Access,
        repo: &RemoteRef,
        name: &str,
        what: &str,
    ) -> Result<String, ForgeError> {
        let url = self.of(repo, &format!("/git/ref/{}", segments(name)))?;
        let answer = self.send(access, Call::get(url).what(what)).await;
        let found: GitRef = answer.map_err(|error| absent(error, what))?.json()?;
        check_sha(&found.object.sha)
    }

    /// The commit of a tag, also of one with a message, which is an object of its own.
    async fn tagged(
        &self,
        access: &Access,
        repo: &RemoteRef,
        name: &str,
    ) -> Result<String, ForgeError> {
        let name = check_ref(name)?;
        let what = format!("tag {name}");
        self.commit_sha(access, repo, &format!("tags/{name}"), &what)
            .await
    }

    async fn commit_sha(
        &self,
        access: &Access,
        repo: &RemoteRef,
        name: &str,
        what: &str,
    ) -> Result<String, ForgeError> {
        let url = self.of(repo, &format!("/commits/{}", segments(name)))?;
        let call = Call::get(url).accept(ONLY_SHA).what(what);
        let answer = self
            .send(access, call)
            .await
            .map_err(|error| absent(error, what))?;
        let text = String::from_utf8_lossy(&answer.body);
        // Stand-ins for GitHub answer the whole commit whatever they are asked for.
        let whole: Option<Value> = serde_json::from_str(&text).ok();
        let named = whole.as_ref().and_then(|commit| commit["sha"].as_str());
        let sha = named.unwrap_or_else(|| text.trim());
        if !is_full_sha(sha) {
            return Err(ForgeError::Upstream {
                detail: format!("{what} has no commit id"),
            });
        }
        Ok(sha.to_ascii_lowercase())
    }

    pub(super) async fn read_snapshot(
        &self,
        access: &Access,
        repo: &RemoteRef,
        sha: &str,
        path: &str,
    ) -> Result<Snapshot, ForgeError> {
        let sha = check_sha(sha)?;
        let path = check_path(path)?;
        let what = format!("commit {sha}");
        let commit = Call::get(self.of(repo, &format!("/git/commits/{sha}"))?).what(&what);
        let file = self.of(repo, &format!("/contents/{}?ref={sha}", segments(path)))?;
        let file = Call::get(file).accept(RAW).what(path).longest(MAX_FILE);
        let (commit, file) = tokio::join!(self.send(access, commit), self.find(access, file));
        let commit: GitCommit = commit.map_err(|error| absent(error, &what))?.json()?;
        // A folder or submodule is answered with a description of it.
        let file = file?.filter(|answer| {
            let kind = answer.header("content-type").unwrap_or_default();
            !kind.starts_with("application/json")
        });
        Ok(Snapshot {
            commit: commit.try_into()?,
            file: file.map(|answer| answer.body.to_vec()),
        })
    }

    pub(super) async fn list_branches(
        &self,
        access: &Access,
        repo: &RemoteRef,
    ) -> Result<Vec<BranchHead>, ForgeError> {
        let call = Call::get(self.of(repo, "/branches?per_page=100")?)
            .what(format!("the repository {}", repo.path))
            .class(Class::Low);
        let mut all = Vec::new();
        self.pages(access, call, |answer| {
            let page: Vec<Branch> = answer.json()?;
            all.extend(page.into_iter().map(|branch| BranchHead {
                name: branch.name,
                sha: branch.commit.sha,
            }));
            Ok(false)
        })
        .await?;
        all.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    pub(super) async fn list_pulls(
        &self,
        access: &Access,
        repo: &RemoteRef,
    ) -> Result<Vec<RemotePullRequest>, ForgeError> {
        let url = self.of(
            repo,
            "/pulls?state=open&sort=created&direction=desc&per_page=100",
        )?;
        let call = Call::get(url)
            .what(format!("the repository {}", repo.path))
            .class(Class::Low);
        let pulls: Vec<PullRequest> = self.send(access, call).await?.json()?;
        Ok(pulls.into_iter().map(RemotePullRequest::from).collect())
    }

    pub(super) async fn read_pull(
        &self,
        access: &Access,
        repo: &RemoteRef,
        number: i64,
    ) -> Result<RemotePullRequest, ForgeError> {
        let call = Call::get(self.of(repo, &format!("/pulls/{number}"))?)
            .what(format!("pull request {number} of {}", repo.path));
        let pull: PullRequest = self.send(access, call).await?.json()?;
        Ok(pull.into())
    }
}

/// GitHub says 409 of a repository without commits and 422 of a commit that is not there.
fn absent(error: ForgeError, what: &str) -> ForgeError {
    match error {
        ForgeError::Refused { .. } => ForgeError::not_found(what),
        other => other,
    }
}

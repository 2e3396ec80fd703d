//! Refs, commits and files on Gitea.

use super::{Gitea, about, wire};
use crate::hosting::wire::{auth, seconds};
use crate::hosting::{Access, RemoteRef};
use crate::http::Call;
use crate::http::address::{number, segment, segments};
use crate::refs::{check_full_ref, check_path, check_ref, check_sha, check_short_sha};
use crate::{CommitInfo, ForgeError, MAX_FILE, Resolved, Snapshot, Want};
use serde::Deserialize;

/// What is not asked for with a commit: costly there, and of no use here.
const BARE: &str = "stat=false&verification=false&files=false";

#[derive(Deserialize)]
struct Commit {
    sha: String,
    commit: CommitText,
}

#[derive(Deserialize)]
struct CommitText {
    message: String,
    author: Signature,
    committer: Signature,
}

#[derive(Deserialize)]
struct Signature {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    date: String,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "ref")]
    name: String,
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    #[serde(rename = "type", default)]
    kind: String,
    sha: String,
}

impl Gitea {
    pub(super) async fn find_want(
        &self,
        access: &Access,
        at: &RemoteRef,
        want: &Want,
    ) -> Result<Resolved, ForgeError> {
        let full = match want {
            Want::Branch(name) => format!("refs/heads/{}", check_ref(name)?),
            Want::Tag(name) => format!("refs/tags/{}", check_ref(name)?),
            Want::Ref(name) => check_full_ref(name)?.to_owned(),
            Want::Default => format!("refs/heads/{}", self.default_branch(access, at).await?),
            Want::Commit(sha) => {
                let sha = check_short_sha(sha)?;
                let commit = self.commit(access, at, &sha).await?;
                // A branch may be called like the beginning of a commit.
                if !commit.sha.starts_with(&sha) {
                    return Err(ForgeError::not_found(format!("commit {sha}")));
                }
                return Ok(Resolved {
                    sha: commit.sha,
                    branch: None,
                    tag: None,
                });
            }
        };
        let sha = self.tip(access, at, &full).await?;
        Ok(Resolved {
            sha,
            branch: full.strip_prefix("refs/heads/").map(str::to_owned),
            tag: full.strip_prefix("refs/tags/").map(str::to_owned),
        })
    }

    async fn default_branch(&self, access: &Access, at: &RemoteRef) -> Result<String, ForgeError> {
        let id = number("number of a repository", &at.id)?;
        let url = self.url(&format!("/repositories/{id}"));
        let repo: wire::Repository = self.get(access, url, about(at)).await?.json()?;
        let branch = repo.default_branch.filter(|branch| !branch.is_empty());
        branch.ok_or_else(|| ForgeError::not_found("the default branch"))
    }

    /// The commit at a full ref. The forge answers all refs that begin like it.
    async fn tip(&self, access: &Access, at: &RemoteRef, full: &str) -> Result<String, ForgeError> {
        let rest = full.strip_prefix("refs/").unwrap_or(full);
        let url = self.repo_url(at, &format!("/git/refs/{}", segments(rest)))?;
        let answer = self.get(access, url, full).await?;
        let all = match answer.json::<Vec<Reference>>() {
            Ok(all) => all,
            // A single one comes bare.
            Err(_) => vec![answer.json::<Reference>()?],
        };
        let found = all.into_iter().find(|reference| reference.name == full);
        let object = found.ok_or_else(|| ForgeError::not_found(full))?.object;
        if object.kind == "tag" {
            return Ok(self.commit(access, at, &object.sha).await?.sha);
        }
        Ok(object.sha)
    }

    async fn commit(
        &self,
        access: &Access,
        at: &RemoteRef,
        sha: &str,
    ) -> Result<Commit, ForgeError> {
        let rest = format!("/git/commits/{}?{BARE}", segment(sha));
        let url = self.repo_url(at, &rest)?;
        let what = format!("commit {sha}");
        self.get(access, url, what).await?.json()
    }

    pub(super) async fn read_snapshot(
        &self,
        access: &Access,
        at: &RemoteRef,
        sha: &str,
        path: &str,
    ) -> Result<Snapshot, ForgeError> {
        let sha = check_sha(sha)?;
        let path = check_path(path)?;
        let url = self.repo_url(at, &format!("/raw/{}?ref={sha}", segments(path)))?;
        let file = Call::get(url)
            .auth(auth(access)?)
            .longest(MAX_FILE)
            .what(path);
        let (commit, file) = tokio::join!(self.commit(access, at, &sha), self.http.find(file));
        // Without the commit there is no file either; the commit says it better.
        let (commit, file) = (commit?, file?);
        Ok(Snapshot {
            commit: CommitInfo {
                sha: commit.sha,
                message: commit.commit.message.trim_end_matches('\n').to_owned(),
                author_name: commit.commit.author.name,
                author_email: commit.commit.author.email,
                author_date: seconds(&commit.commit.author.date),
                committer_name: commit.commit.committer.name,
                committer_email: commit.commit.committer.email,
                committer_date: seconds(&commit.commit.committer.date),
            },
            file: file.map(|file| file.body.to_vec()),
        })
    }
}

//! Refs, commits and files on GitLab.

use super::{GitLab, about, wire};
use crate::hosting::wire::{auth, seconds};
use crate::hosting::{Access, RemoteRef};
use crate::http::Call;
use crate::http::address::segment;
use crate::refs::{check_full_ref, check_path, check_ref, check_sha, check_short_sha};
use crate::{BranchHead, CommitInfo, ForgeError, MAX_FILE, Resolved, Snapshot, Want};
use serde::Deserialize;

#[derive(Deserialize)]
struct Commit {
    id: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    author_name: String,
    #[serde(default)]
    author_email: String,
    #[serde(default)]
    authored_date: String,
    #[serde(default)]
    committer_name: String,
    #[serde(default)]
    committer_email: String,
    #[serde(default)]
    committed_date: String,
}

/// A branch or a tag.
#[derive(Deserialize)]
struct Named {
    name: String,
    commit: Tip,
}

#[derive(Deserialize)]
struct Tip {
    id: String,
}

impl GitLab {
    pub(super) async fn find_want(
        &self,
        access: &Access,
        at: &RemoteRef,
        want: &Want,
    ) -> Result<Resolved, ForgeError> {
        match want {
            Want::Branch(name) => self.branch(access, at, check_ref(name)?).await,
            Want::Tag(name) => self.tag(access, at, check_ref(name)?).await,
            Want::Ref(name) => {
                let name = check_full_ref(name)?;
                if let Some(branch) = name.strip_prefix("refs/heads/") {
                    self.branch(access, at, branch).await
                } else if let Some(tag) = name.strip_prefix("refs/tags/") {
                    self.tag(access, at, tag).await
                } else {
                    self.commit(access, at, name).await.map(bare)
                }
            }
            Want::Default => {
                let url = self.project_url(at, "")?;
                let project: wire::Project = self.get(access, url, about(at)).await?.json()?;
                let branch = project.default_branch.filter(|branch| !branch.is_empty());
                let branch = branch.ok_or_else(|| ForgeError::not_found("the default branch"))?;
                self.branch(access, at, &branch).await
            }
            Want::Commit(sha) => {
                let sha = check_short_sha(sha)?;
                let commit = self.commit(access, at, &sha).await?;
                // A branch may be called like the beginning of a commit.
                if !commit.id.starts_with(&sha) {
                    return Err(ForgeError::not_found(format!("commit {sha}")));
                }
                Ok(bare(commit))
            }
        }
    }

    async fn branch(
        &self,
        access: &Access,
        at: &RemoteRef,
        name: &str,
    ) -> Result<Resolved, ForgeError> {
        let found = self.named(access, at, "branches", name).await?;
        Ok(Resolved {
            sha: found.commit.id,
            branch: Some(found.name),
            tag: None,
        })
    }

    async fn tag(
        &self,
        access: &Access,
        at: &RemoteRef,
        name: &str,
    ) -> Result<Resolved, ForgeError> {
        let found = self.named(access, at, "tags", name).await?;
        Ok(Resolved {
            sha: found.commit.id,
            branch: None,
            tag: Some(found.name),
        })
    }

    async fn named(
        &self,
        access: &Access,
        at: &RemoteRef,
        list: &str,
        name: &str,
    ) -> Result<Named, ForgeError> {
        let url = self.project_url(at, &format!("/repository/{list}/{}", segment(name)))?;
        let found: Named = self.get(access, url, name).await?.json()?;
        match found.name == name {
            true => Ok(found),
            false => Err(ForgeError::not_found(name)),
        }
    }

    async fn commit(
        &self,
        access: &Access,
        at: &RemoteRef,
        name: &str,
    ) -> Result<Commit, ForgeError> {
        let rest = format!("/repository/commits/{}?stats=false", segment(name));
        let url = self.project_url(at, &rest)?;
        self.get(access, url, name).await?.json()
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
        let rest = format!("/repository/files/{}/raw?ref={sha}", segment(path));
        let file = Call::get(self.project_url(at, &rest)?)
            .auth(auth(access)?)
            .longest(MAX_FILE)
            .what(path);
        let (commit, file) = tokio::join!(self.commit(access, at, &sha), self.http.find(file));
        // Without the commit there is no file either; the commit says it better.
        let (commit, file) = (commit?, file?);
        Ok(Snapshot {
            commit: CommitInfo {
                sha: commit.id,
                message: commit.message.trim_end_matches('\n').to_owned(),
                author_name: commit.author_name,
                author_email: commit.author_email,
                author_date: seconds(&commit.authored_date),
                committer_name: commit.committer_name,
                committer_email: commit.committer_email,
                committer_date: seconds(&commit.committed_date),
            },
            file: file.map(|file| file.body.to_vec()),
        })
    }

    pub(super) async fn heads(
        &self,
        access: &Access,
        at: &RemoteRef,
    ) -> Result<Vec<BranchHead>, ForgeError> {
        let url = self.project_url(at, "/repository/branches")?;
        let all: Vec<Named> = self.all(access, &url, &about(at)).await?;
        let heads = all.into_iter().map(|branch| BranchHead {
            name: branch.name,
            sha: branch.commit.id,
        });
        Ok(heads.collect())
    }
}

fn bare(commit: Commit) -> Resolved {
    Resolved {
        sha: commit.id,
        branch: None,
        tag: None,
    }
}

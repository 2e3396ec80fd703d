//! Plain git by the operator's rules; the sample repository, which the server made itself, is
//! local and read all the same.

use async_trait::async_trait;
use std::path::PathBuf;
use travis_forge::{
    BranchHead, CommitInfo, Forge, ForgeError, GitForge, RepoRef, Resolved, Snapshot, Timeouts,
    UrlPolicy, Want,
};

/// Chooses the rules by the clone URL.
pub struct SampleAware {
    general: GitForge,
    local: GitForge,
    sample_url: Option<String>,
}

impl SampleAware {
    /// Keeps mirrors below `dir`.
    pub fn new(dir: PathBuf, allow_local: bool, sample_url: Option<String>) -> Self {
        let git = |allow_local| {
            GitForge::new(dir.clone(), UrlPolicy { allow_local }, Timeouts::default())
        };
        Self {
            general: git(allow_local),
            local: git(true),
            sample_url,
        }
    }

    fn of(&self, repo: &RepoRef) -> &GitForge {
        if self.sample_url.as_ref() == Some(&repo.url) {
            &self.local
        } else {
            &self.general
        }
    }
}

#[async_trait]
impl Forge for SampleAware {
    async fn resolve(&self, repo: &RepoRef, want: &Want) -> Result<Resolved, ForgeError> {
        self.of(repo).resolve(repo, want).await
    }

    async fn commit(
        &self,
        repo: &RepoRef,
        sha: &str,
        fetch_ref: Option<&str>,
    ) -> Result<CommitInfo, ForgeError> {
        self.of(repo).commit(repo, sha, fetch_ref).await
    }

    async fn file(
        &self,
        repo: &RepoRef,
        sha: &str,
        path: &str,
        max_bytes: usize,
    ) -> Result<Option<Vec<u8>>, ForgeError> {
        self.of(repo).file(repo, sha, path, max_bytes).await
    }

    async fn branches(&self, repo: &RepoRef) -> Result<Vec<BranchHead>, ForgeError> {
        self.of(repo).branches(repo).await
    }

    async fn snapshot(
        &self,
        repo: &RepoRef,
        sha: &str,
        fetch_ref: Option<&str>,
        path: &str,
    ) -> Result<Snapshot, ForgeError> {
        self.of(repo).snapshot(repo, sha, fetch_ref, path).await
    }
}

//! Repositories in memory, for tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::error::ForgeError;
use crate::port::{BranchHead, CommitInfo, Forge, MAX_FILE, RepoRef, Resolved, Snapshot, Want};
use crate::refs;

/// Repositories in memory. A repository is there once it has a commit; its first branch is the
/// default.
#[derive(Debug, Default)]
pub struct MemoryForge {
    repos: Mutex<BTreeMap<i64, Repo>>,
}

#[derive(Debug, Default)]
struct Repo {
    default_branch: String,
    /// Full names.
    refs: BTreeMap<String, String>,
    commits: BTreeMap<String, (CommitInfo, BTreeMap<String, Vec<u8>>)>,
}

impl MemoryForge {
    /// No repositories.
    pub fn new() -> Self {
        Self::default()
    }

    fn repos(&self) -> MutexGuard<'_, BTreeMap<i64, Repo>> {
        self.repos.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a commit with these files, and no others, at the tip of a branch. Gives its id.
    pub fn add_commit(
        &self,
        repo_id: i64,
        branch: &str,
        files: &[(&str, &str)],
        message: &str,
    ) -> String {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
            .collect();
        self.commit_at(repo_id, &format!("refs/heads/{branch}"), files, message)
    }

    /// Puts a commit with these files, and no others, where this full ref points. Gives its id.
    pub(crate) fn commit_at(
        &self,
        repo_id: i64,
        full_ref: &str,
        files: BTreeMap<String, Vec<u8>>,
        message: &str,
    ) -> String {
        let mut repos = self.repos();
        let repo = repos.entry(repo_id).or_default();
        if repo.refs.is_empty() {
            let branch = full_ref.strip_prefix("refs/heads/").unwrap_or(full_ref);
            branch.clone_into(&mut repo.default_branch);
        }
        let number = repo.commits.len() as i64;
        let seed = format!("{repo_id} {full_ref} {number} {message} {files:?}");
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, seed.as_bytes());
        let sha = hex::encode(&digest.as_ref()[..20]);
        let commit = CommitInfo {
            sha: sha.clone(),
            message: message.to_owned(),
            author_name: "Ada Author".to_owned(),
            author_email: "ada@example.org".to_owned(),
            author_date: 1_700_000_000 + number,
            committer_name: "Carl Committer".to_owned(),
            committer_email: "carl@example.org".to_owned(),
            committer_date: 1_700_000_000 + number,
        };
        repo.commits.insert(sha.clone(), (commit, files));
        repo.refs.insert(full_ref.to_owned(), sha.clone());
        sha
    }

    /// Points a ref, by its full name, at a commit.
    pub fn set_ref(&self, repo_id: i64, name: &str, sha: &str) {
        let mut repos = self.repos();
        let refs = &mut repos.entry(repo_id).or_default().refs;
        refs.insert(name.to_owned(), sha.to_owned());
    }

    /// Removes a ref. Gives the commit that it pointed at.
    pub fn remove_ref(&self, repo_id: i64, name: &str) -> Option<String> {
        self.repos().get_mut(&repo_id)?.refs.remove(name)
    }

    /// The commit that a full ref points at, and its files.
    pub(crate) fn tip(
        &self,
        repo_id: i64,
        name: &str,
    ) -> Option<(String, BTreeMap<String, Vec<u8>>)> {
        let repos = self.repos();
        let repo = repos.get(&repo_id)?;
        let sha = repo.refs.get(name)?;
        let files = repo.commits.get(sha)?.1.clone();
        Some((sha.clone(), files))
    }

    fn with<T>(
        &self,
        repo: &RepoRef,
        read: impl FnOnce(&Repo) -> Option<T>,
        what: impl FnOnce() -> String,
    ) -> Result<T, ForgeError> {
        let repos = self.repos();
        let repo = repos
            .get(&repo.id)
            .ok_or_else(|| ForgeError::not_found("the repository"))?;
        read(repo).ok_or_else(|| ForgeError::not_found(what()))
    }
}

#[async_trait]
impl Forge for MemoryForge {
    async fn resolve(&self, repo: &RepoRef, want: &Want) -> Result<Resolved, ForgeError> {
        let full = match want {
            Want::Commit(name) => {
                let name = refs::check_short_sha(name)?;
                let found = |repo: &Repo| {
                    let mut all = repo.commits.keys().filter(|sha| sha.starts_with(&name));
                    all.next().filter(|_| all.next().is_none()).cloned()
                };
                let sha = self.with(repo, found, || format!("commit {name}"))?;
                return Ok(Resolved {
                    sha,
                    branch: None,
                    tag: None,
                });
            }
            Want::Branch(name) => format!("refs/heads/{}", refs::check_ref(name)?),
            Want::Tag(name) => format!("refs/tags/{}", refs::check_ref(name)?),
            Want::Ref(name) => refs::check_full_ref(name)?.to_owned(),
            Want::Default => self.with(
                repo,
                |repo| Some(format!("refs/heads/{}", repo.default_branch)),
                || "the default branch".to_owned(),
            )?,
        };
        let sha = self.with(repo, |repo| repo.refs.get(&full).cloned(), || full.clone())?;
        Ok(Resolved {
            sha,
            branch: full.strip_prefix("refs/heads/").map(str::to_owned),
            tag: full.strip_prefix("refs/tags/").map(str::to_owned),
        })
    }

    async fn commit(
        &self,
        repo: &RepoRef,
        sha: &str,
        fetch_ref: Option<&str>,
    ) -> Result<CommitInfo, ForgeError> {
        let sha = refs::check_sha(sha)?;
        fetch_ref.map(refs::check_full_ref).transpose()?;
        let found = |repo: &Repo| repo.commits.get(&sha).map(|(commit, _)| commit.clone());
        self.with(repo, found, || format!("commit {sha}"))
    }

    async fn file(
        &self,
        repo: &RepoRef,
        sha: &str,
        path: &str,
        max_bytes: usize,
    ) -> Result<Option<Vec<u8>>, ForgeError> {
        let sha = refs::check_sha(sha)?;
        refs::check_path(path)?;
        let found = |repo: &Repo| {
            repo.commits
                .get(&sha)
                .map(|(_, files)| files.get(path).cloned())
        };
        let file = self.with(repo, found, || format!("commit {sha}"))?;
        if file.as_ref().is_some_and(|file| file.len() > max_bytes) {
            return Err(ForgeError::TooLarge {
                path: path.to_owned(),
                limit: max_bytes,
            });
        }
        Ok(file)
    }

    async fn snapshot(
        &self,
        repo: &RepoRef,
        sha: &str,
        fetch_ref: Option<&str>,
        path: &str,
    ) -> Result<Snapshot, ForgeError> {
        Ok(Snapshot {
            commit: self.commit(repo, sha, fetch_ref).await?,
            file: self.file(repo, sha, path, MAX_FILE).await?,
        })
    }

    async fn branches(&self, repo: &RepoRef) -> Result<Vec<BranchHead>, ForgeError> {
        let heads = |repo: &Repo| {
            let heads = repo.refs.iter().filter_map(|(name, sha)| {
                let name = name.strip_prefix("refs/heads/")?.to_owned();
                let sha = sha.clone();
                Some(BranchHead { name, sha })
            });
            Some(heads.collect())
        };
        self.with(repo, heads, String::new)
    }
}

//! The port for any git repository, by the git command line.
//!
//! A repository on this machine is read where it lies. Of any other, a bare repository here keeps
//! the commits that were asked for, each fetched without its history.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::address::{Pinned, check_address};
use crate::batch::Batch;
use crate::cache::Cache;
use crate::error::ForgeError;
use crate::git::{Git, args};
use crate::mirror::make_bare;
use crate::port::{BranchHead, CommitInfo, Forge, MAX_FILE, RepoRef, Resolved, Snapshot, Want};
use crate::refs;
use crate::url::{CloneUrl, UrlPolicy, parse_clone_url};

/// The file that is read along when a branch of a local repository is resolved, since it is always
/// asked for next.
const CONFIG: &str = ".travis.yml";
const COMMITS_KEPT: usize = 4_096;
const FILE_BYTES_KEPT: usize = 8 * 1024 * 1024;

/// How long git may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For reading what is here, and for listing a host's refs.
    pub read: Duration,
    /// For fetching.
    pub fetch: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            read: Duration::from_secs(30),
            fetch: Duration::from_secs(120),
        }
    }
}

type FileKey = (i64, String, String);

/// Any git repository, by the git command line.
#[derive(Debug)]
pub struct GitForge {
    dir: PathBuf,
    policy: UrlPolicy,
    timeouts: Timeouts,
    git: Git,
    commits: Cache<(i64, String), Arc<CommitInfo>>,
    files: Cache<FileKey, Option<Arc<[u8]>>>,
    /// One fetch into a repository at a time. As many as there are repositories.
    locks: Mutex<HashMap<i64, Arc<tokio::sync::Mutex<()>>>>,
}

impl GitForge {
    /// Keeps what it fetches under `dir`, which is made when it is needed.
    pub fn new(dir: PathBuf, policy: UrlPolicy, timeouts: Timeouts) -> Self {
        Self {
            dir,
            policy,
            timeouts,
            git: Git {
                allow_local: policy.allow_local,
            },
            commits: Cache::new(COMMITS_KEPT),
            files: Cache::new(FILE_BYTES_KEPT),
            locks: Mutex::default(),
        }
    }

    fn store(&self, repo: &RepoRef, url: &CloneUrl) -> PathBuf {
        url.local_path()
            .map_or_else(|| self.dir.join(format!("{}.git", repo.id)), Path::to_owned)
    }

    fn lock(&self, repo: &RepoRef) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(locks.entry(repo.id).or_default())
    }

    fn keep(&self, repo: &RepoRef, commit: &CommitInfo) {
        let key = (repo.id, commit.sha.clone());
        self.commits.put(key, Arc::new(commit.clone()), 1);
    }

    fn keep_file(&self, key: FileKey, file: Option<&[u8]>) {
        let cost = 200 + file.map_or(0, <[u8]>::len);
        self.files.put(key, file.map(Arc::from), cost);
    }

    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, ForgeError>>,
    ) -> Result<T, ForgeError> {
        let after = self.timeouts.read;
        tokio::time::timeout(after, work)
            .await
            .unwrap_or(Err(ForgeError::Timeout { after }))
    }

    /// Reads a commit, and a file of it, from a folder; none when the commit is not there.
    async fn look(
        &self,
        repo: &RepoRef,
        dir: &Path,
        name: &str,
        path: Option<(&str, usize)>,
    ) -> Result<Option<(CommitInfo, Option<Vec<u8>>)>, ForgeError> {
        self.in_time(async {
            let mut batch = Batch::open(&self.git, dir)?;
            let Some(commit) = batch.commit(name).await? else {
                return Ok(None);
            };
            self.keep(repo, &commit);
            let Some((path, limit)) = path else {
                return Ok(Some((commit, None)));
            };
            let file = batch.file(&commit.sha, path, limit).await?;
            let key = (repo.id, commit.sha.clone(), path.to_owned());
            self.keep_file(key, file.as_deref());
            Ok(Some((commit, file)))
        })
        .await
    }

    /// Reads a commit by its full id, fetching it when it is not here.
    async fn obtain(
        &self,
        repo: &RepoRef,
        url: &CloneUrl,
        sha: &str,
        fetch_ref: Option<&str>,
        path: Option<(&str, usize)>,
    ) -> Result<(CommitInfo, Option<Vec<u8>>), ForgeError> {
        let dir = self.store(repo, url);
        let missing = || ForgeError::not_found(format!("commit {sha}"));
        let here = tokio::fs::try_exists(dir.join("HEAD")).await? || url.local_path().is_some();
        if here && let Some(found) = self.look(repo, &dir, sha, path).await? {
            return Ok(found);
        }
        if url.local_path().is_some() {
            return Err(missing());
        }
        let lock = self.lock(repo);
        let _one_at_a_time = lock.lock().await;
        make_bare(&dir, "").await?;
        let pinned = check_address(url, &self.policy).await?;
        let by_sha = format!("+{sha}:refs/seen/{sha}");
        let by_ref = fetch_ref.map(|name| format!("+{name}:refs/seen/{sha}"));
        let mut failure = None;
        // The tip alone is enough when the ref has not moved on; most hosts give out commits by id;
        // the ref with its whole history is the last resort.
        let tries = [
            by_ref.clone().map(|spec| (spec, true)),
            Some((by_sha, true)),
            by_ref.map(|spec| (spec, false)),
        ];
        for (spec, shallow) in tries.into_iter().flatten() {
            match self.fetch(&dir, url, &pinned, &spec, shallow).await {
                Ok(()) => {
                    if let Some(found) = self.look(repo, &dir, sha, path).await? {
                        return Ok(found);
                    }
                }
                Err(error @ (ForgeError::NotFound { .. } | ForgeError::Git { .. })) => {
                    failure = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(failure.unwrap_or_else(missing))
    }

    async fn fetch(
        &self,
        dir: &Path,
        url: &CloneUrl,
        pinned: &Pinned,
        spec: &str,
        shallow: bool,
    ) -> Result<(), ForgeError> {
        let mut list = args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"]);
        if shallow {
            list.push("--depth=1".into());
        } else if tokio::fs::try_exists(dir.join("shallow")).await? {
            list.push("--unshallow".into());
        }
        list.extend(args(["--end-of-options", url.as_str(), spec]));
        let fetched = self.git.run(Some(dir), pinned, &list, self.timeouts.fetch);
        fetched.await.map(drop)
    }

    /// Lists refs of a host: names and ids.
    async fn list(
        &self,
        url: &CloneUrl,
        front: &[&str],
        patterns: &[&str],
    ) -> Result<Vec<(String, String)>, ForgeError> {
        let pinned = check_address(url, &self.policy).await?;
        let mut list: Vec<OsString> = vec!["ls-remote".into()];
        list.extend(front.iter().map(OsString::from));
        list.extend(args(["--end-of-options", url.as_str()]));
        list.extend(patterns.iter().map(OsString::from));
        let out = self
            .git
            .run(None, &pinned, &list, self.timeouts.read)
            .await?;
        Ok(String::from_utf8_lossy(&out)
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .map(|(id, name)| (name.to_owned(), id.to_owned()))
            .collect())
    }

    async fn resolve_ref(
        &self,
        repo: &RepoRef,
        url: &CloneUrl,
        name: &str,
    ) -> Result<String, ForgeError> {
        refs::check_full_ref(name)?;
        let missing = || ForgeError::not_found(format!("{name} of {url}"));
        if let Some(dir) = url.local_path() {
            if let Some(sha) = self.known_tip(repo, dir, name).await {
                return Ok(sha);
            }
            return match self.look(repo, dir, name, Some((CONFIG, MAX_FILE))).await {
                Ok(found) => found.map(|(commit, _)| commit.sha).ok_or_else(missing),
                // Too large a configuration is told to whoever asks for it.
                Err(ForgeError::TooLarge { .. }) => {
                    let found = self.look(repo, dir, name, None).await?;
                    found.map(|(commit, _)| commit.sha).ok_or_else(missing)
                }
                Err(error) => Err(error),
            };
        }
        let peeled = format!("{name}^{{}}");
        let found = self.list(url, &[], &[name, &peeled]).await?;
        let id = |wanted: &str| found.iter().find(|(name, _)| name == wanted);
        let (_, sha) = id(&peeled).or_else(|| id(name)).ok_or_else(missing)?;
        Ok(sha.clone())
    }

    /// Where a ref of a repository on this machine stands, when the ref has a file of its own (which
    /// counts before all else that git may keep) and everything that is asked next is known of that
    /// commit. Spares a process for each further build of a commit.
    async fn known_tip(&self, repo: &RepoRef, dir: &Path, name: &str) -> Option<String> {
        let inside = dir.join(".git").join(name);
        let text = match tokio::fs::read_to_string(inside).await {
            Ok(text) => text,
            // A bare one.
            Err(_) => tokio::fs::read_to_string(dir.join(name)).await.ok()?,
        };
        let sha = refs::check_sha(text.trim_end()).ok()?;
        let key = (repo.id, sha.clone());
        let file = (repo.id, sha.clone(), CONFIG.to_owned());
        // A tag's file names the tag, not its commit, and so is not known as one.
        (self.commits.get(&key).is_some() && self.files.get(&file).is_some()).then_some(sha)
    }

    async fn resolve_default(&self, url: &CloneUrl) -> Result<Resolved, ForgeError> {
        let found = self.list(url, &["--symref"], &["HEAD"]).await?;
        let branch = found
            .iter()
            .find_map(|(_, target)| target.strip_prefix("ref: refs/heads/"));
        let sha = found
            .iter()
            .find(|(name, id)| name == "HEAD" && refs::is_full_sha(id))
            .map(|(_, id)| id.clone())
            .ok_or_else(|| ForgeError::not_found(format!("the default branch of {url}")))?;
        Ok(Resolved {
            sha,
            branch: branch.map(str::to_owned),
            tag: None,
        })
    }

    async fn resolve_commit(
        &self,
        repo: &RepoRef,
        url: &CloneUrl,
        name: &str,
    ) -> Result<String, ForgeError> {
        let name = refs::check_short_sha(name)?;
        if refs::is_full_sha(&name) {
            if self.commits.get(&(repo.id, name.clone())).is_some() {
                return Ok(name);
            }
            let (commit, _) = self.obtain(repo, url, &name, None, None).await?;
            return Ok(commit.sha);
        }
        let dir = self.store(repo, url);
        let here = tokio::fs::try_exists(dir.join("HEAD")).await? || url.local_path().is_some();
        let mut found = None;
        if here {
            found = self.look(repo, &dir, &name, None).await?;
        }
        if found.is_none() && url.local_path().is_none() {
            let lock = self.lock(repo);
            let _one_at_a_time = lock.lock().await;
            make_bare(&dir, "").await?;
            let pinned = check_address(url, &self.policy).await?;
            let all = "+refs/heads/*:refs/remotes/all/*";
            self.fetch(&dir, url, &pinned, all, false).await?;
            found = self.look(repo, &dir, &name, None).await?;
        }
        let missing = || {
            ForgeError::not_found(format!(
                "commit {name} (or more than one starts so: use all 40 digits)"
            ))
        };
        found.map(|(commit, _)| commit.sha).ok_or_else(missing)
    }
}

#[async_trait]
impl Forge for GitForge {
    async fn resolve(&self, repo: &RepoRef, want: &Want) -> Result<Resolved, ForgeError> {
        let url = parse_clone_url(&repo.url, &self.policy)?;
        let full = match want {
            Want::Default => return self.resolve_default(&url).await,
            Want::Commit(name) => {
                return Ok(Resolved {
                    sha: self.resolve_commit(repo, &url, name).await?,
                    branch: None,
                    tag: None,
                });
            }
            Want::Branch(name) => format!("refs/heads/{}", refs::check_ref(name)?),
            Want::Tag(name) => format!("refs/tags/{}", refs::check_ref(name)?),
            Want::Ref(name) => name.clone(),
        };
        Ok(Resolved {
            sha: self.resolve_ref(repo, &url, &full).await?,
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
        if let Some(commit) = self.commits.get(&(repo.id, sha.clone())) {
            return Ok(CommitInfo::clone(&commit));
        }
        let url = parse_clone_url(&repo.url, &self.policy)?;
        let found = self.obtain(repo, &url, &sha, fetch_ref, None).await?;
        Ok(found.0)
    }

    async fn file(
        &self,
        repo: &RepoRef,
        sha: &str,
        path: &str,
        max_bytes: usize,
    ) -> Result<Option<Vec<u8>>, ForgeError> {
        let sha = refs::check_sha(sha)?;
        let key = (repo.id, sha.clone(), refs::check_path(path)?.to_owned());
        let file = match self.files.get(&key) {
            Some(file) => file.map(|file| file.to_vec()),
            None => {
                let url = parse_clone_url(&repo.url, &self.policy)?;
                let wanted = Some((path, max_bytes));
                self.obtain(repo, &url, &sha, None, wanted).await?.1
            }
        };
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
        let sha = refs::check_sha(sha)?;
        fetch_ref.map(refs::check_full_ref).transpose()?;
        let key = (repo.id, sha.clone(), refs::check_path(path)?.to_owned());
        let known = self.commits.get(&(repo.id, sha.clone()));
        if let (Some(commit), Some(file)) = (known, self.files.get(&key)) {
            return Ok(Snapshot {
                commit: CommitInfo::clone(&commit),
                file: file.map(|file| file.to_vec()),
            });
        }
        let url = parse_clone_url(&repo.url, &self.policy)?;
        let wanted = Some((path, MAX_FILE));
        let (commit, file) = self.obtain(repo, &url, &sha, fetch_ref, wanted).await?;
        Ok(Snapshot { commit, file })
    }

    async fn branches(&self, repo: &RepoRef) -> Result<Vec<BranchHead>, ForgeError> {
        let url = parse_clone_url(&repo.url, &self.policy)?;
        let found = self.list(&url, &["--heads"], &[]).await?;
        Ok(found
            .into_iter()
            .filter_map(|(name, sha)| {
                let name = name.strip_prefix("refs/heads/")?.to_owned();
                Some(BranchHead { name, sha })
            })
            .collect())
    }
}

#[cfg(test)]
mod tests;

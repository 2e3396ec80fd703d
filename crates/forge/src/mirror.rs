//! The worker's cache of read-only mirrors, which jobs clone from.
//!
//! One bare repository for each clone URL. It keeps whole history, so that a second job needs
//! nothing or little from the network, and gives out any commit by its id.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest;
use travis_model::Secret;

use crate::address::{Pinned, check_address};
use crate::error::ForgeError;
use crate::git::{Git, args};
use crate::refs;
use crate::url::{CloneUrl, UrlPolicy, parse_clone_url};

/// A job may fetch any commit by its id, and without the contents that it does not need.
const CONFIG: &str = "[uploadpack]\n\tallowAnySHA1InWant = true\n\tallowFilter = true\n";
const DEFAULT_MAX_BYTES: u64 = 10 * 1024 * 1024 * 1024;
/// How many `(ref, commit)` pairs a mirror remembers before it asks git again.
const MAX_SEEN: usize = 10_000;

/// Mirrors under one folder. Only one process may use a folder at a time.
#[derive(Debug)]
pub struct Mirrors {
    dir: PathBuf,
    policy: UrlPolicy,
    git: Git,
    max_bytes: u64,
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

#[derive(Debug, Default)]
struct Slot {
    /// Held while the mirror is looked at or changed.
    busy: tokio::sync::Mutex<()>,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    /// Refs that were seen to hold, or to have held, a commit.
    seen: HashSet<(String, String)>,
    bytes: u64,
    used: SystemTime,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            seen: HashSet::new(),
            bytes: 0,
            used: SystemTime::UNIX_EPOCH,
        }
    }
}

impl Slot {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a job will need of a mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorWant {
    /// The commit, all 40 digits.
    pub sha: String,
    /// Full names of the refs that the job will name, such as `refs/heads/main`. With none, all
    /// branches are fetched.
    pub refs: Vec<String>,
}

/// Another way to a repository than its own address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    url: String,
    /// A whole header line that goes with the calls there.
    header: Secret,
    apart: String,
}

impl Via {
    /// Fetches from `url`, which the caller trusts, with Basic auth. `apart` keeps the mirror apart
    /// from others of the same clone URL.
    #[must_use]
    pub fn basic(url: String, user: &str, password: &str, apart: String) -> Self {
        use base64::{Engine as _, prelude::BASE64_STANDARD};
        let both = BASE64_STANDARD.encode(format!("{user}:{password}"));
        Self {
            url,
            header: Secret::new(format!("Authorization: Basic {both}")),
            apart,
        }
    }
}

/// A mirror in use. It is not removed while this lives.
#[derive(Debug, Clone)]
pub struct Mirror {
    /// The bare repository.
    pub path: PathBuf,
    _in_use: Arc<Slot>,
}

/// Where a mirror's contents come from.
#[derive(Debug, Clone, Copy)]
struct From<'a> {
    url: &'a CloneUrl,
    via: Option<&'a Via>,
}

impl Mirrors {
    /// Keeps mirrors under `dir`, up to 10 GiB in all.
    ///
    /// # Errors
    /// [`ForgeError::Io`] when the folder cannot be made or read.
    pub fn new(dir: PathBuf, allow_local: bool) -> Result<Self, ForgeError> {
        Self::with_max_bytes(dir, allow_local, DEFAULT_MAX_BYTES)
    }

    /// Keeps mirrors under `dir`, up to `max_bytes` in all besides those in use.
    ///
    /// # Errors
    /// [`ForgeError::Io`] when the folder cannot be made or read.
    pub fn with_max_bytes(
        dir: PathBuf,
        allow_local: bool,
        max_bytes: u64,
    ) -> Result<Self, ForgeError> {
        std::fs::create_dir_all(&dir)?;
        let mut slots = HashMap::new();
        for entry in std::fs::read_dir(&dir)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".gone") {
                std::fs::remove_dir_all(entry.path())?;
            } else if name.ends_with(".git") {
                let slot = Slot::default();
                slot.known().bytes = size_of(&entry.path());
                slot.known().used = entry.metadata()?.modified()?;
                slots.insert(name, Arc::new(slot));
            }
        }
        Ok(Self {
            dir,
            policy: UrlPolicy { allow_local },
            git: Git { allow_local },
            max_bytes,
            slots: Mutex::new(slots),
        })
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<String, Arc<Slot>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings the mirror of `url` to where it holds what is wanted. Without any process and network
    /// when that was seen before.
    ///
    /// # Errors
    /// [`ForgeError::NotFound`] when the commit is nowhere on the host any more, and the other
    /// variants as they say. The mirror stays usable.
    pub async fn update(
        &self,
        url: &str,
        want: &MirrorWant,
        after: Duration,
    ) -> Result<Mirror, ForgeError> {
        self.update_by(url, None, want, after).await
    }

    /// As [`Self::update`], fetching another way: the clone URL only names the repository.
    ///
    /// # Errors
    /// As [`Self::update`].
    pub async fn update_via(
        &self,
        url: &str,
        via: &Via,
        want: &MirrorWant,
        after: Duration,
    ) -> Result<Mirror, ForgeError> {
        self.update_by(url, Some(via), want, after).await
    }

    async fn update_by(
        &self,
        url: &str,
        via: Option<&Via>,
        want: &MirrorWant,
        after: Duration,
    ) -> Result<Mirror, ForgeError> {
        // An address that is not called may lie anywhere.
        let policy = UrlPolicy {
            allow_local: self.policy.allow_local || via.is_some(),
        };
        let url = parse_clone_url(url, &policy)?;
        let sha = refs::check_sha(&want.sha)?;
        for name in &want.refs {
            refs::check_full_ref(name)?;
        }
        let identity = match via {
            Some(via) => format!("{}\n{}", url.as_str(), via.apart),
            None => url.as_str().to_owned(),
        };
        let digest = digest::digest(&digest::SHA256, identity.as_bytes());
        let name = format!("{}.git", &hex::encode(digest)[..32]);
        let path = self.dir.join(&name);
        let slot = Arc::clone(self.slots().entry(name).or_default());
        slot.known().used = SystemTime::now();
        if !(is_seen(&slot, &sha, &want.refs) && path.join("HEAD").exists()) {
            let work = async {
                let _busy = slot.busy.lock().await;
                if is_seen(&slot, &sha, &want.refs) && path.join("HEAD").exists() {
                    return Ok(());
                }
                let from = From { url: &url, via };
                match self
                    .bring(from, &path, &slot, &sha, &want.refs, after)
                    .await
                {
                    // A mirror is a copy: one that a loss of power left half-written is made anew.
                    Err(error) if is_broken(&error) => {
                        let gone = path.with_extension("gone");
                        tokio::fs::rename(&path, &gone).await?;
                        tokio::fs::remove_dir_all(&gone).await?;
                        slot.known().seen.clear();
                        self.bring(from, &path, &slot, &sha, &want.refs, after)
                            .await
                    }
                    other => other,
                }
            };
            tokio::time::timeout(after, work)
                .await
                .unwrap_or(Err(ForgeError::Timeout { after }))?;
            self.make_room().await?;
        }
        Ok(Mirror {
            path,
            _in_use: slot,
        })
    }

    async fn bring(
        &self,
        from: From<'_>,
        path: &Path,
        slot: &Slot,
        sha: &str,
        names: &[String],
        after: Duration,
    ) -> Result<(), ForgeError> {
        let made = make_bare(path, CONFIG).await?;
        if made {
            slot.known().seen.clear();
        }
        // Once something was fetched, `seen` knows each tip, and this one is not among them.
        let unknown = !made && slot.known().seen.is_empty();
        if unknown && !names.is_empty() && self.tips_are(path, sha, names, after).await? {
            remember(slot, sha, names);
            return Ok(());
        }
        let pinned = match from.via {
            Some(_) => Pinned::default(),
            None => check_address(from.url, &self.policy).await?,
        };
        let specs: Vec<String> = if names.is_empty() {
            vec!["+refs/heads/*:refs/heads/*".to_owned()]
        } else {
            names.iter().map(|name| format!("+{name}:{name}")).collect()
        };
        let fetched = match self.fetch(path, from, &pinned, &specs, after).await {
            // A branch that was deleted since; the commit itself may still be had.
            Err(ForgeError::NotFound { .. }) if !names.is_empty() => false,
            other => other.map(|()| true)?,
        };
        if !self.has_commit(path, sha, names, after).await? {
            let spec = format!("+{sha}:refs/seen/{sha}");
            match self.fetch(path, from, &pinned, &[spec], after).await {
                Err(error) if is_broken(&error) => return Err(error),
                Err(ForgeError::NotFound { .. } | ForgeError::Git { .. }) => {
                    return Err(ForgeError::not_found(format!(
                        "commit {sha} of {}",
                        from.url
                    )));
                }
                other => other?,
            }
        }
        if fetched {
            remember(slot, sha, names);
        } else {
            remember(slot, sha, &[]);
        }
        let measured = path.to_owned();
        let bytes = tokio::task::spawn_blocking(move || size_of(&measured)).await;
        slot.known().bytes = bytes.map_err(io::Error::other)?;
        Ok(())
    }

    async fn fetch(
        &self,
        path: &Path,
        from: From<'_>,
        pinned: &Pinned,
        specs: &[String],
        after: Duration,
    ) -> Result<(), ForgeError> {
        let mut list = args(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"]);
        let url = from.via.map_or(from.url.as_str(), |via| &via.url);
        list.extend(args(["--end-of-options", url]));
        list.extend(specs.iter().map(OsString::from));
        let git = &self.git;
        match from.via {
            Some(via) => {
                git.run_with_header(path, &via.url, &via.header, &list, after)
                    .await
            }
            None => git.run(Some(path), pinned, &list, after).await,
        }
        .map(drop)
    }

    async fn has_commit(
        &self,
        path: &Path,
        sha: &str,
        names: &[String],
        after: Duration,
    ) -> Result<bool, ForgeError> {
        for name in names {
            if is_loose_tip(path, name, sha).await {
                return Ok(true);
            }
        }
        let exists = args(["cat-file", "-e", &format!("{sha}^{{commit}}")]);
        let offline = Pinned::default();
        match self.git.run(Some(path), &offline, &exists, after).await {
            Ok(_) => Ok(true),
            Err(error @ (ForgeError::Io(_) | ForgeError::Timeout { .. })) => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Whether all these refs stand at the commit in the mirror.
    async fn tips_are(
        &self,
        path: &Path,
        sha: &str,
        names: &[String],
        after: Duration,
    ) -> Result<bool, ForgeError> {
        let format = "--format=%(refname) %(objectname) %(*objectname)";
        let mut list = args(["for-each-ref", format, "--end-of-options"]);
        list.extend(names.iter().map(OsString::from));
        let out = self
            .git
            .run(Some(path), &Pinned::default(), &list, after)
            .await?;
        let out = String::from_utf8_lossy(&out);
        Ok(names.iter().all(|name| {
            out.lines().any(|line| {
                let mut parts = line.split(' ');
                parts.next() == Some(name) && parts.any(|id| id == sha)
            })
        }))
    }

    /// Removes the mirrors that were used longest ago, until the rest fits.
    async fn make_room(&self) -> Result<(), ForgeError> {
        let mut gone = Vec::new();
        {
            let mut slots = self.slots();
            let mut total: u64 = slots.values().map(|slot| slot.known().bytes).sum();
            let mut idle: Vec<(SystemTime, String)> = slots
                .iter()
                .filter(|(_, slot)| Arc::strong_count(slot) == 1)
                .map(|(name, slot)| (slot.known().used, name.clone()))
                .collect();
            idle.sort_unstable();
            for (_, name) in idle {
                if total <= self.max_bytes {
                    break;
                }
                let away = self.dir.join(format!("{name}.gone"));
                // Away under the lock, so that a mirror of this name made next is a new one.
                std::fs::rename(self.dir.join(&name), &away)?;
                if let Some(slot) = slots.remove(&name) {
                    total -= slot.known().bytes.min(total);
                }
                gone.push(away);
            }
        }
        for away in gone {
            tokio::fs::remove_dir_all(away).await?;
        }
        Ok(())
    }
}

/// Whether a ref that has a file of its own stands at the commit: what git wrote last it wrote so, and
/// reading it spares a process.
async fn is_loose_tip(path: &Path, name: &str, sha: &str) -> bool {
    tokio::fs::read_to_string(path.join(name))
        .await
        .is_ok_and(|text| text.trim_end() == sha)
}

fn is_seen(slot: &Slot, sha: &str, names: &[String]) -> bool {
    let known = slot.known();
    let seen = |name: &str| known.seen.contains(&(name.to_owned(), sha.to_owned()));
    seen("") && names.iter().all(|name| seen(name))
}

fn remember(slot: &Slot, sha: &str, names: &[String]) {
    let mut known = slot.known();
    if known.seen.len() > MAX_SEEN {
        known.seen.clear();
    }
    known.seen.insert((String::new(), sha.to_owned()));
    for name in names {
        known.seen.insert((name.clone(), sha.to_owned()));
    }
}

/// Makes a bare repository with further `config`, unless it is there. Whether it was made. By hand,
/// which spares a process.
pub(crate) async fn make_bare(path: &Path, config: &str) -> Result<bool, ForgeError> {
    // A loss of power can leave it there and empty.
    match tokio::fs::read(path.join("HEAD")).await {
        Ok(head) if !head.is_empty() => return Ok(false),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    for inside in ["objects", "refs/heads"] {
        tokio::fs::create_dir_all(path.join(inside)).await?;
    }
    let config = format!("[core]\n\trepositoryformatversion = 0\n\tbare = true\n{config}");
    tokio::fs::write(path.join("config"), config).await?;
    // Last, since its presence says that the rest is there.
    tokio::fs::write(path.join("HEAD"), "ref: refs/heads/main\n").await?;
    Ok(true)
}

/// Whether it was the mirror itself that git could not read.
fn is_broken(error: &ForgeError) -> bool {
    const SIGNS: [&str; 6] = [
        " is empty",
        "missing object",
        "missing blob",
        "missing tree",
        "is corrupt",
        "bad object",
    ];
    matches!(error, ForgeError::Git { stderr } if SIGNS.iter().any(|sign| stderr.contains(sign)))
}

fn size_of(path: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => size_of(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests;

//! Caches of jobs: what a worker may read and write for an attempt. Which caches those are is found
//! anew at each call from the rows, so any server can answer; the rule is
//! [`travis_model::cache::cache_plan`].

mod manage;
mod sweep;

pub use manage::CacheFilter;

use crate::{AttemptAccess, Engine, EngineError, Vault, changes::Changes, secrets};
use aws_lc_rs::digest::{Context, SHA256, digest};
use bytes::Bytes;
use std::time::Duration;
use travis_blobs::{Blob, BlobError, Upload};
use travis_model::{
    Build, Cache, Job, Repository, RepositoryId, Worker,
    cache::{
        CacheCase, CachePlan, CacheScope, cache_options, cache_plan, cache_slug, evicted,
        wants_cache,
    },
    trust::Origin,
};
use travis_store::{NewCache, Reader};

/// How often the use of a cache is noted: many jobs that read one at once write one row.
const TOUCH: Duration = Duration::from_secs(60);
/// Time for fetching, and for storing, when the job says nothing.
const TIMEOUT: u64 = 180;
/// The longest that a job may ask for.
const LONGEST: u64 = 30 * 60;

/// What the operator decided about caches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CachePolicy {
    /// Bytes of one cache at most.
    pub cache_bytes: u64,
    /// Bytes of all caches of a repository at most.
    pub repository_bytes: u64,
    /// Caches that nobody used for so long are removed.
    pub unused: Duration,
}

impl Default for CachePolicy {
    fn default() -> Self {
        Self {
            cache_bytes: 500 << 20,
            repository_bytes: 2 << 30,
            unused: Duration::from_secs(45 * 24 * 3600),
        }
    }
}

/// What a worker gets told of a job's cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheOffer {
    /// It may fetch one.
    pub fetch: bool,
    /// It may store one.
    pub store: bool,
    /// Bytes that one may have.
    pub most_bytes: u64,
    /// For fetching, and for storing.
    pub timeout: Duration,
}

/// Whose caches an attempt uses.
struct Found {
    repository: RepositoryId,
    plan: CachePlan,
    slug: String,
}

/// Bytes of a cache on their way in. Dropping it leaves what was there before.
pub struct CacheUpload {
    upload: Box<dyn Upload>,
    digest: Context,
    written: u64,
    length: u64,
    sha256: String,
    object_key: String,
    most_bytes: u64,
}

impl CacheUpload {
    /// Adds bytes.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for more than was announced, or when the storage fails.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), EngineError> {
        self.written = self.written.saturating_add(bytes.len() as u64);
        if self.written > self.length {
            return Err(wrong_length(self.length));
        }
        self.digest.update(&bytes);
        Ok(self.upload.write(bytes).await?)
    }
}

fn wrong_length(length: u64) -> EngineError {
    EngineError::invalid(
        "length",
        format!("the body does not have the {length} bytes that were announced: send it again"),
    )
}

impl Engine {
    /// What a worker is told of a job's cache; none when the job wants none or may use none.
    pub(crate) async fn offer_cache(
        &self,
        reader: &mut dyn Reader,
        worker: &Worker,
        repository: &Repository,
        build: &Build,
        job: &Job,
        sha: &str,
    ) -> Result<Option<CacheOffer>, EngineError> {
        if !wants_cache(&job.config) {
            return Ok(None);
        }
        let plan = plan(reader, worker, repository, build, job, sha).await?;
        if plan == CachePlan::default() {
            return Ok(None);
        }
        let seconds = cache_options(&job.config).timeout.unwrap_or(TIMEOUT);
        Ok(Some(CacheOffer {
            fetch: !plan.read.is_empty(),
            store: plan.write.is_some(),
            most_bytes: self.policy.caches.cache_bytes,
            timeout: Duration::from_secs(seconds.clamp(1, LONGEST)),
        }))
    }

    /// The cache that an attempt may read first, open for reading.
    ///
    /// # Errors
    /// [`EngineError::AttemptOver`] as soon as it has ended.
    pub async fn fetch_cache(
        &self,
        access: AttemptAccess,
    ) -> Result<Option<(Cache, Blob)>, EngineError> {
        let mut reader = self.store.reader().await?;
        let found = self.caches_of(&mut *reader, access).await?;
        for scope in &found.plan.read {
            let row = reader.cache(found.repository, scope, &found.slug).await?;
            let Some(cache) = row else { continue };
            match self.blobs.read(&cache.object_key).await {
                Ok(blob) if blob.size == cache.size => {
                    drop(reader);
                    self.note_use(&cache).await?;
                    return Ok(Some((cache, blob)));
                }
                // Replaced this moment, or lost or cut with a disk: the next one serves as well.
                Ok(_) | Err(BlobError::NotFound(_)) => {
                    tracing::warn!(
                        cache.id = cache.id.get(),
                        object = %cache.object_key,
                        "the bytes of a cache are not there as they were stored"
                    );
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    async fn note_use(&self, cache: &Cache) -> Result<(), EngineError> {
        let now = self.now();
        if now.since(cache.used_at) < TOUCH {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        tx.touch_cache(cache.id, now).await?;
        Ok(tx.commit().await?)
    }

    /// Begins to take an attempt's cache of this length and SHA-256 (in hex).
    ///
    /// # Errors
    /// [`EngineError::AttemptOver`] as soon as it has ended, [`EngineError::Forbidden`] for one
    /// that may only read, [`EngineError::TooLarge`].
    pub async fn begin_cache(
        &self,
        access: AttemptAccess,
        length: u64,
        sha256: &str,
    ) -> Result<CacheUpload, EngineError> {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if sha256.len() != 64 || !sha256.bytes().all(hex) {
            return Err(EngineError::invalid(
                "sha256",
                "say the SHA-256 of the body in 64 hexadecimal digits, in small letters",
            ));
        }
        let mut reader = self.store.reader().await?;
        let found = self.caches_of(&mut *reader, access).await?;
        drop(reader);
        may_store(&found)?;
        let policy = &self.policy.caches;
        let most_bytes = policy.cache_bytes.min(policy.repository_bytes);
        if length > most_bytes {
            return Err(EngineError::TooLarge(format!(
                "the cache has {length} bytes, and one may have {most_bytes}: cache fewer directories"
            )));
        }
        let name = Vault::new_token("c")?;
        let object_key = format!("caches/{}/{}", found.repository, name.reveal());
        Ok(CacheUpload {
            upload: self.blobs.begin(&object_key).await?,
            digest: Context::new(&SHA256),
            written: 0,
            length,
            sha256: sha256.to_owned(),
            object_key,
            most_bytes: policy.repository_bytes,
        })
    }

    /// Makes the bytes the attempt's cache, in place of the one before, when they are what was
    /// announced and the attempt is still live.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for other bytes than announced, else as for
    /// [`Engine::begin_cache`].
    pub async fn finish_cache(
        &self,
        access: AttemptAccess,
        upload: CacheUpload,
    ) -> Result<(), EngineError> {
        let CacheUpload {
            upload: bytes,
            digest,
            written,
            length,
            sha256,
            object_key,
            most_bytes,
        } = upload;
        if written != length {
            bytes.abort().await;
            return Err(wrong_length(length));
        }
        if hex::encode(digest.finish()) != sha256 {
            bytes.abort().await;
            return Err(EngineError::invalid(
                "sha256",
                "the body is not the one whose SHA-256 was announced: send it again",
            ));
        }
        // The object comes before the row: killed in between, it has no row and is swept.
        bytes.finish().await?;
        let noted = self
            .note_cache(access, &object_key, length, &sha256, most_bytes)
            .await;
        let dead = match &noted {
            Ok(dead) => dead.clone(),
            Err(_) => vec![object_key],
        };
        self.remove_objects(&dead).await;
        noted.map(drop)
    }

    /// The row of a new cache. Answers the objects that have none any more.
    async fn note_cache(
        &self,
        access: AttemptAccess,
        object_key: &str,
        size: u64,
        sha256: &str,
        most_bytes: u64,
    ) -> Result<Vec<String>, EngineError> {
        let mut tx = self.store.begin().await?;
        // Looked at again: the attempt may have been lost while the bytes came.
        let found = self.caches_of(&mut *tx, access).await?;
        let new = NewCache {
            repository_id: found.repository,
            scope: may_store(&found)?.clone(),
            slug: found.slug.clone(),
            object_key: object_key.to_owned(),
            size,
            sha256: sha256.to_owned(),
            at: self.now(),
        };
        let mut dead: Vec<String> = tx.put_cache(&new).await?.into_iter().collect();
        let all = tx.caches(found.repository).await?;
        for cache in evicted(&all, most_bytes, Some(object_key)) {
            if tx.delete_cache(cache.id, &cache.object_key).await? {
                dead.push(cache.object_key.clone());
            }
        }
        tx.commit().await?;
        let mut changes = Changes::default();
        changes.settings(found.repository);
        changes.send(self.bus.as_ref());
        Ok(dead)
    }

    /// Removes objects that no row names. What fails is left to the sweep.
    pub(crate) async fn remove_objects(&self, keys: &[String]) {
        for key in keys {
            if let Err(error) = self.blobs.remove(key).await {
                tracing::warn!(%error, object = %key, "bytes that nothing names are left to the sweep");
            }
        }
    }

    /// Whose caches a live attempt uses: the one that counts for its job.
    async fn caches_of(
        &self,
        reader: &mut dyn Reader,
        access: AttemptAccess,
    ) -> Result<Found, EngineError> {
        let attempt = reader.attempt(access.id()).await?;
        let attempt = attempt
            .filter(|attempt| attempt.state.is_live())
            .ok_or(EngineError::AttemptOver)?;
        let job = reader.job(attempt.job_id).await?;
        let job = job
            // A canceled or restarted job's attempt is live until its worker has stopped it.
            .filter(|job| job.attempt_id == Some(attempt.id) && job.state.is_held())
            .ok_or(EngineError::AttemptOver)?;
        let build = reader.build(job.build_id).await?;
        let repository = reader.repository(job.repository_id).await?;
        let worker = reader.worker(attempt.worker_id).await?;
        let (Some(build), Some(repository), Some(worker)) = (build, repository, worker) else {
            return Err(EngineError::AttemptOver);
        };
        let commit = reader.commits(&[build.commit_id]).await?.pop();
        let sha = commit.ok_or(EngineError::AttemptOver)?.sha;
        let plan = plan(reader, &worker, &repository, &build, &job, &sha).await?;
        let slug = cache_slug(&job.config, |env| hex::encode(digest(&SHA256, env)));
        Ok(Found {
            repository: repository.id,
            plan,
            slug,
        })
    }
}

fn may_store(found: &Found) -> Result<&CacheScope, EngineError> {
    found.plan.write.as_ref().ok_or(EngineError::Forbidden(
        "this job may read caches and not write them",
    ))
}

/// Which caches a job may use on a machine.
async fn plan(
    reader: &mut dyn Reader,
    worker: &Worker,
    repository: &Repository,
    build: &Build,
    job: &Job,
    sha: &str,
) -> Result<CachePlan, EngineError> {
    if !wants_cache(&job.config) {
        return Ok(CachePlan::default());
    }
    let origin = secrets::origin(reader, repository, build, sha).await?;
    let tier = crate::standing::tier(reader, worker, repository).await?;
    let had_secrets = match (&build.pull_request, origin) {
        (Some(pull), Origin::Fork { .. }) => {
            reader
                .had_secrets(repository.id, pull.number, &pull.head_sha)
                .await?
        }
        _ => false,
    };
    Ok(cache_plan(&CacheCase {
        origin,
        tier,
        private: repository.private,
        branch: &build.branch,
        default_branch: &repository.default_branch,
        pull: build.pull_request.as_ref().map(|pull| pull.number),
        had_secrets,
        also: cache_options(&job.config).branch.as_deref(),
    }))
}

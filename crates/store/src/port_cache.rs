//! The part of the port about caches of jobs. The rows say which objects there are; the bytes lie
//! elsewhere and are removed after the row.

use crate::StoreError;
use async_trait::async_trait;
use travis_model::{Cache, CacheId, RepositoryId, Timestamp, cache::CacheScope};

/// A cache whose bytes are stored already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCache {
    /// Of which repository.
    pub repository_id: RepositoryId,
    /// Who wrote it.
    pub scope: CacheScope,
    /// Which jobs it fits.
    pub slug: String,
    /// Where its bytes lie; of no other cache.
    pub object_key: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes, in hex.
    pub sha256: String,
    /// Now.
    pub at: Timestamp,
}

/// What can be read about caches.
#[async_trait]
pub trait CacheReader: Send {
    /// The cache of a scope and slug.
    async fn cache(
        &mut self,
        repository: RepositoryId,
        scope: &CacheScope,
        slug: &str,
    ) -> Result<Option<Cache>, StoreError>;
    /// Caches of a repository, the longest unused first.
    async fn caches(&mut self, repository: RepositoryId) -> Result<Vec<Cache>, StoreError>;
    /// Caches that nobody used since `before`, the longest unused first.
    async fn caches_unused(
        &mut self,
        before: Timestamp,
        limit: u64,
    ) -> Result<Vec<Cache>, StoreError>;
    /// Repositories whose caches hold more bytes than this.
    async fn repositories_caching_over(
        &mut self,
        bytes: u64,
        limit: u64,
    ) -> Result<Vec<RepositoryId>, StoreError>;
    /// Whether a cache's bytes lie there.
    async fn is_cache_object(&mut self, object_key: &str) -> Result<bool, StoreError>;
}

/// What can be changed about them, in the same transaction as the rest.
#[async_trait]
pub trait CacheTx: CacheReader {
    /// Notes a cache, in place of the one of its repository, scope and slug. Answers where the
    /// bytes of that one lie, to be removed after the commit.
    async fn put_cache(&mut self, new: &NewCache) -> Result<Option<String>, StoreError>;
    /// Notes the use of a cache; nothing happens when it is gone.
    async fn touch_cache(&mut self, id: CacheId, at: Timestamp) -> Result<(), StoreError>;
    /// Removes a cache if its bytes still lie there; a newer one stays. Answers whether it did.
    async fn delete_cache(&mut self, id: CacheId, object_key: &str) -> Result<bool, StoreError>;
}

use crate::{CacheId, RepositoryId, Timestamp, cache::CacheScope};

/// What the jobs of one cell kept for later ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    /// Identifier.
    pub id: CacheId,
    /// Of which repository.
    pub repository_id: RepositoryId,
    /// Who wrote it, and so who may read it.
    pub scope: CacheScope,
    /// Which jobs it fits, see [`crate::cache::cache_slug`].
    pub slug: String,
    /// Where its bytes lie. Another one with each change of the bytes.
    pub object_key: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes, in hex.
    pub sha256: String,
    /// When there was first a cache of this scope and slug.
    pub created_at: Timestamp,
    /// When its bytes last changed.
    pub updated_at: Timestamp,
    /// When a job last read or wrote it.
    pub used_at: Timestamp,
}

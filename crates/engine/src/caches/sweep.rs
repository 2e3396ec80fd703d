//! Removes what nobody uses: old caches, those over a quota, objects without a row, and what
//! uploads left that were never finished. A row goes before its object, so that being killed in
//! between leaves an object without a row, which the next turn removes.

use crate::{Engine, EngineError};
use futures_util::TryStreamExt as _;
use std::sync::Arc;
use std::time::Duration;
use travis_model::cache::evicted;

/// The first look, so that a start has nothing else to do.
const FIRST: Duration = Duration::from_secs(60);
const EVERY: Duration = Duration::from_secs(600);
/// Rows in one transaction.
const ROWS: u64 = 100;
/// An object without a row is an upload's whose row comes in a moment, unless it is older.
const YOUNG: Duration = Duration::from_secs(6 * 3600);

impl Engine {
    pub(crate) async fn sweep_caches_for_ever(self: Arc<Self>) {
        tokio::time::sleep(FIRST).await;
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.sweep_caches().await {
                tracing::warn!(%error, "unused caches could not be removed; the next turn tries again");
            }
        }
    }

    /// One turn. Idempotent; several servers may do it at once.
    ///
    /// # Errors
    /// When rows or objects can't be had.
    pub async fn sweep_caches(&self) -> Result<(), EngineError> {
        self.sweep_unused().await?;
        self.sweep_over_quota().await?;
        let before = self.now().minus(YOUNG);
        self.blobs.sweep(before).await?;
        let mut objects = self.blobs.older_than(before);
        while let Some(object) = objects.try_next().await? {
            let mut reader = self.store.reader().await?;
            if !reader.is_cache_object(&object.key).await?
                && !reader.is_artifact_object(&object.key).await?
            {
                drop(reader);
                tracing::info!(object = %object.key, "removes bytes of a cache or a result that is gone");
                self.blobs.remove(&object.key).await?;
            }
        }
        Ok(())
    }

    async fn sweep_unused(&self) -> Result<(), EngineError> {
        let before = self.now().minus(self.policy.caches.unused);
        loop {
            let mut tx = self.store.begin().await?;
            let unused = tx.caches_unused(before, ROWS).await?;
            if unused.is_empty() {
                return Ok(());
            }
            let mut dead = Vec::new();
            for cache in unused {
                if tx.delete_cache(cache.id, &cache.object_key).await? {
                    dead.push(cache.object_key);
                }
            }
            tx.commit().await?;
            self.remove_objects(&dead).await;
        }
    }

    /// A quota may have become smaller, or two uploads came at once.
    async fn sweep_over_quota(&self) -> Result<(), EngineError> {
        let most = self.policy.caches.repository_bytes;
        let over = {
            let mut reader = self.store.reader().await?;
            reader.repositories_caching_over(most, ROWS).await?
        };
        for repository in over {
            let mut tx = self.store.begin().await?;
            let all = tx.caches(repository).await?;
            let mut dead = Vec::new();
            for cache in evicted(&all, most, None) {
                if tx.delete_cache(cache.id, &cache.object_key).await? {
                    dead.push(cache.object_key.clone());
                }
            }
            tx.commit().await?;
            self.remove_objects(&dead).await;
        }
        Ok(())
    }
}

//! Caches as their repository's maintainers see them.

use crate::{Engine, EngineError, Viewer, changes::Changes};
use travis_model::{Cache, Repository};

/// Which caches are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheFilter {
    /// Of this branch; `PR.<number>` for a pull request.
    pub branch: Option<String>,
    /// Whose slug holds this text.
    pub contains: Option<String>,
}

impl CacheFilter {
    fn fits(&self, cache: &Cache) -> bool {
        let branch = self.branch.as_ref();
        let text = self.contains.as_ref();
        branch.is_none_or(|branch| cache.scope.label() == *branch)
            && text.is_none_or(|text| cache.slug.contains(text.as_str()))
    }
}

impl Engine {
    /// Caches of a repository, the last used first.
    ///
    /// # Errors
    /// When the viewer may not see the repository's settings.
    pub async fn caches(
        &self,
        viewer: &Viewer,
        key: &str,
        filter: &CacheFilter,
    ) -> Result<(Repository, Vec<Cache>), EngineError> {
        let repository = self.with_settings(viewer, key).await?;
        let rows = self.store.reader().await?.caches(repository.id).await?;
        Ok((repository, fitting(rows, filter)))
    }

    /// Removes caches of a repository. Answers those that were removed.
    ///
    /// # Errors
    /// When the viewer may not change the repository's settings.
    pub async fn delete_caches(
        &self,
        viewer: &Viewer,
        key: &str,
        filter: &CacheFilter,
    ) -> Result<(Repository, Vec<Cache>), EngineError> {
        let repository = self.repository(viewer, key).await?;
        self.must_administer(viewer, &repository).await?;
        let mut tx = self.store.begin().await?;
        let mut gone = Vec::new();
        for cache in fitting(tx.caches(repository.id).await?, filter) {
            if tx.delete_cache(cache.id, &cache.object_key).await? {
                gone.push(cache);
            }
        }
        let deed = self.deed(
            viewer,
            "caches.remove",
            format!("repository:{}", repository.id),
            format!(
                "{} of branch {} whose names hold {}",
                gone.len(),
                filter.branch.as_deref().unwrap_or("any"),
                filter.contains.as_deref().unwrap_or("anything")
            ),
        );
        tx.append_audit(&deed).await?;
        tx.commit().await?;
        let keys: Vec<String> = gone.iter().map(|cache| cache.object_key.clone()).collect();
        self.remove_objects(&keys).await;
        let mut changes = Changes::default();
        changes.settings(repository.id);
        changes.send(self.bus.as_ref());
        Ok((repository, gone))
    }
}

fn fitting(rows: Vec<Cache>, filter: &CacheFilter) -> Vec<Cache> {
    let mut fitting: Vec<Cache> = rows.into_iter().filter(|row| filter.fits(row)).collect();
    fitting.reverse();
    fitting
}

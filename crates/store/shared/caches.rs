//! Caches of jobs.

use super::rows::{self, Columns, maybe};
use super::{Conn, Row, bound};
use crate::dialect::{db_error, for_update};
use sqlx::query;
use travis_model::{Cache, CacheId, RepositoryId, Timestamp, cache::CacheScope};
use travis_store::{NewCache, StoreError};

macro_rules! cache_columns {
    () => {
        "id, repository_id, scope, slug, object_key, size, sha256, created_at, updated_at, used_at"
    };
}

fn cache_row(row: &Row) -> Result<Cache, StoreError> {
    let mut columns = Columns::new(row, "caches");
    Ok(Cache {
        id: columns.id()?,
        repository_id: columns.id()?,
        scope: columns.word(CacheScope::parse)?,
        slug: columns.get()?,
        object_key: columns.get()?,
        size: columns.small()?,
        sha256: columns.get()?,
        created_at: columns.time()?,
        updated_at: columns.time()?,
        used_at: columns.time()?,
    })
}

pub async fn cache(
    conn: &mut Conn,
    repository: RepositoryId,
    scope: &CacheScope,
    slug: &str,
) -> Result<Option<Cache>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        cache_columns!(),
        " FROM caches WHERE repository_id = $1 AND scope = $2 AND slug = $3"
    ))
    .bind(repository.get())
    .bind(scope.as_text())
    .bind(slug.to_owned())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), cache_row)
}

pub async fn caches(conn: &mut Conn, repository: RepositoryId) -> Result<Vec<Cache>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        cache_columns!(),
        " FROM caches WHERE repository_id = $1 ORDER BY used_at, id"
    ))
    .bind(repository.get())
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, cache_row)
}

pub async fn caches_unused(
    conn: &mut Conn,
    before: Timestamp,
    limit: u64,
) -> Result<Vec<Cache>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        cache_columns!(),
        " FROM caches WHERE used_at < $1 ORDER BY used_at, id LIMIT $2"
    ))
    .bind(before.0)
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, cache_row)
}

pub async fn repositories_caching_over(
    conn: &mut Conn,
    bytes: u64,
    limit: u64,
) -> Result<Vec<RepositoryId>, StoreError> {
    let found = query(
        "SELECT repository_id FROM caches GROUP BY repository_id HAVING SUM(size) > $1 \
         ORDER BY repository_id LIMIT $2",
    )
    .bind(bound(bytes))
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, |row| Columns::new(row, "caches").id())
}

pub async fn is_cache_object(conn: &mut Conn, object_key: &str) -> Result<bool, StoreError> {
    let row = query("SELECT id FROM caches WHERE object_key = $1")
        .bind(object_key.to_owned())
        .fetch_optional(conn)
        .await
        .map_err(db_error)?;
    Ok(row.is_some())
}

pub async fn put_cache(conn: &mut Conn, new: &NewCache) -> Result<Option<String>, StoreError> {
    // Two that come first at once don't see each other; the object of the one that is replaced
    // then has no row and is swept.
    let old = query(concat!(
        "SELECT object_key FROM caches WHERE repository_id = $1 AND scope = $2 AND slug = $3",
        for_update!()
    ))
    .bind(new.repository_id.get())
    .bind(new.scope.as_text())
    .bind(new.slug.clone())
    .fetch_optional(&mut *conn)
    .await
    .map_err(db_error)?;
    query(
        "INSERT INTO caches (repository_id, scope, slug, object_key, size, sha256, created_at, \
         updated_at, used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (repository_id, scope, slug) DO UPDATE SET \
         object_key = excluded.object_key, size = excluded.size, sha256 = excluded.sha256, \
         updated_at = excluded.updated_at, used_at = excluded.used_at",
    )
    .bind(new.repository_id.get())
    .bind(new.scope.as_text())
    .bind(new.slug.clone())
    .bind(new.object_key.clone())
    .bind(bound(new.size))
    .bind(new.sha256.clone())
    .bind(new.at.0)
    .bind(new.at.0)
    .bind(new.at.0)
    .execute(conn)
    .await
    .map_err(db_error)?;
    let old = maybe(old.as_ref(), |row| {
        Columns::new(row, "caches").get::<String>()
    })?;
    Ok(old.filter(|key| *key != new.object_key))
}

pub async fn touch_cache(conn: &mut Conn, id: CacheId, at: Timestamp) -> Result<(), StoreError> {
    query("UPDATE caches SET used_at = $2 WHERE id = $1 AND used_at < $2")
        .bind(id.get())
        .bind(at.0)
        .execute(conn)
        .await
        .map_err(db_error)?;
    Ok(())
}

pub async fn delete_cache(
    conn: &mut Conn,
    id: CacheId,
    object_key: &str,
) -> Result<bool, StoreError> {
    let done = query("DELETE FROM caches WHERE id = $1 AND object_key = $2")
        .bind(id.get())
        .bind(object_key.to_owned())
        .execute(conn)
        .await
        .map_err(db_error)?;
    Ok(done.rows_affected() > 0)
}

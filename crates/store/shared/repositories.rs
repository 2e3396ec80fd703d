//! Repositories.

use super::columns::json_text;
use super::rights::{has_right, listed};
use super::rows::{self, Columns, maybe, repository_columns};
use super::{Conn, bound, count, in_order};
use crate::dialect::{self, Db, db_error, for_update, ids_in};
use sqlx::{QueryBuilder, query};
use travis_model::{AttemptId, Repository, RepositoryId, Slug, Timestamp};
use travis_store::{Listing, NewRepository, Page, RepositoryFilter, StoreError};

pub async fn repository(
    conn: &mut Conn,
    id: RepositoryId,
) -> Result<Option<Repository>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        repository_columns!(),
        " FROM repositories r WHERE r.id = $1"
    ))
    .bind(id.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows::repository)
}

pub async fn repository_by_slug(
    conn: &mut Conn,
    slug: &Slug,
) -> Result<Option<Repository>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        repository_columns!(),
        " FROM repositories r WHERE r.slug_key = $1"
    ))
    .bind(slug.key())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows::repository)
}

pub async fn repositories_by_id(
    conn: &mut Conn,
    ids: &[RepositoryId],
) -> Result<Vec<Repository>, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let found = query(concat!(
        "SELECT ",
        repository_columns!(),
        " FROM repositories r WHERE ",
        ids_in!("r.id", "$1")
    ))
    .bind(dialect::ids(&ids))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    Ok(in_order(&ids, rows::all(&found, rows::repository)?, |r| {
        (r.id.get(), 0)
    }))
}

fn filtered(sql: &mut QueryBuilder<Db>, filter: &RepositoryFilter) {
    // What its forge does not have any more is found by its address only.
    sql.push(" WHERE r.gone_at IS NULL");
    listed(sql, filter.seen_by);
    if let Some(user) = filter.starred_by {
        sql.push(
            " AND EXISTS (SELECT 1 FROM stars s WHERE s.repository_id = r.id AND s.user_id = ",
        )
        .push_bind(user.get())
        .push(")");
    }
    if let Some(user) = filter.member {
        sql.push(" AND ");
        has_right(sql, user);
    }
    if let Some(search) = &filter.search {
        let mut pattern = String::from("%");
        for c in search.to_ascii_lowercase().chars() {
            if matches!(c, '%' | '_' | '!') {
                pattern.push('!');
            }
            pattern.push(c);
        }
        pattern.push('%');
        sql.push(" AND r.slug_key LIKE ")
            .push_bind(pattern)
            .push(" ESCAPE '!'");
    }
    if let Some(active) = filter.active {
        sql.push(" AND r.active = ").push_bind(active);
    }
    if let Some(owner) = &filter.owner {
        sql.push(" AND r.owner_key = ")
            .push_bind(owner.to_ascii_lowercase());
    }
}

pub async fn repositories(
    conn: &mut Conn,
    filter: &RepositoryFilter,
    page: Page,
) -> Result<Listing<Repository>, StoreError> {
    let mut sql = QueryBuilder::<Db>::new("SELECT COUNT(*) FROM repositories r");
    filtered(&mut sql, filter);
    let row = sql.build().fetch_one(&mut *conn).await.map_err(db_error)?;
    let total: i64 = Columns::new(&row, "repositories").get()?;

    let mut sql = QueryBuilder::<Db>::new(concat!(
        "SELECT ",
        repository_columns!(),
        " FROM repositories r LEFT JOIN builds b ON b.id = r.current_build_id"
    ));
    filtered(&mut sql, filter);
    sql.push(
        " ORDER BY CASE WHEN b.id IS NULL THEN 2 \
         WHEN b.state IN ('created', 'queued', 'received', 'started') THEN 0 ELSE 1 END, \
         COALESCE(b.id, 0) DESC, r.id DESC LIMIT ",
    );
    sql.push_bind(bound(page.limit))
        .push(" OFFSET ")
        .push_bind(bound(page.offset));
    let found = sql.build().fetch_all(conn).await.map_err(db_error)?;
    Ok(Listing {
        items: rows::all(&found, rows::repository)?,
        count: count(total),
    })
}

pub async fn repositories_to_poll(
    conn: &mut Conn,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<Repository>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        repository_columns!(),
        " FROM repositories r WHERE r.active AND r.poll_seconds IS NOT NULL \
         AND COALESCE(r.polled_at + r.poll_seconds * 1000, 0) <= $1 \
         ORDER BY COALESCE(r.polled_at + r.poll_seconds * 1000, 0), r.id LIMIT $2"
    ))
    .bind(now.0)
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows::repository)
}

pub async fn insert_repository(
    conn: &mut Conn,
    new: &NewRepository,
) -> Result<RepositoryId, StoreError> {
    let lives = new.hosting.as_ref();
    let row = query(
        "INSERT INTO repositories (owner, owner_key, name, slug_key, description, clone_url, \
         default_branch, private, active, ping_secret, poll_seconds, created_at, updated_at, \
         forge_id, remote_id, remote_path, html_url, fork, installation_id, hook_id, hooked_by, \
         gone_at, compared_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, \
         $19, $20, $21, $22, $23) \
         ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(new.slug.owner().to_owned())
    .bind(new.slug.owner().to_ascii_lowercase())
    .bind(new.slug.name().to_owned())
    .bind(new.slug.key())
    .bind(new.description.clone())
    .bind(new.clone_url.clone())
    .bind(new.default_branch.clone())
    .bind(new.private)
    .bind(new.active)
    .bind(new.ping_secret.clone())
    .bind(new.poll_seconds.map(i64::from))
    .bind(new.at.0)
    .bind(new.at.0)
    .bind(lives.map(|h| h.forge_id.get()))
    .bind(lives.map(|h| h.remote_id.clone()))
    .bind(lives.map(|h| h.path.clone()))
    .bind(lives.map(|h| h.html_url.clone()))
    .bind(lives.is_some_and(|h| h.fork))
    .bind(lives.and_then(|h| h.installation_id))
    .bind(lives.and_then(|h| h.hook_id.clone()))
    .bind(lives.and_then(|h| h.hooked_by).map(|id| id.get()))
    .bind(lives.and_then(|h| h.gone_at).map(|at| at.0))
    .bind(lives.and_then(|h| h.compared_at).map(|at| at.0))
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), |row| Columns::new(row, "repositories").id())?
        .ok_or(StoreError::Exists("repository"))
}

/// An older copy never takes the current build back: `insert_build` may have moved it since the
/// copy was read.
pub async fn update_repository(conn: &mut Conn, new: &Repository) -> Result<(), StoreError> {
    let lives = new.hosting.as_ref();
    let done = query(
        "UPDATE repositories SET owner = $2, owner_key = $3, name = $4, slug_key = $5, \
         description = $6, clone_url = $7, default_branch = $8, private = $9, active = $10, \
         ping_secret = $11, poll_seconds = $12, polled_at = $13, \
         current_build_id = CASE WHEN current_build_id > $14 THEN current_build_id \
         ELSE COALESCE($15, current_build_id) END, created_at = $16, updated_at = $17, \
         settings = $20, forge_id = $21, remote_id = $22, remote_path = $23, html_url = $24, \
         fork = $25, installation_id = $26, hook_id = $27, hooked_by = $28, gone_at = $29, \
         compared_at = $30 WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM repositories o \
         WHERE o.id <> $19 AND (o.slug_key = $18 OR (o.forge_id = $21 AND o.remote_id = $22)))",
    )
    .bind(new.id.get())
    .bind(new.slug.owner().to_owned())
    .bind(new.slug.owner().to_ascii_lowercase())
    .bind(new.slug.name().to_owned())
    .bind(new.slug.key())
    .bind(new.description.clone())
    .bind(new.clone_url.clone())
    .bind(new.default_branch.clone())
    .bind(new.private)
    .bind(new.active)
    .bind(new.ping_secret.clone())
    .bind(new.poll_seconds.map(i64::from))
    .bind(new.polled_at.map(|at| at.0))
    .bind(new.current_build_id.map(|id| id.get()))
    .bind(new.current_build_id.map(|id| id.get()))
    .bind(new.created_at.0)
    .bind(new.updated_at.0)
    .bind(new.slug.key())
    .bind(new.id.get())
    .bind(json_text(&new.settings)?)
    .bind(lives.map(|h| h.forge_id.get()))
    .bind(lives.map(|h| h.remote_id.clone()))
    .bind(lives.map(|h| h.path.clone()))
    .bind(lives.map(|h| h.html_url.clone()))
    .bind(lives.is_some_and(|h| h.fork))
    .bind(lives.and_then(|h| h.installation_id))
    .bind(lives.and_then(|h| h.hook_id.clone()))
    .bind(lives.and_then(|h| h.hooked_by).map(|id| id.get()))
    .bind(lives.and_then(|h| h.gone_at).map(|at| at.0))
    .bind(lives.and_then(|h| h.compared_at).map(|at| at.0))
    .execute(&mut *conn)
    .await
    .map_err(db_error)?;
    if done.rows_affected() > 0 {
        return Ok(());
    }
    Err(match repository(conn, new.id).await? {
        Some(_) => StoreError::Exists("repository"),
        None => StoreError::NotFound("repository"),
    })
}

pub async fn delete_repository(
    conn: &mut Conn,
    id: RepositoryId,
) -> Result<Vec<AttemptId>, StoreError> {
    // The row first, so that no build can be added between the list and the removal.
    query(concat!(
        "SELECT id FROM repositories WHERE id = $1",
        for_update!()
    ))
    .bind(id.get())
    .fetch_optional(&mut *conn)
    .await
    .map_err(db_error)?
    .ok_or(StoreError::NotFound("repository"))?;
    let attempts = query(
        "SELECT a.id FROM builds b JOIN jobs j ON j.build_id = b.id \
         JOIN attempts a ON a.job_id = j.id WHERE b.repository_id = $1 ORDER BY a.id",
    )
    .bind(id.get())
    .fetch_all(&mut *conn)
    .await
    .map_err(db_error)?;
    query("DELETE FROM deliveries WHERE repository_id = $1")
        .bind(id.get())
        .execute(&mut *conn)
        .await
        .map_err(db_error)?;
    query("DELETE FROM repositories WHERE id = $1")
        .bind(id.get())
        .execute(conn)
        .await
        .map_err(db_error)?;
    rows::all(&attempts, |row| Columns::new(row, "attempts").id())
}

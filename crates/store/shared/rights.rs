//! Who may see and do what: repositories of forges, people's rights to them, stars.

use super::rows::{self, Columns, maybe, repository_columns};
use super::rows_forge::{self, right_columns};
use super::{Conn, bound};
use crate::dialect::{Db, db_error};
use sqlx::{QueryBuilder, query};
use travis_model::{ForgeId, Level, Repository, RepositoryId, Timestamp, UserId};
use travis_store::{HostedRepository, Right, SeenBy, StoreError};

/// A condition: the person has any right to repository `r`.
pub(super) fn has_right(sql: &mut QueryBuilder<Db>, user: UserId) {
    sql.push("EXISTS (SELECT 1 FROM permissions p WHERE p.repository_id = r.id AND p.user_id = ")
        .push_bind(user.get())
        .push(")");
}

fn restrict(sql: &mut QueryBuilder<Db>, seen_by: SeenBy, public: &str) {
    match seen_by {
        SeenBy::Operator => {}
        SeenBy::Everybody => {
            sql.push(" AND ").push(public);
        }
        SeenBy::User(user) => {
            sql.push(" AND (").push(public).push(" OR ");
            has_right(sql, user);
            sql.push(")");
        }
    }
}

/// Goes on with a condition on repository `r`: what belongs to it may be seen.
pub(super) fn visible(sql: &mut QueryBuilder<Db>, seen_by: SeenBy) {
    restrict(sql, seen_by, "NOT r.private");
}

/// Goes on with a condition on repository `r`: it stands in lists. Those of a forge that nobody
/// switched on do so only for people with a right to them.
pub(super) fn listed(sql: &mut QueryBuilder<Db>, seen_by: SeenBy) {
    restrict(
        sql,
        seen_by,
        "(NOT r.private AND (r.active OR r.forge_id IS NULL))",
    );
}

pub async fn repository_by_remote(
    conn: &mut Conn,
    forge: ForgeId,
    remote_id: &str,
) -> Result<Option<Repository>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        repository_columns!(),
        " FROM repositories r WHERE r.forge_id = $1 AND r.remote_id = $2"
    ))
    .bind(forge.get())
    .bind(remote_id.to_owned())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows::repository)
}

pub async fn repositories_of_installation(
    conn: &mut Conn,
    forge: ForgeId,
    installation_id: i64,
) -> Result<Vec<Repository>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        repository_columns!(),
        " FROM repositories r WHERE r.forge_id = $1 AND r.installation_id = $2 ORDER BY r.id"
    ))
    .bind(forge.get())
    .bind(installation_id)
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows::repository)
}

pub async fn repositories_to_compare(
    conn: &mut Conn,
    before: Timestamp,
    limit: u64,
) -> Result<Vec<Repository>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        repository_columns!(),
        " FROM repositories r WHERE r.active AND r.forge_id IS NOT NULL \
         AND (r.compared_at IS NULL OR r.compared_at < $1) \
         ORDER BY COALESCE(r.compared_at, 0), r.id LIMIT $2"
    ))
    .bind(before.0)
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows::repository)
}

pub async fn put_hosted(
    conn: &mut Conn,
    new: &HostedRepository,
) -> Result<RepositoryId, StoreError> {
    if let Some(id) = renew_hosted(conn, new).await? {
        return Ok(id);
    }
    let row = query(
        "INSERT INTO repositories (owner, owner_key, name, slug_key, description, clone_url, \
         default_branch, private, active, ping_secret, created_at, updated_at, forge_id, \
         remote_id, remote_path, html_url, fork, installation_id, hook_id, hooked_by, compared_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, FALSE, $9, $10, $11, $12, $13, $14, $15, $16, \
         $17, $18, $19, $20) ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(new.slug.owner().to_owned())
    .bind(new.slug.owner().to_ascii_lowercase())
    .bind(new.slug.name().to_owned())
    .bind(new.slug.key())
    .bind(new.description.clone())
    .bind(new.clone_url.clone())
    .bind(new.default_branch.clone())
    .bind(new.private)
    .bind(new.ping_secret.clone())
    .bind(new.at.0)
    .bind(new.at.0)
    .bind(new.hosting.forge_id.get())
    .bind(new.hosting.remote_id.clone())
    .bind(new.hosting.path.clone())
    .bind(new.hosting.html_url.clone())
    .bind(new.hosting.fork)
    .bind(new.hosting.installation_id)
    .bind(new.hosting.hook_id.clone())
    .bind(new.hosting.hooked_by.map(|id| id.get()))
    .bind(new.hosting.compared_at.map(|at| at.0))
    .fetch_optional(&mut *conn)
    .await
    .map_err(db_error)?;
    if let Some(row) = row {
        return Columns::new(&row, "repositories").id();
    }
    // Somebody else added it in between, or another one has the address.
    renew_hosted(conn, new)
        .await?
        .ok_or(StoreError::Exists("repository"))
}

async fn renew_hosted(
    conn: &mut Conn,
    new: &HostedRepository,
) -> Result<Option<RepositoryId>, StoreError> {
    let row = query(
        "UPDATE repositories SET owner = $3, owner_key = $4, name = $5, slug_key = $6, \
         description = $7, clone_url = $8, default_branch = $9, private = $10, \
         remote_path = $11, html_url = $12, fork = $13, \
         installation_id = COALESCE($14, installation_id), gone_at = NULL, updated_at = $15 \
         WHERE forge_id = $1 AND remote_id = $2 AND NOT EXISTS (SELECT 1 FROM repositories o \
         WHERE o.slug_key = $6 AND o.id <> repositories.id) RETURNING id",
    )
    .bind(new.hosting.forge_id.get())
    .bind(new.hosting.remote_id.clone())
    .bind(new.slug.owner().to_owned())
    .bind(new.slug.owner().to_ascii_lowercase())
    .bind(new.slug.name().to_owned())
    .bind(new.slug.key())
    .bind(new.description.clone())
    .bind(new.clone_url.clone())
    .bind(new.default_branch.clone())
    .bind(new.private)
    .bind(new.hosting.path.clone())
    .bind(new.hosting.html_url.clone())
    .bind(new.hosting.fork)
    .bind(new.hosting.installation_id)
    .bind(new.at.0)
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), |row| Columns::new(row, "repositories").id())
}

pub async fn rights(conn: &mut Conn, user: UserId) -> Result<Vec<Right>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        right_columns!(),
        " FROM permissions WHERE user_id = $1 ORDER BY repository_id"
    ))
    .bind(user.get())
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows_forge::right)
}

pub async fn right(
    conn: &mut Conn,
    user: UserId,
    repository: RepositoryId,
) -> Result<Option<Right>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        right_columns!(),
        " FROM permissions WHERE user_id = $1 AND repository_id = $2"
    ))
    .bind(user.get())
    .bind(repository.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows_forge::right)
}

pub async fn rights_on(
    conn: &mut Conn,
    repository: RepositoryId,
) -> Result<Vec<Right>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        right_columns!(),
        " FROM permissions WHERE repository_id = $1"
    ))
    .bind(repository.get())
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    let mut rights = rows::all(&found, rows_forge::right)?;
    rights.sort_by_key(|right| (std::cmp::Reverse(right.level), right.user_id));
    Ok(rights)
}

pub async fn put_right(
    conn: &mut Conn,
    user: UserId,
    repository: RepositoryId,
    level: Option<Level>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let statement = match level {
        Some(level) => query(
            "INSERT INTO permissions (user_id, repository_id, level, checked_at) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (user_id, repository_id) \
             DO UPDATE SET level = excluded.level, checked_at = excluded.checked_at",
        )
        .bind(user.get())
        .bind(repository.get())
        .bind(level.as_str())
        .bind(at.0),
        None => query("DELETE FROM permissions WHERE user_id = $1 AND repository_id = $2")
            .bind(user.get())
            .bind(repository.get()),
    };
    statement.execute(conn).await.map_err(db_error)?;
    Ok(())
}

pub async fn drop_rights(
    conn: &mut Conn,
    user: UserId,
    forge: ForgeId,
    before: Timestamp,
) -> Result<u64, StoreError> {
    let done = query(
        "DELETE FROM permissions WHERE user_id = $1 AND checked_at < $3 \
         AND EXISTS (SELECT 1 FROM repositories r \
         WHERE r.id = permissions.repository_id AND r.forge_id = $2)",
    )
    .bind(user.get())
    .bind(forge.get())
    .bind(before.0)
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(done.rows_affected())
}

pub async fn doubt_rights(
    conn: &mut Conn,
    user: Option<UserId>,
    repository: Option<RepositoryId>,
) -> Result<(), StoreError> {
    // A right that was last confirmed at the beginning of time is not confirmed.
    let mut sql = QueryBuilder::<Db>::new("UPDATE permissions SET checked_at = 0 WHERE 1 = 1");
    if let Some(user) = user {
        sql.push(" AND user_id = ").push_bind(user.get());
    }
    if let Some(repository) = repository {
        sql.push(" AND repository_id = ")
            .push_bind(repository.get());
    }
    sql.build().execute(conn).await.map_err(db_error)?;
    Ok(())
}

pub async fn stars(conn: &mut Conn, user: UserId) -> Result<Vec<RepositoryId>, StoreError> {
    let found = query("SELECT repository_id FROM stars WHERE user_id = $1 ORDER BY repository_id")
        .bind(user.get())
        .fetch_all(conn)
        .await
        .map_err(db_error)?;
    rows::all(&found, |row| Columns::new(row, "stars").id())
}

pub async fn put_star(
    conn: &mut Conn,
    user: UserId,
    repository: RepositoryId,
    starred: bool,
) -> Result<(), StoreError> {
    query(if starred {
        "INSERT INTO stars (user_id, repository_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
    } else {
        "DELETE FROM stars WHERE user_id = $1 AND repository_id = $2"
    })
    .bind(user.get())
    .bind(repository.get())
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(())
}

//! Repositories, their variables, commits and branches.

use super::columns::json_text;
use super::rights::{has_right, listed};
use super::rows::{
    self, Columns, branch_columns, commit_columns, env_var_columns, maybe, repository_columns,
};
use super::{Conn, bound, count, found, in_order};
use crate::dialect::{self, Db, db_error, for_update, ids_in};
use sqlx::{QueryBuilder, query};
use travis_model::{
    AttemptId, Branch, BuildId, Commit, CommitId, EnvVar, EnvVarId, Repository, RepositoryId,
    RepositoryKey, Slug, Timestamp,
};
use travis_store::{Listing, NewCommit, NewRepository, Page, RepositoryFilter, StoreError};

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

pub async fn env_vars(
    conn: &mut Conn,
    repository: RepositoryId,
) -> Result<Vec<EnvVar>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        env_var_columns!(),
        " FROM env_vars WHERE repository_id = $1 ORDER BY name, COALESCE(branch, ''), id"
    ))
    .bind(repository.get())
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows::env_var)
}

pub async fn put_env_var(
    conn: &mut Conn,
    repository: RepositoryId,
    name: &str,
    value: &[u8],
    public: bool,
    branch: Option<&str>,
) -> Result<EnvVarId, StoreError> {
    let row = query(
        "INSERT INTO env_vars (repository_id, name, value, public, branch) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (repository_id, name, COALESCE(branch, '')) \
         DO UPDATE SET value = excluded.value, public = excluded.public RETURNING id",
    )
    .bind(repository.get())
    .bind(name.to_owned())
    .bind(value.to_vec())
    .bind(public)
    .bind(branch.map(str::to_owned))
    .fetch_one(conn)
    .await
    .map_err(db_error)?;
    Columns::new(&row, "env_vars").id()
}

pub async fn update_env_var(conn: &mut Conn, variable: &EnvVar) -> Result<(), StoreError> {
    let taken = query(
        "SELECT id FROM env_vars WHERE repository_id = $1 AND name = $2 \
         AND COALESCE(branch, '') = $3 AND id <> $4",
    )
    .bind(variable.repository_id.get())
    .bind(variable.name.clone())
    .bind(variable.branch.clone().unwrap_or_default())
    .bind(variable.id.get())
    .fetch_optional(&mut *conn)
    .await
    .map_err(db_error)?;
    if taken.is_some() {
        return Err(StoreError::Exists("variable"));
    }
    let done = query(
        "UPDATE env_vars SET name = $3, value = $4, public = $5, branch = $6 \
         WHERE id = $1 AND repository_id = $2",
    )
    .bind(variable.id.get())
    .bind(variable.repository_id.get())
    .bind(variable.name.clone())
    .bind(variable.value.clone())
    .bind(variable.public)
    .bind(variable.branch.clone())
    .execute(conn)
    .await
    .map_err(db_error)?;
    found(done.rows_affected(), "variable")
}

pub async fn repository_key(
    conn: &mut Conn,
    repository: RepositoryId,
) -> Result<Option<RepositoryKey>, StoreError> {
    let row = query(
        "SELECT repository_id, public_key, private_key, created_at FROM repository_keys \
         WHERE repository_id = $1",
    )
    .bind(repository.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows::repository_key)
}

pub async fn put_repository_key(
    conn: &mut Conn,
    key: &RepositoryKey,
) -> Result<RepositoryKey, StoreError> {
    query(
        "INSERT INTO repository_keys (repository_id, public_key, private_key, created_at) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (repository_id) DO NOTHING",
    )
    .bind(key.repository_id.get())
    .bind(key.public_key.clone())
    .bind(key.private_key.clone())
    .bind(key.created_at.0)
    .execute(&mut *conn)
    .await
    .map_err(db_error)?;
    repository_key(conn, key.repository_id)
        .await?
        .ok_or(StoreError::NotFound("repository key"))
}

pub async fn delete_env_var(
    conn: &mut Conn,
    repository: RepositoryId,
    id: EnvVarId,
) -> Result<(), StoreError> {
    let done = query("DELETE FROM env_vars WHERE id = $1 AND repository_id = $2")
        .bind(id.get())
        .bind(repository.get())
        .execute(conn)
        .await
        .map_err(db_error)?;
    found(done.rows_affected(), "variable")
}

pub async fn commits(conn: &mut Conn, ids: &[CommitId]) -> Result<Vec<Commit>, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let found = query(concat!(
        "SELECT ",
        commit_columns!(),
        " FROM commits WHERE ",
        ids_in!("id", "$1")
    ))
    .bind(dialect::ids(&ids))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    Ok(in_order(&ids, rows::all(&found, rows::commit)?, |c| {
        (c.id.get(), 0)
    }))
}

pub async fn put_commit(conn: &mut Conn, new: &NewCommit) -> Result<CommitId, StoreError> {
    let row = query(
        "INSERT INTO commits (repository_id, sha, reference, message, author_name, author_email, \
         committer_name, committed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (repository_id, sha) DO NOTHING RETURNING id",
    )
    .bind(new.repository_id.get())
    .bind(new.sha.clone())
    .bind(new.reference.clone())
    .bind(new.message.clone())
    .bind(new.author_name.clone())
    .bind(new.author_email.clone())
    .bind(new.committer_name.clone())
    .bind(new.committed_at.0)
    .fetch_optional(&mut *conn)
    .await
    .map_err(db_error)?;
    let row = match row {
        Some(row) => row,
        None => query("SELECT id FROM commits WHERE repository_id = $1 AND sha = $2")
            .bind(new.repository_id.get())
            .bind(new.sha.clone())
            .fetch_one(conn)
            .await
            .map_err(db_error)?,
    };
    Columns::new(&row, "commits").id()
}

pub async fn branch(
    conn: &mut Conn,
    repository: RepositoryId,
    name: &str,
) -> Result<Option<Branch>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        branch_columns!(),
        " FROM branches WHERE repository_id = $1 AND name = $2"
    ))
    .bind(repository.get())
    .bind(name.to_owned())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows::branch)
}

pub async fn branches(
    conn: &mut Conn,
    repository: RepositoryId,
    page: Page,
) -> Result<Listing<Branch>, StoreError> {
    let row = query("SELECT COUNT(*) FROM branches WHERE repository_id = $1")
        .bind(repository.get())
        .fetch_one(&mut *conn)
        .await
        .map_err(db_error)?;
    let found = query(concat!(
        "SELECT ",
        branch_columns!(),
        " FROM branches WHERE repository_id = $1 \
         ORDER BY COALESCE(last_build_id, 0) DESC, name LIMIT $2 OFFSET $3"
    ))
    .bind(repository.get())
    .bind(bound(page.limit))
    .bind(bound(page.offset))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    Ok(Listing {
        items: rows::all(&found, rows::branch)?,
        count: count(Columns::new(&row, "branches").get()?),
    })
}

pub async fn put_branch(
    conn: &mut Conn,
    repository: RepositoryId,
    name: &str,
    last_build: Option<BuildId>,
    head_sha: Option<&str>,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO branches (repository_id, name, last_build_id, head_sha) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (repository_id, name) DO UPDATE SET \
         last_build_id = COALESCE(excluded.last_build_id, branches.last_build_id), \
         head_sha = COALESCE(excluded.head_sha, branches.head_sha), gone = FALSE",
    )
    .bind(repository.get())
    .bind(name.to_owned())
    .bind(last_build.map(|id| id.get()))
    .bind(head_sha.map(str::to_owned))
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(())
}

pub async fn mark_branch(
    conn: &mut Conn,
    repository: RepositoryId,
    name: &str,
    gone: bool,
) -> Result<(), StoreError> {
    // A branch that was never built has no row, and nothing to be noted.
    query("UPDATE branches SET gone = $3 WHERE repository_id = $1 AND name = $2")
        .bind(repository.get())
        .bind(name.to_owned())
        .bind(gone)
        .execute(conn)
        .await
        .map_err(db_error)?;
    Ok(())
}

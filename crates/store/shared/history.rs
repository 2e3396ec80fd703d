//! A repository's commits and branches.

use super::rows::{self, Columns, branch_columns, commit_columns, maybe};
use super::{Conn, bound, count, in_order};
use crate::dialect::{self, db_error, ids_in};
use sqlx::query;
use travis_model::{Branch, BuildId, Commit, CommitId, RepositoryId};
use travis_store::{Listing, NewCommit, Page, StoreError};

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

//! Pull requests: who contributed before, what maintainers said, which requests came of them.

use super::rows::{self, Columns, request_columns};
use super::rows_forge::{self, approval_columns};
use super::{Conn, bound};
use crate::dialect::db_error;
use sqlx::query;
use travis_model::{Approval, ApprovalId, RepositoryId, Request, Timestamp, UserId};
use travis_store::StoreError;

pub async fn has_contributed(
    conn: &mut Conn,
    repository: RepositoryId,
    remote_id: &str,
) -> Result<bool, StoreError> {
    let row = query("SELECT since FROM contributors WHERE repository_id = $1 AND remote_id = $2")
        .bind(repository.get())
        .bind(remote_id.to_owned())
        .fetch_optional(conn)
        .await
        .map_err(db_error)?;
    Ok(row.is_some())
}

pub async fn put_contributor(
    conn: &mut Conn,
    repository: RepositoryId,
    remote_id: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO contributors (repository_id, remote_id, since) VALUES ($1, $2, $3) \
         ON CONFLICT DO NOTHING",
    )
    .bind(repository.get())
    .bind(remote_id.to_owned())
    .bind(at.0)
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(())
}

pub async fn approvals(
    conn: &mut Conn,
    repository: RepositoryId,
    pull_request_number: i64,
) -> Result<Vec<Approval>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        approval_columns!(),
        " FROM approvals WHERE repository_id = $1 AND pull_request_number = $2 \
         AND revoked_at IS NULL ORDER BY id"
    ))
    .bind(repository.get())
    .bind(pull_request_number)
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows_forge::approval)
}

pub async fn had_secrets(
    conn: &mut Conn,
    repository: RepositoryId,
    pull_request_number: i64,
    head_sha: &str,
) -> Result<bool, StoreError> {
    let row = query(
        "SELECT id FROM approvals WHERE repository_id = $1 AND pull_request_number = $2 \
         AND head_sha = $3 AND secrets LIMIT 1",
    )
    .bind(repository.get())
    .bind(pull_request_number)
    .bind(head_sha.to_owned())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    Ok(row.is_some())
}

pub async fn insert_approval(
    conn: &mut Conn,
    repository: RepositoryId,
    pull_request_number: i64,
    head_sha: &str,
    user: UserId,
    secrets: bool,
    at: Timestamp,
) -> Result<ApprovalId, StoreError> {
    let row = query(
        "INSERT INTO approvals (repository_id, pull_request_number, head_sha, user_id, secrets, \
         created_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
    )
    .bind(repository.get())
    .bind(pull_request_number)
    .bind(head_sha.to_owned())
    .bind(user.get())
    .bind(secrets)
    .bind(at.0)
    .fetch_one(conn)
    .await
    .map_err(db_error)?;
    Columns::new(&row, "approvals").id()
}

pub async fn revoke_approvals(
    conn: &mut Conn,
    repository: RepositoryId,
    pull_request_number: i64,
    at: Timestamp,
) -> Result<u64, StoreError> {
    let done = query(
        "UPDATE approvals SET revoked_at = $3 WHERE repository_id = $1 \
         AND pull_request_number = $2 AND revoked_at IS NULL",
    )
    .bind(repository.get())
    .bind(pull_request_number)
    .bind(at.0)
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(done.rows_affected())
}

pub async fn requests_of_pull(
    conn: &mut Conn,
    repository: RepositoryId,
    pull_request_number: i64,
    limit: u64,
) -> Result<Vec<Request>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        request_columns!(),
        " FROM requests WHERE repository_id = $1 AND pull_request_number = $2 \
         ORDER BY id DESC LIMIT $3"
    ))
    .bind(repository.get())
    .bind(pull_request_number)
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows::request)
}

pub async fn requests_for_commit(
    conn: &mut Conn,
    repository: RepositoryId,
    sha: &str,
    limit: u64,
) -> Result<Vec<Request>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        request_columns!(),
        " FROM requests WHERE id IN (\
         SELECT id FROM requests WHERE repository_id = $1 AND pull_request_head = $2 \
         UNION ALL SELECT id FROM requests WHERE repository_id = $1 AND sha = $2 \
         AND pull_request_head IS NULL) ORDER BY id DESC LIMIT $3"
    ))
    .bind(repository.get())
    .bind(sha.to_owned())
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows::request)
}

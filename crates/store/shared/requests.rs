//! Requests: stored once per delivery, settled once.

use super::columns::maybe_json_text;
use super::rows::{self, Columns, maybe, request_columns};
use super::{Conn, bound, count};
use crate::dialect::db_error;
use sqlx::query;
use travis_model::{RepositoryId, Request, RequestId, Timestamp};
use travis_store::{Listing, NewRequest, Page, RequestChange, StoreError};

pub async fn request(conn: &mut Conn, id: RequestId) -> Result<Option<Request>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        request_columns!(),
        " FROM requests WHERE id = $1"
    ))
    .bind(id.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows::request)
}

pub async fn requests(
    conn: &mut Conn,
    repository: RepositoryId,
    page: Page,
) -> Result<Listing<Request>, StoreError> {
    let row = query("SELECT COUNT(*) FROM requests WHERE repository_id = $1")
        .bind(repository.get())
        .fetch_one(&mut *conn)
        .await
        .map_err(db_error)?;
    let found = query(concat!(
        "SELECT ",
        request_columns!(),
        " FROM requests WHERE repository_id = $1 ORDER BY id DESC LIMIT $2 OFFSET $3"
    ))
    .bind(repository.get())
    .bind(bound(page.limit))
    .bind(bound(page.offset))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    Ok(Listing {
        items: rows::all(&found, rows::request)?,
        count: count(Columns::new(&row, "requests").get()?),
    })
}

pub async fn pending_requests(conn: &mut Conn, limit: u64) -> Result<Vec<Request>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        request_columns!(),
        " FROM requests WHERE state = 'pending' AND held_at IS NULL ORDER BY id LIMIT $1"
    ))
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows::request)
}

pub async fn insert_request(
    conn: &mut Conn,
    new: &NewRequest,
) -> Result<(RequestId, bool), StoreError> {
    let row = query(
        "INSERT INTO requests (repository_id, event_type, state, branch, sha, tag, message, \
         delivery, pull_request, pull_request_number, pull_request_head, sender, before_sha, \
         compare_url, delivery_id, held_at, created_by, created_at, given_config) \
         VALUES ($1, $2, 'pending', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, \
         $16, $17, $18) \
         ON CONFLICT (repository_id, delivery) DO NOTHING RETURNING id",
    )
    .bind(new.repository_id.get())
    .bind(new.event_type.clone())
    .bind(new.branch.clone())
    .bind(new.sha.clone())
    .bind(new.tag.clone())
    .bind(new.message.clone())
    .bind(new.delivery.clone())
    .bind(maybe_json_text(new.pull_request.as_ref())?)
    .bind(new.pull_request.as_ref().map(|pull| pull.number))
    .bind(new.pull_request.as_ref().map(|pull| pull.head_sha.clone()))
    .bind(maybe_json_text(new.sender.as_ref())?)
    .bind(new.before_sha.clone())
    .bind(new.compare_url.clone())
    .bind(new.delivery_id.map(|id| id.get()))
    .bind(new.held.then_some(new.at.0))
    .bind(new.created_by.map(|id| id.get()))
    .bind(new.at.0)
    .bind(maybe_json_text(new.config.as_ref())?)
    .fetch_optional(&mut *conn)
    .await
    .map_err(db_error)?;
    if let Some(row) = row {
        return Ok((Columns::new(&row, "requests").id()?, true));
    }
    let row = query("SELECT id FROM requests WHERE repository_id = $1 AND delivery = $2")
        .bind(new.repository_id.get())
        .bind(new.delivery.clone())
        .fetch_one(conn)
        .await
        .map_err(db_error)?;
    Ok((Columns::new(&row, "requests").id()?, false))
}

pub async fn settle_request(conn: &mut Conn, change: &RequestChange) -> Result<(), StoreError> {
    let done = query(
        "UPDATE requests SET state = $2, reason = COALESCE($3, reason), \
         branch = COALESCE($4, branch), sha = COALESCE($5, sha) \
         WHERE id = $1 AND state = 'pending'",
    )
    .bind(change.id.get())
    .bind(change.state.as_str())
    .bind(change.reason.clone())
    .bind(change.branch.clone())
    .bind(change.sha.clone())
    .execute(&mut *conn)
    .await
    .map_err(db_error)?;
    was_pending(conn, done.rows_affected(), change.id).await
}

pub async fn hold_request(
    conn: &mut Conn,
    id: RequestId,
    since: Option<Timestamp>,
) -> Result<(), StoreError> {
    let done = query("UPDATE requests SET held_at = $2 WHERE id = $1 AND state = 'pending'")
        .bind(id.get())
        .bind(since.map(|at| at.0))
        .execute(&mut *conn)
        .await
        .map_err(db_error)?;
    was_pending(conn, done.rows_affected(), id).await
}

/// Tells why no row was changed, if none was.
async fn was_pending(conn: &mut Conn, changed: u64, id: RequestId) -> Result<(), StoreError> {
    if changed > 0 {
        return Ok(());
    }
    Err(match request(conn, id).await? {
        Some(_) => StoreError::Conflict("request"),
        None => StoreError::NotFound("request"),
    })
}

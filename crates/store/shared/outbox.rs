//! What the outside must be told, who did what, and values kept for the installation.

use super::rows::{self, Columns, maybe, outbox_columns};
use super::{Conn, bound, count};
use crate::dialect::{db_error, skip_locked};
use sqlx::query;
use travis_model::Timestamp;
use travis_store::{AuditEntry, Listing, OutboxEntry, Page, StoreError};

pub async fn outbox_entry(
    conn: &mut Conn,
    kind: &str,
    key: &str,
) -> Result<Option<OutboxEntry>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        outbox_columns!(),
        " FROM outbox WHERE kind = $1 AND key = $2"
    ))
    .bind(kind.to_owned())
    .bind(key.to_owned())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows::outbox_entry)
}

pub async fn outbox_next(conn: &mut Conn) -> Result<Option<Timestamp>, StoreError> {
    let row = query(
        "SELECT MIN(CASE WHEN lease_until > next_at THEN lease_until ELSE next_at END) \
         FROM outbox WHERE next_at IS NOT NULL",
    )
    .fetch_one(conn)
    .await
    .map_err(db_error)?;
    Columns::new(&row, "outbox").maybe_time()
}

/// A row that is claimed keeps its claim; it is due again once that has ended. One that waits
/// keeps its place among those that wait.
pub async fn append_outbox(
    conn: &mut Conn,
    kind: &str,
    key: &str,
    payload: &serde_json::Value,
    at: Timestamp,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO outbox (kind, key, payload, version, tries, next_at, lease_until, \
         updated_at) VALUES ($1, $2, $3, 1, 0, $4, 0, $5) \
         ON CONFLICT (kind, key) DO UPDATE SET payload = excluded.payload, \
         version = outbox.version + 1, tries = 0, error = NULL, \
         next_at = CASE WHEN outbox.next_at < excluded.next_at THEN outbox.next_at \
         ELSE excluded.next_at END, updated_at = excluded.updated_at",
    )
    .bind(kind.to_owned())
    .bind(key.to_owned())
    .bind(payload.to_string())
    .bind(at.0)
    .bind(at.0)
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(())
}

pub async fn claim_outbox(
    conn: &mut Conn,
    kind: &str,
    now: Timestamp,
    lease_until: Timestamp,
    limit: u64,
) -> Result<Vec<OutboxEntry>, StoreError> {
    // Materialized: what is locked is chosen once, however the change is carried out.
    let found = query(concat!(
        "WITH due AS MATERIALIZED (SELECT id FROM outbox \
         WHERE kind = $1 AND next_at <= $2 AND lease_until <= $2 ORDER BY next_at, id LIMIT $4",
        skip_locked!(),
        ") UPDATE outbox SET lease_until = $3 WHERE id IN (SELECT id FROM due) RETURNING ",
        outbox_columns!(),
        ", next_at"
    ))
    .bind(kind.to_owned())
    .bind(now.0)
    .bind(lease_until.0)
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    let mut claimed = rows::all(&found, rows::outbox_claim)?;
    claimed.sort_by_key(|(due, entry)| (*due, entry.id));
    Ok(claimed.into_iter().map(|(_, entry)| entry).collect())
}

pub async fn outbox_done(
    conn: &mut Conn,
    id: i64,
    version: i64,
    memo: Option<&serde_json::Value>,
    again: Option<Timestamp>,
) -> Result<(), StoreError> {
    query(
        "UPDATE outbox SET memo = COALESCE($3, memo), lease_until = 0, tries = 0, error = NULL, \
         next_at = CASE WHEN version = $2 THEN $4 ELSE next_at END WHERE id = $1",
    )
    .bind(id)
    .bind(version)
    .bind(memo.map(ToString::to_string))
    .bind(again.map(|at| at.0))
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(())
}

pub async fn outbox_retry(
    conn: &mut Conn,
    id: i64,
    version: i64,
    next: Option<Timestamp>,
    error: &str,
    memo: Option<&serde_json::Value>,
) -> Result<(), StoreError> {
    query(
        "UPDATE outbox SET memo = COALESCE($5, memo), lease_until = 0, \
         tries = CASE WHEN version = $2 THEN tries + 1 ELSE tries END, \
         error = CASE WHEN version = $2 THEN $4 ELSE error END, \
         next_at = CASE WHEN version = $2 THEN $3 ELSE next_at END WHERE id = $1",
    )
    .bind(id)
    .bind(version)
    .bind(next.map(|at| at.0))
    .bind(error.to_owned())
    .bind(memo.map(ToString::to_string))
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(())
}

pub async fn audit_log(conn: &mut Conn, page: Page) -> Result<Listing<AuditEntry>, StoreError> {
    let row = query("SELECT COUNT(*) FROM audit_log")
        .fetch_one(&mut *conn)
        .await
        .map_err(db_error)?;
    let found = query(
        "SELECT actor, action, subject, detail, at FROM audit_log \
         ORDER BY id DESC LIMIT $1 OFFSET $2",
    )
    .bind(bound(page.limit))
    .bind(bound(page.offset))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    Ok(Listing {
        items: rows::all(&found, rows::audit_entry)?,
        count: count(Columns::new(&row, "audit_log").get()?),
    })
}

pub async fn append_audit(conn: &mut Conn, entry: &AuditEntry) -> Result<(), StoreError> {
    query("INSERT INTO audit_log (actor, action, subject, detail, at) VALUES ($1, $2, $3, $4, $5)")
        .bind(entry.actor.clone())
        .bind(entry.action.clone())
        .bind(entry.subject.clone())
        .bind(entry.detail.clone())
        .bind(entry.at.0)
        .execute(conn)
        .await
        .map_err(db_error)?;
    Ok(())
}

pub async fn setting(conn: &mut Conn, key: &str) -> Result<Option<String>, StoreError> {
    let row = query("SELECT value FROM settings WHERE key = $1")
        .bind(key.to_owned())
        .fetch_optional(conn)
        .await
        .map_err(db_error)?;
    maybe(row.as_ref(), |row| Columns::new(row, "settings").get())
}

pub async fn put_setting(conn: &mut Conn, key: &str, value: &str) -> Result<(), StoreError> {
    query(
        "INSERT INTO settings (key, value) VALUES ($1, $2) \
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )
    .bind(key.to_owned())
    .bind(value.to_owned())
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(())
}

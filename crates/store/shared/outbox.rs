//! What the outside must be told, who did what, and values kept for the installation.

use super::rows::{self, Columns, maybe};
use super::{Conn, bound, count};
use crate::dialect::db_error;
use sqlx::query;
use travis_model::Timestamp;
use travis_store::{AuditEntry, Listing, OutboxEntry, Page, StoreError};

pub async fn outbox_due(
    conn: &mut Conn,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<OutboxEntry>, StoreError> {
    let found = query(
        "SELECT id, kind, payload, tries FROM outbox WHERE next_at <= $1 ORDER BY id LIMIT $2",
    )
    .bind(now.0)
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows::outbox_entry)
}

pub async fn append_outbox(
    conn: &mut Conn,
    kind: &str,
    payload: &serde_json::Value,
    at: Timestamp,
) -> Result<i64, StoreError> {
    let row = query(
        "INSERT INTO outbox (kind, payload, tries, next_at) VALUES ($1, $2, 0, $3) RETURNING id",
    )
    .bind(kind.to_owned())
    .bind(payload.to_string())
    .bind(at.0)
    .fetch_one(conn)
    .await
    .map_err(db_error)?;
    Columns::new(&row, "outbox").get()
}

pub async fn outbox_done(conn: &mut Conn, id: i64) -> Result<(), StoreError> {
    query("DELETE FROM outbox WHERE id = $1")
        .bind(id)
        .execute(conn)
        .await
        .map_err(db_error)?;
    Ok(())
}

pub async fn outbox_retry(conn: &mut Conn, id: i64, next: Timestamp) -> Result<(), StoreError> {
    query("UPDATE outbox SET tries = tries + 1, next_at = $2 WHERE id = $1")
        .bind(id)
        .bind(next.0)
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

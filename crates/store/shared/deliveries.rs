//! What hooks sent: stored once, worked on until it is settled.

use super::columns::json_text;
use super::rows::{self, Columns, maybe};
use super::rows_forge::{self, delivery_columns};
use super::{Conn, bound, count, found};
use crate::dialect::db_error;
use sqlx::query;
use travis_model::{Delivery, DeliveryId, DeliveryState, RepositoryId, Timestamp};
use travis_store::{DeliveryChange, Listing, NewDelivery, Page, StoreError};

pub async fn delivery(conn: &mut Conn, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        delivery_columns!(),
        ", body FROM deliveries WHERE id = $1"
    ))
    .bind(id.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows_forge::delivery)
}

pub async fn deliveries(
    conn: &mut Conn,
    repository: RepositoryId,
    page: Page,
) -> Result<Listing<Delivery>, StoreError> {
    let row = query("SELECT COUNT(*) FROM deliveries WHERE repository_id = $1")
        .bind(repository.get())
        .fetch_one(&mut *conn)
        .await
        .map_err(db_error)?;
    let found = query(concat!(
        "SELECT ",
        delivery_columns!(),
        " FROM deliveries WHERE repository_id = $1 ORDER BY id DESC LIMIT $2 OFFSET $3"
    ))
    .bind(repository.get())
    .bind(bound(page.limit))
    .bind(bound(page.offset))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    Ok(Listing {
        items: rows::all(&found, rows_forge::delivery_without_body)?,
        count: count(Columns::new(&row, "deliveries").get()?),
    })
}

pub async fn deliveries_due(
    conn: &mut Conn,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<Delivery>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        delivery_columns!(),
        ", body FROM deliveries WHERE state = 'pending' AND next_at <= $1 ORDER BY id LIMIT $2"
    ))
    .bind(now.0)
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows_forge::delivery)
}

/// The hook that a message came from: the same number from another hook is another message.
fn source(new: &NewDelivery) -> String {
    match (new.repository_id, new.forge_id) {
        (Some(repository), _) => format!("repository:{repository}"),
        (None, Some(forge)) => format!("forge:{forge}"),
        (None, None) => String::new(),
    }
}

pub async fn insert_delivery(
    conn: &mut Conn,
    new: &NewDelivery,
) -> Result<(DeliveryId, bool), StoreError> {
    let source = source(new);
    let row = query(
        "INSERT INTO deliveries (source, forge_id, repository_id, guid, event, action, headers, \
         body, state, tries, next_at, received_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', 0, $9, $10) \
         ON CONFLICT (source, guid) DO NOTHING RETURNING id",
    )
    .bind(source.clone())
    .bind(new.forge_id.map(|id| id.get()))
    .bind(new.repository_id.map(|id| id.get()))
    .bind(new.guid.clone())
    .bind(new.event.clone())
    .bind(new.action.clone())
    .bind(json_text(&new.headers)?)
    .bind(new.body.clone())
    .bind(new.at.0)
    .bind(new.at.0)
    .fetch_optional(&mut *conn)
    .await
    .map_err(db_error)?;
    if let Some(row) = row {
        return Ok((Columns::new(&row, "deliveries").id()?, true));
    }
    let row = query("SELECT id FROM deliveries WHERE source = $1 AND guid = $2")
        .bind(source)
        .bind(new.guid.clone())
        .fetch_optional(conn)
        .await
        .map_err(db_error)?
        // Swept away in between.
        .ok_or(StoreError::Retry)?;
    Ok((Columns::new(&row, "deliveries").id()?, false))
}

pub async fn settle_delivery(conn: &mut Conn, change: &DeliveryChange) -> Result<(), StoreError> {
    let state = if change.failed {
        DeliveryState::Failed
    } else {
        DeliveryState::Done
    };
    let done = query(
        "UPDATE deliveries SET state = $2, outcome = $3, \
         repository_id = COALESCE($4, repository_id), request_id = COALESCE($5, request_id), \
         done_at = $6 WHERE id = $1 AND state = 'pending'",
    )
    .bind(change.id.get())
    .bind(state.as_str())
    .bind(change.outcome.clone())
    .bind(change.repository_id.map(|id| id.get()))
    .bind(change.request_id.map(|id| id.get()))
    .bind(change.at.0)
    .execute(&mut *conn)
    .await
    .map_err(db_error)?;
    was_pending(conn, done.rows_affected(), change.id).await
}

pub async fn retry_delivery(
    conn: &mut Conn,
    id: DeliveryId,
    next: Timestamp,
    why: &str,
) -> Result<(), StoreError> {
    let done = query(
        "UPDATE deliveries SET tries = tries + 1, next_at = $2, outcome = $3 \
         WHERE id = $1 AND state = 'pending'",
    )
    .bind(id.get())
    .bind(next.0)
    .bind(why.to_owned())
    .execute(&mut *conn)
    .await
    .map_err(db_error)?;
    was_pending(conn, done.rows_affected(), id).await
}

/// Tells why no row was changed, if none was.
async fn was_pending(conn: &mut Conn, changed: u64, id: DeliveryId) -> Result<(), StoreError> {
    if changed > 0 {
        return Ok(());
    }
    let there = query("SELECT id FROM deliveries WHERE id = $1")
        .bind(id.get())
        .fetch_optional(conn)
        .await
        .map_err(db_error)?;
    Err(match there {
        Some(_) => StoreError::Conflict("delivery"),
        None => StoreError::NotFound("delivery"),
    })
}

pub async fn redeliver(conn: &mut Conn, id: DeliveryId, at: Timestamp) -> Result<(), StoreError> {
    let done = query(
        "UPDATE deliveries SET state = 'pending', outcome = NULL, tries = 0, next_at = $2, \
         done_at = NULL WHERE id = $1",
    )
    .bind(id.get())
    .bind(at.0)
    .execute(conn)
    .await
    .map_err(db_error)?;
    found(done.rows_affected(), "delivery")
}

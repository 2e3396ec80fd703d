//! Tokens with which machines join.

use super::rows::{self, Columns, maybe};
use super::{Conn, Row, bound, found};
use crate::dialect::db_error;
use sqlx::query;
use travis_model::{EnrolmentId, Timestamp, UserId, WorkerId};
use travis_store::{Enrolment, NewEnrolment, StoreError};

macro_rules! enrolment_columns {
    () => {
        "id, user_id, way, name, lending, created_at, expires_at, used_at, revoked_at, worker_id"
    };
}

fn enrolment_row(row: &Row) -> Result<Enrolment, StoreError> {
    let mut c = Columns::new(row, "enrolments");
    Ok(Enrolment {
        id: c.id()?,
        user_id: c.id()?,
        way: c.get()?,
        name: c.get()?,
        lending: c.maybe_json()?,
        created_at: c.time()?,
        expires_at: c.time()?,
        used_at: c.maybe_time()?,
        revoked_at: c.maybe_time()?,
        worker_id: c.maybe_id()?,
    })
}

pub async fn enrolment(conn: &mut Conn, id: EnrolmentId) -> Result<Option<Enrolment>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        enrolment_columns!(),
        " FROM enrolments WHERE id = $1"
    ))
    .bind(id.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), enrolment_row)
}

pub async fn enrolments(
    conn: &mut Conn,
    user: UserId,
    since: Timestamp,
    limit: u64,
) -> Result<Vec<Enrolment>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        enrolment_columns!(),
        " FROM enrolments WHERE user_id = $1 AND created_at >= $2 ORDER BY id DESC LIMIT $3"
    ))
    .bind(user.get())
    .bind(since.0)
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, enrolment_row)
}

pub async fn insert_enrolment(
    conn: &mut Conn,
    new: &NewEnrolment,
) -> Result<EnrolmentId, StoreError> {
    let row = query(
        "INSERT INTO enrolments (user_id, token_hash, way, name, lending, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
    )
    .bind(new.user_id.get())
    .bind(new.token_hash.clone())
    .bind(new.way.clone())
    .bind(new.name.clone())
    .bind(new.lending.as_ref().map(ToString::to_string))
    .bind(new.at.0)
    .bind(new.expires_at.0)
    .fetch_one(conn)
    .await
    .map_err(db_error)?;
    Columns::new(&row, "enrolments").id()
}

pub async fn take_enrolment(
    conn: &mut Conn,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<Enrolment>, StoreError> {
    let row = query(concat!(
        "UPDATE enrolments SET used_at = $2 WHERE token_hash = $1 AND expires_at > $2 \
         AND used_at IS NULL AND revoked_at IS NULL RETURNING ",
        enrolment_columns!()
    ))
    .bind(token_hash.to_vec())
    .bind(now.0)
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), enrolment_row)
}

pub async fn note_enrolled(
    conn: &mut Conn,
    id: EnrolmentId,
    worker: WorkerId,
) -> Result<(), StoreError> {
    let done = query("UPDATE enrolments SET worker_id = $2 WHERE id = $1")
        .bind(id.get())
        .bind(worker.get())
        .execute(conn)
        .await
        .map_err(db_error)?;
    found(done.rows_affected(), "enrolment")
}

pub async fn change_enrolment(
    conn: &mut Conn,
    enrolment: &Enrolment,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = query(
        "UPDATE enrolments SET way = $3, name = $4, lending = $5 \
         WHERE id = $1 AND expires_at > $2 AND used_at IS NULL AND revoked_at IS NULL",
    )
    .bind(enrolment.id.get())
    .bind(now.0)
    .bind(enrolment.way.clone())
    .bind(enrolment.name.clone())
    .bind(enrolment.lending.as_ref().map(ToString::to_string))
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(done.rows_affected() > 0)
}

pub async fn revoke_enrolment(
    conn: &mut Conn,
    user: UserId,
    id: EnrolmentId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let done = query(
        "UPDATE enrolments SET revoked_at = COALESCE(revoked_at, $3) \
         WHERE id = $1 AND user_id = $2 AND used_at IS NULL",
    )
    .bind(id.get())
    .bind(user.get())
    .bind(at.0)
    .execute(conn)
    .await
    .map_err(db_error)?;
    found(done.rows_affected(), "enrolment")
}

//! Builds that are asked for again and again, and the keys of repositories' own.

use super::rows::{self, Columns, maybe};
use super::{Conn, Row, bound, found};
use crate::dialect::db_error;
use sqlx::query;
use travis_model::{Cron, CronId, RepositoryId, RequestId, SshKey, Timestamp, cron::CronInterval};
use travis_store::{NewCron, StoreError};

macro_rules! cron_columns {
    () => {
        "c.id, c.repository_id, c.branch, c.span, c.skip_if_recent, c.next_run, c.last_run, \
         c.last_request_id, c.created_by, c.created_at"
    };
}

fn cron_row(row: &Row) -> Result<Cron, StoreError> {
    let mut columns = Columns::new(row, "crons");
    Ok(Cron {
        id: columns.id()?,
        repository_id: columns.id()?,
        branch: columns.get()?,
        interval: columns.word(CronInterval::parse)?,
        skip_if_recent: columns.get()?,
        next_run: columns.time()?,
        last_run: columns.maybe_time()?,
        last_request_id: columns.maybe_id()?,
        created_by: columns.maybe_id()?,
        created_at: columns.time()?,
    })
}

pub async fn cron(conn: &mut Conn, id: CronId) -> Result<Option<Cron>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        cron_columns!(),
        " FROM crons c WHERE c.id = $1"
    ))
    .bind(id.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), cron_row)
}

pub async fn crons(conn: &mut Conn, repository: RepositoryId) -> Result<Vec<Cron>, StoreError> {
    let rows = query(concat!(
        "SELECT ",
        cron_columns!(),
        " FROM crons c WHERE c.repository_id = $1 ORDER BY c.branch"
    ))
    .bind(repository.get())
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&rows, cron_row)
}

pub async fn crons_due(
    conn: &mut Conn,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<Cron>, StoreError> {
    let rows = query(concat!(
        "SELECT ",
        cron_columns!(),
        " FROM crons c JOIN repositories r ON r.id = c.repository_id AND r.active \
         WHERE c.next_run <= $1 ORDER BY c.next_run, c.id LIMIT $2"
    ))
    .bind(now.0)
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&rows, cron_row)
}

pub async fn put_cron(conn: &mut Conn, new: &NewCron) -> Result<CronId, StoreError> {
    query("DELETE FROM crons WHERE repository_id = $1 AND branch = $2")
        .bind(new.repository_id.get())
        .bind(new.branch.clone())
        .execute(&mut *conn)
        .await
        .map_err(db_error)?;
    let row = query(
        "INSERT INTO crons (repository_id, branch, span, skip_if_recent, next_run, created_by, \
         created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
    )
    .bind(new.repository_id.get())
    .bind(new.branch.clone())
    .bind(new.interval.as_str())
    .bind(new.skip_if_recent)
    .bind(new.next_run.0)
    .bind(new.created_by.map(|id| id.get()))
    .bind(new.at.0)
    .fetch_one(conn)
    .await
    .map_err(db_error)?;
    Columns::new(&row, "crons").id()
}

pub async fn delete_cron(conn: &mut Conn, id: CronId) -> Result<(), StoreError> {
    let done = query("DELETE FROM crons WHERE id = $1")
        .bind(id.get())
        .execute(conn)
        .await
        .map_err(db_error)?;
    found(done.rows_affected(), "cron")
}

pub async fn run_cron(
    conn: &mut Conn,
    id: CronId,
    planned: Timestamp,
    next: Timestamp,
    at: Timestamp,
) -> Result<bool, StoreError> {
    // Whoever comes second finds another time there.
    let done =
        query("UPDATE crons SET next_run = $3, last_run = $4 WHERE id = $1 AND next_run = $2")
            .bind(id.get())
            .bind(planned.0)
            .bind(next.0)
            .bind(at.0)
            .execute(conn)
            .await
            .map_err(db_error)?;
    Ok(done.rows_affected() > 0)
}

pub async fn note_cron(conn: &mut Conn, id: CronId, request: RequestId) -> Result<(), StoreError> {
    let done = query("UPDATE crons SET last_request_id = $2 WHERE id = $1")
        .bind(id.get())
        .bind(request.get())
        .execute(conn)
        .await
        .map_err(db_error)?;
    found(done.rows_affected(), "cron")
}

pub async fn ssh_key(
    conn: &mut Conn,
    repository: RepositoryId,
) -> Result<Option<SshKey>, StoreError> {
    let row = query(
        "SELECT repository_id, description, public_key, fingerprint, private_key, created_at \
         FROM ssh_keys WHERE repository_id = $1",
    )
    .bind(repository.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), |row| {
        let mut columns = Columns::new(row, "ssh_keys");
        Ok(SshKey {
            repository_id: columns.id()?,
            description: columns.get()?,
            public_key: columns.get()?,
            fingerprint: columns.get()?,
            private_key: columns.get()?,
            created_at: columns.time()?,
        })
    })
}

pub async fn put_ssh_key(conn: &mut Conn, key: &SshKey) -> Result<(), StoreError> {
    query(
        "INSERT INTO ssh_keys (repository_id, description, public_key, fingerprint, private_key, \
         created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (repository_id) DO UPDATE SET \
         description = excluded.description, public_key = excluded.public_key, \
         fingerprint = excluded.fingerprint, private_key = excluded.private_key, \
         created_at = excluded.created_at",
    )
    .bind(key.repository_id.get())
    .bind(key.description.clone())
    .bind(key.public_key.clone())
    .bind(key.fingerprint.clone())
    .bind(key.private_key.clone())
    .bind(key.created_at.0)
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(())
}

pub async fn delete_ssh_key(conn: &mut Conn, repository: RepositoryId) -> Result<(), StoreError> {
    let done = query("DELETE FROM ssh_keys WHERE repository_id = $1")
        .bind(repository.get())
        .execute(conn)
        .await
        .map_err(db_error)?;
    found(done.rows_affected(), "key")
}

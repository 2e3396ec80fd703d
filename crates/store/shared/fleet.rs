//! What workers say of themselves, what they did last, and what waits for them.

use super::columns::json_text;
use super::rights::visible;
use super::rows::{self, Columns};
use super::{Conn, Row, bound, count};
use crate::dialect::{self, Db, db_error, ids_in};
use sqlx::{QueryBuilder, query};
use travis_model::{Attempt, AttemptId, WorkerId};
use travis_store::{
    Listing, Page, QueuedGroup, QueuedPlatform, SeenBy, StoreError, WorkerNow, WorkerWish,
};

/// Attempts that a worker's history goes back.
const HISTORY: i64 = 1000;

fn now_row(row: &Row) -> Result<WorkerNow, StoreError> {
    let mut c = Columns::new(row, "worker_now");
    Ok(WorkerNow {
        worker_id: c.id()?,
        online_since: c.time()?,
        slots: c.small()?,
        presence: c.maybe_json()?,
        presence_since: c.maybe_time()?,
        usage: c.maybe_json()?,
        lending: c.maybe_json()?,
        frozen: c.json::<Vec<AttemptId>>()?,
        network: c.get()?,
    })
}

fn numbers(ids: &[WorkerId]) -> Vec<i64> {
    ids.iter().map(|id| id.get()).collect()
}

pub async fn workers_now(conn: &mut Conn, ids: &[WorkerId]) -> Result<Vec<WorkerNow>, StoreError> {
    let found = query(concat!(
        "SELECT worker_id, online_since, slots, presence, presence_since, usage_now, lending, \
         frozen, network FROM worker_now WHERE ",
        ids_in!("worker_id", "$1")
    ))
    .bind(dialect::ids(&numbers(ids)))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, now_row)
}

pub async fn worker_wishes(
    conn: &mut Conn,
    ids: &[WorkerId],
) -> Result<Vec<WorkerWish>, StoreError> {
    let found = query(concat!(
        "SELECT worker_id, lending, updated_at FROM worker_wishes WHERE ",
        ids_in!("worker_id", "$1")
    ))
    .bind(dialect::ids(&numbers(ids)))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, |row| {
        let mut c = Columns::new(row, "worker_wishes");
        Ok(WorkerWish {
            worker_id: c.id()?,
            lending: c.json()?,
            updated_at: c.time()?,
        })
    })
}

pub async fn put_worker_now(conn: &mut Conn, now: &WorkerNow) -> Result<(), StoreError> {
    query(
        "INSERT INTO worker_now (worker_id, online_since, slots, presence, presence_since, \
         usage_now, lending, frozen, network) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         ON CONFLICT (worker_id) DO UPDATE SET online_since = excluded.online_since, \
         slots = excluded.slots, presence = excluded.presence, \
         presence_since = excluded.presence_since, usage_now = excluded.usage_now, \
         lending = excluded.lending, frozen = excluded.frozen, network = excluded.network",
    )
    .bind(now.worker_id.get())
    .bind(now.online_since.0)
    .bind(i64::from(now.slots))
    .bind(now.presence.as_ref().map(ToString::to_string))
    .bind(now.presence_since.map(|at| at.0))
    .bind(now.usage.as_ref().map(ToString::to_string))
    .bind(now.lending.as_ref().map(ToString::to_string))
    .bind(json_text(&now.frozen)?)
    .bind(now.network.clone())
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(())
}

pub async fn put_worker_wish(conn: &mut Conn, wish: &WorkerWish) -> Result<(), StoreError> {
    query(
        "INSERT INTO worker_wishes (worker_id, lending, updated_at) VALUES ($1, $2, $3) \
         ON CONFLICT (worker_id) DO UPDATE SET lending = excluded.lending, \
         updated_at = excluded.updated_at",
    )
    .bind(wish.worker_id.get())
    .bind(wish.lending.to_string())
    .bind(wish.updated_at.0)
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(())
}

/// Goes on with the attempts of a worker that may be seen: `a`.
fn of_worker(sql: &mut QueryBuilder<Db>, worker: WorkerId, seen_by: SeenBy) {
    sql.push(" FROM (SELECT * FROM attempts WHERE worker_id = ")
        .push_bind(worker.get())
        .push(" ORDER BY id DESC LIMIT ")
        .push_bind(HISTORY)
        .push(") a");
    if seen_by != SeenBy::Operator {
        sql.push(
            " WHERE EXISTS (SELECT 1 FROM jobs j JOIN repositories r ON r.id = j.repository_id \
             WHERE j.id = a.job_id",
        );
        visible(sql, seen_by);
        sql.push(")");
    }
}

pub async fn attempts_of_worker(
    conn: &mut Conn,
    worker: WorkerId,
    seen_by: SeenBy,
    page: Page,
) -> Result<Listing<Attempt>, StoreError> {
    let mut sql = QueryBuilder::<Db>::new("SELECT COUNT(*)");
    of_worker(&mut sql, worker, seen_by);
    let row = sql.build().fetch_one(&mut *conn).await.map_err(db_error)?;
    let all = count(Columns::new(&row, "attempts").get()?);
    let mut sql = QueryBuilder::<Db>::new(concat!("SELECT ", rows::attempt_columns!()));
    of_worker(&mut sql, worker, seen_by);
    sql.push(" ORDER BY id DESC LIMIT ")
        .push_bind(bound(page.limit))
        .push(" OFFSET ")
        .push_bind(bound(page.offset));
    let found = sql.build().fetch_all(conn).await.map_err(db_error)?;
    Ok(Listing {
        items: rows::all(&found, rows::attempt)?,
        count: all,
    })
}

pub async fn queued_groups(conn: &mut Conn, limit: u64) -> Result<Vec<QueuedGroup>, StoreError> {
    let found = query(
        "SELECT os, arch, repository_id, COUNT(*), MIN(COALESCE(queued_at, created_at)), MIN(id) \
         FROM jobs WHERE state = 'queued' GROUP BY os, arch, repository_id \
         ORDER BY 5, 6 LIMIT $1",
    )
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, |row| {
        let mut c = Columns::new(row, "jobs");
        Ok(QueuedGroup {
            os: c.get()?,
            arch: c.get()?,
            repository_id: c.id()?,
            jobs: count(c.get()?),
            since: c.time()?,
            first: c.id()?,
        })
    })
}

pub async fn queued_platforms(conn: &mut Conn) -> Result<Vec<QueuedPlatform>, StoreError> {
    let found = query(
        "SELECT os, arch, COUNT(*), MIN(COALESCE(queued_at, created_at)) FROM jobs \
         WHERE state = 'queued' GROUP BY os, arch ORDER BY os, arch",
    )
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, |row| {
        let mut c = Columns::new(row, "jobs");
        Ok(QueuedPlatform {
            os: c.get()?,
            arch: c.get()?,
            jobs: count(c.get()?),
            since: c.time()?,
        })
    })
}

pub async fn last_waits(
    conn: &mut Conn,
    os: &str,
    arch: &str,
    limit: u64,
) -> Result<Vec<i64>, StoreError> {
    let found = query(
        "SELECT received_at - queued_at FROM jobs WHERE os = $1 AND arch = $2 \
         AND received_at IS NOT NULL AND queued_at IS NOT NULL ORDER BY received_at DESC LIMIT $3",
    )
    .bind(os.to_owned())
    .bind(arch.to_owned())
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, |row| Columns::new(row, "jobs").get())
}

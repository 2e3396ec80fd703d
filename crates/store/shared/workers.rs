//! Workers and their sessions.

use super::rows::{self, Columns, maybe, worker_columns};
use super::{Conn, found, in_order};
use crate::dialect::{self, db_error, ids_in};
use sqlx::query;
use std::collections::HashSet;
use travis_model::{Timestamp, Worker, WorkerId};
use travis_store::{NewWorker, StoreError};

pub async fn worker(conn: &mut Conn, id: WorkerId) -> Result<Option<Worker>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        worker_columns!(),
        " FROM workers WHERE id = $1 AND NOT removed"
    ))
    .bind(id.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows::worker)
}

pub async fn workers(conn: &mut Conn) -> Result<Vec<Worker>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        worker_columns!(),
        " FROM workers WHERE NOT removed ORDER BY name_key, id"
    ))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    // Databases sort by their own collation; the order is to be the same everywhere.
    let mut workers = rows::all(&found, rows::worker)?;
    workers.sort_by_key(|worker| (worker.name.to_lowercase(), worker.id));
    Ok(workers)
}

pub async fn workers_by_id(conn: &mut Conn, ids: &[WorkerId]) -> Result<Vec<Worker>, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let found = query(concat!(
        "SELECT ",
        worker_columns!(),
        " FROM workers WHERE ",
        ids_in!("id", "$1")
    ))
    .bind(dialect::ids(&ids))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    Ok(in_order(&ids, rows::all(&found, rows::worker)?, |w| {
        (w.id.get(), 0)
    }))
}

pub async fn worker_session(
    conn: &mut Conn,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<Option<WorkerId>, StoreError> {
    let row =
        query("SELECT worker_id FROM worker_sessions WHERE token_hash = $1 AND expires_at > $2")
            .bind(token_hash.to_vec())
            .bind(now.0)
            .fetch_optional(conn)
            .await
            .map_err(db_error)?;
    maybe(row.as_ref(), |row| {
        Columns::new(row, "worker_sessions").id()
    })
}

pub async fn insert_worker(conn: &mut Conn, new: &NewWorker) -> Result<Worker, StoreError> {
    loop {
        let name = free_name(conn, new).await?;
        let row = query(
            "INSERT INTO workers (owner_id, name, name_key, public_key, facts, os, arch, executor, \
             slots, paused, draining, banned, removed, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $10, $10, $11) \
             ON CONFLICT DO NOTHING RETURNING id",
        )
        .bind(new.owner_id.get())
        .bind(name.clone())
        .bind(name.to_lowercase())
        .bind(new.public_key.clone())
        .bind(new.facts.to_string())
        .bind(new.os.clone())
        .bind(new.arch.clone())
        .bind(new.executor.clone())
        .bind(i64::from(new.slots))
        .bind(false)
        .bind(new.at.0)
        .fetch_optional(&mut *conn)
        .await
        .map_err(db_error)?;
        // Without a row, another worker took the name in the meantime.
        if let Some(row) = row {
            return Ok(Worker {
                id: Columns::new(&row, "workers").id()?,
                owner_id: new.owner_id,
                name,
                public_key: new.public_key.clone(),
                facts: new.facts.clone(),
                os: new.os.clone(),
                arch: new.arch.clone(),
                executor: new.executor.clone(),
                slots: new.slots,
                paused: false,
                draining: false,
                banned: false,
                created_at: new.at,
                last_seen_at: None,
            });
        }
    }
}

/// The name wanted, or with the first number that makes it free: `anvil`, `anvil-2`, …
async fn free_name(conn: &mut Conn, new: &NewWorker) -> Result<String, StoreError> {
    let found = query("SELECT name_key FROM workers WHERE owner_id = $1 AND NOT removed")
        .bind(new.owner_id.get())
        .fetch_all(conn)
        .await
        .map_err(db_error)?;
    let taken: HashSet<String> = rows::all(&found, |row| Columns::new(row, "workers").get())?
        .into_iter()
        .collect();
    let mut name = new.name.clone();
    let mut number = 1_u64;
    while taken.contains(&name.to_lowercase()) {
        number += 1;
        name = format!("{}-{number}", new.name);
    }
    Ok(name)
}

pub async fn update_worker(conn: &mut Conn, worker: &Worker) -> Result<(), StoreError> {
    let done = query(
        "UPDATE workers SET name = $2, name_key = $3, facts = $4, os = $5, arch = $6, \
         executor = $7, slots = $8, paused = $9, draining = $10, banned = $11, created_at = $12, \
         last_seen_at = $13 WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM workers o \
         WHERE o.owner_id = workers.owner_id AND o.name_key = $14 AND o.id <> $15 AND NOT o.removed)",
    )
    .bind(worker.id.get())
    .bind(worker.name.clone())
    .bind(worker.name.to_lowercase())
    .bind(worker.facts.to_string())
    .bind(worker.os.clone())
    .bind(worker.arch.clone())
    .bind(worker.executor.clone())
    .bind(i64::from(worker.slots))
    .bind(worker.paused)
    .bind(worker.draining)
    .bind(worker.banned)
    .bind(worker.created_at.0)
    .bind(worker.last_seen_at.map(|at| at.0))
    .bind(worker.name.to_lowercase())
    .bind(worker.id.get())
    .execute(&mut *conn)
    .await
    .map_err(db_error)?;
    if done.rows_affected() > 0 {
        return Ok(());
    }
    Err(if workers_by_id(conn, &[worker.id]).await?.is_empty() {
        StoreError::NotFound("worker")
    } else {
        StoreError::Exists("worker")
    })
}

pub async fn touch_worker(conn: &mut Conn, id: WorkerId, at: Timestamp) -> Result<(), StoreError> {
    let done = query("UPDATE workers SET last_seen_at = $2 WHERE id = $1")
        .bind(id.get())
        .bind(at.0)
        .execute(conn)
        .await
        .map_err(db_error)?;
    found(done.rows_affected(), "worker")
}

pub async fn remove_worker(conn: &mut Conn, id: WorkerId) -> Result<(), StoreError> {
    let done = query("UPDATE workers SET removed = $2 WHERE id = $1 AND NOT removed")
        .bind(id.get())
        .bind(true)
        .execute(&mut *conn)
        .await
        .map_err(db_error)?;
    found(done.rows_affected(), "worker")?;
    query("DELETE FROM worker_sessions WHERE worker_id = $1")
        .bind(id.get())
        .execute(conn)
        .await
        .map_err(db_error)?;
    Ok(())
}

pub async fn insert_worker_session(
    conn: &mut Conn,
    worker: WorkerId,
    token_hash: &[u8],
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    query("INSERT INTO worker_sessions (token_hash, worker_id, expires_at) VALUES ($1, $2, $3)")
        .bind(token_hash.to_vec())
        .bind(worker.get())
        .bind(expires_at.0)
        .execute(conn)
        .await
        .map_err(db_error)?;
    Ok(())
}

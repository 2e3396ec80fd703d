//! Attempts and their leases.

use super::rows::{self, Columns, attempt_columns, maybe};
use super::{Conn, bound, count, found, in_order};
use crate::dialect::{self, db_error, ids_in};
use sqlx::query;
use travis_model::{Attempt, AttemptId, AttemptState, JobId, Timestamp, WorkerId};
use travis_store::{NewAttempt, StoreError};

pub async fn attempt(conn: &mut Conn, id: AttemptId) -> Result<Option<Attempt>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        attempt_columns!(),
        " FROM attempts WHERE id = $1"
    ))
    .bind(id.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows::attempt)
}

pub async fn attempts_by_id(
    conn: &mut Conn,
    ids: &[AttemptId],
) -> Result<Vec<Attempt>, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let found = query(concat!(
        "SELECT ",
        attempt_columns!(),
        " FROM attempts WHERE ",
        ids_in!("id", "$1")
    ))
    .bind(dialect::ids(&ids))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    Ok(in_order(&ids, rows::all(&found, rows::attempt)?, |a| {
        (a.id.get(), 0)
    }))
}

pub async fn attempts(conn: &mut Conn, job: JobId) -> Result<Vec<Attempt>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        attempt_columns!(),
        " FROM attempts WHERE job_id = $1 ORDER BY number"
    ))
    .bind(job.get())
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows::attempt)
}

pub async fn live_attempts(conn: &mut Conn, worker: WorkerId) -> Result<Vec<Attempt>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        attempt_columns!(),
        " FROM attempts WHERE worker_id = $1 AND state IN ('leased', 'running') ORDER BY id"
    ))
    .bind(worker.get())
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows::attempt)
}

pub async fn all_live_attempts(conn: &mut Conn) -> Result<Vec<Attempt>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        attempt_columns!(),
        " FROM attempts WHERE state IN ('leased', 'running') ORDER BY id"
    ))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows::attempt)
}

pub async fn expired_attempts(
    conn: &mut Conn,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<Attempt>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        attempt_columns!(),
        " FROM attempts WHERE state IN ('leased', 'running') AND lease_until < $1 \
         ORDER BY lease_until, id LIMIT $2"
    ))
    .bind(now.0)
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows::attempt)
}

pub async fn attempt_key(
    conn: &mut Conn,
    id: AttemptId,
) -> Result<Option<(WorkerId, AttemptState, Vec<u8>)>, StoreError> {
    let row = query("SELECT worker_id, state, token_hash FROM attempts WHERE id = $1")
        .bind(id.get())
        .fetch_optional(conn)
        .await
        .map_err(db_error)?;
    maybe(row.as_ref(), |row| {
        let mut c = Columns::new(row, "attempts");
        Ok((c.id()?, c.word(AttemptState::parse)?, c.get()?))
    })
}

pub async fn finished_attempts(conn: &mut Conn, worker: WorkerId) -> Result<u64, StoreError> {
    let row = query("SELECT COUNT(*) FROM attempts WHERE worker_id = $1 AND state = 'finished'")
        .bind(worker.get())
        .fetch_one(conn)
        .await
        .map_err(db_error)?;
    Ok(count(Columns::new(&row, "attempts").get()?))
}

pub async fn insert_attempt(conn: &mut Conn, new: &NewAttempt) -> Result<Attempt, StoreError> {
    let row = query(
        "INSERT INTO attempts (job_id, number, run, worker_id, state, token_hash, lease_until, \
         leased_at, log_sealed, executor, purpose, tier, network, yielded) \
         VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM attempts WHERE job_id = $2), \
         $3, $4, 'leased', $5, $6, $7, $8, $9, $10, $11, $12, $8) RETURNING id, number",
    )
    .bind(new.job_id.get())
    .bind(new.job_id.get())
    .bind(i64::from(new.run))
    .bind(new.worker_id.get())
    .bind(new.token_hash.clone())
    .bind(new.lease_until.0)
    .bind(new.at.0)
    .bind(false)
    .bind(new.executor.clone())
    .bind(new.purpose.as_str())
    .bind(new.tier.map(|tier| tier.as_str()))
    .bind(new.network.clone())
    .fetch_one(conn)
    .await
    .map_err(db_error)?;
    let mut c = Columns::new(&row, "attempts");
    Ok(Attempt {
        id: c.id()?,
        job_id: new.job_id,
        number: c.get()?,
        run: new.run,
        worker_id: new.worker_id,
        state: AttemptState::Leased,
        outcome: None,
        exit_code: None,
        reason: None,
        token_hash: new.token_hash.clone(),
        lease_until: new.lease_until,
        leased_at: new.at,
        started_at: None,
        finished_at: None,
        log_length: None,
        log_sha256: None,
        log_sealed: false,
        signature: None,
        executor: new.executor.clone(),
        purpose: new.purpose,
        tier: new.tier,
        network: new.network.clone(),
        yielded: false,
    })
}

pub async fn save_attempt(
    conn: &mut Conn,
    attempt: &Attempt,
    expected: AttemptState,
) -> Result<(), StoreError> {
    let done = query(
        "UPDATE attempts SET state = $3, outcome = $4, exit_code = $5, reason = $6, \
         lease_until = $7, started_at = $8, finished_at = $9, log_length = $10, log_sha256 = $11, \
         log_sealed = $12, signature = $13, executor = $14, token_hash = $15, yielded = $16 \
         WHERE id = $1 AND state = $2",
    )
    .bind(attempt.id.get())
    .bind(expected.as_str())
    .bind(attempt.state.as_str())
    .bind(attempt.outcome.map(|outcome| outcome.as_str()))
    .bind(attempt.exit_code.map(i64::from))
    .bind(attempt.reason.clone())
    .bind(attempt.lease_until.0)
    .bind(attempt.started_at.map(|at| at.0))
    .bind(attempt.finished_at.map(|at| at.0))
    .bind(attempt.log_length)
    .bind(attempt.log_sha256.clone())
    .bind(attempt.log_sealed)
    .bind(attempt.signature.clone())
    .bind(attempt.executor.clone())
    .bind(attempt.token_hash.clone())
    .bind(attempt.yielded)
    .execute(conn)
    .await
    .map_err(db_error)?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Conflict("attempt"));
    }
    Ok(())
}

pub async fn renew_leases(
    conn: &mut Conn,
    worker: WorkerId,
    attempts: &[AttemptId],
    until: Timestamp,
) -> Result<Vec<AttemptId>, StoreError> {
    let ids: Vec<i64> = attempts.iter().map(|id| id.get()).collect();
    let found = query(concat!(
        "UPDATE attempts SET lease_until = CASE WHEN lease_until < $1 THEN $1 ELSE lease_until END \
         WHERE worker_id = $2 AND state IN ('leased', 'running') AND ",
        ids_in!("id", "$3"),
        " RETURNING id"
    ))
    .bind(until.0)
    .bind(worker.get())
    .bind(dialect::ids(&ids))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    let live = rows::all(&found, |row| {
        Columns::new(row, "attempts").id::<AttemptId>()
    })?;
    Ok(in_order(&ids, live, |id| (id.get(), 0)))
}

pub async fn mark_log_sealed(conn: &mut Conn, attempt: AttemptId) -> Result<(), StoreError> {
    let done = query("UPDATE attempts SET log_sealed = $2 WHERE id = $1")
        .bind(attempt.get())
        .bind(true)
        .execute(conn)
        .await
        .map_err(db_error)?;
    found(done.rows_affected(), "attempt")
}

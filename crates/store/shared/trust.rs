//! Whose word counts: standings, known-answer jobs, second opinions.

use super::rows::{self, Columns, job_columns, maybe};
use super::{Conn, bound, in_order};
use crate::dialect::{self, db_error, for_update, ids_in};
use sqlx::query;
use travis_model::{
    AttemptState, Job, KnownAnswer, KnownAnswerId, Timestamp, WorkerId,
    trust::{Standing, Tier},
};
use travis_store::{NewKnownAnswer, StoreError};

macro_rules! standing_columns {
    () => {
        "worker_id, earned, fixed, known_passed, known_failed, known_problem, known_at, streak, \
         agreed, checked, doubts, proven_false, proven_false_at, kept, yielded, broken, since"
    };
}
macro_rules! known_columns {
    () => {
        "id, worker_id, state, nonce, passed, problem, token_hash, lease_until, leased_at, \
         started_at, finished_at, executor"
    };
}

fn read_standing(row: &super::Row) -> Result<(WorkerId, Standing), StoreError> {
    let mut c = Columns::new(row, "standings");
    let worker = c.id()?;
    let standing = Standing {
        earned: c.word(Tier::parse)?,
        fixed: c.maybe_word(Tier::parse)?,
        known_passed: c.small()?,
        known_failed: c.small()?,
        known_problem: c.get()?,
        known_at: c.maybe_time()?,
        streak: c.small()?,
        agreed: c.small()?,
        checked: c.small()?,
        doubts: c.get::<i64>()?.cast_unsigned(),
        proven_false: c.small()?,
        proven_false_at: c.maybe_time()?,
        kept: c.small()?,
        yielded: c.small()?,
        broken: c.small()?,
        since: c.maybe_time()?,
    };
    Ok((worker, standing))
}

fn read_known(row: &super::Row) -> Result<KnownAnswer, StoreError> {
    let mut c = Columns::new(row, "known_answers");
    Ok(KnownAnswer {
        id: c.id()?,
        worker_id: c.id()?,
        state: c.word(AttemptState::parse)?,
        nonce: c.get()?,
        passed: c.get()?,
        problem: c.get()?,
        token_hash: c.get()?,
        lease_until: c.time()?,
        leased_at: c.time()?,
        started_at: c.maybe_time()?,
        finished_at: c.maybe_time()?,
        executor: c.get()?,
    })
}

pub async fn standing(conn: &mut Conn, worker: WorkerId) -> Result<Standing, StoreError> {
    let row = query(concat!(
        "SELECT ",
        standing_columns!(),
        " FROM standings WHERE worker_id = $1"
    ))
    .bind(worker.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    Ok(maybe(row.as_ref(), read_standing)?.map_or_else(Standing::default, |(_, found)| found))
}

pub async fn standings(conn: &mut Conn) -> Result<Vec<(WorkerId, Standing)>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        standing_columns!(),
        " FROM standings ORDER BY worker_id"
    ))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, read_standing)
}

pub async fn lock_standing(conn: &mut Conn, worker: WorkerId) -> Result<Standing, StoreError> {
    // Without a row there is nothing to be locked.
    query(
        "INSERT INTO standings (worker_id, earned, known_passed, known_failed, streak, agreed, \
         checked, doubts, proven_false, kept, yielded, broken) \
         VALUES ($1, 'quarantined', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING",
    )
    .bind(worker.get())
    .execute(&mut *conn)
    .await
    .map_err(db_error)?;
    let row = query(concat!(
        "SELECT ",
        standing_columns!(),
        " FROM standings WHERE worker_id = $1",
        for_update!()
    ))
    .bind(worker.get())
    .fetch_one(conn)
    .await
    .map_err(db_error)?;
    Ok(read_standing(&row)?.1)
}

pub async fn save_standing(
    conn: &mut Conn,
    worker: WorkerId,
    standing: &Standing,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO standings (worker_id, earned, fixed, known_passed, known_failed, \
         known_problem, known_at, streak, agreed, checked, doubts, proven_false, proven_false_at, \
         kept, yielded, broken, since) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
         ON CONFLICT (worker_id) DO UPDATE SET earned = excluded.earned, fixed = excluded.fixed, \
         known_passed = excluded.known_passed, known_failed = excluded.known_failed, \
         known_problem = excluded.known_problem, known_at = excluded.known_at, \
         streak = excluded.streak, agreed = excluded.agreed, checked = excluded.checked, \
         doubts = excluded.doubts, proven_false = excluded.proven_false, \
         proven_false_at = excluded.proven_false_at, kept = excluded.kept, \
         yielded = excluded.yielded, broken = excluded.broken, since = excluded.since",
    )
    .bind(worker.get())
    .bind(standing.earned.as_str())
    .bind(standing.fixed.map(Tier::as_str))
    .bind(i64::from(standing.known_passed))
    .bind(i64::from(standing.known_failed))
    .bind(standing.known_problem.clone())
    .bind(standing.known_at.map(|at| at.0))
    .bind(i64::from(standing.streak))
    .bind(i64::from(standing.agreed))
    .bind(i64::from(standing.checked))
    .bind(standing.doubts.cast_signed())
    .bind(i64::from(standing.proven_false))
    .bind(standing.proven_false_at.map(|at| at.0))
    .bind(i64::from(standing.kept))
    .bind(i64::from(standing.yielded))
    .bind(i64::from(standing.broken))
    .bind(standing.since.map(|at| at.0))
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(())
}

pub async fn jobs_wanting_opinions(
    conn: &mut Conn,
    os: &str,
    arch: &str,
    limit: u64,
) -> Result<Vec<Job>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs WHERE verification IN ('second', 'third') AND os = $1 AND arch = $2 \
         AND opinion_id IS NULL AND state IN ('passed', 'failed', 'errored') \
         ORDER BY CASE WHEN provisional THEN 0 ELSE 1 END, id LIMIT $3"
    ))
    .bind(os.to_owned())
    .bind(arch.to_owned())
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows::job)
}

pub async fn unchecked_jobs(
    conn: &mut Conn,
    worker: WorkerId,
    since: Timestamp,
    limit: u64,
) -> Result<Vec<Job>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs WHERE verification = 'none' AND state IN ('passed', 'failed', 'errored') \
         AND attempt_id IN (SELECT a.id FROM attempts a WHERE a.worker_id = $1 \
         AND a.state = 'finished' AND a.finished_at >= $2) ORDER BY id DESC LIMIT $3"
    ))
    .bind(worker.get())
    .bind(since.0)
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows::job)
}

pub async fn known_answer(
    conn: &mut Conn,
    id: KnownAnswerId,
) -> Result<Option<KnownAnswer>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        known_columns!(),
        " FROM known_answers WHERE id = $1"
    ))
    .bind(id.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), read_known)
}

pub async fn known_answers(
    conn: &mut Conn,
    worker: WorkerId,
    limit: u64,
) -> Result<Vec<KnownAnswer>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        known_columns!(),
        " FROM known_answers WHERE worker_id = $1 ORDER BY id DESC LIMIT $2"
    ))
    .bind(worker.get())
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, read_known)
}

pub async fn expired_known_answers(
    conn: &mut Conn,
    now: Timestamp,
    limit: u64,
) -> Result<Vec<KnownAnswer>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        known_columns!(),
        " FROM known_answers WHERE state IN ('leased', 'running') AND lease_until < $1 \
         ORDER BY lease_until, id LIMIT $2"
    ))
    .bind(now.0)
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, read_known)
}

pub async fn insert_known_answer(
    conn: &mut Conn,
    new: &NewKnownAnswer,
) -> Result<KnownAnswer, StoreError> {
    let row = query(concat!(
        "INSERT INTO known_answers (worker_id, state, nonce, token_hash, lease_until, leased_at, \
         executor) VALUES ($1, 'leased', $2, $3, $4, $5, $6) RETURNING ",
        known_columns!()
    ))
    .bind(new.worker_id.get())
    .bind(new.nonce.clone())
    .bind(new.token_hash.clone())
    .bind(new.lease_until.0)
    .bind(new.at.0)
    .bind(new.executor.clone())
    .fetch_one(conn)
    .await
    .map_err(db_error)?;
    read_known(&row)
}

pub async fn save_known_answer(
    conn: &mut Conn,
    known: &KnownAnswer,
    expected: AttemptState,
) -> Result<(), StoreError> {
    let done = query(
        "UPDATE known_answers SET state = $3, passed = $4, problem = $5, token_hash = $6, \
         lease_until = $7, started_at = $8, finished_at = $9, executor = $10 \
         WHERE id = $1 AND state = $2",
    )
    .bind(known.id.get())
    .bind(expected.as_str())
    .bind(known.state.as_str())
    .bind(known.passed)
    .bind(known.problem.clone())
    .bind(known.token_hash.clone())
    .bind(known.lease_until.0)
    .bind(known.started_at.map(|at| at.0))
    .bind(known.finished_at.map(|at| at.0))
    .bind(known.executor.clone())
    .execute(conn)
    .await
    .map_err(db_error)?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Conflict("known answer"));
    }
    Ok(())
}

pub async fn renew_known_answers(
    conn: &mut Conn,
    worker: WorkerId,
    ids: &[KnownAnswerId],
    until: Timestamp,
) -> Result<Vec<KnownAnswerId>, StoreError> {
    let numbers: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let found = query(concat!(
        "UPDATE known_answers SET lease_until = CASE WHEN lease_until < $1 THEN $1 \
         ELSE lease_until END WHERE worker_id = $2 AND state IN ('leased', 'running') AND ",
        ids_in!("id", "$3"),
        " RETURNING id"
    ))
    .bind(until.0)
    .bind(worker.get())
    .bind(dialect::ids(&numbers))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    let live = rows::all(&found, |row| {
        Columns::new(row, "known_answers").id::<KnownAnswerId>()
    })?;
    Ok(in_order(&numbers, live, |id| (id.get(), 0)))
}

pub async fn drop_known_answers(
    conn: &mut Conn,
    worker: WorkerId,
    keep: u64,
) -> Result<Vec<KnownAnswerId>, StoreError> {
    let found = query(
        "DELETE FROM known_answers WHERE worker_id = $1 AND state NOT IN ('leased', 'running') \
         AND id NOT IN (SELECT k.id FROM known_answers k WHERE k.worker_id = $2 \
         ORDER BY k.id DESC LIMIT $3) RETURNING id",
    )
    .bind(worker.get())
    .bind(worker.get())
    .bind(bound(keep))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, |row| Columns::new(row, "known_answers").id())
}

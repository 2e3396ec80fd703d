//! What workers did, in sums: in all, by day, by hour, by platform.

use super::rows::{self, Columns, maybe};
use super::{Conn, Row, count};
use crate::dialect::{self, db_error, ids_in};
use sqlx::query;
use std::collections::HashMap;
use travis_model::{Timestamp, UserId, WorkerId};
use travis_store::{
    BusyHour, OwnerLedger, PlatformLoad, StoreError, WorkDone, WorkEnd, WorkerTally,
};

const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;
const PERIOD: i64 = HOUR / 2;
/// Hours of workers that are kept: 15 days.
pub(super) const HOURS_KEPT: i64 = 15 * 24;
/// Half hours of platforms that are kept: 25 hours.
pub(super) const PERIODS_KEPT: i64 = 50;
/// Days of an owner that are read.
const OWNER_DAYS: i64 = 400;
/// Work is spread over so many spans of time at most; what is longer counts in the last ones.
const SPANS: i64 = 48;

pub(super) const fn hour_of(at: Timestamp) -> i64 {
    at.0.div_euclid(HOUR)
}

pub(super) const fn period_of(at: Timestamp) -> i64 {
    at.0.div_euclid(PERIOD)
}

const fn day_of(at: Timestamp) -> i64 {
    at.0.div_euclid(DAY)
}

/// A stretch of time, cut at the borders of spans of a length: number of the span, milliseconds.
fn spread(began: Timestamp, ended: Timestamp, length: i64) -> Vec<(i64, i64)> {
    let mut from = began.0.max(ended.0.saturating_sub(SPANS * length));
    let mut parts = Vec::new();
    while from < ended.0 {
        let span = from.div_euclid(length);
        let to = ended.0.min((span + 1) * length);
        parts.push((span, to - from));
        from = to;
    }
    parts
}

pub async fn note_work(conn: &mut Conn, work: &WorkDone) -> Result<(), StoreError> {
    let worker = work.worker_id.get();
    let finished = i64::from(work.end == WorkEnd::Finished);
    let yielded = i64::from(work.end == WorkEnd::Yielded);
    let broken = i64::from(work.end == WorkEnd::Broken);
    query(
        "INSERT INTO worker_totals (worker_id, jobs, core_ms, yields) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (worker_id) DO UPDATE SET jobs = worker_totals.jobs + excluded.jobs, \
         core_ms = worker_totals.core_ms + excluded.core_ms, \
         yields = worker_totals.yields + excluded.yields",
    )
    .bind(worker)
    .bind(finished)
    .bind(work.core_ms)
    .bind(yielded)
    .execute(&mut *conn)
    .await
    .map_err(db_error)?;
    query(
        "INSERT INTO worker_days (worker_id, day, jobs, kept, broken, core_ms) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (worker_id, day) DO UPDATE SET \
         jobs = worker_days.jobs + excluded.jobs, kept = worker_days.kept + excluded.kept, \
         broken = worker_days.broken + excluded.broken, \
         core_ms = worker_days.core_ms + excluded.core_ms",
    )
    .bind(worker)
    .bind(day_of(work.ended))
    .bind(finished)
    .bind(finished + yielded)
    .bind(broken)
    .bind(work.core_ms)
    .execute(&mut *conn)
    .await
    .map_err(db_error)?;
    if let Some(repository) = work.repository_id.filter(|_| finished == 1) {
        query(
            "INSERT INTO worker_repositories (worker_id, repository_id, last_at) \
             SELECT $1, id, $3 FROM repositories WHERE id = $2 \
             ON CONFLICT (worker_id, repository_id) DO UPDATE SET last_at = excluded.last_at",
        )
        .bind(worker)
        .bind(repository.get())
        .bind(work.ended.0)
        .execute(&mut *conn)
        .await
        .map_err(db_error)?;
    }
    for (hour, busy) in spread(work.began, work.ended, HOUR) {
        query(
            "INSERT INTO worker_hours (worker_id, hour, busy_ms) VALUES ($1, $2, $3) \
             ON CONFLICT (worker_id, hour) DO UPDATE SET \
             busy_ms = worker_hours.busy_ms + excluded.busy_ms",
        )
        .bind(worker)
        .bind(hour)
        .bind(busy)
        .execute(&mut *conn)
        .await
        .map_err(db_error)?;
    }
    for (period, busy) in spread(work.began, work.ended, PERIOD) {
        query(
            "INSERT INTO platform_load (os, arch, period, busy_ms) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (os, arch, period) DO UPDATE SET \
             busy_ms = platform_load.busy_ms + excluded.busy_ms",
        )
        .bind(work.os.clone())
        .bind(work.arch.clone())
        .bind(period)
        .bind(busy)
        .execute(&mut *conn)
        .await
        .map_err(db_error)?;
    }
    Ok(())
}

pub async fn credit_work(
    conn: &mut Conn,
    worker: WorkerId,
    at: Timestamp,
    core_ms: i64,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO worker_totals (worker_id, jobs, core_ms, yields) VALUES ($1, 0, $2, 0) \
         ON CONFLICT (worker_id) DO UPDATE SET core_ms = worker_totals.core_ms + excluded.core_ms",
    )
    .bind(worker.get())
    .bind(core_ms)
    .execute(&mut *conn)
    .await
    .map_err(db_error)?;
    query(
        "INSERT INTO worker_days (worker_id, day, jobs, kept, broken, core_ms) \
         VALUES ($1, $2, 0, 0, 0, $3) ON CONFLICT (worker_id, day) DO UPDATE SET \
         core_ms = worker_days.core_ms + excluded.core_ms",
    )
    .bind(worker.get())
    .bind(day_of(at))
    .bind(core_ms)
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(())
}

pub async fn note_freeze(conn: &mut Conn, worker: WorkerId, ms: u64) -> Result<(), StoreError> {
    query(
        "INSERT INTO worker_totals (worker_id, jobs, core_ms, yields, freeze_ms) \
         VALUES ($1, 0, 0, 0, $2) ON CONFLICT (worker_id) DO UPDATE SET \
         freeze_ms = (COALESCE(worker_totals.freeze_ms, excluded.freeze_ms) * 3 \
         + excluded.freeze_ms) / 4",
    )
    .bind(worker.get())
    .bind(super::bound(ms))
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(())
}

pub async fn worker_tallies(
    conn: &mut Conn,
    ids: &[WorkerId],
    since: Timestamp,
) -> Result<Vec<WorkerTally>, StoreError> {
    let numbers: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let mut tallies: HashMap<i64, WorkerTally> = HashMap::new();
    let totals = query(concat!(
        "SELECT worker_id, jobs, core_ms, yields, freeze_ms FROM worker_totals WHERE ",
        ids_in!("worker_id", "$1")
    ))
    .bind(dialect::ids(&numbers))
    .fetch_all(&mut *conn)
    .await
    .map_err(db_error)?;
    for row in &totals {
        let mut c = Columns::new(row, "worker_totals");
        let tally = tallies.entry(c.get()?).or_default();
        tally.jobs = count(c.get()?);
        tally.core_ms = count(c.get()?);
        tally.yields = count(c.get()?);
        tally.freeze_ms = c.maybe_small()?;
    }
    let days = query(concat!(
        "SELECT worker_id, CAST(SUM(jobs) AS BIGINT), CAST(SUM(kept) AS BIGINT), \
         CAST(SUM(broken) AS BIGINT) FROM worker_days WHERE day >= $2 AND ",
        ids_in!("worker_id", "$1"),
        " GROUP BY worker_id"
    ))
    .bind(dialect::ids(&numbers))
    .bind(day_of(since))
    .fetch_all(&mut *conn)
    .await
    .map_err(db_error)?;
    for row in &days {
        let mut c = Columns::new(row, "worker_days");
        let tally = tallies.entry(c.get()?).or_default();
        tally.recent_jobs = count(c.get()?);
        tally.recent_kept = count(c.get()?);
        tally.recent_broken = count(c.get()?);
    }
    let homes = query(concat!(
        "SELECT worker_id, COUNT(*) FROM worker_repositories WHERE last_at >= $2 AND ",
        ids_in!("worker_id", "$1"),
        " GROUP BY worker_id"
    ))
    .bind(dialect::ids(&numbers))
    .bind(since.0)
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    for row in &homes {
        let mut c = Columns::new(row, "worker_repositories");
        tallies.entry(c.get()?).or_default().recent_repositories = count(c.get()?);
    }
    Ok(numbers
        .iter()
        .map(|id| tallies.get(id).copied().unwrap_or_default())
        .collect())
}

pub async fn worker_hours(
    conn: &mut Conn,
    worker: WorkerId,
    since: Timestamp,
) -> Result<Vec<BusyHour>, StoreError> {
    let found = query(
        "SELECT hour, busy_ms FROM worker_hours WHERE worker_id = $1 AND hour >= $2 ORDER BY hour",
    )
    .bind(worker.get())
    .bind(hour_of(since))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, |row| {
        let mut c = Columns::new(row, "worker_hours");
        Ok(BusyHour {
            hour: c.get()?,
            busy_ms: c.get()?,
        })
    })
}

pub async fn owner_ledger(conn: &mut Conn, owner: UserId) -> Result<OwnerLedger, StoreError> {
    let row = query(
        "SELECT MIN(w.created_at), CAST(COALESCE(SUM(t.jobs), 0) AS BIGINT), \
         CAST(COALESCE(SUM(t.core_ms), 0) AS BIGINT) FROM workers w \
         LEFT JOIN worker_totals t ON t.worker_id = w.id WHERE w.owner_id = $1",
    )
    .bind(owner.get())
    .fetch_one(&mut *conn)
    .await
    .map_err(db_error)?;
    let mut c = Columns::new(&row, "workers");
    let mut ledger = OwnerLedger {
        since: c.maybe_time()?,
        jobs: count(c.get()?),
        core_ms: count(c.get()?),
        ..OwnerLedger::default()
    };
    let row = query(
        "SELECT COUNT(DISTINCT x.repository_id) FROM workers w \
         JOIN worker_repositories x ON x.worker_id = w.id WHERE w.owner_id = $1",
    )
    .bind(owner.get())
    .fetch_one(&mut *conn)
    .await
    .map_err(db_error)?;
    ledger.repositories = count(Columns::new(&row, "worker_repositories").get()?);
    let row = query(
        "SELECT MAX(d.day) FROM workers w JOIN worker_days d ON d.worker_id = w.id \
         WHERE w.owner_id = $1",
    )
    .bind(owner.get())
    .fetch_optional(&mut *conn)
    .await
    .map_err(db_error)?;
    let newest: Option<Option<i64>> =
        maybe(row.as_ref(), |row| Columns::new(row, "worker_days").get())?;
    let Some(newest) = newest.flatten() else {
        return Ok(ledger);
    };
    let found = query(
        "SELECT d.day, CAST(SUM(d.jobs) AS BIGINT), CAST(SUM(d.core_ms) AS BIGINT) \
         FROM workers w JOIN worker_days d ON d.worker_id = w.id \
         WHERE w.owner_id = $1 AND d.day > $2 GROUP BY d.day ORDER BY d.day DESC",
    )
    .bind(owner.get())
    .bind(newest - OWNER_DAYS)
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    ledger.days = rows::all(&found, day_row)?;
    Ok(ledger)
}

fn day_row(row: &Row) -> Result<(i64, u64, u64), StoreError> {
    let mut c = Columns::new(row, "worker_days");
    Ok((c.get()?, count(c.get()?), count(c.get()?)))
}

pub async fn core_ms_since(conn: &mut Conn, since: Timestamp) -> Result<u64, StoreError> {
    let row =
        query("SELECT CAST(COALESCE(SUM(core_ms), 0) AS BIGINT) FROM worker_days WHERE day >= $1")
            .bind(day_of(since))
            .fetch_one(conn)
            .await
            .map_err(db_error)?;
    Ok(count(Columns::new(&row, "worker_days").get()?))
}

pub async fn platform_load(
    conn: &mut Conn,
    since: Timestamp,
) -> Result<Vec<PlatformLoad>, StoreError> {
    let found = query(
        "SELECT os, arch, period, busy_ms FROM platform_load WHERE period >= $1 \
         ORDER BY os, arch, period",
    )
    .bind(period_of(since))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, |row| {
        let mut c = Columns::new(row, "platform_load");
        Ok(PlatformLoad {
            os: c.get()?,
            arch: c.get()?,
            period: c.get()?,
            busy_ms: c.get()?,
        })
    })
}

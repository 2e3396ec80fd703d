//! How things went over time. What a chart needs is read packed, a text for each day or slice:
//! thousands of rows one by one would cost more than the query.

use super::rows::{self, Columns};
use super::{Conn, bound, count};
use crate::dialect::{Db, LIST, db_error};
use sqlx::{QueryBuilder, query};
use travis_model::{Build, BuildId, JobState, Timestamp};
use travis_store::{BuildEnd, EndsWanted, FleetSample, FleetSlice, QueueSlice, StoreError};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Keeps the row of a build's end as the build's own row says, or takes it away when it runs again.
pub async fn keep_end(conn: &mut Conn, build: &Build) -> Result<(), StoreError> {
    let Some(ended) = build.finished_at.filter(|_| build.state.is_finished()) else {
        query("DELETE FROM build_ends WHERE build_id = $1")
            .bind(build.id.get())
            .execute(conn)
            .await
            .map_err(db_error)?;
        return Ok(());
    };
    let mut sql = QueryBuilder::<Db>::new(
        "INSERT INTO build_ends (build_id, repository_id, branch, number, state, ended_at, took, \
         waits) VALUES (",
    );
    sql.push_bind(build.id.get())
        .push(", ")
        .push_bind(build.repository_id.get())
        .push(", ")
        .push_bind(Some(build.branch.clone()).filter(|_| build.event_type != "pull_request"))
        .push(", ")
        .push_bind(build.number)
        .push(", ")
        .push_bind(build.state.as_str())
        .push(", ")
        .push_bind(ended.0)
        .push(", ")
        .push_bind(build.started_at.map(|began| ended.0 - began.0))
        .push(", COALESCE((SELECT ")
        .push(LIST)
        .push(
            "(CAST(received_at - queued_at AS TEXT), ' ') FROM jobs WHERE received_at >= queued_at \
             AND build_id = ",
        )
        .push_bind(build.id.get())
        .push(
            "), '')) ON CONFLICT (build_id) DO UPDATE SET state = excluded.state, \
             ended_at = excluded.ended_at, took = excluded.took, waits = excluded.waits",
        );
    sql.build().execute(conn).await.map_err(db_error)?;
    Ok(())
}

pub async fn build_ends(
    conn: &mut Conn,
    wanted: EndsWanted<'_>,
) -> Result<Vec<BuildEnd>, StoreError> {
    let mut sql = QueryBuilder::<Db>::new("SELECT ");
    sql.push(LIST)
        .push(
            "(CAST(build_id AS TEXT) || ' ' || CAST(number AS TEXT) || ' ' || state || ' ' || \
             CAST(ended_at AS TEXT) || ' ' || COALESCE(CAST(took AS TEXT), '-') || ' ' || waits, \
             ',') FROM (SELECT build_id, number, state, ended_at, took, waits FROM build_ends \
             WHERE repository_id = ",
        )
        .push_bind(wanted.repository.get());
    if let Some(branch) = wanted.branch {
        sql.push(" AND branch = ").push_bind(branch.to_owned());
    }
    sql.push(" AND ended_at >= ")
        .push_bind(wanted.since.0)
        .push(" ORDER BY ended_at DESC LIMIT ")
        .push_bind(bound(wanted.limit))
        .push(") newest GROUP BY ended_at / ")
        .push_bind(DAY_MS);
    let found = sql.build().fetch_all(conn).await.map_err(db_error)?;
    let mut ends = Vec::new();
    for row in &found {
        let mut columns = Columns::new(row, "build_ends");
        let text: &str = columns.get()?;
        for one in text.split(',') {
            let end = end(one).ok_or_else(|| columns.corrupt(format_args!("{one:?}")))?;
            ends.push(end);
        }
    }
    ends.sort_by_key(|end: &BuildEnd| (end.at, end.number));
    Ok(ends)
}

/// Reads what the query above packs.
fn end(text: &str) -> Option<BuildEnd> {
    let mut words = text.split_ascii_whitespace();
    Some(BuildEnd {
        id: BuildId(words.next()?.parse().ok()?),
        number: words.next()?.parse().ok()?,
        state: JobState::parse(words.next()?)?,
        at: Timestamp(words.next()?.parse().ok()?),
        took: match words.next()? {
            "-" => None,
            number => Some(number.parse().ok()?),
        },
        waits: words.map(|word| word.parse().ok()).collect::<Option<_>>()?,
    })
}

pub async fn fleet_slices(
    conn: &mut Conn,
    since_minute: i64,
    minutes: i64,
) -> Result<Vec<FleetSlice>, StoreError> {
    let found = query(
        "SELECT minute / $2, COUNT(*), CAST(SUM(workers) AS BIGINT), CAST(SUM(slots) AS BIGINT), \
         CAST(SUM(busy) AS BIGINT), MAX(core_ms) FROM fleet_samples WHERE minute >= $1 \
         GROUP BY 1 ORDER BY 1",
    )
    .bind(since_minute)
    .bind(minutes)
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, |row| {
        let mut c = Columns::new(row, "fleet_samples");
        Ok(FleetSlice {
            slice: c.get()?,
            samples: count(c.get()?),
            workers: count(c.get()?),
            slots: count(c.get()?),
            busy: count(c.get()?),
            core_ms: c.get()?,
        })
    })
}

pub async fn queue_slices(
    conn: &mut Conn,
    since_minute: i64,
    minutes: i64,
) -> Result<Vec<QueueSlice>, StoreError> {
    let found = query(
        "SELECT os, arch, minute / $2, CAST(SUM(waiting) AS BIGINT), MAX(waiting) \
         FROM queue_samples WHERE minute >= $1 GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )
    .bind(since_minute)
    .bind(minutes)
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, |row| {
        let mut c = Columns::new(row, "queue_samples");
        Ok(QueueSlice {
            os: c.get()?,
            arch: c.get()?,
            slice: c.get()?,
            waiting: count(c.get()?),
            most: count(c.get()?),
        })
    })
}

pub async fn platforms_received(
    conn: &mut Conn,
    since: Timestamp,
) -> Result<Vec<(String, String)>, StoreError> {
    // The platforms of all times are found in steps over the index, however many jobs each has.
    let found = query(
        "WITH RECURSIVE known (os, arch) AS ( \
           SELECT * FROM (SELECT os, arch FROM jobs WHERE received_at IS NOT NULL \
             ORDER BY os, arch LIMIT 1) first \
           UNION ALL \
           SELECT (SELECT j.os FROM jobs j WHERE j.received_at IS NOT NULL \
               AND (j.os, j.arch) > (known.os, known.arch) ORDER BY j.os, j.arch LIMIT 1), \
             (SELECT j.arch FROM jobs j WHERE j.received_at IS NOT NULL \
               AND (j.os, j.arch) > (known.os, known.arch) ORDER BY j.os, j.arch LIMIT 1) \
           FROM known WHERE known.os IS NOT NULL) \
         SELECT os, arch FROM known WHERE os IS NOT NULL AND EXISTS (SELECT 1 FROM jobs j \
           WHERE j.os = known.os AND j.arch = known.arch AND j.received_at IS NOT NULL \
           AND j.received_at >= $1) LIMIT 50",
    )
    .bind(since.0)
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, |row| {
        let mut c = Columns::new(row, "jobs");
        Ok((c.get()?, c.get()?))
    })
}

pub async fn waits_received(
    conn: &mut Conn,
    os: &str,
    arch: &str,
    since: Timestamp,
    minutes: i64,
    limit: u64,
) -> Result<Vec<(i64, Vec<i64>)>, StoreError> {
    let mut sql = QueryBuilder::<Db>::new("SELECT received_at / ");
    sql.push_bind(minutes * MINUTE_MS)
        .push(", ")
        .push(LIST)
        .push(
            "(CAST(received_at - queued_at AS TEXT), ' ') FROM (SELECT received_at, queued_at \
             FROM jobs WHERE received_at IS NOT NULL AND queued_at <= received_at AND os = ",
        )
        .push_bind(os.to_owned())
        .push(" AND arch = ")
        .push_bind(arch.to_owned())
        .push(" AND received_at >= ")
        .push_bind(since.0)
        .push(" ORDER BY received_at DESC LIMIT ")
        .push_bind(bound(limit))
        .push(") newest GROUP BY 1 ORDER BY 1");
    let found = sql.build().fetch_all(conn).await.map_err(db_error)?;
    rows::all(&found, |row| {
        let mut columns = Columns::new(row, "jobs");
        let slice = columns.get()?;
        let text: &str = columns.get()?;
        let waits: Option<Vec<i64>> = text.split(' ').map(|word| word.parse().ok()).collect();
        let waits = waits.ok_or_else(|| columns.corrupt(format_args!("{text:?}")))?;
        Ok((slice, waits))
    })
}

pub async fn put_sample(
    conn: &mut Conn,
    sample: &FleetSample,
    oldest: Timestamp,
) -> Result<bool, StoreError> {
    let done = query(
        "INSERT INTO fleet_samples (minute, workers, slots, busy, core_ms) \
         SELECT $1, $2, $3, $4, CAST(COALESCE(SUM(core_ms), 0) AS BIGINT) FROM worker_totals \
         WHERE TRUE ON CONFLICT (minute) DO NOTHING",
    )
    .bind(sample.minute)
    .bind(i64::from(sample.workers))
    .bind(i64::from(sample.slots))
    .bind(i64::from(sample.busy))
    .execute(&mut *conn)
    .await
    .map_err(db_error)?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    for (os, arch, waiting) in &sample.waiting {
        query("INSERT INTO queue_samples (minute, os, arch, waiting) VALUES ($1, $2, $3, $4)")
            .bind(sample.minute)
            .bind(os.clone())
            .bind(arch.clone())
            .bind(bound(*waiting))
            .execute(&mut *conn)
            .await
            .map_err(db_error)?;
    }
    query("DELETE FROM fleet_samples WHERE minute < $1")
        .bind(oldest.0.div_euclid(MINUTE_MS))
        .execute(conn)
        .await
        .map_err(db_error)?;
    Ok(true)
}

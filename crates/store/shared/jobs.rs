//! Jobs and the queue that those of them form which wait.

use super::rows::{self, Columns, job_columns, maybe};
use super::{Conn, bound, count, in_order};
use crate::dialect::{self, Db, db_error, ids_in};
use sqlx::{QueryBuilder, query};
use travis_model::{BuildId, Job, JobId, JobState, RepositoryId};
use travis_store::{BuildKey, JobProgress, NewBuild, QueueDepth, StoreError};

/// Jobs stored by one statement: databases bound the number of its arguments.
const ROWS_PER_INSERT: usize = 100;

pub async fn job(conn: &mut Conn, id: JobId) -> Result<Option<Job>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs WHERE id = $1"
    ))
    .bind(id.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), rows::job)
}

pub async fn jobs_by_id(conn: &mut Conn, ids: &[JobId]) -> Result<Vec<Job>, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.get()).collect();
    let found = query(concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs WHERE ",
        ids_in!("id", "$1")
    ))
    .bind(dialect::ids(&ids))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    Ok(in_order(&ids, rows::all(&found, rows::job)?, |job| {
        (job.id.get(), 0)
    }))
}

pub async fn jobs(conn: &mut Conn, builds: &[BuildId]) -> Result<Vec<Job>, StoreError> {
    let ids: Vec<i64> = builds.iter().map(|id| id.get()).collect();
    let found = query(concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs WHERE ",
        ids_in!("build_id", "$1")
    ))
    .bind(dialect::ids(&ids))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    Ok(in_order(&ids, rows::all(&found, rows::job)?, |job| {
        (job.build_id.get(), job.position)
    }))
}

pub async fn job_progress(conn: &mut Conn, build: BuildId) -> Result<Vec<JobProgress>, StoreError> {
    let found = query(
        "SELECT id, stage_number, state, allow_failure, provisional FROM jobs WHERE build_id = $1 ORDER BY position",
    )
    .bind(build.get())
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, |row| {
        let mut columns = Columns::new(row, "jobs");
        Ok(JobProgress {
            id: JobId(columns.get()?),
            stage_number: columns.get()?,
            state: columns.word(JobState::parse)?,
            allow_failure: columns.get()?,
            provisional: columns.get()?,
        })
    })
}

pub async fn passed_job_seconds(
    conn: &mut Conn,
    repository: RepositoryId,
    cell: &str,
    limit: u64,
) -> Result<Vec<i64>, StoreError> {
    let found = query(
        "SELECT (finished_at - started_at) / 1000 FROM jobs \
         WHERE repository_id = $1 AND cell = $2 AND state = 'passed' \
         AND started_at IS NOT NULL AND finished_at IS NOT NULL ORDER BY id DESC LIMIT $3",
    )
    .bind(repository.get())
    .bind(cell.to_owned())
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, |row| Columns::new(row, "jobs").get())
}

pub async fn queued_jobs(
    conn: &mut Conn,
    os: &str,
    arch: &str,
    limit: u64,
) -> Result<Vec<Job>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs WHERE state = 'queued' AND os = $1 AND arch = $2 ORDER BY id LIMIT $3"
    ))
    .bind(os.to_owned())
    .bind(arch.to_owned())
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, rows::job)
}

pub async fn jobs_ahead(conn: &mut Conn, job: &Job) -> Result<u64, StoreError> {
    let row = query(
        "SELECT COUNT(*) FROM jobs WHERE state = 'queued' AND os = $1 AND arch = $2 AND id < $3",
    )
    .bind(job.os.clone())
    .bind(job.arch.clone())
    .bind(job.id.get())
    .fetch_one(conn)
    .await
    .map_err(db_error)?;
    Ok(count(Columns::new(&row, "jobs").get()?))
}

pub async fn queue_depth(conn: &mut Conn) -> Result<QueueDepth, StoreError> {
    let row = query(
        "SELECT (SELECT COUNT(*) FROM jobs WHERE state = 'queued'), \
         (SELECT COUNT(*) FROM jobs WHERE state IN ('received', 'started'))",
    )
    .fetch_one(conn)
    .await
    .map_err(db_error)?;
    let mut c = Columns::new(&row, "jobs");
    Ok(QueueDepth {
        queued: count(c.get()?),
        held: count(c.get()?),
    })
}

/// Stores the jobs of a new build. `stages` are the identifiers of its stages in order.
pub(super) async fn insert_jobs(
    conn: &mut Conn,
    build: BuildKey,
    stages: &[i64],
    new: &NewBuild,
) -> Result<(), StoreError> {
    let numbered: Vec<_> = new.jobs.iter().zip(1_i64..).collect();
    if numbered.iter().any(|(job, _)| job.stage >= stages.len()) {
        return Err(StoreError::NotFound("stage"));
    }
    for part in numbered.chunks(ROWS_PER_INSERT) {
        let mut sql = QueryBuilder::<Db>::new(
            "INSERT INTO jobs (build_id, repository_id, stage_id, stage_number, number, position, \
             name, state, allow_failure, config, cell, os, arch, created_at, updated_at) ",
        );
        sql.push_values(part, |mut row, (job, position)| {
            row.push_bind(build.id.get())
                .push_bind(new.repository_id.get())
                .push_bind(stages.get(job.stage).copied().unwrap_or_default())
                .push_bind(bound(job.stage as u64 + 1))
                .push_bind(format!("{}.{position}", build.number))
                .push_bind(*position)
                .push_bind(job.name.clone())
                .push_bind("created")
                .push_bind(job.allow_failure)
                .push_bind(job.config.to_string())
                .push_bind(job.cell.clone())
                .push_bind(job.os.clone())
                .push_bind(job.arch.clone())
                .push_bind(new.at.0)
                .push_bind(new.at.0);
        });
        sql.build()
            .persistent(part.len() == 1)
            .execute(&mut *conn)
            .await
            .map_err(db_error)?;
    }
    Ok(())
}

pub async fn save_job(conn: &mut Conn, job: &Job) -> Result<(), StoreError> {
    let done = query(
        "UPDATE jobs SET state = $3, attempt_id = $4, lost = $5, run = $6, reason = $7, \
         queued_at = $8, received_at = $9, started_at = $10, finished_at = $11, \
         restarted_at = $12, restarted_by = $13, updated_at = $14, verification = $15, \
         provisional = $16, flaky = $17, opinion_id = $18, yielded_at = $19, version = version + 1 \
         WHERE id = $1 AND version = $2",
    )
    .bind(job.id.get())
    .bind(job.version)
    .bind(job.state.as_str())
    .bind(job.attempt_id.map(|id| id.get()))
    .bind(i64::from(job.lost))
    .bind(i64::from(job.run))
    .bind(job.reason.clone())
    .bind(job.queued_at.map(|at| at.0))
    .bind(job.received_at.map(|at| at.0))
    .bind(job.started_at.map(|at| at.0))
    .bind(job.finished_at.map(|at| at.0))
    .bind(job.restarted_at.map(|at| at.0))
    .bind(job.restarted_by.map(|id| id.get()))
    .bind(job.updated_at.0)
    .bind(job.verification.as_str())
    .bind(job.provisional)
    .bind(job.flaky)
    .bind(job.opinion_id.map(|id| id.get()))
    .bind(job.yielded_at.map(|at| at.0))
    .execute(conn)
    .await
    .map_err(db_error)?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Conflict("job"));
    }
    Ok(())
}

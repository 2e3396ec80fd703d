//! Tests of attempts, and files that they left.

use super::rows::{self, Columns, maybe};
use super::{Conn, Row, bound};
use crate::dialect::{db_error, ids, ids_in};
use sqlx::query;
use travis_model::{ArtifactId, AttemptId, RepositoryId};
use travis_store::{
    Artifact, NewArtifact, StoreError, TestReport, TestSums, TestsBefore, TestsPast,
};

macro_rules! artifact_columns {
    () => {
        "id, attempt_id, repository_id, kind, path, size, sha256, object_key, created_at"
    };
}
macro_rules! past_columns {
    () => {
        "attempt_id, job_id, build_id, branch, on_branch, sha, marks, created_at"
    };
}

fn artifact_row(row: &Row) -> Result<Artifact, StoreError> {
    let mut columns = Columns::new(row, "artifacts");
    let id = columns.id()?;
    let attempt_id = columns.id()?;
    let repository_id = columns.id()?;
    let kind = columns.get()?;
    let path = columns.get()?;
    let size = columns.small()?;
    let sha256 = columns.get()?;
    let object_key = columns.get()?;
    Ok(Artifact {
        id,
        file: NewArtifact {
            attempt_id,
            repository_id,
            kind,
            path,
            size,
            sha256,
            at: columns.time()?,
        },
        object_key,
    })
}

fn sums(columns: &mut Columns<'_>) -> Result<TestSums, StoreError> {
    Ok(TestSums {
        attempt_id: columns.id()?,
        job_id: columns.id()?,
        passed: columns.small()?,
        failed: columns.small()?,
        skipped: columns.small()?,
        micros: columns.small()?,
    })
}

fn past_row(row: &Row) -> Result<TestsPast, StoreError> {
    let mut columns = Columns::new(row, "test_reports");
    Ok(TestsPast {
        attempt_id: columns.id()?,
        job_id: columns.id()?,
        build_id: columns.id()?,
        branch: columns.get()?,
        on_branch: columns.get()?,
        sha: columns.get()?,
        marks: columns.get()?,
        at: columns.time()?,
    })
}

pub async fn test_report(
    conn: &mut Conn,
    attempt: AttemptId,
) -> Result<Option<TestReport>, StoreError> {
    let row = query(
        "SELECT attempt_id, job_id, passed, failed, skipped, micros, build_id, repository_id, cell, \
         branch, on_branch, sha, body, marks, created_at FROM test_reports WHERE attempt_id = $1",
    )
    .bind(attempt.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), |row| {
        let mut columns = Columns::new(row, "test_reports");
        Ok(TestReport {
            sums: sums(&mut columns)?,
            build_id: columns.id()?,
            repository_id: columns.id()?,
            cell: columns.get()?,
            branch: columns.get()?,
            on_branch: columns.get()?,
            sha: columns.get()?,
            body: columns.get()?,
            marks: columns.get()?,
            at: columns.time()?,
        })
    })
}

pub async fn test_sums(
    conn: &mut Conn,
    attempts: &[AttemptId],
) -> Result<Vec<TestSums>, StoreError> {
    if attempts.is_empty() {
        return Ok(Vec::new());
    }
    let list: Vec<i64> = attempts.iter().map(|id| id.get()).collect();
    let found = query(concat!(
        "SELECT attempt_id, job_id, passed, failed, skipped, micros FROM test_reports WHERE ",
        ids_in!("attempt_id", "$1")
    ))
    .bind(ids(&list))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, |row| sums(&mut Columns::new(row, "test_reports")))
}

pub async fn tests_before(
    conn: &mut Conn,
    wanted: &TestsBefore,
) -> Result<Vec<TestsPast>, StoreError> {
    let of_branch = query(concat!(
        "SELECT ",
        past_columns!(),
        " FROM test_reports WHERE repository_id = $1 AND cell = $2 AND branch = $3 AND on_branch \
         AND attempt_id < $4 ORDER BY attempt_id DESC LIMIT $5"
    ))
    .bind(wanted.repository_id.get())
    .bind(wanted.cell.clone())
    .bind(wanted.branch.clone())
    .bind(wanted.before.get())
    .bind(bound(wanted.limit))
    .fetch_all(&mut *conn)
    .await
    .map_err(db_error)?;
    let mut all = rows::all(&of_branch, past_row)?;
    let of_commit = query(concat!(
        "SELECT ",
        past_columns!(),
        " FROM test_reports WHERE repository_id = $1 AND cell = $2 AND sha = $3 \
         AND attempt_id <> $4 ORDER BY attempt_id DESC LIMIT $5"
    ))
    .bind(wanted.repository_id.get())
    .bind(wanted.cell.clone())
    .bind(wanted.sha.clone())
    .bind(wanted.before.get())
    .bind(bound(wanted.limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    for row in rows::all(&of_commit, past_row)? {
        if all.iter().all(|known| known.attempt_id != row.attempt_id) {
            all.push(row);
        }
    }
    all.sort_unstable_by_key(|past| past.attempt_id);
    Ok(all)
}

pub async fn tests_of_branch(
    conn: &mut Conn,
    repository: RepositoryId,
    branch: &str,
    limit: u64,
) -> Result<Vec<TestsPast>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        past_columns!(),
        " FROM test_reports WHERE repository_id = $1 AND branch = $2 AND on_branch \
         ORDER BY attempt_id DESC LIMIT $3"
    ))
    .bind(repository.get())
    .bind(branch.to_owned())
    .bind(bound(limit))
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, past_row)
}

pub async fn artifacts(conn: &mut Conn, attempt: AttemptId) -> Result<Vec<Artifact>, StoreError> {
    let found = query(concat!(
        "SELECT ",
        artifact_columns!(),
        " FROM artifacts WHERE attempt_id = $1 ORDER BY kind, path, id"
    ))
    .bind(attempt.get())
    .fetch_all(conn)
    .await
    .map_err(db_error)?;
    rows::all(&found, artifact_row)
}

pub async fn artifact(conn: &mut Conn, id: ArtifactId) -> Result<Option<Artifact>, StoreError> {
    let row = query(concat!(
        "SELECT ",
        artifact_columns!(),
        " FROM artifacts WHERE id = $1"
    ))
    .bind(id.get())
    .fetch_optional(conn)
    .await
    .map_err(db_error)?;
    maybe(row.as_ref(), artifact_row)
}

pub async fn is_artifact_object(conn: &mut Conn, object_key: &str) -> Result<bool, StoreError> {
    let row = query("SELECT id FROM artifacts WHERE object_key = $1")
        .bind(object_key.to_owned())
        .fetch_optional(conn)
        .await
        .map_err(db_error)?;
    Ok(row.is_some())
}

pub async fn put_test_report(conn: &mut Conn, report: &TestReport) -> Result<(), StoreError> {
    let sums = report.sums;
    query(
        "INSERT INTO test_reports (attempt_id, job_id, build_id, repository_id, cell, branch, \
         on_branch, sha, passed, failed, skipped, micros, body, marks, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) \
         ON CONFLICT (attempt_id) DO UPDATE SET passed = excluded.passed, \
         failed = excluded.failed, skipped = excluded.skipped, micros = excluded.micros, \
         body = excluded.body, marks = excluded.marks, created_at = excluded.created_at",
    )
    .bind(sums.attempt_id.get())
    .bind(sums.job_id.get())
    .bind(report.build_id.get())
    .bind(report.repository_id.get())
    .bind(report.cell.clone())
    .bind(report.branch.clone())
    .bind(report.on_branch)
    .bind(report.sha.clone())
    .bind(bound(sums.passed))
    .bind(bound(sums.failed))
    .bind(bound(sums.skipped))
    .bind(bound(sums.micros))
    .bind(report.body.clone())
    .bind(report.marks.clone())
    .bind(report.at.0)
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(())
}

pub async fn put_artifact(conn: &mut Conn, new: &NewArtifact) -> Result<(), StoreError> {
    query(
        "INSERT INTO artifacts (attempt_id, repository_id, kind, path, size, sha256, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (attempt_id, kind, path) DO NOTHING",
    )
    .bind(new.attempt_id.get())
    .bind(new.repository_id.get())
    .bind(new.kind.clone())
    .bind(new.path.clone())
    .bind(bound(new.size))
    .bind(new.sha256.clone())
    .bind(new.at.0)
    .execute(conn)
    .await
    .map_err(db_error)?;
    Ok(())
}

pub async fn store_artifact(
    conn: &mut Conn,
    id: ArtifactId,
    object_key: &str,
) -> Result<bool, StoreError> {
    let done = query("UPDATE artifacts SET object_key = $2 WHERE id = $1 AND object_key IS NULL")
        .bind(id.get())
        .bind(object_key.to_owned())
        .execute(conn)
        .await
        .map_err(db_error)?;
    Ok(done.rows_affected() > 0)
}

pub async fn delete_artifacts(
    conn: &mut Conn,
    attempt: AttemptId,
    kind: &str,
) -> Result<Vec<String>, StoreError> {
    let found = query(
        "SELECT object_key FROM artifacts WHERE attempt_id = $1 AND kind = $2 \
         AND object_key IS NOT NULL ORDER BY id",
    )
    .bind(attempt.get())
    .bind(kind.to_owned())
    .fetch_all(&mut *conn)
    .await
    .map_err(db_error)?;
    query("DELETE FROM artifacts WHERE attempt_id = $1 AND kind = $2")
        .bind(attempt.get())
        .bind(kind.to_owned())
        .execute(conn)
        .await
        .map_err(db_error)?;
    rows::all(&found, |row| Columns::new(row, "artifacts").get())
}

//! When an attempt ends, its log and its files become its tests.

use super::REPORT;
use crate::{AttemptAccess, Engine, EngineError, masks};
use futures_util::TryStreamExt as _;
use travis_logs::mask::Masker;
use travis_model::{Attempt, trust::Tier};
use travis_results::{Report, marks, merge, read_file};
use travis_store::{Artifact, TestReport, TestSums};

/// How much packing tries: reports are small.
const LEVEL: i32 = 3;

/// A file of results: its path and its bytes, or why there are none.
type File = (String, Result<Vec<u8>, String>);

impl Engine {
    /// Reads an attempt's tests and keeps them. Idempotent; what goes wrong is only noted.
    pub(crate) async fn keep_tests(&self, access: AttemptAccess, attempt: &Attempt) {
        if let Err(error) = self.gather_tests(access, attempt).await {
            tracing::warn!(attempt = attempt.id.get(), %error, "an attempt's tests could not be kept");
        }
    }

    async fn gather_tests(
        &self,
        access: AttemptAccess,
        attempt: &Attempt,
    ) -> Result<(), EngineError> {
        let scan = self.read_whole(attempt.id).await?;
        let rows = self.store.reader().await?.artifacts(attempt.id).await?;
        let mut files: Vec<File> = Vec::new();
        for row in rows.iter().filter(|row| row.file.kind == REPORT) {
            files.push((row.file.path.clone(), self.read_report(row).await));
        }
        let masks = match self.mask_of(access).await? {
            Some(stream) => Some(masks::fresh(&stream).await),
            None => None,
        };
        let read = tokio::task::spawn_blocking(move || {
            let files = files.into_iter().map(|(path, bytes)| {
                let read = match bytes {
                    Ok(bytes) => read_file(&bytes).map(|report| match &masks {
                        Some(masks) => without_secrets(masks, report),
                        None => report,
                    }),
                    Err(why) => Err(travis_results::ReportError::Missing(why)),
                };
                (path, read)
            });
            merge(files.collect(), scan.finish())
        });
        let report = read
            .await
            .map_err(|error| EngineError::Tests(error.to_string()))?;
        if report.counts.total() > 0 || !report.files.is_empty() {
            self.store_report(attempt, &report).await?;
        }
        if rows.iter().any(|row| row.file.kind == REPORT) {
            let mut tx = self.store.begin().await?;
            let dead = tx.delete_artifacts(attempt.id, REPORT).await?;
            tx.commit().await?;
            self.remove_objects(&dead).await;
        }
        Ok(())
    }

    async fn read_report(&self, row: &Artifact) -> Result<Vec<u8>, String> {
        let never = || "its bytes never came".to_owned();
        let blob = self.artifact_bytes(row, None).await.map_err(|_| never())?;
        if blob.size > self.policy.results.report_bytes {
            return Err(format!(
                "it is larger than {} bytes",
                self.policy.results.report_bytes
            ));
        }
        let pieces: Vec<bytes::Bytes> = blob.pieces.try_collect().await.map_err(|_| never())?;
        Ok(pieces.concat())
    }

    async fn store_report(&self, attempt: &Attempt, report: &Report) -> Result<(), EngineError> {
        let packed = pack(report)?;
        let mut tx = self.store.begin().await?;
        let Some(job) = tx.job(attempt.job_id).await? else {
            return Ok(());
        };
        let Some(build) = tx.build(job.build_id).await? else {
            return Ok(());
        };
        let commit = tx.commits(&[build.commit_id]).await?.pop();
        let counts = report.counts;
        tx.put_test_report(&TestReport {
            sums: TestSums {
                attempt_id: attempt.id,
                job_id: job.id,
                passed: counts.passed,
                failed: counts.failed,
                skipped: counts.skipped,
                micros: counts.micros,
            },
            build_id: build.id,
            repository_id: build.repository_id,
            cell: job.cell.clone(),
            branch: build.branch.clone(),
            // What a stranger's machine says is no history to compare with.
            on_branch: build.pull_request.is_none() && attempt.tier.is_none_or(Tier::is_trusted),
            sha: commit.map(|commit| commit.sha).unwrap_or_default(),
            body: packed,
            marks: marks(&report.cases),
            at: self.now(),
        })
        .await?;
        Ok(tx.commit().await?)
    }
}

/// Tests of a file without the job's secrets; the log's were masked with it.
fn without_secrets(masks: &Masker, mut report: Report) -> Report {
    let masked = |text: &mut String| {
        let mut masker = masks.fresh();
        let mut clear = Vec::with_capacity(text.len());
        masker.push(text.as_bytes(), &mut clear);
        masker.finish(&mut clear);
        *text = String::from_utf8_lossy(&clear).into_owned();
    };
    for case in &mut report.cases {
        masked(&mut case.name);
        masked(&mut case.suite);
        case.message.as_mut().map(masked);
        case.file.as_mut().map(masked);
    }
    report
}

fn pack(report: &Report) -> Result<Vec<u8>, EngineError> {
    let failed = |error: String| EngineError::Tests(error);
    let json = serde_json::to_vec(report).map_err(|error| failed(error.to_string()))?;
    zstd::bulk::compress(&json, LEVEL).map_err(|error| failed(error.to_string()))
}

/// The most bytes that a report may have unpacked.
const UNPACKED: usize = 64 << 20;

/// A report as it was kept.
pub(super) fn unpack(body: &[u8]) -> Result<Report, EngineError> {
    let failed = |error: String| EngineError::Tests(error);
    let json = zstd::bulk::decompress(body, UNPACKED).map_err(|error| failed(error.to_string()))?;
    serde_json::from_slice(&json).map_err(|error| failed(error.to_string()))
}

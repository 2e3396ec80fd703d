//! What is told of tests.

use super::gather::unpack;
use crate::{Engine, EngineError};
use std::collections::HashMap;
use travis_model::{Attempt, AttemptId, Build, BuildId, Job, JobId, RepositoryId, Timestamp};
use travis_results::{Case, Counts, FileNote, Outcome, Past, Story, outcome_in, stories};
use travis_store::TestsBefore;

/// Runs of a branch that are compared with.
const RUNS: u64 = 20;
/// Reports of a branch that are looked at for one case.
const REPORTS: u64 = 400;
/// Runs of one case that are told.
const TOLD: usize = 100;

/// A case and its past.
#[derive(Debug, Clone)]
pub struct Told {
    /// The case.
    pub case: Case,
    /// Its past; the numbers in it are those of builds.
    pub story: Story,
}

/// Tests of a job's attempt.
#[derive(Debug, Clone, Default)]
pub struct JobTests {
    /// The attempt; none when the job never had one.
    pub attempt: Option<AttemptId>,
    /// The log is still read: there may be more.
    pub running: bool,
    /// How many there are.
    pub counts: Counts,
    /// Those that are known by name; of a running attempt only those that failed.
    pub cases: Vec<Told>,
    /// There were more than are kept.
    pub truncated: bool,
    /// Files that they were read from.
    pub files: Vec<FileNote>,
}

/// One run of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestRun {
    /// In which build.
    pub build: BuildId,
    /// In which of its jobs.
    pub job: JobId,
    /// Of which commit.
    pub sha: String,
    /// How it ended.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
}

impl Engine {
    /// Tests of an attempt of a job; without a number of the one that counts.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for an attempt of another job.
    pub async fn job_tests(
        &self,
        job: &Job,
        attempt: Option<AttemptId>,
    ) -> Result<JobTests, EngineError> {
        let mut reader = self.store.reader().await?;
        let Some(wanted) = attempt.or(job.attempt_id) else {
            return Ok(JobTests::default());
        };
        let row: Option<Attempt> = reader.attempt(wanted).await?;
        let row = row
            .filter(|row| row.job_id == job.id)
            .ok_or(EngineError::NotFound("attempt"))?;
        let running = row.state.is_live();
        let Some(report) = reader.test_report(wanted).await? else {
            drop(reader);
            let (counts, failed) = self.tests.failed(wanted).unwrap_or_default();
            let failed = failed.into_iter().map(|case| Told {
                case,
                story: Story::default(),
            });
            return Ok(JobTests {
                attempt: Some(wanted),
                running,
                counts,
                cases: failed.collect(),
                ..JobTests::default()
            });
        };
        let before = TestsBefore {
            repository_id: report.repository_id,
            cell: report.cell,
            branch: report.branch.clone(),
            sha: report.sha.clone(),
            before: wanted,
            limit: RUNS,
        };
        let rows = reader.tests_before(&before).await?;
        drop(reader);
        let past: Vec<Past> = rows
            .into_iter()
            .map(|run| Past {
                id: run.build_id.get(),
                same_commit: run.sha == report.sha,
                on_branch: run.on_branch && run.branch == report.branch && run.attempt_id < wanted,
                marks: run.marks,
            })
            .collect();
        let body = report.body;
        let told = tokio::task::spawn_blocking(move || {
            let report = unpack(&body)?;
            let stories = stories(&report.cases, &past);
            let cases = report.cases.into_iter().zip(stories);
            Ok::<JobTests, EngineError>(JobTests {
                attempt: Some(wanted),
                running,
                counts: report.counts,
                cases: cases.map(|(case, story)| Told { case, story }).collect(),
                truncated: report.truncated,
                files: report.files,
            })
        });
        told.await
            .map_err(|error| EngineError::Tests(error.to_string()))?
    }

    /// Tests of each job of a build that has some.
    ///
    /// # Errors
    /// When rows can't be had.
    pub async fn build_tests(&self, build: &Build) -> Result<Vec<(Job, JobTests)>, EngineError> {
        let jobs = self.store.reader().await?.jobs(&[build.id]).await?;
        let mut all = Vec::new();
        for job in jobs {
            let tests = self.job_tests(&job, None).await?;
            if tests.counts.total() > 0 || !tests.files.is_empty() {
                all.push((job, tests));
            }
        }
        Ok(all)
    }

    /// Runs of a case on a branch, the newest first.
    ///
    /// # Errors
    /// When rows can't be had.
    pub async fn test_history(
        &self,
        repository: RepositoryId,
        branch: &str,
        key: u64,
    ) -> Result<Vec<TestRun>, EngineError> {
        let mut reader = self.store.reader().await?;
        let rows = reader.tests_of_branch(repository, branch, REPORTS).await?;
        let runs = rows.into_iter().filter_map(|row| {
            Some(TestRun {
                build: row.build_id,
                job: row.job_id,
                outcome: outcome_in(&row.marks, key)?,
                sha: row.sha,
                at: row.at,
            })
        });
        Ok(runs.take(TOLD).collect())
    }

    /// Sums of jobs by their attempts: what is kept, else what a running log told so far.
    ///
    /// # Errors
    /// When rows can't be had.
    pub async fn test_counts(
        &self,
        attempts: &[AttemptId],
    ) -> Result<HashMap<AttemptId, Counts>, EngineError> {
        let mut reader = self.store.reader().await?;
        let kept = reader.test_sums(attempts).await?;
        let mut all: HashMap<AttemptId, Counts> = attempts
            .iter()
            .filter_map(|id| Some((*id, self.tests_so_far(*id)?)))
            .collect();
        all.extend(kept.into_iter().map(|sums| {
            let counts = Counts {
                passed: sums.passed,
                failed: sums.failed,
                skipped: sums.skipped,
                micros: sums.micros,
            };
            (sums.attempt_id, counts)
        }));
        Ok(all)
    }
}

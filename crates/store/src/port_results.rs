//! The part of the port about what jobs leave: tests and files. The bytes of files lie elsewhere.

use crate::StoreError;
use async_trait::async_trait;
use travis_model::{ArtifactId, AttemptId, BuildId, JobId, RepositoryId, Timestamp};

/// Tests of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestReport {
    /// Of which attempt.
    pub sums: TestSums,
    /// Its build.
    pub build_id: BuildId,
    /// Its repository.
    pub repository_id: RepositoryId,
    /// The cell of the matrix, by which its job is found again in other builds.
    pub cell: String,
    /// The branch it is of, or is meant for.
    pub branch: String,
    /// It is the branch's own, and no pull request's.
    pub on_branch: bool,
    /// The commit.
    pub sha: String,
    /// All cases, packed.
    pub body: Vec<u8>,
    /// Their outcomes, in few bytes.
    pub marks: Vec<u8>,
    /// When it was written.
    pub at: Timestamp,
}

/// How many tests of an attempt ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestSums {
    /// Of which attempt.
    pub attempt_id: AttemptId,
    /// Its job.
    pub job_id: JobId,
    /// Held.
    pub passed: u64,
    /// Did not.
    pub failed: u64,
    /// Were left out.
    pub skipped: u64,
    /// What they took together, in microseconds.
    pub micros: u64,
}

/// Which earlier runs are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestsBefore {
    /// Of this repository.
    pub repository_id: RepositoryId,
    /// Of this cell.
    pub cell: String,
    /// The branch's own runs.
    pub branch: String,
    /// And those of this commit, of whatever branch, later ones, too.
    pub sha: String,
    /// Before this attempt; it itself is left out.
    pub before: AttemptId,
    /// Of each of the two at most.
    pub limit: u64,
}

/// An earlier run's outcomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestsPast {
    /// Its attempt.
    pub attempt_id: AttemptId,
    /// Its job.
    pub job_id: JobId,
    /// Its build.
    pub build_id: BuildId,
    /// The branch it is of, or is meant for.
    pub branch: String,
    /// It is the branch's own.
    pub on_branch: bool,
    /// The commit.
    pub sha: String,
    /// See [`TestReport::marks`].
    pub marks: Vec<u8>,
    /// When it was written.
    pub at: Timestamp,
}

/// A file that an attempt left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Identifier.
    pub id: ArtifactId,
    /// What it is.
    pub file: NewArtifact,
    /// Where its bytes lie; they never came while there is none.
    pub object_key: Option<String>,
}

/// A file that an attempt says it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewArtifact {
    /// Of which attempt.
    pub attempt_id: AttemptId,
    /// Of which repository.
    pub repository_id: RepositoryId,
    /// `artifact`, or `report` for one that is read for tests.
    pub kind: String,
    /// Its path, without `..`.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes, in hex.
    pub sha256: String,
    /// Now.
    pub at: Timestamp,
}

/// What can be read about what jobs leave.
#[async_trait]
pub trait ResultsReader: Send {
    /// Tests of an attempt.
    async fn test_report(&mut self, attempt: AttemptId) -> Result<Option<TestReport>, StoreError>;
    /// Sums of attempts, those that have some.
    async fn test_sums(&mut self, attempts: &[AttemptId]) -> Result<Vec<TestSums>, StoreError>;
    /// Earlier runs of a job, and others of its commit, the oldest attempt first.
    async fn tests_before(&mut self, wanted: &TestsBefore) -> Result<Vec<TestsPast>, StoreError>;
    /// Reports of a repository's branch, the newest first.
    async fn tests_of_branch(
        &mut self,
        repository: RepositoryId,
        branch: &str,
        limit: u64,
    ) -> Result<Vec<TestsPast>, StoreError>;
    /// Files of an attempt, by kind and path.
    async fn artifacts(&mut self, attempt: AttemptId) -> Result<Vec<Artifact>, StoreError>;
    /// A file.
    async fn artifact(&mut self, id: ArtifactId) -> Result<Option<Artifact>, StoreError>;
    /// Whether a file's bytes lie there.
    async fn is_artifact_object(&mut self, object_key: &str) -> Result<bool, StoreError>;
}

/// What can be changed about it, in the same transaction as the rest.
#[async_trait]
pub trait ResultsTx: ResultsReader {
    /// Keeps an attempt's tests, in place of those it had.
    async fn put_test_report(&mut self, report: &TestReport) -> Result<(), StoreError>;
    /// Notes a file. One of its kind and path that is noted already stays as it is.
    async fn put_artifact(&mut self, new: &NewArtifact) -> Result<(), StoreError>;
    /// Notes where a file's bytes lie, unless they lie somewhere already. Answers whether it did.
    async fn store_artifact(
        &mut self,
        id: ArtifactId,
        object_key: &str,
    ) -> Result<bool, StoreError>;
    /// Forgets an attempt's files of a kind. Answers where their bytes lie.
    async fn delete_artifacts(
        &mut self,
        attempt: AttemptId,
        kind: &str,
    ) -> Result<Vec<String>, StoreError>;
}

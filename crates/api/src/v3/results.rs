use super::Head;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many tests ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestCounts {
    /// All of them.
    pub total: u64,
    /// Held.
    pub passed: u64,
    /// Did not.
    pub failed: u64,
    /// Were left out.
    pub skipped: u64,
}

/// Tests of a job or of a build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Tests {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// How many there are, whatever was asked for.
    pub counts: TestCounts,
    /// Of those that failed, how many passed in the branch's build before.
    pub newly_failing: u64,
    /// How many can't be trusted: they ended in both ways for one commit, or change too often.
    pub flaky: u64,
    /// What all of them took together, in seconds; 0 where no runner says so.
    pub seconds: f64,
    /// Logs are still read: there may be more, and only those that failed have names yet.
    pub running: bool,
    /// There were more than are kept by name.
    pub truncated: bool,
    /// Files that they were read from; none when all is from logs.
    pub files: Vec<TestFile>,
    /// Jobs that have tests.
    pub jobs: Vec<TestJob>,
    /// Tests that were asked for, from `offset` on.
    pub tests: Vec<Test>,
    /// How many were asked for in all.
    pub matching: u64,
    /// How many were left out before.
    pub offset: u64,
}

/// A file that a job left to be read for tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestFile {
    /// The job's number: `7.1`.
    pub job_number: String,
    /// Its path.
    pub path: String,
    /// Tests in it.
    pub tests: u64,
    /// Why it can't be read.
    #[schema(required = true)]
    pub error: Option<String>,
}

/// A job and how many of its tests ended how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestJob {
    /// Identifier.
    pub id: i64,
    /// `<build>.<n>`.
    pub number: String,
    /// How many.
    pub counts: TestCounts,
}

/// One test of one job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Test {
    /// Names it in every build: 16 hexadecimal digits.
    pub id: String,
    /// Of which job.
    pub job_id: i64,
    /// That job's number.
    pub job_number: String,
    /// Its name.
    pub name: String,
    /// What it belongs to: a class, a package, a chain of descriptions; may be empty.
    pub suite: String,
    /// The file it stands in.
    #[schema(required = true)]
    pub file: Option<String>,
    /// `passed`, `failed`, `skipped`.
    pub outcome: String,
    /// How long it took.
    #[schema(required = true)]
    pub seconds: Option<f64>,
    /// Why it failed or was left out.
    #[schema(required = true)]
    pub message: Option<String>,
    /// The log's line that tells of it; 0 is the first of the log.
    #[schema(required = true)]
    pub log_line: Option<u64>,
    /// It fails now and passed in the branch's build before.
    pub newly_failing: bool,
    /// It ended in both ways for one commit, or changes too often.
    pub flaky: bool,
    /// The branch's last builds, the oldest first.
    pub history: Vec<TestDot>,
}

/// How a test ended in a build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestDot {
    /// Which build.
    pub build_id: i64,
    /// `passed`, `failed`, `skipped`; `null` where it was not among the tests.
    #[schema(required = true)]
    pub outcome: Option<String>,
}

/// One test over the builds of a branch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestHistory {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Of which branch.
    pub branch: String,
    /// Its runs, the newest first.
    pub runs: Vec<TestRun>,
}

/// One run of a test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TestRun {
    /// In which build.
    pub build_id: i64,
    /// In which of its jobs.
    pub job_id: i64,
    /// Of which commit.
    pub sha: String,
    /// How it ended.
    pub outcome: String,
    /// When.
    pub at: String,
}

/// Files that a job left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Artifacts {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// The files by path.
    pub artifacts: Vec<Artifact>,
}

/// A file that a job left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Artifact {
    /// What every object begins with.
    #[serde(flatten)]
    pub head: Head,
    /// Identifier.
    pub id: i64,
    /// Its path in the job's directory.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its bytes, as the worker declared it and the server checked it.
    pub sha256: String,
    /// What it is, by its name: `text/plain`.
    pub content_type: String,
    /// Its bytes are here. They are not while the job hands them over, and stay away when its worker
    /// was lost meanwhile.
    pub complete: bool,
    /// Where its bytes are.
    pub download_href: String,
    /// When the job left it.
    pub created_at: String,
}

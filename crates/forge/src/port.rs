//! The port: what must be known of a repository.

use async_trait::async_trait;

use crate::error::ForgeError;

/// The longest file that [`Forge::snapshot`] reads, in bytes.
pub const MAX_FILE: usize = 1024 * 1024;

/// A repository as this system knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoRef {
    /// Our id of it. What is cached of a repository is cached under its id.
    pub id: i64,
    /// Its clone URL.
    pub url: String,
}

/// Which commit is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want {
    /// The tip of a branch, by its short name.
    Branch(String),
    /// The commit of a tag, by its short name.
    Tag(String),
    /// A commit by its id; at least 4 of the 40 digits.
    Commit(String),
    /// Any ref by its full name, such as `refs/pull/3/merge`.
    Ref(String),
    /// The tip of the default branch.
    Default,
}

/// The commit that was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// All 40 hexadecimal digits.
    pub sha: String,
    /// The branch it was found by.
    pub branch: Option<String>,
    /// The tag it was found by.
    pub tag: Option<String>,
}

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitInfo {
    /// All 40 hexadecimal digits.
    pub sha: String,
    /// The message without the newline at its end.
    pub message: String,
    /// Who wrote the change.
    pub author_name: String,
    /// The writer's address.
    pub author_email: String,
    /// When it was written, in seconds since 1970.
    pub author_date: i64,
    /// Who made the commit.
    pub committer_name: String,
    /// The committer's address.
    pub committer_email: String,
    /// When it was committed, in seconds since 1970.
    pub committer_date: i64,
}

/// A commit and one file of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The commit.
    pub commit: CommitInfo,
    /// The file's bytes; none when the commit has no such file.
    pub file: Option<Vec<u8>>,
}

/// A branch and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchHead {
    /// The short name.
    pub name: String,
    /// The commit at its tip.
    pub sha: String,
}

/// A place where repositories live.
///
/// Contract, checked by the suite in `contract`: everything reads only and may be repeated or
/// dropped at any time. What is said of a commit id holds for ever and may be cached; what is said
/// of a branch is as of now. Every call ends within a time limit of the implementation.
#[async_trait]
pub trait Forge: Send + Sync {
    /// Finds the commit that is meant.
    ///
    /// # Errors
    /// [`ForgeError::NotFound`] when the repository, the ref or the commit is not there, and the
    /// other variants as they say.
    async fn resolve(&self, repo: &RepoRef, want: &Want) -> Result<Resolved, ForgeError>;

    /// Reads a commit by its full id. `fetch_ref` names a full ref to fetch it by where the host
    /// does not give out commits by id.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    async fn commit(
        &self,
        repo: &RepoRef,
        sha: &str,
        fetch_ref: Option<&str>,
    ) -> Result<CommitInfo, ForgeError>;

    /// Reads a file of a commit; none when it has no such file.
    ///
    /// # Errors
    /// [`ForgeError::TooLarge`] beyond `max_bytes`; else as [`Self::resolve`].
    async fn file(
        &self,
        repo: &RepoRef,
        sha: &str,
        path: &str,
        max_bytes: usize,
    ) -> Result<Option<Vec<u8>>, ForgeError>;

    /// [`Self::commit`] and [`Self::file`] (up to [`MAX_FILE`]) in one go.
    ///
    /// # Errors
    /// As those.
    async fn snapshot(
        &self,
        repo: &RepoRef,
        sha: &str,
        fetch_ref: Option<&str>,
        path: &str,
    ) -> Result<Snapshot, ForgeError>;

    /// All branches, by name.
    ///
    /// # Errors
    /// As [`Self::resolve`].
    async fn branches(&self, repo: &RepoRef) -> Result<Vec<BranchHead>, ForgeError>;
}

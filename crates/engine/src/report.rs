//! What the forge is told of a commit: noted in the transaction that changed the state, sent by
//! [`sender`] as things stand at the moment of sending.

mod annotations;
mod look;
mod memo;
mod sender;
mod summary;
mod verdict;
mod voices;
mod words;

use crate::EngineError;
use serde_json::json;
use travis_model::{Build, PullRequest, RepositoryId, Request, Timestamp};
use travis_store::Tx;

/// The kind of the outbox's rows about commits.
pub(crate) const COMMIT_STATUS: &str = "commit_status";

/// The part of a row's key that tells pushes from pull requests, as the original's contexts do.
pub(crate) const fn side(pull_request: Option<&PullRequest>) -> &'static str {
    if pull_request.is_some() { "pr" } else { "push" }
}

/// Names the status of one commit: of a pull request its head, since that is what people look at.
pub(crate) fn key(
    repository: RepositoryId,
    sha: &str,
    pull_request: Option<&PullRequest>,
) -> String {
    let sha = pull_request.map_or(sha, |pull| pull.head_sha.as_str());
    format!("{repository}/{sha}/{}", side(pull_request))
}

/// Notes that a build changed; whether there is anybody to be told. For plain git it costs one look
/// at the repository, since every build passes here several times.
pub(crate) async fn note_build(
    tx: &mut dyn Tx,
    build: &Build,
    at: Timestamp,
) -> Result<bool, EngineError> {
    if !is_hosted(tx, build.repository_id).await? {
        return Ok(false);
    }
    let Some(commit) = tx.commits(&[build.commit_id]).await?.pop() else {
        return Ok(false);
    };
    let key = key(
        build.repository_id,
        &commit.sha,
        build.pull_request.as_ref(),
    );
    let payload = json!({"build": build.id.get(), "request": build.request_id.get()});
    tx.append_outbox(COMMIT_STATUS, &key, &payload, at).await?;
    Ok(true)
}

/// Notes that a request waits for somebody's word, or that no build came of it. Does nothing for
/// plain git, nor while the commit is not known.
pub(crate) async fn note_request(
    tx: &mut dyn Tx,
    request: &Request,
    at: Timestamp,
) -> Result<(), EngineError> {
    let known = request.pull_request.is_some() || request.sha.is_some();
    if known && is_hosted(tx, request.repository_id).await? {
        let sha = request.sha.as_deref().unwrap_or_default();
        let key = key(request.repository_id, sha, request.pull_request.as_ref());
        let payload = json!({"request": request.id.get()});
        tx.append_outbox(COMMIT_STATUS, &key, &payload, at).await?;
    }
    Ok(())
}

async fn is_hosted(tx: &mut dyn Tx, id: RepositoryId) -> Result<bool, EngineError> {
    let repository = tx.repository(id).await?;
    Ok(repository.is_some_and(|row| row.hosting.is_some()))
}

/// What was told of a build's commit, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// How far it is.
    pub state: ReportedState,
    /// The context of the status, or the name of the check.
    pub context: String,
    /// What was said last; what is to be said while nothing was.
    pub description: String,
    /// Why it could not be said.
    pub error: Option<String>,
    /// When it was said last.
    pub told_at: Option<Timestamp>,
    /// When it is tried again.
    pub next_try_at: Option<Timestamp>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportedState {
    /// The forge knows.
    Told,
    /// It is about to be told.
    Waiting,
    /// It was given up.
    Failed,
    /// There was nothing to tell yet.
    None,
}

impl ReportedState {
    /// The word on wires.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::None => "none",
        }
    }
}

/// What was told of a build's commit; `sha` is the one built. For plain git there is nobody to be
/// told: do not ask.
///
/// # Errors
/// When the rows can't be read.
pub async fn reported(
    reader: &mut dyn travis_store::Reader,
    build: &Build,
    sha: &str,
) -> Result<Reported, travis_store::StoreError> {
    let pull_request = build.pull_request.as_ref();
    let key = key(build.repository_id, sha, pull_request);
    let entry = reader.outbox_entry(COMMIT_STATUS, &key).await?;
    Ok(memo::reported(entry.as_ref(), side(pull_request)))
}

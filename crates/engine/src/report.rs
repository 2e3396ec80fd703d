//! What the forge is told of a commit: noted in the transaction that changed the state.

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

/// Notes that a build changed. Does nothing for plain git.
pub(crate) async fn note_build(
    tx: &mut dyn Tx,
    build: &Build,
    sha: &str,
    at: Timestamp,
) -> Result<(), EngineError> {
    let hosted = tx
        .repository(build.repository_id)
        .await?
        .is_some_and(|row| row.hosting.is_some());
    if hosted {
        let key = key(build.repository_id, sha, build.pull_request.as_ref());
        let payload = json!({"build": build.id.get(), "request": build.request_id.get()});
        tx.append_outbox(COMMIT_STATUS, &key, &payload, at).await?;
    }
    Ok(())
}

/// Notes that a request waits for somebody's word, or that no build came of it. Does nothing for
/// plain git, nor while the commit is not known.
pub(crate) async fn note_request(
    tx: &mut dyn Tx,
    request: &Request,
    at: Timestamp,
) -> Result<(), EngineError> {
    let hosted = tx
        .repository(request.repository_id)
        .await?
        .is_some_and(|row| row.hosting.is_some());
    let known = request.pull_request.is_some() || request.sha.is_some();
    if hosted && known {
        let sha = request.sha.as_deref().unwrap_or_default();
        let key = key(request.repository_id, sha, request.pull_request.as_ref());
        let payload = json!({"request": request.id.get()});
        tx.append_outbox(COMMIT_STATUS, &key, &payload, at).await?;
    }
    Ok(())
}

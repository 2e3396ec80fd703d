//! Who may have a repository's secrets: the one place where that is found out. The rule itself is
//! [`travis_model::trust::may_have_secrets`].

use crate::{Engine, EngineError, standing::tier};
use travis_model::{
    Build, Commit, Purpose, Repository, Worker,
    trust::{Origin, Tier, may_have_secrets},
};
use travis_store::{Reader, Tx};

/// Whose code a build runs.
///
/// # Errors
/// When the store fails.
pub(crate) async fn origin(
    reader: &mut dyn Reader,
    repository: &Repository,
    build: &Build,
    sha: &str,
) -> Result<Origin, EngineError> {
    let foreign = Origin::Fork {
        secrets_approved: false,
    };
    if let Some(pull) = &build.pull_request {
        if !pull.fork {
            return Ok(Origin::Own);
        }
        let approvals = reader.approvals(repository.id, pull.number).await?;
        return Ok(Origin::Fork {
            secrets_approved: approvals
                .iter()
                .any(|approval| approval.secrets && approval.head_sha == pull.head_sha),
        });
    }
    match build.event_type.as_str() {
        // A cron builds a branch; whatever else it may come to name is foreign.
        "cron" if build.branch.starts_with("refs/") => Ok(foreign),
        "push" | "cron" => Ok(Origin::Own),
        "api" => {
            // A ref such as `refs/pull/3/merge`, or a commit that only some fork has, can be asked
            // for by name: what nobody with the right to push put into the repository is foreign.
            if build.branch.starts_with("refs/") {
                return Ok(foreign);
            }
            if repository.hosting.is_none() || is_own(reader, repository, build, sha).await? {
                Ok(Origin::Own)
            } else {
                Ok(foreign)
            }
        }
        // A pull request of which nothing is known, or what nobody has thought of.
        _ => Ok(foreign),
    }
}

/// Whether the forge told us that this commit was pushed to a branch or tag of the repository.
async fn is_own(
    reader: &mut dyn Reader,
    repository: &Repository,
    build: &Build,
    sha: &str,
) -> Result<bool, EngineError> {
    let head = reader.branch(repository.id, &build.branch).await?;
    if head.is_some_and(|branch| branch.head_sha.as_deref() == Some(sha)) {
        return Ok(true);
    }
    let asked = reader.requests_for_commit(repository.id, sha, 100).await?;
    Ok(asked
        .iter()
        .any(|request| request.event_type == "push" && request.pull_request.is_none()))
}

impl Engine {
    /// Whether a job on this worker may have its repository's secrets.
    pub(crate) async fn may_have_secrets(
        &self,
        tx: &mut dyn Tx,
        worker: &Worker,
        purpose: Purpose,
        repository: &Repository,
        build: &Build,
        commit: &Commit,
    ) -> Result<bool, EngineError> {
        // An opinion is on what ran without them: with them it would deploy, or end otherwise.
        if purpose == Purpose::Opinion {
            return Ok(false);
        }
        let tier = tier(reader_of(tx), worker, repository).await?;
        let origin = origin(reader_of(tx), repository, build, &commit.sha).await?;
        Ok(may_have_secrets(origin, tier))
    }

    /// Whether a build's code may have its repository's secrets, on a worker that may: for showing.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn may_use_secrets(
        &self,
        reader: &mut dyn Reader,
        repository: &Repository,
        build: &Build,
        sha: &str,
    ) -> Result<bool, EngineError> {
        let origin = origin(reader, repository, build, sha).await?;
        Ok(may_have_secrets(origin, Tier::Bound))
    }
}

/// A transaction reads too.
fn reader_of(tx: &mut dyn Tx) -> &mut dyn Reader {
    tx
}

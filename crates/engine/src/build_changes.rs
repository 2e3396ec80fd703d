//! What is done to all jobs of builds at once, by nobody in particular: cancel what is superseded
//! or over, run again what the forge asks for.

use crate::{EngineError, changes::Changes, runs::Run};
use travis_bus::Wake;
use travis_model::{Build, BuildId, JobEvent, RepositoryId, Timestamp, UserId};
use travis_store::{BuildFilter, OPEN_STATES, Page, SeenBy, Tx};

/// Unfinished builds looked at in one go; more than anybody has on one branch.
const AT_ONCE: Page = Page {
    offset: 0,
    limit: 200,
};

/// Which unfinished builds are meant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unfinished {
    /// Of pushes to this branch.
    pub branch: Option<String>,
    /// Of this pull request.
    pub pull_request: Option<i64>,
    /// Those before this number.
    pub before: Option<i64>,
}

/// Cancels unfinished builds of a repository, with the reason. Answers their numbers.
pub(crate) async fn cancel_unfinished(
    tx: &mut dyn Tx,
    changes: &mut Changes,
    repository: RepositoryId,
    which: &Unfinished,
    reason: &str,
    now: Timestamp,
) -> Result<Vec<i64>, EngineError> {
    let filter = BuildFilter {
        seen_by: SeenBy::Operator,
        repository: Some(repository),
        branch: which.branch.clone(),
        pull_request_number: which.pull_request,
        event_types: which.branch.iter().map(|_| "push".to_owned()).collect(),
        states: OPEN_STATES.to_vec(),
        ..Default::default()
    };
    let mut found = tx.builds(&filter, AT_ONCE).await?.items;
    // A tag's builds carry its name as their branch.
    found.retain(|build| {
        which.before.is_none_or(|number| build.number < number)
            && (which.branch.is_none() || build.tag.is_none())
    });
    // Always in the same order, so that two who do this do not wait for each other.
    found.sort_by_key(|build| build.id);
    let mut canceled = Vec::new();
    for build in found {
        if cancel(tx, changes, build.id, reason, now).await? {
            canceled.push(build.number);
        }
    }
    Ok(canceled)
}

async fn cancel(
    tx: &mut dyn Tx,
    changes: &mut Changes,
    id: BuildId,
    reason: &str,
    now: Timestamp,
) -> Result<bool, EngineError> {
    let Some(mut build) = tx.lock_build(id).await? else {
        return Ok(false);
    };
    if build.state.is_finished() {
        return Ok(false);
    }
    let mut holders = Vec::new();
    let jobs = tx.job_progress(id).await?;
    let mut run = Run { tx, changes, now };
    for progress in jobs {
        let Some(mut job) = run.tx.job(progress.id).await? else {
            continue;
        };
        if job.state.is_finished() && !job.provisional {
            continue;
        }
        job.reason = Some(reason.to_owned());
        holders.extend(job.attempt_id.filter(|_| job.state.is_held()));
        holders.extend(job.opinion_id);
        let event = if job.provisional {
            JobEvent::Withdraw
        } else {
            JobEvent::Cancel
        };
        // Finished meanwhile is as good.
        let _stays = run.apply(&mut job, event).await?;
    }
    run.recompute(&mut build).await?;
    for attempt in tx.attempts_by_id(&holders).await? {
        changes.wake(Wake::Worker(attempt.worker_id.get()));
    }
    Ok(true)
}

/// Runs every job of a build again. Answers whether it could: it has to have finished.
pub(crate) async fn restart(
    tx: &mut dyn Tx,
    changes: &mut Changes,
    id: BuildId,
    by: Option<UserId>,
    now: Timestamp,
) -> Result<Option<Build>, EngineError> {
    let Some(mut build) = tx.lock_build(id).await? else {
        return Ok(None);
    };
    if !build.state.is_finished() {
        return Ok(None);
    }
    let jobs = tx.job_progress(id).await?;
    let mut run = Run { tx, changes, now };
    for progress in jobs {
        let Some(mut job) = run.tx.job(progress.id).await? else {
            continue;
        };
        job.restarted_by = by;
        let _stays = run.apply(&mut job, JobEvent::Restart).await?;
    }
    run.recompute(&mut build).await?;
    Ok(Some(build))
}

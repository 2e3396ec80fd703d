//! How many jobs of one repository run side by side, as its maintainers decided.

use crate::{Engine, EngineError, claims::Claims};
use std::collections::HashSet;
use std::sync::PoisonError;
use travis_model::{BuildId, Job, JobState, RepositoryId};
use travis_store::{BuildFilter, OPEN_STATES, Page, Reader, SeenBy, Tx};

/// Jobs looked at for one free slot.
const CANDIDATES: u64 = 16;
/// Looked at when all of those wait for their repositories.
const MORE_CANDIDATES: u64 = 1000;
/// Unfinished builds of a repository that are counted.
const BUILDS: Page = Page {
    offset: 0,
    limit: 500,
};

/// Repositories that run as many jobs as they may.
#[derive(Debug, Default)]
pub(crate) struct FullRepositories(HashSet<RepositoryId>);

impl FullRepositories {
    pub fn is_full(&self, job: &Job) -> bool {
        self.0.contains(&job.repository_id)
    }

    pub fn note(&mut self, id: RepositoryId) {
        self.0.insert(id);
    }
}

impl Engine {
    /// Queued jobs that fit a worker's platform, in order. One repository's long queue behind its
    /// own limit does not hide what others wait for.
    pub(crate) async fn candidates(
        &self,
        claims: &mut Claims,
        full: &mut FullRepositories,
    ) -> Result<Vec<Job>, EngineError> {
        let (os, arch) = claims.platform();
        let mut reader = self.store.reader().await?;
        let mut limit = CANDIDATES;
        loop {
            let queued = reader.queued_jobs(&os, &arch, limit).await?;
            let all_read = queued.len() < usize::try_from(limit).unwrap_or(usize::MAX);
            let mut fresh = Vec::new();
            let mut open = HashSet::new();
            for job in queued {
                let id = job.repository_id;
                if full.is_full(&job) {
                    continue;
                }
                if open.insert(id) {
                    let policy = &self.policy.workers;
                    if claims.is_closed(reader.as_mut(), id, policy).await? {
                        full.note(id);
                        continue;
                    }
                    if is_full(reader.as_mut(), id).await? {
                        full.note(id);
                        self.note_waiting(id);
                        continue;
                    }
                }
                fresh.push(job);
            }
            if !fresh.is_empty() || all_read || limit == MORE_CANDIDATES {
                return Ok(fresh);
            }
            limit = MORE_CANDIDATES;
        }
    }

    /// Whether a repository may run one more job. Holds off everybody else who asks this of the
    /// same repository until the transaction ends.
    pub(crate) async fn has_room(
        &self,
        tx: &mut dyn Tx,
        id: RepositoryId,
    ) -> Result<bool, EngineError> {
        let Some(limit) = limit_of(tx, id).await? else {
            return Ok(true);
        };
        let builds = unfinished(tx, id).await?;
        // The oldest one stands for the repository.
        if let Some(gate) = builds.iter().min() {
            tx.lock_build(*gate).await?;
        }
        let room = held(tx, &builds).await? < limit;
        if !room {
            self.note_waiting(id);
        }
        Ok(room)
    }

    /// Somebody waits for a job of this repository to end.
    fn note_waiting(&self, id: RepositoryId) {
        self.full
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id);
    }

    /// Whether somebody waits for a job of this repository to end. Asked once.
    pub(crate) fn was_waited_for(&self, id: RepositoryId) -> bool {
        self.full
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id)
    }
}

/// The limit of a repository, when it has one and has reached it.
pub(crate) async fn reached_limit(
    reader: &mut dyn Reader,
    id: RepositoryId,
) -> Result<Option<u32>, EngineError> {
    let Some(limit) = limit_of(reader, id).await? else {
        return Ok(None);
    };
    let builds = unfinished(reader, id).await?;
    Ok((held(reader, &builds).await? >= limit).then_some(limit))
}

async fn is_full(reader: &mut dyn Reader, id: RepositoryId) -> Result<bool, EngineError> {
    Ok(reached_limit(reader, id).await?.is_some())
}

async fn limit_of(reader: &mut dyn Reader, id: RepositoryId) -> Result<Option<u32>, EngineError> {
    let repository = reader.repository(id).await?;
    Ok(repository
        .map(|repository| repository.settings.maximum_number_of_builds)
        .filter(|limit| *limit > 0))
}

async fn unfinished(
    reader: &mut dyn Reader,
    id: RepositoryId,
) -> Result<Vec<BuildId>, EngineError> {
    let filter = BuildFilter {
        seen_by: SeenBy::Operator,
        repository: Some(id),
        states: OPEN_STATES.to_vec(),
        ..Default::default()
    };
    let found = reader.builds(&filter, BUILDS).await?.items;
    Ok(found.iter().map(|build| build.id).collect())
}

/// Jobs of these builds that workers have.
async fn held(reader: &mut dyn Reader, builds: &[BuildId]) -> Result<u32, EngineError> {
    let mut count = 0;
    for build in builds {
        let jobs = reader.job_progress(*build).await?;
        let held = |state: JobState| state.is_held();
        count += jobs.iter().filter(|job| held(job.state)).count();
    }
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

//! From request to build: find the commit, read its `.travis.yml`, make the jobs.

use crate::{
    Engine, EngineError,
    build_changes::{Unfinished, cancel_unfinished},
    changes::Changes,
    planning::{Draft, No, Planned},
    report,
    runs::Run,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use travis_bus::Wake;
use travis_forge::ForgeError;
use travis_model::{
    Build, JobState, Repository, RepositorySettings, Request, RequestId, RequestState, Timestamp,
};
use travis_store::{RequestChange, StoreError};

/// Requests looked at side by side.
const SIDE_BY_SIDE: usize = 8;
/// How often the planner looks without being woken.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// Tries before an unreachable git host makes a request fail.
const TRIES: u32 = 5;
/// How long a forge's trouble is waited out, whatever the number of tries.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// Requests whose git host could not be reached.
#[derive(Default)]
struct Retries(HashMap<RequestId, (u32, Timestamp)>);

impl Engine {
    pub(crate) async fn plan_for_ever(self: Arc<Self>) {
        let mut wakes = self.bus.wakes();
        let mut retries = Retries::default();
        loop {
            if let Err(error) = self.plan_pending(&mut retries).await {
                tracing::warn!(%error, "the planner could not look for requests; it looks again in a moment");
            }
            let woken = async {
                // A lag means that something was missed: look.
                while let Ok(wake) = wakes.recv().await {
                    if wake == Wake::Requests {
                        break;
                    }
                }
            };
            drop(tokio::time::timeout(LOOK_EVERY, woken).await);
        }
    }

    /// Looks at every pending request once.
    async fn plan_pending(self: &Arc<Self>, retries: &mut Retries) -> Result<(), EngineError> {
        loop {
            let pending = self.store.reader().await?.pending_requests(64).await?;
            let now = self.now();
            let due: Vec<Request> = pending
                .into_iter()
                .filter(|request| {
                    retries
                        .0
                        .get(&request.id)
                        .is_none_or(|(_, next)| *next <= now)
                })
                .collect();
            if due.is_empty() {
                return Ok(());
            }
            let mut tasks = JoinSet::new();
            for request in due {
                if tasks.len() >= SIDE_BY_SIDE
                    && let Some(done) = tasks.join_next().await
                {
                    self.note_planned(retries, done);
                }
                let engine = self.clone();
                let tried = retries.0.get(&request.id).map_or(0, |(tries, _)| *tries);
                tasks.spawn(async move {
                    let id = request.id;
                    (id, tried, engine.plan_request(request, tried + 1).await)
                });
            }
            while let Some(done) = tasks.join_next().await {
                self.note_planned(retries, done);
            }
        }
    }

    fn note_planned(
        &self,
        retries: &mut Retries,
        done: Result<(RequestId, u32, Result<(), EngineError>), tokio::task::JoinError>,
    ) {
        match done {
            Ok((id, _, Ok(()))) => {
                retries.0.remove(&id);
            }
            Ok((id, tried, Err(error))) => {
                let wait = Duration::from_secs(1 << tried.min(8));
                tracing::warn!(request = id.get(), %error, "a request could not be planned; it is tried again");
                retries.0.insert(id, (tried + 1, self.now().plus(wait)));
            }
            Err(error) => tracing::error!(%error, "planning a request ended unexpectedly"),
        }
    }

    /// Makes a build of a request, or says why not. Fails only for what may pass by itself.
    async fn plan_request(&self, request: Request, tries: u32) -> Result<(), EngineError> {
        let repository = self
            .store
            .reader()
            .await?
            .repository(request.repository_id)
            .await?;
        let Some(repository) = repository else {
            return Ok(());
        };
        // A forge that is away for a while must not cost anybody a build.
        let patient =
            repository.hosting.is_some() && self.now().since(request.created_at) < PATIENCE;
        let last_try = tries >= TRIES && !patient;
        let planned = match self.plan_commit(&repository, &request).await {
            Ok(planned) => planned,
            Err(EngineError::Forge(error)) if last_try || is_final(&error) => {
                Planned::rejected(error.to_string())
            }
            Err(error) => return Err(error),
        };
        match planned {
            Planned::Rejected(no) => self.reject(&request, no).await,
            Planned::Build(draft) => self.store_build(&repository, &request, *draft, None).await,
            Planned::Broken(draft, why) => {
                self.store_build(&repository, &request, *draft, Some(why))
                    .await
            }
        }
    }

    async fn reject(&self, request: &Request, no: No) -> Result<(), EngineError> {
        let mut tx = self.store.begin().await?;
        let head = request.pull_request.as_ref().map(|pull| &pull.head_sha);
        let change = RequestChange {
            id: request.id,
            state: RequestState::Rejected,
            reason: Some(no.reason),
            branch: no.branch,
            sha: head.cloned().or(no.sha),
        };
        match tx.settle_request(&change).await {
            Err(StoreError::Conflict(_)) => return Ok(()),
            other => other?,
        }
        // With the commit that it turned out to be.
        if let Some(fresh) = tx.request(request.id).await? {
            report::note_request(tx.as_mut(), &fresh, self.now()).await?;
        }
        tx.commit().await?;
        let mut changes = Changes::default();
        changes.wake(Wake::Outbox);
        changes.request(request);
        changes.send(self.bus.as_ref());
        Ok(())
    }

    async fn store_build(
        &self,
        repository: &Repository,
        request: &Request,
        draft: Draft,
        broken: Option<String>,
    ) -> Result<(), EngineError> {
        let now = self.now();
        let Draft {
            commit,
            build: mut new,
        } = draft;
        let mut tx = self.store.begin().await?;
        let change = RequestChange {
            id: request.id,
            state: RequestState::Accepted,
            reason: None,
            branch: Some(new.branch.clone()),
            sha: Some(commit.sha.clone()),
        };
        match tx.settle_request(&change).await {
            // Another server made the build.
            Err(StoreError::Conflict(_)) => return Ok(()),
            other => other?,
        }
        new.commit_id = tx.put_commit(&commit).await?;
        if repository.hosting.is_some() && names_branch(request) {
            // Found by the branch's name: it is the repository's own code.
            tx.put_branch(repository.id, &new.branch, None, Some(&commit.sha))
                .await?;
        }
        let key = tx.insert_build(&new).await?;
        let mut build = tx
            .lock_build(key.id)
            .await?
            .ok_or(EngineError::NotFound("build"))?;
        let mut changes = Changes::default();
        changes.build(&build);
        if let Some(why) = broken {
            for mut job in tx.jobs(&[key.id]).await? {
                job.state = JobState::Errored;
                job.reason = Some(why.clone());
                (job.started_at, job.finished_at) = (Some(now), Some(now));
                tx.save_job(&job).await?;
            }
        }
        Run {
            tx: tx.as_mut(),
            changes: &mut changes,
            now,
        }
        .recompute(&mut build)
        .await?;
        if let Some(which) = superseded(&repository.settings, &build) {
            let reason = format!("A newer commit came: canceled by build #{}.", build.number);
            cancel_unfinished(
                tx.as_mut(),
                &mut changes,
                repository.id,
                &which,
                &reason,
                now,
            )
            .await?;
        }
        tx.commit().await?;
        changes.request(request);
        changes.send(self.bus.as_ref());
        Ok(())
    }
}

/// Which unfinished builds a new one makes needless, as the settings say.
fn superseded(settings: &RepositorySettings, build: &Build) -> Option<Unfinished> {
    let before = Some(build.number);
    match &build.pull_request {
        Some(pull) if settings.auto_cancel_pull_requests => Some(Unfinished {
            pull_request: Some(pull.number),
            before,
            ..Unfinished::default()
        }),
        None if settings.auto_cancel_pushes
            && build.event_type == "push"
            && build.tag.is_none() =>
        {
            Some(Unfinished {
                branch: Some(build.branch.clone()),
                before,
                ..Unfinished::default()
            })
        }
        _ => None,
    }
}

/// Whether a request named a branch, or nothing, and no commit.
fn names_branch(request: &Request) -> bool {
    request.sha.is_none()
        && request.tag.is_none()
        && request.pull_request.is_none()
        && !request
            .branch
            .as_ref()
            .is_some_and(|branch| branch.starts_with("refs/"))
}

/// Whether asking again can't help.
const fn is_final(error: &ForgeError) -> bool {
    !error.may_pass()
}

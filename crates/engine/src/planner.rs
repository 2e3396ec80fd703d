//! From request to build: find the commit, read its `.travis.yml`, make the jobs.

use crate::{
    Engine, EngineError,
    changes::Changes,
    draft::{fill, new_job, skips},
    report,
    runs::Run,
};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use travis_bus::Wake;
use travis_config::{BranchDecision, PlanContext};
use travis_forge::{ForgeError, Snapshot, Want};
use travis_model::{
    BuildState, CommitId, JobState, Repository, Request, RequestId, RequestState, Timestamp,
};
use travis_store::{BuildFilter, NewBuild, NewCommit, Page, RequestChange, SeenBy, StoreError};

/// Requests looked at side by side.
const SIDE_BY_SIDE: usize = 8;
/// How often the planner looks without being woken.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// Tries before an unreachable git host makes a request fail.
const TRIES: u32 = 5;

/// The file that says what to build.
const CONFIG_FILE: &str = ".travis.yml";

/// A build, and the commit that is stored with it.
struct Draft {
    commit: NewCommit,
    /// Its commit is not known before it is stored.
    build: NewBuild,
}

/// What a commit and its configuration come to.
enum Planned {
    Build(Box<Draft>),
    /// The configuration can't be used: a build with one errored job that says why.
    Broken(Box<Draft>, String),
    Rejected(String),
}

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
                    (
                        id,
                        tried,
                        engine.plan_request(request, tried + 1 >= TRIES).await,
                    )
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
                let wait = Duration::from_secs(1 << tried.min(5));
                tracing::warn!(request = id.get(), %error, "a request could not be planned; it is tried again");
                retries.0.insert(id, (tried + 1, self.now().plus(wait)));
            }
            Err(error) => tracing::error!(%error, "planning a request ended unexpectedly"),
        }
    }

    /// Makes a build of a request, or says why not. Fails only for what may pass by itself.
    async fn plan_request(&self, request: Request, last_try: bool) -> Result<(), EngineError> {
        let repository = self
            .store
            .reader()
            .await?
            .repository(request.repository_id)
            .await?;
        let Some(repository) = repository else {
            return Ok(());
        };
        let planned = match self.plan_commit(&repository, &request).await {
            Ok(planned) => planned,
            Err(EngineError::Forge(error)) if last_try || is_final(&error) => {
                Planned::Rejected(error.to_string())
            }
            Err(error) => return Err(error),
        };
        match planned {
            Planned::Rejected(reason) => self.reject(&request, reason).await,
            Planned::Build(draft) => self.store_build(&request, *draft, None).await,
            Planned::Broken(draft, why) => self.store_build(&request, *draft, Some(why)).await,
        }
    }

    async fn plan_commit(
        &self,
        repository: &Repository,
        request: &Request,
    ) -> Result<Planned, EngineError> {
        let want = match (&request.sha, &request.tag, &request.branch) {
            (Some(sha), ..) => Want::Commit(sha.clone()),
            (None, Some(tag), _) => Want::Tag(tag.clone()),
            (None, None, Some(name)) if name.starts_with("refs/") => Want::Ref(name.clone()),
            (None, None, Some(branch)) => Want::Branch(branch.clone()),
            (None, None, None) if !repository.default_branch.is_empty() => {
                Want::Branch(repository.default_branch.clone())
            }
            (None, None, None) => Want::Default,
        };
        let fetch_ref = request
            .tag
            .as_ref()
            .map(|tag| format!("refs/tags/{tag}"))
            .or_else(|| request.branch.as_ref().map(|branch| branch_ref(branch)));
        let resolved = self.resolve(repository, &want).await?;
        let snapshot = self
            .snapshot(repository, &resolved.sha, fetch_ref.as_deref(), CONFIG_FILE)
            .await?;
        let branch = request
            .branch
            .clone()
            .or(resolved.branch)
            .or_else(|| request.tag.clone())
            .unwrap_or_else(|| repository.default_branch.clone());
        if request.event_type == "push" && skips(&snapshot.commit.message) {
            return Ok(Planned::Rejected(
                "Build skipped via commit message".to_owned(),
            ));
        }
        self.plan_snapshot(repository, request, &branch, fetch_ref, &snapshot)
            .await
    }

    async fn plan_snapshot(
        &self,
        repository: &Repository,
        request: &Request,
        branch: &str,
        reference: Option<String>,
        snapshot: &Snapshot,
    ) -> Result<Planned, EngineError> {
        let Some(file) = &snapshot.file else {
            return Ok(Planned::Rejected(format!(
                "There is no {CONFIG_FILE} at commit {}: add one and push it.",
                snapshot.commit.sha.get(..7).unwrap_or(&snapshot.commit.sha)
            )));
        };
        let raw = String::from_utf8_lossy(file).into_owned();
        let context = PlanContext {
            branch: branch.to_owned(),
            event_type: request.event_type.clone(),
            repo_slug: repository.slug.to_string(),
        };
        let found = &snapshot.commit;
        let commit = NewCommit {
            repository_id: repository.id,
            sha: found.sha.clone(),
            reference,
            message: found.message.clone(),
            author_name: found.author_name.clone(),
            author_email: found.author_email.clone(),
            committer_name: found.committer_name.clone(),
            committed_at: Timestamp(found.committer_date.saturating_mul(1000)),
        };
        let before = BuildFilter {
            seen_by: SeenBy::Operator,
            repository: Some(repository.id),
            branch: Some(branch.to_owned()),
            states: vec![
                BuildState::Passed,
                BuildState::Failed,
                BuildState::Errored,
                BuildState::Canceled,
            ],
            ..Default::default()
        };
        let previous = self
            .store
            .reader()
            .await?
            .builds(
                &before,
                Page {
                    offset: 0,
                    limit: 1,
                },
            )
            .await?
            .items
            .first()
            .map(|build| build.state);
        let mut build = NewBuild {
            repository_id: repository.id,
            request_id: request.id,
            commit_id: CommitId(0),
            event_type: request.event_type.clone(),
            branch: branch.to_owned(),
            tag: request.tag.clone(),
            message: request.message.clone(),
            previous_state: previous,
            raw_config: Some(raw.clone()),
            config: json!({}),
            messages: json!([]),
            fast_finish: false,
            pull_request: request.pull_request.clone(),
            sender: request.sender.clone(),
            before_sha: request.before_sha.clone(),
            compare_url: request.compare_url.clone(),
            created_by: request.created_by,
            stages: vec!["test".to_owned()],
            jobs: Vec::new(),
            at: self.now(),
        };
        let plan = match travis_config::plan(&raw, &context) {
            Ok(plan) => plan,
            Err(error) => {
                let config = json!({"language": "generic"});
                build.jobs.push(new_job(0, None, false, config, "test"));
                let draft = Box::new(Draft { commit, build });
                return Ok(Planned::Broken(draft, error.explain(&raw)));
            }
        };
        match travis_config::branch_included(&plan.config, branch) {
            BranchDecision::Included => {}
            // Somebody asked for this very branch.
            _ if request.event_type == "api" => {}
            BranchDecision::NotIncluded => {
                return Ok(Planned::Rejected(
                    "Branch not included per configuration".to_owned(),
                ));
            }
            BranchDecision::Excluded => {
                return Ok(Planned::Rejected(
                    "Branch excluded per configuration".to_owned(),
                ));
            }
        }
        if plan.jobs.is_empty() {
            return Ok(Planned::Rejected(
                "Build config did not create any jobs".to_owned(),
            ));
        }
        fill(&mut build, plan);
        Ok(Planned::Build(Box::new(Draft { commit, build })))
    }

    async fn reject(&self, request: &Request, reason: String) -> Result<(), EngineError> {
        let mut tx = self.store.begin().await?;
        let change = RequestChange {
            id: request.id,
            state: RequestState::Rejected,
            reason: Some(reason),
            branch: None,
            sha: None,
        };
        match tx.settle_request(&change).await {
            Err(StoreError::Conflict(_)) => return Ok(()),
            other => other?,
        }
        report::note_request(tx.as_mut(), request, self.now()).await?;
        tx.commit().await?;
        let mut changes = Changes::default();
        changes.wake(Wake::Outbox);
        changes.request(request);
        changes.send(self.bus.as_ref());
        Ok(())
    }

    async fn store_build(
        &self,
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
        tx.commit().await?;
        changes.request(request);
        changes.send(self.bus.as_ref());
        Ok(())
    }
}

/// The whole name of a branch, or of a ref that stands in for one.
pub(crate) fn branch_ref(branch: &str) -> String {
    if branch.starts_with("refs/") {
        branch.to_owned()
    } else {
        format!("refs/heads/{branch}")
    }
}

/// Whether asking again can't help.
const fn is_final(error: &ForgeError) -> bool {
    !error.may_pass()
}

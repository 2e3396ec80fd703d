//! Builds that are asked for again and again: kept for a branch, asked for when they are due.

use crate::{Engine, EngineError, Viewer, changes::Changes};
use std::sync::Arc;
use std::time::Duration;
use travis_forge::{ForgeError, Want};
use travis_model::{
    Cron, CronId, Repository, RequestState, Timestamp,
    cron::{CronInterval, FIRST_AFTER, RECENT},
};
use travis_store::{BuildFilter, NewCron, NewRequest, Page, RequestChange, SeenBy, StoreError, Tx};

/// How often it is looked which ones are due.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Read in one go.
const AT_ONCE: u64 = 64;
/// Crons of one repository, at most.
const MOST: usize = 100;
/// How the number of a cron's request begins.
const PREFIX: &str = "cron:";

/// What a person wants of a cron.
#[derive(Debug, Clone, Copy)]
pub struct CronWish {
    /// How often.
    pub interval: CronInterval,
    /// Nothing is built when the branch had a build in the last 24 hours.
    pub skip_if_recent: bool,
}

impl Engine {
    /// Crons of a repository, by branch.
    ///
    /// # Errors
    /// When the viewer may not see the repository.
    pub async fn crons(
        &self,
        viewer: &Viewer,
        key: &str,
    ) -> Result<(Repository, Vec<Cron>), EngineError> {
        let repository = self.repository(viewer, key).await?;
        let rows = self.store.reader().await?.crons(repository.id).await?;
        Ok((repository, rows))
    }

    /// One cron with its repository.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], also for whoever may not see it.
    pub async fn cron(
        &self,
        viewer: &Viewer,
        id: CronId,
    ) -> Result<(Repository, Cron), EngineError> {
        let mut reader = self.store.reader().await?;
        let cron = reader.cron(id).await?;
        let cron = cron.ok_or(EngineError::NotFound("cron"))?;
        let repository = reader.repository(cron.repository_id).await?;
        let repository = repository
            .filter(|repository| viewer.sees(repository))
            .ok_or(EngineError::NotFound("cron"))?;
        Ok((repository, cron))
    }

    /// The cron of a branch; none when it has none.
    ///
    /// # Errors
    /// When the viewer may not see the repository.
    pub async fn cron_of_branch(
        &self,
        viewer: &Viewer,
        key: &str,
        branch: &str,
    ) -> Result<(Repository, Option<Cron>), EngineError> {
        let (repository, rows) = self.crons(viewer, key).await?;
        let found = rows.into_iter().find(|cron| cron.branch == branch);
        Ok((repository, found))
    }

    /// Makes a cron for a branch, in place of the one that it has. It runs first in a minute.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when the repository has no such branch;
    /// [`EngineError::RepositoryInactive`]; when the viewer may not.
    pub async fn make_cron(
        &self,
        viewer: &Viewer,
        key: &str,
        branch: &str,
        wish: CronWish,
    ) -> Result<(Repository, Cron), EngineError> {
        let repository = self.repository(viewer, key).await?;
        self.must_administer(viewer, &repository).await?;
        if !repository.active {
            return Err(EngineError::RepositoryInactive);
        }
        let branch = branch.strip_prefix("refs/heads/").unwrap_or(branch);
        travis_forge::check_ref(branch)
            .map_err(|error| EngineError::invalid("branch", error.to_string()))?;
        // What such a ref holds may be anybody's, and crons have the repository's secrets.
        if branch.starts_with("refs/") {
            return Err(EngineError::invalid(
                "branch",
                "a cron builds a branch: give its name, as in main",
            ));
        }
        match self
            .resolve(&repository, &Want::Branch(branch.to_owned()))
            .await
        {
            Err(EngineError::Forge(ForgeError::NotFound { .. })) => {
                return Err(EngineError::NotFound("branch"));
            }
            other => other?,
        };
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let others = tx.crons(repository.id).await?;
        if others.len() >= MOST && others.iter().all(|cron| cron.branch != branch) {
            return Err(EngineError::NotNow {
                code: "cron_limit_reached",
                message: format!("a repository has {MOST} crons at most: remove one first"),
            });
        }
        let id = tx
            .put_cron(&NewCron {
                repository_id: repository.id,
                branch: branch.to_owned(),
                interval: wish.interval,
                skip_if_recent: wish.skip_if_recent,
                next_run: now.plus(FIRST_AFTER),
                created_by: viewer.user.as_ref().map(|user| user.id),
                at: now,
            })
            .await?;
        let cron = tx.cron(id).await?.ok_or(EngineError::NotFound("cron"))?;
        tx.append_audit(&self.deed(
            viewer,
            "cron.set",
            format!("repository:{}", repository.id),
            format!("{branch} {}", wish.interval.as_str()),
        ))
        .await?;
        tx.commit().await?;
        self.tell_of_crons(&repository);
        Ok((repository, cron))
    }

    /// Removes a cron.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is none; when the viewer may not.
    pub async fn remove_cron(&self, viewer: &Viewer, id: CronId) -> Result<(), EngineError> {
        let (repository, cron) = self.cron(viewer, id).await?;
        self.must_administer(viewer, &repository).await?;
        let mut tx = self.store.begin().await?;
        match tx.delete_cron(id).await {
            Err(StoreError::NotFound(_)) => return Err(EngineError::NotFound("cron")),
            other => other?,
        }
        tx.append_audit(&self.deed(
            viewer,
            "cron.remove",
            format!("repository:{}", repository.id),
            cron.branch,
        ))
        .await?;
        tx.commit().await?;
        self.tell_of_crons(&repository);
        Ok(())
    }

    fn tell_of_crons(&self, repository: &Repository) {
        let mut changes = Changes::default();
        changes.settings(repository.id);
        changes.send(self.bus.as_ref());
    }

    pub(crate) async fn run_crons_for_ever(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.run_due_crons().await {
                tracing::warn!(%error, "crons could not be looked at; they are looked at again in a moment");
            }
        }
    }

    /// Asks for what is due, each in a transaction of its own. Answers how many this call asked
    /// for; another server may have asked for others at the same time.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn run_due_crons(&self) -> Result<usize, EngineError> {
        let mut ran = 0;
        loop {
            let now = self.now();
            let due = self.store.reader().await?.crons_due(now, AT_ONCE).await?;
            let last = due.len() < usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
            for cron in due {
                match self.run_cron(&cron, now).await {
                    Ok(true) => ran += 1,
                    Ok(false) | Err(EngineError::Store(StoreError::Retry)) => {}
                    Err(error) => return Err(error),
                }
            }
            if last {
                return Ok(ran);
            }
        }
    }

    /// Takes the planned run and stores its request, both or neither. `false` when another server
    /// has it.
    async fn run_cron(&self, cron: &Cron, now: Timestamp) -> Result<bool, EngineError> {
        let next = cron.interval.next_after(cron.created_at, now);
        let mut changes = Changes::default();
        let mut tx = self.store.begin().await?;
        if !tx.run_cron(cron.id, cron.next_run, next, now).await? {
            return Ok(false);
        }
        let new = NewRequest {
            repository_id: cron.repository_id,
            event_type: "cron".to_owned(),
            branch: Some(cron.branch.clone()),
            sha: None,
            tag: None,
            message: None,
            delivery: Some(format!("{PREFIX}{}:{}", cron.id, cron.next_run.0)),
            pull_request: None,
            sender: None,
            before_sha: None,
            compare_url: None,
            delivery_id: None,
            held: false,
            created_by: None,
            at: now,
        };
        let (request, _) = self.insert_checked(tx.as_mut(), &mut changes, &new).await?;
        tx.note_cron(cron.id, request.id).await?;
        if cron.skip_if_recent
            && let Some(number) = recent_build(tx.as_mut(), cron, now).await?
        {
            tx.settle_request(&RequestChange {
                id: request.id,
                state: RequestState::Rejected,
                reason: Some(format!(
                    "Build #{number} of this branch is less than 24 hours old, and this cron builds only without one"
                )),
                branch: None,
                sha: None,
            })
            .await?;
        }
        tx.commit().await?;
        changes.settings(cron.repository_id);
        changes.send(self.bus.as_ref());
        Ok(true)
    }
}

/// The number of the branch's last build, if it came in the last 24 hours.
async fn recent_build(
    tx: &mut dyn Tx,
    cron: &Cron,
    now: Timestamp,
) -> Result<Option<i64>, EngineError> {
    let filter = BuildFilter {
        seen_by: SeenBy::Operator,
        repository: Some(cron.repository_id),
        branch: Some(cron.branch.clone()),
        event_types: ["push", "api", "cron"].map(str::to_owned).to_vec(),
        ..Default::default()
    };
    let one = Page {
        offset: 0,
        limit: 1,
    };
    let last = tx.builds(&filter, one).await?.items.into_iter().next();
    Ok(last
        .filter(|build| now.since(build.created_at) < RECENT)
        .map(|build| build.number))
}

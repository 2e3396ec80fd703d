//! Pings can get lost: every few minutes branches and open pull requests are compared with the
//! forge, and what was missed becomes requests.

use crate::{
    Engine, EngineError, Hosted,
    changes::Changes,
    events::{NewPull, PullDemand},
    rules::{MISSED, MISSED_PREFIX},
};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use travis_forge::{BranchHead, ForgeError, hosting::RemotePullRequest};
use travis_model::{ForgeId, Repository, RepositoryId, Timestamp};
use travis_store::{NewRequest, Page, Reader, StoreError};

/// Repositories side by side: this can wait, and results can't.
const SIDE_BY_SIDE: usize = 3;
/// Repositories read in one go.
const AT_ONCE: u64 = 64;
/// How often the loop looks which ones are due.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// After a failure that says nothing of when to come back.
const AFTER_FAILURE: Duration = Duration::from_secs(60);
/// Branches read in one go.
const BRANCHES: u64 = 1000;

/// Where not to ask for now.
#[derive(Default)]
struct Patience {
    forges: HashMap<ForgeId, Timestamp>,
    repositories: HashMap<RepositoryId, Timestamp>,
}

impl Engine {
    pub(crate) async fn compare_for_ever(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut patience = Patience::default();
        loop {
            ticks.tick().await;
            if let Err(error) = self.compare_due(&mut patience).await {
                tracing::warn!(%error, "branches could not be compared with their forges");
            }
        }
    }

    async fn compare_due(self: &Arc<Self>, patience: &mut Patience) -> Result<(), EngineError> {
        let now = self.now();
        let span = i64::try_from(self.policy.compare_every.as_millis()).unwrap_or(i64::MAX);
        let due = self
            .store
            .reader()
            .await?
            .repositories_to_compare(Timestamp(now.0.saturating_sub(span)), AT_ONCE)
            .await?;
        patience.forges.retain(|_, until| *until > now);
        patience.repositories.retain(|_, until| *until > now);
        let mut tasks = JoinSet::new();
        for repository in due {
            let forge = repository.hosting.as_ref().map(|hosting| hosting.forge_id);
            if tasks.len() >= SIDE_BY_SIDE
                && let Some(done) = tasks.join_next().await
            {
                self.note_compared(patience, done);
            }
            let waits = forge.is_none_or(|forge| patience.forges.contains_key(&forge))
                || patience.repositories.contains_key(&repository.id);
            if waits {
                continue;
            }
            let engine = self.clone();
            tasks.spawn(async move {
                let done = engine.compare(&repository).await;
                (repository, done)
            });
        }
        while let Some(done) = tasks.join_next().await {
            self.note_compared(patience, done);
        }
        Ok(())
    }

    fn note_compared(
        &self,
        patience: &mut Patience,
        done: Result<(Repository, Result<(), EngineError>), tokio::task::JoinError>,
    ) {
        let (repository, error) = match done {
            Ok((_, Ok(()))) => return,
            Ok((repository, Err(error))) => (repository, error),
            Err(error) => {
                tracing::error!(%error, "a comparison ended unexpectedly");
                return;
            }
        };
        tracing::debug!(repository = %repository.slug, %error, "it could not be compared with its forge");
        let now = self.now();
        if let (EngineError::Forge(ForgeError::RateLimited { retry_after_s }), Some(hosting)) =
            (&error, &repository.hosting)
        {
            let until = now.plus(Duration::from_secs(*retry_after_s));
            patience.forges.insert(hosting.forge_id, until);
        }
        patience
            .repositories
            .insert(repository.id, now.plus(AFTER_FAILURE));
    }

    /// Compares a repository with its forge. The first time only notes how things are.
    async fn compare(&self, repository: &Repository) -> Result<(), EngineError> {
        let Some(there) = self.hosted(repository).await? else {
            return Ok(());
        };
        let (branches, pulls) = tokio::try_join!(
            there.api.branches(&there.access, &there.at),
            there.api.pull_requests(&there.access, &there.at),
        )?;
        let first = repository
            .hosting
            .as_ref()
            .is_none_or(|hosting| hosting.compared_at.is_none());
        self.compare_branches(repository, &branches, first).await?;
        self.compare_pulls(repository, &there, pulls, first).await?;
        let mut tx = self.store.begin().await?;
        if let Some(mut fresh) = tx.repository(repository.id).await? {
            if let Some(hosting) = &mut fresh.hosting {
                hosting.compared_at = Some(self.now());
            }
            tx.update_repository(&fresh).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn compare_branches(
        &self,
        repository: &Repository,
        there: &[BranchHead],
        first: bool,
    ) -> Result<(), EngineError> {
        let page = Page {
            offset: 0,
            limit: BRANCHES,
        };
        let mut reader = self.store.reader().await?;
        let here = reader.branches(repository.id, page).await?.items;
        drop(reader);
        for head in there {
            let known = here.iter().find(|branch| branch.name == head.name);
            let same = known.is_some_and(|branch| {
                branch.head_sha.as_deref() == Some(&head.sha) && !branch.gone
            });
            if same {
                continue;
            }
            let moved = known.is_none_or(|branch| branch.head_sha.as_deref() != Some(&head.sha));
            let mut changes = Changes::default();
            let mut tx = self.store.begin().await?;
            if moved && !first && travis_forge::check_ref(&head.name).is_ok() {
                let asked = tx.requests_for_commit(repository.id, &head.sha, 50).await?;
                let pushed = asked.iter().any(|request| {
                    request.pull_request.is_none() && request.branch.as_deref() == Some(&head.name)
                });
                if !pushed {
                    let new = missed_push(repository.id, head, known, self.now());
                    self.insert_checked(tx.as_mut(), &mut changes, &new).await?;
                }
            }
            tx.put_branch(repository.id, &head.name, None, Some(&head.sha))
                .await?;
            tx.mark_branch(repository.id, &head.name, false).await?;
            tx.commit().await?;
            changes.send(self.bus.as_ref());
        }
        for branch in here {
            let gone = !branch.gone && there.iter().all(|head| head.name != branch.name);
            // Names of tags and other refs stand in the same list.
            if gone && branch.head_sha.is_some() {
                let mut tx = self.store.begin().await?;
                tx.mark_branch(repository.id, &branch.name, true).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    async fn compare_pulls(
        &self,
        repository: &Repository,
        there: &Hosted,
        open: Vec<RemotePullRequest>,
        first: bool,
    ) -> Result<(), EngineError> {
        let key = format!("pulls:{}", repository.id);
        let mut reader = self.store.reader().await?;
        let seen = seen_heads(reader.as_mut(), &key).await?;
        let mut missed = Vec::new();
        let heads: BTreeMap<String, String> = open
            .iter()
            .map(|pull| (pull.number.to_string(), pull.head_sha.clone()))
            .collect();
        if heads == seen {
            return Ok(());
        }
        for pull in open {
            let known = seen.get(&pull.number.to_string()) == Some(&pull.head_sha);
            if first || known {
                continue;
            }
            let asked = reader
                .requests_of_pull(repository.id, pull.number, 50)
                .await?;
            let looked_at = asked.iter().any(|request| {
                request
                    .pull_request
                    .as_ref()
                    .is_some_and(|known| known.head_sha == pull.head_sha)
            });
            if !looked_at {
                missed.push(pull);
            }
        }
        drop(reader);
        for pull in missed {
            // Nobody is known to have done it but whoever opened it.
            let new = self.look_at_pull(there, repository, pull, None).await?;
            self.make_up_for(repository, new).await?;
        }
        let mut tx = self.store.begin().await?;
        let text = serde_json::to_string(&heads).unwrap_or_default();
        tx.put_setting(&key, &text).await?;
        Ok(tx.commit().await?)
    }

    async fn make_up_for(&self, repository: &Repository, new: NewPull) -> Result<(), EngineError> {
        let (number, head) = (new.pull.number, new.pull.head_sha.clone());
        let mut changes = Changes::default();
        let mut tx = self.store.begin().await?;
        let older = tx.requests_of_pull(repository.id, number, 50).await?;
        let demand = PullDemand {
            delivery: format!("{MISSED_PREFIX}{number}:{head}"),
            delivery_id: None,
            sender: None,
            before_sha: None,
            message: Some(MISSED.to_owned()),
            created_by: None,
        };
        self.ask_for_pull(tx.as_mut(), &mut changes, repository, new, demand, older)
            .await?;
        // The head moved, told or not.
        tx.commit().await?;
        changes.send(self.bus.as_ref());
        Ok(())
    }
}

/// Heads of open pull requests at the last comparison, by number.
async fn seen_heads(
    reader: &mut dyn Reader,
    key: &str,
) -> Result<BTreeMap<String, String>, StoreError> {
    let kept = reader.setting(key).await?;
    Ok(kept
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default())
}

fn missed_push(
    repository_id: RepositoryId,
    head: &BranchHead,
    known: Option<&travis_model::Branch>,
    at: Timestamp,
) -> NewRequest {
    NewRequest {
        repository_id,
        event_type: "push".to_owned(),
        branch: Some(head.name.clone()),
        sha: Some(head.sha.clone()),
        tag: None,
        message: Some(MISSED.to_owned()),
        delivery: Some(format!("{MISSED_PREFIX}{}:{}", head.name, head.sha)),
        pull_request: None,
        sender: None,
        before_sha: known.and_then(|branch| branch.head_sha.clone()),
        compare_url: None,
        delivery_id: None,
        held: false,
        config: None,
        created_by: None,
        at,
    }
}

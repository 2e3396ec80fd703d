//! Repositories that no hook tells us about: their branches are asked for new commits.

use crate::{Engine, EngineError};
use std::sync::Arc;
use std::time::Duration;
use travis_forge::RepoRef;
use travis_model::Repository;
use travis_store::NewRequest;

const LOOK_EVERY: Duration = Duration::from_secs(5);

impl Engine {
    pub(crate) async fn poll_for_ever(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.poll_due().await {
                tracing::warn!(%error, "branches could not be asked for new commits");
            }
        }
    }

    async fn poll_due(&self) -> Result<(), EngineError> {
        let due = self
            .store
            .reader()
            .await?
            .repositories_to_poll(self.now(), 16)
            .await?;
        for repository in due {
            if let Err(error) = self.poll_repository(&repository).await {
                tracing::warn!(repository = %repository.slug, %error, "its branches could not be asked for new commits");
            }
            let mut tx = self.store.begin().await?;
            if let Some(mut fresh) = tx.repository(repository.id).await? {
                fresh.polled_at = Some(self.now());
                tx.update_repository(&fresh).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }

    /// Makes a request of every branch that moved since it was last asked. The first time only
    /// notes where branches are.
    async fn poll_repository(&self, repository: &Repository) -> Result<(), EngineError> {
        let source = RepoRef {
            id: repository.id.get(),
            url: repository.clone_url.clone(),
        };
        let first_time = repository.polled_at.is_none();
        for head in self.forge.branches(&source).await? {
            let known = self
                .store
                .reader()
                .await?
                .branch(repository.id, &head.name)
                .await?;
            let known_sha = known.and_then(|branch| branch.head_sha);
            if known_sha.as_deref() == Some(&head.sha) {
                continue;
            }
            if !first_time {
                // The request first: if we die in between, it is found again and not doubled.
                self.store_request(
                    NewRequest {
                        repository_id: repository.id,
                        event_type: "push".to_owned(),
                        branch: Some(head.name.clone()),
                        sha: Some(head.sha.clone()),
                        tag: None,
                        message: None,
                        delivery: Some(format!("poll:{}:{}", head.name, head.sha)),
                        pull_request: None,
                        sender: None,
                        before_sha: None,
                        compare_url: None,
                        delivery_id: None,
                        held: false,
                        config: None,
                        created_by: None,
                        at: self.now(),
                    },
                    true,
                )
                .await?;
            }
            let mut tx = self.store.begin().await?;
            tx.put_branch(repository.id, &head.name, None, Some(&head.sha))
                .await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

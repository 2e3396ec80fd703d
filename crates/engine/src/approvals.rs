//! A maintainer's word for exactly one commit of a pull request.

use crate::{Engine, EngineError, Viewer, changes::Changes, report};
use travis_bus::Wake;
use travis_model::{PullRequest, Repository, Request, RequestId, RequestState};
use travis_store::{NewRequest, StoreError, Tx};

impl Engine {
    /// Lets a held request go on, and with `secrets` gives its very commit the repository's
    /// secrets: an act of its own. A request that is not held makes a new one for its commit then;
    /// the answer is the request that is built.
    ///
    /// # Errors
    /// [`EngineError::Forbidden`] for whoever may not push (for secrets: does not administer);
    /// [`EngineError::NotNow`] when there is nothing to approve or the head has moved.
    pub async fn approve(
        &self,
        viewer: &Viewer,
        repository: &Repository,
        id: RequestId,
        secrets: bool,
    ) -> Result<Request, EngineError> {
        let request = self.store.reader().await?.request(id).await?;
        let request = request
            .filter(|request| request.repository_id == repository.id)
            .ok_or(EngineError::NotFound("request"))?;
        if secrets {
            self.must_administer(viewer, repository).await?;
        } else {
            self.must_build(viewer, repository).await?;
        }
        let user = viewer.signed_in()?.id;
        let pull = request
            .pull_request
            .clone()
            .filter(|pull| pull.fork)
            .ok_or_else(nothing_held)?;
        if !is_held(&request) && !secrets {
            return Err(nothing_held());
        }
        self.must_be_head(repository, &pull).await?;
        let now = self.now();
        let mut changes = Changes::default();
        let mut tx = self.store.begin().await?;
        let request = tx
            .request(id)
            .await?
            .ok_or(EngineError::NotFound("request"))?;
        if self
            .newer_head(tx.as_mut(), repository, &request, &pull)
            .await?
        {
            return Err(head_moved(&pull));
        }
        tx.insert_approval(
            repository.id,
            pull.number,
            &pull.head_sha,
            user,
            secrets,
            now,
        )
        .await?;
        let detail = format!(
            "pull request #{} at {}{}",
            pull.number,
            pull.head_sha,
            if secrets { " with secrets" } else { "" }
        );
        tx.append_audit(&self.deed(
            viewer,
            if secrets {
                "request.approve_with_secrets"
            } else {
                "request.approve"
            },
            format!("request:{id}"),
            detail,
        ))
        .await?;
        let goes_on = if is_held(&request) {
            match tx.hold_request(id, None).await {
                Err(StoreError::Conflict(_)) => return Err(nothing_held()),
                other => other?,
            }
            id
        } else if secrets {
            let again = NewRequest {
                repository_id: repository.id,
                event_type: request.event_type.clone(),
                branch: request.branch.clone(),
                sha: None,
                tag: None,
                message: None,
                delivery: None,
                pull_request: Some(pull),
                sender: request.sender.clone(),
                before_sha: request.before_sha.clone(),
                compare_url: request.compare_url.clone(),
                delivery_id: request.delivery_id,
                held: false,
                config: None,
                created_by: Some(user),
                at: now,
            };
            tx.insert_request(&again).await?.0
        } else {
            return Err(nothing_held());
        };
        let request = tx
            .request(goes_on)
            .await?
            .ok_or(EngineError::NotFound("request"))?;
        report::note_request(tx.as_mut(), &request, now).await?;
        tx.commit().await?;
        changes.wake(Wake::Requests);
        changes.wake(Wake::Outbox);
        changes.request(&request);
        changes.send(self.bus.as_ref());
        Ok(request)
    }

    /// Asks the forge whether the commit is still what the pull request proposes.
    async fn must_be_head(
        &self,
        repository: &Repository,
        pull: &PullRequest,
    ) -> Result<(), EngineError> {
        let there = self.hosted(repository).await?.ok_or_else(nothing_held)?;
        let now = there
            .api
            .pull_request(&there.access, &there.at, pull.number)
            .await?;
        if !now.open {
            return Err(EngineError::NotNow {
                code: "pull_request_closed",
                message: format!("pull request #{} is closed: reopen it first", pull.number),
            });
        }
        if now.head_sha == pull.head_sha {
            Ok(())
        } else {
            Err(head_moved(pull))
        }
    }

    /// Whether a request for another head came after this one.
    async fn newer_head(
        &self,
        tx: &mut dyn Tx,
        repository: &Repository,
        request: &Request,
        pull: &PullRequest,
    ) -> Result<bool, EngineError> {
        let newest = tx
            .requests_of_pull(repository.id, pull.number, 1)
            .await?
            .pop();
        Ok(newest.is_some_and(|newest| {
            newest.id > request.id
                && newest
                    .pull_request
                    .is_some_and(|other| other.head_sha != pull.head_sha)
        }))
    }
}

fn is_held(request: &Request) -> bool {
    request.state == RequestState::Pending && request.held_at.is_some()
}

fn nothing_held() -> EngineError {
    EngineError::NotNow {
        code: "request_not_held",
        message: "this request does not wait for anybody's approval: look at the list of requests"
            .to_owned(),
    }
}

fn head_moved(pull: &PullRequest) -> EngineError {
    EngineError::NotNow {
        code: "head_moved",
        message: format!(
            "a newer commit came to pull request #{}: look at that one, and approve its request",
            pull.number
        ),
    }
}

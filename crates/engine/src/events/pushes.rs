//! Commits came, or a branch or tag was made, moved or deleted.

use super::Arrived;
use crate::{
    Engine, EngineError,
    changes::Changes,
    rules::{MISSED_PREFIX, pushed_commit},
};
use travis_forge::hosting::Push;
use travis_model::{Repository, Request};
use travis_store::{DeliveryChange, NewRequest, Tx};

impl Engine {
    pub(super) async fn on_push(
        &self,
        tx: &mut dyn Tx,
        changes: &mut Changes,
        arrived: &Arrived<'_>,
        repository: &Repository,
        push: &Push,
    ) -> Result<DeliveryChange, EngineError> {
        let id = arrived.row.id;
        let Some(after) = &push.after else {
            let Some(branch) = &push.branch else {
                return Ok(self.settled(id, false, "The tag was deleted: nothing to build."));
            };
            tx.mark_branch(repository.id, branch, true).await?;
            changes.repository(repository.id);
            return Ok(self.settled(
                id,
                false,
                format!("The branch {branch} was deleted: nothing to build."),
            ));
        };
        if !repository.active {
            return Ok(self.settled(id, false, "The repository is switched off."));
        }
        if push.branch.is_none() && push.tag.is_none() {
            return Ok(self.settled(id, false, "The ref is neither a branch nor a tag."));
        }
        for name in [&push.branch, &push.tag].into_iter().flatten() {
            if let Err(error) = travis_forge::check_ref(name) {
                return Ok(self.settled(id, true, error.to_string()));
            }
        }
        if let Some(branch) = &push.branch {
            tx.put_branch(repository.id, branch, None, Some(after))
                .await?;
            tx.mark_branch(repository.id, branch, false).await?;
        }
        let sha = pushed_commit(push).unwrap_or(after).to_owned();
        let found = tx.requests_for_commit(repository.id, &sha, 20).await?;
        if let Some(found) = found.iter().find(|request| was_missed(request, push)) {
            return Ok(self.asked(id, found.id, false));
        }
        let new = NewRequest {
            repository_id: repository.id,
            event_type: "push".to_owned(),
            branch: push.branch.clone(),
            sha: Some(sha),
            tag: push.tag.clone(),
            message: None,
            delivery: Some(arrived.row.guid.clone()),
            pull_request: None,
            sender: arrived.sender(),
            before_sha: push.before.clone(),
            compare_url: push.compare_url.clone(),
            delivery_id: Some(id),
            held: false,
            config: None,
            created_by: arrived.person(tx).await?,
            at: self.now(),
        };
        let (request, fresh) = self.insert_checked(tx, changes, &new).await?;
        if new.sha.as_ref() != Some(after) {
            // The last commit asks for no build. It is asked for all the same, so that its status
            // says so and nobody waits for one.
            let head = NewRequest {
                sha: Some(after.clone()),
                delivery: Some(format!("{}#head", arrived.row.guid)),
                ..new
            };
            self.insert_checked(tx, changes, &head).await?;
        }
        Ok(self.asked(id, request.id, fresh))
    }
}

/// Whether a request was made of this very push before its message came.
fn was_missed(request: &Request, push: &Push) -> bool {
    request.pull_request.is_none()
        && request.branch == push.branch
        && request.tag == push.tag
        && request
            .delivery
            .as_ref()
            .is_some_and(|delivery| delivery.starts_with(MISSED_PREFIX))
}

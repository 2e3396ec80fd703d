//! The repository itself changed: its name, its visibility, that it is there at all.

use super::Arrived;
use crate::{
    Engine, EngineError,
    build_changes::{Unfinished, cancel_unfinished},
    changes::Changes,
};
use travis_forge::hosting::{RemoteRepository, RepositoryChange};
use travis_model::{Repository, RequestState, Slug};
use travis_store::{DeliveryChange, Page, Tx};

const GONE: &str = "The repository was deleted on its forge.";

impl Engine {
    pub(super) async fn on_repository(
        &self,
        tx: &mut dyn Tx,
        changes: &mut Changes,
        arrived: &Arrived<'_>,
        mut repository: Repository,
        change: &RepositoryChange,
    ) -> Result<DeliveryChange, EngineError> {
        let id = arrived.row.id;
        let now = self.now();
        repository.updated_at = now;
        changes.repository(repository.id);
        if *change == RepositoryChange::Deleted {
            repository.active = false;
            if let Some(hosting) = &mut repository.hosting {
                hosting.gone_at = Some(now);
            }
            tx.update_repository(&repository).await?;
            let all = Unfinished::default();
            let canceled = cancel_unfinished(tx, changes, repository.id, &all, GONE, now).await?;
            let page = Page {
                offset: 0,
                limit: 200,
            };
            for request in tx.requests(repository.id, page).await?.items {
                if request.state == RequestState::Pending {
                    self.turn_down(tx, changes, &request, GONE).await?;
                }
            }
            let outcome = format!(
                "{GONE} It is switched off here; {} unfinished builds were canceled.",
                canceled.len()
            );
            return Ok(self.settled(id, false, outcome));
        }
        let Some(about) = &arrived.hook.repository else {
            return Ok(self.settled(id, false, "The message does not say how it is now."));
        };
        let (was_private, old) = (repository.private, repository.slug.clone());
        let taken = self.describe(tx, &mut repository, about).await?;
        tx.update_repository(&repository).await?;
        if was_private != repository.private {
            // Who may see it is not what it was.
            tx.doubt_rights(None, Some(repository.id)).await?;
            self.forget_rights();
        }
        let mut said = Vec::new();
        if old != repository.slug {
            said.push(format!("It is {} now.", repository.slug));
        }
        if let Some(slug) = taken {
            said.push(format!(
                "It is still {old} here, since another repository is {slug}."
            ));
        }
        match (was_private, repository.private) {
            (false, true) => said.push("It is private now.".to_owned()),
            (true, false) => said.push("It is public now.".to_owned()),
            _ => {}
        }
        if said.is_empty() {
            said.push("What is known of it was renewed.".to_owned());
        }
        Ok(self.settled(id, false, said.join(" ")))
    }

    /// Takes over what the forge says of a repository. Answers the address that it should have and
    /// that another one has.
    async fn describe(
        &self,
        tx: &mut dyn Tx,
        repository: &mut Repository,
        about: &RemoteRepository,
    ) -> Result<Option<Slug>, EngineError> {
        repository.private = about.private;
        repository.description.clone_from(&about.description);
        repository.clone_url.clone_from(&about.clone_url);
        if !about.default_branch.is_empty() {
            repository.default_branch.clone_from(&about.default_branch);
        }
        if let Some(hosting) = &mut repository.hosting {
            hosting.path.clone_from(&about.at.path);
            hosting.html_url.clone_from(&about.html_url);
            hosting.fork = about.fork;
            hosting.gone_at = None;
        }
        let Some(slug) = slug_of(&about.at.path) else {
            return Ok(None);
        };
        let holder = tx.repository_by_slug(&slug).await?;
        if holder.is_some_and(|holder| holder.id != repository.id) {
            return Ok(Some(slug));
        }
        repository.slug = slug;
        Ok(None)
    }
}

/// The address of a forge's path: groups of groups become one owner with dots.
fn slug_of(path: &str) -> Option<Slug> {
    let (owner, name) = path.rsplit_once('/')?;
    format!("{}/{name}", owner.replace('/', ".")).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_groups_are_one_owner() {
        let slug = |path| slug_of(path).map(|slug| slug.to_string());
        assert_eq!(slug("acme/rocket").as_deref(), Some("acme/rocket"));
        assert_eq!(
            slug("acme/space/rocket").as_deref(),
            Some("acme.space/rocket")
        );
        assert_eq!(slug("rocket"), None);
    }
}

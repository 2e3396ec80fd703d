//! What comes of what a forge tells: one file for each kind of event. What has to be asked of the
//! forge is asked first; then everything is decided and stored in one transaction, with the
//! message's outcome.

mod pulls;
mod pushes;
mod repositories;
mod reruns;
mod rights;

pub(crate) use pulls::{NewPull, PullDemand};

use crate::{Engine, EngineError, Forged, changes::Changes, deliveries::headers_of};
use travis_forge::hosting::{Event, Hook, RemotePerson};
use travis_model::{Delivery, ForgeId, Repository, Sender, UserId};
use travis_store::{DeliveryChange, Tx};

/// A message that is worked on.
pub(crate) struct Arrived<'a> {
    pub row: &'a Delivery,
    pub hook: &'a Hook,
    pub forged: &'a Forged,
    /// It came over the App's hook, not over that of one repository.
    pub of_app: bool,
}

/// What was asked of the forge before the transaction.
enum Asked {
    Nothing,
    Pull(Box<NewPull>),
    MayRerun(bool),
}

impl Engine {
    pub(crate) async fn deliver_hook(
        &self,
        row: &Delivery,
        forge: ForgeId,
    ) -> Result<(), EngineError> {
        let forged = self.forge_by_id(forge).await?;
        let hook = match forged.api.read_hook(&headers_of(row), &row.body) {
            Ok(hook) => hook,
            Err(error) => return self.close(row, true, error.to_string()).await,
        };
        let repository = self.meant(row, &hook, forge).await?;
        if let (Some(own), Some(about)) = (row.repository_id, &hook.repository)
            && repository.as_ref().map(|found| found.id) != Some(own)
        {
            let why = format!(
                "The message is about {} and came over another repository's hook.",
                about.at.path
            );
            return self.close(row, true, why).await;
        }
        let arrived = Arrived {
            row,
            hook: &hook,
            forged: &forged,
            of_app: row.repository_id.is_none(),
        };
        let asked = match (&hook.what, &repository) {
            (Event::PullRequest(event), Some(repository)) => {
                Asked::Pull(Box::new(self.ask_pull(&arrived, repository, event).await?))
            }
            (Event::Rerun(_), Some(repository)) => {
                Asked::MayRerun(self.may_rerun(&arrived, repository).await?)
            }
            _ => Asked::Nothing,
        };
        let mut changes = Changes::default();
        let mut tx = self.store.begin().await?;
        // As it is now, not as it was before the forge was asked.
        let repository = match repository {
            Some(found) => tx.repository(found.id).await?,
            None => None,
        };
        let known = repository.as_ref().map(|found| found.id);
        let change = self
            .take_event(tx.as_mut(), &mut changes, &arrived, repository, asked)
            .await?;
        // An installation is not one repository's business, whatever the message names.
        let about = known.filter(|_| !matches!(hook.what, Event::Installation(_)));
        let change = DeliveryChange {
            repository_id: about,
            ..change
        };
        tx.settle_delivery(&change).await?;
        tx.commit().await?;
        changes.delivery(about.or(row.repository_id), row.id);
        changes.send(self.bus.as_ref());
        Ok(())
    }

    async fn take_event(
        &self,
        tx: &mut dyn Tx,
        changes: &mut Changes,
        arrived: &Arrived<'_>,
        repository: Option<Repository>,
        asked: Asked,
    ) -> Result<DeliveryChange, EngineError> {
        let row = arrived.row;
        let nothing = |why: &str| Ok(self.settled(row.id, false, why));
        match (&arrived.hook.what, repository) {
            (Event::Ping, _) => nothing("The hook works."),
            (Event::Other(why), _) => nothing(&why.0),
            (Event::Installation(change), _) if arrived.of_app => {
                self.on_installation(tx, changes, arrived, change).await
            }
            (Event::Installation(_), _) => {
                nothing("Installations are told over the App's own hook.")
            }
            (Event::Member(change), found) => {
                self.on_member(tx, changes, arrived, change, found).await
            }
            (_, None) => nothing(
                "This repository is not known here; it comes with the next synchronisation of \
                 somebody who may see it.",
            ),
            (Event::Push(push), Some(repository)) => {
                self.on_push(tx, changes, arrived, &repository, push).await
            }
            (Event::PullRequest(event), Some(repository)) => match asked {
                Asked::Pull(new) => {
                    self.on_pull(tx, changes, arrived, &repository, event, *new)
                        .await
                }
                _ => nothing("This makes no builds."),
            },
            (Event::Rerun(rerun), Some(repository)) => {
                let may = matches!(asked, Asked::MayRerun(true));
                self.on_rerun(tx, changes, arrived, &repository, rerun, may)
                    .await
            }
            (Event::Repository(change), Some(repository)) => {
                self.on_repository(tx, changes, arrived, repository, change)
                    .await
            }
        }
    }

    /// The repository that a message is about.
    async fn meant(
        &self,
        row: &Delivery,
        hook: &Hook,
        forge: ForgeId,
    ) -> Result<Option<Repository>, EngineError> {
        let mut reader = self.store.reader().await?;
        Ok(match (&hook.repository, row.repository_id) {
            (Some(about), _) => reader.repository_by_remote(forge, &about.at.id).await?,
            (None, Some(own)) => reader.repository(own).await?,
            (None, None) => None,
        })
    }

    async fn close(
        &self,
        row: &Delivery,
        failed: bool,
        outcome: String,
    ) -> Result<(), EngineError> {
        let mut tx = self.store.begin().await?;
        let change = self.settled(row.id, failed, outcome);
        tx.settle_delivery(&change).await?;
        tx.commit().await?;
        let mut changes = Changes::default();
        changes.delivery(row.repository_id, row.id);
        changes.send(self.bus.as_ref());
        Ok(())
    }
}

impl Arrived<'_> {
    /// Who did it, as requests keep it.
    pub fn sender(&self) -> Option<Sender> {
        self.hook.sender.as_ref().map(sender_of)
    }

    /// The person of ours who did it, by the forge's number.
    pub async fn person(&self, tx: &mut dyn Tx) -> Result<Option<UserId>, EngineError> {
        let Some(sender) = &self.hook.sender else {
            return Ok(None);
        };
        let identity = tx.identity(self.forged.site.id, &sender.id).await?;
        Ok(identity.map(|identity| identity.user_id))
    }
}

/// Somebody on a forge, as requests keep it.
pub(crate) fn sender_of(person: &RemotePerson) -> Sender {
    Sender {
        remote_id: person.id.clone(),
        login: person.login.clone(),
        avatar_url: person.avatar_url.clone(),
    }
}

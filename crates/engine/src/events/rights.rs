//! Somebody's rights changed, or where the App is installed.

use super::Arrived;
use crate::{Engine, EngineError, changes::Changes};
use travis_bus::Wake;
use travis_forge::hosting::{InstallationChange, MemberChange};
use travis_model::{Repository, SyncState};
use travis_store::{DeliveryChange, NewAccount, Tx};

impl Engine {
    pub(super) async fn on_member(
        &self,
        tx: &mut dyn Tx,
        changes: &mut Changes,
        arrived: &Arrived<'_>,
        change: &MemberChange,
        repository: Option<Repository>,
    ) -> Result<DeliveryChange, EngineError> {
        let id = arrived.row.id;
        let user = match &change.person {
            Some(person) => tx.identity(arrived.forged.site.id, &person.id).await?,
            None => None,
        };
        let user = user.map(|identity| identity.user_id);
        let about = repository.as_ref().map(|found| found.id);
        if change.person.is_some() && user.is_none() {
            return Ok(self.settled(id, false, "This person is not known here."));
        }
        if user.is_none() && about.is_none() {
            return Ok(self.settled(id, false, "Nobody who is known here is concerned."));
        }
        // A repository's own hook says nothing about others.
        if arrived.of_app && change.organization.is_some() {
            tx.doubt_rights(user, None).await?;
        } else {
            tx.doubt_rights(user, about).await?;
        }
        self.forget_rights();
        if let Some(about) = about {
            changes.repository(about);
        }
        Ok(self.settled(id, false, "Rights are asked for again before they count."))
    }

    pub(super) async fn on_installation(
        &self,
        tx: &mut dyn Tx,
        changes: &mut Changes,
        arrived: &Arrived<'_>,
        change: &InstallationChange,
    ) -> Result<DeliveryChange, EngineError> {
        let forge = arrived.forged.site.id;
        let account = tx
            .put_account(&NewAccount {
                forge_id: forge,
                remote_id: change.account.id.clone(),
                login: change.account.login.clone(),
                name: change.account.name.clone(),
                avatar_url: change.account.avatar_url.clone(),
                organization: change.account.organization,
            })
            .await?;
        let installation = (!change.gone).then_some(change.id);
        tx.set_installation(account, installation).await?;
        let mut touched = Vec::new();
        if change.gone {
            touched = tx.repositories_of_installation(forge, change.id).await?;
        }
        for at in &change.removed {
            touched.extend(tx.repository_by_remote(forge, &at.id).await?);
        }
        let (mut lost, mut gained) = (0, 0);
        for mut repository in touched {
            let Some(hosting) = &mut repository.hosting else {
                continue;
            };
            if hosting.installation_id.take() == Some(change.id) {
                tx.update_repository(&repository).await?;
                changes.repository(repository.id);
                lost += 1;
            }
        }
        for at in change.added.iter().filter(|_| !change.gone) {
            let Some(mut repository) = tx.repository_by_remote(forge, &at.id).await? else {
                continue;
            };
            if let Some(hosting) = &mut repository.hosting {
                hosting.installation_id = Some(change.id);
                tx.update_repository(&repository).await?;
                changes.repository(repository.id);
                gained += 1;
            }
        }
        self.forget_rights();
        let sender = match &arrived.hook.sender {
            Some(sender) => tx.identity(forge, &sender.id).await?,
            None => None,
        };
        if let Some(mut identity) = sender.filter(|one| one.sync != SyncState::Running) {
            // The repositories that nobody knows here yet come with it.
            identity.begin_sync();
            tx.update_identity(&identity).await?;
            changes.user(identity.user_id);
            changes.wake(Wake::Sync);
        }
        let login = &change.account.login;
        let outcome = if change.gone {
            format!("The App is not installed on {login} any more; {lost} repositories lost it.")
        } else {
            format!(
                "The App is installed on {login}; {gained} known repositories gained it, {lost} \
                 lost it."
            )
        };
        Ok(self.settled(arrived.row.id, false, outcome))
    }
}

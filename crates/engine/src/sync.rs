//! A person's list of repositories, read from the forge page by page. Which lists are to be read
//! stands in rows: any server goes on with what another one left.

use crate::hosting::Forged;
use crate::rights::level_of;
use crate::{Engine, EngineError, Vault, Viewer, changes::Changes};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use travis_bus::Wake;
use travis_forge::ForgeError;
use travis_forge::hosting::{Access, RemoteAccount, RemotePage, RemoteRepository};
use travis_model::{
    ForgeId, Hosting, Identity, Level, Repository, Scope, Secret, Slug, SyncState, Timestamp,
    UserId,
};
use travis_store::{HostedRepository, NewAccount, Tx};

/// Whoever reads a list is heard of in this time; else another server goes on.
const TURN: Duration = Duration::from_secs(300);
/// How often it is looked for lists without being woken.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Lists read side by side.
const SIDE_BY_SIDE: usize = 4;
/// How often a page is asked for again when the forge has trouble.
const TRIES: u32 = 4;
/// How long it is waited at once while the forge takes no calls, to be heard of meanwhile.
const WAIT_STEP: Duration = Duration::from_secs(60);

/// Where a list stands that is being read.
struct Reading {
    forged: Forged,
    forge: ForgeId,
    remote_id: String,
    user: UserId,
    began: Timestamp,
    accounts: HashSet<String>,
}

impl Engine {
    /// Has the viewer's lists of repositories read again.
    ///
    /// # Errors
    /// [`EngineError::NotNow`] when that goes on already, or there is no forge to ask.
    pub async fn start_sync(&self, viewer: &Viewer) -> Result<(), EngineError> {
        let user = viewer.signed_in_for(Scope::Build)?;
        let identities = self.store.reader().await?.identities(user.id).await?;
        if identities
            .iter()
            .any(|identity| identity.sync == SyncState::Running)
        {
            return Err(EngineError::NotNow {
                code: "already_syncing",
                message: "your repositories are being synchronized already".to_owned(),
            });
        }
        let mut begun = false;
        for identity in identities.iter().filter(|one| one.token.is_some()) {
            self.ask_for_sync(identity).await?;
            begun = true;
        }
        if begun {
            return Ok(());
        }
        Err(EngineError::NotNow {
            code: "no_forge",
            message: "no forge lets us read your repositories: sign in with one again".to_owned(),
        })
    }

    /// Notes that a list is to be read.
    pub(crate) async fn ask_for_sync(&self, identity: &Identity) -> Result<(), EngineError> {
        self.change_identity(identity.forge_id, &identity.remote_id, Identity::begin_sync)
            .await?;
        self.bus.wake(Wake::Sync);
        Ok(())
    }

    /// Changes an identity as it stands now and tells its owner. `None` when there is none.
    async fn change_identity(
        &self,
        forge: ForgeId,
        remote_id: &str,
        change: impl FnOnce(&mut Identity) + Send,
    ) -> Result<Option<Identity>, EngineError> {
        let mut tx = self.store.begin().await?;
        let Some(mut identity) = tx.identity(forge, remote_id).await? else {
            return Ok(None);
        };
        change(&mut identity);
        tx.update_identity(&identity).await?;
        tx.commit().await?;
        let mut changes = Changes::default();
        changes.user(identity.user_id);
        changes.send(self.bus.as_ref());
        Ok(Some(identity))
    }

    pub(crate) async fn sync_for_ever(self: Arc<Self>) {
        let mut wakes = self.bus.wakes();
        let mut running: JoinSet<()> = JoinSet::new();
        loop {
            if running.len() < SIDE_BY_SIDE {
                match self.next_sync().await {
                    Ok(Some(identity)) => {
                        let engine = self.clone();
                        running.spawn(async move { engine.sync_one(identity).await });
                        continue;
                    }
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%error, "lists to read could not be looked for"),
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = crate::waiting_for(&mut wakes, &Wake::Sync) => {}
                Some(_) = running.join_next(), if !running.is_empty() => {}
            }
        }
    }

    /// Takes a list that nobody reads.
    async fn next_sync(&self) -> Result<Option<Identity>, EngineError> {
        let now = self.now();
        let free = |identity: &Identity| {
            identity.sync == SyncState::Running
                && identity
                    .sync_started_at
                    .is_none_or(|heard| now.since(heard) > TURN)
        };
        let waiting = self.store.reader().await?.identities_to_sync(100).await?;
        for one in waiting.into_iter().filter(free) {
            let mut tx = self.store.begin().await?;
            let found = tx.identity(one.forge_id, &one.remote_id).await?;
            if let Some(mut identity) = found.filter(free) {
                identity.sync_started_at = Some(now);
                (identity.sync_done, identity.sync_total) = (0, None);
                tx.update_identity(&identity).await?;
                tx.commit().await?;
                return Ok(Some(identity));
            }
        }
        Ok(None)
    }

    /// Reads a list to its end and notes how that went.
    async fn sync_one(&self, identity: Identity) {
        let (forge, remote_id) = (identity.forge_id, identity.remote_id.clone());
        let read = self.read_list(identity).await;
        let now = self.now();
        let ended = self
            .change_identity(forge, &remote_id, |identity| match &read {
                Ok(()) => {
                    identity.sync = SyncState::Idle;
                    identity.sync_error = None;
                    identity.synced_at = Some(now);
                }
                Err(error) => {
                    identity.sync = SyncState::Failed;
                    identity.sync_error = Some(error.to_string());
                }
            })
            .await;
        if let Err(error) = &read {
            tracing::warn!(forge = forge.get(), person = %remote_id, %error, "a list of repositories could not be read");
        }
        if let Err(error) = ended {
            // The row still says that it runs: it is taken again later.
            tracing::warn!(%error, "the end of a synchronization could not be noted");
        }
    }

    async fn read_list(&self, identity: Identity) -> Result<(), EngineError> {
        let forged = self.forge_by_id(identity.forge_id).await?;
        let Some((identity, token)) = self.token_of(&forged, identity.user_id).await? else {
            return Err(ForgeError::Denied.into());
        };
        let mut reading = Reading {
            forge: identity.forge_id,
            remote_id: identity.remote_id.clone(),
            user: identity.user_id,
            began: self.now(),
            accounts: HashSet::new(),
            forged,
        };
        let read = self.read_pages(&mut reading, token).await;
        if let Err(EngineError::Forge(ForgeError::Denied)) = &read {
            self.token_denied(&identity).await?;
        }
        read?;
        let mut tx = self.store.begin().await?;
        let lost = tx
            .drop_rights(reading.user, reading.forge, reading.began)
            .await?;
        tx.commit().await?;
        self.forget_rights();
        if lost > 0 {
            tracing::info!(
                user = reading.user.get(),
                lost,
                "rights ended with a synchronization"
            );
        }
        Ok(())
    }

    /// Stores a page while the next one is on its way.
    async fn read_pages(&self, reading: &mut Reading, token: Secret) -> Result<(), EngineError> {
        let access = Access::User(token);
        let own = Access::clone(&access);
        let person = reading.forged.api.person(&own).await?;
        let mut done = 0;
        let mut page = self.fetch(reading, &access, None).await?;
        loop {
            let next = page.next.take();
            done += page.items.len();
            let progress = (done, page.total);
            let (stored, fetched) =
                tokio::join!(self.store_page(reading, &page, &person.id), async {
                    match &next {
                        Some(cursor) => self.fetch(reading, &access, Some(cursor)).await.map(Some),
                        None => Ok(None),
                    }
                });
            let accounts = stored?;
            reading.accounts.extend(accounts);
            self.note_progress(reading, progress).await?;
            match fetched? {
                Some(fetched) => page = fetched,
                None => return Ok(()),
            }
        }
    }

    async fn note_progress(
        &self,
        reading: &Reading,
        (done, total): (usize, Option<u64>),
    ) -> Result<(), EngineError> {
        let now = self.now();
        self.change_identity(reading.forge, &reading.remote_id, |identity| {
            identity.sync_started_at = Some(now);
            identity.sync_done = u32::try_from(done).unwrap_or(u32::MAX);
            identity.sync_total = total.map(|total| u32::try_from(total).unwrap_or(u32::MAX));
            identity.sync_error = None;
        })
        .await?;
        Ok(())
    }

    /// Asks for a page until it comes: waits while the forge takes no calls, and tries a few times
    /// when it has trouble.
    async fn fetch(
        &self,
        reading: &Reading,
        access: &Access,
        cursor: Option<&str>,
    ) -> Result<RemotePage<RemoteRepository>, EngineError> {
        let mut tries = 0;
        loop {
            match reading.forged.api.repositories(access, cursor).await {
                Ok(page) => return Ok(page),
                Err(ForgeError::RateLimited { retry_after_s }) => {
                    self.wait_for_budget(reading, Duration::from_secs(retry_after_s.max(1)))
                        .await?;
                }
                Err(error) if error.may_pass() && tries + 1 < TRIES => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(500 << tries)).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits while the forge takes no calls, and says until when.
    async fn wait_for_budget(
        &self,
        reading: &Reading,
        mut left: Duration,
    ) -> Result<(), EngineError> {
        let until = self.now().plus(left);
        while !left.is_zero() {
            let now = self.now();
            let name = reading.forged.site.name.clone();
            self.change_identity(reading.forge, &reading.remote_id, |identity| {
                identity.sync_started_at = Some(now);
                identity.sync_error = Some(format!(
                    "{name} takes no more calls until {}; it goes on then",
                    clock_time(until)
                ));
            })
            .await?;
            let step = left.min(WAIT_STEP);
            tokio::time::sleep(step).await;
            left -= step;
        }
        Ok(())
    }

    /// Stores a page in one transaction. Answers the accounts that it noted.
    async fn store_page(
        &self,
        reading: &Reading,
        page: &RemotePage<RemoteRepository>,
        person_id: &str,
    ) -> Result<Vec<String>, EngineError> {
        let mut accounts = Vec::new();
        let mut tx = self.store.begin().await?;
        for remote in &page.items {
            if !self.policy.access.repository(&remote.at.path) {
                continue;
            }
            let owner = &remote.owner.id;
            if !reading.accounts.contains(owner) && !accounts.contains(owner) {
                note_account(tx.as_mut(), reading.forge, &remote.owner).await?;
                accounts.push(owner.clone());
            }
            let Some(id) = self
                .store_remote(tx.as_mut(), &reading.forged, remote)
                .await?
            else {
                continue;
            };
            let level = match remote.permission.map(level_of) {
                Some(level) => level,
                None if remote.owner.id == person_id => Some(Level::Admin),
                None => Some(Level::Read),
            };
            tx.put_right(reading.user, id, level, self.now()).await?;
        }
        tx.commit().await?;
        self.forget_rights();
        Ok(accounts)
    }

    /// Stores what a forge says of a repository under an address that is free. `None` when there is
    /// none: its name can't be one here.
    pub(crate) async fn store_remote(
        &self,
        tx: &mut dyn Tx,
        forged: &Forged,
        remote: &RemoteRepository,
    ) -> Result<Option<travis_model::RepositoryId>, EngineError> {
        let forge = &forged.site;
        let known = tx.repository_by_remote(forge.id, &remote.at.id).await?;
        let Some(slug) = free_slug(tx, forge.id, &forge.name, remote, self.now()).await? else {
            tracing::debug!(path = %remote.at.path, "a repository has no address here");
            return Ok(None);
        };
        let ping_secret = match &known {
            Some(known) => known.ping_secret.clone(),
            None => self.seal(&Vault::new_token("ping")?)?,
        };
        let kept = known.and_then(|known| known.hosting);
        let id = tx
            .put_hosted(&HostedRepository {
                hosting: Hosting {
                    forge_id: forge.id,
                    remote_id: remote.at.id.clone(),
                    path: remote.at.path.clone(),
                    html_url: remote.html_url.clone(),
                    fork: remote.fork,
                    installation_id: remote.installation_id,
                    hook_id: kept.as_ref().and_then(|kept| kept.hook_id.clone()),
                    hooked_by: kept.as_ref().and_then(|kept| kept.hooked_by),
                    gone_at: None,
                    compared_at: kept.as_ref().and_then(|kept| kept.compared_at),
                },
                slug,
                description: remote.description.clone(),
                clone_url: remote.clone_url.clone(),
                default_branch: remote.default_branch.clone(),
                private: remote.private,
                ping_secret,
                at: self.now(),
            })
            .await?;
        Ok(Some(id))
    }
}

/// Notes an account, and its installation of the App where that is said.
pub(crate) async fn note_account(
    tx: &mut dyn Tx,
    forge: ForgeId,
    account: &RemoteAccount,
) -> Result<(), EngineError> {
    let id = tx
        .put_account(&NewAccount {
            forge_id: forge,
            remote_id: account.id.clone(),
            login: account.login.clone(),
            name: account.name.clone(),
            avatar_url: account.avatar_url.clone(),
            organization: account.organization,
        })
        .await?;
    if let Some(installation) = account.installation_id {
        tx.set_installation(id, Some(installation)).await?;
    }
    Ok(())
}

/// The address of a remote repository here: its path, with groups of groups joined by dots; with
/// the forge's name behind the owner where a repository of elsewhere has that address. One of the
/// same forge that still has it was renamed there: it goes aside until it is heard of.
async fn free_slug(
    tx: &mut dyn Tx,
    forge: ForgeId,
    forge_name: &str,
    remote: &RemoteRepository,
    now: Timestamp,
) -> Result<Option<Slug>, EngineError> {
    let Some((owner, name)) = remote.at.owner_and_name() else {
        return Ok(None);
    };
    let owner = owner.replace('/', ".");
    let suffix: String = forge_name
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    for owner in [owner.clone(), format!("{owner}.{suffix}")] {
        let Ok(slug) = Slug::new(&owner, name) else {
            return Ok(None);
        };
        let Some(mut other) = tx.repository_by_slug(&slug).await? else {
            return Ok(Some(slug));
        };
        let Some(hosting) = other.hosting.clone().filter(|one| one.forge_id == forge) else {
            continue;
        };
        if hosting.remote_id == remote.at.id {
            return Ok(Some(slug));
        }
        if let Some(aside) = aside(tx, &other, &hosting).await? {
            other.slug = aside;
            other.updated_at = now;
            tx.update_repository(&other).await?;
            return Ok(Some(slug));
        }
    }
    Ok(None)
}

/// Where a repository goes whose name belongs to another one now.
async fn aside(
    tx: &mut dyn Tx,
    other: &Repository,
    hosting: &Hosting,
) -> Result<Option<Slug>, EngineError> {
    let name = format!("{}.was-{}", other.slug.name(), hosting.remote_id);
    let Ok(slug) = Slug::new(other.slug.owner(), &name) else {
        return Ok(None);
    };
    let taken = tx.repository_by_slug(&slug).await?.is_some();
    Ok((!taken).then_some(slug))
}

/// The time of day: `14:05 UTC`.
fn clock_time(at: Timestamp) -> String {
    let minutes = at.0.div_euclid(60_000).rem_euclid(24 * 60);
    format!("{:02}:{:02} UTC", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_day_are_read_by_people() {
        assert_eq!(clock_time(Timestamp(0)), "00:00 UTC");
        assert_eq!(clock_time(Timestamp(1_700_000_000_000)), "22:13 UTC");
    }
}

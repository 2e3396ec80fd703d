//! Switching repositories on and off: hooks are made and removed here.

use crate::hosting::{Forged, remote_ref};
use crate::{Engine, EngineError, Viewer, changes::Changes};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use travis_bus::Wake;
use travis_forge::ForgeError;
use travis_forge::hosting::{Access, HookDemand, RemoteRef};
use travis_model::{ForgeId, Hosting, Level, Repository, RepositoryId, Scope, User, UserId};
use travis_store::{OutboxEntry, Tx};

/// The kind of the outbox's rows about hooks to be removed.
const HOOK_REMOVAL: &str = "hook_removal";
/// Whoever takes a row has so long.
const CLAIM: Duration = Duration::from_secs(60);
/// How often it is looked for rows without being woken.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// Tries before a hook is left where it is: it is refused when it rings.
const TRIES: u32 = 12;

/// How repositories of a forge get to know of changes.
enum Bell {
    /// The App's own hook.
    App(i64),
    /// One that was made for the repository.
    Hook(String),
}

impl Engine {
    /// Switches a repository on: its hook is made, or the App's is used.
    ///
    /// # Errors
    /// When the viewer may not, as the forge says now; when the App is not installed on it; when
    /// the forge fails.
    pub async fn activate(&self, viewer: &Viewer, key: &str) -> Result<Repository, EngineError> {
        let repository = self.repository(viewer, key).await?;
        viewer.must_be(&repository, Scope::Settings, Level::Admin)?;
        self.confirm(viewer, &repository, Level::Admin, Duration::ZERO)
            .await?;
        let Some(hosting) = &repository.hosting else {
            return self.set_switch(viewer, &repository, None).await;
        };
        if hosting.gone_at.is_some() {
            return Err(EngineError::NotNow {
                code: "repository_gone",
                message: format!("{} is not there any more on its forge", hosting.path),
            });
        }
        let user = viewer.signed_in()?;
        let bell = self.ring(user, &repository, hosting).await?;
        self.set_switch(viewer, &repository, Some(bell)).await
    }

    /// Makes sure that the forge tells of changes.
    async fn ring(
        &self,
        user: &User,
        repository: &Repository,
        hosting: &Hosting,
    ) -> Result<Bell, EngineError> {
        let forged = self.forge_by_id(hosting.forge_id).await?;
        let at = remote_ref(hosting);
        let access = self.in_name_of(&forged, user, repository).await?;
        if forged.api.features().app {
            let installed = match hosting.installation_id {
                Some(id) => Some(id),
                None => match &access {
                    Some(access) => forged.api.repository(access, &at).await?.installation_id,
                    None => None,
                },
            };
            return installed.map(Bell::App).ok_or_else(|| {
                let place = forged.api.install_url().unwrap_or_default();
                EngineError::NotNow {
                    code: "app_not_installed",
                    message: format!(
                        "the App is not installed on {}: install it at {place} and try again",
                        hosting.path
                    ),
                }
            });
        }
        let Some(access) = access else {
            return Err(EngineError::NotNow {
                code: "sign_in_again",
                message: format!(
                    "the hook is made in your name: sign in with {} first",
                    forged.site.name
                ),
            });
        };
        let demand = HookDemand {
            url: format!("{}/ping/{}", self.policy.public_url, repository.id),
            secret: self.vault.unseal(&repository.ping_secret)?,
        };
        Ok(Bell::Hook(
            forged.api.put_hook(&access, &at, &demand).await?,
        ))
    }

    /// In the name of this person, else of whoever else acts on the repository.
    async fn in_name_of(
        &self,
        forged: &Forged,
        user: &User,
        repository: &Repository,
    ) -> Result<Option<Access>, EngineError> {
        if let Some((_, token)) = self.token_of(forged, user.id).await? {
            return Ok(Some(Access::User(token)));
        }
        let there = self.hosted(repository).await?;
        Ok(there
            .map(|there| there.access)
            .filter(|access| *access != Access::Anonymous))
    }

    async fn set_switch(
        &self,
        viewer: &Viewer,
        repository: &Repository,
        bell: Option<Bell>,
    ) -> Result<Repository, EngineError> {
        let id = repository.id;
        let mut tx = self.store.begin().await?;
        let mut row = tx
            .repository(id)
            .await?
            .ok_or(EngineError::NotFound("repository"))?;
        row.active = true;
        row.updated_at = self.now();
        if let Some(hosting) = &mut row.hosting {
            // Commits from before it was switched on are nobody's demand.
            hosting.compared_at = None;
            hosting.hooked_by = viewer.user.as_ref().map(|user| user.id);
            match bell {
                Some(Bell::App(installation)) => hosting.installation_id = Some(installation),
                Some(Bell::Hook(hook)) => hosting.hook_id = Some(hook),
                None => {}
            }
        }
        tx.update_repository(&row).await?;
        let deed = self.deed(
            viewer,
            "repository.enable",
            format!("repository:{id}"),
            row.slug.to_string(),
        );
        tx.append_audit(&deed).await?;
        tx.commit().await?;
        let mut changes = Changes::default();
        changes.repository(id);
        changes.send(self.bus.as_ref());
        Ok(row)
    }

    /// Switches a repository off. Its hook is removed as soon as the forge lets us.
    ///
    /// # Errors
    /// When the viewer may not.
    pub async fn deactivate(&self, viewer: &Viewer, key: &str) -> Result<Repository, EngineError> {
        let repository = self.repository(viewer, key).await?;
        self.must_administer(viewer, &repository).await?;
        let id = repository.id;
        let mut tx = self.store.begin().await?;
        let mut row = tx
            .repository(id)
            .await?
            .ok_or(EngineError::NotFound("repository"))?;
        self.give_up_hook(tx.as_mut(), viewer, &row).await?;
        row.active = false;
        row.updated_at = self.now();
        if let Some(hosting) = &mut row.hosting {
            hosting.hook_id = None;
        }
        tx.update_repository(&row).await?;
        let deed = self.deed(
            viewer,
            "repository.disable",
            format!("repository:{id}"),
            row.slug.to_string(),
        );
        tx.append_audit(&deed).await?;
        tx.commit().await?;
        let mut changes = Changes::default();
        changes.repository(id);
        changes.wake(Wake::Outbox);
        changes.send(self.bus.as_ref());
        Ok(row)
    }

    /// Notes that a repository's hook is to be removed, if it has one.
    pub(crate) async fn give_up_hook(
        &self,
        tx: &mut dyn Tx,
        viewer: &Viewer,
        row: &Repository,
    ) -> Result<(), EngineError> {
        let Some((hosting, hook)) = row
            .hosting
            .as_ref()
            .and_then(|hosting| Some((hosting, hosting.hook_id.as_ref()?)))
        else {
            return Ok(());
        };
        let payload = json!({
            "repository": row.id.get(),
            "forge": hosting.forge_id.get(),
            "remote_id": hosting.remote_id,
            "path": hosting.path,
            "hook": hook,
            "user": viewer.user.as_ref().map(|user| user.id.get()),
            "hooked_by": hosting.hooked_by.map(UserId::get),
        });
        let key = format!("{}/{hook}", row.id);
        tx.append_outbox(HOOK_REMOVAL, &key, &payload, self.now())
            .await?;
        Ok(())
    }

    /// Removes hooks of repositories that were switched off.
    pub(crate) async fn remove_hooks_for_ever(self: Arc<Self>) {
        let mut wakes = self.bus.wakes();
        loop {
            if let Err(error) = self.remove_hooks().await {
                tracing::warn!(%error, "hooks to remove could not be looked for");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = crate::waiting_for(&mut wakes, &Wake::Outbox) => {}
            }
        }
    }

    async fn remove_hooks(&self) -> Result<(), EngineError> {
        loop {
            let now = self.now();
            let mut tx = self.store.begin().await?;
            let due = tx
                .claim_outbox(HOOK_REMOVAL, now, now.plus(CLAIM), 4)
                .await?;
            tx.commit().await?;
            if due.is_empty() {
                return Ok(());
            }
            for entry in due {
                let removed = self.remove_hook(&entry).await;
                let mut tx = self.store.begin().await?;
                match removed {
                    Ok(()) => tx.outbox_done(entry.id, entry.version, None, None).await?,
                    Err(error) => {
                        let again = (entry.tries + 1 < TRIES).then(|| {
                            let wait = Duration::from_secs(10 << entry.tries.min(9));
                            self.now().plus(wait)
                        });
                        tracing::info!(%error, key = %entry.key, "a hook could not be removed yet");
                        tx.outbox_retry(entry.id, entry.version, again, &error.to_string(), None)
                            .await?;
                    }
                }
                tx.commit().await?;
            }
        }
    }

    async fn remove_hook(&self, entry: &OutboxEntry) -> Result<(), EngineError> {
        let number = |name: &str| entry.payload[name].as_i64();
        let text = |name: &str| entry.payload[name].as_str().unwrap_or_default().to_owned();
        let (Some(forge), Some(id)) = (number("forge"), number("repository")) else {
            return Ok(());
        };
        let hook = text("hook");
        let Ok(forged) = self.forge_by_id(ForgeId(forge)).await else {
            return Ok(());
        };
        let row = self
            .store
            .reader()
            .await?
            .repository(RepositoryId(id))
            .await?;
        if row.as_ref().is_some_and(|row| uses(row, &hook)) {
            return Ok(());
        }
        let at = RemoteRef {
            id: text("remote_id"),
            path: text("path"),
        };
        let people = [number("user"), number("hooked_by")];
        let mut last = ForgeError::Denied;
        for user in people.into_iter().flatten() {
            let Some((_, token)) = self.token_of(&forged, UserId(user)).await? else {
                continue;
            };
            let access = Access::User(token);
            match forged.api.delete_hook(&access, &at, &hook).await {
                Ok(()) | Err(ForgeError::NotFound { .. }) => {
                    return self.mend_hook(&forged, &access, &at, id, &hook).await;
                }
                Err(error) => last = error,
            }
        }
        Err(last.into())
    }

    /// Makes a hook again that was removed while its repository was switched on once more.
    async fn mend_hook(
        &self,
        forged: &Forged,
        access: &Access,
        at: &RemoteRef,
        id: i64,
        hook: &str,
    ) -> Result<(), EngineError> {
        let row = self
            .store
            .reader()
            .await?
            .repository(RepositoryId(id))
            .await?;
        let Some(row) = row.filter(|row| uses(row, hook)) else {
            return Ok(());
        };
        let demand = HookDemand {
            url: format!("{}/ping/{id}", self.policy.public_url),
            secret: self.vault.unseal(&row.ping_secret)?,
        };
        let made = forged.api.put_hook(access, at, &demand).await?;
        let mut tx = self.store.begin().await?;
        if let Some(mut fresh) = tx.repository(row.id).await? {
            if let Some(hosting) = &mut fresh.hosting {
                hosting.hook_id = Some(made);
            }
            tx.update_repository(&fresh).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Stars a repository for the viewer, or takes the star away.
    ///
    /// # Errors
    /// When the viewer is not signed in or may not see it.
    pub async fn star(
        &self,
        viewer: &Viewer,
        key: &str,
        starred: bool,
    ) -> Result<Repository, EngineError> {
        let repository = self.repository(viewer, key).await?;
        let user = viewer.signed_in_for(Scope::Build)?.id;
        let mut tx = self.store.begin().await?;
        tx.put_star(user, repository.id, starred).await?;
        tx.commit().await?;
        Ok(repository)
    }
}

/// Whether a repository is on and rings with this hook.
fn uses(row: &Repository, hook: &str) -> bool {
    row.active
        && row
            .hosting
            .as_ref()
            .is_some_and(|hosting| hosting.hook_id.as_deref() == Some(hook))
}

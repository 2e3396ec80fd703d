//! Rights as the forge has them now: asked again before changes, and in the background for what is
//! hidden from others.

use crate::access::too_little;
use crate::hosting::{Forged, Hosted, remote_ref};
use crate::{Engine, EngineError, Viewer};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use travis_forge::ForgeError;
use travis_forge::hosting::{Access, Permission, RemotePerson};
use travis_model::{Identity, Level, Repository, RepositoryId, SyncState, Timestamp, UserId};

/// How long a person waits for the forge's word.
const PATIENCE: Duration = Duration::from_secs(3);
/// For how long the forge's last word counts for changes while it does not answer.
const KEPT_FOR: Duration = Duration::from_secs(600);
/// Rights on hidden repositories are asked again after this time.
const STALE: Duration = Duration::from_secs(300);
/// Whose rights are asked again: people seen so long ago at most.
const SEEN: Duration = Duration::from_secs(3600);
/// How often it is looked for rights to ask again.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Rights asked again in one look: what was looked at first, then the oldest.
const BATCH: usize = 8;
/// Looks between two searches for the oldest.
const SEARCH_EVERY: u32 = 15;
/// Lists of repositories of people who are here are read again after this time.
const LIST_AGE: Duration = Duration::from_secs(24 * 3600);
/// People and looks that are remembered.
const REMEMBERED: usize = 4096;

/// Who was here, and what they looked at whose rights are old.
#[derive(Default)]
pub(crate) struct Presence(Mutex<Present>);

#[derive(Default)]
struct Present {
    people: HashMap<UserId, Timestamp>,
    looks: Vec<(UserId, RepositoryId)>,
}

impl Presence {
    fn with<T>(&self, change: impl FnOnce(&mut Present) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes that somebody is here.
    pub fn here(&self, user: UserId, now: Timestamp) {
        self.with(|present| {
            if present.people.len() < REMEMBERED || present.people.contains_key(&user) {
                present.people.insert(user, now);
            }
        });
    }

    fn looked(&self, user: UserId, repository: RepositoryId) {
        self.with(|present| {
            let look = (user, repository);
            if present.looks.len() < REMEMBERED && !present.looks.contains(&look) {
                present.looks.push(look);
            }
        });
    }

    fn take_looks(&self) -> Vec<(UserId, RepositoryId)> {
        self.with(|present| {
            let some = present.looks.len().min(BATCH);
            present.looks.drain(..some).collect()
        })
    }

    fn people(&self, now: Timestamp) -> Vec<UserId> {
        self.with(|present| {
            present.people.retain(|_, seen| now.since(*seen) < SEEN);
            present.people.keys().copied().collect()
        })
    }
}

/// What the forge says now, or that it does not say.
enum Word {
    Level(Option<Level>),
    Silence(ForgeError),
}

pub(crate) const fn level_of(permission: Permission) -> Option<Level> {
    match permission {
        Permission::None => None,
        Permission::Read => Some(Level::Read),
        Permission::Write => Some(Level::Write),
        Permission::Admin => Some(Level::Admin),
    }
}

/// A person as their forge knows them.
pub(crate) fn remote_person(identity: &Identity) -> RemotePerson {
    RemotePerson {
        id: identity.remote_id.clone(),
        login: identity.login.clone(),
        name: identity.name.clone(),
        email: identity.email.clone(),
        avatar_url: identity.avatar_url.clone(),
    }
}

impl Engine {
    /// Asks the forge whether the viewer still has this level, when it last said so longer than
    /// `fresh` ago. Whoever runs this installation needs no word of a forge.
    pub(crate) async fn confirm(
        &self,
        viewer: &Viewer,
        repository: &Repository,
        level: Level,
        fresh: Duration,
    ) -> Result<(), EngineError> {
        let user = viewer.signed_in()?;
        if user.admin || repository.hosting.is_none() {
            return Ok(());
        }
        let kept = self
            .store
            .reader()
            .await?
            .right(user.id, repository.id)
            .await?;
        let age = kept.map(|right| self.now().since(right.checked_at));
        let now_has = match (kept, age) {
            (Some(right), Some(age)) if age < fresh => Some(right.level),
            _ => match self.ask(user.id, repository).await? {
                Word::Level(level) => {
                    self.keep_right(user.id, repository.id, level).await?;
                    level
                }
                Word::Silence(cause) => {
                    let usable = kept.filter(|_| age < Some(KEPT_FOR));
                    let Some(right) = usable else {
                        return Err(EngineError::ForgeAway {
                            forge: self.forge_name(repository).await,
                            cause: cause.to_string(),
                        });
                    };
                    Some(right.level)
                }
            },
        };
        if now_has >= Some(level) {
            Ok(())
        } else if now_has.is_none() && repository.private {
            Err(EngineError::NotFound("repository"))
        } else {
            Err(too_little(level))
        }
    }

    async fn forge_name(&self, repository: &Repository) -> String {
        let Some(hosting) = &repository.hosting else {
            return "the forge".to_owned();
        };
        match self.forge_by_id(hosting.forge_id).await {
            Ok(forged) => forged.site.name,
            Err(_) => "the forge".to_owned(),
        }
    }

    /// What a person may do, as the forge says now: asked in their own name, else in the
    /// repository's.
    async fn ask(&self, user: UserId, repository: &Repository) -> Result<Word, EngineError> {
        let Some(hosting) = &repository.hosting else {
            return Ok(Word::Level(None));
        };
        let forged = self.forge_by_id(hosting.forge_id).await?;
        let identities = self.store.reader().await?.identities(user).await?;
        let Some(identity) = identities
            .into_iter()
            .find(|identity| identity.forge_id == forged.site.id)
        else {
            return Ok(Word::Level(None));
        };
        let timeout = || ForgeError::Timeout { after: PATIENCE };
        let asked = tokio::time::timeout(PATIENCE, self.ask_as(&forged, repository, &identity));
        match asked.await.unwrap_or_else(|_| Err(timeout().into())) {
            Ok(permission) => Ok(Word::Level(level_of(permission))),
            Err(EngineError::Forge(ForgeError::NotFound { .. })) => Ok(Word::Level(None)),
            Err(EngineError::Forge(error)) => Ok(Word::Silence(error)),
            Err(error) => Err(error),
        }
    }

    async fn ask_as(
        &self,
        forged: &Forged,
        repository: &Repository,
        identity: &Identity,
    ) -> Result<Permission, EngineError> {
        let Some(hosting) = &repository.hosting else {
            return Ok(Permission::None);
        };
        let (person, at) = (remote_person(identity), remote_ref(hosting));
        if let Some((fresh, token)) = self.token_of(forged, identity.user_id).await? {
            let access = Access::User(token);
            match forged.api.permission(&access, &at, &person).await {
                Err(ForgeError::Denied) => self.token_denied(&fresh).await?,
                other => return Ok(other?),
            }
        }
        // Without a token of their own, somebody else's word about them.
        match self.hosted(repository).await? {
            Some(Hosted {
                api,
                at,
                access: access @ (Access::User(_) | Access::Installation(_)),
                ..
            }) => Ok(api.permission(&access, &at, &person).await?),
            _ => Err(ForgeError::Denied.into()),
        }
    }

    async fn keep_right(
        &self,
        user: UserId,
        repository: RepositoryId,
        level: Option<Level>,
    ) -> Result<(), EngineError> {
        let mut tx = self.store.begin().await?;
        let before = tx.right(user, repository).await?.map(|right| right.level);
        tx.put_right(user, repository, level, self.now()).await?;
        tx.commit().await?;
        if before != level {
            self.forget_rights();
            let mut changes = crate::changes::Changes::default();
            // Connections look again whether they may still hear of it.
            changes.repository(repository);
            changes.user(user);
            changes.send(self.bus.as_ref());
        }
        Ok(())
    }

    /// Notes that somebody looked at a hidden repository, so that an old right is asked again soon.
    pub(crate) async fn note_look(
        &self,
        viewer: &Viewer,
        repository: &Repository,
    ) -> Result<(), EngineError> {
        let Some(user) = viewer.user.as_ref().filter(|user| !user.admin) else {
            return Ok(());
        };
        if !repository.private || repository.hosting.is_none() {
            return Ok(());
        }
        let mut reader = self.store.reader().await?;
        let right = reader.right(user.id, repository.id).await?;
        if right.is_some_and(|right| self.now().since(right.checked_at) > STALE) {
            self.presence.looked(user.id, repository.id);
        }
        Ok(())
    }

    /// Asks old rights on hidden repositories again: of people who are here, a few at a time.
    pub(crate) async fn recheck_for_ever(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut looks = 0_u32;
        loop {
            ticks.tick().await;
            if let Err(error) = self.recheck_looked().await {
                tracing::warn!(%error, "rights that were used could not be asked again");
            }
            looks = looks.wrapping_add(1);
            if looks.is_multiple_of(SEARCH_EVERY)
                && let Err(error) = self.recheck_old().await
            {
                tracing::warn!(%error, "old rights could not be asked again");
            }
        }
    }

    async fn recheck_looked(&self) -> Result<(), EngineError> {
        for (user, repository) in self.presence.take_looks() {
            self.recheck(user, repository).await?;
        }
        Ok(())
    }

    /// Asks one right again. A forge that does not answer changes nothing.
    async fn recheck(&self, user: UserId, id: RepositoryId) -> Result<(), EngineError> {
        let Some(repository) = self.store.reader().await?.repository(id).await? else {
            return Ok(());
        };
        match self.ask(user, &repository).await? {
            Word::Level(level) => self.keep_right(user, id, level).await,
            Word::Silence(error) => {
                tracing::debug!(%error, repository = %repository.slug, "a right could not be asked again");
                Ok(())
            }
        }
    }

    /// Asks the oldest rights on hidden repositories again, and lets lists that are a day old be
    /// read again.
    pub(crate) async fn recheck_old(&self) -> Result<(), EngineError> {
        let now = self.now();
        let mut old = Vec::new();
        for user in self.presence.people(now) {
            let mut reader = self.store.reader().await?;
            for identity in reader.identities(user).await? {
                let due = identity.sync == SyncState::Idle
                    && identity.token.is_some()
                    && identity
                        .synced_at
                        .is_some_and(|at| now.since(at) > LIST_AGE);
                if due {
                    self.ask_for_sync(&identity).await?;
                }
            }
            old.extend(
                reader
                    .rights(user)
                    .await?
                    .into_iter()
                    .filter(|right| now.since(right.checked_at) > STALE),
            );
        }
        old.sort_unstable_by_key(|right| right.checked_at);
        let mut left = BATCH;
        for some in old.chunks(100) {
            let ids: Vec<RepositoryId> = some.iter().map(|right| right.repository_id).collect();
            let rows = self.store.reader().await?.repositories_by_id(&ids).await?;
            for right in some {
                let hidden = rows.iter().any(|row| {
                    row.id == right.repository_id && row.private && row.hosting.is_some()
                });
                if hidden {
                    self.recheck(right.user_id, right.repository_id).await?;
                    left -= 1;
                }
                if left == 0 {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

//! Who may see and do what. Decided here, for every surface.

use crate::{Engine, EngineError};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use travis_model::{
    Level, Repository, RepositoryId, Scope, SessionId, Timestamp, User, UserId, Worker,
};
use travis_store::SeenBy;

/// For how long a person's rights are not read again. What takes rights away forgets them at once
/// on this server; others notice after this time.
const FRESH: Duration = Duration::from_secs(5);
/// What the forge said so long ago counts for changes without being asked again.
const CONFIRMED: Duration = Duration::from_secs(60);
/// People whose rights are kept.
const KEPT: usize = 1024;

/// A person's rights by repository.
pub type Rights = Arc<HashMap<RepositoryId, Level>>;

/// Rights that were read a moment ago.
#[derive(Default)]
pub(crate) struct Grants(Mutex<HashMap<UserId, (Timestamp, Rights)>>);

/// Whoever looks.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The person, when signed in.
    pub user: Option<User>,
    /// What the forge lets this person do.
    pub rights: Rights,
    /// What the credential allows at most.
    pub scope: Scope,
    /// The session, when the credential is one.
    pub session: Option<SessionId>,
}

impl Default for Viewer {
    fn default() -> Self {
        Self {
            user: None,
            rights: Rights::default(),
            scope: Scope::All,
            session: None,
        }
    }
}

impl Viewer {
    /// Runs this installation: may do everything, as far as the credential allows.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.admin)
    }

    /// May do everything with this very credential.
    #[must_use]
    pub fn operates(&self) -> bool {
        self.is_admin() && self.scope == Scope::All
    }

    /// For whose eyes lists are.
    #[must_use]
    pub fn seen_by(&self) -> SeenBy {
        match &self.user {
            Some(user) if user.admin => SeenBy::Operator,
            Some(user) => SeenBy::User(user.id),
            None => SeenBy::Everybody,
        }
    }

    /// What this person may do with a repository, as last heard from its forge.
    #[must_use]
    pub fn level(&self, repository: &Repository) -> Option<Level> {
        if self.is_admin() {
            return Some(Level::Admin);
        }
        self.rights.get(&repository.id).copied()
    }

    /// May switch it on and off, and change settings and variables.
    #[must_use]
    pub fn administers(&self, repository: &Repository) -> bool {
        self.scope >= Scope::Settings && self.level(repository) >= Some(Level::Admin)
    }

    /// May see a repository and all that belongs to it.
    #[must_use]
    pub fn sees(&self, repository: &Repository) -> bool {
        !repository.private || self.level(repository).is_some()
    }

    /// May ask for builds, cancel, restart and approve them.
    #[must_use]
    pub fn maintains(&self, repository: &Repository) -> bool {
        self.scope >= Scope::Build && self.level(repository) >= Some(Level::Write)
    }

    /// May pause, drain and remove a worker.
    #[must_use]
    pub fn commands(&self, worker: &Worker) -> bool {
        if self.scope < Scope::Settings {
            return false;
        }
        self.is_admin()
            || self
                .user
                .as_ref()
                .is_some_and(|user| user.id == worker.owner_id)
    }

    /// The person, when the credential allows so much.
    ///
    /// # Errors
    /// [`EngineError::LoginRequired`]; [`EngineError::Forbidden`] for a token of a smaller scope.
    pub fn signed_in_for(&self, scope: Scope) -> Result<&User, EngineError> {
        let user = self.signed_in()?;
        if self.scope >= scope {
            Ok(user)
        } else {
            Err(EngineError::Forbidden(match scope {
                Scope::All => {
                    "this token does not allow it: sign in, or make a token of the scope \"all\""
                }
                Scope::Settings => {
                    "this token does not allow it: make one of the scope \"settings\" or wider"
                }
                _ => "this token is for reading alone: make one of the scope \"build\" or wider",
            }))
        }
    }

    /// Whoever runs this installation, when the credential allows everything.
    ///
    /// # Errors
    /// As [`Self::signed_in_for`]; [`EngineError::Forbidden`] for everybody else.
    pub fn operator(&self) -> Result<&User, EngineError> {
        let user = self.signed_in_for(Scope::All)?;
        if user.admin {
            Ok(user)
        } else {
            Err(EngineError::Forbidden(
                "only an administrator of this installation may do this",
            ))
        }
    }

    /// The name under which deeds are kept in the audit log.
    #[must_use]
    pub fn actor(&self) -> String {
        self.user.as_ref().map_or_else(
            || "anonymous".to_owned(),
            |user| format!("user:{}", user.login),
        )
    }

    /// The person.
    ///
    /// # Errors
    /// [`EngineError::LoginRequired`].
    pub fn signed_in(&self) -> Result<&User, EngineError> {
        self.user.as_ref().ok_or(EngineError::LoginRequired)
    }

    pub(crate) fn must_see(&self, repository: &Repository) -> Result<(), EngineError> {
        if self.sees(repository) {
            Ok(())
        } else {
            Err(EngineError::NotFound("repository"))
        }
    }
}

impl Engine {
    /// A viewer with their rights.
    pub(crate) async fn viewer(
        &self,
        user: Option<User>,
        scope: Scope,
    ) -> Result<Viewer, EngineError> {
        let rights = match &user {
            Some(user) => {
                self.presence.here(user.id, self.now());
                self.rights_of(user.id).await?
            }
            None => Rights::default(),
        };
        Ok(Viewer {
            user,
            rights,
            scope,
            session: None,
        })
    }

    async fn rights_of(&self, user: UserId) -> Result<Rights, EngineError> {
        let now = self.now();
        if let Some((at, rights)) = self.kept_rights(user)
            && now.since(at) < FRESH
        {
            return Ok(rights);
        }
        let rows = self.store.reader().await?.rights(user).await?;
        let rights: Rights = Arc::new(
            rows.into_iter()
                .map(|right| (right.repository_id, right.level))
                .collect(),
        );
        let mut kept = self.grants.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(user, (now, rights.clone()));
        Ok(rights)
    }

    fn kept_rights(&self, user: UserId) -> Option<(Timestamp, Rights)> {
        let kept = self.grants.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&user).cloned()
    }

    /// Forgets what was read of people's rights, since something about them changed.
    pub(crate) fn forget_rights(&self) {
        self.grants
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Refuses whoever may not ask for builds. Asks the forge when that is some time ago, so never
    /// inside a transaction.
    pub(crate) async fn must_build(
        &self,
        viewer: &Viewer,
        repository: &Repository,
    ) -> Result<(), EngineError> {
        self.must_be(viewer, repository, Scope::Build, Level::Write)
            .await
    }

    /// Refuses whoever may not change settings. Asks the forge when that is some time ago, so never
    /// inside a transaction.
    pub(crate) async fn must_administer(
        &self,
        viewer: &Viewer,
        repository: &Repository,
    ) -> Result<(), EngineError> {
        self.must_be(viewer, repository, Scope::Settings, Level::Admin)
            .await
    }

    async fn must_be(
        &self,
        viewer: &Viewer,
        repository: &Repository,
        scope: Scope,
        level: Level,
    ) -> Result<(), EngineError> {
        viewer.must_be(repository, scope, level)?;
        self.confirm(viewer, repository, level, CONFIRMED).await
    }
}

impl Viewer {
    /// Refuses whoever may not do it as far as is known here.
    pub(crate) fn must_be(
        &self,
        repository: &Repository,
        scope: Scope,
        level: Level,
    ) -> Result<(), EngineError> {
        self.must_see(repository)?;
        self.signed_in_for(scope)?;
        if self.level(repository) >= Some(level) {
            Ok(())
        } else {
            Err(too_little(level))
        }
    }
}

/// Why somebody may not do what needs this level.
pub(crate) const fn too_little(level: Level) -> EngineError {
    EngineError::Forbidden(match level {
        Level::Admin => "you may see this repository and may not change its settings",
        Level::Write | Level::Read => "you may see this repository and may not change it",
    })
}

//! Who may see and do what. Decided here, for every surface.

use crate::EngineError;
use travis_model::{Repository, User, Worker};

/// Whoever looks.
#[derive(Debug, Clone, Default)]
pub struct Viewer {
    /// The person, when signed in.
    pub user: Option<User>,
}

impl Viewer {
    /// May do everything.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.admin)
    }

    /// May see a repository and all that belongs to it.
    #[must_use]
    pub fn sees(&self, repository: &Repository) -> bool {
        !repository.private || self.is_admin()
    }

    /// May ask for builds, cancel and restart them, and change settings.
    #[must_use]
    pub fn maintains(&self, _repository: &Repository) -> bool {
        self.is_admin()
    }

    /// May pause, drain and remove a worker.
    #[must_use]
    pub fn commands(&self, worker: &Worker) -> bool {
        self.is_admin()
            || self
                .user
                .as_ref()
                .is_some_and(|user| user.id == worker.owner_id)
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

    pub(crate) fn must_maintain(&self, repository: &Repository) -> Result<(), EngineError> {
        self.must_see(repository)?;
        self.signed_in()?;
        if self.maintains(repository) {
            Ok(())
        } else {
            Err(EngineError::Forbidden(
                "you may see this repository and may not change it",
            ))
        }
    }
}

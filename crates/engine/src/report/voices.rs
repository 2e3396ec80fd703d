//! In whose name a forge can be told something: several, since one may have lost the right.

use crate::{Engine, EngineError, Hosted, remote_ref};
use travis_forge::ForgeError;
use travis_forge::hosting::Access;
use travis_model::{Level, Repository, UserId};

/// People who are tried.
const PEOPLE: usize = 8;

/// Who can be asked to speak, in the order in which they are tried.
pub(super) enum Voice {
    App(i64),
    Person(UserId),
}

impl Engine {
    /// The App where it is installed, then whoever switched the repository on, then others who may
    /// push to it.
    pub(super) async fn voices(&self, repository: &Repository) -> Result<Vec<Voice>, EngineError> {
        let Some(hosting) = &repository.hosting else {
            return Ok(Vec::new());
        };
        let mut people: Vec<UserId> = hosting.hooked_by.into_iter().collect();
        let rights = self.store.reader().await?.rights_on(repository.id).await?;
        for right in rights.iter().filter(|right| right.level >= Level::Write) {
            if !people.contains(&right.user_id) {
                people.push(right.user_id);
            }
        }
        let app = hosting.installation_id.map(Voice::App);
        let people = people.into_iter().take(PEOPLE).map(Voice::Person);
        Ok(app.into_iter().chain(people).collect())
    }

    /// A voice with what it speaks with; `None` when it has nothing that is good.
    pub(super) async fn raise(
        &self,
        repository: &Repository,
        voice: &Voice,
    ) -> Result<Option<Hosted>, EngineError> {
        let Some(hosting) = &repository.hosting else {
            return Ok(None);
        };
        let forged = self.forge_by_id(hosting.forge_id).await?;
        let (access, by_app) = match voice {
            Voice::App(id) if forged.api.features().app => (Access::Installation(*id), true),
            Voice::App(_) => return Ok(None),
            Voice::Person(user) => match self.token_of(&forged, *user).await {
                Ok(Some((_, token))) => (Access::User(token), false),
                Ok(None) => return Ok(None),
                Err(EngineError::Forge(error)) if !error.may_pass() => return Ok(None),
                Err(error) => return Err(error),
            },
        };
        Ok(Some(Hosted {
            api: forged.api,
            at: remote_ref(hosting),
            access,
            by_app,
        }))
    }

    /// A person's token is not good any more: it is not used again, and the person sees so.
    pub(super) async fn token_refused(
        &self,
        repository: &Repository,
        voice: &Voice,
        used: &Access,
    ) -> Result<(), EngineError> {
        let (Voice::Person(user), Access::User(used), Some(hosting)) =
            (voice, used, &repository.hosting)
        else {
            return Ok(());
        };
        let mut tx = self.store.begin().await?;
        for mut identity in tx.identities(*user).await? {
            let Some(sealed) = &identity.token else {
                continue;
            };
            // Meanwhile the person may have signed in again.
            if identity.forge_id == hosting.forge_id && self.vault.unseal(sealed)? == *used {
                (identity.token, identity.refresh_token) = (None, None);
                tx.update_identity(&identity).await?;
            }
        }
        Ok(tx.commit().await?)
    }
}

/// Whether somebody else may be allowed what this one is not.
pub(super) const fn is_about_the_voice(error: &ForgeError) -> bool {
    matches!(
        error,
        ForgeError::Denied
            | ForgeError::Forbidden { .. }
            | ForgeError::NotFound { .. }
            | ForgeError::AuthRequired
    )
}

//! Forges as the use cases see them: which adapter, in whose name.

use crate::{Engine, EngineError, Vault, changes::Changes};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use travis_forge::hosting::{Access, AppIdentity, Connection, ForgeApi, RemoteRef};
use travis_forge::{ForgeError, RepoRef, Resolved, Snapshot, Want};
use travis_model::{
    ForgeId, ForgeSite, Hosting, Identity, Level, Repository, Secret, Timestamp, UserId,
};

/// Makes the adapter of a forge: the real ones, or one for tests.
pub type Connect = Arc<dyn Fn(Connection) -> Result<Arc<dyn ForgeApi>, ForgeError> + Send + Sync>;

/// A token that ends so soon is renewed before it is used.
const RENEW_BEFORE: Duration = Duration::from_secs(120);

/// An adapter, with the time of the row it was made of.
type Made = (Timestamp, Arc<dyn ForgeApi>);

/// Adapters that were made, with the time of the row they were made of; and the forges' origins.
#[derive(Default)]
pub(crate) struct Adapters(Mutex<HashMap<ForgeId, Made>>, RwLock<Vec<String>>);

/// A forge with its adapter.
#[derive(Clone)]
pub struct Forged {
    /// The row.
    pub site: ForgeSite,
    /// The adapter.
    pub api: Arc<dyn ForgeApi>,
}

/// A repository on its forge, and in whose name it is worked on.
pub struct Hosted {
    /// The adapter of its forge.
    pub api: Arc<dyn ForgeApi>,
    /// How the forge calls it.
    pub at: RemoteRef,
    /// In whose name.
    pub access: Access,
    /// Whether it is the App's.
    pub by_app: bool,
}

/// How a forge calls a repository.
#[must_use]
pub fn remote_ref(hosting: &Hosting) -> RemoteRef {
    RemoteRef {
        id: hosting.remote_id.clone(),
        path: hosting.path.clone(),
    }
}

impl Engine {
    /// A forge with its adapter.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for one that is not there.
    pub async fn forge_by_id(&self, id: ForgeId) -> Result<Forged, EngineError> {
        let site = self
            .forges()
            .await?
            .into_iter()
            .find(|site| site.id == id)
            .ok_or(EngineError::NotFound("forge"))?;
        self.connect_to(site)
    }

    /// All forges.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forges(&self) -> Result<Vec<ForgeSite>, EngineError> {
        let forges = self.store.reader().await?.forges().await?;
        let origins = forges.iter().map(|site| origin(&site.web_url)).collect();
        *self
            .adapters
            .1
            .write()
            .unwrap_or_else(PoisonError::into_inner) = origins;
        Ok(forges)
    }

    /// Where people go on the known forges: scheme, host and port of each.
    #[must_use]
    pub fn forge_origins(&self) -> Vec<String> {
        self.adapters
            .1
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether this clone URL may be a local path or a loopback address: the operator allows it, or
    /// it lies on a forge that the operator set up.
    #[must_use]
    pub fn allows_local(&self, url: &str) -> bool {
        if self.policy.allows_local(url) {
            return true;
        }
        let at = origin(url);
        !at.is_empty() && self.forge_origins().contains(&at)
    }

    /// The adapter of a forge; made anew when its row has changed.
    pub(crate) fn connect_to(&self, site: ForgeSite) -> Result<Forged, EngineError> {
        let mut known = self
            .adapters
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((at, api)) = known.get(&site.id)
            && *at == site.updated_at
        {
            let api = api.clone();
            return Ok(Forged { site, api });
        }
        let open = |sealed: &Option<Vec<u8>>| {
            sealed
                .as_ref()
                .map(|sealed| self.vault.unseal(sealed))
                .transpose()
        };
        let app = match (site.app_id, &site.app_slug, open(&site.app_key)?) {
            (Some(id), Some(slug), Some(private_key)) => Some(AppIdentity {
                id,
                slug: slug.clone(),
                private_key,
            }),
            _ => None,
        };
        let api = (self.connect)(Connection {
            kind: site.kind.clone(),
            web_url: site.web_url.clone(),
            api_url: site.api_url.clone(),
            client_id: site.client_id.clone(),
            client_secret: open(&site.client_secret)?,
            app,
        })?;
        known.insert(site.id, (site.updated_at, api.clone()));
        Ok(Forged { site, api })
    }

    /// A person's token on a forge, renewed when it is about to end. `None` when there is none that
    /// is good.
    pub(crate) async fn token_of(
        &self,
        forged: &Forged,
        user: UserId,
    ) -> Result<Option<(Identity, Secret)>, EngineError> {
        let identities = self.store.reader().await?.identities(user).await?;
        let Some(mut identity) = identities
            .into_iter()
            .find(|identity| identity.forge_id == forged.site.id)
        else {
            return Ok(None);
        };
        let Some(sealed) = identity.token.clone() else {
            return Ok(None);
        };
        let now = self.now();
        if identity
            .token_expires_at
            .is_none_or(|end| end > now.plus(RENEW_BEFORE))
        {
            return Ok(Some((identity, self.vault.unseal(&sealed)?)));
        }
        let Some(refresh) = identity.refresh_token.clone() else {
            return Ok(None);
        };
        // Two at once would each spend the refresh token: one at a time for the whole server.
        let _turn = self.renewing.lock().await;
        let fresh = self.store.reader().await?.identities(user).await?;
        if let Some(renewed) = fresh
            .into_iter()
            .find(|one| one.id == identity.id && one.token != identity.token)
        {
            let token = renewed
                .token
                .as_ref()
                .map(|sealed| self.vault.unseal(sealed))
                .transpose()?;
            return Ok(token.map(|token| (renewed, token)));
        }
        let grant = match forged.api.refresh(&self.vault.unseal(&refresh)?).await {
            Ok(grant) => grant,
            Err(ForgeError::Denied | ForgeError::Refused { .. }) => {
                (identity.token, identity.refresh_token) = (None, None);
                self.save_tokens(&identity).await?;
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        identity.token = Some(self.vault.seal(grant.token.reveal().as_bytes())?);
        if let Some(next) = &grant.refresh_token {
            identity.refresh_token = Some(self.vault.seal(next.reveal().as_bytes())?);
        }
        identity.token_expires_at = grant
            .expires_in
            .map(|seconds| now.plus(Duration::from_secs(seconds)));
        self.save_tokens(&identity).await?;
        Ok(Some((identity, grant.token)))
    }

    /// Keeps an identity's tokens. Everything else of its row is left as it stands, since a
    /// synchronisation may write there meanwhile.
    pub(crate) async fn save_tokens(&self, identity: &Identity) -> Result<(), EngineError> {
        let mut tx = self.store.begin().await?;
        let found = tx.identity(identity.forge_id, &identity.remote_id).await?;
        if let Some(mut fresh) = found {
            fresh.token.clone_from(&identity.token);
            fresh.refresh_token.clone_from(&identity.refresh_token);
            fresh.token_expires_at = identity.token_expires_at;
            tx.update_identity(&fresh).await?;
        }
        tx.commit().await?;
        let mut changes = Changes::default();
        changes.user(identity.user_id);
        changes.send(self.bus.as_ref());
        Ok(())
    }

    /// Forgets a token that the forge refuses: its owner signs in again. Does nothing when there is
    /// a newer one already.
    pub(crate) async fn token_denied(&self, identity: &Identity) -> Result<(), EngineError> {
        let mut tx = self.store.begin().await?;
        let found = tx.identity(identity.forge_id, &identity.remote_id).await?;
        if let Some(mut fresh) = found.filter(|fresh| fresh.token == identity.token) {
            (fresh.token, fresh.refresh_token) = (None, None);
            tx.update_identity(&fresh).await?;
        }
        tx.commit().await?;
        let mut changes = Changes::default();
        changes.user(identity.user_id);
        changes.send(self.bus.as_ref());
        Ok(())
    }

    /// A repository on its forge, in the name of the App where it is installed, else of whoever
    /// switched it on, else of anybody with rights on it, else of nobody. `None` for plain git.
    pub(crate) async fn hosted(
        &self,
        repository: &Repository,
    ) -> Result<Option<Hosted>, EngineError> {
        let Some(hosting) = &repository.hosting else {
            return Ok(None);
        };
        let forged = self.forge_by_id(hosting.forge_id).await?;
        let at = remote_ref(hosting);
        let found = |access, by_app| {
            Ok(Some(Hosted {
                api: forged.api.clone(),
                at: at.clone(),
                access,
                by_app,
            }))
        };
        if let Some(installation) = hosting
            .installation_id
            .filter(|_| forged.api.features().app)
        {
            return found(Access::Installation(installation), true);
        }
        let mut people: Vec<UserId> = hosting.hooked_by.into_iter().collect();
        let rights = self.store.reader().await?.rights_on(repository.id).await?;
        people.extend(
            rights
                .iter()
                .filter(|right| right.level >= Level::Write)
                .map(|right| right.user_id),
        );
        for user in people.into_iter().take(5) {
            if let Some((_, token)) = self.token_of(&forged, user).await? {
                return found(Access::User(token), false);
            }
        }
        found(Access::Anonymous, false)
    }

    /// The commit that is meant, asked of the forge or of git.
    pub(crate) async fn resolve(
        &self,
        repository: &Repository,
        want: &Want,
    ) -> Result<Resolved, EngineError> {
        match self.hosted(repository).await? {
            Some(there) => Ok(there.api.resolve(&there.access, &there.at, want).await?),
            None => Ok(self.forge.resolve(&git_ref(repository), want).await?),
        }
    }

    /// A commit and one file of it, asked of the forge or of git.
    pub(crate) async fn snapshot(
        &self,
        repository: &Repository,
        sha: &str,
        fetch_ref: Option<&str>,
        path: &str,
    ) -> Result<Snapshot, EngineError> {
        match self.hosted(repository).await? {
            Some(there) => Ok(there
                .api
                .snapshot(&there.access, &there.at, sha, path)
                .await?),
            None => Ok(self
                .forge
                .snapshot(&git_ref(repository), sha, fetch_ref, path)
                .await?),
        }
    }

    /// Encrypts a secret for its row.
    pub(crate) fn seal(&self, secret: &Secret) -> Result<Vec<u8>, EngineError> {
        let vault: &Vault = &self.vault;
        Ok(vault.seal(secret.reveal().as_bytes())?)
    }
}

/// Scheme, host and port of an address; empty for what has none.
pub(crate) fn origin(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return String::new();
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if scheme.is_empty() || host.is_empty() || host.contains('@') {
        return String::new();
    }
    format!("{scheme}://{host}").to_ascii_lowercase()
}

fn git_ref(repository: &Repository) -> RepoRef {
    RepoRef {
        id: repository.id.get(),
        url: repository.clone_url.clone(),
    }
}

//! Signing in with a forge: there and back again.

use crate::accounts::SESSION;
use crate::hosting::Forged;
use crate::{Engine, EngineError, Secret, Vault, Viewer, changes::Changes};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use std::time::Duration;
use thiserror::Error;
use travis_bus::Wake;
use travis_forge::ForgeError;
use travis_forge::hosting::{Access, Grant, RemotePerson, SignInDemand};
use travis_model::{ForgeId, SyncState, User, UserId};
use travis_store::{AuditEntry, NewAccount, NewIdentity, SignInState, StoreError, Tx};

/// How long somebody may be on the way.
pub(crate) const ON_THE_WAY: Duration = Duration::from_secs(600);
/// The purpose of the rows about it.
const PURPOSE: &str = "sign_in";
/// A list of repositories older than this is read again when its owner signs in.
const OLD_LIST: Duration = Duration::from_secs(24 * 3600);
/// Names tried for a new account.
const NAMES: u32 = 100;

/// Why nobody is signed in.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The state is unknown, was used, is too old or another browser's.
    #[error("the way back does not fit the way there; sign in again from the start")]
    State,
    /// The person said no at the forge.
    #[error("the forge was not allowed to say who this is")]
    Denied,
    /// The forge failed.
    #[error("the forge did not say who this is: {0}")]
    Forge(ForgeError),
    /// The operator has not allowed this account.
    #[error("this account is not on the list of those who may sign in here")]
    NotAllowed,
    /// The server failed.
    #[error(transparent)]
    Engine(EngineError),
}

impl SignInError {
    /// A stable word for the page that explains it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Denied => "denied",
            Self::NotAllowed => "not_allowed",
            Self::Forge(_) | Self::Engine(_) => "forge",
        }
    }
}

impl<E: Into<EngineError>> From<E> for SignInError {
    fn from(error: E) -> Self {
        match error.into() {
            EngineError::Forge(error) => Self::Forge(error),
            other => Self::Engine(other),
        }
    }
}

/// Somebody who comes back from a forge.
#[derive(Debug)]
pub struct Arrival<'a> {
    /// What the forge gave them.
    pub code: Option<&'a str>,
    /// What they went with.
    pub state: &'a str,
    /// What stayed in their browser.
    pub browser: &'a str,
    /// The session of the browser, which ends.
    pub session: Option<&'a str>,
    /// Whose that is.
    pub viewer: &'a Viewer,
    /// What the browser says it is.
    pub user_agent: &'a str,
}

/// Somebody who is signed in now.
#[derive(Debug)]
pub struct SignedIn {
    /// The new session's token.
    pub session: Secret,
    /// How long it lasts.
    pub lasts: Duration,
    /// Where they wanted to go: a path of ours.
    pub next: String,
    /// Whose session it was before.
    pub before: Option<UserId>,
}

/// A path of this very server, or its first page: nothing that leads elsewhere.
#[must_use]
pub fn own_path(next: Option<&str>) -> String {
    next.filter(|next| {
        next.len() <= 2000
            && next.starts_with('/')
            && !next.starts_with("//")
            && !next.contains('\\')
            && !next.chars().any(char::is_control)
    })
    .unwrap_or("/")
    .to_owned()
}

impl Engine {
    /// Where a browser is sent to sign in with a forge.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for a forge that is not there; [`EngineError::Forge`] for one
    /// without an OAuth client.
    pub async fn begin_sign_in(
        &self,
        forge: ForgeId,
        browser: &str,
        next: Option<&str>,
        viewer: &Viewer,
    ) -> Result<String, EngineError> {
        let forged = self.forge_by_id(forge).await?;
        let state = Vault::new_token("state")?;
        let verifier = Vault::new_token("pkce")?;
        let sum = digest::digest(&digest::SHA256, verifier.reveal().as_bytes());
        let url = forged.api.sign_in_url(&SignInDemand {
            redirect_uri: &self.sign_in_address(forge),
            state: state.reveal(),
            challenge: &BASE64_URL_SAFE_NO_PAD.encode(sum),
        })?;
        let row = SignInState {
            state_hash: Vault::hash(state.reveal()),
            browser_hash: Vault::hash(browser),
            purpose: PURPOSE.to_owned(),
            forge_id: Some(forge),
            verifier: self.seal(&verifier)?,
            user_id: viewer.user.as_ref().map(|user| user.id),
            next: own_path(next),
            expires_at: self.now().plus(ON_THE_WAY),
        };
        let mut tx = self.store.begin().await?;
        tx.insert_sign_in_state(&row).await?;
        tx.commit().await?;
        Ok(url)
    }

    /// The exact address that a forge sends people back to.
    pub(crate) fn sign_in_address(&self, forge: ForgeId) -> String {
        format!("{}/auth/{forge}/callback", self.policy.public_url)
    }

    /// Signs in whoever comes back. The state is used up, whatever comes of it.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn finish_sign_in(
        &self,
        forge: ForgeId,
        arrival: Arrival<'_>,
    ) -> Result<SignedIn, SignInError> {
        let way = self
            .take_state(PURPOSE, arrival.state, arrival.browser)
            .await?
            .filter(|way| way.forge_id == Some(forge))
            .ok_or(SignInError::State)?;
        let user = arrival.viewer.user.as_ref();
        // Whoever began signed in adds an account to theirs: it must still be them.
        if way.user_id.is_some() && way.user_id != user.map(|user| user.id) {
            return Err(SignInError::State);
        }
        let code = arrival.code.ok_or(SignInError::Denied)?;
        let forged = self.forge_by_id(forge).await?;
        let verifier = self.vault.unseal(&way.verifier)?;
        let address = self.sign_in_address(forge);
        let grant = forged
            .api
            .exchange_code(&Secret::new(code), &verifier, &address)
            .await?;
        let access = Access::User(grant.token.clone());
        let person = forged.api.person(&access).await?;
        let known = self.known(&forged, &person).await?;
        let adds_to = user.filter(|user| way.user_id == Some(user.id));
        // Whoever runs this installation may always get in.
        let operator = known.as_ref().or(adds_to).is_some_and(|user| user.admin);
        if !operator && !self.may_sign_in(&forged, &access, &person).await? {
            self.refuse(&forged, &grant, &person).await?;
            return Err(SignInError::NotAllowed);
        }
        let session = Vault::new_token("session")?;
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let id = self
            .settle_identity(tx.as_mut(), &forged, &grant, &person, adds_to)
            .await?;
        let suspended = tx
            .user(id)
            .await?
            .is_some_and(|user| user.suspended_at.is_some());
        if suspended {
            return Err(SignInError::NotAllowed);
        }
        if let Some(old) = arrival.session {
            tx.delete_session(&Vault::hash(old)).await?;
        }
        let agent: String = arrival.user_agent.chars().take(400).collect();
        let hash = Vault::hash(session.reveal());
        tx.insert_session(id, &hash, &agent, now, now.plus(SESSION))
            .await?;
        tx.append_audit(&AuditEntry {
            actor: format!("user:{id}"),
            action: "session.begin".into(),
            subject: format!("user:{id}"),
            detail: format!("with {} as {}", forged.site.name, person.login),
            at: now,
        })
        .await?;
        tx.commit().await?;
        let mut changes = Changes::default();
        changes.user(id);
        changes.wake(Wake::Sync);
        changes.send(self.bus.as_ref());
        Ok(SignedIn {
            session,
            lasts: SESSION,
            next: own_path(Some(&way.next)),
            before: user.map(|user| user.id),
        })
    }

    /// Uses up a state of this purpose.
    pub(crate) async fn take_state(
        &self,
        purpose: &str,
        state: &str,
        browser: &str,
    ) -> Result<Option<SignInState>, EngineError> {
        let mut tx = self.store.begin().await?;
        let way = tx
            .take_sign_in_state(&Vault::hash(state), &Vault::hash(browser), self.now())
            .await?;
        tx.commit().await?;
        Ok(way.filter(|way| way.purpose == purpose))
    }

    /// The account of a person that is known by the forge's number.
    async fn known(
        &self,
        forged: &Forged,
        person: &RemotePerson,
    ) -> Result<Option<User>, EngineError> {
        let mut reader = self.store.reader().await?;
        Ok(match reader.identity(forged.site.id, &person.id).await? {
            Some(identity) => reader.user(identity.user_id).await?,
            None => None,
        })
    }

    async fn may_sign_in(
        &self,
        forged: &Forged,
        access: &Access,
        person: &RemotePerson,
    ) -> Result<bool, EngineError> {
        let (allowed, forge) = (&self.policy.access, &forged.site.name);
        if allowed.login(forge, &person.login) {
            return Ok(true);
        }
        if !allowed.asks_for_organizations(forge) {
            return Ok(false);
        }
        let organizations = forged.api.organizations(access).await?;
        Ok(organizations
            .iter()
            .any(|one| one.organization && allowed.organization(forge, &one.login)))
    }

    /// Gives the token back and notes who was refused.
    async fn refuse(
        &self,
        forged: &Forged,
        grant: &Grant,
        person: &RemotePerson,
    ) -> Result<(), EngineError> {
        if let Err(error) = forged.api.revoke(&grant.token).await {
            tracing::warn!(forge = %forged.site.name, %error, "a token could not be given back");
        }
        let mut tx = self.store.begin().await?;
        tx.append_audit(&AuditEntry {
            actor: format!("{}:{}", forged.site.name, person.login),
            action: "session.refuse".into(),
            subject: format!("forge:{}", forged.site.id),
            detail: "not on the list of those who may sign in".into(),
            at: self.now(),
        })
        .await?;
        Ok(tx.commit().await?)
    }

    /// Notes who somebody is on a forge, and makes their account when they are new. Their list of
    /// repositories is read when that is long ago.
    async fn settle_identity(
        &self,
        tx: &mut dyn Tx,
        forged: &Forged,
        grant: &Grant,
        person: &RemotePerson,
        adds_to: Option<&User>,
    ) -> Result<UserId, EngineError> {
        let (forge, now) = (forged.site.id, self.now());
        let known = tx.identity(forge, &person.id).await?;
        let user_id = match &known {
            Some(identity) => identity.user_id,
            None => match adds_to {
                // One account holds one identity of a forge: a second one is somebody else.
                Some(user) if !self.has_identity(tx, user.id, forge).await? => {
                    let detail = format!("{} on {}", person.login, forged.site.name);
                    tx.append_audit(&AuditEntry {
                        actor: format!("user:{}", user.login),
                        action: "identity.add".into(),
                        subject: format!("user:{}", user.id),
                        detail,
                        at: now,
                    })
                    .await?;
                    user.id
                }
                _ => new_user(tx, &forged.site.name, person, now).await?,
            },
        };
        // Before an App is installed anywhere it shows no repository: the person's own account is
        // where it can be installed first.
        tx.put_account(&NewAccount {
            forge_id: forge,
            remote_id: person.id.clone(),
            login: person.login.clone(),
            name: person.name.clone(),
            avatar_url: person.avatar_url.clone(),
            organization: false,
        })
        .await?;
        tx.put_identity(&NewIdentity {
            user_id,
            forge_id: forge,
            remote_id: person.id.clone(),
            login: person.login.clone(),
            name: person.name.clone(),
            email: person.email.clone(),
            avatar_url: person.avatar_url.clone(),
            token: self.seal(&grant.token)?,
            refresh_token: grant
                .refresh_token
                .as_ref()
                .map(|token| self.seal(token))
                .transpose()?,
            token_expires_at: grant
                .expires_in
                .map(|seconds| now.plus(Duration::from_secs(seconds))),
            scopes: grant.scopes.clone(),
            at: now,
        })
        .await?;
        let identity = tx.identity(forge, &person.id).await?;
        let mut identity = identity.ok_or(EngineError::NotFound("identity"))?;
        let fresh = known.is_some_and(|known| known.token.is_some())
            && identity.sync != SyncState::Failed
            && identity
                .synced_at
                .is_some_and(|at| now.since(at) < OLD_LIST);
        if !fresh && identity.sync != SyncState::Running {
            identity.begin_sync();
            tx.update_identity(&identity).await?;
        }
        Ok(user_id)
    }

    async fn has_identity(
        &self,
        tx: &mut dyn Tx,
        user: UserId,
        forge: ForgeId,
    ) -> Result<bool, EngineError> {
        let identities = tx.identities(user).await?;
        Ok(identities.iter().any(|one| one.forge_id == forge))
    }
}

/// Makes an account under the forge's name of a person, or one like it.
async fn new_user(
    tx: &mut dyn Tx,
    forge: &str,
    person: &RemotePerson,
    now: travis_model::Timestamp,
) -> Result<UserId, EngineError> {
    for number in 0..NAMES {
        let login = match number {
            0 => person.login.clone(),
            1 => format!("{}@{}", person.login, forge.to_lowercase()),
            more => format!("{}@{}-{more}", person.login, forge.to_lowercase()),
        };
        // Looked for first: a name that is taken would end the whole transaction.
        if tx.user_by_login(&login).await?.is_some() {
            continue;
        }
        let id = tx
            .insert_user(&login, person.name.as_deref(), false, now)
            .await?;
        tx.append_audit(&AuditEntry {
            actor: format!("user:{login}"),
            action: "user.create".into(),
            subject: format!("user:{id}"),
            detail: format!("by signing in with {forge}"),
            at: now,
        })
        .await?;
        return Ok(id);
    }
    Err(StoreError::Exists("user").into())
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn people_go_on_to_pages_of_this_server_alone() {
        for good in ["/", "/acme/rocket", "/a?b=c#d", "/a//b"] {
            assert_eq!(own_path(Some(good)), good);
        }
        for bad in [
            "",
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "/a\\b",
            "/a\nSet-Cookie: x",
            "/\t/evil.example",
            "javascript:alert(1)",
            "evil.example",
        ] {
            assert_eq!(own_path(Some(bad)), "/", "{bad:?}");
        }
        assert_eq!(own_path(None), "/");
    }
}

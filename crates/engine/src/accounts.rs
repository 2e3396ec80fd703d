//! People: accounts, one-time links, sessions, API tokens.

use crate::{Engine, EngineError, Secret, Vault, Viewer};
use std::time::Duration;
use travis_model::{ApiToken, Scope, Timestamp, TokenId, User, UserId};
use travis_store::{AuditEntry, StoreError};

pub(crate) const SESSION: Duration = Duration::from_secs(30 * 24 * 3600);
const SIGN_IN_LINK: Duration = Duration::from_secs(24 * 3600);
const TOKEN_TOUCH: Duration = Duration::from_secs(60);

impl Engine {
    /// The administrator of this installation, made when there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn administrator(&self) -> Result<UserId, EngineError> {
        if let Some(user) = self.store.reader().await?.user_by_login("admin").await? {
            return Ok(user.id);
        }
        let mut tx = self.store.begin().await?;
        let id = tx
            .insert_user("admin", Some("Administrator"), true, self.now())
            .await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Makes a link's token that signs a person in once, within a day.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn new_sign_in_link(&self, user: UserId) -> Result<Secret, EngineError> {
        let token = Vault::new_token("link")?;
        let mut tx = self.store.begin().await?;
        tx.insert_sign_in_link(
            user,
            &Vault::hash(token.reveal()),
            self.now().plus(SIGN_IN_LINK),
        )
        .await?;
        tx.commit().await?;
        Ok(token)
    }

    /// Uses up a one-time link and begins a session. Answers the session's token and how long it
    /// lasts.
    ///
    /// # Errors
    /// [`EngineError::Unauthorized`] when the link is unknown, used or too old.
    pub async fn sign_in_by_link(
        &self,
        token: &str,
        user_agent: &str,
    ) -> Result<(Secret, Duration), EngineError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let user = tx
            .take_sign_in_link(&Vault::hash(token), now)
            .await?
            .ok_or(EngineError::Unauthorized)?;
        let session = Vault::new_token("session")?;
        tx.insert_session(
            user,
            &Vault::hash(session.reveal()),
            user_agent,
            now,
            now.plus(SESSION),
        )
        .await?;
        tx.append_audit(&AuditEntry {
            actor: format!("user:{user}"),
            action: "session.begin".into(),
            subject: format!("user:{user}"),
            detail: "by a one-time link".into(),
            at: now,
        })
        .await?;
        tx.commit().await?;
        Ok((session, SESSION))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sign_out(&self, session: &str) -> Result<(), EngineError> {
        let mut tx = self.store.begin().await?;
        tx.delete_session(&Vault::hash(session)).await?;
        Ok(tx.commit().await?)
    }

    /// Whose session this is; nobody's when it is unknown or has ended.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn viewer_by_session(&self, session: &str) -> Result<Viewer, EngineError> {
        let now = self.now();
        let mut reader = self.store.reader().await?;
        let found = reader.session(&Vault::hash(session), now).await?;
        let user = match &found {
            Some(session) => reader.user(session.user_id).await?,
            None => None,
        };
        let user = user.filter(|user| user.suspended_at.is_none());
        drop(reader);
        let Some(session) = found.filter(|_| user.is_some()) else {
            return Ok(Viewer::default());
        };
        if session
            .last_seen_at
            .is_none_or(|seen| now.since(seen) > TOKEN_TOUCH)
        {
            let mut tx = self.store.begin().await?;
            tx.touch_session(session.id, now).await?;
            tx.commit().await?;
        }
        let mut viewer = self.viewer(user, Scope::All).await?;
        viewer.session = Some(session.id);
        Ok(viewer)
    }

    /// Whose API token this is.
    ///
    /// # Errors
    /// [`EngineError::Unauthorized`] when it is unknown or has ended.
    pub async fn viewer_by_token(&self, token: &str) -> Result<Viewer, EngineError> {
        let now = self.now();
        let mut reader = self.store.reader().await?;
        let found = reader
            .api_token(&Vault::hash(token), now)
            .await?
            .ok_or(EngineError::Unauthorized)?;
        let user = reader
            .user(found.user_id)
            .await?
            .filter(|user| user.suspended_at.is_none())
            .ok_or(EngineError::Unauthorized)?;
        drop(reader);
        if found
            .last_used_at
            .is_none_or(|used| now.since(used) > TOKEN_TOUCH)
        {
            let mut tx = self.store.begin().await?;
            tx.touch_api_token(found.id, now).await?;
            tx.commit().await?;
        }
        self.viewer(Some(user), found.scope).await
    }

    /// Makes an API token. Answers it, the only time it can be seen, with its row.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] when the name is empty or too long, or the time is.
    pub async fn new_api_token(
        &self,
        user: &User,
        name: &str,
        scope: Scope,
        days: Option<u32>,
    ) -> Result<(Secret, ApiToken), EngineError> {
        let name = name.trim();
        if name.is_empty() || name.len() > 100 {
            return Err(EngineError::invalid(
                "name",
                "give the token a name of 1 to 100 characters",
            ));
        }
        if days.is_some_and(|days| !(1..=3650).contains(&days)) {
            return Err(EngineError::invalid(
                "expires_in_days",
                "use 1 to 3,650 days, or leave it out for a token that does not end",
            ));
        }
        let now = self.now();
        let expires_at = days.map(|days| now.plus(Duration::from_secs(u64::from(days) * 86_400)));
        let token = Vault::new_token("travis")?;
        let id = self
            .store_token(user.id, (name, scope), &token, now, expires_at)
            .await?;
        let row = ApiToken {
            id,
            user_id: user.id,
            name: name.to_owned(),
            scope,
            created_at: now,
            expires_at,
            last_used_at: None,
        };
        Ok((token, row))
    }

    /// Makes the given text an API token of a person unless it is one already: for the
    /// administrator's token that lies in a file.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn ensure_api_token(
        &self,
        user: UserId,
        name: &str,
        token: &Secret,
    ) -> Result<(), EngineError> {
        let known = self
            .store
            .reader()
            .await?
            .api_token(&Vault::hash(token.reveal()), self.now())
            .await?
            .is_some();
        if !known {
            self.store_token(user, (name, Scope::All), token, self.now(), None)
                .await?;
        }
        Ok(())
    }

    async fn store_token(
        &self,
        user: UserId,
        (name, scope): (&str, Scope),
        token: &Secret,
        now: Timestamp,
        expires_at: Option<Timestamp>,
    ) -> Result<TokenId, EngineError> {
        let mut tx = self.store.begin().await?;
        let id = tx
            .insert_api_token(
                user,
                name,
                scope,
                &Vault::hash(token.reveal()),
                now,
                expires_at,
            )
            .await?;
        tx.append_audit(&AuditEntry {
            actor: format!("user:{user}"),
            action: "token.create".into(),
            subject: format!("token:{id}"),
            detail: name.to_owned(),
            at: now,
        })
        .await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Removes an API token of a person.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when it is not theirs.
    pub async fn revoke_api_token(&self, user: &User, id: TokenId) -> Result<(), EngineError> {
        let mut tx = self.store.begin().await?;
        match tx.delete_api_token(user.id, id).await {
            Err(StoreError::NotFound(_)) => return Err(EngineError::NotFound("token")),
            other => other?,
        }
        tx.append_audit(&AuditEntry {
            actor: format!("user:{}", user.login),
            action: "token.revoke".into(),
            subject: format!("token:{id}"),
            detail: String::new(),
            at: self.now(),
        })
        .await?;
        Ok(tx.commit().await?)
    }
}

//! Tokens with which machines join, and what became of them.

use crate::{Engine, EngineError, Secret, Vault, Viewer, changes::Changes, workers::checked_name};
use std::time::Duration;
use travis_model::{EnrolmentId, Scope, Timestamp, User};
use travis_store::{Enrolment, NewEnrolment};

/// A token is good for so long.
const ENROLMENT: Duration = Duration::from_secs(3600);
/// What became of a token is told for so long.
const TOLD: Duration = Duration::from_secs(24 * 3600);
/// Tokens in a list at most.
const LISTED: u64 = 100;

/// What a new worker is to be.
#[derive(Debug, Clone, Default)]
pub struct EnrolmentWish {
    /// How the machine is to join, for showing.
    pub way: String,
    /// The name that it is to have; its own when `None`.
    pub name: Option<String>,
    /// What it is to lend at most.
    pub lending: Option<serde_json::Value>,
}

/// What is to be changed of a token's machine.
#[derive(Debug, Clone, Default)]
pub struct EnrolmentChange {
    /// How the machine is to join, for showing.
    pub way: Option<String>,
    /// The name that it is to have; empty for its own.
    pub name: Option<String>,
    /// What it is to lend at most.
    pub lending: Option<serde_json::Value>,
}

/// Why a token can't be changed any more, and what to do instead.
fn over(row: &Enrolment) -> EngineError {
    let (code, message) = if row.used_at.is_some() {
        let message = "a machine joined with this token: change its worker instead";
        ("enrolment_used", message)
    } else if row.revoked_at.is_some() {
        let message = "this token was made worthless: make another one";
        ("enrolment_revoked", message)
    } else {
        let message = "this token has run out: make another one";
        ("enrolment_expired", message)
    };
    EngineError::NotNow {
        code,
        message: message.to_owned(),
    }
}

impl Engine {
    /// Makes a token with which a worker registers once within an hour.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn new_enrolment_token(
        &self,
        user: &User,
    ) -> Result<(Secret, Timestamp), EngineError> {
        let wish = EnrolmentWish {
            way: "command".to_owned(),
            ..EnrolmentWish::default()
        };
        let (_, token, expires_at) = self.new_enrolment(user, wish).await?;
        Ok((token, expires_at))
    }

    /// Makes such a token for a worker of a certain kind.
    ///
    /// # Errors
    /// When the name is none.
    pub async fn new_enrolment(
        &self,
        user: &User,
        wish: EnrolmentWish,
    ) -> Result<(EnrolmentId, Secret, Timestamp), EngineError> {
        let name = wish.name.as_deref().map(checked_name).transpose()?;
        let token = Vault::new_token("enrol")?;
        let now = self.now();
        let expires_at = now.plus(ENROLMENT);
        let mut tx = self.store.begin().await?;
        let id = tx
            .insert_enrolment(&NewEnrolment {
                user_id: user.id,
                token_hash: Vault::hash(token.reveal()),
                way: wish.way,
                name,
                lending: wish.lending,
                at: now,
                expires_at,
            })
            .await?;
        tx.commit().await?;
        Ok((id, token, expires_at))
    }

    /// What became of a token, for whoever made it.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when it is not the viewer's.
    pub async fn enrolment(
        &self,
        viewer: &Viewer,
        id: EnrolmentId,
    ) -> Result<Enrolment, EngineError> {
        let user = viewer.signed_in()?;
        let found = self.store.reader().await?.enrolment(id).await?;
        found
            .filter(|enrolment| enrolment.user_id == user.id)
            .ok_or(EngineError::NotFound("enrolment"))
    }

    /// The tokens that the viewer made in the last day, newest first.
    ///
    /// # Errors
    /// [`EngineError::LoginRequired`].
    pub async fn enrolments(&self, viewer: &Viewer) -> Result<Vec<Enrolment>, EngineError> {
        let user = viewer.signed_in()?;
        let since = self.now().minus(TOLD);
        let mut reader = self.store.reader().await?;
        Ok(reader.enrolments(user.id, since, LISTED).await?)
    }

    /// Changes what a machine is to be that has not come yet: its token stays the same. Parts that
    /// are `None` stay as they are; an empty name is the machine's own.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when it is not the viewer's, [`EngineError::NotNow`] when a worker
    /// came with it, or when it was revoked or ran out.
    pub async fn change_enrolment(
        &self,
        viewer: &Viewer,
        id: EnrolmentId,
        change: EnrolmentChange,
    ) -> Result<Enrolment, EngineError> {
        let user = viewer.signed_in_for(Scope::Settings)?;
        let name = change
            .name
            .map(|name| match name.as_str() {
                "" => Ok(None),
                name => checked_name(name).map(Some),
            })
            .transpose()?;
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let found = tx.enrolment(id).await?;
        let mut row = found
            .filter(|row| row.user_id == user.id)
            .ok_or(EngineError::NotFound("enrolment"))?;
        row.way = change.way.unwrap_or(row.way);
        row.name = name.unwrap_or(row.name);
        row.lending = change.lending.or(row.lending);
        if !tx.change_enrolment(&row, now).await? {
            let now_is = tx.enrolment(id).await?.unwrap_or(row);
            return Err(over(&now_is));
        }
        tx.commit().await?;
        let mut changes = Changes::default();
        changes.user(user.id);
        changes.send(self.bus.as_ref());
        Ok(row)
    }

    /// Makes a token of the viewer's worthless.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when it is not the viewer's, or a worker came with it.
    pub async fn revoke_enrolment(
        &self,
        viewer: &Viewer,
        id: EnrolmentId,
    ) -> Result<(), EngineError> {
        let user = viewer.signed_in_for(Scope::Settings)?;
        let mut tx = self.store.begin().await?;
        tx.revoke_enrolment(user.id, id, self.now()).await?;
        tx.commit().await?;
        let mut changes = Changes::default();
        changes.user(user.id);
        changes.send(self.bus.as_ref());
        Ok(())
    }
}

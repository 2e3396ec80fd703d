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

//! Sessions of a person: listed, ended.

use crate::{Engine, EngineError, Viewer};
use travis_model::{Scope, Session, SessionId};
use travis_store::StoreError;

impl Engine {
    /// The viewer's sessions, the last used first.
    ///
    /// # Errors
    /// [`EngineError::LoginRequired`]; [`EngineError::Forbidden`] for a token of a small scope.
    pub async fn sessions(&self, viewer: &Viewer) -> Result<Vec<Session>, EngineError> {
        let user = viewer.signed_in_for(Scope::All)?;
        let mut reader = self.store.reader().await?;
        Ok(reader.sessions(user.id, self.now()).await?)
    }

    /// Ends one of the viewer's sessions.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when it is not theirs.
    pub async fn end_session(&self, viewer: &Viewer, id: SessionId) -> Result<(), EngineError> {
        let user = viewer.signed_in_for(Scope::All)?.id;
        let mut tx = self.store.begin().await?;
        match tx.end_session(user, id).await {
            Err(StoreError::NotFound(_)) => return Err(EngineError::NotFound("session")),
            other => other?,
        }
        let subject = format!("session:{id}");
        tx.append_audit(&self.deed(viewer, "session.end", subject, String::new()))
            .await?;
        Ok(tx.commit().await?)
    }

    /// Ends all of the viewer's sessions but this one. Answers how many.
    ///
    /// # Errors
    /// [`EngineError::LoginRequired`]; [`EngineError::Forbidden`] for a token of a small scope.
    pub async fn end_other_sessions(&self, viewer: &Viewer) -> Result<u64, EngineError> {
        let user = viewer.signed_in_for(Scope::All)?.id;
        let mut tx = self.store.begin().await?;
        let ended = tx.end_sessions(user, viewer.session).await?;
        let subject = format!("user:{user}");
        let deed = self.deed(viewer, "session.end_all", subject, ended.to_string());
        tx.append_audit(&deed).await?;
        tx.commit().await?;
        Ok(ended)
    }
}

//! The SSH key of a repository's own: its jobs reach submodules and other private sources with it.
//! The private half is encrypted when it is kept, and is given to jobs that may have secrets alone
//! ([`crate::secrets`]).

mod read;

use crate::{Engine, EngineError, Secret, Viewer, changes::Changes};
use travis_model::{Repository, SshKey};
use travis_store::StoreError;

/// What a key is called unless somebody says otherwise.
const CALLED: &str = "Custom key";
const LONGEST_DESCRIPTION: usize = 255;

fn checked_description(text: Option<&str>) -> Result<Option<String>, EngineError> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.len() > LONGEST_DESCRIPTION) {
        return Err(EngineError::invalid(
            "description",
            "a description holds 255 bytes at most",
        ));
    }
    Ok(text.map(str::to_owned))
}

impl Engine {
    /// The key of a repository, without its private half in plain.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when it has none; when the viewer may not see its settings.
    pub async fn ssh_key(
        &self,
        viewer: &Viewer,
        key: &str,
    ) -> Result<(Repository, SshKey), EngineError> {
        let repository = self.administered(viewer, key).await?;
        let row = self.store.reader().await?.ssh_key(repository.id).await?;
        Ok((repository, row.ok_or(EngineError::NotFound("key_pair"))?))
    }

    /// Keeps a private key for a repository.
    ///
    /// # Errors
    /// [`EngineError::NotNow`] when it has one; [`EngineError::Invalid`] for what is no private
    /// key, or one with a passphrase.
    pub async fn add_ssh_key(
        &self,
        viewer: &Viewer,
        key: &str,
        description: Option<&str>,
        value: &Secret,
    ) -> Result<(Repository, SshKey), EngineError> {
        self.keep_ssh_key(viewer, key, description, Some(value), true)
            .await
    }

    /// Changes what a repository's key is called, or puts another one in its place.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when it has none; [`EngineError::Invalid`] as in
    /// [`add_ssh_key`](Self::add_ssh_key).
    pub async fn change_ssh_key(
        &self,
        viewer: &Viewer,
        key: &str,
        description: Option<&str>,
        value: Option<&Secret>,
    ) -> Result<(Repository, SshKey), EngineError> {
        self.keep_ssh_key(viewer, key, description, value, false)
            .await
    }

    async fn keep_ssh_key(
        &self,
        viewer: &Viewer,
        key: &str,
        description: Option<&str>,
        value: Option<&Secret>,
        fresh: bool,
    ) -> Result<(Repository, SshKey), EngineError> {
        let repository = self.administered(viewer, key).await?;
        let description = checked_description(description)?;
        let public = value.map(read::public_half).transpose()?;
        let mut tx = self.store.begin().await?;
        let mut row = match (tx.ssh_key(repository.id).await?, fresh) {
            (Some(_), true) => {
                return Err(EngineError::NotNow {
                    code: "duplicate_resource",
                    message: "this repository has a key: change or remove that one".to_owned(),
                });
            }
            (None, false) => return Err(EngineError::NotFound("key_pair")),
            (Some(row), false) => row,
            (None, true) => SshKey {
                repository_id: repository.id,
                description: CALLED.to_owned(),
                public_key: String::new(),
                fingerprint: String::new(),
                private_key: Vec::new(),
                created_at: self.now(),
            },
        };
        if let Some(description) = description {
            row.description = description;
        }
        if let (Some(value), Some(public)) = (value, public) {
            row.private_key = self.vault.seal(read::tidy(value).as_bytes())?;
            row.public_key = public.line;
            row.fingerprint = public.fingerprint;
            row.created_at = self.now();
        }
        tx.put_ssh_key(&row).await?;
        tx.append_audit(&self.deed(
            viewer,
            "key_pair.set",
            format!("repository:{}", repository.id),
            row.fingerprint.clone(),
        ))
        .await?;
        tx.commit().await?;
        self.tell_of_key(&repository);
        Ok((repository, row))
    }

    /// Removes a repository's key.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when it has none; when the viewer may not.
    pub async fn remove_ssh_key(&self, viewer: &Viewer, key: &str) -> Result<(), EngineError> {
        let repository = self.administered(viewer, key).await?;
        let mut tx = self.store.begin().await?;
        match tx.delete_ssh_key(repository.id).await {
            Err(StoreError::NotFound(_)) => return Err(EngineError::NotFound("key_pair")),
            other => other?,
        }
        tx.append_audit(&self.deed(
            viewer,
            "key_pair.remove",
            format!("repository:{}", repository.id),
            String::new(),
        ))
        .await?;
        tx.commit().await?;
        self.tell_of_key(&repository);
        Ok(())
    }

    fn tell_of_key(&self, repository: &Repository) {
        let mut changes = Changes::default();
        changes.settings(repository.id);
        changes.send(self.bus.as_ref());
    }
}

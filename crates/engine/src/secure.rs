//! The keys of repositories, and what they decrypt.

pub(crate) mod decrypt;

use crate::keys::{self, Opener};
use crate::{Engine, EngineError, VaultError, Viewer};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use travis_model::{Repository, RepositoryKey, Secret};
use travis_store::Tx;

/// Values of one job that are decrypted: far more than anybody has, and a bound for the time.
const MOST_VALUES: usize = 200;
/// Plain values remembered, so that RSA is done once for each and not for every job.
const MOST_REMEMBERED: usize = 2048;

/// What was decrypted lately, by the key's and the cipher text's hash. In memory only.
#[derive(Default)]
pub(crate) struct Remembered(Mutex<HashMap<Vec<u8>, Option<Secret>>>);

impl Remembered {
    fn all(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Option<Secret>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(key: &RepositoryKey, cipher: &str) -> Vec<u8> {
        let mut text = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        text.update(&key.public_key);
        text.update(cipher.as_bytes());
        text.finish().as_ref().to_vec()
    }

    fn get(&self, key: &RepositoryKey, cipher: &str) -> Option<Option<Secret>> {
        self.all().get(&Self::place(key, cipher)).cloned()
    }

    fn put(&self, key: &RepositoryKey, cipher: &str, plain: Option<Secret>) {
        let mut all = self.all();
        if all.len() >= MOST_REMEMBERED {
            all.clear();
        }
        all.insert(Self::place(key, cipher), plain);
    }
}

/// A configuration for a job that may have secrets.
#[derive(Default)]
pub(crate) struct Decrypted {
    /// Plain values to mask.
    pub plain: Vec<String>,
    /// What the job's log has to say about it.
    pub notices: Vec<String>,
}

/// Whether a configuration has `secure:` values.
#[must_use]
pub fn has_encrypted(config: &Value) -> bool {
    !decrypt::ciphers(config).is_empty()
}

impl Engine {
    /// The keys of a repository; they are made when they are first asked for, which takes up to
    /// some seconds.
    ///
    /// # Errors
    /// When the viewer may not see the repository.
    pub async fn repository_key(
        &self,
        viewer: &Viewer,
        key: &str,
    ) -> Result<(Repository, RepositoryKey), EngineError> {
        let repository = self.repository(viewer, key).await?;
        let known = self
            .store
            .reader()
            .await?
            .repository_key(repository.id)
            .await?;
        if let Some(known) = known {
            return Ok((repository, known));
        }
        // One at a time: whoever asks for the keys of many repositories has one core at most.
        let turn = self.making_keys.lock().await;
        let known = self
            .store
            .reader()
            .await?
            .repository_key(repository.id)
            .await?;
        if let Some(known) = known {
            return Ok((repository, known));
        }
        let length = self.policy.key_length;
        let pair = tokio::task::spawn_blocking(move || keys::generate(length))
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or(VaultError::Crypto)?;
        let mut tx = self.store.begin().await?;
        let kept = tx
            .put_repository_key(&RepositoryKey {
                repository_id: repository.id,
                public_key: pair.public,
                private_key: self.vault.seal(pair.private.reveal().as_bytes())?,
                created_at: self.now(),
            })
            .await?;
        tx.commit().await?;
        drop(turn);
        Ok((repository, kept))
    }

    /// Decrypts a job's configuration. Only for a job that may have secrets.
    pub(crate) async fn decrypt(
        &self,
        tx: &mut dyn Tx,
        repository: &Repository,
        config: &mut Value,
    ) -> Result<Decrypted, EngineError> {
        let ciphers = decrypt::ciphers(config);
        if ciphers.is_empty() {
            return Ok(Decrypted::default());
        }
        let key = tx.repository_key(repository.id).await?;
        if let Some(key) = &key {
            self.remember(key, &ciphers).await?;
        }
        let opened = decrypt::decrypt(config, &mut |cipher| {
            key.as_ref()
                .and_then(|key| self.remembered.get(key, cipher))
                .flatten()
        });
        let slug = &repository.slug;
        let whose = key.map_or_else(
            || format!("no key of {slug} was ever asked for"),
            |key| {
                let print = keys::fingerprint(&key.public_key);
                format!("it was not made with the key of {slug} ({print})")
            },
        );
        let notices = opened
            .unreadable
            .iter()
            .map(|path| {
                format!(
                    "The encrypted value of {path} can't be read and is left out: {whose}. \
                     Encrypt it again: travis encrypt -r {slug}"
                )
            })
            .collect();
        Ok(Decrypted {
            plain: opened.plain,
            notices,
        })
    }

    /// Sees to it that these texts are remembered with their plain values.
    async fn remember(&self, key: &RepositoryKey, ciphers: &[&str]) -> Result<(), EngineError> {
        let missing: Vec<String> = ciphers
            .iter()
            .take(MOST_VALUES)
            .filter(|cipher| self.remembered.get(key, cipher).is_none())
            .map(|cipher| (*cipher).to_owned())
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let private = self.vault.unseal(&key.private_key)?;
        let opened = tokio::task::spawn_blocking(move || {
            let opener = Opener::new(&private).ok()?;
            let open = |cipher: String| (opener.open(&cipher), cipher);
            Some(missing.into_iter().map(open).collect::<Vec<_>>())
        })
        .await
        .ok()
        .flatten()
        .ok_or(VaultError::OtherKey)?;
        for (plain, cipher) in opened {
            self.remembered.put(key, &cipher, plain);
        }
        Ok(())
    }
}

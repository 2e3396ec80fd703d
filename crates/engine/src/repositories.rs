//! Repositories: add, switch, remove; ping addresses.

use crate::{Engine, EngineError, Secret, Vault, Viewer, changes::Changes};
use travis_forge::{UrlPolicy, parse_clone_url};
use travis_model::{Repository, RepositoryId, Scope, Slug};
use travis_store::{AuditEntry, StoreError};

/// A git repository to be added.
#[derive(Debug, Clone)]
pub struct NewRepository {
    /// Its address.
    pub slug: Slug,
    /// Where its commits come from.
    pub clone_url: String,
    /// One line for people.
    pub description: Option<String>,
    /// Hide it from everybody but administrators.
    pub private: bool,
    /// Ask its branches for new commits every so many seconds.
    pub poll_seconds: Option<u32>,
}

/// How often branches may be asked.
const POLL_SECONDS: std::ops::RangeInclusive<u32> = 15..=86_400;

/// Writes a local path as a URL: `git clone` inside the sandbox is pointed to the worker's mirror
/// by the URL, which git does not do for bare paths.
fn as_url(clone_url: String) -> String {
    if clone_url.starts_with('/') {
        format!("file://{clone_url}")
    } else {
        clone_url
    }
}

impl Engine {
    /// The repository with this address or number, if the viewer may see it.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], the same for hidden and for missing ones.
    pub async fn repository(&self, viewer: &Viewer, key: &str) -> Result<Repository, EngineError> {
        let mut reader = self.store.reader().await?;
        let found = match key.parse::<i64>() {
            Ok(id) => reader.repository(RepositoryId(id)).await?,
            Err(_) => match key.parse::<Slug>() {
                Ok(slug) => reader.repository_by_slug(&slug).await?,
                Err(_) => None,
            },
        };
        drop(reader);
        let found = found
            .filter(|repository| viewer.sees(repository))
            .ok_or(EngineError::NotFound("repository"))?;
        self.note_look(viewer, &found).await?;
        Ok(found)
    }

    /// Adds a git repository and switches it on. Its default branch is asked for right away, so
    /// that a wrong URL is noticed here.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for a URL that is not allowed or can't be read,
    /// [`EngineError::NotNow`] when the address is taken.
    pub async fn add_repository(
        &self,
        viewer: &Viewer,
        new: NewRepository,
    ) -> Result<Repository, EngineError> {
        if !viewer.signed_in_for(Scope::Settings)?.admin {
            return Err(EngineError::Forbidden(
                "only an administrator may add repositories",
            ));
        }
        if new
            .poll_seconds
            .is_some_and(|seconds| !POLL_SECONDS.contains(&seconds))
        {
            return Err(EngineError::invalid(
                "poll_seconds",
                "use 15 to 86,400 seconds, or leave it out",
            ));
        }
        let new = NewRepository {
            clone_url: as_url(new.clone_url),
            ..new
        };
        let policy = UrlPolicy {
            allow_local: self.allows_local(&new.clone_url),
        };
        parse_clone_url(&new.clone_url, &policy)?;
        let secret = Vault::new_token("ping")?;
        let now = self.now();
        let row = travis_store::NewRepository {
            slug: new.slug.clone(),
            description: new.description,
            clone_url: new.clone_url.clone(),
            default_branch: String::new(),
            private: new.private,
            active: true,
            ping_secret: self.vault.seal(secret.reveal().as_bytes())?,
            hosting: None,
            poll_seconds: new.poll_seconds,
            at: now,
        };
        // The forge is asked before anything is stored; id 0 keeps no mirror.
        let probe = travis_forge::RepoRef {
            id: 0,
            url: new.clone_url,
        };
        let default = self
            .forge
            .resolve(&probe, &travis_forge::Want::Default)
            .await
            .map_err(|error| EngineError::invalid("clone_url", error.to_string()))?;
        let mut tx = self.store.begin().await?;
        let id = match tx.insert_repository(&row).await {
            Err(StoreError::Exists(_)) => {
                return Err(EngineError::NotNow {
                    code: "repository_exists",
                    message: format!("{} is here already; use another name", new.slug),
                });
            }
            other => other?,
        };
        let mut repository = tx
            .repository(id)
            .await?
            .ok_or(EngineError::NotFound("repository"))?;
        repository.default_branch = default.branch.unwrap_or_else(|| "main".to_owned());
        tx.update_repository(&repository).await?;
        tx.append_audit(&self.deed(
            viewer,
            "repository.enable",
            format!("repository:{id}"),
            new.slug.to_string(),
        ))
        .await?;
        tx.commit().await?;
        let mut changes = Changes::default();
        changes.repository(id);
        changes.send(self.bus.as_ref());
        Ok(repository)
    }

    /// Removes a repository with its builds and logs.
    ///
    /// # Errors
    /// When the viewer may not, or a build of it is not over.
    pub async fn remove_repository(&self, viewer: &Viewer, key: &str) -> Result<(), EngineError> {
        let repository = self.repository(viewer, key).await?;
        self.must_administer(viewer, &repository).await?;
        let mut tx = self.store.begin().await?;
        let open = travis_store::BuildFilter {
            seen_by: travis_store::SeenBy::Operator,
            repository: Some(repository.id),
            states: travis_store::OPEN_STATES.to_vec(),
            ..Default::default()
        };
        if tx
            .builds(
                &open,
                travis_store::Page {
                    offset: 0,
                    limit: 1,
                },
            )
            .await?
            .count
            > 0
        {
            return Err(EngineError::NotNow {
                code: "build_already_running",
                message: "a build of this repository is not over: cancel it first".to_owned(),
            });
        }
        self.give_up_hook(tx.as_mut(), viewer, &repository).await?;
        let logs = tx.delete_repository(repository.id).await?;
        tx.append_audit(&self.deed(
            viewer,
            "repository.remove",
            format!("repository:{}", repository.id),
            repository.slug.to_string(),
        ))
        .await?;
        tx.commit().await?;
        for attempt in logs {
            self.logs.remove(attempt.get()).await?;
        }
        let mut changes = Changes::default();
        changes.wake(travis_bus::Wake::Outbox);
        changes.repository(repository.id);
        changes.send(self.bus.as_ref());
        Ok(())
    }

    /// The secret that signs a repository's pings.
    ///
    /// # Errors
    /// When the viewer may not know it.
    pub async fn ping_secret(
        &self,
        viewer: &Viewer,
        key: &str,
    ) -> Result<(Repository, Secret), EngineError> {
        let repository = self.repository(viewer, key).await?;
        self.must_administer(viewer, &repository).await?;
        let secret = self.vault.unseal(&repository.ping_secret)?;
        Ok((repository, secret))
    }

    pub(crate) fn deed(
        &self,
        viewer: &Viewer,
        action: &str,
        subject: String,
        detail: String,
    ) -> AuditEntry {
        AuditEntry {
            actor: viewer.actor(),
            action: action.to_owned(),
            subject,
            detail,
            at: self.now(),
        }
    }
}

//! Variables of a repository's settings.

use crate::secure::decrypt::is_name;
use crate::{Engine, EngineError, Secret, Viewer, changes::Changes};
use travis_model::{EnvVar, EnvVarId, Repository};
use travis_store::StoreError;

const LONGEST_NAME: usize = 255;
const LONGEST_VALUE: usize = 64 * 1024;

/// What is to be different about a variable; `None` stays as it is.
#[derive(Default)]
pub struct EnvVarChange {
    /// Its name.
    pub name: Option<String>,
    /// Its value.
    pub value: Option<Secret>,
    /// Whether the value may be shown. A secret one can be made public only with a new value.
    pub public: Option<bool>,
    /// The branch; the inner `None` is all of them.
    pub branch: Option<Option<String>>,
}

fn checked_name(name: &str) -> Result<(), EngineError> {
    if name.len() <= LONGEST_NAME && is_name(name) {
        return Ok(());
    }
    Err(EngineError::invalid(
        "name",
        "a variable's name holds letters, digits and underscores and starts with no digit, as in SIGNING_KEY",
    ))
}

fn checked_value(value: &Secret) -> Result<(), EngineError> {
    if value.reveal().len() <= LONGEST_VALUE && !value.reveal().contains('\0') {
        return Ok(());
    }
    Err(EngineError::invalid(
        "value",
        "a value holds 64 KiB at most and no zero byte",
    ))
}

/// A branch as it is kept: an empty name means all.
fn checked_branch(branch: Option<&str>) -> Result<Option<String>, EngineError> {
    let Some(branch) = branch.map(str::trim).filter(|branch| !branch.is_empty()) else {
        return Ok(None);
    };
    travis_forge::check_ref(branch)
        .map_err(|error| EngineError::invalid("branch", error.to_string()))?;
    Ok(Some(branch.to_owned()))
}

impl Engine {
    /// The variables of a repository. Values of those that are not public stay encrypted.
    ///
    /// # Errors
    /// When the viewer may not see them.
    pub async fn env_vars(&self, viewer: &Viewer, key: &str) -> Result<Vec<EnvVar>, EngineError> {
        let repository = self.administered(viewer, key).await?;
        Ok(self.store.reader().await?.env_vars(repository.id).await?)
    }

    /// One variable of a repository.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is none; when the viewer may not see it.
    pub async fn env_var(
        &self,
        viewer: &Viewer,
        key: &str,
        id: EnvVarId,
    ) -> Result<EnvVar, EngineError> {
        let variables = self.env_vars(viewer, key).await?;
        let found = variables.into_iter().find(|variable| variable.id == id);
        found.ok_or(EngineError::NotFound("env_var"))
    }

    /// Sets a variable; one of the same name and branch is replaced.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for a name that the shell does not take, or no branch's name.
    pub async fn set_env_var(
        &self,
        viewer: &Viewer,
        key: &str,
        name: &str,
        value: &Secret,
        public: bool,
        branch: Option<&str>,
    ) -> Result<EnvVar, EngineError> {
        let repository = self.administered(viewer, key).await?;
        checked_name(name)?;
        checked_value(value)?;
        let branch = checked_branch(branch)?;
        let kept = self.kept(value, public)?;
        let mut tx = self.store.begin().await?;
        let id = tx
            .put_env_var(repository.id, name, &kept, public, branch.as_deref())
            .await?;
        tx.append_audit(&self.deed(
            viewer,
            "env_var.set",
            format!("repository:{}", repository.id),
            name.to_owned(),
        ))
        .await?;
        tx.commit().await?;
        self.tell_of_variables(&repository);
        Ok(EnvVar {
            id,
            repository_id: repository.id,
            name: name.to_owned(),
            value: kept,
            public,
            branch,
        })
    }

    /// Changes a variable.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is none; [`EngineError::Invalid`] as in
    /// [`set_env_var`](Self::set_env_var), when another variable has this name and branch, and
    /// when a secret value would be made public.
    pub async fn change_env_var(
        &self,
        viewer: &Viewer,
        key: &str,
        id: EnvVarId,
        change: EnvVarChange,
    ) -> Result<EnvVar, EngineError> {
        let repository = self.administered(viewer, key).await?;
        let mut tx = self.store.begin().await?;
        let variables = tx.env_vars(repository.id).await?;
        let mut variable = variables
            .into_iter()
            .find(|variable| variable.id == id)
            .ok_or(EngineError::NotFound("env_var"))?;
        if let Some(name) = change.name {
            checked_name(&name)?;
            variable.name = name;
        }
        if let Some(branch) = change.branch {
            variable.branch = checked_branch(branch.as_deref())?;
        }
        let public = change.public.unwrap_or(variable.public);
        match change.value {
            Some(value) => {
                checked_value(&value)?;
                variable.value = self.kept(&value, public)?;
            }
            None if public && !variable.public => {
                return Err(EngineError::invalid(
                    "public",
                    "a secret value is never shown again: give a new value to make the variable public",
                ));
            }
            None if variable.public && !public => {
                variable.value = self.vault.seal(&variable.value)?;
            }
            None => {}
        }
        variable.public = public;
        match tx.update_env_var(&variable).await {
            Err(StoreError::Exists(_)) => {
                return Err(EngineError::invalid(
                    "name",
                    "another variable has this name and branch: change or remove that one",
                ));
            }
            other => other?,
        }
        tx.append_audit(&self.deed(
            viewer,
            "env_var.change",
            format!("repository:{}", repository.id),
            variable.name.clone(),
        ))
        .await?;
        tx.commit().await?;
        self.tell_of_variables(&repository);
        Ok(variable)
    }

    /// Removes a variable.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] when there is none.
    pub async fn remove_env_var(
        &self,
        viewer: &Viewer,
        key: &str,
        id: EnvVarId,
    ) -> Result<(), EngineError> {
        let repository = self.administered(viewer, key).await?;
        let mut tx = self.store.begin().await?;
        match tx.delete_env_var(repository.id, id).await {
            Err(StoreError::NotFound(_)) => return Err(EngineError::NotFound("env_var")),
            other => other?,
        }
        tx.append_audit(&self.deed(
            viewer,
            "env_var.remove",
            format!("repository:{}", repository.id),
            id.to_string(),
        ))
        .await?;
        tx.commit().await?;
        self.tell_of_variables(&repository);
        Ok(())
    }

    fn tell_of_variables(&self, repository: &Repository) {
        let mut changes = Changes::default();
        changes.settings(repository.id);
        changes.send(self.bus.as_ref());
    }

    pub(crate) async fn administered(
        &self,
        viewer: &Viewer,
        key: &str,
    ) -> Result<Repository, EngineError> {
        let repository = self.repository(viewer, key).await?;
        self.must_administer(viewer, &repository).await?;
        Ok(repository)
    }

    fn kept(&self, value: &Secret, public: bool) -> Result<Vec<u8>, EngineError> {
        let plain = value.reveal().as_bytes();
        Ok(if public {
            plain.to_vec()
        } else {
            self.vault.seal(plain)?
        })
    }
}

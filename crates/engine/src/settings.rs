//! What a repository's maintainers decide about it.

use crate::{Engine, EngineError, Viewer, changes::Changes};
use serde_json::{Value, json};
use travis_model::{
    ApprovalPolicy, Level, Repository, RepositorySettings, Scope, scheduling::ExecutorKind,
};

/// Jobs of one repository side by side, at most.
const MOST_BUILDS: u64 = 1000;

/// Every setting with its value, in the order of the settings page.
#[must_use]
pub fn settings_list(settings: &RepositorySettings) -> Vec<(&'static str, Value)> {
    vec![
        ("build_pushes", json!(settings.build_pushes)),
        ("build_pull_requests", json!(settings.build_pull_requests)),
        ("auto_cancel_pushes", json!(settings.auto_cancel_pushes)),
        (
            "auto_cancel_pull_requests",
            json!(settings.auto_cancel_pull_requests),
        ),
        (
            "builds_only_with_travis_yml",
            json!(settings.builds_only_with_travis_yml),
        ),
        ("allow_config_imports", json!(settings.allow_config_imports)),
        (
            "maximum_number_of_builds",
            json!(settings.maximum_number_of_builds),
        ),
        ("approval", json!(settings.approval.as_str())),
        (
            "min_executor",
            json!(settings.min_executor.map_or("any", ExecutorKind::as_str)),
        ),
    ]
}

/// Sets one by name.
fn set(settings: &mut RepositorySettings, name: &str, value: &Value) -> Result<(), EngineError> {
    let wrong = |what: &str| EngineError::invalid("value", format!("{name}: use {what}"));
    let yes = || value.as_bool().ok_or_else(|| wrong("true or false"));
    match name {
        "build_pushes" => settings.build_pushes = yes()?,
        "build_pull_requests" => settings.build_pull_requests = yes()?,
        "auto_cancel_pushes" => settings.auto_cancel_pushes = yes()?,
        "auto_cancel_pull_requests" => settings.auto_cancel_pull_requests = yes()?,
        "builds_only_with_travis_yml" => settings.builds_only_with_travis_yml = yes()?,
        "allow_config_imports" => settings.allow_config_imports = yes()?,
        "maximum_number_of_builds" => {
            settings.maximum_number_of_builds = value
                .as_u64()
                .filter(|number| *number <= MOST_BUILDS)
                .and_then(|number| u32::try_from(number).ok())
                .ok_or_else(|| wrong("a whole number from 0 (no limit) to 1,000"))?;
        }
        "approval" => {
            settings.approval = value
                .as_str()
                .and_then(ApprovalPolicy::parse)
                .ok_or_else(|| wrong("first_time, forks or never"))?;
        }
        "min_executor" => {
            settings.min_executor = match value.as_str() {
                Some("any") => None,
                Some(word @ ("namespace" | "container" | "vm")) => ExecutorKind::parse(word),
                _ => return Err(wrong("any, namespace, container or vm")),
            };
        }
        _ => return Err(EngineError::NotFound("setting")),
    }
    Ok(())
}

impl Engine {
    /// A repository whose settings the viewer may see.
    ///
    /// # Errors
    /// When they may not.
    pub async fn with_settings(
        &self,
        viewer: &Viewer,
        key: &str,
    ) -> Result<Repository, EngineError> {
        let repository = self.repository(viewer, key).await?;
        viewer.must_be(&repository, Scope::Read, Level::Admin)?;
        Ok(repository)
    }

    /// Changes a setting.
    ///
    /// # Errors
    /// [`EngineError::Invalid`] for a value that it can't have, [`EngineError::NotFound`] for an
    /// unknown name.
    pub async fn change_setting(
        &self,
        viewer: &Viewer,
        key: &str,
        name: &str,
        value: &Value,
    ) -> Result<Repository, EngineError> {
        let id = self.repository(viewer, key).await?;
        self.must_administer(viewer, &id).await?;
        let mut tx = self.store.begin().await?;
        let mut repository = tx
            .repository(id.id)
            .await?
            .ok_or(EngineError::NotFound("repository"))?;
        set(&mut repository.settings, name, value)?;
        repository.updated_at = self.now();
        tx.update_repository(&repository).await?;
        let deed = self.deed(
            viewer,
            "repository.setting",
            format!("repository:{}", repository.id),
            format!("{name} = {value}"),
        );
        tx.append_audit(&deed).await?;
        tx.commit().await?;
        let mut changes = Changes::default();
        changes.repository(repository.id);
        changes.send(self.bus.as_ref());
        Ok(repository)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_listed_and_can_be_set() {
        let mut settings = RepositorySettings::default();
        for (name, value) in settings_list(&settings.clone()) {
            set(&mut settings, name, &value).unwrap();
        }
        assert_eq!(settings, RepositorySettings::default());
        let fields = serde_json::to_value(&settings).unwrap();
        assert_eq!(
            settings_list(&settings).len(),
            fields.as_object().unwrap().len()
        );
    }

    #[test]
    fn values_of_another_kind_are_refused() {
        let mut settings = RepositorySettings::default();
        for (name, value) in [
            ("build_pushes", json!("yes")),
            ("maximum_number_of_builds", json!(-1)),
            ("maximum_number_of_builds", json!(1.5)),
            ("maximum_number_of_builds", json!(100_000)),
            ("approval", json!("sometimes")),
            ("color", json!(true)),
        ] {
            assert!(set(&mut settings, name, &value).is_err(), "{name} {value}");
        }
        assert_eq!(settings, RepositorySettings::default());
    }
}

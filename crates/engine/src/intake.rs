//! Demands for builds, stored before they are answered.

use crate::{Engine, EngineError, Viewer, changes::Changes};
use travis_bus::Wake;
use travis_model::{GivenConfig, Repository, Request};
use travis_store::{NewRequest, Tx};

/// What a person asks for.
#[derive(Debug, Clone, Default)]
pub struct BuildDemand {
    /// The branch; the default branch when nothing is named.
    pub branch: Option<String>,
    /// The commit.
    pub sha: Option<String>,
    /// The message to show.
    pub message: Option<String>,
    /// Configuration to merge the file into, and how: `deep_merge_append` when nothing is said.
    pub config: Option<String>,
    /// The mode.
    pub merge_mode: Option<String>,
}

const MESSAGE_LIMIT: usize = 10_000;
/// Longer ones belong into a file.
const CONFIG_LIMIT: usize = 64 * 1024;
/// The original's default.
const MERGE_MODE: &str = "deep_merge_append";

/// What was given with a demand, checked as far as can be without reading it.
fn given(config: Option<String>, mode: Option<String>) -> Result<Option<GivenConfig>, EngineError> {
    let mode = mode.unwrap_or_else(|| MERGE_MODE.to_owned());
    if travis_config::Mode::parse(&mode).is_none() {
        return Err(EngineError::invalid(
            "merge_mode",
            "use replace, merge, deep_merge, deep_merge_append or deep_merge_prepend",
        ));
    }
    let Some(text) = config.filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    if text.len() > CONFIG_LIMIT {
        return Err(EngineError::invalid(
            "config",
            "a configuration given here holds 64 KiB at most: put it into the file",
        ));
    }
    Ok(Some(GivenConfig { text, mode }))
}

/// Branch and tag of what a person calls a branch: a whole ref may be named too. Refs that are
/// neither branch nor tag, such as `refs/pull/3/merge`, stay whole.
fn branch_or_tag(name: Option<String>) -> (Option<String>, Option<String>) {
    let Some(name) = name else {
        return (None, None);
    };
    if let Some(branch) = name.strip_prefix("refs/heads/") {
        (Some(branch.to_owned()), None)
    } else if let Some(tag) = name.strip_prefix("refs/tags/") {
        (None, Some(tag.to_owned()))
    } else {
        (Some(name), None)
    }
}

impl Engine {
    /// Stores a person's demand for a build.
    ///
    /// # Errors
    /// [`EngineError::RepositoryInactive`]; [`EngineError::Invalid`] for a commit or branch that
    /// can't be one.
    pub async fn demand_build(
        &self,
        viewer: &Viewer,
        repository: &Repository,
        demand: BuildDemand,
    ) -> Result<Request, EngineError> {
        let new = self.checked_demand(viewer, repository, demand).await?;
        self.store_request(new, repository.active).await
    }

    /// What a person asks for, as it is stored.
    pub(crate) async fn checked_demand(
        &self,
        viewer: &Viewer,
        repository: &Repository,
        demand: BuildDemand,
    ) -> Result<NewRequest, EngineError> {
        self.must_build(viewer, repository).await?;
        let clean =
            |text: Option<String>| text.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty());
        let sha = clean(demand.sha);
        if sha.as_ref().is_some_and(|sha| {
            !(4..=64).contains(&sha.len()) || !sha.bytes().all(|b| b.is_ascii_hexdigit())
        }) {
            return Err(EngineError::invalid(
                "sha",
                "a commit is named by 4 to 64 hexadecimal digits",
            ));
        }
        let message = clean(demand.message);
        if message
            .as_ref()
            .is_some_and(|message| message.len() > MESSAGE_LIMIT)
        {
            return Err(EngineError::invalid(
                "message",
                "a message holds 10,000 bytes at most",
            ));
        }
        let (branch, tag) = branch_or_tag(clean(demand.branch));
        Ok(NewRequest {
            repository_id: repository.id,
            event_type: "api".to_owned(),
            branch,
            sha,
            tag,
            message,
            delivery: None,
            pull_request: None,
            sender: None,
            before_sha: None,
            compare_url: None,
            delivery_id: None,
            held: false,
            config: given(demand.config, demand.merge_mode)?,
            created_by: viewer.user.as_ref().map(|user| user.id),
            at: self.now(),
        })
    }

    pub(crate) async fn store_request(
        &self,
        new: NewRequest,
        active: bool,
    ) -> Result<Request, EngineError> {
        if !active {
            return Err(EngineError::RepositoryInactive);
        }
        let mut tx = self.store.begin().await?;
        let mut changes = Changes::default();
        let (request, _) = self.insert_checked(tx.as_mut(), &mut changes, &new).await?;
        tx.commit().await?;
        changes.send(self.bus.as_ref());
        Ok(request)
    }

    /// Stores a request unless the same delivery made one before; the answer says which.
    pub(crate) async fn insert_checked(
        &self,
        tx: &mut dyn Tx,
        changes: &mut Changes,
        new: &NewRequest,
    ) -> Result<(Request, bool), EngineError> {
        for (field, name) in [("branch", &new.branch), ("tag", &new.tag)] {
            if let Some(name) = name {
                travis_forge::check_ref(name)
                    .map_err(|error| EngineError::invalid(field, error.to_string()))?;
            }
        }
        let (id, fresh) = tx.insert_request(new).await?;
        let request = tx
            .request(id)
            .await?
            .ok_or(EngineError::NotFound("request"))?;
        if fresh {
            changes.wake(Wake::Requests);
            changes.request(&request);
        }
        Ok((request, fresh))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_may_name_whole_refs() {
        let named = |name: &str| branch_or_tag(Some(name.to_owned()));
        assert_eq!(named("main"), (Some("main".into()), None));
        assert_eq!(named("refs/heads/a/b"), (Some("a/b".into()), None));
        assert_eq!(named("refs/tags/v1"), (None, Some("v1".into())));
        assert_eq!(
            named("refs/pull/3/merge"),
            (Some("refs/pull/3/merge".into()), None)
        );
    }
}

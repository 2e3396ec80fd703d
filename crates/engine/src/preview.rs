//! What a demand for a build would come to, before it is made: the jobs, and what is odd about the
//! configuration. Nothing is stored.

use crate::{
    BuildDemand, Engine, EngineError, Linted, Viewer,
    configuration::{
        context::{context, unmet},
        fetch::Place,
        lint::shown,
        messages::{MAIN, fatal},
    },
    rules::NO_JOBS,
};
use serde_json::Value;
use travis_model::{Repository, Request, RequestId, RequestState};

/// What a demand would come to.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The commit that would be built.
    pub sha: String,
    /// Its branch.
    pub branch: String,
    /// Its message.
    pub message: String,
    /// Jobs and messages.
    pub linted: Linted,
    /// Why no build would come of it.
    pub refused: Option<String>,
}

impl Engine {
    /// Looks what a demand would come to.
    ///
    /// # Errors
    /// As [`demand_build`](Self::demand_build); when the commit can't be found.
    pub async fn preview_build(
        &self,
        viewer: &Viewer,
        repository: &Repository,
        demand: BuildDemand,
    ) -> Result<Preview, EngineError> {
        let new = self.checked_demand(viewer, repository, demand).await?;
        let request = Request {
            id: RequestId(0),
            repository_id: repository.id,
            event_type: new.event_type,
            state: RequestState::Pending,
            reason: None,
            branch: new.branch,
            sha: new.sha,
            tag: new.tag,
            message: new.message,
            delivery: None,
            pull_request: None,
            sender: None,
            before_sha: None,
            compare_url: None,
            delivery_id: None,
            held_at: None,
            config: new.config,
            created_by: new.created_by,
            created_at: new.at,
        };
        for (field, name) in [("branch", &request.branch), ("tag", &request.tag)] {
            if let Some(name) = name {
                travis_forge::check_ref(name)
                    .map_err(|error| EngineError::invalid(field, error.to_string()))?;
            }
        }
        let found = self.find_commit(repository, &request).await?;
        let raw = match &found.snapshot.file {
            Some(file) => String::from_utf8_lossy(file).into_owned(),
            None => "{}".to_owned(),
        };
        let missing =
            found.snapshot.file.is_none() && repository.settings.builds_only_with_travis_yml;
        let variables = self.store.reader().await?.env_vars(repository.id).await?;
        let message = found.speaks.message.clone();
        let context = context(repository, &request, &found.branch, &message, &variables);
        let at = Place {
            repository: repository.clone(),
            sha: found.snapshot.commit.sha.clone(),
            reference: found.reference.clone(),
        };
        let configured = self
            .configure(&at, &raw, request.config.as_ref(), context.clone())
            .await?;
        let (linted, refused) = match configured.plan {
            Ok(plan) => {
                let refused = if missing {
                    Some(format!(
                        "There is no {MAIN} at this commit: add one and push it."
                    ))
                } else if plan.jobs.is_empty() {
                    Some(NO_JOBS.to_owned())
                } else {
                    unmet(&plan.config, &context)
                };
                (shown(plan), refused)
            }
            Err(error) => {
                let linted = Linted {
                    messages: vec![fatal(&error, &raw)],
                    config: Value::Null,
                    stages: Vec::new(),
                    jobs: Vec::new(),
                };
                (linted, None)
            }
        };
        Ok(Preview {
            sha: found.snapshot.commit.sha,
            branch: found.branch,
            message,
            linted,
            refused,
        })
    }
}

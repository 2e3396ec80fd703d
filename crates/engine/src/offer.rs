//! What a worker gets with a job: the compiled script, what to check out, and the secrets that it
//! may have.

use crate::{Engine, EngineError, Secret};
use travis_model::{Attempt, AttemptId, Build, Commit, Job, Repository, Worker};
use travis_script::{EnvVar, JobInput, JobScript};
use travis_store::{Reader, Tx};

/// One job for a worker.
pub struct Offer {
    /// The attempt.
    pub attempt: AttemptId,
    /// Its token.
    pub token: Secret,
    /// The job.
    pub job: Job,
    /// Its repository.
    pub repository: Repository,
    /// The commit to check out; none when the job checks out nothing.
    pub checkout: Option<Commit>,
    /// References that the job's script names.
    pub refs: Vec<String>,
    /// The script.
    pub script: String,
    /// Values to mask.
    pub secrets: Vec<String>,
}

impl Engine {
    /// Compiles a claimed job for its worker. The build's lock is held.
    pub(crate) async fn offer(
        &self,
        tx: &mut dyn Tx,
        worker: &Worker,
        attempt: &Attempt,
        token: Secret,
        job: Job,
        build: &Build,
    ) -> Result<Offer, EngineError> {
        let repository = tx
            .repository(job.repository_id)
            .await?
            .ok_or(EngineError::NotFound("repository"))?;
        let commit = tx
            .commits(&[build.commit_id])
            .await?
            .pop()
            .ok_or(EngineError::NotFound("commit"))?;
        let stage = tx
            .stages(&[build.id])
            .await?
            .into_iter()
            .find(|stage| stage.id == job.stage_id);
        let secure = self.may_have_secrets(tx, worker, build).await?;
        let settings_env = self.settings_env(tx, &repository, build, secure).await?;
        let restarted = job.restarted_at.is_some();
        let input = JobInput {
            config: job.config.clone(),
            build_id: build.id.get(),
            build_number: build.number,
            build_web_url: format!(
                "{}/{}/builds/{}",
                self.policy.public_url, repository.slug, build.id
            ),
            job_id: job.id.get(),
            job_number: job.number.clone(),
            job_name: job.name.clone(),
            job_web_url: format!(
                "{}/{}/jobs/{}",
                self.policy.public_url, repository.slug, job.id
            ),
            stage_name: stage.map(|stage| stage.name),
            allow_failure: job.allow_failure,
            event_type: build.event_type.clone(),
            // A ref that is no branch is fetched by itself after the clone.
            branch: if build.branch.starts_with("refs/") {
                repository.default_branch.clone()
            } else {
                build.branch.clone()
            },
            tag: build.tag.clone(),
            commit: commit.sha.clone(),
            commit_range: None,
            commit_message: commit.message.clone(),
            pull_request: None,
            git_ref: Some(build.branch.clone()).filter(|name| name.starts_with("refs/")),
            repo_slug: repository.slug.to_string(),
            repo_private: repository.private,
            clone_url: repository.clone_url.clone(),
            settings_env,
            secure_env: secure,
            restarted,
            app_host: self.policy.public_url.split_once("://").map_or_else(
                || self.policy.public_url.clone(),
                |(_, host)| host.to_owned(),
            ),
        };
        let JobScript { text } = travis_script::compile(&input)
            .unwrap_or_else(|error| travis_script::config_error(&error.to_string()));
        let clones = job.config.pointer("/git/clone") != Some(&serde_json::Value::Bool(false));
        let mut refs = vec![build.tag.as_ref().map_or_else(
            || crate::planner::branch_ref(&build.branch),
            |tag| format!("refs/tags/{tag}"),
        )];
        if build.branch.starts_with("refs/") {
            refs.push(crate::planner::branch_ref(&repository.default_branch));
        }
        Ok(Offer {
            attempt: attempt.id,
            token,
            checkout: clones.then_some(commit),
            refs,
            script: text,
            secrets: travis_script::secrets(&input),
            job,
            repository,
        })
    }

    /// Whether a job on this worker may have its repository's secrets. The one place where that is
    /// decided: never a pull request, and only workers of the people who run this installation.
    async fn may_have_secrets(
        &self,
        reader: &mut dyn Tx,
        worker: &Worker,
        build: &Build,
    ) -> Result<bool, EngineError> {
        let owner = reader.user(worker.owner_id).await?;
        Ok(build.event_type != "pull_request" && owner.is_some_and(|owner| owner.admin))
    }

    async fn settings_env(
        &self,
        tx: &mut dyn Tx,
        repository: &Repository,
        build: &Build,
        secure: bool,
    ) -> Result<Vec<EnvVar>, EngineError> {
        let rows = Reader::env_vars(tx, repository.id).await?;
        let mut variables: Vec<EnvVar> = Vec::new();
        // Those for one branch come last, so that they override.
        let (scoped, general): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| row.branch.is_some());
        for row in general.into_iter().chain(scoped) {
            let fits = row
                .branch
                .as_ref()
                .is_none_or(|branch| *branch == build.branch);
            if !fits || (!row.public && !secure) {
                continue;
            }
            let value = if row.public {
                String::from_utf8_lossy(&row.value).into_owned()
            } else {
                self.vault.unseal(&row.value)?.reveal().to_owned()
            };
            variables.retain(|known| known.name != row.name);
            variables.push(EnvVar {
                name: row.name,
                value,
                public: row.public,
            });
        }
        Ok(variables)
    }
}

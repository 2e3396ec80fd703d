//! What a worker gets with a job: the compiled script, what to check out, and the secrets that it
//! may have.

use crate::{
    AttemptAccess, CacheOffer, Engine, EngineError, Secret, masks, planning::branch_ref,
    secure::Decrypted, standing::server_least,
};
use std::sync::Arc;
use travis_model::{
    Attempt, AttemptId, Build, Commit, Job, Purpose, Repository, Worker, cache::language_version,
    scheduling::ExecutorKind, trust::least_executor,
};
use travis_script::{EnvVar, JobInput, JobScript, PullRequest};
use travis_store::{CronReader, HostingReader, Reader, Tx};

/// In bytes.
const SHORTEST_SECRET: usize = 4;

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
    /// The job's cache.
    pub cache: Option<CacheOffer>,
    /// The weakest executor that may run it.
    pub least_executor: Option<ExecutorKind>,
    /// The image that the job asks for.
    pub image: ImageWish,
    /// Services that the job asks for.
    pub services: Vec<String>,
}

/// The image that a job asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageWish {
    /// Language, as in `.travis.yml`.
    pub language: String,
    /// Its version.
    pub version: Option<String>,
    /// Distribution.
    pub dist: Option<String>,
}

impl ImageWish {
    /// The image that a job with this configuration asks for.
    pub(crate) fn of_config(config: &serde_json::Value) -> Self {
        let text = |key: &str| config.get(key).and_then(serde_json::Value::as_str);
        Self {
            language: text("language").unwrap_or_default().to_owned(),
            version: language_version(config),
            dist: text("dist").map(str::to_owned),
        }
    }
}

/// Services that a job asks for, by their names in `.travis.yml`.
fn services(config: &serde_json::Value) -> Vec<String> {
    let list = match config.get("services") {
        Some(serde_json::Value::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    list.iter()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

/// What a job is given.
struct Given {
    input: JobInput,
    secrets: Vec<String>,
    repository: Repository,
    commit: Commit,
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
        let Given {
            input,
            secrets,
            repository,
            commit,
        } = self.given(tx, worker, attempt.purpose, &job, build).await?;
        let JobScript { text } = travis_script::compile(&input)
            .unwrap_or_else(|error| travis_script::config_error(&error.to_string()));
        let clones = job.config.pointer("/git/clone") != Some(&serde_json::Value::Bool(false));
        let refs = refs(&repository, build);
        let cache = match attempt.purpose {
            Purpose::Job => {
                self.offer_cache(tx, worker, &repository, build, &job, &commit.sha)
                    .await?
            }
            // What lies in a cache meanwhile is not what the first word was given on.
            Purpose::Opinion => None,
        };
        let tier = attempt.tier.unwrap_or_default();
        let server = server_least(tier, &self.policy.workers);
        self.masks.put(attempt.id, &secrets);
        Ok(Offer {
            attempt: attempt.id,
            token,
            checkout: clones.then_some(commit),
            refs,
            script: text,
            secrets,
            least_executor: least_executor(tier, repository.settings.min_executor, server),
            image: ImageWish::of_config(&job.config),
            services: services(&job.config),
            job,
            repository,
            cache,
        })
    }

    /// The stream in which an attempt's secrets are masked; none when it has no secrets.
    pub(crate) async fn mask_of(
        &self,
        access: AttemptAccess,
    ) -> Result<Option<Arc<tokio::sync::Mutex<masks::Stream>>>, EngineError> {
        if let Some(known) = self.masks.get(access.id()) {
            return Ok(known);
        }
        // This server did not make the assignment, or was started again since.
        let mut tx = self.store.begin().await?;
        let attempt = tx.attempt(access.id()).await?;
        let attempt = attempt.ok_or(EngineError::AttemptOver)?;
        let job = tx.job(attempt.job_id).await?;
        let job = job.ok_or(EngineError::AttemptOver)?;
        let build = tx.build(job.build_id).await?;
        let build = build.ok_or(EngineError::AttemptOver)?;
        let worker = tx.worker(attempt.worker_id).await?;
        let worker = worker.ok_or(EngineError::AttemptOver)?;
        let given = self
            .given(tx.as_mut(), &worker, attempt.purpose, &job, &build)
            .await?;
        drop(tx);
        // A call beside this one may have been quicker.
        Ok(match self.masks.get(access.id()) {
            Some(known) => known,
            None => self.masks.put(access.id(), &given.secrets),
        })
    }

    /// What a job is given on this worker.
    async fn given(
        &self,
        tx: &mut dyn Tx,
        worker: &Worker,
        purpose: Purpose,
        job: &Job,
        build: &Build,
    ) -> Result<Given, EngineError> {
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
        let secure = self
            .may_have_secrets(tx, worker, purpose, &repository, build, &commit)
            .await?;
        let settings_env = self.settings_env(tx, &repository, build, secure).await?;
        let ssh_key = if secure {
            self.private_key(tx, &repository).await?
        } else {
            None
        };
        let mut config = job.config.clone();
        let decrypted = if secure {
            self.decrypt(tx, &repository, &mut config).await?
        } else {
            Decrypted::default()
        };
        let restarted = job.restarted_at.is_some();
        let input = JobInput {
            config,
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
            default_branch: repository.default_branch.clone(),
            forge_api_url: deploys_to(tx, &repository, &job.config).await?,
            tag: build.tag.clone(),
            commit: commit.sha.clone(),
            commit_range: commit_range(build, &commit),
            commit_message: commit.message.clone(),
            pull_request: build.pull_request.as_ref().map(|pull| PullRequest {
                number: pull.number,
                head_branch: pull.head_branch.clone(),
                head_sha: pull.head_sha.clone(),
                head_slug: pull.head_slug.clone().unwrap_or_default(),
                is_draft: pull.draft,
            }),
            git_ref: git_ref(build),
            repo_slug: repository.slug.to_string(),
            repo_private: repository.private,
            clone_url: repository.clone_url.clone(),
            settings_env,
            secure_env: secure,
            ssh_key,
            notices: decrypted.notices,
            restarted,
            app_host: self.policy.public_url.split_once("://").map_or_else(
                || self.policy.public_url.clone(),
                |(_, host)| host.to_owned(),
            ),
        };
        let mut secrets = travis_script::secrets(&input);
        secrets.extend(decrypted.plain);
        Ok(Given {
            secrets: to_mask(secrets),
            input,
            repository,
            commit,
        })
    }

    /// The repository's own SSH key. Only for a job that may have secrets.
    async fn private_key(
        &self,
        tx: &mut dyn Tx,
        repository: &Repository,
    ) -> Result<Option<String>, EngineError> {
        let row = CronReader::ssh_key(tx, repository.id).await?;
        let plain = row
            .map(|row| self.vault.unseal(&row.private_key))
            .transpose()?;
        Ok(plain.map(|plain| plain.reveal().to_owned()))
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

/// The values worth masking, the longest first: shorter ones would blot out half of the log.
fn to_mask(mut secrets: Vec<String>) -> Vec<String> {
    secrets.retain(|secret| secret.len() >= SHORTEST_SECRET);
    secrets.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    secrets.dedup();
    secrets
}

/// Where deployments to the repository's own GitHub go; empty for jobs that deploy nothing, and for
/// other forges.
async fn deploys_to(
    tx: &mut dyn Tx,
    repository: &Repository,
    config: &serde_json::Value,
) -> Result<String, EngineError> {
    let (Some(hosting), Some(_)) = (&repository.hosting, config.get("deploy")) else {
        return Ok(String::new());
    };
    let sites = HostingReader::forges(tx).await?;
    let site = sites
        .into_iter()
        .find(|site| site.id == hosting.forge_id && site.kind == "github");
    Ok(site.map(|site| site.api_url).unwrap_or_default())
}

/// A ref that is no branch and has to be fetched by itself.
fn git_ref(build: &Build) -> Option<String> {
    match &build.pull_request {
        Some(pull) => Some(pull.git_ref.clone()),
        None => Some(build.branch.clone()).filter(|name| name.starts_with("refs/")),
    }
}

/// The references that the job's script names: the one built first.
fn refs(repository: &Repository, build: &Build) -> Vec<String> {
    if let Some(pull) = &build.pull_request {
        return vec![pull.git_ref.clone(), branch_ref(&build.branch)];
    }
    let built = build.tag.as_ref().map_or_else(
        || branch_ref(&build.branch),
        |tag| format!("refs/tags/{tag}"),
    );
    let mut refs = vec![built];
    if build.branch.starts_with("refs/") {
        refs.push(branch_ref(&repository.default_branch));
    }
    refs
}

/// What came with the build: `<from>...<to>`.
fn commit_range(build: &Build, commit: &Commit) -> Option<String> {
    match (&build.pull_request, &build.before_sha) {
        (Some(pull), _) => Some(format!("{}...{}", pull.base_sha, pull.head_sha)),
        (None, Some(before)) => Some(format!("{before}...{}", commit.sha)),
        (None, None) => None,
    }
}

use super::{Client, ClientError, part};
use futures_util::Stream;
use reqwest::Method;
use serde::Deserialize;
use travis_api::dsse::{Envelope, StatementKey};
use travis_api::v3::{
    ApiToken, ApiTokens, Artifacts, Build, Builds, Caches, CurrentUser, EnrolmentToken, EnvVar,
    EnvVars, ImageTable, ImageTableChange, Job, KeyPair, Log, NewEnrolment, NewEnvVar,
    NewRepository, NewRequest, NewToken, PendingChange, PendingRequest, Repositories, Repository,
    Request, Tests, Worker, WorkerChange, WorkerTierChange, Workers,
};
use travis_model::Slug;

/// What a build list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct BuildFilter {
    /// On this branch.
    pub branch: Option<String>,
    /// In this state.
    pub state: Option<String>,
    /// With this number.
    pub number: Option<String>,
    /// Jobs whole.
    pub with_jobs: bool,
    /// How many at most.
    pub limit: u64,
    /// Left out before.
    pub offset: u64,
}

/// Which caches are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheFilter {
    /// Of this branch.
    pub branch: Option<String>,
    /// Whose name holds this.
    pub contains: Option<String>,
}

impl CacheFilter {
    fn query(&self) -> Vec<(&'static str, String)> {
        let both = [("branch", &self.branch), ("match", &self.contains)];
        both.into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?)))
            .collect()
    }
}

/// What a list of repositories is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct RepositoryFilter {
    /// Whose name holds this.
    pub search: Option<String>,
    /// Switched on.
    pub active: bool,
    /// That the reader has rights on.
    pub mine: bool,
    /// That the reader starred.
    pub starred: bool,
    /// How many at most.
    pub limit: u64,
    /// Left out before.
    pub offset: u64,
}

/// What `GET /health` says, as far as this program reads it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Health {
    /// The server's version, where it tells.
    #[serde(default)]
    pub version: Option<String>,
}

/// Whether a build or a job is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// A build, by identifier.
    Build(i64),
    /// A job, by identifier.
    Job(i64),
}

/// What is done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Stop it.
    Cancel,
    /// Run it again.
    Restart,
}

impl Client {
    /// Who the token belongs to.
    ///
    /// # Errors
    /// As every call here: see [`ClientError`].
    pub async fn user(&self) -> Result<CurrentUser, ClientError> {
        self.get("/v3/user", &[]).await
    }

    /// Has the owner's repositories read from their forges again.
    pub async fn sync(&self) -> Result<CurrentUser, ClientError> {
        self.post("/v3/user/sync").await
    }

    /// Asks for a sign of life. A body that is not JSON is a sign as well.
    pub async fn health(&self) -> Result<Health, ClientError> {
        let response = self
            .send(self.request(Method::GET, "/health").timeout(super::ANSWER))
            .await?;
        let body = response
            .bytes()
            .await
            .map_err(|error| ClientError::from_transport(self.endpoint(), &error))?;
        Ok(serde_json::from_slice(&body).unwrap_or_default())
    }

    /// A page of repositories.
    pub async fn repositories(
        &self,
        filter: &RepositoryFilter,
    ) -> Result<Repositories, ClientError> {
        let mut query = vec![
            ("limit", filter.limit.to_string()),
            ("offset", filter.offset.to_string()),
        ];
        if let Some(search) = &filter.search {
            query.push(("search", search.clone()));
        }
        if filter.active {
            query.push(("active", "true".to_owned()));
        }
        if filter.mine {
            query.push(("mine", "true".to_owned()));
        }
        if filter.starred {
            query.push(("starred_by_me", "true".to_owned()));
        }
        self.get("/v3/repos", &query).await
    }

    /// A repository.
    pub async fn repository(&self, slug: &Slug) -> Result<Repository, ClientError> {
        self.get(&format!("/v3/repo/{}", part(slug)), &[]).await
    }

    /// Adds a repository.
    pub async fn add_repository(&self, new: &NewRepository) -> Result<Repository, ClientError> {
        self.post_body("/v3/repos", new).await
    }

    /// Switches a repository on or off.
    pub async fn set_active(&self, slug: &Slug, active: bool) -> Result<Repository, ClientError> {
        let verb = if active { "activate" } else { "deactivate" };
        self.post(&format!("/v3/repo/{}/{verb}", part(slug))).await
    }

    /// A page of a repository's builds.
    pub async fn builds(&self, slug: &Slug, filter: &BuildFilter) -> Result<Builds, ClientError> {
        let mut query = vec![
            ("limit", filter.limit.to_string()),
            ("offset", filter.offset.to_string()),
        ];
        for (name, value) in [
            ("branch.name", &filter.branch),
            ("build.state", &filter.state),
            ("build.number", &filter.number),
        ] {
            if let Some(value) = value {
                query.push((name, value.clone()));
            }
        }
        if filter.with_jobs {
            query.push(("include", "build.jobs".to_owned()));
        }
        self.get(&format!("/v3/repo/{}/builds", part(slug)), &query)
            .await
    }

    /// A build with its jobs.
    pub async fn build(&self, id: i64) -> Result<Build, ClientError> {
        self.get(&format!("/v3/build/{id}"), &[]).await
    }

    /// A job with its attempts.
    pub async fn job(&self, id: i64) -> Result<Job, ClientError> {
        self.get(&format!("/v3/job/{id}"), &[]).await
    }

    /// Asks for a build.
    pub async fn trigger(
        &self,
        slug: &Slug,
        new: &NewRequest,
    ) -> Result<PendingRequest, ClientError> {
        self.post_body(&format!("/v3/repo/{}/requests", part(slug)), new)
            .await
    }

    /// What came of a request.
    pub async fn request_of(&self, slug: &Slug, id: i64) -> Result<Request, ClientError> {
        self.get(&format!("/v3/repo/{}/request/{id}", part(slug)), &[])
            .await
    }

    /// Cancels or restarts.
    pub async fn change(&self, run: Run, change: Change) -> Result<PendingChange, ClientError> {
        let verb = match change {
            Change::Cancel => "cancel",
            Change::Restart => "restart",
        };
        match run {
            Run::Build(id) => self.post(&format!("/v3/build/{id}/{verb}")).await,
            Run::Job(id) => self.post(&format!("/v3/job/{id}/{verb}")).await,
        }
    }

    /// The log as one object.
    pub async fn log(&self, job: i64) -> Result<Log, ClientError> {
        self.get(&format!("/v3/job/{job}/log"), &[]).await
    }

    /// The raw log, piece by piece; a log can be larger than memory.
    pub async fn raw_log(
        &self,
        job: i64,
    ) -> Result<impl Stream<Item = Result<bytes::Bytes, ClientError>> + use<>, ClientError> {
        use futures_util::StreamExt as _;
        let response = self
            .send(self.request(Method::GET, &format!("/v3/job/{job}/log.txt")))
            .await?;
        let endpoint = self.endpoint().to_owned();
        Ok(response.bytes_stream().map(move |piece| {
            piece.map_err(|error| ClientError::from_transport(&endpoint, &error))
        }))
    }

    /// Tests of a job or a build, by its address.
    pub async fn tests(&self, path: &str, query: super::Query<'_>) -> Result<Tests, ClientError> {
        self.get(path, query).await
    }

    /// Files that a job left.
    pub async fn artifacts(&self, job: i64) -> Result<Artifacts, ClientError> {
        self.get(&format!("/v3/job/{job}/artifacts"), &[]).await
    }

    /// The bytes of such a file.
    pub async fn artifact(
        &self,
        id: i64,
    ) -> Result<impl Stream<Item = Result<bytes::Bytes, ClientError>> + use<>, ClientError> {
        use futures_util::StreamExt as _;
        let path = format!("/v3/artifact/{id}/download");
        let response = self.send(self.request(Method::GET, &path)).await?;
        let endpoint = self.endpoint().to_owned();
        Ok(response.bytes_stream().map(move |piece| {
            piece.map_err(|error| ClientError::from_transport(&endpoint, &error))
        }))
    }

    /// What is stated of a finished job.
    pub async fn statement(&self, job: i64) -> Result<Envelope, ClientError> {
        self.get(&format!("/v3/job/{job}/statement"), &[]).await
    }

    /// The key by which statements are checked.
    pub async fn statement_key(&self) -> Result<StatementKey, ClientError> {
        self.get("/v3/statement_key", &[]).await
    }

    /// All workers.
    pub async fn workers(&self) -> Result<Workers, ClientError> {
        self.get("/v3/workers", &[]).await
    }

    /// The operator's table of images.
    pub async fn images(&self) -> Result<ImageTable, ClientError> {
        self.get("/v3/images", &[]).await
    }

    /// Puts a table of images in place of the one before.
    pub async fn set_images(&self, text: String) -> Result<ImageTable, ClientError> {
        let change = ImageTableChange { text };
        self.json(self.request(Method::PUT, "/v3/images").json(&change))
            .await
    }

    /// The reader's tokens.
    pub async fn tokens(&self) -> Result<ApiTokens, ClientError> {
        self.get("/v3/tokens", &[]).await
    }

    /// Makes a token.
    pub async fn create_token(&self, new: &NewToken) -> Result<ApiToken, ClientError> {
        self.post_body("/v3/tokens", new).await
    }

    /// Ends a token.
    pub async fn revoke_token(&self, id: i64) -> Result<(), ClientError> {
        self.delete(&format!("/v3/token/{id}")).await
    }

    /// Makes a token for one worker.
    pub async fn enrolment_token(&self, new: &NewEnrolment) -> Result<EnrolmentToken, ClientError> {
        self.post_body("/v3/workers/enrolment_token", new).await
    }

    /// Commands a worker: `pause`, `resume`, `drain`, `ban`, `unban`.
    pub async fn command_worker(&self, id: i64, what: &str) -> Result<Worker, ClientError> {
        self.post(&format!("/v3/worker/{id}/{what}")).await
    }

    /// Changes a worker's name, and what it may lend.
    pub async fn change_worker(
        &self,
        id: i64,
        change: &WorkerChange,
    ) -> Result<Worker, ClientError> {
        let path = format!("/v3/worker/{id}");
        self.json(self.request(Method::PATCH, &path).json(change))
            .await
    }

    /// Sets how far a worker's word counts.
    pub async fn set_tier(
        &self,
        id: i64,
        change: &WorkerTierChange,
    ) -> Result<Worker, ClientError> {
        self.post_body(&format!("/v3/worker/{id}/tier"), change)
            .await
    }

    /// Removes a worker.
    pub async fn remove_worker(&self, id: i64) -> Result<(), ClientError> {
        self.delete(&format!("/v3/worker/{id}")).await
    }

    /// Caches of a repository.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn caches(&self, slug: &Slug, filter: &CacheFilter) -> Result<Caches, ClientError> {
        let path = format!("/v3/repo/{}/caches", part(slug));
        self.get(&path, &filter.query()).await
    }

    /// Removes caches of a repository; answers which.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn delete_caches(
        &self,
        slug: &Slug,
        filter: &CacheFilter,
    ) -> Result<Caches, ClientError> {
        let path = format!("/v3/repo/{}/caches", part(slug));
        self.json(self.request(Method::DELETE, &path).query(&filter.query()))
            .await
    }

    /// The variables of a repository.
    pub async fn env_vars(&self, slug: &Slug) -> Result<EnvVars, ClientError> {
        self.get(&format!("/v3/repo/{}/env_vars", part(slug)), &[])
            .await
    }

    /// Sets a variable.
    pub async fn set_env_var(&self, slug: &Slug, new: &NewEnvVar) -> Result<EnvVar, ClientError> {
        self.post_body(&format!("/v3/repo/{}/env_vars", part(slug)), new)
            .await
    }

    /// The public key of a repository.
    pub async fn public_key(&self, slug: &Slug) -> Result<KeyPair, ClientError> {
        self.get(&format!("/v3/repo/{}/key_pair/generated", part(slug)), &[])
            .await
    }

    /// Removes a variable.
    pub async fn unset_env_var(&self, slug: &Slug, id: i64) -> Result<(), ClientError> {
        self.delete(&format!("/v3/repo/{}/env_var/{id}", part(slug)))
            .await
    }
}

use crate::{
    App,
    access::Caller,
    error::ApiError,
    represent::{Represent, build_minimal, stage},
    routes::repos::paging,
    wire::pagination,
};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use serde::Deserialize;
use travis_api::v3::{self, ErrorBody};
use travis_engine::Viewer;
use travis_model::{Build, BuildId, JobState, Repository};
use travis_store::{BuildFilter, SeenBy};

#[derive(Deserialize)]
pub(crate) struct BuildsQuery {
    limit: Option<String>,
    offset: Option<String>,
    include: Option<String>,
    #[serde(rename = "branch.name")]
    branch: Option<String>,
    #[serde(rename = "build.state", alias = "state")]
    state: Option<String>,
    #[serde(rename = "build.event_type", alias = "event_type")]
    event_type: Option<String>,
    #[serde(rename = "build.number", alias = "number")]
    number: Option<String>,
    pull_request_number: Option<String>,
}

impl BuildsQuery {
    fn filter(
        &self,
        viewer: &Viewer,
        repository: Option<&Repository>,
    ) -> Result<BuildFilter, ApiError> {
        let list = |text: &Option<String>| -> Vec<String> {
            text.iter()
                .flat_map(|text| text.split(','))
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let states = list(&self.state)
            .iter()
            .map(|word| {
                JobState::parse(word).ok_or_else(|| {
                    ApiError::wrong_params(format!("build.state: \"{word}\" is no state; use created, queued, received, started, passed, failed, errored or canceled"))
                })
            })
            .collect::<Result<_, _>>()?;
        let whole = |name: &str, text: &Option<String>| {
            text.as_ref()
                .map(|text| {
                    text.parse()
                        .map_err(|_| ApiError::wrong_params(format!("{name}: use a whole number")))
                })
                .transpose()
        };
        let number = whole("build.number", &self.number)?;
        let pull_request_number = whole("pull_request_number", &self.pull_request_number)?;
        Ok(BuildFilter {
            seen_by: if repository.is_some() {
                SeenBy::Operator
            } else {
                viewer.seen_by()
            },
            repository: repository.map(|repository| repository.id),
            branch: self.branch.clone(),
            states,
            event_types: list(&self.event_type),
            number,
            pull_request_number,
        })
    }
}

/// Whether `include` names something. What is always there may be named too.
fn includes(include: Option<&str>, wanted: &str) -> bool {
    include.is_some_and(|include| include.split(',').any(|word| word.trim() == wanted))
}

/// `include` of a call that takes nothing else.
#[derive(Default, Deserialize)]
pub(crate) struct IncludeQuery {
    include: Option<String>,
}

async fn listed(
    app: &App,
    viewer: &Viewer,
    query: BuildsQuery,
    repository: Option<Repository>,
) -> Result<Json<v3::Builds>, ApiError> {
    let page = paging(query.limit.as_deref(), query.offset.as_deref())?;
    let filter = query.filter(viewer, repository.as_ref())?;
    let includes = |word: &str| includes(query.include.as_deref(), word);
    let with_config = includes("job.config");
    let with_jobs = with_config || includes("build.jobs");
    let mut represent = Represent::new(&app.engine, viewer).await?;
    represent.with_config = with_config;
    let found = represent.reader.builds(&filter, page).await?;
    let href = repository.map_or_else(
        || "/v3/builds".to_owned(),
        |row| format!("/v3/repo/{}/builds", row.id),
    );
    Ok(Json(v3::Builds {
        head: v3::Head::standard("builds", href.clone()),
        pagination: pagination(&href, page, found.count),
        builds: represent.builds(found.items, with_jobs).await?,
    }))
}

/// A build that the viewer may see, with its repository.
async fn visible(app: &App, viewer: &Viewer, id: i64) -> Result<(Build, Repository), ApiError> {
    let mut reader = app.engine.store().reader().await?;
    let build = reader
        .build(BuildId(id))
        .await?
        .ok_or_else(|| ApiError::not_found("build"))?;
    let repository = reader
        .repository(build.repository_id)
        .await?
        .filter(|repository| viewer.sees(repository))
        .ok_or_else(|| ApiError::not_found("build"))?;
    Ok((build, repository))
}

/// Builds of a repository, newest first.
#[utoipa::path(get, path = "/v3/repo/{repository}/builds",
    params(("repository" = String, Path), ("limit" = Option<u64>, Query), ("offset" = Option<u64>, Query), ("pull_request_number" = Option<i64>, Query),
        ("branch.name" = Option<String>, Query), ("build.state" = Option<String>, Query, description = "several with commas"),
        ("build.event_type" = Option<String>, Query), ("build.number" = Option<i64>, Query),
        ("include" = Option<String>, Query, description = "build.jobs, job.config")),
    responses((status = 200, body = v3::Builds), (status = 400, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn of_repository(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
    Query(query): Query<BuildsQuery>,
) -> Result<Json<v3::Builds>, ApiError> {
    let repository = app.engine.repository(&caller.0, &key).await?;
    listed(&app, &caller.0, query, Some(repository)).await
}

/// Builds of all repositories, newest first.
#[utoipa::path(get, path = "/v3/builds",
    params(("limit" = Option<u64>, Query), ("offset" = Option<u64>, Query),
        ("build.state" = Option<String>, Query, description = "several with commas"),
        ("build.event_type" = Option<String>, Query), ("include" = Option<String>, Query, description = "build.jobs, job.config")),
    responses((status = 200, body = v3::Builds), (status = 400, body = ErrorBody)))]
pub(crate) async fn all(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<BuildsQuery>,
) -> Result<Json<v3::Builds>, ApiError> {
    listed(&app, &caller.0, query, None).await
}

/// A build with its stages and jobs.
#[utoipa::path(get, path = "/v3/build/{id}",
    params(("id" = i64, Path), ("include" = Option<String>, Query, description = "job.config")),
    responses((status = 200, body = v3::Build), (status = 404, body = ErrorBody)))]
pub(crate) async fn find(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    Query(query): Query<IncludeQuery>,
) -> Result<Json<v3::Build>, ApiError> {
    let (build, _) = visible(&app, &caller.0, id).await?;
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    represent.with_config = includes(query.include.as_deref(), "job.config");
    let mut all = represent.builds(vec![build], true).await?;
    all.pop()
        .map(Json)
        .ok_or_else(|| ApiError::not_found("build"))
}

fn pending(app: &App, build: &Build, change: &str) -> (StatusCode, Json<v3::PendingChange>) {
    let answer = v3::PendingChange {
        kind: "pending".to_owned(),
        resource_type: "build".to_owned(),
        state_change: change.to_owned(),
        build: Some(build_minimal(build, app.engine.now())),
        job: None,
    };
    (StatusCode::ACCEPTED, Json(answer))
}

/// Cancels every open job of a build.
#[utoipa::path(post, path = "/v3/build/{id}/cancel", params(("id" = i64, Path)),
    responses((status = 202, body = v3::PendingChange), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<(StatusCode, Json<v3::PendingChange>), ApiError> {
    let build = app.engine.cancel_build(&caller.0, BuildId(id)).await?;
    Ok(pending(&app, &build, "cancel"))
}

/// Runs every job of a build again.
#[utoipa::path(post, path = "/v3/build/{id}/restart", params(("id" = i64, Path)),
    responses((status = 202, body = v3::PendingChange), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn restart(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<(StatusCode, Json<v3::PendingChange>), ApiError> {
    let build = app.engine.restart_build(&caller.0, BuildId(id)).await?;
    Ok(pending(&app, &build, "restart"))
}

/// Jobs of a build, in order.
#[utoipa::path(get, path = "/v3/build/{id}/jobs",
    params(("id" = i64, Path), ("include" = Option<String>, Query, description = "job.config")),
    responses((status = 200, body = v3::Jobs), (status = 404, body = ErrorBody)))]
pub(crate) async fn jobs(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    Query(query): Query<IncludeQuery>,
) -> Result<Json<v3::Jobs>, ApiError> {
    let (build, _) = visible(&app, &caller.0, id).await?;
    let mut represent = Represent::new(&app.engine, &caller.0).await?;
    represent.with_config = includes(query.include.as_deref(), "job.config");
    let rows = represent.reader.jobs(&[build.id]).await?;
    Ok(Json(v3::Jobs {
        head: v3::Head::standard("jobs", format!("/v3/build/{id}/jobs")),
        pagination: None,
        jobs: represent.jobs(rows, false).await?,
    }))
}

/// Stages of a build, in order.
#[utoipa::path(get, path = "/v3/build/{id}/stages", params(("id" = i64, Path)),
    responses((status = 200, body = v3::Stages), (status = 404, body = ErrorBody)))]
pub(crate) async fn stages(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<v3::Stages>, ApiError> {
    let (build, _) = visible(&app, &caller.0, id).await?;
    let rows = app
        .engine
        .store()
        .reader()
        .await?
        .stages(&[build.id])
        .await?;
    Ok(Json(v3::Stages {
        head: v3::Head::standard("stages", format!("/v3/build/{id}/stages")),
        stages: rows.iter().map(stage).collect(),
    }))
}

/// The files of a build's configuration, the main one first.
fn raw_configs(build: &Build) -> Vec<v3::RawConfig> {
    let main = build.raw_config.iter().map(|text| v3::RawConfig {
        source: travis_engine::CONFIG_FILE.to_owned(),
        config: text.clone(),
    });
    let imports = build.imports.iter().map(|file| v3::RawConfig {
        source: file.source.clone(),
        config: file.config.clone(),
    });
    main.chain(imports).collect()
}

/// The configuration of a build: as it was written, as it was understood, and what was noticed.
#[utoipa::path(get, path = "/v3/build/{id}/config", params(("id" = i64, Path)),
    responses((status = 200, body = v3::BuildConfig), (status = 404, body = ErrorBody)))]
pub(crate) async fn config(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<v3::BuildConfig>, ApiError> {
    let (build, _) = visible(&app, &caller.0, id).await?;
    Ok(Json(v3::BuildConfig {
        head: v3::Head::standard("build_config", format!("/v3/build/{id}/config")),
        raw_configs: raw_configs(&build),
        raw: build.raw_config,
        config: build.config,
        messages: serde_json::from_value(build.messages).unwrap_or_default(),
    }))
}

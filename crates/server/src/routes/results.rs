//! Tests of jobs, builds and branches, and what workers hand over.

use super::upload::Pieces;
use super::worker_api::access;
use crate::represent::results::{Wanted, Which, tests};
use crate::wire::time;
use crate::{
    App,
    access::Caller,
    error::{ApiError, JsonBody},
    routes::jobs::visible,
};
use axum::{
    Json,
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
};
use serde::Deserialize;
use travis_api::v3::{self, ErrorBody};
use travis_api::worker as wire;
use travis_engine::Declared;
use travis_model::{ArtifactId, AttemptId, BuildId};

/// Tests in one answer.
const MOST: usize = 500;
const USUAL: usize = 100;
/// Files that one call may declare.
const DECLARED: usize = 2_000;

#[derive(Deserialize)]
pub(crate) struct TestQuery {
    attempt: Option<i64>,
    filter: Option<String>,
    q: Option<String>,
    limit: Option<usize>,
    offset: Option<usize>,
}

impl TestQuery {
    fn wanted(&self) -> Result<Wanted, ApiError> {
        let which = Which::parse(self.filter.as_deref().unwrap_or_default()).ok_or_else(|| {
            ApiError::wrong_params(
                "filter: use all, failed, new, flaky, skipped, passed or slowest",
            )
        })?;
        Ok(Wanted {
            which,
            text: self.q.as_deref().unwrap_or_default().trim().to_lowercase(),
            offset: self.offset.unwrap_or(0),
            limit: self.limit.unwrap_or(USUAL).min(MOST),
        })
    }
}

/// Tests of a job: those of the attempt that counts, or of another one.
#[utoipa::path(get, path = "/v3/job/{id}/tests",
    params(("id" = i64, Path), ("attempt" = Option<i64>, Query),
        ("filter" = Option<String>, Query, description = "all, failed, new, flaky, skipped, passed, or slowest first"),
        ("q" = Option<String>, Query, description = "a part of name, suite or file"),
        ("limit" = Option<u64>, Query, description = "100, at most 500"), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = v3::Tests), (status = 404, body = ErrorBody)))]
pub(crate) async fn of_job(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    Query(query): Query<TestQuery>,
) -> Result<Json<v3::Tests>, ApiError> {
    let wanted = query.wanted()?;
    let job = visible(&app, &caller.0, id).await?;
    let found = app
        .engine
        .job_tests(&job, query.attempt.map(AttemptId))
        .await?;
    let head = v3::Head::standard("tests", format!("/v3/job/{id}/tests"));
    Ok(Json(tests(
        head,
        vec![(job.id, job.number, found)],
        &wanted,
    )))
}

/// Tests of all jobs of a build.
#[utoipa::path(get, path = "/v3/build/{id}/tests",
    params(("id" = i64, Path),
        ("filter" = Option<String>, Query, description = "all, failed, new, flaky, skipped, passed, or slowest first"),
        ("q" = Option<String>, Query, description = "a part of name, suite or file"),
        ("limit" = Option<u64>, Query, description = "100, at most 500"), ("offset" = Option<u64>, Query)),
    responses((status = 200, body = v3::Tests), (status = 404, body = ErrorBody)))]
pub(crate) async fn of_build(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    Query(query): Query<TestQuery>,
) -> Result<Json<v3::Tests>, ApiError> {
    let wanted = query.wanted()?;
    let mut reader = app.engine.store().reader().await?;
    let build = reader.build(BuildId(id)).await?;
    let build = build.ok_or_else(|| ApiError::not_found("build"))?;
    let repository = reader.repository(build.repository_id).await?;
    if !repository.is_some_and(|repository| caller.0.sees(&repository)) {
        return Err(ApiError::not_found("build"));
    }
    drop(reader);
    let found = app.engine.build_tests(&build).await?;
    let jobs = found
        .into_iter()
        .map(|(job, tests)| (job.id, job.number, tests))
        .collect();
    let head = v3::Head::standard("tests", format!("/v3/build/{id}/tests"));
    Ok(Json(tests(head, jobs, &wanted)))
}

#[derive(Deserialize)]
pub(crate) struct HistoryQuery {
    test: String,
    branch: Option<String>,
}

/// One test over the builds of a branch, the default branch unless another is named.
#[utoipa::path(get, path = "/v3/repo/{repository}/tests",
    params(("repository" = String, Path), ("test" = String, Query, description = "the test's id"), ("branch" = Option<String>, Query)),
    responses((status = 200, body = v3::TestHistory), (status = 404, body = ErrorBody)))]
pub(crate) async fn history(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<v3::TestHistory>, ApiError> {
    let test = u64::from_str_radix(&query.test, 16).map_err(|_| {
        ApiError::wrong_params("test: give the id of a test, 16 hexadecimal digits")
    })?;
    let repository = app.engine.repository(&caller.0, &key).await?;
    let branch = query
        .branch
        .filter(|branch| !branch.is_empty())
        .unwrap_or_else(|| repository.default_branch.clone());
    let runs = app
        .engine
        .test_history(repository.id, &branch, test)
        .await?;
    Ok(Json(v3::TestHistory {
        head: v3::Head::standard("test_history", format!("/v3/repo/{}/tests", repository.id)),
        branch,
        runs: runs
            .into_iter()
            .map(|run| v3::TestRun {
                build_id: run.build.get(),
                job_id: run.job.get(),
                sha: run.sha,
                outcome: run.outcome.as_str().to_owned(),
                at: time(run.at),
            })
            .collect(),
    }))
}

/// Says which files an attempt left. Answers those whose bytes are to be sent; what is over the
/// limits is not among them.
#[utoipa::path(post, path = "/worker/v1/attempts/{id}/results", params(("id" = i64, Path)), request_body = wire::ResultsRequest,
    responses((status = 200, body = wire::ResultsResponse), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody), (status = 410, body = ErrorBody)))]
pub(crate) async fn declare(
    State(app): State<App>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    JsonBody(call): JsonBody<wire::ResultsRequest>,
) -> Result<Json<wire::ResultsResponse>, ApiError> {
    let access = access(&app, &headers, id).await?;
    if call.files.len() > DECLARED {
        return Err(ApiError::wrong_params(format!(
            "files: declare {DECLARED} at most"
        )));
    }
    let files: Vec<Declared> = call
        .files
        .into_iter()
        .map(|file| Declared {
            kind: file.kind,
            path: file.path,
            size: file.size,
            sha256: file.sha256,
        })
        .collect();
    let wanted = app.engine.declare_results(access, &files).await?;
    Ok(Json(wire::ResultsResponse {
        wanted: wanted
            .into_iter()
            .map(|file| wire::ResultWanted {
                id: file.id.get(),
                kind: file.kind,
                path: file.path,
            })
            .collect(),
    }))
}

/// Takes the bytes of a declared file. They count when all are here and have the SHA-256 that was
/// declared.
#[utoipa::path(put, path = "/worker/v1/attempts/{id}/results/{file}",
    params(("id" = i64, Path), ("file" = i64, Path)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 204), (status = 400, body = ErrorBody, description = "not the bytes that were declared"),
        (status = 401, body = ErrorBody), (status = 404, body = ErrorBody), (status = 410, body = ErrorBody)))]
pub(crate) async fn store(
    State(app): State<App>,
    Path((id, file)): Path<(i64, i64)>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let access = access(&app, &headers, id).await?;
    let Some(mut upload) = app.engine.begin_result(access, ArtifactId(file)).await? else {
        return Ok(StatusCode::NO_CONTENT);
    };
    let mut pieces = Pieces::of(body);
    while let Some(piece) = pieces.next().await? {
        upload.write(piece).await?;
    }
    app.engine.finish_result(access, upload).await?;
    Ok(StatusCode::NO_CONTENT)
}

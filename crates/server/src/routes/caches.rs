//! Caches of jobs: for maintainers to see and remove, for workers to fetch and store.

use super::upload::Pieces;
use super::worker_api::access;
use crate::{App, access::Caller, error::ApiError, wire::time};
use axum::{
    Json,
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use travis_api::v3::{self, ErrorBody};
use travis_api::worker::{CACHE_FROM, CACHE_SHA256};
use travis_engine::CacheFilter;
use travis_model::{Cache, Repository};

#[derive(Deserialize)]
pub(crate) struct CacheQuery {
    branch: Option<String>,
    #[serde(rename = "match")]
    contains: Option<String>,
    name: Option<String>,
}

impl From<CacheQuery> for CacheFilter {
    fn from(query: CacheQuery) -> Self {
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            branch: said(query.branch),
            contains: said(query.contains),
            name: said(query.name),
        }
    }
}

fn caches((repository, rows): (Repository, Vec<Cache>)) -> Json<v3::Caches> {
    Json(v3::Caches {
        head: v3::Head::standard("caches", format!("/v3/repo/{}/caches", repository.id)),
        caches: rows
            .into_iter()
            .map(|row| v3::Cache {
                repository_id: row.repository_id.get(),
                size: row.size,
                branch: row.scope.label(),
                last_modified: time(row.updated_at),
                last_used: time(row.used_at),
                name: row.slug,
            })
            .collect(),
    })
}

/// Caches of a repository.
#[utoipa::path(get, path = "/v3/repo/{repository}/caches",
    params(("repository" = String, Path), ("branch" = Option<String>, Query, description = "of this branch; PR.<number> for a pull request"),
        ("match" = Option<String>, Query, description = "whose name holds this"),
        ("name" = Option<String>, Query, description = "of exactly this name")),
    responses((status = 200, body = v3::Caches), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
    Query(query): Query<CacheQuery>,
) -> Result<Json<v3::Caches>, ApiError> {
    let found = app.engine.caches(&caller.0, &key, &query.into()).await?;
    Ok(caches(found))
}

/// Removes caches of a repository: all, or those meant. Answers which.
#[utoipa::path(delete, path = "/v3/repo/{repository}/caches",
    params(("repository" = String, Path), ("branch" = Option<String>, Query, description = "of this branch; PR.<number> for a pull request"),
        ("match" = Option<String>, Query, description = "whose name holds this"),
        ("name" = Option<String>, Query, description = "of exactly this name")),
    responses((status = 200, body = v3::Caches), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
    Query(query): Query<CacheQuery>,
) -> Result<Json<v3::Caches>, ApiError> {
    let gone = app
        .engine
        .delete_caches(&caller.0, &key, &query.into())
        .await?;
    Ok(caches(gone))
}

/// The cache that an attempt reads: the first one of its own, of the branch its pull request is
/// meant for, of the default branch.
#[utoipa::path(get, path = "/worker/v1/attempts/{id}/cache", params(("id" = i64, Path)),
    responses((status = 200, description = "its bytes; Travis-Cache-Sha256 has their SHA-256, Travis-Cache-From names whose it is", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 401, body = ErrorBody), (status = 404, body = ErrorBody, description = "there is none"), (status = 410, body = ErrorBody)))]
pub(crate) async fn fetch(
    State(app): State<App>,
    Path(id): Path<i64>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let access = access(&app, &headers, id).await?;
    let (cache, blob) = app
        .engine
        .fetch_cache(access)
        .await?
        .ok_or_else(|| ApiError::not_found("cache"))?;
    // A branch may be called anything; a header may not.
    let from: String = cache
        .scope
        .label()
        .chars()
        .map(|c| if c.is_ascii_graphic() { c } else { '?' })
        .collect();
    let mut answer = Body::from_stream(blob.pieces).into_response();
    let head = answer.headers_mut();
    head.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    head.insert(header::CONTENT_LENGTH, HeaderValue::from(blob.size));
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in [(CACHE_SHA256, &cache.sha256), (CACHE_FROM, &from)] {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            head.insert(name, value);
        }
    }
    Ok(answer)
}

/// Stores an attempt's cache. The one before stays until the whole of this one is there and has
/// the length and the SHA-256 that were announced.
#[utoipa::path(put, path = "/worker/v1/attempts/{id}/cache",
    params(("id" = i64, Path), ("Travis-Cache-Sha256" = String, Header, description = "SHA-256 of the body in hexadecimal digits")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 204), (status = 400, body = ErrorBody, description = "not the bytes that were announced"),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody, description = "this attempt may only read"),
        (status = 410, body = ErrorBody), (status = 413, body = ErrorBody)))]
pub(crate) async fn store(
    State(app): State<App>,
    Path(id): Path<i64>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let access = access(&app, &headers, id).await?;
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let length = text("content-length").and_then(|text| text.parse().ok());
    let (Some(length), Some(sha256)) = (length, text(CACHE_SHA256)) else {
        return Err(ApiError::wrong_params(format!(
            "send the body's length in Content-Length and its SHA-256 in {CACHE_SHA256}"
        )));
    };
    let mut upload = app.engine.begin_cache(access, length, sha256).await?;
    let mut pieces = Pieces::of(body);
    while let Some(piece) = pieces.next().await? {
        upload.write(piece).await?;
    }
    app.engine.finish_cache(access, upload).await?;
    Ok(StatusCode::NO_CONTENT)
}

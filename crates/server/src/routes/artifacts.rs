//! Files that jobs left, to be listed and fetched.

use crate::represent::results::artifact;
use crate::routes::downloads::{Part, part};
use crate::{App, access::Caller, error::ApiError, routes::jobs::visible};
use axum::{
    Json,
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use travis_api::v3::{self, ErrorBody};
use travis_engine::{ARTIFACT, Viewer};
use travis_model::{ArtifactId, AttemptId};
use travis_store::Artifact;

/// Nothing of a file does anything in a browser: a page that a job made is a stranger's page.
const POLICY: &str = "sandbox; default-src 'none'; style-src 'none'; frame-ancestors 'none'";

#[derive(Deserialize)]
pub(crate) struct ListQuery {
    attempt: Option<i64>,
}

/// Files that a job left: those of the attempt that counts, or of another one.
#[utoipa::path(get, path = "/v3/job/{id}/artifacts", params(("id" = i64, Path), ("attempt" = Option<i64>, Query)),
    responses((status = 200, body = v3::Artifacts), (status = 404, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    Query(query): Query<ListQuery>,
) -> Result<Json<v3::Artifacts>, ApiError> {
    let job = visible(&app, &caller.0, id).await?;
    let mut reader = app.engine.store().reader().await?;
    let mut rows = Vec::new();
    if let Some(attempt) = query.attempt.map(AttemptId).or(job.attempt_id) {
        let of_job = reader.attempt(attempt).await?;
        if of_job.is_none_or(|attempt| attempt.job_id != job.id) {
            return Err(ApiError::not_found("attempt"));
        }
        rows = reader.artifacts(attempt).await?;
    }
    Ok(Json(v3::Artifacts {
        head: v3::Head::standard("artifacts", format!("/v3/job/{id}/artifacts")),
        artifacts: rows
            .into_iter()
            .filter(|row| row.file.kind == ARTIFACT)
            .map(artifact)
            .collect(),
    }))
}

/// A file that the viewer may see.
async fn seen(app: &App, viewer: &Viewer, id: i64) -> Result<Artifact, ApiError> {
    let missing = || ApiError::not_found("artifact");
    let mut reader = app.engine.store().reader().await?;
    let file = reader.artifact(ArtifactId(id)).await?;
    let file = file
        .filter(|file| file.file.kind == ARTIFACT)
        .ok_or_else(missing)?;
    let repository = reader.repository(file.file.repository_id).await?;
    match repository.filter(|repository| viewer.sees(repository)) {
        Some(_) => Ok(file),
        None => Err(missing()),
    }
}

/// What is known of a file that a job left.
#[utoipa::path(get, path = "/v3/artifact/{id}", params(("id" = i64, Path)),
    responses((status = 200, body = v3::Artifact), (status = 404, body = ErrorBody)))]
pub(crate) async fn find(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<Json<v3::Artifact>, ApiError> {
    Ok(Json(artifact(seen(&app, &caller.0, id).await?)))
}

/// The bytes of a file that a job left, or a part of them (`Range`). Always to be saved, never to be
/// opened by a browser.
#[utoipa::path(get, path = "/v3/artifact/{id}/download", params(("id" = i64, Path), ("Range" = Option<String>, Header)),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 404, body = ErrorBody), (status = 416)))]
pub(crate) async fn download(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<i64>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let file = seen(&app, &caller.0, id).await?;
    let size = file.file.size;
    let tag = format!("\"{}\"", file.file.sha256);
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::IF_NONE_MATCH).is_some_and(|known| known == tag) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    let same = text(header::IF_RANGE).is_none_or(|known| known == tag);
    let asked = text(header::RANGE).filter(|_| same);
    let (status, from, length) = match part(asked, size) {
        Part::Whole => (StatusCode::OK, 0, size),
        Part::From { first, last } => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Part::Nowhere => {
            let range = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, range).into_response());
        }
    };
    let asked = (status == StatusCode::PARTIAL_CONTENT).then_some((from, length));
    let blob = app.engine.artifact_bytes(&file, asked).await?;
    let mut answer = (status, Body::from_stream(blob.pieces)).into_response();
    let name = file.file.path.rsplit('/').next().unwrap_or("file");
    let plain: String = name
        .chars()
        .map(|c| {
            let fine = c.is_ascii_alphanumeric() || "._- +".contains(c);
            if fine { c } else { '_' }
        })
        .collect();
    let exact: String = name
        .bytes()
        .map(|b| match b {
            b if b.is_ascii_alphanumeric() || b"._-".contains(&b) => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect();
    let kind = mime_guess::from_path(&file.file.path).first_or_octet_stream();
    // What a browser would run is bytes; text and pictures may be shown by our own page.
    let shown = match (kind.type_().as_str(), kind.subtype().as_str()) {
        ("image", "png" | "jpeg" | "gif" | "webp" | "avif" | "bmp") => {
            kind.essence_str().to_owned()
        }
        ("text", _) | ("application", "json" | "xml" | "toml" | "yaml" | "x-yaml") => {
            "text/plain; charset=utf-8".to_owned()
        }
        _ => "application/octet-stream".to_owned(),
    };
    let head = answer.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, shown),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::ACCEPT_RANGES, "bytes".to_owned()),
        (header::ETAG, tag),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::CONTENT_SECURITY_POLICY, POLICY.to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}"),
        ),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            head.insert(name, value);
        }
    }
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(value) =
            HeaderValue::from_str(&format!("bytes {from}-{}/{size}", from + length - 1))
    {
        head.insert(header::CONTENT_RANGE, value);
    }
    Ok(answer)
}

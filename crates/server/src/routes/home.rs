use crate::{App, access::Caller, error::ApiError};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use travis_model::JobState;
use travis_store::{BuildFilter, Page};

/// What the API offers.
#[utoipa::path(get, path = "/v3/", responses((status = 200, body = Value)))]
pub(crate) async fn home() -> Json<Value> {
    Json(json!({
        "@type": "home",
        "@href": "/v3/",
        "openapi": "/openapi.json",
        "live": "/live",
        "version": env!("CARGO_PKG_VERSION"),
        "resources": {
            "repositories": "/v3/repos",
            "repository": "/v3/repo/{repository.id or slug with %2F}",
            "builds": "/v3/builds",
            "build": "/v3/build/{build.id}",
            "job": "/v3/job/{job.id}",
            "workers": "/v3/workers",
            "user": "/v3/user",
        },
    }))
}

/// Whether the server can do its work.
pub(crate) async fn health(State(app): State<App>) -> Result<Json<Value>, ApiError> {
    app.engine.store().check().await?;
    Ok(Json(
        json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}),
    ))
}

pub(crate) async fn openapi() -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        crate::openapi::document(),
    )
        .into_response()
}

#[derive(Deserialize)]
pub(crate) struct BadgeQuery {
    branch: Option<String>,
}

/// `/owner/name.svg` is the badge; everything else of that form is a page of the web app.
pub(crate) async fn badge_or_page(
    State(app): State<App>,
    caller: Caller,
    Path((owner, file)): Path<(String, String)>,
    Query(query): Query<BadgeQuery>,
    headers: HeaderMap,
    uri: axum::http::Uri,
) -> Result<Response, ApiError> {
    let Some(name) = file.strip_suffix(".svg").filter(|_| owner != "assets") else {
        return Ok(crate::assets::page(State(app), headers, uri).await);
    };
    let repository = app
        .engine
        .repository(&caller.0, &format!("{owner}/{name}"))
        .await?;
    let filter = BuildFilter {
        seen_by: travis_store::SeenBy::Operator,
        repository: Some(repository.id),
        branch: Some(query.branch.unwrap_or(repository.default_branch)),
        ..Default::default()
    };
    let builds = app
        .engine
        .store()
        .reader()
        .await?
        .builds(
            &filter,
            Page {
                offset: 0,
                limit: 10,
            },
        )
        .await?;
    let state = builds
        .items
        .iter()
        .map(|build| build.state)
        .find(|state| state.is_finished());
    let (word, colour) = match state {
        Some(JobState::Passed) => ("passing", "#1A7F50"),
        Some(JobState::Failed) => ("failing", "#C5303A"),
        Some(JobState::Errored) => ("error", "#8B3C96"),
        Some(JobState::Canceled) => ("canceled", "#77716A"),
        _ if !builds.items.is_empty() => ("pending", "#B87503"),
        _ => ("unknown", "#66707D"),
    };
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((StatusCode::OK, headers, badge(word, colour)).into_response())
}

fn badge(word: &str, colour: &str) -> String {
    let width = 12 + 7 * word.len();
    let total = 40 + width;
    let middle = 40 + width / 2;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{total}\" height=\"20\" role=\"img\" aria-label=\"build: {word}\">\
         <title>build: {word}</title>\
         <clipPath id=\"r\"><rect width=\"{total}\" height=\"20\" rx=\"4\"/></clipPath>\
         <g clip-path=\"url(#r)\"><rect width=\"40\" height=\"20\" fill=\"#464C55\"/>\
         <rect x=\"40\" width=\"{width}\" height=\"20\" fill=\"{colour}\"/></g>\
         <g fill=\"#fff\" text-anchor=\"middle\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">\
         <text x=\"20\" y=\"14\">build</text><text x=\"{middle}\" y=\"14\">{word}</text></g></svg>"
    )
}

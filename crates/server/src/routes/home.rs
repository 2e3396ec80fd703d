use crate::{App, error::ApiError};
use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

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
        crate::openapi::DOCUMENT,
    )
        .into_response()
}

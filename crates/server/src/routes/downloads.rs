//! What machines fetch to join: the program, images.

use crate::{App, error::ApiError, routes::fleet::soon};
use axum::{Json, extract::State};
use travis_api::v3;

/// What this server has for machines that want to join.
#[utoipa::path(get, path = "/v3/downloads", responses((status = 200, body = v3::Downloads)))]
pub(crate) async fn list(State(_app): State<App>) -> Result<Json<v3::Downloads>, ApiError> {
    Err(soon())
}

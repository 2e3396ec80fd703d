//! All workers together, and what people lend.

use crate::{App, access::Caller, error::ApiError};
use axum::{
    Json,
    extract::{Path, State},
};
use travis_api::v3::{self, ErrorBody};

/// The fleet: counts, platforms, what waits and why.
#[utoipa::path(get, path = "/v3/fleet", responses((status = 200, body = v3::Fleet)))]
pub(crate) async fn find(
    State(_app): State<App>,
    _caller: Caller,
) -> Result<Json<v3::Fleet>, ApiError> {
    Err(soon())
}

/// What a person lends, and what came of it.
#[utoipa::path(get, path = "/v3/owner/{login}/workers", params(("login" = String, Path)),
    responses((status = 200, body = v3::OwnerWorkers), (status = 404, body = ErrorBody)))]
pub(crate) async fn of_owner(
    State(_app): State<App>,
    _caller: Caller,
    Path(_login): Path<String>,
) -> Result<Json<v3::OwnerWorkers>, ApiError> {
    Err(soon())
}

pub(crate) fn soon() -> ApiError {
    ApiError::new(
        axum::http::StatusCode::NOT_IMPLEMENTED,
        "not_implemented",
        "this server does not have it yet",
    )
}

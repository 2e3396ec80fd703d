//! The operator's table of images.

use crate::{
    App,
    access::Caller,
    error::{ApiError, JsonBody},
    wire::time_opt,
};
use axum::{Json, extract::State};
use travis_api::v3::{self, ErrorBody};
use travis_engine::OperatorImages;

fn represent(table: OperatorImages) -> Json<v3::ImageTable> {
    Json(v3::ImageTable {
        head: v3::Head::standard("image_table", "/v3/images".to_owned()),
        updated_at: time_opt(table.changed()),
        updated_by: table.updated_by,
        images: table.images,
        services: table.services,
        text: table.text,
    })
}

/// The operator's table of images, for operators.
#[utoipa::path(get, path = "/v3/images",
    responses((status = 200, body = v3::ImageTable), (status = 403, body = ErrorBody)))]
pub(crate) async fn find(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<v3::ImageTable>, ApiError> {
    Ok(represent(app.engine.images_for(&caller.0).await?))
}

/// Puts a table in place of the one before. Workers hear it within half a minute.
#[utoipa::path(put, path = "/v3/images", request_body = v3::ImageTableChange,
    responses((status = 200, body = v3::ImageTable), (status = 403, body = ErrorBody),
        (status = 400, body = ErrorBody, description = "names the line and what to do")))]
pub(crate) async fn set(
    State(app): State<App>,
    caller: Caller,
    JsonBody(change): JsonBody<v3::ImageTableChange>,
) -> Result<Json<v3::ImageTable>, ApiError> {
    let table = app.engine.set_images(&caller.0, &change.text).await?;
    Ok(represent(table))
}

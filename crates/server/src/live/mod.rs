//! The live channel, `GET /live` (see `travis_api::live`).

mod connection;
mod hub;

use crate::{App, access, error::ApiError};
use axum::{
    extract::{State, WebSocketUpgrade},
    http::{HeaderMap, StatusCode},
    response::Response,
};

pub(crate) use hub::Hub;

/// The largest message that a page may send.
const MESSAGE: usize = 64 << 10;

/// Opens the channel for our own page, or for a program with a token.
pub(crate) async fn upgrade(
    State(app): State<App>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    if !access::same_origin(&headers) {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            "the live channel opens for pages of this server only",
        ));
    }
    let viewer = access::viewer(&app, &headers).await?;
    Ok(upgrade
        .max_message_size(MESSAGE)
        .on_upgrade(move |socket| connection::run(app, headers, viewer, socket)))
}

//! Bodies that are too large to be held: caches, and files that jobs leave.

use crate::error::ApiError;
use axum::{
    body::{Body, BodyDataStream, Bytes},
    http::StatusCode,
};
use futures_util::StreamExt as _;
use std::time::Duration;

/// How long a body may pause.
const SILENCE: Duration = Duration::from_secs(60);

/// A body piece by piece. Read here and not by an extractor: the usual limit is that of small bodies.
pub(crate) struct Pieces(BodyDataStream);

impl Pieces {
    pub(crate) fn of(body: Body) -> Self {
        Self(body.into_data_stream())
    }

    /// The next piece; nothing at the end.
    ///
    /// # Errors
    /// When the connection breaks, or nothing comes for a minute.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        let next = tokio::time::timeout(SILENCE, self.0.next()).await;
        next.map_err(|_| broken("nothing came for a minute"))?
            .transpose()
            .map_err(|error| broken(&error.to_string()))
    }
}

fn broken(why: &str) -> ApiError {
    ApiError::new(
        StatusCode::REQUEST_TIMEOUT,
        "incomplete_body",
        format!("the body did not come to its end ({why}): send it again"),
    )
}

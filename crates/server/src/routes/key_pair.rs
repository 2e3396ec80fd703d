//! The SSH key of a repository's own.

use crate::{
    App,
    access::Caller,
    error::{ApiError, JsonBody},
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use travis_api::v3::{self, ErrorBody};
use travis_engine::Secret;
use travis_model::{Repository, SshKey};

fn represent((repository, row): (Repository, SshKey)) -> Json<v3::KeyPair> {
    let href = format!("/v3/repo/{}/key_pair", repository.id);
    Json(v3::KeyPair {
        head: v3::Head::standard("key_pair", href),
        description: row.description,
        public_key: row.public_key,
        fingerprint: row.fingerprint,
    })
}

/// The bare form, the original's with everything inside `key_pair`, and its form with dots.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    key_pair: Option<v3::NewKeyPair>,
    #[serde(alias = "key_pair.description")]
    description: Option<String>,
    #[serde(alias = "key_pair.value")]
    value: Option<String>,
}

impl Wanted {
    fn inner(self) -> (Option<String>, Option<Secret>) {
        let inner = self.key_pair.unwrap_or(v3::NewKeyPair {
            description: self.description,
            value: self.value,
        });
        (inner.description, inner.value.map(Secret::new))
    }
}

/// The repository's own SSH key: its public half. The private one is never shown.
#[utoipa::path(get, path = "/v3/repo/{repository}/key_pair", params(("repository" = String, Path)),
    responses((status = 200, body = v3::KeyPair), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn find(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
) -> Result<Json<v3::KeyPair>, ApiError> {
    Ok(represent(app.engine.ssh_key(&caller.0, &key).await?))
}

/// Keeps a private key for the repository's jobs. Those that may have secrets get it.
#[utoipa::path(post, path = "/v3/repo/{repository}/key_pair", params(("repository" = String, Path)), request_body = v3::NewKeyPair,
    responses((status = 201, body = v3::KeyPair), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "it has one")))]
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
    JsonBody(wanted): JsonBody<Wanted>,
) -> Result<(StatusCode, Json<v3::KeyPair>), ApiError> {
    let (description, value) = wanted.inner();
    let value = value.ok_or_else(|| {
        ApiError::wrong_params("value: send the private key, from -----BEGIN to -----END")
    })?;
    let kept = app
        .engine
        .add_ssh_key(&caller.0, &key, description.as_deref(), &value)
        .await?;
    Ok((StatusCode::CREATED, represent(kept)))
}

/// Changes what the key is called, or puts another one in its place; what is not given stays.
#[utoipa::path(patch, path = "/v3/repo/{repository}/key_pair", params(("repository" = String, Path)), request_body = v3::NewKeyPair,
    responses((status = 200, body = v3::KeyPair), (status = 400, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
    JsonBody(wanted): JsonBody<Wanted>,
) -> Result<Json<v3::KeyPair>, ApiError> {
    let (description, value) = wanted.inner();
    let kept = app
        .engine
        .change_ssh_key(&caller.0, &key, description.as_deref(), value.as_ref())
        .await?;
    Ok(represent(kept))
}

/// Removes the key.
#[utoipa::path(delete, path = "/v3/repo/{repository}/key_pair", params(("repository" = String, Path)),
    responses((status = 204), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody)))]
pub(crate) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
) -> Result<StatusCode, ApiError> {
    app.engine.remove_ssh_key(&caller.0, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}

use crate::{App, access::Caller, error::ApiError};
use axum::{
    Json,
    extract::{Path, State},
};
use travis_api::v3::{self, ErrorBody};
use travis_engine::keys::{fingerprint, pem};

/// The public key with which values for a repository's `.travis.yml` are encrypted.
#[utoipa::path(get, path = "/v3/repo/{repository}/key_pair/generated", params(("repository" = String, Path)),
    responses((status = 200, body = v3::KeyPair), (status = 404, body = ErrorBody)))]
pub(crate) async fn generated(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
) -> Result<Json<v3::KeyPair>, ApiError> {
    let (repository, pair) = app.engine.repository_key(&caller.0, &key).await?;
    let href = format!("/v3/repo/{}/key_pair/generated", repository.id);
    Ok(Json(v3::KeyPair {
        head: v3::Head::standard("key_pair", href),
        description: format!("Encrypts values for {}", repository.slug),
        public_key: pem(&pair.public_key),
        fingerprint: fingerprint(&pair.public_key),
    }))
}

/// The same key in the form of older clients.
#[utoipa::path(get, path = "/v3/repo/{repository}/key", params(("repository" = String, Path)),
    responses((status = 200, body = v3::PublicKey), (status = 404, body = ErrorBody)))]
pub(crate) async fn key(
    State(app): State<App>,
    caller: Caller,
    Path(key): Path<String>,
) -> Result<Json<v3::PublicKey>, ApiError> {
    let (_, pair) = app.engine.repository_key(&caller.0, &key).await?;
    Ok(Json(v3::PublicKey {
        key: pem(&pair.public_key),
        fingerprint: fingerprint(&pair.public_key),
    }))
}

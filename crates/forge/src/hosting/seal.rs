//! What proves that a message comes from the forge.

use aws_lc_rs::{constant_time, hmac};
use http::HeaderMap;
use travis_model::Secret;

fn key(secret: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.reveal().as_bytes())
}

/// HMAC-SHA256 of a body, in hexadecimal.
pub(crate) fn hmac_sha256(secret: &Secret, body: &[u8]) -> String {
    hex::encode(hmac::sign(&key(secret), body))
}

/// Whether a header holds the HMAC-SHA256 of the body in hexadecimal, after this prefix. In constant
/// time. An empty secret signs nothing.
pub(crate) fn signed_by_header(
    secret: &Secret,
    headers: &HeaderMap,
    name: &str,
    prefix: &str,
    body: &[u8],
) -> bool {
    let told = headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix(prefix))
        .and_then(|value| hex::decode(value).ok());
    match told {
        Some(told) if !secret.reveal().is_empty() => {
            hmac::verify(&key(secret), body, &told).is_ok()
        }
        _ => false,
    }
}

/// Whether a header is the secret itself. In constant time for secrets of the same length.
pub(crate) fn told_in_header(secret: &Secret, headers: &HeaderMap, name: &str) -> bool {
    let told = headers.get(name).map(http::HeaderValue::as_bytes);
    let secret = secret.reveal().as_bytes();
    told.is_some_and(|told| {
        !secret.is_empty() && constant_time::verify_slices_are_equal(told, secret).is_ok()
    })
}

//! The web app: embedded, compressed when it was built; and the page itself with what it shows
//! first already in it.

use crate::App;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Dist;

/// Where the page's first data goes.
const MARKER: &str = "<!--boot-->";
/// A file of the web app, or its page for every other address.
pub(crate) async fn page(State(app): State<App>, headers: HeaderMap, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("v3/")
        || path.starts_with("worker/")
        || path.starts_with("ping/")
        || path.starts_with("hooks/")
    {
        return crate::error::ApiError::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "there is nothing at this address; /openapi.json lists what there is",
        )
        .into_response();
    }
    if !path.is_empty()
        && path != "index.html"
        && let Some(answer) = file(path, &headers)
    {
        return answer;
    }
    if path.starts_with("assets/") {
        return StatusCode::NOT_FOUND.into_response();
    }
    index(&app, &headers, uri.path()).await
}

fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    let plain = Dist::get(path)?;
    let etag = format!("\"{}\"", hex::encode(&plain.metadata.sha256_hash()[..12]));
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == etag.as_bytes())
    {
        return Some((StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response());
    }
    let accepts = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let packed = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .find_map(|(name, ending)| {
            if accepts
                .split(',')
                .any(|offer| offer.trim().split(';').next() == Some(name))
            {
                Some((name, Dist::get(&format!("{path}.{ending}"))?))
            } else {
                None
            }
        });
    let kind = mime_guess::from_path(path)
        .first_or_octet_stream()
        .to_string();
    // Names under assets/ carry a hash of their content.
    let lasts = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut response = match packed {
        Some((name, packed)) => {
            ([(header::CONTENT_ENCODING, name)], packed.data.into_owned()).into_response()
        }
        None => plain.data.into_owned().into_response(),
    };
    let out = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, kind.as_str()),
        (header::CACHE_CONTROL, lasts),
        (header::ETAG, etag.as_str()),
        (header::VARY, "Accept-Encoding"),
    ] {
        if let Ok(value) = value.parse() {
            out.insert(name, value);
        }
    }
    Some(response)
}

async fn index(app: &App, headers: &HeaderMap, path: &str) -> Response {
    let Some(index) = Dist::get("index.html") else {
        let text = "The web app is not part of this binary: build it with `make web` and build the binary again. The API is at /v3/.\n";
        return (StatusCode::NOT_FOUND, text).into_response();
    };
    let page = String::from_utf8_lossy(&index.data);
    let boot = crate::boot::element(app, headers, path)
        .await
        .unwrap_or_default();
    let body = page.replacen(MARKER, &boot, 1);
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, body).into_response()
}

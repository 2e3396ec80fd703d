//! The web app: embedded, compressed when it was built; and the page itself with what it shows
//! first already in it.

use crate::{App, boot::Boot};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use flate2::read::GzDecoder;
use rust_embed::RustEmbed;
use std::io::Read as _;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
// Everyone asks for these packed; for who does not they are unpacked (`web/compress.ts`).
#[exclude = "assets/*.js"]
#[exclude = "assets/*.css"]
struct Dist;

/// Where the page's first data goes.
const MARKER: &str = "<!--boot-->";
/// Around what a page that shows a log fetches, too (`web/ahead.ts`).
const LOG: (&str, &str) = ("<!--log ", "-->");

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
    let plain = Dist::get(path);
    let kept = plain
        .as_ref()
        .map_or_else(|| Dist::get(&format!("{path}.gz")), |_| None);
    let content = plain.as_ref().or(kept.as_ref())?;
    let etag = format!("\"{}\"", hex::encode(&content.metadata.sha256_hash()[..12]));
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
        None => match (plain, kept) {
            (Some(plain), _) => plain.data.into_owned().into_response(),
            (None, kept) => unpacked(&kept?.data)?.into_response(),
        },
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

fn unpacked(gzip: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    GzDecoder::new(gzip).read_to_end(&mut plain).ok()?;
    Some(plain)
}

async fn index(app: &App, headers: &HeaderMap, path: &str) -> Response {
    let Some(index) = Dist::get("index.html") else {
        let text = "The web app is not part of this binary: build it with `make web` and build the binary again. The API is at /v3/.\n";
        return (StatusCode::NOT_FOUND, text).into_response();
    };
    let page = String::from_utf8_lossy(&index.data);
    let boot = crate::boot::element(app, headers, path).await;
    let body = filled(&page, &boot.unwrap_or_default());
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, body).into_response()
}

/// The page with what it shows first, and with the parts of the app that show that.
fn filled(page: &str, boot: &Boot) -> String {
    let parts = page
        .split_once(LOG.0)
        .and_then(|(before, rest)| Some((before, rest.split_once(LOG.1)?)));
    match parts {
        // First the comment: the data may hold the same words.
        Some((before, (inside, after))) if boot.log => {
            format!("{before}{inside}{after}").replacen(MARKER, &boot.element, 1)
        }
        _ => page.replacen(MARKER, &boot.element, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_with_a_log_fetches_its_viewer_at_once() {
        let page = "<head><!--boot--><!--log <link>--></head>";
        let boot = |log| Boot {
            element: "<script></script>".to_owned(),
            log,
        };
        assert_eq!(
            filled(page, &boot(true)),
            "<head><script></script><link></head>"
        );
        assert_eq!(
            filled(page, &boot(false)),
            "<head><script></script><!--log <link>--></head>"
        );
        assert_eq!(filled("<head></head>", &boot(true)), "<head></head>");
    }

    #[test]
    fn who_takes_nothing_packed_gets_the_same_text() {
        let Some(script) = Dist::iter().find(|name| name.ends_with(".js.gz")) else {
            println!("skipped: the web app is not built");
            return;
        };
        let path = script.trim_end_matches(".gz");
        assert!(Dist::get(path).is_none(), "{path} is in the program twice");
        let plain = file(path, &HeaderMap::new()).unwrap();
        assert_eq!(plain.status(), StatusCode::OK);
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
        let mut browser = HeaderMap::new();
        browser.insert(header::ACCEPT_ENCODING, "gzip, br".parse().unwrap());
        let packed = file(path, &browser).unwrap();
        assert_eq!(packed.headers()[header::CONTENT_ENCODING], "br");
        assert_eq!(
            packed.headers()[header::ETAG],
            plain.headers()[header::ETAG]
        );
        assert_eq!(unpacked(&Dist::get(&script).unwrap().data).unwrap(), {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../web/dist");
            std::fs::read(format!("{folder}/{path}")).unwrap()
        });
    }
}

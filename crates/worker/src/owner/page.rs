//! The local page: what `travis worker status` says, for a browser on this machine.
//!
//! It is reached by an address with a secret in it, which only the data directory has. So neither
//! jobs, which may share the machine's loopback, nor other users, nor pages of others can read it
//! or give orders. Names of hosts other than loopback's are refused, so that nobody's domain can be
//! pointed here.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;

use super::Order;
use super::desk::Desk;
use crate::identity::{read_private, write_private};

/// The secret's name in the data directory.
const FILE: &str = "page-key.json";
const HTML: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");
/// Nothing but what lies here, and nobody may put it into a frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Clone)]
struct Page {
    desk: Arc<Desk>,
    key: Arc<str>,
}

/// The page's server.
pub(crate) struct LocalPage {
    listener: TcpListener,
    page: Page,
}

impl LocalPage {
    /// Listens at a loopback address.
    pub(crate) async fn open(desk: &Arc<Desk>, at: SocketAddr) -> io::Result<Self> {
        if !at.ip().is_loopback() {
            return Err(io::Error::other(format!(
                "{at} can be reached from elsewhere; use 127.0.0.1 or [::1]"
            )));
        }
        let key = kept_key(desk)?;
        let listener = TcpListener::bind(at).await?;
        let address = format!("http://{}/{key}/", listener.local_addr()?);
        desk.set_page_at(address);
        Ok(Self {
            listener,
            page: Page {
                desk: Arc::clone(desk),
                key: key.into(),
            },
        })
    }

    /// Serves for ever.
    pub(crate) async fn serve(self) {
        let routes = Router::new()
            .route("/{key}/", get(|| text("text/html; charset=utf-8", HTML)))
            .route(
                "/{key}/page.css",
                get(|| text("text/css; charset=utf-8", STYLE)),
            )
            .route(
                "/{key}/page.js",
                get(|| text("text/javascript; charset=utf-8", SCRIPT)),
            )
            .route("/{key}/standing", get(standing))
            .route("/{key}/order/{word}", post(order))
            .layer(middleware::from_fn_with_state(self.page.clone(), guard))
            .with_state(self.page);
        if let Err(error) = axum::serve(self.listener, routes).await {
            tracing::warn!(%error, "the local page ended");
        }
    }
}

fn kept_key(desk: &Desk) -> io::Result<String> {
    let path = desk.data_dir().join(FILE);
    if let Some(key) = read_private::<String>(&path)
        && key.len() == 32
        && key.bytes().all(|letter| letter.is_ascii_hexdigit())
    {
        return Ok(key);
    }
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| io::Error::other("the machine gives no random numbers"))?;
    let key = hex::encode(bytes);
    write_private(&path, &key).map_err(io::Error::other)?;
    Ok(key)
}

async fn text(kind: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, kind)], text).into_response()
}

async fn standing(State(page): State<Page>) -> Response {
    axum::Json(page.desk.standing()).into_response()
}

async fn order(State(page): State<Page>, Path((_, word)): Path<(String, String)>) -> Response {
    match Order::of(&word) {
        Some(order) => {
            page.desk.obey(order);
            StatusCode::NO_CONTENT.into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Lets through who knows the secret and comes from here.
async fn guard(State(page): State<Page>, request: Request, next: Next) -> Response {
    let mut response = if allowed(&page.key, request.uri(), request.headers()) {
        next.run(request).await
    } else {
        // Who does not know the secret learns nothing, not even what is here.
        StatusCode::NOT_FOUND.into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (HeaderName::from_static("content-security-policy"), POLICY),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
        (HeaderName::from_static("referrer-policy"), "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, axum::http::HeaderValue::from_static(value));
    }
    response
}

fn allowed(key: &str, uri: &Uri, headers: &HeaderMap) -> bool {
    let given = uri.path().split('/').nth(1).unwrap_or_default();
    let known = aws_lc_rs::constant_time::verify_slices_are_equal(given.as_bytes(), key.as_bytes());
    let header = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = header(HOST).unwrap_or_default();
    let own = is_loopback(host);
    // Browsers say whose page asks. Our own pages alone may.
    let from = header(ORIGIN).is_none_or(|origin| origin == format!("http://{host}"));
    let site = header(HeaderName::from_static("sec-fetch-site"));
    let site = site.is_none_or(|site| site == "same-origin" || site == "none");
    known.is_ok() && own && from && site
}

fn is_loopback(host: &str) -> bool {
    if let Ok(address) = host.parse::<SocketAddr>() {
        return address.ip().is_loopback();
    }
    if host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()) {
        return true;
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost"
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn asked(path: &str, headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        allowed(KEY, &path.parse().unwrap(), &map)
    }

    #[test]
    fn only_those_who_know_the_secret_and_come_from_here() {
        let page = format!("/{KEY}/standing");
        let host = ("host", "127.0.0.1:8099");
        assert!(asked(&page, &[host]));
        assert!(asked(&page, &[("host", "localhost:8099")]));
        assert!(asked(&page, &[("host", "[::1]:8099")]));
        assert!(asked(
            &page,
            &[
                host,
                ("origin", "http://127.0.0.1:8099"),
                ("sec-fetch-site", "same-origin")
            ]
        ));
        assert!(!asked("/standing", &[host]));
        assert!(!asked(
            "/0123456789abcdef0123456789abcdee/standing",
            &[host]
        ));
        assert!(!asked(&page, &[("host", "evil.example:8099")]));
        assert!(!asked(&page, &[]));
        assert!(!asked(&page, &[host, ("origin", "http://evil.example")]));
        assert!(!asked(&page, &[host, ("origin", "null")]));
        assert!(!asked(&page, &[host, ("sec-fetch-site", "cross-site")]));
        // Another program of this machine that a browser speaks to.
        assert!(!asked(
            &page,
            &[
                host,
                ("origin", "http://127.0.0.1:9000"),
                ("sec-fetch-site", "same-site")
            ]
        ));
    }
}

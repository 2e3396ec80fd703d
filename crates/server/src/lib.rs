//! HTTP by resource, the live channel, sign-in, the embedded web app. Requests become use cases
//! of the engine here, and domain values become wire types; nothing is decided here.

mod access;
mod assets;
mod error;
mod live;
mod openapi;
mod represent;
mod routes;
mod wire;

use axum::{Router, http::HeaderValue, middleware};
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use travis_engine::Engine;

pub use openapi::document as openapi_document;

/// Bodies of ordinary calls hold at most so many bytes.
const BODY_LIMIT: usize = 1 << 20;

/// What every handler needs.
#[derive(Clone)]
pub(crate) struct App {
    pub engine: Arc<Engine>,
    pub hub: live::Hub,
    /// Private repositories, for workers.
    pub sources: Arc<travis_forge::source::Sources>,
    /// The public address is https: cookies are for https alone.
    pub secure_cookies: bool,
}

/// The whole of the HTTP surface. Live events are numbered by a task that ends with the router's
/// last clone.
pub fn router(engine: Arc<Engine>) -> Router {
    let hub = live::Hub::start(engine.clone());
    let secure_cookies = engine.policy().public_url.starts_with("https://");
    let app = App {
        engine,
        hub,
        sources: Arc::default(),
        secure_cookies,
    };
    let (api, _) = openapi::routes().split_for_parts();
    api.merge(routes::plain())
        .fallback(assets::page)
        .layer(axum::extract::DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::map_response(security_headers))
        .layer(CatchPanicLayer::custom(error::panicked))
        .with_state(app)
}

/// Serves until `stop` ends, then lets open calls finish for a moment.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: tokio::net::TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    use axum::serve::ListenerExt;
    let listener = listener.tap_io(|stream| {
        // Log chunks and events are small and must not wait for each other.
        drop(stream.set_nodelay(true));
    });
    let (ended, mut over) = tokio::sync::watch::channel(false);
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        stop.await;
        ended.send_replace(true);
    });
    let grace = async {
        drop(over.wait_for(|over| *over).await);
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    tokio::select! {
        result = server => result,
        // Long polls and websockets stay open for ever; their clients come back.
        () = grace => Ok(()),
    }
}

async fn security_headers<B>(mut response: axum::http::Response<B>) -> axum::http::Response<B> {
    const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
        img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; \
        worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

//! HTTP by resource, the live channel, sign-in, the embedded web app. Requests become use cases
//! of the engine here, and domain values become wire types; nothing is decided here.

mod access;
mod assets;
mod downloads;
mod error;
mod join;
mod lending;
mod live;
mod openapi;
mod peer;
mod represent;
mod routes;
mod wire;

pub use peer::Proxies;

use axum::{Router, http::HeaderValue, middleware};
use std::sync::Arc;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use travis_engine::Engine;

/// Bodies of ordinary calls hold at most so many bytes.
const BODY_LIMIT: usize = 1 << 20;

/// What every handler needs.
#[derive(Clone)]
pub(crate) struct App {
    pub engine: Arc<Engine>,
    pub hub: live::Hub,
    /// Private repositories, for workers.
    pub sources: Arc<travis_forge::source::Sources>,
    /// What machines fetch to join.
    pub downloads: Arc<downloads::Downloads>,
    /// The public address is https: cookies are for https alone.
    pub secure_cookies: bool,
    /// Who is believed whom they call for.
    pub proxies: Arc<Proxies>,
}

/// The whole of the HTTP surface. Live events are numbered by a task that ends with the router's
/// last clone. `downloads` is a directory with files that machines may fetch to join: images,
/// programs for other platforms. `proxies` are believed whom they call for.
pub fn router(
    engine: Arc<Engine>,
    downloads: Option<std::path::PathBuf>,
    proxies: Proxies,
) -> Router {
    let hub = live::Hub::start(engine.clone());
    let secure_cookies = engine.policy().public_url.starts_with("https://");
    let app = App {
        engine,
        hub,
        sources: Arc::default(),
        downloads: Arc::new(downloads::Downloads::of(downloads)),
        secure_cookies,
        proxies: Arc::new(proxies),
    };
    openapi::router()
        .merge(routes::plain())
        .fallback(assets::page)
        .layer(axum::extract::DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(
            app.clone(),
            security_headers,
        ))
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
    // Workers are told apart by the networks that they call from.
    let router = router.into_make_service_with_connect_info::<std::net::SocketAddr>();
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

async fn security_headers(
    axum::extract::State(app): axum::extract::State<App>,
    request: axum::extract::Request,
    next: middleware::Next,
) -> axum::response::Response {
    let set_up = matches!(request.uri().path(), "/setup" | "/setup/");
    let mut response = next.run(request).await;
    let policy = content_policy(&app.engine.forge_origins(), set_up);
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.entry("content-security-policy").or_insert(policy);
    }
    for (name, value) in [
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

/// What pages may load and where their forms may go. Pictures of people come from anywhere by
/// https, and from the known forges; the set-up page alone posts a form to a forge.
fn content_policy(forges: &[String], set_up: bool) -> String {
    let mut pictures = String::new();
    let mut forms = String::new();
    for origin in forges {
        if origin.starts_with("http://") {
            pictures.push_str(&format!(" {origin}"));
        }
        forms.push_str(&format!(" {origin}"));
    }
    if set_up {
        for kind in travis_forge::hosting::KINDS {
            if let Some(origin) = kind.default_web_url {
                forms.push_str(&format!(" {origin}"));
            }
        }
        // An instance that is not known yet is named on that very page; one of one's own may be
        // without TLS.
        forms.push_str(" https: http:");
    } else {
        forms.clear();
    }
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data: https:{pictures}; font-src 'self'; connect-src 'self'; \
         manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'{forms}; \
         frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::content_policy;

    #[test]
    fn forms_go_to_forges_from_the_set_up_page_alone() {
        let forges = ["http://127.0.0.1:3000".to_owned()];
        let usual = content_policy(&forges, false);
        assert!(usual.contains("form-action 'self';"), "{usual}");
        assert!(usual.contains("img-src 'self' data: https: http://127.0.0.1:3000;"));
        let set_up = content_policy(&forges, true);
        assert!(set_up.contains("form-action 'self' http://127.0.0.1:3000"));
    }
}

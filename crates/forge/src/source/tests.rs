use super::*;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response as Answer};
use std::sync::{Arc, Mutex};

type Seen = Arc<Mutex<Vec<(String, HeaderMap)>>>;

/// A host that answers everything so, and what it was asked.
async fn host(answer: impl Fn() -> Answer + Clone + Send + Sync + 'static) -> (String, Seen) {
    let seen: Seen = Arc::default();
    let notes = Arc::clone(&seen);
    let router = Router::new().fallback(move |request: Request| {
        let (notes, answer) = (Arc::clone(&notes), answer.clone());
        async move {
            let asked = format!("{} {}", request.method(), request.uri());
            notes
                .lock()
                .unwrap()
                .push((asked, request.headers().clone()));
            answer()
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a/b.git", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, seen)
}

fn access(url: &str) -> SourceAccess {
    SourceAccess {
        url: url.to_owned(),
        credentials: Some(("x".to_owned(), Secret::new("hush"))),
    }
}

#[tokio::test]
async fn what_git_asks_goes_on_with_our_credentials() {
    let (url, seen) = host(|| ([(CONTENT_TYPE, RESULT)], "pack").into_response()).await;
    let call = SourceCall::Objects {
        body: Bytes::from_static(b"want"),
        packed: true,
    };
    let sources = Sources::default();
    let mut answer = sources
        .ask(&access(&url), call, Some("version=2"))
        .await
        .unwrap();
    assert_eq!(answer.piece().await.unwrap().unwrap(), "pack");
    assert_eq!(answer.piece().await.unwrap(), None);
    let (asked, headers) = seen.lock().unwrap().pop().unwrap();
    assert_eq!(asked, "POST /a/b.git/git-upload-pack");
    for (name, value) in [
        ("authorization", "Basic eDpodXNo"),
        ("content-encoding", "gzip"),
        ("git-protocol", "version=2"),
    ] {
        assert_eq!(headers[name], value);
    }
}

#[tokio::test]
async fn odd_headers_and_pages_are_not_passed_on() {
    let (url, seen) = host(|| "<html>sign in</html>".into_response()).await;
    let asked = Sources::default()
        .ask(&access(&url), SourceCall::Refs, Some("version=2\u{7f}evil"))
        .await;
    assert!(matches!(asked, Err(ForgeError::Upstream { .. })));
    let (asked, headers) = seen.lock().unwrap().pop().unwrap();
    assert_eq!(asked, "GET /a/b.git/info/refs?service=git-upload-pack");
    assert!(!headers.contains_key("git-protocol"));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (elsewhere, taken) = host(|| StatusCode::OK.into_response()).await;
    let (url, _) = host(move || {
        let to = [("location", elsewhere.clone())];
        (StatusCode::FOUND, to).into_response()
    })
    .await;
    let asked = Sources::default()
        .ask(&access(&url), SourceCall::Refs, None)
        .await;
    assert!(matches!(asked, Err(ForgeError::Upstream { .. })));
    assert!(taken.lock().unwrap().is_empty());
    let file = SourceAccess {
        url: "file:///etc".to_owned(),
        credentials: None,
    };
    let asked = Sources::default().ask(&file, SourceCall::Refs, None).await;
    assert!(matches!(asked, Err(ForgeError::Unreachable { .. })));
}

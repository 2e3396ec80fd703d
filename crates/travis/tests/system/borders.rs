//! Where one party's power ends: browsers that come back from a forge, sessions, forges that point
//! elsewhere, workers that read private repositories (security cases 13, 21, 23, 24 and 25).

use crate::support::{Browser, Hosted, Link, Live, Person, SOON, Setup, Worker, send, until};
use axum::http::{StatusCode, Uri, header};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use reqwest::Method;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use travis_fake_forge::Kind;

fn parameter(address: &str, name: &str) -> Option<String> {
    let query = address.split_once('?')?.1;
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        .map(str::to_owned)
}

/// Where a browser ends that comes back so.
async fn ends(browser: &Browser, address: &str) -> String {
    let answer = browser.follow(address).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.header("location").to_owned()
}

#[tokio::test]
async fn case_23_only_the_browser_that_left_comes_back_and_only_once() {
    let hosted = Hosted::start(Kind::Github, Setup::server()).await;
    hosted.control.user("ada").await.unwrap();
    let (ada, mallory) = (hosted.browser(), hosted.browser());
    let leave = ada.get(&format!("/auth/{}", hosted.id)).await;
    let away = leave.header("location");
    assert!(away.starts_with(hosted.forge.url()), "{away}");
    assert_eq!(
        parameter(away, "code_challenge_method").as_deref(),
        Some("S256")
    );
    assert!(parameter(away, "code_challenge").unwrap().len() >= 43);
    assert!(parameter(away, "state").unwrap().len() >= 32);
    let kept = leave.header("set-cookie");
    for word in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(kept.contains(word), "{kept}");
    }

    // Mallory's way back, put under Ada's nose, and the other way round.
    let of_mallory = mallory.agree(hosted.id, "ada").await;
    assert_eq!(ends(&ada, &of_mallory).await, "/sign-in?error=state");
    assert!(!ada.cookies().contains("session"), "{}", ada.cookies());
    let nobody = hosted.browser();
    let of_ada = ada.agree(hosted.id, "ada").await;
    assert_eq!(ends(&nobody, &of_ada).await, "/sign-in?error=state");

    let way = ada.agree(hosted.id, "ada").await;
    assert_eq!(ends(&ada, &way).await, "/account");
    assert_eq!(ends(&ada, &way).await, "/sign-in?error=state");
    let way = ada.agree(hosted.id, "ada").await;
    let guessed = way.replace(&parameter(&way, "state").unwrap(), "guessed");
    assert_eq!(ends(&ada, &guessed).await, "/sign-in?error=state");
    let altered = way.replace(&parameter(&way, "code").unwrap(), "0123456789");
    assert_eq!(ends(&ada, &altered).await, "/sign-in?error=forge");
    let elsewhere = format!("{}/auth/987654/callback?code=x&state=y", hosted.server.url);
    let answer = ada.follow(&elsewhere).await;
    assert!([303, 404].contains(&answer.status), "{answer:?}");
}

#[tokio::test]
async fn case_24_after_signing_in_nobody_is_sent_to_another_site() {
    let hosted = Hosted::start(Kind::Github, Setup::server()).await;
    hosted.control.user("ada").await.unwrap();
    for next in [
        "//evil.example",
        "/%5Cevil.example",
        "https://evil.example/",
        "/%09/evil.example",
        "javascript:alert(1)",
        "%2F%2Fevil.example",
        "/%0D%0ASet-Cookie:x=y",
        "evil.example",
    ] {
        let browser = hosted.browser();
        let leave = browser
            .get(&format!("/auth/{}?next={next}", hosted.id))
            .await;
        if leave.status != 303 {
            assert_eq!(leave.status, 400, "{next}: {leave:?}");
            continue;
        }
        let away = leave.header("location").to_owned();
        let back = crate::support::press(&browser.api.http, &away, &[("login", "ada")]).await;
        let end = ends(&browser, &back).await;
        assert_eq!(end, "/", "{next}");
    }
    // No token was ever part of an address.
    let tokens = hosted.control.tokens().await.unwrap();
    for call in hosted.control.calls(0).await.unwrap() {
        let text = call.to_string();
        assert!(!tokens.iter().any(|token| text.contains(token)), "{text}");
    }
}

#[tokio::test]
async fn case_25_sessions_are_the_browsers_own_and_end_when_told() {
    let hosted = Hosted::start(Kind::Github, Setup::server()).await;
    hosted.control.user("ada").await.unwrap();
    let browser = hosted.browser();
    let back = browser.agree(hosted.id, "ada").await;
    let home = browser.follow(&back).await;
    let session = home
        .headers
        .get_all("set-cookie")
        .iter()
        .find_map(|line| line.to_str().ok().filter(|line| line.contains("session")))
        .unwrap();
    for word in ["HttpOnly", "SameSite=", "Path=/"] {
        assert!(session.contains(word), "{session}");
    }
    // A form of another site has the cookie, but not the header.
    let call = browser
        .api
        .call(Method::POST, "/v3/user/sync")
        .header("cookie", browser.cookies());
    assert_eq!(send(call).await.status, 403);

    let origin = |url: &str| [("origin", url.to_owned()), ("cookie", browser.cookies())];
    assert_eq!(
        Live::open(&hosted.server.url, &origin("http://evil.example"))
            .await
            .err(),
        Some(403)
    );
    let mut live = Live::open(&hosted.server.url, &origin(&hosted.server.url))
        .await
        .unwrap();

    // Signed in elsewhere, and signed out everywhere else from there.
    let other = Person::sign_in(&hosted, "ada").await;
    let sessions = other.browser.get("/v3/user/sessions").await.expect(200);
    assert_eq!(
        sessions["sessions"].as_array().unwrap().len(),
        2,
        "{sessions}"
    );
    other
        .browser
        .call(Method::DELETE, "/v3/user/sessions", None)
        .await;
    live.closed().await;
    assert_eq!(browser.get("/v3/user").await.status, 403);
    assert_eq!(other.browser.get("/v3/user").await.status, 200);
}

#[tokio::test]
async fn case_25_cookies_of_a_server_behind_https_are_secure() {
    let setup = Setup::server().flags(&["--public-url", "https://ci.example.org"]);
    let hosted = Hosted::start(Kind::Github, setup).await;
    let leave = hosted.browser().get(&format!("/auth/{}", hosted.id)).await;
    let kept = leave.header("set-cookie");
    assert!(
        kept.starts_with("__Host-") && kept.contains("; Secure"),
        "{kept}"
    );
    let away = leave.header("location");
    assert!(
        away.contains("https%3A%2F%2Fci.example.org%2Fauth%2F"),
        "{away}"
    );
}

/// A place that counts who comes.
async fn place(answer: Option<String>) -> (String, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    let router = axum::Router::new().fallback(move |uri: Uri| {
        counter.fetch_add(1, Ordering::Relaxed);
        let to = answer
            .as_ref()
            .map_or_else(String::new, |there| format!("{there}{uri}"));
        let status = if to.is_empty() {
            StatusCode::OK
        } else {
            StatusCode::TEMPORARY_REDIRECT
        };
        std::future::ready((status, [(header::LOCATION, to)], "{}"))
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, count)
}

#[tokio::test]
async fn case_21_a_forge_that_sends_elsewhere_is_not_followed() {
    let (inside, reached) = place(None).await;
    let (evil, asked) = place(Some(inside)).await;
    let server = Setup::server().start().await;
    let body = json!({"kind": "github", "name": "evil", "web_url": evil, "client_id": "x", "client_secret": "a-secret-of-a-client"});
    let made = server.api.post("/v3/setup/forge", &body).await.expect(201);
    let browser = Browser::new(&server.url);
    let leave = browser.get(&format!("/auth/{}", made["id"])).await;
    let state = parameter(leave.header("location"), "state").unwrap();
    let back = format!(
        "{}/auth/{}/callback?code=0123&state={state}",
        server.url, made["id"]
    );
    assert_eq!(ends(&browser, &back).await, "/sign-in?error=forge");
    assert!(asked.load(Ordering::Relaxed) > 0);
    assert_eq!(reached.load(Ordering::Relaxed), 0);
    // Nor does plain git go where an address sends it, or into the network behind the server.
    let strict = Setup::server().public_git_only().start().await;
    for url in [
        evil.as_str(),
        "http://169.254.169.254/x.git",
        "http://10.0.0.1/x.git",
        "http://[::1]/x.git",
        "http://[fd00::1]/x.git",
    ] {
        let body = json!({"slug": "acme/inside", "clone_url": format!("{url}/x.git")});
        let answer = strict.api.post("/v3/repos", &body).await;
        assert_eq!(answer.status, 400, "{url}: {answer:?}");
    }
}

#[tokio::test]
async fn case_13_a_worker_reads_a_private_repository_as_long_as_its_attempt_lives() {
    let hosted = Hosted::start(Kind::Github, Setup::server()).await;
    let link = Link::to(hosted.server.address()).await;
    let _worker = Worker::start_at(&hosted.server, &link.url, "reader", &[]).await;
    let yaml = "language: generic\nscript:\n  - cat hello.txt\n  - env | sort\n  - git config --list --show-origin\n  - while ! test -e /nowhere; do sleep 0.2; done\n";
    let body = json!({"private": true, "files": {".travis.yml": yaml, "hello.txt": "from a private place"}});
    hosted.control.repo_with("ada/hidden", body).await.unwrap();
    let ada = hosted.person("ada").await;
    ada.activate("ada/hidden").await;
    let sha = hosted.push("ada/hidden", "main", "Go", "ada").await;
    let build = ada.build_of("ada/hidden", &sha).await;
    let job = ada.api.first_job(build).await;
    ada.api.printed(job, "from a private place").await;

    let heard = link.heard();
    // Known-answer jobs have attempts, too.
    let heard = &heard[..heard.rfind("\"repository\":\"ada/hidden\"").unwrap()];
    let at = heard.rfind("\"attempt\":").unwrap() + "\"attempt\":".len();
    let attempt: i64 = heard[at..].split(',').next().unwrap().parse().unwrap();
    let token = link.token_of(attempt);
    let read = async |attempt: i64, token: &str, path: &str| {
        let basic = BASE64_STANDARD.encode(format!("attempt:{token}"));
        let path = format!("/worker/v1/attempts/{attempt}/source/{path}");
        let call = hosted.server.anonymous().call(Method::GET, &path);
        send(call.header("authorization", format!("Basic {basic}")))
            .await
            .status
    };
    let refs = "info/refs?service=git-upload-pack";
    assert_eq!(read(attempt, &token, refs).await, 200);
    assert_eq!(
        read(attempt, &token, "info/refs?service=git-receive-pack").await,
        403
    );
    assert_eq!(read(attempt, "guessed", refs).await, 401);
    assert_eq!(read(attempt + 1, &token, refs).await, 401);
    let nobody = hosted.server.anonymous();
    let path = format!("/worker/v1/attempts/{attempt}/source/{refs}");
    assert_eq!(nobody.get(&path).await.status, 401);

    // Neither the worker nor the job ever had the forge's token, nor the job the attempt's.
    let log = ada.api.log_text(job).await;
    for issued in hosted.control.tokens().await.unwrap() {
        assert!(
            !heard.contains(&issued),
            "a token of the forge went to the worker"
        );
        assert!(!log.contains(&issued), "{log}");
    }
    assert!(!log.contains(&token), "{log}");
    ada.api
        .post(&format!("/v3/build/{build}/cancel"), &json!({}))
        .await;
    ada.api.finished(build).await;
    until("the end of the token", SOON, || async {
        (read(attempt, &token, refs).await == 401).then_some(())
    })
    .await;
}

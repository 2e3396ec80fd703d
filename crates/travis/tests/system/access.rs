//! Who may see and do what: signing in, tokens, private repositories, the live channel.

use crate::support::{Api, Live, Server, Setup};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

/// The one-time link that a server prints when it starts.
fn link(server: &Server) -> String {
    let said = server.process.stderr();
    let from = said.find("/sign-in/").expect("a link");
    said[from..].split_whitespace().next().unwrap().to_owned()
}

/// Signs in; answers the cookie.
async fn sign_in(server: &Server) -> String {
    let answer = server.anonymous().get(&link(server)).await;
    assert_eq!(answer.status, 303);
    let cookie = answer.header("set-cookie");
    cookie.split(';').next().unwrap().to_owned()
}

async fn by_cookie(server: &Server, method: Method, path: &str, cookie: &str, own: bool) -> u16 {
    let mut call = server
        .anonymous()
        .call(method, path)
        .header("cookie", cookie);
    if own {
        call = call.header("x-requested-with", "travis");
    }
    call.send().await.unwrap().status().as_u16()
}

/// Security case 25, first half: the session.
#[tokio::test]
async fn the_link_works_once_and_its_cookie_is_for_this_browser_alone() {
    let server = Setup::server().start().await;
    let nobody = server.anonymous();
    assert_eq!(
        nobody.get("/v3/user").await.expect(403)["error_type"],
        "login_required"
    );

    let link = link(&server);
    let answer = nobody.get(&link).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/"));
    assert_eq!(answer.header("cache-control"), "no-store");
    let set = answer.header("set-cookie").to_owned();
    for flag in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(set.contains(flag), "{set}");
    }
    let cookie = set.split(';').next().unwrap();
    assert_eq!(
        by_cookie(&server, Method::GET, "/v3/user", cookie, false).await,
        200
    );

    let again = nobody.get(&link).await;
    assert_eq!(again.header("set-cookie"), "");
    assert_eq!(again.header("location"), "/sign-in?link=used");
    assert_eq!(
        nobody
            .get("/sign-in/link-of-nobody")
            .await
            .header("set-cookie"),
        ""
    );

    // A foreign page can send the cookie along, but not our header.
    assert_eq!(
        by_cookie(&server, Method::POST, "/v3/tokens", cookie, false).await,
        403
    );
    assert_eq!(
        by_cookie(&server, Method::POST, "/sign-out", cookie, false).await,
        403
    );
    assert_eq!(
        by_cookie(&server, Method::GET, "/v3/user", cookie, false).await,
        200
    );

    assert_eq!(
        by_cookie(&server, Method::POST, "/sign-out", cookie, true).await,
        204
    );
    assert_eq!(
        by_cookie(&server, Method::GET, "/v3/user", cookie, false).await,
        403
    );
}

#[tokio::test]
async fn behind_https_the_cookie_is_for_https_alone() {
    let server = Setup::server()
        .flags(&["--public-url", "https://ci.example.org"])
        .start()
        .await;
    let answer = server.anonymous().get(&link(&server)).await;
    let set = answer.header("set-cookie");
    assert!(set.starts_with("__Host-travis_session="), "{set}");
    assert!(set.contains("; Secure"), "{set}");
}

#[tokio::test]
async fn api_tokens_are_shown_once_and_end_when_revoked() {
    let server = Setup::server().start().await;
    let made = server
        .api
        .post("/v3/tokens", &json!({"name": "robot"}))
        .await
        .expect(201);
    let secret = made["token"].as_str().unwrap();
    let robot = Api::new(&server.url, Some(secret));
    assert_eq!(robot.get("/v3/user").await.status, 200);

    let listed = server.api.get("/v3/tokens").await;
    assert!(!listed.body.to_string().contains(secret));
    let path = format!("/v3/token/{}", made["id"]);
    assert_eq!(server.anonymous().delete(&path).await.status, 403);
    assert_eq!(server.api.delete(&path).await.status, 204);
    assert_eq!(robot.get("/v3/user").await.status, 401);
    assert_eq!(
        robot.get("/v3/repos").await.status,
        401,
        "a bad token is not nobody"
    );
    assert_eq!(server.api.delete(&path).await.status, 404);
}

#[tokio::test]
async fn nobody_changes_anything() {
    let server = Setup::up().start().await;
    server.quick("acme/open", "script: 'true'\n").await;
    let build = server.api.run("acme/open").await;
    let (id, job) = (&build["id"], &build["jobs"][0]["id"]);
    let nobody = server.anonymous();
    for path in [
        "/v3/repos".to_owned(),
        "/v3/repo/acme%2Fopen/requests".to_owned(),
        "/v3/repo/acme%2Fopen/deactivate".to_owned(),
        "/v3/repo/acme%2Fopen/env_vars".to_owned(),
        format!("/v3/build/{id}/restart"),
        format!("/v3/build/{id}/cancel"),
        format!("/v3/job/{job}/restart"),
        "/v3/workers/enrolment_token".to_owned(),
        "/v3/worker/1/pause".to_owned(),
        "/v3/tokens".to_owned(),
    ] {
        let body = match path.rsplit('/').next() {
            Some("repos") => json!({"slug": "a/b", "clone_url": "https://example.org/a.git"}),
            Some("env_vars") => json!({"name": "X", "value": "y"}),
            Some("tokens") => json!({"name": "X"}),
            _ => json!({}),
        };
        let answer = nobody.post(&path, &body).await;
        assert_eq!(answer.status, 403, "{path}: {answer:?}");
    }
    for path in ["/v3/repo/acme%2Fopen", "/v3/worker/1"] {
        assert_eq!(nobody.delete(path).await.status, 403, "{path}");
    }
    for path in [
        "/v3/repo/acme%2Fopen/ping",
        "/v3/repo/acme%2Fopen/env_vars",
        "/v3/tokens",
    ] {
        assert_eq!(nobody.get(path).await.status, 403, "{path}");
    }
}

/// Security case 26: a private repository is, to others, one that is not there.
#[tokio::test]
async fn a_private_repository_looks_like_a_missing_one_everywhere() {
    let server = Setup::up().start().await;
    let yaml = "language: generic\ngit: {clone: false}\nscript: echo hidden-words\n";
    let repo = crate::support::Repo::new(&server.dir("repos").join("p"), &[(".travis.yml", yaml)]);
    server
        .enable("acme/secret", &repo, json!({"private": true}))
        .await;
    let build = server.api.run("acme/secret").await;
    let (build, job) = (
        build["id"].as_i64().unwrap(),
        build["jobs"][0]["id"].as_i64().unwrap(),
    );
    let id = server.api.repo("acme/secret").await["id"].as_i64().unwrap();
    let attempt = server.api.job(job).await["attempt"]["id"].as_i64().unwrap();

    let nobody = server.anonymous();
    // The path of the hidden thing, and the same with one that is not there.
    let pairs = [
        ("/v3/repo/ID", id),
        ("/v3/repo/ID/branches", id),
        ("/v3/repo/ID/branch/main", id),
        ("/v3/repo/ID/builds", id),
        ("/v3/repo/ID/requests", id),
        ("/v3/repo/ID/request/1", id),
        ("/v3/repo/ID/env_vars", id),
        ("/v3/repo/ID/ping", id),
        ("/v3/repo/ID/stats", id),
        ("/v3/repo/ID/stats?branch=main&days=7", id),
        ("/v3/build/ID", build),
        ("/v3/build/ID/jobs", build),
        ("/v3/build/ID/stages", build),
        ("/v3/build/ID/config", build),
        ("/v3/job/ID", job),
        ("/v3/job/ID/log", job),
        ("/v3/job/ID/log.txt", job),
        ("/v3/job/ID/log/lines", job),
        ("/v3/job/ID/log/index", job),
        ("/v3/job/ID/log/search?q=hidden", job),
    ];
    for (path, there) in pairs {
        let at = |id: i64| path.replace("ID", &id.to_string());
        let hidden = nobody.get(&at(there)).await;
        let missing = nobody.get(&at(987_654)).await;
        assert_eq!(hidden.status, 404, "{path}: {hidden:?}");
        assert_eq!(hidden.body, missing.body, "{path}");
        assert_eq!(server.api.get(&at(there)).await.status, 200, "{path}");
    }
    for path in [
        "/v3/build/ID/cancel",
        "/v3/build/ID/restart",
        "/v3/job/ID/cancel",
        "/v3/job/ID/restart",
        "/ping/ID",
    ] {
        let there = match path {
            "/ping/ID" => id,
            path if path.contains("job") => job,
            _ => build,
        };
        let hidden = nobody
            .post(&path.replace("ID", &there.to_string()), &Value::Null)
            .await;
        let missing = nobody
            .post(&path.replace("ID", "987654"), &Value::Null)
            .await;
        assert_eq!(
            (hidden.status, &hidden.body),
            (404, &missing.body),
            "{path}"
        );
    }
    let by_slug = nobody.get("/v3/repo/acme%2Fsecret").await;
    let no_slug = nobody.get("/v3/repo/acme%2Fnothing").await;
    assert_eq!((by_slug.status, by_slug.body), (404, no_slug.body));
    let badge = nobody.get("/acme/secret.svg").await;
    let no_badge = nobody.get("/acme/nothing.svg").await;
    assert_eq!(
        (badge.status, &badge.body),
        (no_badge.status, &no_badge.body)
    );
    assert_eq!(server.api.get("/acme/secret.svg").await.status, 200);

    for list in [
        "/v3/repos",
        "/v3/repos?search=secret",
        "/v3/builds",
        "/v3/workers",
        "/v3/stats/queue",
        "/v3/stats/fleet?hours=1",
    ] {
        let body = nobody.get(list).await.expect(200).to_string();
        assert!(!body.contains("acme/secret"), "{list}: {body}");
    }

    let mut live = Live::open(&server.url, &[]).await.unwrap();
    for (topic, missing) in [
        (format!("repo:{id}"), "repo:987654"),
        (format!("job:{job}"), "job:987654"),
        (format!("log:{attempt}@0"), "log:987654@0"),
    ] {
        let answer = live.subscribe(&topic).await;
        let other = live.subscribe(missing).await;
        assert_eq!(answer["type"], "refused", "{topic}");
        assert_eq!(answer["reason"], other["reason"], "{topic}");
    }
    // General topics tell that something happened, and not what.
    assert_eq!(live.subscribe("repos").await["type"], "subscribed");
    server.api.trigger("acme/secret").await;
    live.say(&json!({"type": "ping"})).await;
    loop {
        let message = live.next().await.unwrap();
        assert!(!message.to_string().contains("secret"), "{message}");
        if message["type"] == "pong" {
            break;
        }
    }
}

/// Security case 25, second half: the websocket.
#[tokio::test]
async fn the_live_channel_is_for_our_own_pages_and_ends_with_the_session() {
    let server = Setup::server().start().await;
    let cookie = sign_in(&server).await;
    let own = ("origin", server.url.clone());
    for foreign in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        let headers = [("origin", foreign.to_owned()), ("cookie", cookie.clone())];
        assert_eq!(
            Live::open(&server.url, &headers).await.err(),
            Some(403),
            "{foreign}"
        );
    }
    assert_eq!(
        Live::open(&server.url, &[("authorization", "token wrong".to_owned())])
            .await
            .err(),
        Some(401)
    );

    let mut page = Live::open(&server.url, &[own, ("cookie", cookie.clone())])
        .await
        .unwrap();
    assert_eq!(page.subscribe("workers").await["type"], "subscribed");
    assert_eq!(
        by_cookie(&server, Method::POST, "/sign-out", &cookie, true).await,
        204
    );
    let at_once = Duration::from_secs(5);
    tokio::time::timeout(at_once, page.closed())
        .await
        .expect("the channel stays open");

    // The same with a token; channels of others stay.
    let made = server
        .api
        .post("/v3/tokens", &json!({"name": "robot"}))
        .await
        .expect(201);
    let auth = format!("token {}", made["token"].as_str().unwrap());
    let mut robot = Live::open(&server.url, &[("authorization", auth)])
        .await
        .unwrap();
    let mine = format!("token {}", server.token());
    let mut admin = Live::open(&server.url, &[("authorization", mine)])
        .await
        .unwrap();
    let path = format!("/v3/token/{}", made["id"]);
    assert_eq!(server.api.delete(&path).await.status, 204);
    tokio::time::timeout(at_once, robot.closed())
        .await
        .expect("the channel stays open");
    admin.say(&json!({"type": "ping"})).await;
    admin.hear(|message| message["type"] == "pong").await;
}

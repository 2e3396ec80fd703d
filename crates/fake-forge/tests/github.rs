//! The fake GitHub as its callers meet it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod common;

use common::{Sink, form, git, sign};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use travis_fake_forge::{FakeForge, FaultMode, Kind, Options};

struct Call {
    client: Client,
    url: String,
    token: String,
}

impl Call {
    fn new(forge: &FakeForge, token: &str) -> Self {
        Self {
            client: Client::builder().redirect(Policy::none()).build().unwrap(),
            url: format!("{}/api/v3", forge.url()),
            token: token.to_owned(),
        }
    }

    async fn send(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let mut request = self
            .client
            .request(method.parse().unwrap(), format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.token));
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> Value {
        let (status, value) = self.send("GET", path, Value::Null).await;
        assert!(status.is_success(), "{path}: {status} {value}");
        value
    }
}

async fn start() -> FakeForge {
    FakeForge::start(Kind::Github, Options::default())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_push_over_http_is_told_to_a_signed_hook() {
    let forge = start().await;
    let control = forge.control();
    control
        .repo("ada/engine", &[("README", "hello\n")])
        .await
        .unwrap();
    let token = control.token("ada").await.unwrap();
    let sink = Sink::start().await;
    let call = Call::new(&forge, &token);
    let hook = json!({"name": "web", "events": ["push", "create", "delete"], "active": true,
        "config": {"url": sink.url(), "content_type": "json", "secret": "sauce"}});
    let (status, made) = call
        .send("POST", "/repos/ada/engine/hooks", hook.clone())
        .await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(made["config"]["secret"], "********");
    let (status, twice) = call.send("POST", "/repos/ada/engine/hooks", hook).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        twice["errors"][0]["message"],
        "Hook already exists on this repository"
    );

    let folder = tempfile::tempdir().unwrap();
    let address = forge
        .url()
        .replacen("http://", &format!("http://ada:{token}@"), 1);
    git(
        folder.path(),
        &["clone", "-q", &format!("{address}/ada/engine.git"), "work"],
    );
    let work = folder.path().join("work");
    std::fs::write(work.join("new"), "more\n").unwrap();
    git(&work, &["add", "."]);
    git(&work, &["commit", "-q", "-m", "More"]);
    git(
        &work,
        &["push", "-q", "origin", "HEAD:main", "HEAD:refs/heads/side"],
    );
    let head = git(&work, &["rev-parse", "HEAD"]);
    control.quiet().await.unwrap();

    let got = sink.taken();
    let names: Vec<&str> = got.iter().map(|one| one.header("x-github-event")).collect();
    assert_eq!(names, ["ping", "push", "create", "push"]);
    let push = &got[1];
    assert_eq!(
        push.header("x-hub-signature-256"),
        format!("sha256={}", sign("sauce", &push.body))
    );
    let body = push.json();
    assert_eq!(body["after"], head);
    assert_eq!(body["ref"], "refs/heads/main");
    assert_eq!(body["commits"][0]["added"], json!(["new"]));
    assert_eq!(body["created"], false);
    assert_eq!(body["sender"]["login"], "ada");
    git(&work, &["push", "-q", "origin", ":side"]);
    control.quiet().await.unwrap();
    let names: Vec<String> = sink
        .taken()
        .iter()
        .map(|one| one.header("x-github-event").to_owned())
        .collect();
    assert_eq!(names, ["delete", "push"]);

    let deliveries = call
        .get(&format!(
            "/repos/ada/engine/hooks/{}/deliveries",
            made["id"]
        ))
        .await;
    assert_eq!(deliveries[0]["status_code"], 200);
    let again = format!(
        "/repos/ada/engine/hooks/{}/deliveries/{}/attempts",
        made["id"], deliveries[0]["id"]
    );
    assert_eq!(
        call.send("POST", &again, Value::Null).await.0,
        StatusCode::ACCEPTED
    );
    control.quiet().await.unwrap();
    assert_eq!(
        sink.taken()[0].header("x-github-delivery"),
        deliveries[0]["guid"].as_str().unwrap()
    );
}

#[tokio::test]
async fn private_repositories_are_hidden_from_git_and_the_api() {
    let forge = start().await;
    let control = forge.control();
    let body = json!({"private": true, "files": {"a": "b"}, "collaborators": {"bob": "read"}});
    control.repo_with("ada/secret", body).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let eve = control.token("eve").await.unwrap();
    let bob = control.token("bob").await.unwrap();
    assert_eq!(
        Call::new(&forge, &eve)
            .send("GET", "/repos/ada/secret", Value::Null)
            .await
            .0,
        404
    );
    let repo = Call::new(&forge, &bob).get("/repos/ada/secret").await;
    assert_eq!(repo["permissions"]["push"], false);
    let info = format!(
        "{}/ada/secret.git/info/refs?service=git-upload-pack",
        forge.url()
    );
    let client = Client::new();
    let answer = client.get(&info).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert!(
        answer.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .starts_with("Basic")
    );
    let answer = client
        .get(&info)
        .basic_auth("x", Some(&eve))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 404);
    let address = forge
        .url()
        .replacen("http://", &format!("http://x-access-token:{bob}@"), 1);
    git(
        folder.path(),
        &["clone", "-q", &format!("{address}/ada/secret.git"), "work"],
    );
    let push = info.replace("upload", "receive");
    let answer = client
        .get(&push)
        .basic_auth("x", Some(&bob))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(
        Call::new(&forge, "ghp_wrong")
            .send("GET", "/user", Value::Null)
            .await
            .0,
        401
    );
}

#[tokio::test]
async fn signing_in_needs_the_verifier_and_works_once() {
    let forge = start().await;
    let control = forge.control();
    control.user("ada").await.unwrap();
    let back = "http://127.0.0.1:1/back";
    let (id, secret) = control.oauth_app(back).await.unwrap();
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    // The pair of RFC 7636, appendix B.
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let page = format!(
        "{}/login/oauth/authorize?client_id={id}&redirect_uri={back}&state=s%201&scope=repo&code_challenge={challenge}&code_challenge_method=S256",
        forge.url()
    );
    let text = client
        .get(&page)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        text.contains("<button name=\"login\" value=\"ada\">Authorize as ada</button>"),
        "{text}"
    );
    let wrong = page.replace("/back", "/elsewhere");
    assert_eq!(client.get(&wrong).send().await.unwrap().status(), 400);
    let code = async || {
        let answer = client
            .post(&page)
            .body(form(&[("login", "ada")]))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 302);
        let to = answer.headers()["location"].to_str().unwrap().to_owned();
        let to = reqwest::Url::parse(&to).unwrap();
        let pairs: std::collections::HashMap<_, _> = to.query_pairs().into_owned().collect();
        assert_eq!(pairs["state"], "s 1");
        pairs["code"].clone()
    };
    let exchange = async |code: &str, verifier: &str| -> Value {
        client
            .post(format!("{}/login/oauth/access_token", forge.url()))
            .header("accept", "application/json")
            .body(form(&[
                ("client_id", id.as_str()),
                ("client_secret", &secret),
                ("code", code),
                ("redirect_uri", back),
                ("code_verifier", verifier),
            ]))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    };
    let first = code().await;
    assert_eq!(
        exchange(&first, "wrong").await["error"],
        "bad_verification_code"
    );
    assert_eq!(
        exchange(&first, verifier).await["error"],
        "bad_verification_code",
        "used up"
    );
    let second = code().await;
    let granted = exchange(&second, verifier).await;
    assert_eq!(granted["token_type"], "bearer");
    assert_eq!(granted["scope"], "repo");
    let token = granted["access_token"].as_str().unwrap();
    assert_eq!(Call::new(&forge, token).get("/user").await["login"], "ada");
    let revoked = client
        .delete(format!("{}/api/v3/applications/{id}/token", forge.url()))
        .basic_auth(&id, Some(&secret))
        .json(&json!({"access_token": token}))
        .send()
        .await
        .unwrap();
    assert_eq!(revoked.status(), 204);
    assert_eq!(
        Call::new(&forge, token)
            .send("GET", "/user", Value::Null)
            .await
            .0,
        401
    );
}

#[tokio::test]
async fn an_app_made_from_a_manifest_reports_a_check() {
    let forge = start().await;
    let control = forge.control();
    let sha = control
        .repo("ada/engine", &[("README", "hello\n")])
        .await
        .unwrap();
    let sink = Sink::start().await;
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let manifest = json!({"name": "My CI", "url": "http://ci.example", "redirect_url": "http://ci.example/made",
        "hook_attributes": {"url": sink.url()}, "callback_urls": ["http://ci.example/back"],
        "setup_url": "http://ci.example/installed",
        "default_permissions": {"checks": "write", "contents": "read"}, "default_events": ["push", "check_run"]}).to_string();
    let page = format!("{}/settings/apps/new?state=abc", forge.url());
    let text = client
        .post(&page)
        .body(form(&[("manifest", &manifest)]))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(text.contains("Create GitHub App for ada"), "{text}");
    let made = client
        .post(&page)
        .body(form(&[("manifest", manifest.as_str()), ("owner", "ada")]))
        .send()
        .await
        .unwrap();
    let to = reqwest::Url::parse(made.headers()["location"].to_str().unwrap()).unwrap();
    let code = to
        .query_pairs()
        .find(|(name, _)| name == "code")
        .unwrap()
        .1
        .into_owned();
    let convert = format!("{}/api/v3/app-manifests/{code}/conversions", forge.url());
    let answer = client.post(&convert).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let app: Value = answer.json().await.unwrap();
    assert_eq!(
        client.post(&convert).send().await.unwrap().status(),
        404,
        "used up"
    );

    let install = format!(
        "{}/apps/{}/installations/new?state=xyz",
        forge.url(),
        app["slug"].as_str().unwrap()
    );
    let done = client
        .post(&install)
        .body(form(&[("account", "ada"), ("selection", "all")]))
        .send()
        .await
        .unwrap();
    let to = done.headers()["location"].to_str().unwrap().to_owned();
    assert!(
        to.starts_with("http://ci.example/installed?installation_id="),
        "{to}"
    );
    assert!(to.ends_with("&setup_action=install&state=xyz"), "{to}");

    let by_app = Call::new(
        &forge,
        &common::app_jwt(&app["id"].to_string(), app["pem"].as_str().unwrap()),
    );
    assert_eq!(by_app.get("/app").await["slug"], "my-ci");
    let installation = by_app.get("/repos/ada/engine/installation").await;
    let path = format!("/app/installations/{}/access_tokens", installation["id"]);
    let (status, token) = by_app
        .send("POST", &path, json!({"repositories": ["engine"]}))
        .await;
    assert_eq!(status, 201, "{token}");
    assert_eq!(token["repositories"][0]["full_name"], "ada/engine");
    let call = Call::new(&forge, token["token"].as_str().unwrap());

    let run = json!({"name": "build", "head_sha": sha, "status": "in_progress"});
    let (status, made) = call
        .send("POST", "/repos/ada/engine/check-runs", run.clone())
        .await;
    assert_eq!(status, 201, "{made}");
    let id = made["id"].as_u64().unwrap();
    let note = json!({"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "no"});
    let done = json!({"status": "completed", "conclusion": "failure",
        "output": {"title": "t", "summary": "s", "annotations": vec![note.clone(); 51]}});
    let path = format!("/repos/ada/engine/check-runs/{id}");
    assert_eq!(call.send("PATCH", &path, done.clone()).await.0, 422);
    let mut less = done;
    less["output"]["annotations"] = json!(vec![note; 2]);
    assert_eq!(call.send("PATCH", &path, less).await.0, 200);
    let list = call
        .get(&format!("/repos/ada/engine/commits/{sha}/check-runs"))
        .await;
    assert_eq!(list["check_runs"][0]["output"]["annotations_count"], 2);
    let (status, _) = call
        .send(
            "POST",
            &format!("/repos/ada/engine/statuses/{sha}"),
            json!({"state": "success"}),
        )
        .await;
    assert_eq!(status, 403, "the App has no right to set statuses");
    let personal = Call::new(&forge, &control.token("ada").await.unwrap());
    assert_eq!(
        personal
            .send("POST", "/repos/ada/engine/check-runs", run)
            .await
            .0,
        403
    );

    control.rerequest("ada/engine", id, "ada").await.unwrap();
    control.quiet().await.unwrap();
    let got = sink.taken();
    let names: Vec<&str> = got.iter().map(|one| one.header("x-github-event")).collect();
    assert_eq!(names, ["installation", "check_run"]);
    assert_eq!(got[1].json()["installation"]["id"], installation["id"]);
    let secret = app["webhook_secret"].as_str().unwrap();
    assert_eq!(
        got[1].header("x-hub-signature-256"),
        format!("sha256={}", sign(secret, &got[1].body))
    );
    assert_eq!(
        control.checks("ada/engine", &sha).await.unwrap()[0]["history"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn lists_have_pages_and_conditional_calls_cost_nothing() {
    let forge = start().await;
    let control = forge.control();
    control.user("ada").await.unwrap();
    control
        .repo_with("ada/many", json!({"count": 250}))
        .await
        .unwrap();
    let token = control.token("ada").await.unwrap();
    let client = Client::new();
    let mut next = Some(format!("{}/api/v3/user/repos?per_page=100", forge.url()));
    let mut count = 0;
    while let Some(url) = next {
        let answer = client.get(&url).bearer_auth(&token).send().await.unwrap();
        let link = answer
            .headers()
            .get("link")
            .map(|one| one.to_str().unwrap().to_owned())
            .unwrap_or_default();
        next = link
            .split(", ")
            .find(|one| one.ends_with("rel=\"next\""))
            .map(|one| one[1..one.find('>').unwrap()].to_owned());
        count += answer.json::<Vec<Value>>().await.unwrap().len();
    }
    assert_eq!(count, 250);
    let user = format!("{}/api/v3/user", forge.url());
    let first = client.get(&user).bearer_auth(&token).send().await.unwrap();
    let left = first.headers()["x-ratelimit-remaining"].clone();
    let tag = first.headers()["etag"].clone();
    let second = client
        .get(&user)
        .bearer_auth(&token)
        .header("if-none-match", tag)
        .send()
        .await
        .unwrap();
    assert_eq!(second.status(), 304);
    assert_eq!(second.headers()["x-ratelimit-remaining"], left);
    control.limit(1, 3600).await.unwrap();
    assert_eq!(
        client
            .get(&user)
            .bearer_auth(&token)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let refused = client.get(&user).bearer_auth(&token).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    assert_eq!(refused.headers()["x-ratelimit-remaining"], "0");
    control.limit(5000, 3600).await.unwrap();
    control.fault(FaultMode::RateLimit, 1).await.unwrap();
    let refused = client.get(&user).bearer_auth(&token).send().await.unwrap();
    assert_eq!(
        (
            refused.status().as_u16(),
            refused.headers()["retry-after"].to_str().unwrap()
        ),
        (403, "60")
    );
    control.fault(FaultMode::None, 1).await.unwrap();
    assert_eq!(
        client
            .get(&user)
            .bearer_auth(&token)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn a_pull_request_from_a_fork_has_head_and_merge() {
    let forge = start().await;
    let control = forge.control();
    control.repo("ada/engine", &[("a", "1\n")]).await.unwrap();
    control.fork("ada/engine", "bob").await.unwrap();
    let head = control
        .commit("bob/engine", "fix", &[("b", "2\n")], "Fix", "bob")
        .await
        .unwrap();
    let token = control.token("ada").await.unwrap();
    let call = Call::new(&forge, &token);
    let sink = Sink::start().await;
    let hook =
        json!({"events": ["pull_request"], "config": {"url": sink.url(), "content_type": "json"}});
    call.send("POST", "/repos/ada/engine/hooks", hook).await;
    let number = control
        .pull("ada/engine", "bob:fix", "main", "bob")
        .await
        .unwrap();
    let pull = call.get(&format!("/repos/ada/engine/pulls/{number}")).await;
    assert_eq!(pull["head"]["sha"], head);
    assert_eq!(pull["head"]["repo"]["full_name"], "bob/engine");
    assert_eq!(pull["mergeable"], true);
    let merge = call.get("/repos/ada/engine/git/ref/pull/1/merge").await;
    assert_eq!(merge["object"]["sha"], pull["merge_commit_sha"]);
    let commit = call
        .get(&format!(
            "/repos/ada/engine/commits/{}",
            pull["merge_commit_sha"].as_str().unwrap()
        ))
        .await;
    assert_eq!(commit["parents"][1]["sha"], head);
    let files = call.get("/repos/ada/engine/pulls/1/files").await;
    assert_eq!(files[0]["filename"], "b");

    let newer = control
        .commit("bob/engine", "fix", &[("a", "bob\n")], "Other", "bob")
        .await
        .unwrap();
    control
        .commit("ada/engine", "main", &[("a", "ada\n")], "Conflict", "ada")
        .await
        .unwrap();
    let pull = call.get("/repos/ada/engine/pulls/1").await;
    assert_eq!(pull["mergeable"], false);
    assert_eq!(
        call.send("GET", "/repos/ada/engine/git/ref/pull/1/merge", Value::Null)
            .await
            .0,
        404
    );
    control.quiet().await.unwrap();
    let got = sink.taken();
    let actions: Vec<Value> = got[1..]
        .iter()
        .map(|one| one.json()["action"].clone())
        .collect();
    assert_eq!(actions, ["opened", "synchronize"]);
    assert_eq!(got[2].json()["after"], newer);
    assert_eq!(got[2].json()["sender"]["login"], "bob");
}

#[tokio::test]
async fn renamed_repositories_redirect_and_contents_come_raw_or_encoded() {
    let forge = start().await;
    let control = forge.control();
    let sha = control
        .repo(
            "ada/engine",
            &[(".travis.yml", "language: c\n"), ("src/a.c", "x")],
        )
        .await
        .unwrap();
    let call = Call::new(&forge, &control.token("ada").await.unwrap());
    control.rename("ada/engine", "motor").await.unwrap();
    let (status, moved) = call
        .send("GET", "/repos/ada/engine/branches?per_page=1", Value::Null)
        .await;
    assert_eq!(status, 301);
    let to = moved["url"]
        .as_str()
        .unwrap()
        .strip_prefix(&call.url)
        .unwrap()
        .to_owned();
    assert_eq!(call.get(&to).await[0]["commit"]["sha"], sha);
    let file = call
        .get(&format!("/repos/ada/motor/contents/.travis.yml?ref={sha}"))
        .await;
    assert_eq!(file["content"], "bGFuZ3VhZ2U6IGMK\n");
    let raw = call
        .client
        .get(format!(
            "{}/repos/ada/motor/contents/.travis.yml?ref=main",
            call.url
        ))
        .bearer_auth(&call.token)
        .header("accept", "application/vnd.github.raw+json")
        .send()
        .await
        .unwrap();
    assert_eq!(raw.text().await.unwrap(), "language: c\n");
    let folder = call.get("/repos/ada/motor/contents/src").await;
    assert_eq!(folder[0]["path"], "src/a.c");
    let body = json!({"state": "success", "context": "ci", "target_url": "http://ci.example/1"});
    assert_eq!(
        call.send("POST", &format!("/repos/ada/motor/statuses/{sha}"), body)
            .await
            .0,
        201
    );
    assert_eq!(
        call.get("/repos/ada/motor/commits/main/status").await["state"],
        "success"
    );
    assert_eq!(
        control.statuses("ada/motor", &sha).await.unwrap()[0]["state"],
        "success"
    );
    let range = format!("/repos/ada/motor/compare/{sha}...main");
    assert_eq!(call.get(&range).await["status"], "identical");
}

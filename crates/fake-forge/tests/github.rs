//! Repositories, hooks and lists of the fake GitHub as its callers meet them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod common;

use common::{Call, Sink, git, sign, start};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use travis_fake_forge::FaultMode;

#[tokio::test(flavor = "multi_thread")]
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

#[tokio::test(flavor = "multi_thread")]
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

#[tokio::test(flavor = "multi_thread")]
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

#[tokio::test(flavor = "multi_thread")]
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

#[tokio::test(flavor = "multi_thread")]
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

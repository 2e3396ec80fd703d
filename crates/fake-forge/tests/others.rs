//! What is peculiar to the fake Gitea and the fake GitLab, and organizations of the fake GitHub.
//! What all forges have in common is held by the contract of their adapters.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod common;

use common::{Sink, start};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use travis_fake_forge::{FakeForge, Kind, Options};

/// Calls the API as ada.
struct Ada {
    base: String,
    token: String,
    client: Client,
}

impl Ada {
    async fn new(forge: &FakeForge, api: &str) -> Self {
        forge.control().user("ada").await.unwrap();
        Self {
            base: format!("{}{api}", forge.url()),
            token: forge.control().token("ada").await.unwrap(),
            client: Client::builder().redirect(Policy::none()).build().unwrap(),
        }
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Response {
        let call = self
            .client
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.token);
        let call = if body.is_null() {
            call
        } else {
            call.json(&body)
        };
        call.send().await.unwrap()
    }

    async fn get(&self, path: &str) -> Response {
        self.send(Method::GET, path, Value::Null).await
    }

    async fn json(&self, path: &str) -> Value {
        let response = self.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }
}

async fn played(kind: Kind) -> FakeForge {
    FakeForge::start(kind, Options::default()).await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn gitea_answers_as_gitea_does() {
    let forge = played(Kind::Gitea).await;
    let control = forge.control();
    let ada = Ada::new(&forge, "/api/v1").await;
    let sha = control.repo("ada/engine", &[("a b", "x")]).await.unwrap();
    control
        .commit("ada/engine", "mainly", &[("c", "1")], "More", "ada")
        .await
        .unwrap();

    let one = ada.json("/repos/ada/engine/git/refs/heads/mainly").await;
    assert_eq!(one["object"]["type"], "commit");
    let both = ada.json("/repos/ada/engine/git/refs/heads/main").await;
    assert_eq!(both.as_array().unwrap().len(), 2, "what begins like it");

    let hook = json!({"type": "gitea", "events": ["pull_request"],
        "config": {"url": "http://127.0.0.1:9/", "content_type": "json", "secret": "s"}});
    let made = ada
        .send(Method::POST, "/repos/ada/engine/hooks", hook)
        .await;
    assert_eq!(made.status(), 201);
    let made: Value = made.json().await.unwrap();
    assert_eq!(made["active"], false, "off unless asked for");
    assert_eq!(made["config"]["secret"], Value::Null);
    let events = made["events"].as_array().unwrap();
    assert!(events.contains(&json!("pull_request_sync")), "{events:?}");

    let many = json!({"count": 60});
    control.repo_with("ada/many", many).await.unwrap();
    let page = ada.get("/user/repos?limit=100").await;
    assert_eq!(header(&page, "x-total-count"), "61");
    assert!(header(&page, "link").contains("rel=\"next\",<"));
    assert_eq!(page.json::<Vec<Value>>().await.unwrap().len(), 50);

    control.rename("ada/engine", "motor").await.unwrap();
    let moved = ada.get("/repos/ada/engine/raw/a%20b?ref=main").await;
    assert_eq!(moved.status(), 307);
    let to = format!("{}/repos/ada/motor/raw/a%20b?ref=main", ada.base);
    assert_eq!(header(&moved, "location"), to);
    let path = format!("/repos/ada/motor/git/commits/{sha}?stat=false");
    assert_eq!(ada.json(&path).await["sha"], sha.as_str());

    control.fork("ada/motor", "bob").await.unwrap();
    control
        .commit("bob/motor", "fix", &[("d", "1")], "Mend", "bob")
        .await
        .unwrap();
    let number = control.pull("ada/motor", "bob:fix", "main", "bob").await;
    assert_eq!(number.unwrap(), 1);
    let refs = control.row("ada/motor").await.unwrap()["refs"].clone();
    assert!(refs["refs/pull/1/head"].is_string());
    assert!(refs["refs/pull/1/merge"].is_null(), "Gitea has no such ref");
}

#[tokio::test(flavor = "multi_thread")]
async fn gitlab_answers_as_gitlab_does() {
    let forge = played(Kind::Gitlab).await;
    let control = forge.control();
    let ada = Ada::new(&forge, "/api/v4").await;
    control
        .org("mill/works", &[("ada", "developer")])
        .await
        .unwrap();
    let sha = control
        .repo("mill/works/engine", &[("a", "x")])
        .await
        .unwrap();
    let engine = ada.json("/projects/mill%2Fworks%2Fengine").await;
    let access = &engine["permissions"]["group_access"]["access_level"];
    assert_eq!(
        (access, &engine["namespace"]["kind"]),
        (&json!(30), &json!("group"))
    );

    let path = format!("/projects/{}/statuses/{sha}", engine["id"]);
    let say = async |state: &str, sha_path: &str| {
        let body = json!({"state": state, "name": "ci"});
        let answer = ada.send(Method::POST, sha_path, body).await;
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap())
    };
    let (_, first) = say("pending", &path).await;
    let (status, again) = say("pending", &path).await;
    assert_eq!(status, 400);
    let why = again["message"].as_str().unwrap();
    assert!(why.starts_with("Cannot transition status via :enqueue from :pending"));
    let (_, done) = say("success", &path).await;
    assert_eq!(done["id"], first["id"], "the same job");
    let (status, anew) = say("pending", &path).await;
    assert_eq!(status, 201);
    assert_ne!(anew["id"], first["id"], "a job that is over is not changed");
    let list = format!(
        "/projects/{}/repository/commits/{sha}/statuses",
        engine["id"]
    );
    assert_eq!(ada.json(&list).await.as_array().unwrap().len(), 1);

    control.fork("mill/works/engine", "bob").await.unwrap();
    let head = control
        .commit("bob/engine", "fix", &[("d", "1")], "Mend", "bob")
        .await
        .unwrap();
    control
        .pull("mill/works/engine", "bob:fix", "main", "bob")
        .await
        .unwrap();
    let path = format!("/projects/{}/statuses/{head}", engine["id"]);
    assert_eq!(say("pending", &path).await.0, 404, "on no branch");
    let body = json!({"state": "pending", "ref": "refs/merge-requests/1/head"});
    let told = ada.send(Method::POST, &path, body).await;
    assert_eq!(told.status(), 201);

    control.rename("mill/works/engine", "motor").await.unwrap();
    let moved = ada
        .get("/projects/mill%2Fworks%2Fengine/hooks?page=1")
        .await;
    assert_eq!(moved.status(), 301);
    let to = format!("{}/projects/{}/hooks?page=1", ada.base, engine["id"]);
    assert_eq!(header(&moved, "location"), to);
    let post = ada
        .send(
            Method::POST,
            "/projects/mill%2Fworks%2Fengine/hooks",
            json!({"url": "x"}),
        )
        .await;
    assert_eq!(post.status(), 405);

    control
        .repo_with("ada/many", json!({"count": 5}))
        .await
        .unwrap();
    let rest = "/projects?owned=true&pagination=keyset&order_by=id&sort=asc&per_page=3";
    let first = ada.get(rest).await;
    let next = header(&first, "link").to_owned();
    let next = next
        .split(['<', '>'])
        .nth(1)
        .unwrap()
        .replace(&ada.base, "");
    assert_eq!(first.json::<Vec<Value>>().await.unwrap().len(), 3);
    let second = ada.get(&next).await;
    assert_eq!(header(&second, "link"), "");
    assert_eq!(second.json::<Vec<Value>>().await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn apps_hear_of_members_and_new_repositories() {
    let forge = start().await;
    let control = forge.control();
    control.org("mill", &[("ada", "admin")]).await.unwrap();
    let sink = Sink::start().await;
    let manifest = json!({"name": "CI", "url": "http://ci.example",
        "hook_attributes": {"url": sink.url()}, "default_events": ["organization"]});
    let app = control.app("mill", manifest).await.unwrap();
    let id = app["id"].as_u64().unwrap();
    control.install(id, "mill").await.unwrap();
    control
        .org_member("mill", "bob", Some("member"))
        .await
        .unwrap();
    control.org_member("mill", "bob", None).await.unwrap();
    control.repo("mill/engine", &[]).await.unwrap();
    control.repo("ada/own", &[]).await.unwrap();
    control.quiet().await.unwrap();
    let got = sink.taken();
    let told: Vec<_> = got
        .iter()
        .map(|one| {
            let action = one.json()["action"].as_str().unwrap().to_owned();
            (one.header("x-github-event").to_owned(), action)
        })
        .collect();
    let told: Vec<_> = told.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(
        told,
        [
            ("installation", "created"),
            ("organization", "member_added"),
            ("organization", "member_removed"),
            ("installation_repositories", "added"),
        ]
    );
    assert_eq!(got[1].json()["membership"]["user"]["login"], "bob");
    assert_eq!(got[1].json()["organization"]["login"], "mill");
    let added = &got[3].json()["repositories_added"];
    assert_eq!(added[0]["full_name"], "mill/engine");
}

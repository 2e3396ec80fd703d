//! Every call that the GitHub adapter makes is one that GitHub describes, and every answer that
//! GitHub gives as an example is understood.
//!
//! The description is the npm package `@octokit/openapi`, installed with the packages of `e2e`.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

mod openapi;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaKeyPair;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openapi::Spec;
use serde_json::{Value, json};
use travis_forge::github::GitHub;
use travis_forge::hosting::*;
use travis_forge::{Limits, Want};
use travis_model::Secret;

const DESCRIPTION: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../e2e/node_modules/@octokit/openapi/generated/api.github.com.json"
);
const SHA: &str = "7638417db6d59f3c431d3e1f261cc637155684cd";
const BASE: &str = "/api/v3";

/// What was asked of the server.
#[derive(Default)]
struct Asked {
    calls: usize,
    operations: BTreeSet<String>,
    /// Asked for, and not in the description.
    undescribed: BTreeSet<String>,
    faults: Vec<String>,
    /// The next hook is said to be there already.
    hook_exists: bool,
}

impl Asked {
    fn answer(&mut self, spec: &Spec, request: &Request<()>, body: &[u8]) -> (u16, Body) {
        self.calls += 1;
        let method = request.method().as_str();
        let path = request.uri().path();
        let json = |status, value: Value| (status, Body::from(value.to_string()));
        if path == "/login/oauth/access_token" {
            self.undescribed.insert(format!("{method} {path}"));
            let token = json!({"access_token": "gho_1", "scope": "repo", "token_type": "bearer"});
            return json(200, token);
        }
        let path = path.strip_prefix(BASE).unwrap();
        let accept = request.headers().get("accept").unwrap().to_str().unwrap();
        // Redirects of renamed repositories lead there; it is stable, and not described.
        let path = if path.starts_with("/repositories/") {
            self.undescribed
                .insert(format!("{method} /repositories/{{id}}"));
            "/repos/ada/hello"
        } else {
            path
        };
        let line = format!("{method} {path}");
        let Some((operation, values)) = spec.find(method, path) else {
            self.faults.push(format!("{line} is not described"));
            return json(500, Value::Null);
        };
        self.operations
            .insert(format!("{method} {}", operation.template));
        let query = request.uri().query().unwrap_or_default();
        let query: Vec<(String, String)> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let sent: Option<Value> = (!body.is_empty()).then(|| serde_json::from_slice(body).unwrap());
        for fault in spec.faults(operation, &values, &query, sent.as_ref()) {
            self.faults.push(format!("{line}: {fault}"));
        }
        if request.headers().get("x-github-api-version").unwrap() != "2022-11-28" {
            self.faults.push(format!("{line}: no version"));
        }
        match accept {
            "application/vnd.github.sha" => return (200, Body::from(SHA)),
            "application/vnd.github.raw+json" => return (200, Body::from("language: c\n")),
            _ => {}
        }
        if operation.template.ends_with("/hooks") && method == "POST" && self.hook_exists {
            return json(422, json!({"message": "Hook already exists"}));
        }
        let (status, example) = spec.example(operation);
        let body = if example.is_null() {
            Body::empty()
        } else {
            Body::from(example.to_string())
        };
        (status, body)
    }
}

async fn serve(spec: Arc<Spec>, asked: Arc<Mutex<Asked>>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = axum::Router::new().fallback(move |request: Request| {
        let (spec, asked) = (Arc::clone(&spec), Arc::clone(&asked));
        async move {
            let (parts, body) = request.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            let request = Request::from_parts(parts, ());
            let (status, body) = asked.lock().unwrap().answer(&spec, &request, &body);
            Response::builder().status(status).body(body).unwrap()
        }
    });
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    url
}

fn connection(url: &str, app: bool) -> Connection {
    let app = app.then(|| {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
        let text = STANDARD.encode(der.as_ref());
        AppIdentity {
            id: 7,
            slug: "our-app".to_owned(),
            private_key: Secret::new(format!(
                "-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n"
            )),
        }
    });
    Connection {
        kind: "github".to_owned(),
        web_url: url.to_owned(),
        api_url: format!("{url}{BASE}"),
        client_id: Some("Iv1.8a61f9b3a7aba766".to_owned()),
        client_secret: Some(Secret::new("client-secret")),
        app,
    }
}

fn check() -> Check {
    Check {
        name: "travis / push".to_owned(),
        state: CheckState::Completed(Conclusion::ActionRequired),
        title: "Held".to_owned(),
        summary: "s".repeat(70_000),
        annotations: (0..120)
            .map(|line| Annotation {
                path: "src/main.rs".to_owned(),
                line,
                warning: false,
                title: "t".repeat(300),
                message: "m".to_owned(),
            })
            .collect(),
        details_url: "https://ci.example/1".to_owned(),
        external_id: "build-1".to_owned(),
        started_at: Some(1_000),
        completed_at: Some(2_000),
    }
}

async fn call_what_people_may(github: &GitHub, asked: &Mutex<Asked>, repo: &RemoteRef) {
    let access = Access::User(Secret::new("gho_1"));
    let code = Secret::new("code");
    let grant = github.exchange_code(&code, &code, "https://ci.example/auth");
    let token = grant.await.unwrap().token;
    github.refresh(&token).await.unwrap();
    github.revoke(&token).await.unwrap();
    let person = github.person(&access).await.unwrap();
    assert!(person.email.is_some());
    assert!(!github.organizations(&access).await.unwrap().is_empty());
    let page = github.repositories(&access, None).await.unwrap();
    assert!(!page.items.is_empty());
    let found = github.repository(&access, repo).await.unwrap();
    assert!(found.permission.is_some());
    github.permission(&access, repo, &person).await.unwrap();
    let stranger = RemotePerson {
        id: "99".to_owned(),
        ..person
    };
    github.permission(&access, repo, &stranger).await.unwrap();
    for want in [
        Want::Branch("feature/x".to_owned()),
        Want::Tag("v1".to_owned()),
        Want::Commit(SHA[..7].to_owned()),
        Want::Ref("refs/pull/3/merge".to_owned()),
        Want::Default,
    ] {
        github.resolve(&access, repo, &want).await.unwrap();
    }
    let snapshot = github.snapshot(&access, repo, SHA, ".travis.yml").await;
    assert!(snapshot.unwrap().file.is_some());
    assert!(!github.branches(&access, repo).await.unwrap().is_empty());
    let pulls = github.pull_requests(&access, repo).await.unwrap();
    let number = pulls[0].number;
    github.pull_request(&access, repo, number).await.unwrap();
    let demand = HookDemand {
        url: "https://example.com/webhook".to_owned(),
        secret: Secret::new("hook-secret"),
    };
    let id = github.put_hook(&access, repo, &demand).await.unwrap();
    asked.lock().unwrap().hook_exists = true;
    assert_eq!(github.put_hook(&access, repo, &demand).await.unwrap(), id);
    github.delete_hook(&access, repo, &id).await.unwrap();
    for state in [
        StatusState::Pending,
        StatusState::Success,
        StatusState::Failure,
        StatusState::Error,
    ] {
        let status = CommitStatus {
            state,
            context: "travis/push".to_owned(),
            description: "d".repeat(200),
            target_url: "https://ci.example/1".to_owned(),
            branch: None,
        };
        github
            .put_status(&access, repo, SHA, &status)
            .await
            .unwrap();
    }
    let status = github.status(&access, repo, SHA, "security/brakeman").await;
    assert_eq!(status.unwrap(), Some(StatusState::Success));
    github.take_manifest(&code).await.unwrap();
}

async fn call_what_apps_may(github: &GitHub, repo: &RemoteRef) {
    let person = Access::User(Secret::new("ghu_1"));
    github.organizations(&person).await.unwrap();
    let page = github.repositories(&person, None).await.unwrap();
    assert!(page.items.iter().all(|one| one.installation_id.is_some()));
    let access = Access::Installation(9);
    let mut check = check();
    let id = github.put_check(&access, repo, SHA, None, &check).await;
    let id = id.unwrap();
    let again = github
        .put_check(&access, repo, SHA, Some(&id), &check)
        .await;
    assert_eq!(again.unwrap(), id);
    for state in [
        CheckState::Queued,
        CheckState::InProgress,
        CheckState::Completed(Conclusion::Success),
        CheckState::Completed(Conclusion::Failure),
        CheckState::Completed(Conclusion::Error),
        CheckState::Completed(Conclusion::Canceled),
        CheckState::Completed(Conclusion::Skipped),
    ] {
        check.state = state;
        check.annotations.clear();
        for id in [None, Some(id.as_str())] {
            let put = github.put_check(&access, repo, SHA, id, &check).await;
            put.unwrap();
        }
    }
}

/// The check itself is checked.
fn notices_faults(spec: &Spec) {
    let (operation, path) = spec.find("POST", "/repos/a/b/check-runs").unwrap();
    let one = json!({"path": "a", "start_line": 1, "end_line": 1, "message": "m",
                     "annotation_level": "fatal"});
    let body = json!({"name": 1, "conclusion": "errored", "nmae": "x", "head_sha": "x",
                      "output": {"title": "t", "annotations": vec![one; 51]}});
    let query = [("page".to_owned(), "1".to_owned())];
    let faults = spec
        .faults(operation, &path, &query, Some(&body))
        .join("\n");
    for expected in [
        "page is not known",
        "body: nmae is not known",
        "body.name: 1 is no",
        "body.conclusion: \"errored\"",
        "body.output: \"summary\" is missing",
        "51 is more than maxItems 50",
        "annotations[50].annotation_level",
    ] {
        assert!(faults.contains(expected), "{expected} is not in {faults}");
    }
}

#[tokio::test]
async fn every_call_is_described_and_every_example_understood() {
    if !Path::new(DESCRIPTION).exists() {
        println!("skipped: the description is not installed; run `npm ci` in e2e");
        return;
    }
    let spec = Arc::new(Spec::new(&std::fs::read(DESCRIPTION).unwrap()));
    notices_faults(&spec);
    let asked = Arc::new(Mutex::new(Asked::default()));
    let url = serve(spec, Arc::clone(&asked)).await;
    let repo = RemoteRef {
        id: "1296269".to_owned(),
        path: "ada/hello".to_owned(),
    };
    let plain = GitHub::new(connection(&url, false), Limits::default()).unwrap();
    call_what_people_may(&plain, &asked, &repo).await;
    let app = GitHub::new(connection(&url, true), Limits::default()).unwrap();
    call_what_apps_may(&app, &repo).await;

    let asked = asked.lock().unwrap();
    println!(
        "{} calls of {} operations checked; not described: {:?}",
        asked.calls,
        asked.operations.len(),
        asked.undescribed
    );
    assert!(asked.faults.is_empty(), "{:#?}", asked.faults);
    assert_eq!(asked.undescribed.len(), 2);
    assert!(asked.operations.len() >= 25, "{:#?}", asked.operations);
}

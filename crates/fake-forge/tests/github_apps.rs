//! Signing in at the fake GitHub, and Apps from manifest to check run.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod common;

use common::{Call, Sink, form, sign, start};
use reqwest::Client;
use reqwest::redirect::Policy;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
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

#[tokio::test(flavor = "multi_thread")]
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

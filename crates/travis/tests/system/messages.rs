//! Messages of hooks that are not what they say they are (security cases 1, 2, 3 and 32), and those
//! that are asked for again.

use crate::support::{Answer, Hosted, Person, SOON, send, until};
use aws_lc_rs::hmac;
use reqwest::Method;
use serde_json::{Value, json};

const SLUG: &str = "ada/rocket";

struct Scene {
    hosted: Hosted,
    ada: Person,
    path: String,
    secret: String,
    /// A message as the forge sent it.
    body: Vec<u8>,
}

impl Scene {
    async fn begin() -> Self {
        let hosted = Hosted::github().await;
        let ada = hosted.person("ada").await;
        hosted.quick(&ada, SLUG, "script: 'true'\n").await;
        let sha = hosted.push(SLUG, "main", "First", "ada").await;
        let build = ada.build_of(SLUG, &sha).await;
        ada.api.finished(build).await;
        hosted.told(SLUG, &sha, "success").await;
        hosted.control.quiet().await.unwrap();
        let state = hosted.control.state().await.unwrap();
        let hook = state["hooks"][0].clone();
        let path = hook["url"]
            .as_str()
            .unwrap()
            .strip_prefix(&hosted.server.url)
            .unwrap();
        let sent = state["deliveries"]
            .as_array()
            .unwrap()
            .iter()
            .rfind(|one| one["event"] == "push");
        let body = sent.unwrap()["body"].as_str().unwrap().as_bytes().to_vec();
        Self {
            path: path.to_owned(),
            secret: hook["secret"].as_str().unwrap().to_owned(),
            hosted,
            ada,
            body,
        }
    }

    fn sign(&self, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        format!("sha256={}", hex::encode(hmac::sign(&key, body).as_ref()))
    }

    async fn send(&self, path: &str, body: &[u8], headers: &[(&str, &str)]) -> Answer {
        let mut call = self
            .hosted
            .server
            .anonymous()
            .call(Method::POST, path)
            .body(body.to_vec());
        call = call.header("content-type", "application/json");
        for (name, value) in headers {
            call = call.header(*name, *value);
        }
        send(call).await
    }

    /// Everything that a message could have changed.
    async fn rows(&self) -> Value {
        let mut rows = json!({});
        for what in [
            "builds",
            "requests",
            "deliveries",
            "branches",
            "pull_requests",
        ] {
            let count = |rows: Vec<Value>| {
                rows.iter()
                    .map(|row| {
                        json!([
                            row["id"],
                            row["number"],
                            row["name"],
                            row["state"],
                            row["tries"]
                        ])
                    })
                    .collect::<Vec<_>>()
            };
            rows[what] = json!(count(self.ada.list(SLUG, what).await));
        }
        rows["repository"] = self.ada.api.repo(SLUG).await;
        rows
    }
}

#[tokio::test]
async fn case_1_2_what_is_not_signed_changes_no_row() {
    let scene = Scene::begin().await;
    let before = scene.rows().await;
    let good = scene.sign(&scene.body);
    let mut altered = scene.body.clone();
    altered[20] ^= 1;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, scene.secret.as_bytes());
    let sha1 = format!(
        "sha1={}",
        hex::encode(hmac::sign(&key, &scene.body).as_ref())
    );
    let push = ("x-github-event", "push");
    let guid = ("x-github-delivery", "00000000-0000-0000-0000-000000000001");
    for (body, signature) in [
        (&scene.body, None),
        (&altered, Some(("x-hub-signature-256", good.as_str()))),
        (&scene.body, Some(("x-hub-signature", sha1.as_str()))),
        (&scene.body, Some(("x-hub-signature-256", sha1.as_str()))),
        (
            &scene.body,
            Some(("x-hub-signature-256", &good[..good.len() - 2])),
        ),
        (&scene.body, Some(("x-hub-signature-256", ""))),
        (&scene.body, Some(("x-gitlab-token", scene.secret.as_str()))),
    ] {
        let mut headers = vec![push, guid];
        headers.extend(signature);
        let answer = scene.send(&scene.path, body, &headers).await;
        assert_eq!(answer.status, 401, "{signature:?}: {answer:?}");
    }
    let signed = [push, guid, ("x-hub-signature-256", good.as_str())];
    for path in ["/ping/987654", "/hooks/987654"] {
        let answer = scene.send(path, &scene.body, &signed).await;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
    }
    // A forge without an App has no hook of an App's.
    let app = format!("/hooks/{}", scene.hosted.id);
    let answer = scene.send(&app, &scene.body, &signed).await;
    assert!([401, 404].contains(&answer.status), "{answer:?}");
    assert_eq!(scene.rows().await, before);
}

#[tokio::test]
async fn case_3_a_message_that_comes_again_makes_no_second_build() {
    let scene = Scene::begin().await;
    let before = scene.rows().await;
    let state = scene.hosted.control.state().await.unwrap();
    let sent = state["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .rfind(|one| one["event"] == "push");
    let (id, guid) = (
        sent.unwrap()["id"].as_u64().unwrap(),
        sent.unwrap()["guid"].as_str().unwrap(),
    );
    // The forge's own "redeliver", and somebody who overheard the message.
    scene.hosted.control.deliver(id).await.unwrap();
    scene.hosted.control.quiet().await.unwrap();
    let signature = scene.sign(&scene.body);
    let headers = [
        ("x-github-event", "push"),
        ("x-github-delivery", guid),
        ("x-hub-signature-256", signature.as_str()),
    ];
    for _ in 0..3 {
        scene
            .send(&scene.path, &scene.body, &headers)
            .await
            .expect(202);
    }
    assert_eq!(scene.rows().await, before);

    // A maintainer asks for the delivery again: it is looked at again, and builds nothing twice.
    let deliveries = scene.ada.list(SLUG, "deliveries").await;
    let push = deliveries
        .iter()
        .find(|one| one["event"] == "push")
        .unwrap();
    let act = format!("delivery/{}/redeliver", push["id"]);
    scene.ada.act(SLUG, &act, &json!({})).await.expect(202);
    let again = until("the delivery looked at again", SOON, || async {
        let all = scene.ada.list(SLUG, "deliveries").await;
        all.into_iter().find(|one| {
            one["id"] == push["id"] && one["state"] == "done" && one["done_at"] != push["done_at"]
        })
    })
    .await;
    assert!(again["outcome"].is_string(), "{again}");
    assert_eq!(scene.ada.list(SLUG, "builds").await.len(), 1);
    let path = format!("/v3/repo/ada%2Frocket/delivery/{}", push["id"]);
    let whole = scene.ada.api.get(&path).await.expect(200);
    assert_eq!(whole["payload"]["ref"], "refs/heads/main", "{whole}");
    assert!(!whole.to_string().contains(&scene.secret));
}

#[tokio::test]
async fn messages_of_other_kinds_are_kept_and_say_what_came_of_them() {
    let scene = Scene::begin().await;
    let builds = scene.ada.list(SLUG, "builds").await.len();
    for (event, body) in [
        (
            "star",
            json!({"action": "created", "repository": {"id": 1, "full_name": SLUG}}),
        ),
        ("push", json!({"ref": "refs/heads/x"})),
        ("push", json!([1, 2])),
        (
            "pull_request",
            json!({"action": "opened", "number": "seven"}),
        ),
    ] {
        let body = body.to_string().into_bytes();
        let signature = scene.sign(&body);
        let headers = [
            ("x-github-event", event),
            ("x-hub-signature-256", signature.as_str()),
        ];
        scene.send(&scene.path, &body, &headers).await.expect(202);
    }
    // A message about another repository than the hook's is nothing to it.
    let other = scene
        .hosted
        .control
        .repo("ada/other", &[("README", "other")])
        .await
        .unwrap();
    let text = String::from_utf8(scene.body.clone())
        .unwrap()
        .replace("ada/rocket", "ada/other");
    let mut body: Value = serde_json::from_str(&text).unwrap();
    body["repository"]["id"] = json!(424_242);
    body["after"] = json!(other);
    let body = body.to_string().into_bytes();
    let signature = scene.sign(&body);
    let headers = [
        ("x-github-event", "push"),
        ("x-hub-signature-256", signature.as_str()),
    ];
    scene.send(&scene.path, &body, &headers).await.expect(202);
    until("all of them looked at", SOON, || async {
        let all = scene.ada.list(SLUG, "deliveries").await;
        let settled = all
            .iter()
            .all(|one| one["state"] != "pending" && one["outcome"].is_string());
        (settled && all.len() >= 7).then_some(())
    })
    .await;
    assert_eq!(scene.ada.list(SLUG, "builds").await.len(), builds);
}

#[tokio::test]
async fn case_32_messages_that_are_too_long_are_refused() {
    let scene = Scene::begin().await;
    let before = scene.rows().await;
    let body = vec![b' '; (25 << 20) + 1];
    let signature = scene.sign(&body);
    let call = scene
        .hosted
        .server
        .anonymous()
        .call(Method::POST, &scene.path);
    let call = call
        .header("x-hub-signature-256", signature)
        .header("x-github-event", "push");
    match call.body(body).send().await {
        Ok(answer) => assert_eq!(answer.status(), 413),
        // The answer may be lost when the server stops reading; the message is refused all the same.
        Err(error) => assert!(error.is_request() || error.is_body(), "{error}"),
    }
    assert_eq!(scene.rows().await, before);
}

//! Which versions of workers are let in, and what the others are told.

use crate::support::{Api, FakeWorker, Setup, facts, send};
use reqwest::Method;
use serde_json::{Value, json};

/// A token as the page makes it.
async fn enrolment(api: &Api, body: &Value) -> Value {
    api.post("/v3/workers/enrolment_token", body)
        .await
        .expect(201)
}

/// What the release before this one sent, letter by letter, is understood; a later protocol is
/// told what this server speaks.
#[tokio::test]
async fn workers_of_the_release_before_are_understood() {
    let server = Setup::server().start().await;
    let worker = FakeWorker::enrol(&server, "old").await;
    let poll: Value = serde_json::from_str(
        r#"{"slots":1,"running":[],"refused":[],"load":0.42,"draining":false,"hold_ms":0}"#,
    )
    .unwrap();
    for (spoken, status) in [(None, 200), (Some("1"), 200), (Some("2"), 400)] {
        let mut call = worker
            .call(Method::POST, "poll", worker.session())
            .json(&poll);
        if let Some(spoken) = spoken {
            call = call.header("Travis-Worker-Protocol", spoken);
        }
        let answer = send(call).await;
        assert_eq!(answer.status, status, "{spoken:?}: {}", answer.body);
        if status == 400 {
            assert_eq!(answer.body["error_type"], "unknown_protocol");
            let text = answer.body["error_message"].as_str().unwrap();
            assert!(
                text.contains("protocol 2") && text.contains("protocol 1"),
                "{text}"
            );
        }
    }
    let shown = server.api.get(&format!("/v3/worker/{}", worker.id)).await;
    let shown = shown.expect(200);
    assert_eq!(shown["state"], "online");
    assert!(shown["presence"].is_null() && shown["lent"].is_null());
}

#[tokio::test]
async fn workers_that_are_too_old_are_told_what_to_do() {
    let setup = Setup::server().toml("[workers]\nminimum_version = \"99.1\"\n");
    let server = setup.start().await;
    let token = enrolment(&server.api, &json!({})).await;
    let stranger = FakeWorker::unsigned(&server);
    let body = json!({
        "token": token["token"], "name": "old", "facts": facts(), "slots": 1,
        "public_key": stranger.public_key(),
    });
    let nobody = server.anonymous();
    let enrolled = nobody.post("/worker/v1/enrol", &body).await.expect(200);
    let id = enrolled["worker_id"].as_i64().unwrap();
    let asked = nobody
        .post("/worker/v1/challenge", &json!({"worker_id": id}))
        .await;
    let challenge = asked.expect(200)["challenge"].as_str().unwrap().to_owned();
    let body = json!({
        "worker_id": id, "challenge": challenge, "slots": 1, "facts": facts(),
        "signature": stranger.sign(&format!("travis-worker-session:{challenge}")),
    });
    let refused = nobody.post("/worker/v1/session", &body).await;
    assert_eq!(refused.status, 426);
    assert_eq!(refused.body["error_type"], "worker_too_old");
    let text = refused.body["error_message"].as_str().unwrap();
    assert!(text.contains("99.1") && text.contains("renew"), "{text}");
    let fleet = nobody.get("/v3/fleet").await.expect(200);
    assert_eq!(fleet["minimum_version"], "99.1");
    let shown = nobody.get(&format!("/v3/worker/{id}")).await.expect(200);
    assert_eq!(shown["too_old"], true);
}

/// The operator wants 1.4: what is older is let in no more and told what to do, a release older or
/// newer than the server itself works.
#[tokio::test]
async fn the_minimum_version_parts_workers() {
    let setup = Setup::server().toml("[workers]\nminimum_version = \"1.4\"\n");
    let server = setup.start().await;
    server.quick("acme/rocket", "script: 'true'\n").await;
    let token = enrolment(&server.api, &json!({})).await;
    let mut worker = FakeWorker::unsigned(&server);
    let body = json!({
        "token": token["token"], "name": "attic", "facts": facts(), "slots": 1,
        "public_key": worker.public_key(),
    });
    let enrolled = server.anonymous().post("/worker/v1/enrol", &body).await;
    worker.id = enrolled.expect(200)["worker_id"].as_i64().unwrap();
    let of = |version: &str| {
        let mut facts = facts();
        facts["version"] = json!(version);
        facts
    };
    for (version, is_new_enough) in [
        ("1.3.9", false),
        ("1.4.0", true),
        ("1.5.2", true),
        // Put back.
        ("1.3.9", false),
        ("2.0.0", true),
    ] {
        let answer = worker.try_sign_in(of(version), 1).await;
        let shown = server.api.get(&format!("/v3/worker/{}", worker.id)).await;
        assert_eq!(shown.expect(200)["too_old"], !is_new_enough, "{version}");
        if !is_new_enough {
            assert_eq!(answer.status, 426, "{version}: {}", answer.body);
            let text = answer.body["error_message"].as_str().unwrap();
            for word in ["1.3.9", "1.4", "renew"] {
                assert!(text.contains(word), "{word}: {text}");
            }
            continue;
        }
        assert_eq!(answer.status, 200, "{version}: {}", answer.body);
        server.api.trigger("acme/rocket").await;
        let held = worker.take().await;
        worker.running(&held).await.expect(204);
        worker.finish(&held, "passed", b"").await.expect(200);
        server.api.job_in(held.job, "passed").await;
    }
}

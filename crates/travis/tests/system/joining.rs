//! How a machine joins, as the joining page has it: what is lent changes before it comes, and its
//! first known-answer jobs are watched.

use crate::support::{Answer, Api, FakeWorker, Held, Hosted, Live, Setup, facts, send};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use reqwest::Method;
use serde_json::{Value, json};
use travis_fake_forge::Kind;

async fn patch(api: &Api, path: &str, body: &Value) -> Answer {
    send(api.call(Method::PATCH, path).json(body)).await
}

#[tokio::test]
async fn a_known_jobs_log_is_live_for_those_who_command_its_worker() {
    let hosted = Hosted::github().await;
    let server = &hosted.server;
    let kestrel = hosted.person("kestrel").await;
    let marrow = hosted.person("marrow").await;
    let mut worker = FakeWorker::of(server, &kestrel.api, "attic").await;
    let mut machine = facts();
    machine["executor"] = json!("namespace");
    machine["executors"] = json!(["namespace"]);
    worker.sign_in_with(machine, 1).await;
    let page = |person: &crate::support::Person| {
        let cookies = person.browser.cookies();
        let url = server.url.clone();
        async move {
            let headers = [("cookie", cookies), ("origin", url.clone())];
            Live::open(&url, &headers).await.unwrap()
        }
    };
    let mut own = page(&kestrel).await;
    let topic = format!("worker:{}", worker.id);
    assert_eq!(own.subscribe(&topic).await["type"], "subscribed");

    let given = worker.poll_all(&[], 10_000).await.expect(200)["assignments"][0].clone();
    // Nothing that the worker is sent names what the job is for but the number and its slug, as
    // with every job.
    let held = Held {
        attempt: given["attempt"].as_i64().unwrap(),
        job: given["job_id"].as_i64().unwrap(),
        token: given["token"].as_str().unwrap().to_owned(),
    };
    own.hear(|message| message["topic"] == topic.as_str()).await;
    let list = format!("/v3/worker/{}/known_answers", worker.id);
    let answers = kestrel.api.get(&list).await.expect(200);
    assert_eq!(answers["wanted"], 3);
    let row = &answers["known_answers"][0];
    assert_eq!(
        (&row["state"], &row["attempt"]),
        (&json!("leased"), &json!(held.attempt))
    );
    worker.running(&held).await.expect(204);
    own.hear(|message| message["topic"] == topic.as_str()).await;
    let answers = kestrel.api.get(&list).await.expect(200);
    assert_eq!(answers["known_answers"][0]["state"], "running");

    // Its lines come as they are printed, to its owner and to the operator alone.
    let log = format!("log:{}@0", held.attempt);
    assert_eq!(own.subscribe(&log).await["type"], "subscribed");
    let mut others = page(&marrow).await;
    assert_eq!(others.subscribe(&log).await["type"], "refused");
    let mut nobody = Live::open(&server.url, &[]).await.unwrap();
    assert_eq!(nobody.subscribe(&log).await["type"], "refused");
    let token = format!("token {}", server.token());
    let mut operator = Live::open(&server.url, &[("authorization", token)])
        .await
        .unwrap();
    assert_eq!(operator.subscribe(&log).await["type"], "subscribed");
    worker
        .log(&held, 0, b"$ sha256sum seed\n")
        .await
        .expect(200);
    for page in [&mut own, &mut operator] {
        let piece = page.hear(|message| message["type"] == "log").await;
        assert_eq!(piece["text"], "$ sha256sum seed\n");
    }
    let parts = format!("/v3/worker/{}/known_answer/{}/log", worker.id, row["id"]);
    for part in ["", "/index", "/lines"] {
        let path = format!("{parts}{part}");
        assert_eq!(kestrel.api.get(&path).await.status, 200, "{path}");
        for api in [&marrow.api, &server.anonymous()] {
            assert_eq!(api.get(&path).await.status, 404, "{path}");
        }
    }
    let lines = kestrel.api.get(&format!("{parts}/lines")).await.expect(200);
    assert_eq!(
        (&lines["total"], &lines["complete"]),
        (&json!(1), &json!(false))
    );

    // Its end is seen at once, and why the answer was wrong.
    let end = b"$ sha256sum seed\n";
    worker.finish(&held, "passed", end).await.expect(200);
    own.hear(|message| message["type"] == "log_end").await;
    let answers = kestrel.api.get(&list).await.expect(200);
    let row = &answers["known_answers"][0];
    assert_eq!(
        (&row["state"], &row["passed"]),
        (&json!("finished"), &json!(false))
    );
    assert!(answers["problem"].is_string(), "{answers}");
}

#[tokio::test]
async fn what_is_lent_changes_before_the_machine_comes_and_its_token_stays() {
    let hosted = Hosted::github().await;
    let server = &hosted.server;
    let kestrel = hosted.person("kestrel").await;
    let marrow = hosted.person("marrow").await;
    let nobody = server.anonymous();
    let wish = json!({"lending": {"cores_percent": 50}});
    let new = async |wish: &Value| {
        let path = "/v3/workers/enrolment_token";
        kestrel.api.post(path, wish).await.expect(201)
    };
    let token = new(&wish).await;
    let path = format!("/v3/enrolment/{}", token["id"]);
    let change = json!({"lending": {"cores_percent": 25}, "name": "attic", "way": "image"});
    assert_eq!(patch(&marrow.api, &path, &change).await.status, 404);
    assert_eq!(patch(&server.api, &path, &change).await.status, 404);
    assert_eq!(patch(&nobody, &path, &change).await.status, 403);
    for odd in [
        json!({"lending": {"cores_percent": 400}}),
        json!({"way": "pigeon"}),
        json!({"name": "../x"}),
        json!({"token": "mine"}),
    ] {
        assert_eq!(patch(&kestrel.api, &path, &odd).await.status, 400, "{odd}");
    }
    let kept = kestrel.api.get(&path).await.expect(200);
    assert_eq!(kept["lending"]["cores_percent"], 50);
    assert_eq!(kept["way"], "command");
    let changed = patch(&kestrel.api, &path, &change).await.expect(200);
    assert_eq!(changed["lending"]["cores_percent"], 25);
    assert_eq!(
        (&changed["way"], &changed["name"]),
        (&json!("image"), &json!("attic"))
    );
    // Parts that are left out stay.
    let changed = patch(&kestrel.api, &path, &json!({"name": ""}))
        .await
        .expect(200);
    assert_eq!(changed["lending"]["cores_percent"], 25);
    assert!(changed["name"].is_null());

    // The line that was shown first lets the machine in, with what was said last.
    let body = json!({
        "token": token["token"], "name": "shed", "facts": facts(), "slots": 1,
        "public_key": BASE64_STANDARD.encode([7; 32]),
    });
    let enrolled = nobody.post("/worker/v1/enrol", &body).await.expect(200);
    assert_eq!(
        (&enrolled["name"], &enrolled["lending"]["cores_percent"]),
        (&json!("shed"), &json!(25))
    );
    let late = patch(&kestrel.api, &path, &change).await;
    assert_eq!(
        (late.status, &late.body["error_type"]),
        (409, &json!("enrolment_used"))
    );
    assert!(
        late.body["error_message"]
            .as_str()
            .unwrap()
            .contains("change its worker")
    );

    let token = new(&wish).await;
    let path = format!("/v3/enrolment/{}", token["id"]);
    assert_eq!(kestrel.api.delete(&path).await.status, 204);
    let late = patch(&kestrel.api, &path, &change).await;
    assert_eq!(
        (late.status, &late.body["error_type"]),
        (409, &json!("enrolment_revoked"))
    );
}

#[tokio::test]
async fn a_name_that_is_taken_leaves_what_is_lent_as_it_was() {
    let hosted = Hosted::github().await;
    let kestrel = hosted.person("kestrel").await;
    let worker = FakeWorker::of(&hosted.server, &kestrel.api, "attic").await;
    FakeWorker::of(&hosted.server, &kestrel.api, "cellar").await;
    let path = format!("/v3/worker/{}", worker.id);
    let change = json!({"lending": {"slots": 1}});
    patch(&kestrel.api, &path, &change).await.expect(200);
    let change = json!({"name": "cellar", "lending": {"slots": 2}});
    let refused = patch(&kestrel.api, &path, &change).await;
    assert_eq!(
        (refused.status, &refused.body["error_type"]),
        (409, &json!("name_taken"))
    );
    let now = kestrel.api.get(&path).await.expect(200);
    assert_eq!(
        (&now["name"], &now["wanted_lending"]["slots"]),
        (&json!("attic"), &json!(1))
    );
    let change = json!({"name": "loft", "lending": {"slots": 2}});
    let now = patch(&kestrel.api, &path, &change).await.expect(200);
    assert_eq!(
        (&now["name"], &now["wanted_lending"]["slots"]),
        (&json!("loft"), &json!(2))
    );
}

/// Whether something is said, for every field of an assignment, however deep.
fn presence(of: &Value, place: &str, all: &mut Vec<(String, bool)>) {
    let there = match of {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => true,
    };
    all.push((place.to_owned(), there));
    if let Value::Object(fields) = of {
        for (name, value) in fields {
            presence(value, &format!("{place}.{name}"), all);
        }
    }
}

#[tokio::test]
async fn a_known_answer_job_has_every_field_that_an_ordinary_job_has() {
    let hosted = Hosted::start(Kind::Github, Setup::server()).await;
    let server = &hosted.server;
    server.quick("acme/rocket", "script: 'true'\n").await;
    server.api.trigger("acme/rocket").await;
    let kestrel = hosted.person("kestrel").await;
    let stranger = FakeWorker::of(server, &kestrel.api, "attic").await;
    let own = FakeWorker::enrol(server, "own").await;
    let ordinary = own.poll(&[], 10_000).await.expect(200)["assignments"][0].clone();
    let held = Held {
        attempt: ordinary["attempt"].as_i64().unwrap(),
        job: ordinary["job_id"].as_i64().unwrap(),
        token: ordinary["token"].as_str().unwrap().to_owned(),
    };
    own.running(&held).await.expect(204);
    own.finish(&held, "passed", b"").await.expect(200);
    // One of the operator's, and one of somebody else's, that only isolated executors may run.
    let known = own.poll_all(&[], 10_000).await.expect(200)["assignments"].clone();
    assert!(known[0]["attempt"].as_i64() > Some(1 << 52), "{known}");
    let strangers = stranger.poll_all(&[], 10_000).await.expect(200)["assignments"][0].clone();
    let mut wanted = Vec::new();
    presence(&ordinary, "", &mut wanted);
    assert!(wanted.len() > 20, "{ordinary}");
    for known in known.as_array().unwrap().iter().chain([&strangers]) {
        let mut said = Vec::new();
        presence(known, "", &mut said);
        // A stranger's ordinary job names the weakest executor, too.
        let bar = |all: &[(String, bool)]| -> Vec<(String, bool)> {
            let by_tier = |(place, _): &&(String, bool)| place != ".min_executor";
            all.iter().filter(by_tier).cloned().collect()
        };
        assert_eq!(bar(&said), bar(&wanted), "{known}\n{ordinary}");
        for same in [
            "repository",
            "limits",
            "results",
            "network",
            "lease_ms",
            "image",
            "services",
            "cache",
        ] {
            assert_eq!(known[same], ordinary[same], "{same}");
        }
    }
    assert_eq!(strangers["min_executor"], "namespace");
    assert!(
        !strangers["script"]
            .as_str()
            .unwrap()
            .contains("known-answer")
    );
}

//! What is stated of a finished job: an in-toto statement that everybody can check.

use crate::support::{FakeWorker, Repo, Setup, sha256};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

const YAML: &str = "script: 'true'
";
const HIDDEN: &str = "language: generic
git: {clone: false}
script: 'true'
";
const SLUG: &str = "ada/rocket";

fn bytes(value: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap()
}

fn verifies(key: &Value, text: &[u8], signature: &Value) -> bool {
    UnparsedPublicKey::new(&ED25519, bytes(key))
        .verify(text, &bytes(signature))
        .is_ok()
}

/// Numbers, times and keys that differ from run to run are named by what they are.
fn normal(value: &Value, known: &[(&str, &str)]) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| {
                let value = match (name.as_str(), value) {
                    (_, Value::Null) => Value::Null,
                    ("startedOn" | "finishedOn", _) => json!("TIME"),
                    ("signature", _) => json!("SIGNATURE"),
                    ("attempt", _) => json!("ATTEMPT"),
                    _ => normal(value, known),
                };
                (name.clone(), value)
            })
            .collect(),
        Value::Array(all) => all.iter().map(|value| normal(value, known)).collect(),
        Value::String(text) => {
            let mut text = text.clone();
            for (from, to) in known {
                text = text.replace(from, to);
            }
            json!(text)
        }
        other => other.clone(),
    }
}

#[tokio::test]
async fn a_finished_job_is_stated_and_everybody_can_check_it() {
    let server = Setup::server().start().await;
    let api = &server.api;
    let repo = server.quick(SLUG, YAML).await;
    let sha = repo.git(&["rev-parse", "HEAD"]).trim().to_owned();
    // The installation's own machine: its word counts at once.
    let worker = FakeWorker::enrol(&server, "attic").await;
    api.trigger(SLUG).await;
    let held = worker.take().await;
    let path = format!("/v3/job/{}/statement", held.job);
    let early = api.get(&path).await;
    assert_eq!(
        (early.status, &early.body["error_type"]),
        (409, &json!("no_statement"))
    );
    worker.running(&held).await.expect(204);
    worker.log(&held, 0, b"ok\n").await.expect(200);
    worker.finish(&held, "passed", b"ok\n").await.expect(200);
    api.job_in(held.job, "passed").await;

    let nobody = server.anonymous();
    let envelope = nobody.get(&path).await.expect(200);
    let key = nobody.get("/v3/statement_key").await.expect(200);
    let payload = bytes(&envelope["payload"]);
    let kind = envelope["payloadType"].as_str().unwrap();
    assert_eq!(kind, "application/vnd.in-toto+json");
    // Spelled out, so that what is signed can't change unseen.
    let mut signed = format!("DSSEv1 28 {kind} {} ", payload.len()).into_bytes();
    signed.extend(&payload);
    let by_server = &envelope["signatures"][0];
    assert!(verifies(&key["public_key"], &signed, &by_server["sig"]));
    assert_eq!(by_server["keyid"], key["keyid"]);
    assert_eq!(key["keyid"], sha256(&bytes(&key["public_key"])));

    // The worker's signature is over its own words alone, and these are about this log.
    let statement: Value = serde_json::from_slice(&payload).unwrap();
    let result = &statement["predicate"]["runDetails"]["travis_results"][0];
    let said = result["signed"].as_str().unwrap();
    assert_eq!(
        said,
        format!(
            "travis-worker-result:{}:{}:passed:0:3:{}",
            held.attempt,
            held.job,
            sha256(b"ok\n")
        )
    );
    assert_eq!(result["worker"]["publicKey"], worker.public_key());
    assert!(verifies(
        &result["worker"]["publicKey"],
        said.as_bytes(),
        &result["signature"]
    ));
    assert!(!verifies(
        &result["worker"]["publicKey"],
        &signed,
        &result["signature"]
    ));
    let key_of_worker = result["worker"]["keyid"].as_str().unwrap();
    let (attempt, job) = (held.attempt.to_string(), held.job.to_string());
    let (id, url) = (format!("/workers/{}", worker.id), server.url.clone());
    let numbers = format!(":{attempt}:{job}:");
    let fragment = format!("/v3/job/{job}#{attempt}");
    let log = format!("/v3/job/{job}/log.txt?attempt={attempt}");
    let shown = normal(
        &statement,
        &[
            (&url, "SERVER"),
            (repo.path(), "/REPOSITORY"),
            (&sha, "COMMIT"),
            (&id, "/workers/WORKER"),
            (key_of_worker, "KEYID"),
            (&worker.public_key(), "KEY"),
            (&numbers, ":ATTEMPT:JOB:"),
            (&fragment, "/v3/job/JOB#ATTEMPT"),
            (&log, "/v3/job/JOB/log.txt?attempt=ATTEMPT"),
        ],
    );
    insta::assert_snapshot!(serde_json::to_string_pretty(&shown).unwrap());

    // The command says the same, and does not believe another key.
    let output = server.run_cli(&["verify", SLUG, "1.1"]).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    assert_eq!(text.matches('✓').count(), 3, "{text}");
    assert!(text.contains("passed, says attic, lent by admin"), "{text}");
    let other = ["verify", SLUG, "1.1", "--key", &worker.public_key()];
    let output = server.run_cli(&other).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with('✗'));

    // A repository that one may not see has no statements.
    let secret = Repo::new(
        &server.dir("repos").join("secret"),
        &[(".travis.yml", HIDDEN)],
    );
    server
        .enable("ada/secret", &secret, json!({"private": true}))
        .await;
    api.trigger("ada/secret").await;
    let held = worker.take().await;
    worker.running(&held).await.expect(204);
    worker.finish(&held, "passed", b"").await.expect(200);
    api.job_in(held.job, "passed").await;
    let path = format!("/v3/job/{}/statement", held.job);
    assert_eq!(api.get(&path).await.status, 200);
    assert_eq!(nobody.get(&path).await.status, 404);
}

use super::*;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use travis_api::dsse::{EnvelopeSignature, PROVENANCE};

const LOG: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

struct Scene {
    server: Ed25519KeyPair,
    worker: Ed25519KeyPair,
    outcome: &'static str,
    log: &'static str,
}

fn public(key: &Ed25519KeyPair) -> String {
    BASE64_STANDARD.encode(key.public_key().as_ref())
}

impl Scene {
    fn new() -> Self {
        Self {
            server: Ed25519KeyPair::generate().unwrap(),
            worker: Ed25519KeyPair::generate().unwrap(),
            outcome: "passed",
            log: LOG,
        }
    }

    fn envelope(&self, change: impl FnOnce(&mut Value)) -> Envelope {
        let said = result_statement(7, 3, self.outcome, Some(0), 4, self.log);
        let mut statement = json!({
            "_type": STATEMENT,
            "subject": [
                {"name": "log", "digest": {"sha256": LOG}},
                {"name": "git", "digest": {"gitCommit": "0".repeat(40)}},
            ],
            "predicateType": PROVENANCE,
            "predicate": {"runDetails": {
                "travis_outcome": {"state": "passed"},
                "travis_results": [{
                    "attempt": 7, "counts": true, "outcome": "passed", "exitCode": 0,
                    "worker": {"name": "attic", "owner": "ada", "publicKey": public(&self.worker)},
                    "signed": said,
                    "signature": BASE64_STANDARD.encode(self.worker.sign(said.as_bytes())),
                }],
            }},
        });
        change(&mut statement);
        let payload = serde_json::to_vec(&statement).unwrap();
        let signature = self.server.sign(&pre_auth(IN_TOTO, &payload));
        Envelope {
            payload_type: IN_TOTO.to_owned(),
            payload: BASE64_STANDARD.encode(&payload),
            signatures: vec![EnvelopeSignature {
                keyid: "any".to_owned(),
                sig: BASE64_STANDARD.encode(signature),
            }],
        }
    }

    /// What holds of server, log and worker.
    fn holds(&self, envelope: &Envelope, log: &str) -> Vec<Option<bool>> {
        let (_, all) = checks(envelope, &public(&self.server), log);
        all.into_iter().take(3).map(|check| check.holds).collect()
    }
}

const FINE: Option<bool> = Some(true);
const BAD: Option<bool> = Some(false);

#[test]
fn what_is_whole_holds() {
    let scene = Scene::new();
    let envelope = scene.envelope(|_| {});
    assert_eq!(scene.holds(&envelope, LOG), [FINE, FINE, FINE]);
    assert_eq!(scene.holds(&envelope, "another"), [FINE, BAD, FINE]);
}

#[test]
fn what_was_changed_on_the_way_does_not() {
    let scene = Scene::new();
    let mut envelope = scene.envelope(|_| {});
    let other = Scene::new();
    assert_eq!(other.holds(&envelope, LOG), [BAD, FINE, FINE]);
    let payload = BASE64_STANDARD.decode(&envelope.payload).unwrap();
    let text = String::from_utf8(payload).unwrap();
    envelope.payload = BASE64_STANDARD.encode(text.replacen("passed", "failed", 1));
    assert_eq!(scene.holds(&envelope, LOG)[0], BAD);
    envelope.payload = "no base64!".to_owned();
    assert_eq!(scene.holds(&envelope, LOG), [BAD, BAD]);
}

#[test]
fn a_worker_is_not_said_to_have_signed_what_it_did_not() {
    let result = "/predicate/runDetails/travis_results/0";
    let with = |scene: &Scene, field: &str, value: Value| {
        let envelope = scene.envelope(|statement| {
            statement.pointer_mut(result).unwrap()[field] = value;
        });
        scene.holds(&envelope, LOG)[2]
    };
    let scene = Scene::new();
    // The server says one thing, and shows the signature of another.
    assert_eq!(with(&scene, "outcome", json!("failed")), BAD);
    assert_eq!(with(&scene, "attempt", json!(8)), BAD);
    assert_eq!(with(&scene, "exitCode", json!(1)), BAD);
    assert_eq!(with(&scene, "signature", json!("AAAA")), BAD);
    assert_eq!(with(&scene, "signed", json!("travis-worker-result")), BAD);
    // None is shown: there is nothing to check, and it is said so.
    assert_eq!(with(&scene, "signature", Value::Null), None);
    let scene = Scene {
        log: "another",
        ..Scene::new()
    };
    assert_eq!(with(&scene, "exitCode", json!(0)), BAD);
    let scene = Scene {
        outcome: "failed",
        ..Scene::new()
    };
    assert_eq!(with(&scene, "exitCode", json!(0)), BAD);
}

//! What has gone wrong in other CI systems (the numbers are those of the security cases).

use crate::support::{FakeWorker, Held, Server, Setup};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

/// Two workers with a job each.
async fn two_holders(server: &Server) -> [(FakeWorker, Held); 2] {
    server
        .quick("acme/pair", "env: [A=1, A=2]\nscript: 'true'\n")
        .await;
    let (a, b) = (
        FakeWorker::enrol(server, "a").await,
        FakeWorker::enrol(server, "b").await,
    );
    server.api.trigger("acme/pair").await;
    let (mine, other) = (a.take().await, b.take().await);
    assert_ne!(mine.attempt, other.attempt);
    [(a, mine), (b, other)]
}

#[tokio::test]
async fn case_9_a_worker_can_do_nothing_to_anothers_attempt() {
    let server = Setup::server().start().await;
    let [(a, mine), (b, other)] = two_holders(&server).await;
    let before = server.api.job(other.job).await;

    // A's token at B's attempt, with A's signature; and no or made-up tokens.
    for token in [mine.token.as_str(), "", "attempt_0000", &server.token()] {
        let spoofed = Held {
            token: token.to_owned(),
            ..other.clone()
        };
        for answer in [
            a.running(&spoofed).await,
            a.log(&spoofed, 0, b"mine now").await,
            a.finish(&spoofed, "passed", b"").await,
        ] {
            assert!(matches!(answer.status, 401 | 403), "{answer:?}");
        }
    }
    // B's own token with A's signature: the token was stolen, the key was not.
    assert_eq!(a.finish(&other, "passed", b"").await.status, 401);
    // A can neither renew nor give back what is B's.
    let answer = a.poll(&[mine.attempt, other.attempt], 0).await.expect(200);
    assert_eq!(answer["lost"], json!([other.attempt]));
    let give_back = json!({
        "slots": 0, "running": [mine.attempt], "hold_ms": 0,
        "refused": [{"attempt": other.attempt, "reason": "spoofed"}],
    });
    let session = a.session().to_owned();
    a.post("poll", &session, &give_back).await.expect(200);
    assert_eq!(server.api.job(other.job).await, before);
    // Sessions and attempt tokens do not stand in for each other, nor open the API of people.
    assert_eq!(a.post("poll", &mine.token, &give_back).await.status, 401);
    let swapped = Held {
        token: session.clone(),
        ..mine.clone()
    };
    assert_eq!(a.running(&swapped).await.status, 401);
    for token in [&session, &mine.token] {
        let spoofed = crate::support::Api::new(&server.url, Some(token));
        assert_eq!(spoofed.get("/v3/user").await.status, 401);
    }
    // The rightful one is not hindered.
    assert_eq!(b.running(&other).await.status, 204);
    assert_eq!(
        b.finish(&other, "passed", b"").await.expect(200)["sealed"],
        true
    );
}

#[tokio::test]
async fn case_9_nobody_enrols_or_signs_in_as_somebody_else() {
    let server = Setup::server().start().await;
    let worker = FakeWorker::enrol(&server, "real").await;
    let other = FakeWorker::enrol(&server, "other").await;
    let challenge = worker
        .post("challenge", "", &json!({"worker_id": worker.id}))
        .await;
    let challenge = challenge.body["challenge"].as_str().unwrap().to_owned();
    let mut body = json!({
        "worker_id": worker.id, "challenge": challenge, "slots": 1, "facts": crate::support::facts(),
        "signature": other.sign(&format!("travis-worker-session:{challenge}")),
    });
    assert_eq!(other.post("session", "", &body).await.status, 401);
    // A challenge of one's own for somebody else's number.
    body["worker_id"] = json!(other.id);
    assert_eq!(other.post("session", "", &body).await.status, 401);
    body["challenge"] = json!(format!("{}.99999999999999.forged", other.id));
    assert_eq!(other.post("session", "", &body).await.status, 401);

    let token = server
        .api
        .post("/v3/workers/enrolment_token", &json!({}))
        .await
        .body["token"]
        .clone();
    let enrol = json!({
        "token": token, "name": "real", "slots": 1, "facts": crate::support::facts(),
        "public_key": BASE64_STANDARD.encode([7; 32]),
    });
    let first = other.post("enrol", "", &enrol).await.expect(200);
    assert_ne!(
        first["worker_id"], worker.id,
        "the name of another gives nothing of it"
    );
    assert_eq!(
        other.post("enrol", "", &enrol).await.status,
        401,
        "the token works once"
    );
}

#[tokio::test]
async fn case_10_words_that_do_not_fit_the_state_are_refused() {
    let server = Setup::server().start().await;
    let [(a, mine), _] = two_holders(&server).await;
    let path = |call: &str| format!("attempts/{}/{call}", mine.attempt);
    for state in ["passed", "queued", "", "finished"] {
        let body = json!({"state": state, "executor": "host"});
        assert_eq!(
            a.post(&path("state"), &mine.token, &body).await.status,
            400,
            "{state}"
        );
    }
    assert_eq!(a.running(&mine).await.status, 204);
    assert_eq!(
        a.running(&mine).await.status,
        204,
        "saying it twice is no fault"
    );
    assert_eq!(a.log(&mine, 0, b"first ").await.expect(200)["length"], 6);
    let gap = a.log(&mine, 100, b"far ahead").await;
    assert_eq!((gap.status, &gap.body["held"]), (409, &json!(6)));
    assert_eq!(
        a.log(&mine, 0, b"FIRST second").await.status,
        200,
        "bytes held are held"
    );
    assert_eq!(a.finish(&mine, "triumphant", b"").await.status, 400);
    // The end does not count before the log is whole and agrees.
    let early = a
        .finish(&mine, "passed", b"first second third")
        .await
        .expect(200);
    assert_eq!(early["sealed"], false);
    let other = a.finish(&mine, "passed", b"FIRST second").await.expect(200);
    assert_eq!(other["sealed"], false);
    assert_eq!(server.api.job(mine.job).await["state"], "started");

    let whole = server.api.log(mine.job).await;
    assert_eq!(
        a.finish(&mine, "failed", &whole).await.expect(200)["sealed"],
        true
    );
    let done = server.api.job(mine.job).await;
    for answer in [
        a.log(&mine, whole.len() as u64, b"more").await,
        a.running(&mine).await,
        a.finish(&mine, "passed", &whole).await,
    ] {
        assert_eq!(answer.status, 410, "{answer:?}");
    }
    assert_eq!(server.api.job(mine.job).await, done);
    assert_eq!(done["state"], "failed");
}

#[tokio::test]
async fn case_10_a_log_chunk_is_bounded_packed_or_not() {
    let server = Setup::server().start().await;
    let [(a, mine), _] = two_holders(&server).await;
    assert_eq!(a.running(&mine).await.status, 204);
    let large = vec![b'x'; (4 << 20) + 1];
    let answer = a.try_log(&mine, 0, large, None).await;
    assert!(answer.is_none_or(|status| status == 413), "{answer:?}");
    // A bomb: 100 MB of zeros in a few kilobytes.
    let bomb = zstd::bulk::compress(&vec![0; 100 << 20], 3).unwrap();
    assert_eq!(a.try_log(&mine, 0, bomb, Some("zstd")).await, Some(400));
    assert_eq!(
        a.try_log(&mine, 0, b"no frame".to_vec(), Some("zstd"))
            .await,
        Some(400)
    );
    assert!(server.api.log(mine.job).await.is_empty());
}

#[tokio::test]
async fn case_17_logs_and_names_are_text_whatever_stands_in_them() {
    let server = Setup::up().start().await;
    let evil = "<script>alert(1)</script><img src=x onerror=alert(2)>";
    let yaml = "language: generic\nscript: cat evil.txt\n";
    let osc = "\x1b]8;;javascript:alert(3)\x07click\x1b]8;;\x07 \x1b]0;title\x07";
    let text = format!("{evil}\n{osc}\n</pre><svg onload=alert(4)>\n");
    let repo = server
        .repository("acme/evil", &[(".travis.yml", yaml), ("evil.txt", &text)])
        .await;
    repo.commit(&[("more", "")], evil);
    let build = server.api.run("acme/evil").await;
    assert_eq!(
        build["commit"]["message"], evil,
        "kept as it is, JSON carries it"
    );
    let job = build["jobs"][0]["id"].as_i64().unwrap();

    let raw = server.api.get(&format!("/v3/job/{job}/log.txt")).await;
    assert_eq!(raw.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(raw.header("x-content-type-options"), "nosniff");
    let policy = raw.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("sandbox"),
        "{policy}"
    );
    assert!(
        raw.body.as_str().unwrap().contains(evil),
        "not changed either"
    );
    for path in [
        format!("/v3/job/{job}/log"),
        format!("/v3/job/{job}/log/lines"),
        "/v3/builds".to_owned(),
    ] {
        let answer = server.api.get(&path).await;
        assert!(
            answer
                .header("content-type")
                .starts_with("application/json"),
            "{path}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
    let page = server.api.get("/acme/evil").await;
    let policy = page.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self'") && !policy.contains("'unsafe-inline' '"),
        "{policy}"
    );
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    if page.status == 200 {
        let html = page.body.as_str().unwrap();
        assert!(
            !html.contains("<img src=x") && !html.contains("<script>alert"),
            "{html}"
        );
    }
    // Descriptions come from people too.
    let body = json!({"slug": "acme/other", "clone_url": repo.path(), "description": evil});
    server.api.post("/v3/repos", &body).await.expect(201);
    let page = server.api.get("/").await.body;
    assert!(!page.as_str().unwrap_or_default().contains("<img src=x"));
}

#[tokio::test]
async fn case_20_secrets_are_masked_in_every_common_form() {
    let server = Setup::up().start().await;
    let secret = "p&ss w\"rd/4+ümlaut\\x";
    let many = "first-line-of-key\nsecond-line-of-key\nthird-line-of-key";
    let yaml = "language: generic\nscript: bash show.sh\n";
    let show = r#"#!/bin/bash
echo "plain: $HUSH"
printf 'split: '; for (( i = 0; i < ${#HUSH}; i++ )); do printf %s "${HUSH:i:1}"; sleep 0.01; done; echo
echo "base64: $(printf %s "$HUSH" | base64 -w0)"
echo "inside: $(printf %s "user:$HUSH:more" | base64 -w0)"
python3 - <<'END' 2>/dev/null || echo no python
import json, os, urllib.parse
print("url:", urllib.parse.quote(os.environ["HUSH"], safe=""))
print("json:", json.dumps(os.environ["HUSH"]))
END
echo "lines: $KEY"
echo "shown: $OPEN"
env | grep -E '^(HUSH|KEY)='
"#;
    server
        .repository("acme/hush", &[(".travis.yml", yaml), ("show.sh", show)])
        .await;
    for (name, value, public) in [
        ("HUSH", secret, false),
        ("KEY", many, false),
        ("OPEN", "for-everybody", true),
    ] {
        let body = json!({"name": name, "value": value, "public": public});
        let made = server
            .api
            .post("/v3/repo/acme%2Fhush/env_vars", &body)
            .await
            .expect(201);
        assert_eq!(
            made["value"],
            if public { json!(value) } else { Value::Null }
        );
    }
    let listed = server
        .api
        .get("/v3/repo/acme%2Fhush/env_vars")
        .await
        .expect(200);
    assert!(!listed.to_string().contains("ümlaut"), "{listed}");

    let build = server.api.run("acme/hush").await;
    let job = build["jobs"][0]["id"].as_i64().unwrap();
    let log = server.api.log_text(job).await;
    assert_eq!(build["state"], "passed", "{log}");
    assert!(log.contains("shown: for-everybody"), "{log}");
    for word in ["plain: [secure]", "split: [secure]", "base64: [secure]"] {
        assert!(log.contains(word), "{word}: {log}");
    }
    let encoded = BASE64_STANDARD.encode(secret);
    for leak in [
        secret,
        "ümlaut",
        "%C3%BCmlaut",
        r"\u00fcmlaut",
        &encoded[4..16],
        "first-line-of-key",
        "second-line-of-key",
    ] {
        assert!(!log.contains(leak), "{leak}: {log}");
    }
    // Nor does it lie anywhere on the disk in the clear.
    for file in ["travis.db", "travis.db-wal"] {
        let bytes = std::fs::read(server.data.join(file)).unwrap_or_default();
        let found = bytes
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!found, "{file} holds the secret");
    }
}

#[tokio::test]
async fn case_22_clone_urls_and_names_that_run_something_are_refused() {
    let server = Setup::server().public_git_only().start().await;
    for url in [
        "ext::sh -c touch% /tmp/owned",
        "ext::sh",
        "file:///etc",
        "/etc",
        "fd::17/foo",
        "--upload-pack=touch /tmp/owned",
        "-oProxyCommand=touch",
        "ssh://-oProxyCommand=touch/x",
        "ssh://git@-oProxyCommand=touch/x.git",
        "http://127.0.0.1:1/x.git",
        "http://localhost/x.git",
        "http://[::1]/x.git",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/x.git",
        "http://2130706433/x.git",
        "https://user:pass@example.org/x.git",
        "https://example.org/x.git\n--upload-pack=x",
        "git://example.org/x.git",
        "",
    ] {
        let body = json!({"slug": "acme/x", "clone_url": url});
        let answer = server.api.post("/v3/repos", &body).await;
        assert_eq!(answer.status, 400, "{url}: {answer:?}");
        assert!(
            answer.body["error_message"]
                .as_str()
                .is_some_and(|text| text.len() > 20),
            "{url}"
        );
    }
    assert_eq!(
        server.api.get("/v3/repos").await.body["@pagination"]["count"],
        0
    );
    for slug in ["../x", "a", "a/b/c", "-a/b", "a/..", "a b/c", "a/b\n"] {
        let body = json!({"slug": slug, "clone_url": "https://example.org/x.git"});
        assert_eq!(
            server.api.post("/v3/repos", &body).await.status,
            400,
            "{slug}"
        );
    }
}

#[tokio::test]
async fn case_22_branches_and_commits_that_are_options_are_refused() {
    let server = Setup::up().start().await;
    server.quick("acme/rocket", "script: 'true'\n").await;
    for body in [
        json!({"branch": "--upload-pack=touch /tmp/owned"}),
        json!({"branch": "-x"}),
        json!({"branch": "main\n"  , "sha": "--help"}),
        json!({"branch": "a..b"}),
        json!({"branch": "x y"}),
        json!({"sha": "--upload-pack=x"}),
        json!({"sha": "zzzz"}),
        json!({"branch": "refs/heads/../../x"}),
        json!({"message": "x".repeat(20_000)}),
    ] {
        let answer = server
            .api
            .post("/v3/repo/acme%2Frocket/requests", &body)
            .await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
    }
    let requests = server.api.get("/v3/repo/acme%2Frocket/requests").await.body;
    assert_eq!(requests["@pagination"]["count"], 0);
}

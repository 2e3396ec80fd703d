//! Signed pings of git hosts (security cases 1 to 3, and 32 in part).

use crate::support::{Answer, SOON, Server, Setup, until};
use aws_lc_rs::hmac;
use reqwest::Method;
use serde_json::{Value, json};

struct Hook {
    path: String,
    secret: String,
}

impl Hook {
    async fn of(server: &Server, slug: &str) -> Self {
        let slug = slug.replace('/', "%2F");
        let address = server
            .api
            .get(&format!("/v3/repo/{slug}/ping"))
            .await
            .expect(200);
        let url = address["url"].as_str().unwrap();
        Self {
            path: url.strip_prefix(&server.url).unwrap().to_owned(),
            secret: address["secret"].as_str().unwrap().to_owned(),
        }
    }

    fn sign(&self, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        format!("sha256={}", hex::encode(hmac::sign(&key, body).as_ref()))
    }

    async fn send(&self, server: &Server, body: &[u8], headers: &[(&str, &str)]) -> Answer {
        let mut call = server
            .anonymous()
            .call(Method::POST, &self.path)
            .body(body.to_vec());
        for (name, value) in headers {
            call = call.header(*name, *value);
        }
        crate::support::send(call).await
    }
}

async fn counts(server: &Server) -> (u64, u64) {
    let count = |answer: Answer| answer.body["@pagination"]["count"].as_u64().unwrap();
    let requests = server.api.get("/v3/repo/acme%2Frocket/requests").await;
    let builds = server.api.get("/v3/repo/acme%2Frocket/builds").await;
    (count(requests), count(builds))
}

#[tokio::test]
async fn case_1_2_unsigned_and_altered_pings_change_nothing() {
    let server = Setup::server().start().await;
    let repo = server.quick("acme/rocket", "script: 'true'\n").await;
    let hook = Hook::of(&server, "acme/rocket").await;
    let sha = repo.git(&["rev-parse", "HEAD"]);
    let body = json!({"ref": "refs/heads/main", "after": sha})
        .to_string()
        .into_bytes();
    let good = hook.sign(&body);

    let mut altered = body.clone();
    altered[5] ^= 1;
    let sha1 = format!("sha1={}", "0".repeat(40));
    let cut = &good[..good.len() - 2];
    for (sent, headers) in [
        (&body, vec![]),
        (&altered, vec![("x-hub-signature-256", good.as_str())]),
        (&body, vec![("x-hub-signature", sha1.as_str())]),
        (&body, vec![("x-hub-signature-256", sha1.as_str())]),
        (&body, vec![("x-hub-signature-256", cut)]),
        (&body, vec![("x-hub-signature-256", "sha256=")]),
        (&body, vec![("x-hub-signature-256", "")]),
    ] {
        let answer = hook.send(&server, sent, &headers).await;
        assert_eq!(answer.status, 401, "{headers:?}: {answer:?}");
    }
    // An administrator's token does not stand in for the signature.
    let forged = server
        .api
        .post(&hook.path, &json!({"branch": "main"}))
        .await;
    assert_eq!(forged.status, 401);
    assert_eq!(counts(&server).await, (0, 0));
    let nowhere = server.anonymous().post("/ping/987654", &json!({})).await;
    assert_eq!(nowhere.status, 404);
}

#[tokio::test]
async fn case_3_a_signed_ping_makes_one_build_however_often_it_comes() {
    let server = Setup::server().start().await;
    let repo = server.quick("acme/rocket", "script: 'true'\n").await;
    let hook = Hook::of(&server, "acme/rocket").await;
    let sha = repo.git(&["rev-parse", "HEAD"]);
    let body = json!({"ref": "refs/heads/main", "after": sha})
        .to_string()
        .into_bytes();
    let signature = hook.sign(&body);
    let headers = [
        ("x-hub-signature-256", signature.as_str()),
        ("x-github-event", "push"),
        ("x-github-delivery", "11111111-2222"),
    ];
    let first = hook.send(&server, &body, &headers).await.expect(202);
    let again = hook.send(&server, &body, &headers).await.expect(202);
    assert_eq!(first["request"]["id"], again["request"]["id"]);
    // Without a number of its own the body is what is recognised.
    let bare = [("x-hub-signature-256", signature.as_str())];
    let third = hook.send(&server, &body, &bare).await.expect(202);
    let fourth = hook.send(&server, &body, &bare).await.expect(202);
    assert_eq!(third["request"]["id"], fourth["request"]["id"]);
    until("the builds", SOON, || async {
        (counts(&server).await == (2, 2)).then_some(())
    })
    .await;
    let builds = server.api.get("/v3/repo/acme%2Frocket/builds").await.body;
    assert_eq!(builds["builds"][0]["event_type"], "push");
    assert_eq!(builds["builds"][0]["commit"]["sha"], sha.as_str());

    let ignored = async |value: Value| {
        let body = value.to_string().into_bytes();
        let signature = hook.sign(&body);
        let answer = hook
            .send(&server, &body, &[("x-hub-signature-256", &signature)])
            .await;
        answer.expect(202)["@type"].clone()
    };
    let deleted = json!({"ref": "refs/heads/gone", "after": "0".repeat(40), "deleted": true});
    assert_eq!(ignored(deleted).await, "ignored");
    assert_eq!(
        ignored(json!({"ref": "refs/notes/x", "after": sha})).await,
        "ignored"
    );
    let zen = hook
        .send(&server, &body, &[headers[0], ("x-github-event", "ping")])
        .await;
    assert_eq!(zen.expect(202)["@type"], "ignored");
    server
        .api
        .post("/v3/repo/acme%2Frocket/deactivate", &Value::Null)
        .await
        .expect(200);
    let off = hook.send(&server, &body, &headers).await.expect(202);
    assert_eq!(off["@type"], "ignored");
    assert_eq!(counts(&server).await, (2, 2));
}

#[tokio::test]
async fn case_22_signed_names_that_git_would_take_for_options_are_refused() {
    let server = Setup::server().start().await;
    let repo = server.quick("acme/rocket", "script: 'true'\n").await;
    let hook = Hook::of(&server, "acme/rocket").await;
    let sha = repo.git(&["rev-parse", "HEAD"]);
    for body in [
        json!({"ref": "refs/heads/--upload-pack=touch x", "after": sha}),
        json!({"ref": "refs/heads/-x", "after": sha}),
        json!({"branch": "--upload-pack=x", "sha": sha}),
        json!({"branch": "a\nb", "sha": sha}),
        json!({"tag": "-x", "sha": sha}),
        json!({"branch": "a..b"}),
    ] {
        let text = body.to_string().into_bytes();
        let signature = hook.sign(&text);
        let answer = hook
            .send(&server, &text, &[("x-hub-signature-256", &signature)])
            .await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
    }
    assert_eq!(counts(&server).await, (0, 0));
}

#[tokio::test]
async fn case_32_a_ping_over_the_limit_of_the_forges_is_refused_unread() {
    let server = Setup::server().start().await;
    server.quick("acme/rocket", "script: 'true'\n").await;
    let hook = Hook::of(&server, "acme/rocket").await;
    let body = vec![b' '; 26 << 20];
    let signature = hook.sign(&body);
    let call = server
        .anonymous()
        .call(Method::POST, &hook.path)
        .header("x-hub-signature-256", signature)
        .body(body);
    match call.send().await {
        Ok(answer) => assert_eq!(answer.status(), 413),
        // The answer may be lost when the server stops reading; the ping is refused all the same.
        Err(error) => assert!(error.is_request() || error.is_body(), "{error}"),
    }
    assert_eq!(counts(&server).await, (0, 0));
}

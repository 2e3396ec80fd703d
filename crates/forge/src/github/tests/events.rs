//! Messages of hooks and their signatures.

use super::{SHA, connection, repository};
use crate::github::GitHub;
use crate::hosting::*;
use crate::http::Limits;
use aws_lc_rs::hmac;
use http::HeaderMap;
use serde_json::{Value, json};
use travis_model::Secret;

#[test]
fn only_the_signature_with_sha256_counts() {
    let github = GitHub::new(connection("https://github.com", false), Limits::default()).unwrap();
    let secret = Secret::new("hook");
    let body = b"{\"a\":1}";
    let tag = |algorithm, body: &[u8]| {
        let key = hmac::Key::new(algorithm, b"hook");
        hex::encode(hmac::sign(&key, body))
    };
    let good = format!("sha256={}", tag(hmac::HMAC_SHA256, body));
    let old = format!("sha1={}", tag(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, body));
    let headers = |name: &'static str, value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    };
    let ok = headers("x-hub-signature-256", &good);
    assert!(github.signed(&secret, &ok, body));
    assert!(!github.signed(&Secret::new("other"), &ok, body));
    assert!(!github.signed(&Secret::new(""), &ok, body));
    assert!(!github.signed(&secret, &ok, b"{\"a\":2}"));
    assert!(!github.signed(&secret, &headers("x-hub-signature", &old), body));
    assert!(!github.signed(&secret, &headers("x-hub-signature-256", &old), body));
    assert!(!github.signed(&secret, &headers("x-hub-signature-256", &good[..20]), body));
    assert!(!github.signed(&secret, &HeaderMap::new(), body));
    let mut twice = ok.clone();
    twice.append("x-hub-signature-256", good.parse().unwrap());
    assert!(!github.signed(&secret, &twice, body));
}

fn hook(event: &str, body: &Value) -> Result<Hook, HookError> {
    let mut headers = HeaderMap::new();
    headers.insert("x-github-event", event.parse().unwrap());
    crate::github::events::read(&headers, body.to_string().as_bytes())
}

#[test]
fn pushes_are_read() {
    let zero = "0".repeat(40);
    let two = "2".repeat(40);
    let push = |body: &Value| match hook("push", body).unwrap().what {
        Event::Push(push) => push,
        other => panic!("{other:?}"),
    };
    let mut body = json!({
        "ref": "refs/tags/v1", "before": zero, "after": two, "created": true, "forced": false,
        "head_commit": {"id": SHA, "message": "One"}, "commits": [],
        "repository": repository(5, "ada/hello"), "sender": {"id": 1, "login": "ada", "type": "User"},
        "installation": {"id": 9},
    });
    let tag = push(&body);
    assert_eq!(
        (tag.tag.as_deref(), tag.branch, tag.before),
        (Some("v1"), None, None)
    );
    // The tag's own object is not what is built.
    assert_eq!(tag.after.as_deref(), Some(SHA));
    assert_eq!(hook("push", &body).unwrap().installation_id, Some(9));

    body["ref"] = json!("refs/heads/feature/x");
    assert_eq!(push(&body).after.as_deref(), Some(two.as_str()));
    body["deleted"] = json!(true);
    body["after"] = json!(zero);
    let gone = push(&body);
    assert_eq!(
        (gone.branch.as_deref(), gone.after),
        (Some("feature/x"), None)
    );
    body["ref"] = json!("refs/notes/x");
    assert!(matches!(hook("push", &body).unwrap().what, Event::Other(_)));

    body["repository"] = Value::Null;
    body["ref"] = json!("refs/heads/x");
    let error = hook("push", &body).unwrap_err().to_string();
    assert_eq!(
        error,
        "the body of a push event can't be read: repository is missing"
    );
}

#[test]
fn a_form_carries_the_same() {
    let body = json!({"zen": "a+b & ü%"}).to_string();
    let form = format!(
        "x=1&payload={}",
        crate::http::address::segment(&body).replace("%20", "+")
    );
    let mut headers = HeaderMap::new();
    headers.insert("x-github-event", "ping".parse().unwrap());
    headers.insert("x-github-delivery", "d1".parse().unwrap());
    headers.insert(
        "content-type",
        "application/x-www-form-urlencoded".parse().unwrap(),
    );
    let hook = crate::github::events::read(&headers, form.as_bytes()).unwrap();
    assert_eq!(
        (hook.what, hook.delivery.as_deref()),
        (Event::Ping, Some("d1"))
    );
    for bad in ["a=b", "payload=%", "payload=%zz", "payload=[]"] {
        assert!(
            crate::github::events::read(&headers, bad.as_bytes()).is_err(),
            "{bad}"
        );
    }
    let missing = crate::github::events::read(&HeaderMap::new(), b"{}");
    assert_eq!(missing, Err(HookError::MissingHeader("x-github-event")));
}

#[test]
fn pull_requests_are_read() {
    let mut body = json!({
        "action": "edited", "changes": {"base": {"ref": {"from": "old"}}},
        "repository": repository(5, "ada/hello"), "sender": {"id": 2, "login": "bob"},
        "pull_request": {
            "number": 3, "title": "T", "state": "open", "merged": false, "draft": false,
            "html_url": "https://github.com/ada/hello/pull/3", "mergeable": null,
            "head": {"ref": "fix", "sha": SHA, "repo": null, "user": null},
            "base": {"ref": "main", "sha": SHA, "repo": repository(5, "ada/hello")},
            "user": null, "author_association": "FIRST_TIME_CONTRIBUTOR",
        },
    });
    let read = |body: &Value| match hook("pull_request", body).unwrap().what {
        Event::PullRequest(event) => *event,
        other => panic!("{other:?}"),
    };
    let event = read(&body);
    assert_eq!(event.change, PullChange::BaseChanged);
    assert_eq!(event.pull.head_repository, None);
    assert_eq!(event.pull.author.login, "ghost");
    assert_eq!(event.pull.author_known, Some(false));
    assert_eq!(event.pull.merge_ref.as_deref(), Some("refs/pull/3/merge"));
    body["action"] = json!("synchronize");
    body["before"] = json!(SHA);
    body["pull_request"]["mergeable"] = json!(false);
    body["pull_request"]["author_association"] = json!("COLLABORATOR");
    let event = read(&body);
    assert_eq!(event.change, PullChange::Synchronized);
    assert_eq!(event.before.as_deref(), Some(SHA));
    assert_eq!(
        (event.pull.merge_ref, event.pull.author_known),
        (None, Some(true))
    );
}

mod calls;

use super::Gitea;
use super::hooks::read;
use crate::hosting::{
    Access, Connection, Event, ForgeApi, HookError, PullChange, RepositoryChange, seal,
};
use crate::{ForgeError, Limits};
use http::HeaderMap;
use serde_json::{Value, json};
use travis_model::Secret;

const OLD: &str = "1111111111111111111111111111111111111111";
const NEW: &str = "2222222222222222222222222222222222222222";
const ZERO: &str = "0000000000000000000000000000000000000000";

fn ada() -> Value {
    // Both words for the name, as the forge sends them.
    json!({"id": 3, "login": "ada", "username": "ada", "full_name": "Ada L", "avatar_url": ""})
}

fn repository() -> Value {
    json!({
        "id": 7, "name": "engine", "full_name": "mill/engine", "owner": {"id": 4, "login": "mill"},
        "private": true, "internal": false, "fork": false, "html_url": "https://code.test/mill/engine",
        "clone_url": "https://code.test/mill/engine.git", "default_branch": "main",
        "archived": false, "permissions": {"admin": false, "push": true, "pull": true},
    })
}

fn event(name: &'static str, mut body: Value) -> Result<Event, HookError> {
    body["repository"] = repository();
    body["sender"] = ada();
    let mut headers = HeaderMap::new();
    headers.insert("x-gitea-event", name.parse().unwrap());
    headers.insert("x-gitea-delivery", "d-1".parse().unwrap());
    let hook = read(&headers, body.to_string().as_bytes())?;
    assert_eq!(hook.delivery.as_deref(), Some("d-1"));
    assert_eq!(hook.repository.unwrap().at.path, "mill/engine");
    assert_eq!(hook.sender.unwrap().id, "3");
    Ok(hook.what)
}

fn pull(action: &str, changes: Value) -> PullChange {
    let side = |name: &str, id: i64| json!({"ref": name, "sha": NEW, "repo": {"id": id, "full_name": "ada/engine"}});
    let body = json!({
        "action": action, "number": 5, "changes": changes,
        "pull_request": {
            "number": 5, "title": "Gears", "state": "open", "merged": false, "user": ada(),
            "head": side("gears", 8), "base": side("main", 7), "mergeable": true,
        },
    });
    match event("pull_request", body).unwrap() {
        Event::PullRequest(event) => {
            assert_eq!(event.pull.head_ref, "refs/pull/5/head");
            assert_eq!(event.pull.merge_ref, None);
            assert_eq!(event.pull.head_repository.unwrap().id, "8");
            event.change
        }
        what => panic!("{what:?}"),
    }
}

#[test]
fn commits_come_oldest_first() {
    let body = json!({
        "ref": "refs/heads/a/b", "before": OLD, "after": NEW, "compare_url": "https://code.test/c",
        "commits": [{"id": NEW, "message": "two\n"}, {"id": OLD, "message": "one\n"}],
        "head_commit": {"id": NEW, "message": "two\n"},
    });
    let Event::Push(push) = event("push", body).unwrap() else {
        panic!();
    };
    assert_eq!((push.branch.as_deref(), push.tag), (Some("a/b"), None));
    assert_eq!(push.commits[0].sha, OLD);
    assert_eq!(push.head.unwrap().message, "two\n");
}

#[test]
fn a_tag_that_is_an_object_names_its_commit() {
    let body = json!({
        "ref": "refs/tags/v1", "before": ZERO, "after": OLD, "commits": null,
        "head_commit": {"id": NEW, "message": "two"},
    });
    let Event::Push(push) = event("push", body).unwrap() else {
        panic!();
    };
    assert_eq!((push.branch, push.tag.as_deref()), (None, Some("v1")));
    assert_eq!((push.before, push.after.as_deref()), (None, Some(NEW)));
}

#[test]
fn deletions_are_pushes_of_nothing() {
    for name in ["x/y", "refs/heads/x/y"] {
        let body = json!({"ref": name, "ref_type": "branch"});
        let Event::Push(push) = event("delete", body).unwrap() else {
            panic!();
        };
        assert_eq!((push.branch.as_deref(), push.after), (Some("x/y"), None));
    }
}

#[test]
fn changes_of_pull_requests_are_told_apart() {
    for (action, changes, expected) in [
        ("opened", Value::Null, PullChange::Opened),
        ("synchronized", Value::Null, PullChange::Synchronized),
        ("closed", Value::Null, PullChange::Closed),
        ("label_updated", Value::Null, PullChange::Labeled),
        ("assigned", Value::Null, PullChange::Other),
        (
            "edited",
            json!({"ref": {"from": "old"}}),
            PullChange::BaseChanged,
        ),
        (
            "edited",
            json!({"title": {"from": "WIP: Gears"}}),
            PullChange::ReadyForReview,
        ),
        (
            "edited",
            json!({"title": {"from": "Gear"}}),
            PullChange::Other,
        ),
    ] {
        assert_eq!(pull(action, changes), expected, "{action}");
    }
}

#[test]
fn other_events_are_answered_too() {
    let gone = event("repository", json!({"action": "deleted"}));
    assert_eq!(gone, Ok(Event::Repository(RepositoryChange::Deleted)));
    for name in ["issues", "create", "fork", "wiki"] {
        assert!(matches!(event(name, json!({})), Ok(Event::Other(_))));
    }
    let bad = event("push", json!({"ref": 1}));
    assert!(matches!(bad, Err(HookError::Body { .. })), "{bad:?}");
    let bare = read(&HeaderMap::new(), b"{}");
    assert_eq!(bare, Err(HookError::MissingHeader("X-Gitea-Event")));
}

fn gitea() -> Gitea {
    let connection = Connection {
        kind: "gitea".into(),
        web_url: "http://127.0.0.1:9".into(),
        api_url: "http://127.0.0.1:9/api/v1".into(),
        client_id: None,
        client_secret: None,
        app: None,
    };
    Gitea::new(connection, Limits::default()).unwrap()
}

#[test]
fn any_of_the_headers_seals() {
    let (gitea, secret, body) = (gitea(), Secret::new("s"), b"{}");
    let seal = seal::hmac_sha256(&secret, body);
    for (name, value) in [
        ("x-gitea-signature", seal.clone()),
        ("x-forgejo-signature", seal.clone()),
        ("x-hub-signature-256", format!("sha256={seal}")),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        assert!(gitea.signed(&secret, &headers, body), "{name}");
        assert!(!gitea.signed(&secret, &headers, b"{ }"), "{name}");
        assert!(!gitea.signed(&Secret::new("t"), &headers, body), "{name}");
    }
    let mut old = HeaderMap::new();
    old.insert("x-hub-signature", format!("sha1={seal}").parse().unwrap());
    assert!(!gitea.signed(&secret, &old, body));
    // A forge without a secret signs with the empty one; that proves nothing.
    let empty = Secret::new("");
    let mut headers = HeaderMap::new();
    let seal = seal::hmac_sha256(&empty, body);
    headers.insert("x-gitea-signature", seal.parse().unwrap());
    assert!(!gitea.signed(&empty, &headers, body));
}

#[tokio::test]
async fn what_the_forge_has_not_is_said() {
    let gitea = gitea();
    let back = gitea.revoke(&Secret::new("t")).await;
    assert!(matches!(back, Err(ForgeError::NotSetUp { .. })));
    let app = gitea.person(&Access::Installation(1)).await;
    assert!(matches!(app, Err(ForgeError::NotSetUp { .. })));
}

mod calls;

use super::GitLab;
use super::hooks::read;
use super::wire::{Project, permission};
use crate::Limits;
use crate::hosting::{
    Connection, Event, ForgeApi, HookError, Permission, PullChange, RemoteRepository,
};
use http::HeaderMap;
use serde_json::{Value, json};
use travis_model::Secret;

const OLD: &str = "1111111111111111111111111111111111111111";
const NEW: &str = "2222222222222222222222222222222222222222";
const ZERO: &str = "0000000000000000000000000000000000000000";

fn event(name: &'static str, mut body: Value) -> Result<Event, HookError> {
    body["project"] = json!({
        "id": 7, "name": "engine", "path_with_namespace": "mill/works/engine",
        "web_url": "https://lab.test/mill/works/engine", "visibility_level": 10,
        "git_http_url": "https://lab.test/mill/works/engine.git", "default_branch": "main",
    });
    let mut headers = HeaderMap::new();
    headers.insert("x-gitlab-event", name.parse().unwrap());
    headers.insert("x-gitlab-event-uuid", "u-1".parse().unwrap());
    let hook = read(&headers, body.to_string().as_bytes())?;
    assert_eq!(hook.delivery.as_deref(), Some("u-1"));
    let repository = hook.repository.unwrap();
    assert_eq!(
        repository.at.owner_and_name(),
        Some(("mill/works", "engine"))
    );
    assert!(repository.private, "internal is not for everybody");
    if let Some(sender) = hook.sender {
        assert_eq!((sender.id.as_str(), sender.login.as_str()), ("3", "ada"));
    }
    Ok(hook.what)
}

fn push(name: &'static str, body: Value) -> crate::hosting::Push {
    let mut body = body;
    body["user_id"] = json!(3);
    body["user_username"] = json!("ada");
    match event(name, body).unwrap() {
        Event::Push(push) => push,
        what => panic!("{what:?}"),
    }
}

fn merge(action: &str, oldrev: Option<&str>, changes: Value) -> crate::hosting::PullRequestEvent {
    let body = json!({
        "user": {"id": 3, "username": "ada", "name": "Ada", "email": "[REDACTED]"},
        "changes": changes,
        "object_attributes": {
            "iid": 5, "title": "Gears", "state": "opened", "action": action, "oldrev": oldrev,
            "url": "https://lab.test/mill/works/engine/-/merge_requests/5", "draft": false,
            "source_branch": "gears", "source_project_id": 8, "target_branch": "main",
            "source": {"path_with_namespace": "ada/engine"}, "author_id": 4,
            "last_commit": {"id": NEW, "message": "two"}, "merge_status": "unchecked",
        },
    });
    match event("Merge Request Hook", body).unwrap() {
        Event::PullRequest(event) => *event,
        what => panic!("{what:?}"),
    }
}

#[test]
fn pushes_are_read() {
    let body = json!({
        "ref": "refs/heads/a/b", "before": OLD, "after": NEW, "checkout_sha": NEW,
        "commits": [{"id": OLD, "message": "one"}, {"id": NEW, "message": "two"}],
    });
    let read = push("Push Hook", body);
    assert_eq!((read.branch.as_deref(), read.tag), (Some("a/b"), None));
    assert_eq!(read.head.unwrap().message, "two");
    let compare = format!("https://lab.test/mill/works/engine/-/compare/{OLD}...{NEW}");
    assert_eq!(read.compare_url, Some(compare));

    let body = json!({
        "ref": "refs/heads/b", "before": OLD, "after": ZERO, "checkout_sha": null, "commits": [],
    });
    let read = push("Push Hook", body);
    assert_eq!((read.before.as_deref(), read.after), (Some(OLD), None));
}

#[test]
fn a_tag_that_is_an_object_names_its_commit() {
    let body = json!({
        "ref": "refs/tags/v1", "before": ZERO, "after": OLD, "checkout_sha": NEW, "commits": [],
    });
    let read = push("Tag Push Hook", body);
    assert_eq!((read.branch, read.tag.as_deref()), (None, Some("v1")));
    assert_eq!((read.before, read.after.as_deref()), (None, Some(NEW)));
}

#[test]
fn changes_of_merge_requests_are_told_apart() {
    for (action, oldrev, changes, expected) in [
        ("open", None, json!({}), PullChange::Opened),
        ("reopen", None, json!({}), PullChange::Reopened),
        ("close", None, json!({}), PullChange::Closed),
        ("merge", None, json!({}), PullChange::Closed),
        ("approved", None, json!({}), PullChange::Other),
        ("update", Some(OLD), json!({}), PullChange::Synchronized),
        (
            "update",
            None,
            json!({"target_branch": {"previous": "a", "current": "main"}}),
            PullChange::BaseChanged,
        ),
        (
            "update",
            None,
            json!({"draft": {"previous": true, "current": false}}),
            PullChange::ReadyForReview,
        ),
        (
            "update",
            None,
            json!({"labels": {"previous": [], "current": []}}),
            PullChange::Labeled,
        ),
        (
            "update",
            None,
            json!({"title": {"previous": "a"}}),
            PullChange::Other,
        ),
    ] {
        let read = merge(action, oldrev, changes);
        assert_eq!(read.change, expected, "{action}");
        assert_eq!(read.before.as_deref(), oldrev);
        assert_eq!(read.pull.head_ref, "refs/merge-requests/5/head");
        assert_eq!(
            (read.pull.mergeable, read.pull.head_sha),
            (None, NEW.into())
        );
        // Somebody else's merge request; the forge tells the number only.
        let author = read.pull.author;
        assert_eq!((author.id.as_str(), author.login.as_str()), ("4", ""));
    }
}

#[test]
fn other_events_are_answered_too() {
    for name in ["Note Hook", "Pipeline Hook", "Issue Hook"] {
        assert!(matches!(event(name, json!({})), Ok(Event::Other(_))));
    }
    let bad = event("Push Hook", json!({"ref": 1}));
    assert!(matches!(bad, Err(HookError::Body { .. })), "{bad:?}");
    let bare = read(&HeaderMap::new(), b"{}");
    assert_eq!(bare, Err(HookError::MissingHeader("X-Gitlab-Event")));
}

#[test]
fn the_token_is_the_secret_itself() {
    let connection = Connection {
        kind: "gitlab".into(),
        web_url: "http://127.0.0.1:9".into(),
        api_url: "http://127.0.0.1:9/api/v4".into(),
        client_id: None,
        client_secret: None,
        app: None,
    };
    let gitlab = GitLab::new(connection, Limits::default()).unwrap();
    let mut headers = HeaderMap::new();
    assert!(!gitlab.signed(&Secret::new(""), &headers, b""));
    headers.insert("x-gitlab-token", "".parse().unwrap());
    assert!(!gitlab.signed(&Secret::new(""), &headers, b""));
    headers.insert("x-gitlab-token", "a-secret".parse().unwrap());
    assert!(gitlab.signed(&Secret::new("a-secret"), &headers, b""));
    for other in ["a-secre", "a-secret-", "b-secret", ""] {
        assert!(!gitlab.signed(&Secret::new(other), &headers, b""));
    }
}

#[test]
fn levels_of_membership_become_permissions() {
    for (level, expected) in [
        (5, Permission::None),
        (10, Permission::None),
        (15, Permission::None),
        (20, Permission::Read),
        (30, Permission::Write),
        (40, Permission::Admin),
        (50, Permission::Admin),
    ] {
        assert_eq!(permission(level), expected, "{level}");
    }
}

fn project(more: Value) -> RemoteRepository {
    let mut body = json!({
        "id": 7, "path_with_namespace": "mill/works/engine", "visibility": "private",
        "http_url_to_repo": "https://lab.test/mill/works/engine.git", "default_branch": null,
        "namespace": {"id": 5, "kind": "group", "full_path": "mill/works", "name": "Works"},
        "permissions": {
            "project_access": {"access_level": 20}, "group_access": {"access_level": 40},
        },
    });
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    let project: Project = serde_json::from_value(body).unwrap();
    project.repository()
}

#[test]
fn projects_say_who_owns_them_and_what_is_allowed() {
    let of_group = project(json!({}));
    assert_eq!(of_group.permission, Some(Permission::Admin));
    assert_eq!(
        (of_group.owner.id.as_str(), of_group.owner.login.as_str()),
        ("g5", "mill/works")
    );
    assert!(of_group.owner.organization && of_group.private);
    let namespace = json!({"id": 5, "kind": "user", "full_path": "ada"});
    let of_ada = project(json!({
        "path_with_namespace": "ada/engine", "visibility": "public", "namespace": namespace,
        "owner": {"id": 3, "username": "ada"}, "permissions": {"project_access": null},
    }));
    // The number of the person, not of the namespace.
    assert_eq!(of_ada.owner.id, "3");
    assert_eq!(of_ada.permission, Some(Permission::Read));
    assert!(!of_ada.owner.organization && !of_ada.private);
}

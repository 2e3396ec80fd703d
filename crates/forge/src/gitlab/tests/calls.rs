//! What is asked, against a small server that answers as GitLab does.

use super::super::{GitLab, KIND};
use super::{NEW, OLD};
use crate::hosting::*;
use crate::http::testing::{Server, answer, json};
use crate::{ForgeError, Limits, Want};
use serde_json::{Value, json};
use travis_model::Secret;

const PROJECT: &str = "/api/v4/projects/7";

fn gitlab(server: &Server) -> GitLab {
    let connection = Connection {
        kind: "gitlab".into(),
        web_url: server.url.clone(),
        api_url: (KIND.api_url)(&server.url),
        client_id: Some("client".into()),
        client_secret: Some(Secret::new("client-secret")),
        app: None,
    };
    GitLab::new(connection, Limits::default()).unwrap()
}

fn user() -> Access {
    Access::User(Secret::new("token"))
}

fn engine() -> RemoteRef {
    RemoteRef {
        id: "7".into(),
        path: "mill/works/engine".into(),
    }
}

fn status(state: StatusState) -> CommitStatus {
    CommitStatus {
        state,
        context: "ci/push".into(),
        description: "fine".into(),
        target_url: "https://ci.test/1".into(),
        branch: None,
    }
}

fn merge_request(iid: i64, source: Value) -> Value {
    json!({
        "iid": iid, "title": "Gears", "state": "opened", "draft": true, "sha": NEW,
        "web_url": "https://lab.test/mr", "source_branch": "gears", "target_branch": "main",
        "source_project_id": source, "author": {"id": 4, "username": "grace"},
        "merge_status": "can_be_merged",
    })
}

#[tokio::test]
async fn names_with_slashes_are_one_part_of_the_address() {
    let server = Server::start(|asked, _| match asked.line().as_str() {
        line if line.contains("/repository/branches/feature%2Fx") => {
            json(200, json!({"name": "feature/x", "commit": {"id": NEW}}))
        }
        line if line.contains("/repository/commits/refs%2Fmerge-requests%2F5%2Fmerge") => {
            json(200, json!({"id": OLD}))
        }
        line if line.contains("/repository/commits/") => json(
            200,
            json!({
                "id": NEW, "message": "Two\n", "author_name": "A", "author_email": "a@x",
                "authored_date": "2026-11-23T08:00:00.000+01:00", "committer_name": "C",
                "committer_email": "c@x", "committed_date": "2026-11-23T07:00:00.000Z",
            }),
        ),
        line if line.contains("/repository/files/dir%2Fa%20file/raw?ref=") => {
            answer(200, &[], "text")
        }
        _ => json(404, json!({"message": "404 Not found"})),
    })
    .await;
    let gitlab = gitlab(&server);
    let branch = Want::Ref("refs/heads/feature/x".into());
    let branch = gitlab.resolve(&user(), &engine(), &branch).await.unwrap();
    assert_eq!(
        (branch.sha.as_str(), branch.branch.as_deref()),
        (NEW, Some("feature/x"))
    );
    let merge = Want::Ref("refs/merge-requests/5/merge".into());
    let merge = gitlab.resolve(&user(), &engine(), &merge).await.unwrap();
    assert_eq!((merge.sha.as_str(), merge.branch), (OLD, None));
    let other = Want::Commit("3333".into());
    let other = gitlab.resolve(&user(), &engine(), &other).await;
    assert!(matches!(other, Err(ForgeError::NotFound { .. })));
    let snapshot = gitlab.snapshot(&user(), &engine(), NEW, "dir/a file").await;
    let snapshot = snapshot.unwrap();
    assert_eq!(snapshot.file.as_deref(), Some(b"text".as_slice()));
    assert_eq!(snapshot.commit.message, "Two");
    assert_eq!(snapshot.commit.author_date, snapshot.commit.committer_date);
}

#[tokio::test]
async fn merge_requests_of_a_list_are_filled_in_with_few_calls() {
    let server = Server::start(|asked, _| match asked.line().as_str() {
        line if line.contains("/merge_requests?") => json(
            200,
            json!([
                merge_request(5, json!(8)),
                merge_request(4, json!(8)),
                merge_request(3, json!(7)),
                merge_request(2, Value::Null),
                merge_request(1, json!(9)),
            ]),
        ),
        line if line.contains("/repository/branches/main") => {
            json(200, json!({"name": "main", "commit": {"id": OLD}}))
        }
        line if line.ends_with("/projects/8") => {
            json(200, json!({"id": 8, "path_with_namespace": "grace/engine"}))
        }
        _ => json(404, json!({"message": "404 Not found"})),
    })
    .await;
    let pulls = gitlab(&server)
        .pull_requests(&user(), &engine())
        .await
        .unwrap();
    let heads: Vec<_> = pulls
        .iter()
        .map(|pull| pull.head_repository.as_ref().map(|at| at.path.as_str()))
        .collect();
    let fork = Some("grace/engine");
    // Deleted, and not to be seen.
    assert_eq!(heads, [fork, fork, Some("mill/works/engine"), None, None]);
    assert!(pulls.iter().all(|pull| pull.base_sha == OLD && pull.draft));
    let merge = "refs/merge-requests/5/merge";
    assert_eq!(pulls[0].merge_ref.as_deref(), Some(merge));
    assert_eq!(server.lines().len(), 4);
}

#[tokio::test]
async fn a_hook_that_is_there_is_mended() {
    let server = Server::start(|asked, _| match asked.line().as_str() {
        line if line.starts_with("GET") => json(
            200,
            json!([{"id": 2, "url": "https://other.test"}, {"id": 3, "url": "https://ci.test"}]),
        ),
        _ => json(200, json!({"id": 3, "url": "https://ci.test"})),
    })
    .await;
    let demand = HookDemand {
        url: "https://ci.test".into(),
        secret: Secret::new("s3cret"),
    };
    let put = gitlab(&server).put_hook(&user(), &engine(), &demand).await;
    assert_eq!(put.unwrap(), "3");
    assert_eq!(server.lines()[1], format!("PUT {PROJECT}/hooks/3"));
    assert_eq!(server.asked()[1].json()["token"], "s3cret");
}

#[tokio::test]
async fn the_same_status_twice_is_one() {
    let server = Server::start(|asked, _| match asked.line().as_str() {
        line if line.starts_with("POST") => json(
            400,
            json!({"message": "Cannot transition status via :enqueue from :pending"}),
        ),
        _ => json(
            200,
            json!([{"id": 1, "name": "ci/push", "status": "pending"}]),
        ),
    })
    .await;
    let gitlab = gitlab(&server);
    let pending = status(StatusState::Pending);
    let put = gitlab.put_status(&user(), &engine(), NEW, &pending).await;
    put.unwrap();
    let body = server.asked()[0].json();
    assert_eq!(
        (&body["state"], &body["name"]),
        (&json!("pending"), &json!("ci/push"))
    );
    let success = status(StatusState::Success);
    let put = gitlab.put_status(&user(), &engine(), NEW, &success).await;
    assert!(matches!(put, Err(ForgeError::Refused { .. })), "{put:?}");
}

#[tokio::test]
async fn who_is_no_member_has_what_everybody_has() {
    for (visibility, expected) in [
        ("private", Permission::None),
        ("internal", Permission::Read),
        ("public", Permission::Read),
    ] {
        let server = Server::start(move |asked, _| match asked.line().as_str() {
            line if line.ends_with("/members/all/3") => {
                json(200, json!({"access_level": 30, "state": "active"}))
            }
            line if line.ends_with("/members/all/5") => {
                json(200, json!({"access_level": 40, "state": "awaiting"}))
            }
            line if line.ends_with(PROJECT) => json(
                200,
                json!({"id": 7, "path_with_namespace": "mill/engine", "visibility": visibility}),
            ),
            _ => json(404, json!({"message": "404 Not found"})),
        })
        .await;
        let gitlab = gitlab(&server);
        for (id, expected) in [("3", Permission::Write), ("4", expected), ("5", expected)] {
            let person = RemotePerson {
                id: id.into(),
                login: "somebody".into(),
                name: None,
                email: None,
                avatar_url: None,
            };
            let got = gitlab.permission(&user(), &engine(), &person).await;
            assert_eq!(got.unwrap(), expected, "{visibility} {id}");
        }
    }
}

#[tokio::test]
async fn a_token_is_given_back_in_the_body() {
    let server = Server::start(|_, _| json(200, json!({}))).await;
    let back = gitlab(&server).revoke(&Secret::new("t0ken")).await;
    back.unwrap();
    assert_eq!(server.lines(), ["POST /oauth/revoke"]);
}

//! What is asked, against a small server that answers as Gitea does.

use super::super::{Gitea, KIND};
use super::{NEW, OLD, ada, repository};
use crate::hosting::*;
use crate::http::testing::{Server, answer, json};
use crate::{ForgeError, Limits, Want};
use serde_json::json;
use travis_model::Secret;

const REPO: &str = "/api/v1/repos/mill/engine";

fn gitea(server: &Server) -> Gitea {
    let connection = Connection {
        kind: "gitea".into(),
        web_url: server.url.clone(),
        api_url: (KIND.api_url)(&server.url),
        client_id: Some("client".into()),
        client_secret: Some(Secret::new("client-secret")),
        app: None,
    };
    Gitea::new(connection, Limits::default()).unwrap()
}

fn user() -> Access {
    Access::User(Secret::new("token"))
}

fn engine() -> RemoteRef {
    RemoteRef {
        id: "7".into(),
        path: "mill/engine".into(),
    }
}

#[tokio::test]
async fn a_ref_is_found_among_those_that_begin_like_it() {
    let server = Server::start(|asked, _| {
        let one = |name: &str, kind: &str, sha: &str| {
            json!({"ref": name, "object": {"type": kind, "sha": sha}})
        };
        match asked.line().as_str() {
            line if line.ends_with("/git/refs/heads/main") => json(
                200,
                json!([
                    one("refs/heads/main-2", "commit", OLD),
                    one("refs/heads/main", "commit", NEW)
                ]),
            ),
            line if line.ends_with("/git/refs/tags/v1") => {
                json(200, one("refs/tags/v1", "tag", OLD))
            }
            line if line.contains("/git/commits/") => json(
                200,
                json!({"sha": NEW, "commit": {
                    "message": "Two\n", "author": {"name": "A", "email": "a@x", "date": "2026-11-23T08:00:00+01:00"},
                    "committer": {"name": "C", "email": "c@x", "date": "2026-11-23T07:00:00Z"},
                }}),
            ),
            line if line.contains("/raw/dir/a%20file") => answer(200, &[], "text"),
            line if line.ends_with("/git/refs/heads/mai") => {
                json(200, json!([one("refs/heads/main", "commit", NEW)]))
            }
            _ => json(404, json!({"message": "not there"})),
        }
    })
    .await;
    let gitea = gitea(&server);
    let main = gitea
        .resolve(&user(), &engine(), &Want::Branch("main".into()))
        .await;
    assert_eq!(main.unwrap().sha, NEW);
    let tag = gitea
        .resolve(&user(), &engine(), &Want::Tag("v1".into()))
        .await;
    assert_eq!(tag.unwrap().sha, NEW);
    let none = gitea
        .resolve(&user(), &engine(), &Want::Branch("mai".into()))
        .await;
    assert!(matches!(none, Err(ForgeError::NotFound { .. })));
    let other = gitea
        .resolve(&user(), &engine(), &Want::Commit("3333".into()))
        .await;
    assert!(matches!(other, Err(ForgeError::NotFound { .. })));
    let snapshot = gitea.snapshot(&user(), &engine(), NEW, "dir/a file").await;
    let snapshot = snapshot.unwrap();
    assert_eq!(snapshot.file.as_deref(), Some(b"text".as_slice()));
    assert_eq!(snapshot.commit.message, "Two");
    assert_eq!(snapshot.commit.author_date, snapshot.commit.committer_date);
    assert_eq!(server.asked()[0].header("authorization"), "Bearer token");
}

#[tokio::test]
async fn a_new_hook_takes_the_place_of_the_old_one() {
    let server = Server::start(|asked, _| match asked.line().as_str() {
        line if line.starts_with("GET") => json(
            200,
            json!([
                {"id": 1, "config": {"url": "https://ci.test/hook", "content_type": "json"}},
                {"id": 2, "config": {"url": "https://other.test", "content_type": "json"}},
            ]),
        ),
        line if line.starts_with("POST") => json(201, json!({"id": 3, "config": {}})),
        _ => answer(204, &[], ""),
    })
    .await;
    let demand = HookDemand {
        url: "https://ci.test/hook".into(),
        secret: Secret::new("s3cret"),
    };
    let put = gitea(&server).put_hook(&user(), &engine(), &demand).await;
    assert_eq!(put.unwrap(), "3");
    let lines = server.lines();
    assert_eq!(lines[1], format!("POST {REPO}/hooks"));
    assert_eq!(lines[2], format!("DELETE {REPO}/hooks/1"));
    assert_eq!(lines.len(), 3);
    let body = server.asked()[1].json();
    assert_eq!(body["config"]["secret"], "s3cret");
    assert_eq!(body["config"]["content_type"], "json");
}

#[tokio::test]
async fn a_permission_is_of_the_person_and_not_of_the_name() {
    let server = Server::start(|asked, _| match asked.line().as_str() {
        "GET /api/v1/repositories/7" => json(200, repository()),
        line if line.ends_with("/collaborators/ada/permission") => {
            json(200, json!({"permission": "owner", "user": ada()}))
        }
        _ => json(404, json!({"message": "not there"})),
    })
    .await;
    let gitea = gitea(&server);
    let person = |id: &str, login: &str| RemotePerson {
        id: id.into(),
        login: login.into(),
        name: None,
        email: None,
        avatar_url: None,
    };
    for (id, login, expected) in [
        ("3", "ada", Permission::Admin),
        ("9", "ada", Permission::None),
        ("3", "grace", Permission::None),
    ] {
        let got = gitea
            .permission(&user(), &engine(), &person(id, login))
            .await;
        assert_eq!(got.unwrap(), expected, "{id} {login}");
    }
}

#[tokio::test]
async fn repositories_come_by_pages_with_the_kind_of_their_owner() {
    let server = Server::start(|asked, _| match asked.line().as_str() {
        line if line.contains("/user/orgs") => json(
            200,
            json!([{"id": 4, "name": "mill", "username": "mill", "full_name": "The Mill"}]),
        ),
        line if line.ends_with("page=1") => {
            let link = "<http://HOST/api/v1/user/repos?limit=100&page=2>; rel=\"next\"";
            let host = asked.header("host").to_owned();
            let link = link.replace("HOST", &host);
            let headers = [("link", link.as_str()), ("x-total-count", "51")];
            answer(200, &headers, json!([repository()]).to_string())
        }
        _ => json(200, json!([])),
    })
    .await;
    let gitea = gitea(&server);
    let page = gitea.repositories(&user(), None).await.unwrap();
    assert_eq!(
        (page.next.as_deref(), page.total, page.items.len()),
        (Some("2"), Some(51), 1)
    );
    assert_eq!(page.items[0].permission, Some(Permission::Write));
    assert!(page.items[0].owner.organization && page.items[0].private);
    let last = gitea.repositories(&user(), Some("2")).await.unwrap();
    assert_eq!((last.next, last.items.len()), (None, 0));
}

#[tokio::test]
async fn statuses_are_told_and_the_newest_counts() {
    let server = Server::start(|asked, _| match asked.line().as_str() {
        line if line.starts_with("POST") => json(201, json!({"id": 9})),
        _ => json(
            200,
            json!([
                {"id": 1, "status": "pending", "context": "ci"},
                {"id": 3, "status": "failure", "context": "ci"},
                {"id": 4, "status": "success", "context": "other"},
            ]),
        ),
    })
    .await;
    let gitea = gitea(&server);
    let status = CommitStatus {
        state: StatusState::Error,
        context: "ci".into(),
        description: "é".repeat(200),
        target_url: "https://ci.test/1".into(),
        branch: None,
    };
    let put = gitea.put_status(&user(), &engine(), NEW, &status).await;
    put.unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].line(), format!("POST {REPO}/statuses/{NEW}"));
    let body = asked[0].json();
    assert_eq!(
        (&body["state"], &body["context"]),
        (&json!("error"), &json!("ci"))
    );
    assert_eq!(body["description"].as_str().unwrap().chars().count(), 140);
    let got = gitea.status(&user(), &engine(), NEW, "ci").await;
    assert_eq!(got.unwrap(), Some(StatusState::Failure));
    let got = gitea.status(&user(), &engine(), NEW, "none").await;
    assert_eq!(got.unwrap(), None);
}

#[tokio::test]
async fn a_code_is_traded_in_the_body() {
    let server = Server::start(|_, _| {
        json(
            200,
            json!({"access_token": "at", "token_type": "bearer", "expires_in": 3600, "refresh_token": "rt"}),
        )
    })
    .await;
    let (code, verifier) = (Secret::new("c0de"), Secret::new("v3rifier"));
    let grant = gitea(&server)
        .exchange_code(&code, &verifier, "https://ci.test/back")
        .await
        .unwrap();
    assert_eq!(grant.token.reveal(), "at");
    assert_eq!(grant.refresh_token, Some(Secret::new("rt")));
    assert_eq!(grant.expires_in, Some(3600));
    assert_eq!(server.lines(), ["POST /login/oauth/access_token"]);
}

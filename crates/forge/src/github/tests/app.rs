//! What only an App does.

use super::{KEY, SHA, der, github, hello, pem, repository, user};
use crate::ForgeError;
use crate::github::results::cut;
use crate::hosting::*;
use crate::http::testing::{Server, answer, json};
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use travis_model::Secret;

#[test]
fn the_key_is_read_in_both_forms_and_signs() {
    let der = der();
    // The inner key of PKCS#8 of 2,048 bits begins after 26 bytes.
    for key in [pem("PRIVATE KEY", &der), pem("RSA PRIVATE KEY", &der[26..])] {
        let app = crate::github::App::new(AppIdentity {
            id: 7,
            slug: String::new(),
            private_key: key,
        })
        .unwrap();
        let token = app.statement(1_000_000).unwrap();
        let (signed, signature) = token.reveal().rsplit_once('.').unwrap();
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, KEY.public_key().as_ref());
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        key.verify(signed.as_bytes(), &signature).unwrap();
        let claims = URL_SAFE_NO_PAD
            .decode(signed.split_once('.').unwrap().1)
            .unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(
            claims,
            json!({"iat": 999_940, "exp": 1_000_540, "iss": "7"})
        );
    }
    let bad = crate::github::App::new(AppIdentity {
        id: 7,
        slug: String::new(),
        private_key: Secret::new("x"),
    });
    assert!(matches!(bad.err(), Some(ForgeError::NotSetUp { .. })));
}

#[tokio::test]
async fn a_token_of_an_installation_is_asked_for_once() {
    let server = Server::start(|asked, _| match asked.path.as_str() {
        "/api/v3/app/installations/9/access_tokens" => json(
            201,
            json!({"token": "ghs_1", "expires_at": "2999-01-01T00:00:00Z"}),
        ),
        _ => json(200, repository(5, "ada/hello")),
    })
    .await;
    let github = github(&server, true);
    let access = Access::Installation(9);
    let repo = hello();
    let one = || github.repository(&access, &repo);
    let (a, b, c) = tokio::join!(one(), one(), one());
    assert_eq!(a.unwrap().installation_id, Some(9));
    b.unwrap();
    c.unwrap();
    let asked = server.asked();
    assert_eq!(asked.len(), 4);
    assert_eq!(asked[0].header("authorization").split('.').count(), 3);
    assert_eq!(asked[1].header("authorization"), "Bearer ghs_1");
    let (name, token) = github.git_credentials(&access).await.unwrap().unwrap();
    assert_eq!((name.as_str(), token.reveal()), ("x-access-token", "ghs_1"));
    assert_eq!(
        github.git_credentials(&Access::Anonymous).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn a_refused_token_of_an_installation_is_replaced() {
    let server = Server::start(|asked, before| match asked.path.as_str() {
        "/api/v3/app/installations/9/access_tokens" => json(
            201,
            json!({"token": format!("ghs_{before}"), "expires_at": "2999-01-01T00:00:00Z"}),
        ),
        _ if asked.header("authorization") == "Bearer ghs_0" => json(401, json!({})),
        _ => json(200, repository(5, "ada/hello")),
    })
    .await;
    let github = github(&server, true);
    github
        .repository(&Access::Installation(9), &hello())
        .await
        .unwrap();
    assert_eq!(server.lines().len(), 4);
}

#[tokio::test]
async fn what_an_app_is_installed_on_comes_installation_by_installation() {
    let server = Server::start(|asked, _| {
        let installation = |id: i64, suspended: Value| {
            json!({"id": id, "account": {"id": id, "login": "org", "type": "Organization"},
                   "suspended_at": suspended})
        };
        let path = asked
            .path
            .strip_prefix("/api/v3/user/installations")
            .unwrap();
        match path {
            "?per_page=100" => json(
                200,
                json!({"total_count": 3, "installations": [
                    installation(30, Value::Null), installation(20, json!("2026-01-01T00:00:00Z")),
                    installation(10, Value::Null),
                ]}),
            ),
            "/10/repositories?per_page=100&page=1" => {
                let host = asked.header("host");
                let link = format!("<http://{host}/x?per_page=100&page=2>; rel=\"next\"");
                let body = json!({"total_count": 2, "repositories": [repository(5, "org/a")]});
                answer(200, &[("link", link.as_str())], body.to_string())
            }
            "/10/repositories?per_page=100&page=2" => json(
                200,
                json!({"total_count": 2, "repositories": [repository(6, "org/b")]}),
            ),
            "/30/repositories?per_page=100&page=1" => json(404, json!({})),
            other => panic!("{other}"),
        }
    })
    .await;
    let github = github(&server, true);
    let mut cursor = None;
    let mut seen = Vec::new();
    let mut cursors = Vec::new();
    loop {
        let page = github
            .repositories(&user(), cursor.as_deref())
            .await
            .unwrap();
        seen.extend(
            page.items
                .into_iter()
                .map(|one| (one.at.path, one.installation_id)),
        );
        cursor = page.next;
        match &cursor {
            Some(cursor) => cursors.push(cursor.clone()),
            None => break,
        }
    }
    assert_eq!(
        seen,
        [
            ("org/a".to_owned(), Some(10)),
            ("org/b".to_owned(), Some(10))
        ]
    );
    assert_eq!(cursors, ["10:2", "30:1"]);
}

#[tokio::test]
async fn annotations_go_fifty_at_a_time_and_only_once() {
    let server = Server::start(|asked, _| match asked.line().as_str() {
        "POST /api/v3/app/installations/9/access_tokens" => json(
            201,
            json!({"token": "ghs_1", "expires_at": "2999-01-01T00:00:00Z"}),
        ),
        "POST /api/v3/repos/ada/hello/check-runs" => json(201, json!({"id": 77})),
        "GET /api/v3/repos/ada/hello/check-runs/77" => {
            json(200, json!({"id": 77, "output": {"annotations_count": 100}}))
        }
        "PATCH /api/v3/repos/ada/hello/check-runs/77" => json(200, json!({"id": 77})),
        line if line.contains("/check-runs?check_name=travis%20%2F%20push") => {
            json(200, json!({"total_count": 0, "check_runs": []}))
        }
        other => panic!("{other}"),
    })
    .await;
    let github = github(&server, true);
    let check = Check {
        name: "travis / push".to_owned(),
        state: CheckState::Completed(Conclusion::Error),
        title: String::new(),
        summary: "s".repeat(70_000),
        annotations: (1..=120)
            .map(|line| Annotation {
                path: "src/a.rs".to_owned(),
                line,
                warning: line % 2 == 0,
                title: String::new(),
                message: "ü".repeat(40_000),
            })
            .collect(),
        details_url: "https://ci.example/1".to_owned(),
        external_id: "build-1".to_owned(),
        started_at: Some(0),
        completed_at: Some(60),
    };
    let access = Access::Installation(9);
    let put = async |id| github.put_check(&access, &hello(), SHA, id, &check).await;
    assert_eq!(put(None).await.unwrap(), "77");
    let sizes = |from: usize| -> Vec<usize> {
        let asked = server.asked();
        let bodies = asked[from..]
            .iter()
            .filter(|one| one.method != "GET" && one.path.contains("check-runs"));
        bodies
            .map(|one| {
                one.json()["output"]["annotations"]
                    .as_array()
                    .map_or(0, Vec::len)
            })
            .collect()
    };
    assert_eq!(sizes(0), [50, 50, 20]);
    let first = server
        .asked()
        .iter()
        .find(|one| one.line().ends_with("/check-runs"))
        .unwrap()
        .json();
    assert_eq!(first["conclusion"], "failure");
    assert_eq!(first["started_at"], "1970-01-01T00:00:00Z");
    assert_eq!(first["output"]["title"], "travis / push");
    assert_eq!(
        first["output"]["summary"].as_str().unwrap().chars().count(),
        65_535
    );
    assert_eq!(
        first["output"]["annotations"][0]["message"]
            .as_str()
            .unwrap()
            .len(),
        65_536
    );
    let before = server.asked().len();
    assert_eq!(put(Some("77")).await.unwrap(), "77");
    assert_eq!(sizes(before), [20], "a hundred are there already");
    let as_person = github.put_check(&user(), &hello(), SHA, None, &check).await;
    assert!(matches!(as_person, Err(ForgeError::NotSetUp { .. })));
    assert_eq!(cut("abc", 3), "abc");
    assert_eq!(cut("äbcd", 3), "äb…");
}

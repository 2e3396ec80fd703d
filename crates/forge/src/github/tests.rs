//! The adapter against small servers that answer as GitHub does.

mod app;
mod events;

use super::{GitHub, KIND};
use crate::hosting::*;
use crate::http::Limits;
use crate::http::testing::{Server, answer, json};
use crate::{ForgeError, Want};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::RsaKeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::LazyLock;
use travis_model::Secret;

const SHA: &str = "1111111111111111111111111111111111111111";
static KEY: LazyLock<RsaKeyPair> =
    LazyLock::new(|| RsaKeyPair::generate(KeySize::Rsa2048).unwrap());

fn pem(kind: &str, der: &[u8]) -> Secret {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .map(|at| &text[at..(at + 64).min(text.len())])
        .collect();
    let lines = lines.join("\n");
    Secret::new(format!(
        "-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n"
    ))
}

fn der() -> Vec<u8> {
    let der: Pkcs8V1Der<'_> = KEY.as_der().unwrap();
    der.as_ref().to_vec()
}

fn connection(url: &str, app: bool) -> Connection {
    Connection {
        kind: "github".to_owned(),
        web_url: url.to_owned(),
        api_url: (KIND.api_url)(url),
        client_id: Some("Iv1.client".to_owned()),
        client_secret: Some(Secret::new("client-secret")),
        app: app.then(|| AppIdentity {
            id: 7,
            slug: "our-app".to_owned(),
            private_key: pem("PRIVATE KEY", &der()),
        }),
    }
}

fn github(server: &Server, app: bool) -> GitHub {
    GitHub::new(connection(&server.url, app), Limits::default()).unwrap()
}

fn user() -> Access {
    Access::User(Secret::new("gho_token"))
}

fn hello() -> RemoteRef {
    RemoteRef {
        id: "5".to_owned(),
        path: "ada/hello".to_owned(),
    }
}

fn person(id: &str, login: &str) -> RemotePerson {
    RemotePerson {
        id: id.to_owned(),
        login: login.to_owned(),
        name: None,
        email: None,
        avatar_url: None,
    }
}

fn repository(id: i64, path: &str) -> Value {
    let (owner, name) = path.split_once('/').unwrap();
    json!({
        "id": id, "name": name, "full_name": path, "private": true, "fork": false,
        "html_url": format!("https://github.com/{path}"),
        "clone_url": format!("https://github.com/{path}.git"),
        "description": null, "default_branch": "main", "archived": false,
        "owner": {"id": 1, "login": owner, "type": "User"},
        "permissions": {"admin": false, "maintain": false, "push": true, "triage": true, "pull": true},
    })
}

#[test]
fn addresses() {
    assert_eq!(
        (KIND.api_url)("https://github.com"),
        "https://api.github.com"
    );
    assert_eq!(
        (KIND.api_url)("https://ghe.example/"),
        "https://ghe.example/api/v3"
    );
    let github = GitHub::new(connection("https://github.com", true), Limits::default()).unwrap();
    assert_eq!(
        github.install_url().unwrap(),
        "https://github.com/apps/our-app/installations/new"
    );
    let demand = SignInDemand {
        redirect_uri: "https://ci.example/auth?a=b",
        state: "st",
        challenge: "ch",
    };
    assert_eq!(
        github.sign_in_url(&demand).unwrap(),
        "https://github.com/login/oauth/authorize?client_id=Iv1.client&redirect_uri=https%3A%2F%2F\
         ci.example%2Fauth%3Fa%3Db&state=st&code_challenge=ch&code_challenge_method=S256"
    );
    let plain = GitHub::new(connection("https://github.com", false), Limits::default()).unwrap();
    let url = plain.sign_in_url(&demand).unwrap();
    assert!(
        url.ends_with("&scope=read%3Aorg%20user%3Aemail%20repo"),
        "{url}"
    );
}

#[tokio::test]
async fn a_permission_is_of_the_person_and_not_of_the_name() {
    let server = Server::start(|asked, _| match asked.path.as_str() {
        "/api/v3/user" => json(200, json!({"id": 1, "login": "ada"})),
        "/api/v3/repositories/5" => json(200, repository(5, "ada/hello")),
        "/api/v3/repos/ada/hello/collaborators/bob/permission" => json(
            200,
            json!({"permission": "admin", "user": {"id": 2, "login": "bob"}}),
        ),
        _ => json(404, json!({"message": "Not Found"})),
    })
    .await;
    let github = github(&server, false);
    let ask = async |id, login| {
        github
            .permission(&user(), &hello(), &person(id, login))
            .await
    };
    assert_eq!(ask("1", "ada").await.unwrap(), Permission::Write);
    assert_eq!(ask("2", "bob").await.unwrap(), Permission::Admin);
    assert_eq!(ask("3", "bob").await.unwrap(), Permission::None);
    assert_eq!(ask("4", "nobody").await.unwrap(), Permission::None);
    let asked = server.lines();
    let own = asked.iter().filter(|line| line.ends_with("/user")).count();
    assert_eq!(own, 1, "whose token it is does not change: {asked:?}");
}

#[tokio::test]
async fn a_hook_that_is_there_is_mended() {
    let url = "https://ci.example/hooks/5";
    let server = Server::start(move |asked, _| match asked.line().as_str() {
        "POST /api/v3/repos/ada/hello/hooks" => json(
            422,
            json!({"message": "Validation Failed",
                   "errors": [{"message": "Hook already exists on this repository"}]}),
        ),
        "GET /api/v3/repos/ada/hello/hooks?per_page=100" => json(
            200,
            json!([{"id": 1, "config": {"url": "https://other.example"}},
                   {"id": 2, "config": {"url": url}}, {"id": 3, "config": {}}]),
        ),
        "PATCH /api/v3/repos/ada/hello/hooks/2" => json(200, json!({"id": 2})),
        "DELETE /api/v3/repos/ada/hello/hooks/2" => json(404, json!({})),
        other => panic!("{other}"),
    })
    .await;
    let github = github(&server, false);
    let mut demand = HookDemand {
        url: url.to_owned(),
        secret: Secret::new("hook-secret"),
    };
    let id = github.put_hook(&user(), &hello(), &demand).await.unwrap();
    assert_eq!(id, "2");
    let sent = server.asked()[2].json();
    assert_eq!(sent["config"]["secret"], "hook-secret");
    assert_eq!(sent.get("name"), None);
    github.delete_hook(&user(), &hello(), &id).await.unwrap();
    demand.url = "https://elsewhere.example".to_owned();
    let error = github
        .put_hook(&user(), &hello(), &demand)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("already exists"), "{error}");
}

#[tokio::test]
async fn a_folder_is_no_file_and_a_refused_commit_is_none() {
    let server = Server::start(|asked, _| {
        let rest = asked.path.strip_prefix("/api/v3/repos/ada/hello").unwrap();
        let at = "2026-11-23T07:00:00Z";
        let by = json!({"name": "Ada", "email": "ada@example.org", "date": at});
        match rest.split_once('/').unwrap().1 {
            rest if rest.starts_with("git/commits/") => json(
                200,
                json!({"sha": SHA, "message": "One\n", "author": by, "committer": by}),
            ),
            rest if rest.starts_with("contents/folder?") => json(200, json!([])),
            rest if rest.starts_with("contents/a%20b.yml?ref=1") => {
                let kind = "application/vnd.github.raw+json; charset=utf-8";
                answer(200, &[("content-type", kind)], "[text]")
            }
            "commits/abcd" => answer(200, &[], SHA),
            "commits/1111" | "commits/tags/v1" => answer(200, &[], SHA),
            _ => json(422, json!({"message": "No commit found for SHA"})),
        }
    })
    .await;
    let github = github(&server, false);
    let repo = hello();
    let snapshot = async |path| github.snapshot(&user(), &repo, SHA, path).await.unwrap();
    let file = snapshot("a b.yml").await;
    assert_eq!(file.file.as_deref(), Some(b"[text]".as_slice()));
    assert_eq!(
        (file.commit.message.as_str(), file.commit.author_date),
        ("One", 1_795_417_200)
    );
    assert_eq!(snapshot("folder").await.file, None);
    let resolve = async |want| github.resolve(&user(), &repo, &want).await;
    let commit = |name: &str| Want::Commit(name.to_owned());
    assert_eq!(resolve(commit("1111")).await.unwrap().sha, SHA);
    // A branch of that name answered.
    for want in [
        commit("abcd"),
        commit("dead"),
        Want::Ref("refs/tags/v2".to_owned()),
    ] {
        let error = resolve(want).await.unwrap_err();
        assert!(matches!(error, ForgeError::NotFound { .. }), "{error}");
    }
    let tag = resolve(Want::Tag("v1".to_owned())).await.unwrap();
    assert_eq!(tag.tag.as_deref(), Some("v1"));
}

#[tokio::test]
async fn a_refused_code_is_no_answer_of_a_token() {
    let server = Server::start(|asked, _| {
        assert!(asked.path.starts_with("/login/oauth/access_token"));
        let body = String::from_utf8(asked.body.to_vec()).unwrap();
        if body.contains("grant_type=refresh_token") {
            return json(200, json!({"error": "bad_refresh_token"}));
        }
        assert!(body.contains("code_verifier=ver%26"), "{body}");
        match body.contains("code=good") {
            true => json(
                200,
                json!({"access_token": "gho_1", "scope": "repo", "token_type": "bearer"}),
            ),
            false => json(
                200,
                json!({"error": "bad_verification_code",
                                      "error_description": "The code is incorrect or expired."}),
            ),
        }
    })
    .await;
    let github = github(&server, false);
    let verifier = Secret::new("ver&");
    let exchange = async |code| {
        github
            .exchange_code(&Secret::new(code), &verifier, "https://x")
            .await
    };
    assert_eq!(exchange("good").await.unwrap().token.reveal(), "gho_1");
    let error = exchange("bad").await.unwrap_err();
    assert!(matches!(error, ForgeError::Refused { .. }), "{error}");
    let error = github.refresh(&Secret::new("r")).await.unwrap_err();
    assert!(matches!(error, ForgeError::Denied));
}

//! The adapter against small servers that answer as GitHub does.

use super::results::cut;
use super::{GitHub, KIND};
use crate::hosting::*;
use crate::http::Limits;
use crate::http::testing::{Server, answer, json};
use crate::{ForgeError, Want};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::HeaderMap;
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

#[test]
fn the_key_is_read_in_both_forms_and_signs() {
    let der = der();
    // The inner key of PKCS#8 of 2,048 bits begins after 26 bytes.
    for key in [pem("PRIVATE KEY", &der), pem("RSA PRIVATE KEY", &der[26..])] {
        let app = super::App::new(AppIdentity {
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
    let bad = super::App::new(AppIdentity {
        id: 7,
        slug: String::new(),
        private_key: Secret::new("x"),
    });
    assert!(matches!(bad.err(), Some(ForgeError::NotSetUp { .. })));
}

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
    super::events::read(&headers, body.to_string().as_bytes())
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
    let hook = super::events::read(&headers, form.as_bytes()).unwrap();
    assert_eq!(
        (hook.what, hook.delivery.as_deref()),
        (Event::Ping, Some("d1"))
    );
    for bad in ["a=b", "payload=%", "payload=%zz", "payload=[]"] {
        assert!(
            super::events::read(&headers, bad.as_bytes()).is_err(),
            "{bad}"
        );
    }
    let missing = super::events::read(&HeaderMap::new(), b"{}");
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

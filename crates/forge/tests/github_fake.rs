//! The GitHub adapter against the fake GitHub: what people and Apps do from first to last.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::to_bytes;
use axum::extract::Request;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use reqwest::redirect::Policy;
use serde_json::json;
use travis_fake_forge::{Control, FakeForge, Kind, Options};
use travis_forge::github::GitHub;
use travis_forge::hosting::*;
use travis_forge::{ForgeError, Limits, Want};
use travis_model::Secret;

const COME_BACK: &str = "http://ci.test/auth/github/callback";
const VERIFIER: &str = "0123456789012345678901234567890123456789012";

/// Messages of hooks as they came.
type Received = Arc<Mutex<Vec<(HeaderMap, Vec<u8>)>>>;

async fn receiver() -> (String, Received) {
    let received = Received::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let all = Arc::clone(&received);
    let app = axum::Router::new().fallback(move |request: Request| {
        let all = Arc::clone(&all);
        async move {
            let (parts, body) = request.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            all.lock().unwrap().push((parts.headers, body.to_vec()));
        }
    });
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (url, received)
}

/// Reads and forgets what was received; everything must be signed with the secret.
fn read(received: &Received, github: &GitHub, secret: &Secret) -> Vec<Hook> {
    let all = std::mem::take(&mut *received.lock().unwrap());
    let mut hooks = Vec::new();
    for (headers, mut body) in all {
        assert!(github.signed(secret, &headers, &body));
        hooks.push(github.read_hook(&headers, &body).unwrap());
        assert!(!github.signed(&Secret::new("other"), &headers, &body));
        body[0] ^= 1;
        assert!(!github.signed(secret, &headers, &body));
    }
    hooks
}

fn connection(url: &str) -> Connection {
    Connection {
        kind: "github".to_owned(),
        web_url: url.to_owned(),
        api_url: format!("{url}/api/v3"),
        client_id: None,
        client_secret: None,
        app: None,
    }
}

fn github(connection: &Connection) -> GitHub {
    GitHub::new(connection.clone(), Limits::default()).unwrap()
}

fn browser() -> reqwest::Client {
    let builder = reqwest::Client::builder().redirect(Policy::none());
    builder.no_proxy().build().unwrap()
}

/// Where the forge's page leads when its button is pressed.
async fn press(url: &str, body: String) -> reqwest::Url {
    let request = browser()
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 302, "{}", response.text().await.unwrap());
    let to = response.headers().get("location").unwrap();
    reqwest::Url::parse(to.to_str().unwrap()).unwrap()
}

fn parameter(url: &reqwest::Url, name: &str) -> String {
    let found = url.query_pairs().find(|(key, _)| key == name);
    found.unwrap().1.into_owned()
}

async fn sign_in(github: &GitHub, login: &str) -> Grant {
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
    let demand = SignInDemand {
        redirect_uri: COME_BACK,
        state: "our state",
        challenge: &challenge,
    };
    let url = github.sign_in_url(&demand).unwrap();
    let back = press(&url, format!("login={login}")).await;
    assert!(back.as_str().starts_with(COME_BACK));
    assert_eq!(parameter(&back, "state"), "our state");
    let code = Secret::new(parameter(&back, "code"));
    let verifier = Secret::new(VERIFIER);
    let exchange = github.exchange_code(&code, &verifier, COME_BACK).await;
    exchange.unwrap()
}

async fn at(control: &Control, repo: &str) -> RemoteRef {
    let row = control.row(repo).await.unwrap();
    RemoteRef {
        id: row["id"].as_u64().unwrap().to_string(),
        path: repo.to_owned(),
    }
}

#[tokio::test]
async fn a_person_switches_a_repository_on() {
    let fake = FakeForge::start(Kind::Github, Options::default());
    let fake = fake.await.unwrap();
    let control = fake.control();
    control.user("ada").await.unwrap();
    control.user("bob").await.unwrap();
    let files = [(".travis.yml", "language: c\n")];
    let sha = control.repo("ada/hello", &files).await.unwrap();
    let mut connection = connection(fake.url());
    let (id, secret) = control.oauth_app(COME_BACK).await.unwrap();
    connection.client_id = Some(id);
    connection.client_secret = Some(Secret::new(secret));
    let github = github(&connection);

    let wrong = github
        .exchange_code(&Secret::new("x"), &Secret::new(VERIFIER), COME_BACK)
        .await;
    assert!(matches!(wrong, Err(ForgeError::Refused { .. })));
    let grant = sign_in(&github, "ada").await;
    assert!(grant.scopes.contains("repo"), "{}", grant.scopes);
    let access = Access::User(grant.token.clone());
    let ada = github.person(&access).await.unwrap();
    assert_eq!(ada.login, "ada");
    assert!(ada.email.is_some());
    let page = github.repositories(&access, None).await.unwrap();
    assert_eq!((page.items.len(), page.total), (1, Some(1)));
    assert_eq!(page.items[0].permission, Some(Permission::Admin));
    let repo = page.items[0].at.clone();

    let snapshot = github.snapshot(&access, &repo, &sha, ".travis.yml").await;
    let snapshot = snapshot.unwrap();
    assert_eq!(snapshot.file.as_deref(), Some(files[0].1.as_bytes()));
    assert_eq!(snapshot.commit.sha, sha);
    let nothing = github.snapshot(&access, &repo, &sha, "absent").await;
    assert_eq!(nothing.unwrap().file, None);

    let (url, received) = receiver().await;
    let demand = HookDemand {
        url,
        secret: Secret::new("hook-secret"),
    };
    let hook = github.put_hook(&access, &repo, &demand).await.unwrap();
    let again = github.put_hook(&access, &repo, &demand).await.unwrap();
    assert_eq!(hook, again);
    control.quiet().await.unwrap();
    read(&received, &github, &demand.secret);
    let commit = control.commit("ada/hello", "main", &[("a", "1")], "Second", "ada");
    let second = commit.await.unwrap();
    control.quiet().await.unwrap();
    let hooks = read(&received, &github, &demand.secret);
    let [hook_read] = hooks.as_slice() else {
        panic!("{hooks:?}");
    };
    let Event::Push(push) = &hook_read.what else {
        panic!("{hook_read:?}");
    };
    assert_eq!(push.branch.as_deref(), Some("main"));
    assert_eq!(
        (push.before.as_ref(), push.after.as_ref()),
        (Some(&sha), Some(&second))
    );
    assert_eq!(hook_read.repository.as_ref().unwrap().at, repo);
    assert_eq!(hook_read.sender.as_ref().unwrap().id, ada.id);
    assert!(hook_read.delivery.is_some());

    let status = CommitStatus {
        state: StatusState::Failure,
        context: "travis/push".to_owned(),
        description: "d".repeat(300),
        target_url: "http://ci.test/1".to_owned(),
        branch: None,
    };
    github
        .put_status(&access, &repo, &second, &status)
        .await
        .unwrap();
    let found = github.status(&access, &repo, &second, "travis/push").await;
    assert_eq!(found.unwrap(), Some(StatusState::Failure));
    let none = github.status(&access, &repo, &second, "travis/pr").await;
    assert_eq!(none.unwrap(), None);

    control.rename("ada/hello", "hi").await.unwrap();
    // Under its old name: reads and writes are led to the new one.
    let branches = github.branches(&access, &repo).await.unwrap();
    assert_eq!(branches[0].sha, second);
    github
        .put_status(&access, &repo, &second, &status)
        .await
        .unwrap();
    let renamed = github.repository(&access, &repo).await.unwrap();
    assert_eq!(renamed.at.path, "ada/hi");
    github.delete_hook(&access, &repo, &hook).await.unwrap();
    github.delete_hook(&access, &repo, &hook).await.unwrap();

    github.revoke(&grant.token).await.unwrap();
    github.revoke(&grant.token).await.unwrap();
    let denied = github.person(&access).await;
    assert!(matches!(denied, Err(ForgeError::Denied)));
}

#[tokio::test]
async fn a_fork_proposes_a_change() {
    let fake = FakeForge::start(Kind::Github, Options::default());
    let fake = fake.await.unwrap();
    let control = fake.control();
    for login in ["ada", "bob"] {
        control.user(login).await.unwrap();
    }
    control.repo("ada/hello", &[("a", "1")]).await.unwrap();
    control.fork("ada/hello", "bob").await.unwrap();
    let commit = control.commit("bob/hello", "fix", &[("b", "2")], "Fix", "bob");
    let head = commit.await.unwrap();
    let number = control.pull("ada/hello", "bob:fix", "main", "bob").await;
    let number = i64::try_from(number.unwrap()).unwrap();
    let repo = at(&control, "ada/hello").await;
    let github = github(&connection(fake.url()));
    let access = Access::User(Secret::new(control.token("ada").await.unwrap()));
    let pulls = github.pull_requests(&access, &repo).await.unwrap();
    assert_eq!(pulls.len(), 1);
    let pull = github.pull_request(&access, &repo, number).await.unwrap();
    assert_eq!(
        (pull.head_sha.as_str(), pull.head_branch.as_str()),
        (head.as_str(), "fix")
    );
    assert_eq!(pull.head_repository.unwrap().path, "bob/hello");
    assert_eq!(
        (pull.author.login.as_str(), pull.base_branch.as_str()),
        ("bob", "main")
    );
    let merge = Want::Ref(pull.merge_ref.unwrap());
    let merge = github.resolve(&access, &repo, &merge).await.unwrap();
    assert_ne!(merge.sha, head);
    let at_head = Want::Ref(pull.head_ref);
    let at_head = github.resolve(&access, &repo, &at_head).await.unwrap();
    assert_eq!(at_head.sha, head);
}

#[tokio::test]
async fn an_app_is_made_installed_and_tells_checks() {
    let fake = FakeForge::start(Kind::Github, Options::default());
    let fake = fake.await.unwrap();
    let control = fake.control();
    control.user("ada").await.unwrap();
    let sha = control.repo("ada/hello", &[("a", "1")]).await.unwrap();
    let mut connection = connection(fake.url());
    let (hook_url, received) = receiver().await;
    let demand = ManifestDemand {
        public_url: "http://ci.test",
        hook_url: &hook_url,
        sign_in_url: COME_BACK,
        done_url: "http://ci.test/setup/done",
        state: "once",
        organization: None,
    };
    let nobody = github(&connection);
    let form = nobody.manifest(&demand).unwrap();
    let fields = [("manifest", form.manifest.as_str()), ("owner", "ada")];
    let body = reqwest::Url::parse_with_params("http://x/", fields).unwrap();
    let done = press(&form.action, body.query().unwrap().to_owned()).await;
    assert_eq!(parameter(&done, "state"), "once");
    let code = Secret::new(parameter(&done, "code"));
    let made = nobody.take_manifest(&code).await.unwrap();
    connection.client_id = Some(made.client_id);
    connection.client_secret = Some(made.client_secret);
    let app_number = u64::try_from(made.app.id).unwrap();
    connection.app = Some(made.app);
    let github = github(&connection);

    let install_page = browser().get(github.install_url().unwrap()).send().await;
    assert_eq!(install_page.unwrap().status(), 200);
    let installation = control.install(app_number, "ada").await.unwrap();
    let installation = i64::try_from(installation).unwrap();
    control.quiet().await.unwrap();
    let hooks = read(&received, &github, &made.hook_secret);
    let told = hooks.iter().find_map(|hook| match &hook.what {
        Event::Installation(change) => Some(change),
        _ => None,
    });
    let told = told.unwrap();
    assert_eq!(
        (told.id, told.gone, told.added.len()),
        (installation, false, 1)
    );

    let grant = sign_in(&github, "ada").await;
    let fresh = github.refresh(&grant.refresh_token.unwrap()).await.unwrap();
    assert!(fresh.expires_in.is_some());
    let person = Access::User(fresh.token);
    let page = github.repositories(&person, None).await.unwrap();
    assert_eq!(page.items[0].installation_id, Some(installation));
    let repo = page.items[0].at.clone();

    let access = Access::Installation(installation);
    let mut check = Check {
        name: "travis / push".to_owned(),
        state: CheckState::InProgress,
        title: "Runs".to_owned(),
        summary: "It runs.".to_owned(),
        annotations: Vec::new(),
        details_url: "http://ci.test/1".to_owned(),
        external_id: "build-1".to_owned(),
        started_at: Some(1_790_000_000),
        completed_at: None,
    };
    let id = github.put_check(&access, &repo, &sha, None, &check).await;
    let id = id.unwrap();
    let again = github.put_check(&access, &repo, &sha, None, &check).await;
    assert_eq!(again.unwrap(), id, "a lost answer makes no second check");
    check.state = CheckState::Completed(Conclusion::Failure);
    check.completed_at = Some(1_790_000_060);
    check.annotations = (1..=120)
        .map(|line| Annotation {
            path: "a".to_owned(),
            line,
            warning: false,
            title: "error".to_owned(),
            message: format!("line {line}"),
        })
        .collect();
    for _ in 0..2 {
        let put = github
            .put_check(&access, &repo, &sha, Some(&id), &check)
            .await;
        assert_eq!(put.unwrap(), id);
    }
    let checks = control.checks("ada/hello", &sha).await.unwrap();
    assert_eq!(checks.len(), 1);
    assert_eq!(checks[0]["fields"]["conclusion"], "failure");
    let annotations = checks[0]["annotations"].as_array().unwrap();
    assert_eq!(annotations.len(), 120, "the second time added none");

    let run = checks[0]["id"].as_u64().unwrap();
    control.rerequest("ada/hello", run, "ada").await.unwrap();
    control.quiet().await.unwrap();
    let hooks = read(&received, &github, &made.hook_secret);
    let rerun = Event::Rerun(Rerun {
        sha: sha.clone(),
        external_id: Some("build-1".to_owned()),
    });
    assert!(hooks.iter().any(|hook| hook.what == rerun), "{hooks:?}");
    let (name, token) = github.git_credentials(&access).await.unwrap().unwrap();
    assert_eq!(name, "x-access-token");
    assert!(token.reveal().starts_with("ghs_"));
}

#[tokio::test]
async fn unchanged_lists_cost_nothing_and_the_budget_is_kept() {
    let fake = FakeForge::start(Kind::Github, Options::default());
    let fake = fake.await.unwrap();
    let control = fake.control();
    control.user("ada").await.unwrap();
    control.repo("ada/hello", &[("a", "1")]).await.unwrap();
    control
        .repo_with("ada/many", json!({"count": 250}))
        .await
        .unwrap();
    let repo = at(&control, "ada/hello").await;
    let github = github(&connection(fake.url()));
    let access = Access::User(Secret::new(control.token("ada").await.unwrap()));
    let mut cursor = None;
    let mut pages = Vec::new();
    loop {
        let page = github.repositories(&access, cursor.as_deref()).await;
        let page = page.unwrap();
        pages.push(page.items.len());
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(pages, [100, 100, 51]);
    let before = control.calls(0).await.unwrap().len();
    for _ in 0..3 {
        github.branches(&access, &repo).await.unwrap();
    }
    let calls = control.calls(before).await.unwrap();
    let statuses: Vec<u64> = calls
        .iter()
        .filter_map(|call| call["status"].as_u64())
        .collect();
    assert_eq!(statuses, [200, 304, 304]);
    control.limit(0, 60).await.unwrap();
    let refused = github.person(&access).await;
    assert!(matches!(
        refused,
        Err(ForgeError::RateLimited {
            retry_after_s: 1..=60
        })
    ));
}

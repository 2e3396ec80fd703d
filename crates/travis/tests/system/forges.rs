//! From signing in to the word at the commit, as a person and a forge see it.

use crate::support::{Hosted, Person, Repo, SOON, Server, Setup, forge, press, send, until};
use reqwest::{Method, header};
use serde_json::{Value, json};
use travis_fake_forge::Kind;

const YAML: &str = "language: generic\nscript: cat hello.txt\n";

/// The states of words about a commit in their order, each once.
fn states(told: &[Value]) -> Vec<String> {
    let mut states: Vec<String> = told
        .iter()
        .map(|one| one["state"].as_str().unwrap().to_owned())
        .collect();
    states.dedup();
    states
}

#[tokio::test]
async fn a_push_is_built_and_the_commit_says_so() {
    let hosted = Hosted::github().await;
    let (control, server) = (&hosted.control, &hosted.server);
    control.repo_with("ada/rocket", json!({})).await.unwrap();
    let ada = hosted.person("ada").await;
    assert_eq!(ada.user().await["login"], "ada");
    let row = ada.activate("ada/rocket").await;
    let id = row["id"].as_i64().unwrap();
    assert_eq!(row["@permissions"]["settings"], true, "{row}");

    // One hook is made, and its first message says that it works.
    control.quiet().await.unwrap();
    let state = control.state().await.unwrap();
    let hooks = state["hooks"].as_array().unwrap();
    assert_eq!(hooks.len(), 1, "{hooks:?}");
    assert_eq!(hooks[0]["url"], format!("{}/ping/{id}", server.url));
    let ping = until("the first message", SOON, || async {
        let all = ada.list("ada/rocket", "deliveries").await;
        all.into_iter()
            .find(|one| one["event"] == "ping" && one["state"] == "done")
    })
    .await;
    assert!(ping["outcome"].is_string(), "{ping}");

    let repo = Repo::new(
        &server.dir("work"),
        &[(".travis.yml", YAML), ("hello.txt", "hello by git\n")],
    );
    let remote = hosted.remote("ada/rocket", "ada").await;
    repo.push(&remote, "main").await;
    let sha = repo.git(&["rev-parse", "HEAD"]);
    let build = ada.build_of("ada/rocket", &sha).await;
    let build = ada.api.finished(build).await;
    let job = build["jobs"][0]["id"].as_i64().unwrap();
    let log = ada.api.log_text(job).await;
    assert_eq!(build["state"], "passed", "{log}");
    assert!(log.contains("hello by git"), "{log}");
    assert_eq!(build["event_type"], "push");

    let told = hosted.told("ada/rocket", &sha, "success").await;
    assert_eq!(states(&told), ["pending", "success"], "{told:?}");
    for one in &told {
        assert_eq!(one["context"], "continuous-integration/travis-ci/push");
        let target = one["target_url"].as_str().unwrap();
        assert!(target.starts_with(&server.url), "{target}");
        assert_eq!(one["creator"], "ada");
    }
    let number = build["number"].as_str().unwrap();
    let last = told.last().unwrap()["description"].as_str().unwrap();
    assert!(
        last.starts_with(&format!("Build #{number} passed")),
        "{last}"
    );
    let reported = until("the build knows what was said", SOON, || async {
        let reported = ada.api.build(build["id"].as_i64().unwrap()).await["reported"].clone();
        (reported["state"] == "told").then_some(reported)
    })
    .await;
    assert_eq!(reported["description"], last, "{reported}");

    let output = server
        .run_cli(&["show", &format!("ada/rocket#{number}")])
        .await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("passed"), "{text}");

    // Switched off, the hook is gone and pushes build nothing.
    ada.act("ada/rocket", "deactivate", &json!({}))
        .await
        .expect(200);
    until("the hook gone", SOON, || async {
        let state = control.state().await.unwrap();
        state["hooks"].as_array().unwrap().is_empty().then_some(())
    })
    .await;
}

/// Goes to the forge to make an App, as the operator. Answers what stays in the browser, and where
/// the forge sends the browser back to.
async fn ask_for_app(server: &Server, web_url: &str) -> (String, String) {
    let wish = json!({"kind": "github", "web_url": web_url});
    let answer = server.api.post("/v3/setup/manifest", &wish).await;
    let kept = answer.header("set-cookie").split(';').next().unwrap();
    assert!(kept.contains("travis_browser="), "{kept}");
    let kept = kept.to_owned();
    let page = answer.expect(200);
    let action = page["action"].as_str().unwrap();
    assert!(action.starts_with(web_url), "{action}");
    let manifest = page["manifest"].as_str().unwrap();
    let fields = [("manifest", manifest), ("owner", "ada")];
    let back = press(&server.api.http, action, &fields).await;
    let path = back.strip_prefix(&server.url).unwrap();
    (kept, path.to_owned())
}

/// Makes an App. Answers the server's number of the forge.
async fn make_app(server: &Server, web_url: &str) -> i64 {
    // Another browser can't take an App over, nor the same one after that.
    let (kept, path) = ask_for_app(server, web_url).await;
    let stranger = server.api.get(&path).await;
    assert_eq!(stranger.header("location"), "/setup?error=state");
    let back = |path: &str, kept: &str| {
        send(
            server
                .api
                .call(Method::GET, path)
                .header(header::COOKIE, kept),
        )
    };
    assert_eq!(
        back(&path, &kept).await.header("location"),
        "/setup?error=state"
    );
    let (kept, path) = ask_for_app(server, web_url).await;
    let made = back(&path, &kept).await;
    let there = made.header("location");
    assert!(there.starts_with("/setup?made="), "{made:?}");
    let forges = server.api.get("/v3/forges").await.expect(200);
    let row = forges["forges"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(row["app"], true, "{row}");
    row["id"].as_i64().unwrap()
}

#[tokio::test]
async fn an_app_made_by_manifest_gives_checks_with_annotations_that_can_be_asked_for_again() {
    let fake = forge(Kind::Github).await;
    let server = Setup::up().start().await;
    let control = fake.control();
    control.user("ada").await.unwrap();
    let yaml = "language: generic\nscript:\n  - test ! -e mended || exit 0\n  \
                - 'echo \"tests/test_rocket.py:3: AssertionError: it does not fly\"'\n  - 'false'\n";
    let files = [
        (".travis.yml", yaml),
        ("tests/test_rocket.py", "\n\nassert False\n"),
    ];
    control.repo("ada/rocket", &files).await.unwrap();
    let id = make_app(&server, fake.url()).await;
    let state = control.state().await.unwrap();
    // The first one was made for the stranger.
    let app = state["apps"].as_array().unwrap().last().unwrap();
    control
        .install(app["id"].as_u64().unwrap(), "ada")
        .await
        .unwrap();
    let hosted = Hosted::around(fake, server, id);
    let ada = Person::sign_in(&hosted, "ada").await;
    let row = ada.activate("ada/rocket").await;
    assert_eq!(row["managed_by_installation"], true, "{row}");
    let state = control.state().await.unwrap();
    let own = state["hooks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["owner"]["repo"].is_u64());
    assert_eq!(own.count(), 0, "the App's hook is enough");

    let sha = hosted
        .push("ada/rocket", "main", "Does not fly", "ada")
        .await;
    let check = hosted.concluded("ada/rocket", &sha, "failure").await;
    assert_eq!(check["fields"]["name"], "Travis CI - Branch");
    let annotation = &check["annotations"][0];
    assert_eq!(annotation["path"], "tests/test_rocket.py", "{check}");
    assert_eq!(annotation["start_line"], 3);
    let first = &check["history"][0];
    assert!(
        ["queued", "in_progress"].contains(&first["status"].as_str().unwrap()),
        "{first}"
    );
    assert!(
        control
            .statuses("ada/rocket", &sha)
            .await
            .unwrap()
            .is_empty()
    );

    let build = ada.build_of("ada/rocket", &sha).await;
    let before = ada.api.build(build).await["jobs"][0]["id"].clone();
    let versions = check["history"].as_array().unwrap().len();
    let run = check["id"].as_u64().unwrap();
    // Only who may push can ask for it again.
    control.user("mallory").await.unwrap();
    control
        .rerequest("ada/rocket", run, "mallory")
        .await
        .unwrap();
    control.rerequest("ada/rocket", run, "ada").await.unwrap();
    let again = until("the same check once more", SOON, || async {
        let checks = control.checks("ada/rocket", &sha).await.unwrap();
        assert_eq!(checks.len(), 1, "{checks:?}");
        let history = checks[0]["history"].as_array().unwrap()[versions..].to_vec();
        let over = history.last()?["conclusion"] == "failure";
        over.then_some(history)
    })
    .await;
    assert!(again.len() > 1, "{again:?}");
    assert_eq!(ada.api.build(build).await["jobs"][0]["id"], before);
    let refused = until("the stranger's demand looked at", SOON, || async {
        let all = ada.list("ada/rocket", "deliveries").await;
        all.into_iter().find(|one| {
            one["event"] == "check_run"
                && one["state"] == "done"
                && one["outcome"].to_string().contains("mallory")
        })
    })
    .await;
    assert!(refused["request"].is_null(), "{refused}");
}

//! Forges other than GitHub: from signing in to the word at the commit, and a stranger's proposal.

use crate::support::{Hosted, Setup};
use serde_json::json;
use travis_fake_forge::Kind;

const SLUG: &str = "ada/rocket";
const YAML: &str = "language: generic\nscript:\n  - cat hello.txt\n  - echo \"secure=$TRAVIS_SECURE_ENV_VARS length=${#HUSH}\"\n";

async fn a_forge_from_first_to_last(kind: Kind) {
    let hosted = Hosted::start(kind, Setup::up()).await;
    let control = &hosted.control;
    let files = [(".travis.yml", YAML), ("hello.txt", "hello by git")];
    control.user("ada").await.unwrap();
    control.repo(SLUG, &files).await.unwrap();
    let ada = hosted.person("ada").await;
    assert_eq!(ada.user().await["login"], "ada");
    ada.activate(SLUG).await;
    // Switched on again, there is still one hook.
    ada.activate(SLUG).await;
    let state = control.state().await.unwrap();
    assert_eq!(
        state["hooks"].as_array().unwrap().len(),
        1,
        "{}",
        state["hooks"]
    );
    let body = json!({"name": "HUSH", "value": "secret-of-nobody-else", "public": false});
    ada.act(SLUG, "env_vars", &body).await.expect(201);

    let sha = hosted.push(SLUG, "main", "Push", "ada").await;
    let build = ada.build_of(SLUG, &sha).await;
    let build = ada.api.finished(build).await;
    let job = build["jobs"][0]["id"].as_i64().unwrap();
    let log = ada.api.log_text(job).await;
    assert_eq!(build["state"], "passed", "{log}");
    assert!(
        log.contains("hello by git") && log.contains("secure=true length=21"),
        "{log}"
    );
    let told = hosted.told(SLUG, &sha, "success").await;
    assert_ne!(told[0]["state"], "success", "{told:?}");

    control.user("eve").await.unwrap();
    control.fork(SLUG, "eve").await.unwrap();
    let head = hosted.push("eve/rocket", "patch", "Patch", "eve").await;
    let number = control
        .pull(SLUG, "eve:patch", "main", "eve")
        .await
        .unwrap();
    let request = ada.held(SLUG, &head).await;
    let before = ada.list(SLUG, "builds").await.len();
    assert_eq!(before, 1);
    let act = format!("request/{request}/approve");
    ada.act(SLUG, &act, &json!({"secrets": false}))
        .await
        .expect(200);
    let build = ada.build_of(SLUG, &head).await;
    let build = ada.api.finished(build).await;
    assert_eq!(build["pull_request_number"], number);
    let job = build["jobs"][0]["id"].as_i64().unwrap();
    let log = ada.api.log_text(job).await;
    assert_eq!(build["state"], "passed", "{log}");
    assert!(log.contains("secure=false length=0"), "{log}");
    hosted.told(SLUG, &head, "success").await;
    // The next push waits again.
    let next = hosted.push("eve/rocket", "patch", "Once more", "eve").await;
    ada.held(SLUG, &next).await;

    ada.act(SLUG, "deactivate", &json!({})).await.expect(200);
    crate::support::until("the hook gone", crate::support::SOON, || async {
        let state = control.state().await.unwrap();
        state["hooks"].as_array().unwrap().is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn gitea_from_first_to_last() {
    a_forge_from_first_to_last(Kind::Gitea).await;
}

#[tokio::test]
async fn gitlab_from_first_to_last() {
    a_forge_from_first_to_last(Kind::Gitlab).await;
}

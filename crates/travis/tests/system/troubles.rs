//! Forges that fail: nothing is lost, and every commit's last word is how its build stands.

use crate::support::{FaultMode, Hosted, Person, SOON, Setup, is_over, until};
use serde_json::{Value, json};
use std::time::Duration;
use travis_fake_forge::Kind;

const SLUG: &str = "ada/rocket";
/// Long enough for back-off that doubles from two seconds, on a busy machine.
const LATER: Duration = Duration::from_secs(90);

async fn scene() -> (Hosted, Person) {
    let setup = Setup::up().toml("[comparing]\nseconds = 2\n\n");
    let hosted = Hosted::start(Kind::Github, setup).await;
    let ada = hosted.person("ada").await;
    hosted.quick(&ada, SLUG, "script: 'true'\n").await;
    (hosted, ada)
}

/// Waits until the last word about a commit is this one, however long the forge was away.
async fn told_later(hosted: &Hosted, sha: &str, state: &str) -> Vec<Value> {
    until(&format!("{state} for {sha}"), LATER, || async {
        let told = hosted.control.statuses(SLUG, sha).await.unwrap();
        (told.last()?["state"] == state).then_some(told)
    })
    .await
}

/// After the last word there must not be an older one, and no word may be older than the one
/// before it.
fn in_order(told: &[Value]) {
    let rank = |one: &Value| u8::from(one["state"] != "pending");
    let sorted = told.windows(2).all(|pair| rank(&pair[0]) <= rank(&pair[1]));
    assert!(sorted, "{told:?}");
}

/// Waits for two comparisons: the first only notes what there is.
async fn noted(hosted: &Hosted) {
    let begin = hosted.control.calls(0).await.unwrap().len();
    until("two comparisons", LATER, || async {
        let calls = hosted.control.calls(begin).await.unwrap();
        let compared = calls
            .iter()
            .filter(|call| call["path"].as_str().unwrap().contains("/pulls"));
        (compared.count() >= 2).then_some(())
    })
    .await;
}

async fn fault(hosted: &Hosted, body: Value) {
    hosted.control.post("fault", body).await.unwrap();
}

async fn end_faults(hosted: &Hosted) {
    hosted.control.fault(FaultMode::None, 1).await.unwrap();
}

#[tokio::test]
async fn words_that_a_failing_forge_did_not_take_are_said_again() {
    let (hosted, ada) = scene().await;
    let modes = [
        json!({"mode": "status500", "match": "/statuses/"}),
        json!({"mode": "rate_limit", "retry_after": 3, "match": "/statuses/"}),
        json!({"mode": "hang", "match": "/statuses/"}),
    ];
    for (round, mode) in modes.into_iter().enumerate() {
        fault(&hosted, mode.clone()).await;
        let sha = hosted
            .push(SLUG, "main", &format!("Round {round}"), "ada")
            .await;
        let build = ada.build_of(SLUG, &sha).await;
        let build = ada.api.finished(build).await;
        assert_eq!(build["state"], "passed");
        let before = hosted.control.statuses(SLUG, &sha).await.unwrap();
        assert!(before.is_empty(), "{mode}: {before:?}");
        let id = build["id"].as_i64().unwrap();
        until("the build says that the word waits", LATER, || async {
            let reported = ada.api.build(id).await["reported"].clone();
            (reported["state"] == "waiting" && reported["error"].is_string()).then_some(())
        })
        .await;
        end_faults(&hosted).await;
        in_order(&told_later(&hosted, &sha, "success").await);
    }
}

#[tokio::test]
async fn pushes_whose_messages_were_lost_are_found_and_built() {
    let (hosted, ada) = scene().await;
    noted(&hosted).await;
    fault(&hosted, json!({"mode": "drop_deliveries", "every": 3})).await;
    let mut all = Vec::new();
    for round in 0..9 {
        let branch = format!("branch-{round}");
        all.push(
            hosted
                .push(SLUG, &branch, &format!("Round {round}"), "ada")
                .await,
        );
    }
    hosted.control.quiet().await.unwrap();
    for sha in &all {
        until(&format!("a build of {sha}"), LATER, || async {
            let builds = ada.list(SLUG, "builds").await;
            builds
                .iter()
                .any(|build| build["commit"]["sha"] == sha.as_str())
                .then_some(())
        })
        .await;
    }
    for sha in &all {
        in_order(&told_later(&hosted, sha, "success").await);
    }
    // Each of them once.
    until("the end of everything", LATER, || async {
        ada.list(SLUG, "builds")
            .await
            .iter()
            .all(is_over)
            .then_some(())
    })
    .await;
    assert_eq!(ada.list(SLUG, "builds").await.len(), all.len());
    let requests = ada.list(SLUG, "requests").await;
    let found = requests
        .iter()
        .filter(|one| one["message"].to_string().contains("found by comparison"));
    assert!(found.count() >= 3, "{requests:?}");
}

#[tokio::test]
async fn a_pull_request_whose_message_was_lost_is_found_and_held() {
    let (hosted, ada) = scene().await;
    hosted.control.user("eve").await.unwrap();
    hosted.control.fork(SLUG, "eve").await.unwrap();
    let sha = hosted.push("eve/rocket", "patch", "Patch", "eve").await;
    noted(&hosted).await;
    fault(&hosted, json!({"mode": "drop_deliveries"})).await;
    hosted
        .control
        .pull(SLUG, "eve:patch", "main", "eve")
        .await
        .unwrap();
    let request = until("the pull request held", LATER, || async {
        let requests = ada.list(SLUG, "requests").await;
        requests.into_iter().find(|one| {
            one["pull_request"]["head_sha"] == sha.as_str() && one["held_at"].is_string()
        })
    })
    .await;
    assert_eq!(request["state"], "pending");
    assert!(ada.list(SLUG, "builds").await.is_empty());
}

#[tokio::test]
async fn a_push_just_before_the_forge_is_away_is_built_when_it_is_back() {
    let (hosted, ada) = scene().await;
    let away = json!({"mode": "status500", "seconds": 25, "match": "/api/v3/"});
    fault(&hosted, away).await;
    let sha = hosted.push(SLUG, "main", "In bad times", "ada").await;
    in_order(&told_later(&hosted, &sha, "success").await);
    assert_eq!(ada.list(SLUG, "builds").await.len(), 1);
}

#[tokio::test]
async fn a_forge_that_fails_now_and_then_gets_every_commit_right() {
    let (hosted, ada) = scene().await;
    fault(
        &hosted,
        json!({"mode": "status500", "every": 4, "seconds": 20, "match": "/api/v3/repo"}),
    )
    .await;
    let mut all = Vec::new();
    for round in 0..6 {
        let branch = format!("flaky-{round}");
        let yaml = format!(
            "language: generic\ngit: {{clone: false}}\nscript: exit {}\n",
            round % 2
        );
        let files = [(".travis.yml", yaml.as_str())];
        let message = format!("Round {round}");
        let sha = hosted
            .control
            .commit(SLUG, &branch, &files, &message, "ada")
            .await
            .unwrap();
        all.push((sha, if round % 2 == 0 { "success" } else { "failure" }));
    }
    for (sha, state) in &all {
        in_order(&told_later(&hosted, sha, state).await);
    }
    end_faults(&hosted).await;
    assert_eq!(ada.list(SLUG, "builds").await.len(), all.len());
}

#[tokio::test]
async fn a_server_that_is_killed_while_it_speaks_says_the_last_word_after_its_start() {
    let (mut hosted, ada) = scene().await;
    fault(&hosted, json!({"mode": "hang", "match": "/statuses/"})).await;
    let sha = hosted.push(SLUG, "main", "Cut short", "ada").await;
    let build = ada.build_of(SLUG, &sha).await;
    ada.api.finished(build).await;
    hosted.server = hosted.server.start_again();
    end_faults(&hosted).await;
    // A lease of the dead one's has to end first.
    let told = until("the last word", LATER + SOON, || async {
        let told = hosted.control.statuses(SLUG, &sha).await.unwrap();
        (told.last()?["state"] == "success").then_some(told)
    })
    .await;
    in_order(&told);
}

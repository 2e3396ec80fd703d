//! Repositories that are renamed, given away, hidden and deleted on their forge, and people whose
//! rights end (security cases 26 and 27).

use crate::support::{Api, Hosted, Live, Person, SOON, until};
use reqwest::Method;
use serde_json::{Value, json};

const SLUG: &str = "ada/rocket";

async fn scene() -> (Hosted, Person, i64) {
    let hosted = Hosted::github().await;
    let ada = hosted.person("ada").await;
    hosted.quick(&ada, SLUG, "script: 'true'\n").await;
    let id = ada.api.repo(SLUG).await["id"].as_i64().unwrap();
    let sha = hosted.push(SLUG, "main", "Before", "ada").await;
    let build = ada.build_of(SLUG, &sha).await;
    ada.api.finished(build).await;
    (hosted, ada, id)
}

/// Waits until the repository's number has this slug.
async fn becomes(api: &Api, id: i64, slug: &str) {
    until(&format!("the repository as {slug}"), SOON, || async {
        let row = api.get(&format!("/v3/repo/{id}")).await;
        (row.body["slug"] == slug).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_repository_keeps_its_builds_under_a_new_name_and_a_new_owner() {
    let (hosted, ada, id) = scene().await;
    hosted.control.rename(SLUG, "shuttle").await.unwrap();
    becomes(&ada.api, id, "ada/shuttle").await;
    let sha = hosted.push("ada/shuttle", "main", "Renamed", "ada").await;
    let build = ada.build_of("ada/shuttle", &sha).await;
    ada.api.finished(build).await;
    hosted.told("ada/shuttle", &sha, "success").await;
    assert_eq!(ada.list("ada/shuttle", "builds").await.len(), 2);

    hosted
        .control
        .org("club", &[("ada", "admin")])
        .await
        .unwrap();
    hosted
        .control
        .transfer("ada/shuttle", "club")
        .await
        .unwrap();
    becomes(&ada.api, id, "club/shuttle").await;
    let sha = hosted
        .push("club/shuttle", "main", "Given away", "ada")
        .await;
    let build = ada.build_of("club/shuttle", &sha).await;
    assert_eq!(ada.api.finished(build).await["state"], "passed");
    hosted.told("club/shuttle", &sha, "success").await;
    // The old name is free for another repository, which is another one here too.
    hosted
        .control
        .repo(SLUG, &[("README", "another")])
        .await
        .unwrap();
    ada.sync().await;
    let other = ada.api.repo(SLUG).await;
    assert_ne!(other["id"], id);
    assert_eq!(ada.api.repo("club/shuttle").await["id"], id);
}

/// Every way to read a repository's things.
fn doors(id: i64, build: i64, job: i64) -> Vec<String> {
    let mut paths: Vec<String> = [
        "",
        "/builds",
        "/requests",
        "/branches",
        "/settings",
        "/deliveries",
        "/pull_requests",
        "/badges",
        "/env_vars",
    ]
    .iter()
    .flat_map(|what| {
        [
            format!("/v3/repo/{id}{what}"),
            format!("/v3/repo/ada%2Frocket{what}"),
        ]
    })
    .collect();
    paths.extend([
        format!("/v3/build/{build}"),
        format!("/v3/job/{job}"),
        format!("/v3/job/{job}/log"),
        format!("/v3/job/{job}/log.txt"),
        "/repos/ada/rocket/cc.xml".to_owned(),
        "/repos/ada/rocket/builds.atom".to_owned(),
    ]);
    paths
}

#[tokio::test]
async fn case_26_a_repository_that_is_hidden_on_the_forge_is_missing_here_at_once() {
    let (hosted, ada, id) = scene().await;
    let eve = hosted.person("eve").await;
    let build = ada.list(SLUG, "builds").await[0]["id"].as_i64().unwrap();
    let job = ada.api.first_job(build).await;
    let nobody = hosted.server.anonymous();
    for api in [&eve.api, &nobody] {
        assert_eq!(api.get(&format!("/v3/repo/{id}")).await.status, 200);
    }
    let origin = [
        ("origin", hosted.server.url.clone()),
        ("cookie", eve.browser.cookies()),
    ];
    let mut live = Live::open(&hosted.server.url, &origin).await.unwrap();
    assert_eq!(
        live.subscribe(&format!("repo:{id}")).await["type"],
        "subscribed"
    );

    hosted.control.repo_do(SLUG, "privatize").await.unwrap();
    until("the repository hidden", SOON, || async {
        (nobody.get(&format!("/v3/repo/{id}")).await.status == 404).then_some(())
    })
    .await;
    for api in [&eve.api, &nobody] {
        for path in doors(id, build, job) {
            let hidden = api.get(&path).await;
            let number = path
                .replace(&id.to_string(), "987654")
                .replace("ada%2Frocket", "ada%2Fmissing");
            assert!([401, 404].contains(&hidden.status), "{path}: {hidden:?}");
            if path.contains("/repo/") {
                let missing = api.get(&number).await;
                assert_eq!(
                    (hidden.status, &hidden.body),
                    (missing.status, &missing.body),
                    "{path}"
                );
            }
        }
        let badge = api.get("/ada/rocket.svg").await;
        let missing = api.get("/ada/missing.svg").await;
        assert_eq!((badge.status, &badge.body), (missing.status, &missing.body));
        for list in ["/v3/repos?search=rocket", "/v3/repos"] {
            let answer = api.get(list).await.expect(200);
            assert!(!answer.to_string().contains("rocket"), "{list}: {answer}");
        }
    }
    // The open page hears nothing more of it.
    let sha = hosted.push(SLUG, "main", "Hidden", "ada").await;
    let built = ada.build_of(SLUG, &sha).await;
    ada.api.finished(built).await;
    live.say(&json!({"type": "subscribe", "topics": ["repo:987654"]}))
        .await;
    let heard = live
        .hear(|one| {
            let leaks = one["type"] == "event" && !one["data"].is_null();
            assert!(!leaks, "{one}");
            one["topic"] == "repo:987654"
        })
        .await;
    assert_eq!(heard["type"], "refused");
    let again = Live::open(&hosted.server.url, &origin)
        .await
        .unwrap()
        .subscribe(&format!("repo:{id}"))
        .await;
    assert_eq!(again["type"], "refused", "{again}");
    assert_eq!(ada.api.get(&format!("/v3/repo/{id}")).await.status, 200);

    // Open again, it is there again.
    hosted.control.repo_do(SLUG, "publicize").await.unwrap();
    until("the repository open", SOON, || async {
        (nobody.get(&format!("/v3/repo/{id}")).await.status == 200).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_is_deleted_on_the_forge_is_switched_off_and_its_builds_end() {
    let (hosted, ada, id) = scene().await;
    let yaml = "language: generic\ngit: {clone: false}\nscript: sleep 60\n";
    let files = [(".travis.yml", yaml)];
    let sha = hosted
        .control
        .commit(SLUG, "main", &files, "Long", "ada")
        .await
        .unwrap();
    let build = ada.build_of(SLUG, &sha).await;
    hosted.control.repo_do(SLUG, "delete").await.unwrap();
    let over = ada.api.finished(build).await;
    assert_eq!(over["state"], "canceled");
    let row = hosted
        .server
        .api
        .get(&format!("/v3/repo/{id}"))
        .await
        .expect(200);
    assert_eq!(
        (&row["active"], &row["gone"]),
        (&json!(false), &json!(true)),
        "{row}"
    );
    let again = ada.act(SLUG, "activate", &json!({})).await;
    assert!(again.status >= 400, "{again:?}");
}

#[tokio::test]
async fn case_27_rights_that_end_on_the_forge_end_here_at_once_for_writes() {
    let (hosted, _ada, id) = scene().await;
    hosted.control.user("bob").await.unwrap();
    hosted
        .control
        .member(SLUG, "bob", Some("write"))
        .await
        .unwrap();
    let bob = hosted.person("bob").await;
    let path = format!("/v3/repo/{id}/requests");
    bob.api.post(&path, &json!({})).await.expect(202);
    hosted.control.member(SLUG, "bob", None).await.unwrap();
    hosted.control.quiet().await.unwrap();
    until("the end of the right to build", SOON, || async {
        (bob.api.post(&path, &json!({})).await.status == 403).then_some(())
    })
    .await;
    for (method, path) in [
        (Method::POST, format!("/v3/repo/{id}/deactivate")),
        (Method::POST, format!("/v3/repo/{id}/env_vars")),
        (Method::GET, format!("/v3/repo/{id}/env_vars")),
    ] {
        let body = json!({"name": "X", "value": "y"});
        let call = bob.api.call(method, &path).json(&body);
        assert_eq!(crate::support::send(call).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn a_token_that_the_forge_took_back_is_shown_and_mended_by_signing_in() {
    let (hosted, ada, _) = scene().await;
    hosted.control.revoke("ada").await.unwrap();
    ada.api.post("/v3/user/sync", &json!({})).await;
    until("the identity without access", SOON, || async {
        let user = ada.user().await;
        (user["identities"][0]["access"] == false).then_some(())
    })
    .await;
    let back = ada.browser.agree(hosted.id, "ada").await;
    assert_eq!(
        ada.browser.follow(&back).await.header("location"),
        "/account"
    );
    let user: Value = ada.user().await;
    assert_eq!(user["identities"].as_array().unwrap().len(), 1, "{user}");
    assert_eq!(user["identities"][0]["access"], true, "{user}");
}

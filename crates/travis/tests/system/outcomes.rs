//! What commits are told when nothing is built, or not to the end.

use crate::support::{Hosted, Person, SOON, until};
use serde_json::{Value, json};

const SLUG: &str = "ada/rocket";

async fn scene(yaml: &str) -> (Hosted, Person) {
    let hosted = Hosted::github().await;
    hosted.control.user("ada").await.unwrap();
    let ada = hosted.person("ada").await;
    hosted.quick(&ada, SLUG, yaml).await;
    (hosted, ada)
}

fn said(told: &[Value]) -> String {
    told.last().unwrap()["description"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_newer_commit_of_a_branch_ends_what_runs() {
    let (hosted, ada) = scene("script: sleep 60\n").await;
    ada.set(SLUG, "auto_cancel_pushes", json!(true)).await;
    let first = hosted.push(SLUG, "main", "First", "ada").await;
    let old = ada.build_of(SLUG, &first).await;
    let job = ada.api.first_job(old).await;
    ada.api.job_in(job, "started").await;
    let elsewhere = hosted.push(SLUG, "other", "Elsewhere", "ada").await;
    let beside = ada.build_of(SLUG, &elsewhere).await;
    let second = hosted.push(SLUG, "main", "Second", "ada").await;
    let new = ada.build_of(SLUG, &second).await;
    let over = ada.api.finished(old).await;
    assert_eq!(over["state"], "canceled");
    let told = hosted.told(SLUG, &first, "error").await;
    assert!(said(&told).contains("canceled"), "{told:?}");
    // What goes on is what came last, and other branches.
    for build in [new, beside] {
        let state = ada.api.build(build).await["state"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            ["created", "queued", "received", "started"].contains(&state.as_str()),
            "{state}"
        );
        ada.api
            .post(&format!("/v3/build/{build}/cancel"), &json!({}))
            .await;
        ada.api.finished(build).await;
    }
    hosted.told(SLUG, &second, "error").await;
}

#[tokio::test]
async fn what_asks_for_no_build_is_told_so() {
    let (hosted, ada) = scene("script: 'true'\nbranches: {except: [docs]}\n").await;
    let skipped = hosted
        .push(SLUG, "main", "Words only [skip ci]", "ada")
        .await;
    let told = hosted.told(SLUG, &skipped, "success").await;
    assert_eq!(said(&told), "No build: Build skipped via commit message");
    let excluded = hosted.push(SLUG, "docs", "Pages", "ada").await;
    let told = hosted.told(SLUG, &excluded, "success").await;
    assert!(said(&told).starts_with("No build: Branch"), "{told:?}");
    ada.set(SLUG, "build_pushes", json!(false)).await;
    let off = hosted.push(SLUG, "main", "Not wanted", "ada").await;
    let told = hosted.told(SLUG, &off, "success").await;
    assert_eq!(
        said(&told),
        "No build: Build type disabled via repository settings"
    );
    ada.set(SLUG, "build_pushes", json!(true)).await;
    ada.set(SLUG, "build_pull_requests", json!(false)).await;
    let branch = hosted.push(SLUG, "feature", "Feature", "ada").await;
    hosted.told(SLUG, &branch, "success").await;
    hosted
        .control
        .pull(SLUG, "feature", "main", "ada")
        .await
        .unwrap();
    let word = until("the word about the pull request", SOON, || async {
        let told = hosted.control.statuses(SLUG, &branch).await.unwrap();
        told.into_iter().rfind(|one| {
            one["context"] == "continuous-integration/travis-ci/pr" && one["state"] != "pending"
        })
    })
    .await;
    assert_eq!(word["state"], "success");
    assert_eq!(
        word["description"],
        "No build: Build type disabled via repository settings"
    );
    let builds = ada.list(SLUG, "builds").await;
    assert_eq!(
        builds.len(),
        1,
        "only the feature's push is built: {builds:?}"
    );
}

#[tokio::test]
async fn failures_and_broken_files_are_told_as_what_they_are() {
    let (hosted, ada) = scene("script: 'false'\n").await;
    let failing = hosted.push(SLUG, "main", "Fails", "ada").await;
    let told = hosted.told(SLUG, &failing, "failure").await;
    assert!(said(&told).contains("failed"), "{told:?}");
    let files = [(".travis.yml", "language: [\n")];
    let broken = hosted
        .control
        .commit(SLUG, "main", &files, "Breaks", "ada")
        .await
        .unwrap();
    hosted.told(SLUG, &broken, "error").await;
    // A restart is told too, and its end again.
    let build = ada.build_of(SLUG, &failing).await;
    let before = hosted.control.statuses(SLUG, &failing).await.unwrap().len();
    ada.api
        .post(&format!("/v3/build/{build}/restart"), &json!({}))
        .await;
    until("the second end", SOON, || async {
        let told = hosted.control.statuses(SLUG, &failing).await.unwrap();
        let states: Vec<_> = told[before..]
            .iter()
            .map(|one| one["state"].clone())
            .collect();
        (states.first()? == "pending" && states.last()? == "failure").then_some(())
    })
    .await;
}

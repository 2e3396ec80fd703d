//! What a job finds checked out, from the worker's mirror, inside the sandbox.

use crate::support::{Server, Setup, can_isolate};
use serde_json::json;

const YAML: &str = "language: generic\ngit: {depth: 2}\nscript: cat said.txt && git log --oneline | wc -l | tr -d ' ' | sed 's/^/commits=/'\n";

async fn server() -> Server {
    Setup::up()
        .flags(&["--executor", "namespace"])
        .start()
        .await
}

#[tokio::test]
async fn a_pull_request_s_ref_is_built_at_its_commit() {
    if !can_isolate("a_pull_request_s_ref_is_built_at_its_commit") {
        return;
    }
    let server = server().await;
    let repo = server
        .repository(
            "acme/pulls",
            &[(".travis.yml", YAML), ("said.txt", "on main\n")],
        )
        .await;
    repo.branch("proposal");
    let sha = repo.commit(&[("said.txt", "proposed\n")], "Say it otherwise");
    repo.git(&["update-ref", "refs/pull/3/merge", "HEAD"]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["branch", "--quiet", "-D", "proposal"]);
    let id = server
        .api
        .trigger_with("acme/pulls", &json!({"branch": "refs/pull/3/merge"}))
        .await;
    let build = server.api.finished(id).await;
    let log = server
        .api
        .log_text(build["jobs"][0]["id"].as_i64().unwrap())
        .await;
    assert_eq!(build["state"], "passed", "{log}");
    assert_eq!(build["commit"]["sha"], sha);
    assert!(log.contains("\nproposed\n"), "{log}");
}

#[tokio::test]
async fn depth_is_kept_and_an_older_commit_is_found_behind_it() {
    if !can_isolate("depth_is_kept_and_an_older_commit_is_found_behind_it") {
        return;
    }
    let server = server().await;
    let repo = server
        .repository(
            "acme/deep",
            &[(".travis.yml", YAML), ("said.txt", "first\n")],
        )
        .await;
    let old = repo.git(&["rev-parse", "HEAD"]);
    for n in 2..6 {
        repo.commit(&[("said.txt", &format!("{n}\n"))], "Go on");
    }
    for (body, said, commits) in [(json!({}), "5", "2"), (json!({"sha": old}), "first", "1")] {
        let id = server.api.trigger_with("acme/deep", &body).await;
        let build = server.api.finished(id).await;
        let log = server
            .api
            .log_text(build["jobs"][0]["id"].as_i64().unwrap())
            .await;
        assert_eq!(build["state"], "passed", "{log}");
        assert!(log.contains(&format!("\n{said}\n")), "{log}");
        assert!(log.contains(&format!("commits={commits}\n")), "{log}");
    }
}

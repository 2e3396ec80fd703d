//! Builds from request to end, and what people do to them.

use crate::support::{FakeWorker, SOON, Server, Setup, Worker, until};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::Duration;

fn states(build: &Value) -> Vec<&str> {
    let jobs = build["jobs"].as_array().unwrap();
    jobs.iter()
        .map(|job| job["state"].as_str().unwrap())
        .collect()
}

/// A job that fails until its file is there.
fn needs(server: &Server, file: &str) -> String {
    format!("test -e {}", server.dir("marks").join(file).display())
}

#[tokio::test]
async fn a_failed_stage_cancels_the_later_ones_and_a_restart_runs_them() {
    let server = Setup::up().start().await;
    let yaml = format!(
        "jobs:\n  include:\n    - {{stage: test, script: '{}'}}\n    - {{script: 'true'}}\n    - {{stage: deploy, script: 'true'}}\n",
        needs(&server, "mended")
    );
    server.quick("acme/stages", &yaml).await;
    let build = server.api.run("acme/stages").await;
    assert_eq!(build["state"], "failed");
    assert_eq!(states(&build), ["failed", "passed", "canceled"]);
    let stages: Vec<&Value> = build["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["state"])
        .collect();
    assert_eq!(stages, ["failed", "canceled"]);
    let never_ran = &build["jobs"][2];
    assert!(
        never_ran["reason"]
            .as_str()
            .unwrap()
            .contains("earlier stage")
    );

    std::fs::write(server.dir("marks").join("mended"), "").unwrap();
    let failed = build["jobs"][0]["id"].as_i64().unwrap();
    let restart = format!("/v3/job/{failed}/restart");
    let change = server.api.post(&restart, &Value::Null).await.expect(202);
    assert_eq!(change["state_change"], "restart");
    let again = server.api.post(&restart, &Value::Null).await;
    assert!(matches!(again.status, 202 | 409), "{again:?}");
    let id = build["id"].as_i64().unwrap();
    let build = until("all jobs passed", SOON, || async {
        let build = server.api.build(id).await;
        (build["state"] == "passed").then_some(build)
    })
    .await;
    assert_eq!(states(&build), ["passed"; 3]);
    assert_eq!(
        server.api.job(failed).await["attempts"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let untouched = build["jobs"][1]["id"].as_i64().unwrap();
    assert_eq!(
        server.api.job(untouched).await["attempts"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn a_build_is_canceled_and_restarted_as_a_whole() {
    let server = Setup::up().start().await;
    let gate = server.dir("marks").join("gate");
    let yaml = format!(
        "env: [A=1, A=2, A=3]\nscript: until [ -e {} ]; do sleep 0.05; done\n",
        gate.display()
    );
    server.quick("acme/three", &yaml).await;
    let id = server.api.trigger("acme/three").await;
    let first = server.api.first_job(id).await;
    server.api.job_in(first, "started").await;
    let restart = format!("/v3/build/{id}/restart");
    let early = server.api.post(&restart, &Value::Null).await.expect(409);
    assert_eq!(early["error_type"], "build_already_running");

    let cancel = format!("/v3/build/{id}/cancel");
    server.api.post(&cancel, &Value::Null).await.expect(202);
    let build = server.api.finished(id).await;
    assert_eq!(states(&build), ["canceled"; 3]);
    let late = server.api.post(&cancel, &Value::Null).await.expect(409);
    assert_eq!(late["error_type"], "build_not_cancelable");

    std::fs::write(gate, "").unwrap();
    server.api.post(&restart, &Value::Null).await.expect(202);
    let build = until("the build passed", SOON, || async {
        let build = server.api.build(id).await;
        (build["state"] == "passed").then_some(build)
    })
    .await;
    assert_eq!(states(&build), ["passed"; 3]);
    assert_eq!(build["number"], "1", "a restart makes no new build");
}

#[tokio::test]
async fn failures_that_are_allowed_do_not_count() {
    let server = Setup::up().start().await;
    let yaml = "env: [A=1, A=2]\njobs:\n  allow_failures:\n    - env: A=2\nscript: '[ $A = 1 ]'\n";
    server.quick("acme/lenient", yaml).await;
    let build = server.api.run("acme/lenient").await;
    assert_eq!(build["state"], "passed");
    assert_eq!(states(&build), ["passed", "failed"]);
    assert_eq!(build["jobs"][1]["allow_failure"], true);
}

#[tokio::test]
async fn exit_codes_decide_between_failed_and_errored() {
    let server = Setup::up().start().await;
    let yaml = "jobs:\n  include:\n    - {script: 'false'}\n    - {install: 'false', script: 'true'}\n    - {script: 'true'}\n";
    server.quick("acme/codes", yaml).await;
    let build = server.api.run("acme/codes").await;
    assert_eq!(states(&build), ["failed", "errored", "passed"]);
}

#[tokio::test]
async fn a_file_that_can_not_be_read_makes_a_build_that_shows_where() {
    let server = Setup::up().start().await;
    let yaml = "language: ruby\nscript: [rake\nenv: x\n";
    server
        .repository("acme/broken", &[(".travis.yml", yaml)])
        .await;
    let build = server.api.run("acme/broken").await;
    assert_eq!(build["state"], "errored");
    let job = build["jobs"][0]["id"].as_i64().unwrap();
    let log = server.api.log_text(job).await;
    assert!(log.contains('^'), "{log}");
    assert!(
        log.contains(".travis.yml") || log.contains("line "),
        "{log}"
    );
    assert!(
        log.lines()
            .any(|line| line.contains("env: x") || line.contains("[rake")),
        "{log}"
    );
}

#[tokio::test]
async fn what_can_not_be_built_is_refused_with_the_reason() {
    let server = Setup::up().start().await;
    let repo = server
        .repository("acme/bare", &[("README", "no configuration")])
        .await;
    let request = server.api.request("acme/bare", &json!({})).await;
    assert_eq!(request["state"], "rejected");
    assert!(
        request["message"].as_str().unwrap().contains(".travis.yml"),
        "{request}"
    );
    assert_eq!(request["builds"], json!([]));
    let request = server
        .api
        .request("acme/bare", &json!({"branch": "nowhere"}))
        .await;
    assert_eq!(request["state"], "rejected");
    assert!(
        request["message"].as_str().unwrap().contains("nowhere"),
        "{request}"
    );

    server
        .api
        .post("/v3/repo/acme%2Fbare/deactivate", &Value::Null)
        .await
        .expect(200);
    let answer = server
        .api
        .post("/v3/repo/acme%2Fbare/requests", &json!({}))
        .await;
    assert_eq!(answer.expect(406)["error_type"], "repository_inactive");
    server
        .api
        .post("/v3/repo/acme%2Fbare/activate", &Value::Null)
        .await
        .expect(200);
    repo.configure("script: 'true'\n");
    assert_eq!(server.api.run("acme/bare").await["state"], "passed");
}

#[tokio::test]
async fn branches_commits_and_checkouts_are_those_asked_for() {
    let server = Setup::up().start().await;
    let yaml = "language: generic\nscript: cat name.txt\n";
    let repo = server
        .repository(
            "acme/tree",
            &[(".travis.yml", yaml), ("name.txt", "the first\n")],
        )
        .await;
    let first = repo.git(&["rev-parse", "HEAD"]);
    repo.branch("topic");
    let topic = repo.commit(&[("name.txt", "on topic\n")], "Topic");
    repo.git(&["checkout", "--quiet", "main"]);
    repo.commit(&[("name.txt", "the second\n")], "Second");
    for (wanted, words, branch) in [
        (json!({}), "the second", "main"),
        (json!({"branch": "topic"}), "on topic", "topic"),
        (json!({"sha": first, "branch": "main"}), "the first", "main"),
        (
            json!({"request": {"branch": "topic", "sha": topic[..8]}}),
            "on topic",
            "topic",
        ),
    ] {
        let id = server.api.trigger_with("acme/tree", &wanted).await;
        let build = server.api.finished(id).await;
        let job = build["jobs"][0]["id"].as_i64().unwrap();
        let log = server.api.log_text(job).await;
        assert_eq!(build["state"], "passed", "{wanted}: {log}");
        assert!(log.contains(words), "{wanted}: {log}");
        assert_eq!(build["branch"]["name"], branch, "{wanted}");
    }
}

#[tokio::test]
async fn polling_finds_new_commits_once() {
    let server = Setup::up().start().await;
    let repo = crate::support::Repo::new(
        &server.dir("repos").join("polled"),
        &[(
            ".travis.yml",
            "language: generic\ngit: {clone: false}\nscript: 'true'\n",
        )],
    );
    server
        .enable("acme/polled", &repo, json!({"poll_seconds": 15}))
        .await;
    // The first look only notes where branches are.
    let branches = "/v3/repo/acme%2Fpolled/branches";
    until("the first look", SOON, || async {
        let known = server.api.get(branches).await.body;
        known["branches"]
            .as_array()
            .is_some_and(|all| !all.is_empty())
            .then_some(())
    })
    .await;
    let sha = repo.commit(&[("new", "")], "New");
    repo.branch("topic");
    let builds = until(
        "builds of both branches",
        Duration::from_secs(40),
        || async {
            let builds = server
                .api
                .get("/v3/repo/acme%2Fpolled/builds")
                .await
                .expect(200);
            (builds["@pagination"]["count"] == 2).then_some(builds)
        },
    )
    .await;
    for build in builds["builds"].as_array().unwrap() {
        assert_eq!(build["event_type"], "push");
        assert_eq!(build["commit"]["sha"], sha.as_str());
    }
}

#[tokio::test]
async fn sigterm_drains_a_worker_running_jobs_end_and_queued_ones_stay() {
    let server = Setup::server().start().await;
    let mut worker = Worker::start(&server, "leaving", &[]).await;
    let gate = server.dir("marks").join("gate");
    let yaml = format!(
        "env: [A=1, A=2]\nscript: echo started; until [ -e {} ]; do sleep 0.05; done\n",
        gate.display()
    );
    server.quick("acme/pair", &yaml).await;
    let id = server.api.trigger("acme/pair").await;
    let first = server.api.first_job(id).await;
    server.api.printed(first, "\nstarted\n").await;

    worker.process.signal(Signal::TERM);
    until("the worker draining", SOON, || async {
        (worker.seen(&server).await?["state"] == "draining").then_some(())
    })
    .await;
    std::fs::write(gate, "").unwrap();
    assert!(worker.process.ended(SOON).await.success());
    let build = server.api.build(id).await;
    assert_eq!(states(&build), ["passed", "queued"]);
    assert_eq!(build["state"], "started");
    let why = server
        .api
        .job(build["jobs"][1]["id"].as_i64().unwrap())
        .await["waiting"]
        .clone();
    assert!(why["text"].is_string(), "{why}");
    // The next worker goes on.
    let _next = Worker::start(&server, "next", &[]).await;
    assert_eq!(server.api.finished(id).await["state"], "passed");
}

#[tokio::test]
async fn a_paused_worker_gets_nothing_until_it_is_resumed() {
    let server = Setup::server().start().await;
    let worker = FakeWorker::enrol(&server, "resting").await;
    server.quick("acme/rocket", "script: 'true'\n").await;
    let id = worker.id;
    server
        .api
        .post(&format!("/v3/worker/{id}/pause"), &Value::Null)
        .await
        .expect(200);
    server.api.trigger("acme/rocket").await;
    let answer = worker.poll(&[], 200).await.expect(200);
    assert_eq!(answer["assignments"], json!([]));
    server
        .api
        .post(&format!("/v3/worker/{id}/resume"), &Value::Null)
        .await
        .expect(200);
    worker.take().await;
    // And one that was removed is not let in any more.
    assert_eq!(
        server.api.delete(&format!("/v3/worker/{id}")).await.status,
        204
    );
    assert_eq!(worker.poll(&[], 0).await.status, 401);
}

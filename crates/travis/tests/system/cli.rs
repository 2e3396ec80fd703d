//! The client commands against a real server.

use crate::support::{SOON, Server, Setup, finish, travis, until};
use serde_json::Value;
use std::process::Output;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a command that has to end with this code; its standard output.
async fn told(server: &Server, arguments: &[&str], code: i32) -> String {
    let output: Output = server.run_cli(arguments).await;
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}:\n{out}\n{err}"
    );
    out
}

/// The same for programs.
async fn read(server: &Server, arguments: &[&str]) -> Value {
    let mut all = vec!["--format", "json"];
    all.extend(arguments);
    serde_json::from_str(&told(server, &all, 0).await).unwrap()
}

#[tokio::test]
async fn a_repository_is_enabled_built_watched_and_switched_off() {
    let server = Setup::up().start().await;
    let repo = crate::support::Repo::new(&server.dir("repos").join("r"), &[("README", "")]);
    repo.configure("script: echo made-by-the-job\n");
    let enabled = told(
        &server,
        &["enable", "--git", repo.path(), "--name", "acme/rocket"],
        0,
    )
    .await;
    assert!(enabled.contains("acme/rocket"), "{enabled}");
    let watched = told(&server, &["trigger", "acme/rocket", "--watch"], 0).await;
    assert!(watched.contains("passed"), "{watched}");
    assert!(told(&server, &["repos"], 0).await.contains("acme/rocket"));
    assert!(
        told(&server, &["builds", "acme/rocket"], 0)
            .await
            .contains("passed")
    );
    let shown = told(&server, &["show", "acme/rocket#1"], 0).await;
    assert!(shown.contains("1.1") && shown.contains("passed"), "{shown}");
    assert!(
        told(&server, &["show", "acme/rocket", "1.1"], 0)
            .await
            .contains("passed")
    );
    let log = told(&server, &["logs", "acme/rocket", "1.1"], 0).await;
    assert!(log.contains("made-by-the-job"), "{log}");
    let raw = told(&server, &["logs", "acme/rocket", "--raw"], 0).await;
    let job = read(&server, &["show", "acme/rocket", "1.1"]).await;
    assert_eq!(
        raw.into_bytes(),
        server.api.log(job["id"].as_i64().unwrap()).await
    );
    assert!(told(&server, &["workers"], 0).await.contains("online"));

    told(&server, &["disable", "acme/rocket"], 0).await;
    told(&server, &["trigger", "acme/rocket"], 5).await;
    told(&server, &["enable", "acme/rocket"], 0).await;
    let builds = read(&server, &["builds", "acme/rocket"]).await;
    assert_eq!(builds["builds"][0]["state"], "passed");
}

#[tokio::test]
async fn watching_ends_with_a_code_for_each_outcome() {
    let server = Setup::up().start().await;
    let repo = server.quick("acme/codes", "script: 'true'\n").await;
    let watch = ["trigger", "acme/codes", "--watch"];
    told(&server, &watch, 0).await;
    repo.configure("script: 'false'\n");
    told(&server, &watch, 1).await;
    repo.configure("install: 'false'\nscript: 'true'\n");
    told(&server, &watch, 2).await;
    repo.commit(&[(".travis.yml", "script: [\n")], "Break it");
    told(&server, &watch, 2).await;

    repo.configure("script: sleep 60\n");
    let watching = tokio::spawn(finish(server.cli(&watch)));
    let build = until("the fifth build", SOON, || async {
        let builds = server.api.get("/v3/repo/acme%2Fcodes/builds").await.body;
        let newest = &builds["builds"][0];
        (newest["number"] == "5" && newest["state"] == "started").then(|| newest["id"].as_i64())
    })
    .await;
    told(&server, &["cancel", "acme/codes#5"], 0).await;
    assert_eq!(watching.await.unwrap().status.code(), Some(3));
    assert_eq!(server.api.build(build.unwrap()).await["state"], "canceled");

    told(&server, &["trigger", "acme/nothing"], 4).await;
    repo.git(&["rm", "--quiet", ".travis.yml"]);
    repo.commit(&[], "No configuration");
    told(&server, &watch, 5).await;
}

#[tokio::test]
async fn logs_are_followed_to_their_end_and_jobs_restarted() {
    let server = Setup::up().start().await;
    let gate = server.dir("marks").join("gate");
    let yaml = format!(
        "script: echo first-words; until [ -e {} ]; do sleep 0.05; done; echo last-words\n",
        gate.display()
    );
    server.quick("acme/talk", &yaml).await;
    told(&server, &["trigger", "acme/talk"], 0).await;
    let job = until("the job", SOON, || async {
        let builds = server.api.get("/v3/builds?include=build.jobs").await.body;
        builds["builds"][0]["jobs"][0]["id"].as_i64()
    })
    .await;
    server.api.printed(job, "\nfirst-words\n").await;
    let following = tokio::spawn(finish(server.cli(&["logs", "acme/talk", "1.1", "-f"])));
    std::fs::write(&gate, "").unwrap();
    let output = following.await.unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}{err}");
    assert!(
        out.contains("first-words") && out.contains("\nlast-words"),
        "{out}"
    );

    told(&server, &["restart", "acme/talk", "1.1"], 0).await;
    until("a second attempt", SOON, || async {
        let job = server.api.job(job).await;
        let attempts = job["attempts"].as_array().unwrap().len();
        (attempts == 2 && job["state"] == "passed").then_some(())
    })
    .await;
    told(&server, &["restart", "acme/talk#1"], 0).await;
    told(&server, &["restart", "acme/talk#9"], 4).await;
}

#[tokio::test]
async fn tokens_variables_and_the_file() {
    let server = Setup::up().start().await;
    server
        .quick("acme/rocket", "script: 'echo \"mode is $MODE\"'\n")
        .await;
    let token = told(&server, &["token", "create", "robot"], 0).await;
    let as_robot = |arguments: &[&str]| {
        let mut command = server.cli(arguments);
        command.env("TRAVIS_TOKEN", token.trim());
        finish(command)
    };
    assert_eq!(as_robot(&["repos"]).await.status.code(), Some(0));
    let list = read(&server, &["token", "list"]).await;
    let id = list["tokens"]
        .as_array()
        .unwrap()
        .iter()
        .find(|token| token["name"] == "robot")
        .unwrap()["id"]
        .to_string();
    told(&server, &["token", "revoke", &id], 0).await;
    assert_eq!(as_robot(&["repos"]).await.status.code(), Some(77));
    assert!(
        told(&server, &["token", "enrol"], 0)
            .await
            .contains("travis worker --server")
    );

    told(
        &server,
        &[
            "env",
            "set",
            "acme/rocket",
            "MODE",
            "--public",
            "--value",
            "fast",
        ],
        0,
    )
    .await;
    assert!(
        told(&server, &["env", "list", "acme/rocket"], 0)
            .await
            .contains("fast")
    );
    told(&server, &["trigger", "acme/rocket", "--watch"], 0).await;
    assert!(
        told(&server, &["logs", "acme/rocket"], 0)
            .await
            .contains("mode is fast")
    );
    told(&server, &["env", "unset", "acme/rocket", "MODE"], 0).await;

    // `up` left a file by which the commands find the server; nobody else can read its token.
    let mut plain = travis(&server.home);
    plain.arg("repos");
    assert!(text(&finish(plain).await.stdout).contains("acme/rocket"));
    let file = server.home.join(".config/travis/config.toml");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn the_doctor_looks_at_machine_and_server() {
    let server = Setup::up().start().await;
    let output = server.run_cli(&["--format", "json", "doctor"]).await;
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = findings.as_array().unwrap();
    let find = |name: &str| {
        let found = findings.iter().find(|finding| finding["name"] == name);
        found.unwrap_or_else(|| panic!("nothing said of {name}: {findings:?}"))
    };
    for name in ["git", "server", "token", "disk"] {
        assert_eq!(find(name)["ok"], true, "{}", find(name));
    }
    find("bubblewrap");
    for finding in findings {
        assert!(
            finding["ok"] == true || finding["remedy"].is_string(),
            "{finding}"
        );
    }
    let all_good = findings.iter().all(|finding| finding["ok"] == true);
    assert_eq!(output.status.code(), Some(i32::from(!all_good)));

    let mut nowhere = server.cli(&["doctor"]);
    nowhere.env("TRAVIS_ENDPOINT", "http://127.0.0.1:9");
    let output = finish(nowhere).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains('✗'));
    // Looking leaves nothing behind.
    assert!(!server.home.join(".local/share/travis-worker").exists());
}

#[tokio::test]
async fn without_a_server_the_commands_say_what_to_do() {
    let place = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], endpoint: Option<&str>| {
        let mut command = travis(place.path());
        command.args(arguments);
        if let Some(endpoint) = endpoint {
            command.env("TRAVIS_ENDPOINT", endpoint);
        }
        finish(command)
    };
    let output = run(&["repos"], None).await;
    assert_eq!(output.status.code(), Some(78));
    assert!(text(&output.stderr).contains("TRAVIS_ENDPOINT"));
    let output = run(&["repos"], Some("http://127.0.0.1:9")).await;
    assert_eq!(output.status.code(), Some(69));
    assert_eq!(
        run(&["repos", "--nonsense"], None).await.status.code(),
        Some(64)
    );
}

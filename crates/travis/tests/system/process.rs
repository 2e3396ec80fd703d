//! Starting and stopping.

use crate::support::{Process, SOON, Setup, Worker, finish, travis, until};
use rustix::process::Signal;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

#[tokio::test]
async fn port_zero_takes_a_free_one_and_says_which() {
    let (one, other) = (Setup::server().start().await, Setup::up().start().await);
    assert_ne!(one.url, other.url);
    for server in [&one, &other] {
        assert!(
            server.url.starts_with("http://127.0.0.1:"),
            "{}",
            server.url
        );
        assert_eq!(
            server.anonymous().get("/health").await.expect(200)["status"],
            "ok"
        );
        let mode = std::fs::metadata(server.data.join("admin-token")).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
        for name in ["secret-key", "travis.db"] {
            let mode = std::fs::metadata(server.data.join(name))
                .unwrap()
                .permissions()
                .mode();
            let dir = std::fs::metadata(&server.data)
                .unwrap()
                .permissions()
                .mode();
            assert!(
                mode & 0o077 == 0 || dir & 0o077 == 0,
                "{name} is open to others"
            );
        }
    }
}

#[tokio::test]
async fn the_token_in_the_file_is_the_administrators() {
    let server = Setup::server().start().await;
    assert_eq!(server.api.get("/v3/user").await.expect(200)["admin"], true);
    let token = server.token();
    let server = server.start_again();
    assert_eq!(server.token(), token, "it survives a restart");
    assert_eq!(server.api.get("/v3/user").await.status, 200);
}

#[tokio::test]
async fn a_second_server_on_the_same_data_refuses_to_start() {
    let server = Setup::server().start().await;
    for command in ["server", "up"] {
        let mut second = travis(&server.home);
        second
            .args([command, "--bind", "127.0.0.1:0", "--data"])
            .arg(&server.data);
        if command == "up" {
            second.args(["--executor", "host", "--no-sample"]);
        }
        let output = finish(second).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{command}: {said}");
        assert!(
            said.contains("another") || said.contains("in use"),
            "{command}: {said}"
        );
        assert!(!String::from_utf8_lossy(&output.stdout).contains("ready:"));
    }
    assert_eq!(server.api.get("/health").await.status, 200);
}

#[tokio::test]
async fn mistakes_in_the_configuration_are_named_with_their_line() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("travis.toml");
    std::fs::write(
        &file,
        "bind = \"127.0.0.1:0\"\n\n[limits]\nsilense_seconds = 1\n",
    )
    .unwrap();
    let mut command = travis(place.path());
    command.arg("server").arg("--config").arg(&file);
    let output = finish(command).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        said.contains("line 4") && said.contains("silense_seconds"),
        "{said}"
    );
}

#[tokio::test]
async fn ctrl_c_stops_quickly_and_what_ran_runs_again_at_the_next_start() {
    let mut server = Setup::up().start().await;
    let marks = server.dir("marks");
    let yaml = format!(
        "script:\n  - echo started; until [ -e {0}/gate ]; do date +%s%N > {0}/beat; sleep 0.05; done\n",
        marks.display()
    );
    server.quick("acme/rocket", &yaml).await;
    let build = server.api.trigger("acme/rocket").await;
    let job = server.api.first_job(build).await;
    server.api.printed(job, "\nstarted\n").await;

    until("a beat", SOON, || async {
        marks.join("beat").exists().then_some(())
    })
    .await;
    let began = Instant::now();
    let status = server.interrupt().await;
    assert!(status.success(), "{status}: {}", server.process.stderr());
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    // Nothing beats any more: the job did not outlive us.
    let beat = std::fs::read(marks.join("beat")).unwrap();
    let silence = Instant::now();
    until("half a second", SOON, || async {
        (silence.elapsed() > Duration::from_millis(500)).then_some(())
    })
    .await;
    assert_eq!(std::fs::read(marks.join("beat")).unwrap(), beat);

    std::fs::write(marks.join("gate"), "").unwrap();
    let server = server.start_again();
    assert_eq!(server.api.finished(build).await["state"], "passed");
    let job = server.api.job(job).await;
    let attempts = job["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{job}");
    assert_ne!(attempts[0]["state"], "finished");
}

#[tokio::test]
async fn an_idle_server_stops_at_once() {
    for setup in [Setup::up(), Setup::server()] {
        let mut server = setup.start().await;
        let began = Instant::now();
        assert!(server.interrupt().await.success());
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{:?}",
            began.elapsed()
        );
    }
}

/// The first start: a sample that is green, a link, a line for programs.
#[tokio::test]
async fn up_alone_builds_its_sample_green() {
    let place = tempfile::tempdir().unwrap();
    let mut command = travis(place.path());
    command.args(["up", "--bind", "127.0.0.1:0", "--executor", "host"]);
    let process = Process::start(command, place.path().join("up.err"));
    let url = process.line("ready: ", SOON);
    let data = place.path().join(".local/share/travis");
    let token = std::fs::read_to_string(data.join("admin-token")).unwrap();
    let api = crate::support::Api::new(&url, Some(token.trim()));
    let build = until("the sample's build", SOON, || async {
        let builds = api.get("/v3/repo/sample%2Fhello/builds").await.body;
        builds["builds"][0]["id"].as_i64()
    })
    .await;
    let build = api.finished(build).await;
    assert_eq!(build["state"], "passed", "{build}");
    assert!(build["stages"].as_array().unwrap().len() > 1);
    let said = process.stderr();
    assert!(
        said.contains("/sign-in/") && said.contains(data.to_str().unwrap()),
        "{said}"
    );
    // The client's commands find the server by themselves.
    let mut repos = travis(place.path());
    repos.arg("repos");
    let output = finish(repos).await;
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("sample/hello"),
        "{output:?}"
    );
}

#[tokio::test]
async fn one_worker_to_a_data_directory_and_none_without_enrolment() {
    let server = Setup::server().start().await;
    let mut worker = Worker::start(&server, "only", &[]).await;
    let second = |data: &std::path::Path| {
        let mut command = travis(&server.home);
        command.args([
            "worker",
            "--server",
            &server.url,
            "--executor",
            "host",
            "--data",
        ]);
        command.arg(data);
        command
    };
    let output = finish(second(&worker.data)).await;
    assert!(!output.status.success(), "{output:?}");
    let output = finish(second(&server.dir("unknown"))).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("token"), "{said}");
    // Leaving is quick when nothing runs, and the server knows.
    worker.process.signal(Signal::TERM);
    assert!(worker.process.ended(SOON).await.success());
    let state: Value = worker.seen(&server).await.unwrap()["state"].clone();
    assert_ne!(state, "online");
}

//! The machine is its owner's, from the command line to the build's page: what runs is frozen,
//! handed back and runs on another machine.

use crate::support::{SOON, Server, Setup, Worker, travis, until};
use rustix::process::Signal;
use serde_json::Value;
use std::time::{Duration, Instant};

/// What a worker says of itself.
async fn standing(worker: &Worker, server: &Server, order: &str) -> Value {
    let data = worker.data.to_string_lossy().into_owned();
    let words = ["worker", order, "--data", &data, "--format", "json"];
    let output = server.run_cli(&words).await;
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Waits until this worker runs a job, which is frozen or not.
async fn runs(worker: &Worker, server: &Server, frozen: bool) {
    until("a job in that state", SOON, || async {
        let now = standing(worker, server, "status").await;
        let job = now["jobs"].as_array()?.first()?.clone();
        (job["step"] == "running" && job["frozen"] == frozen).then_some(())
    })
    .await;
}

/// A job that takes some seconds, prints all along, and says where it ran.
const SLOW: &str = "script: for i in $(seq 60); do echo tick $i; sleep 0.1; done\n";

#[tokio::test]
async fn a_job_goes_elsewhere_when_the_owner_stays() {
    let server = Setup::server().start().await;
    let mut first = Worker::start(&server, "first", &[]).await;
    let file = first.data.join("worker.toml");
    std::fs::write(&file, "[idle]\nhand_back_after_seconds = 2\n").unwrap();
    first.process.signal(Signal::HUP);
    server.quick("acme/rocket", SLOW).await;
    let build = server.api.trigger("acme/rocket").await;
    runs(&first, &server, false).await;
    let second = Worker::start(&server, "second", &[]).await;
    let came = Instant::now();
    let now = standing(&first, &server, "pause").await;
    assert_eq!(now["presence"]["state"], "paused");
    runs(&first, &server, true).await;
    println!(
        "frozen after {:?}, seen by the command line",
        came.elapsed()
    );
    let build = until("the build is green", Duration::from_secs(60), || async {
        let build = server.api.build(build).await;
        (build["state"] == "passed").then_some(build)
    })
    .await;
    let job = server
        .api
        .job(build["jobs"][0]["id"].as_i64().unwrap())
        .await;
    let attempts = job["attempts"].as_array().unwrap();
    assert_eq!(attempts.len(), 2, "{attempts:?}");
    let now = standing(&first, &server, "status").await;
    assert_eq!(now["done"]["yielded"], 1, "{now}");
    let now = standing(&second, &server, "status").await;
    // Beside the job its known answer.
    assert!(now["done"]["finished"].as_u64() >= Some(1), "{now}");
    // Lent again by signal.
    first.process.signal(Signal::USR2);
    until("lent again", SOON, || async {
        let now = standing(&first, &server, "status").await;
        (now["presence"]["state"] == "lending").then_some(())
    })
    .await;
    standing(&first, &server, "drain").await;
    assert!(first.process.ended(SOON).await.success());
}

#[tokio::test]
async fn a_job_goes_on_when_the_owner_leaves_in_time() {
    let server = Setup::server().start().await;
    let worker = Worker::start(&server, "only", &[]).await;
    server.quick("acme/rocket", SLOW).await;
    let build = server.api.trigger("acme/rocket").await;
    runs(&worker, &server, false).await;
    worker.process.signal(Signal::USR1);
    runs(&worker, &server, true).await;
    worker.process.signal(Signal::USR2);
    let build = until("the build is green", Duration::from_secs(60), || async {
        let build = server.api.build(build).await;
        (build["state"] == "passed").then_some(build)
    })
    .await;
    let job = server
        .api
        .job(build["jobs"][0]["id"].as_i64().unwrap())
        .await;
    assert_eq!(job["attempts"].as_array().unwrap().len(), 1);
}

/// A foreign program begins to burn while a job runs on a machine that is lent only when idle: by what
/// is measured of other programs, the job stands still within a second. Needs a machine on which
/// nothing else runs; with TRAVIS_TEST_REQUIRE_IDLE=1 it has to be one.
#[tokio::test]
async fn a_foreign_program_freezes_the_job_within_a_second() {
    let server = Setup::server().start().await;
    let lent = Worker::start(&server, "lent", &[]).await;
    let file = lent.data.join("worker.toml");
    let settings = "[lend]\nonly_when_idle = true\n[idle]\ncpu_percent = 60\nafter_seconds = 1\n\
                    thaw_after_seconds = 1\nhand_back_after_seconds = 2\n";
    server.quick("acme/rocket", SLOW).await;
    let build = server.api.trigger("acme/rocket").await;
    runs(&lent, &server, false).await;
    std::fs::write(&file, settings).unwrap();
    lent.process.signal(Signal::HUP);
    let second = Worker::start(&server, "second", &[]).await;
    let quiet = tokio::time::timeout(Duration::from_secs(4), async {
        loop {
            let now = standing(&lent, &server, "status").await;
            let only_idle = now["lending"]["only_when_idle"] == true;
            if only_idle
                && now["presence"]["state"] == "lending"
                && now["jobs"][0]["step"] == "running"
            {
                return;
            }
        }
    });
    if quiet.await.is_err() {
        assert!(std::env::var_os("TRAVIS_TEST_REQUIRE_IDLE").is_none());
        println!("skipped: other programs use this machine");
        return;
    }
    let came = Instant::now();
    let cores = std::thread::available_parallelism().unwrap().get();
    let mut programs: Vec<_> = (0..cores)
        .map(|_| {
            std::process::Command::new("sh")
                .args(["-c", "while :; do :; done"])
                .spawn()
                .unwrap()
        })
        .collect();
    let frozen = tokio::time::timeout(SOON, runs(&lent, &server, true)).await;
    let took = came.elapsed();
    // They stay, so the job goes elsewhere.
    let second_has_it = until("handed back", SOON, || async {
        let now = standing(&lent, &server, "status").await;
        (now["done"]["yielded"] == 1).then_some(now)
    })
    .await;
    for program in &mut programs {
        program.kill().unwrap();
        program.wait().unwrap();
    }
    frozen.unwrap();
    println!(
        "frozen {took:?} after a foreign program began, by the worker {} ms",
        second_has_it["froze_ms"]
    );
    assert!(
        second_has_it["froze_ms"].as_u64().unwrap() <= 1000,
        "{second_has_it}"
    );
    let build = server.api.finished(build).await;
    assert_eq!(build["state"], "passed");
    drop(second);
}

/// A program that writes down how it is called, in place of the machine's.
fn stand_in(place: &std::path::Path, name: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = place.join(name);
    let log = place.join("calls");
    std::fs::write(
        &path,
        format!("#!/bin/sh\necho \"{name} $*\" >> {}\n", log.display()),
    )
    .unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_users_service_comes_and_goes_without_a_trace() {
    let place = tempfile::tempdir().unwrap();
    let (bin, home) = (place.path().join("bin"), place.path().join("home"));
    std::fs::create_dir_all(&bin).unwrap();
    std::fs::create_dir_all(&home).unwrap();
    stand_in(&bin, "systemctl");
    let run = |words: &[&str]| {
        let mut command = travis(&home);
        for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_BIN_HOME"] {
            command.env_remove(name);
        }
        command
            .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
            .args(words)
            .output()
            .unwrap()
    };
    let install = [
        "worker",
        "install",
        "--user",
        "--server",
        "https://ci.example.org",
        "--token",
        "hush-hush",
    ];
    // Shown first, and nothing is done without a word.
    let shown = run(&[&install[..], &["--dry-run"]].concat());
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(
        text.contains("ExecStart=") && !text.contains("hush-hush"),
        "{text}"
    );
    assert!(!run(&install).status.success());
    assert!(!home.join(".config/systemd").exists());
    let done = run(&[&install[..], &["--yes"]].concat());
    assert!(done.status.success(), "{done:?}");
    let unit =
        std::fs::read_to_string(home.join(".config/systemd/user/travis-worker.service")).unwrap();
    assert!(
        !unit.contains("hush-hush") && unit.contains("NoNewPrivileges=yes"),
        "{unit}"
    );
    let token = home.join(".config/travis-worker/enrolment-token");
    assert_eq!(std::fs::read_to_string(&token).unwrap(), "hush-hush");
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(
        token.metadata().unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(home.join(".local/bin/travis").exists());
    let calls = || std::fs::read_to_string(bin.join("calls")).unwrap();
    assert_eq!(
        calls(),
        "systemctl --user daemon-reload\nsystemctl --user enable travis-worker.service\nsystemctl --user restart travis-worker.service\n"
    );
    let gone = run(&["worker", "uninstall", "--user", "--yes"]);
    assert!(gone.status.success(), "{gone:?}");
    assert!(calls().contains("systemctl --user disable --now travis-worker.service"));
    for left in [
        ".config/systemd/user/travis-worker.service",
        ".config/travis-worker",
        ".local/bin/travis",
        ".local/share/travis-worker",
    ] {
        assert!(!home.join(left).exists(), "{left} is left");
    }
    assert!(run(&["worker", "uninstall", "--user"]).status.success());
}

#[test]
fn a_service_is_staged_for_an_image() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("root");
    let words = |word: &str| {
        let mut command = travis(place.path());
        command.args(["worker", word, "--yes", "--root"]).arg(&root);
        if word == "install" {
            command.args(["--server", "https://ci.example.org"]);
        }
        command.output().unwrap()
    };
    let done = words("install");
    assert!(done.status.success(), "{done:?}");
    let unit =
        std::fs::read_to_string(root.join("etc/systemd/system/travis-worker.service")).unwrap();
    assert!(
        unit.contains("ExecStart=/usr/local/bin/travis worker")
            && unit.contains("User=travis-worker")
    );
    assert!(root.join("usr/local/bin/travis").exists());
    assert!(
        root.join("etc/systemd/system/multi-user.target.wants/travis-worker.service")
            .symlink_metadata()
            .is_ok()
    );
    let gone = words("uninstall");
    assert!(gone.status.success(), "{gone:?}");
    let left: Vec<_> = walk(&root);
    assert!(left.is_empty(), "{left:?}");
}

/// All that is no directory.
fn walk(place: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
        if entry.file_type().unwrap().is_dir() {
            found.extend(walk(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

//! Jobs that do too much.

use crate::support::{Server, Setup, can_isolate, sha256, until};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Builds and gives the build's only job.
async fn run(server: &Server, slug: &str, deadline: Duration) -> Value {
    let build = server.api.trigger(slug).await;
    server.api.finished_within(build, deadline).await;
    let job = server.api.first_job(build).await;
    server.api.job(job).await
}

/// The one limit that stopped the job stands in its reason and at the end of its log.
async fn stopped(server: &Server, job: &Value, words: &str) {
    assert_eq!(job["state"], "errored", "{job}");
    assert!(job["reason"].as_str().unwrap().contains(words), "{job}");
    let log = server.api.log(job["id"].as_i64().unwrap()).await;
    let end = String::from_utf8_lossy(&log[log.len().saturating_sub(500)..]).into_owned();
    assert!(end.contains(words), "{end}");
}

/// Which limits the machine lends.
async fn lent(server: &Server) -> Value {
    until("the worker", MINUTE, || async {
        let workers = server.api.get("/v3/workers").await.body;
        let facts = &workers["workers"][0]["facts"]["limits"];
        facts.is_array().then(|| facts.clone())
    })
    .await
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_hundred_megabytes_in_a_single_line_arrive_whole() {
    const LENGTH: usize = 100_000_000;
    let server = Setup::up()
        .toml("[limits]\nlog_bytes = 110000000\n")
        .start()
        .await;
    let yaml = format!("script: head -c {LENGTH} /dev/zero | tr '\\0' x; echo\n");
    server.quick("acme/flood", &yaml).await;
    let job = run(&server, "acme/flood", MINUTE).await;
    assert_eq!(job["state"], "passed", "{job}");
    let id = job["id"].as_i64().unwrap();
    let log = server.api.log(id).await;
    assert_eq!(job["attempt"]["log_sha256"], sha256(&log));
    let from = log.windows(64).position(|part| part == [b'x'; 64]).unwrap();
    assert!(log[from..from + LENGTH].iter().all(|byte| *byte == b'x'));
    assert_eq!(log[from + LENGTH], b'\n');
    // A page of lines stays small whatever stands in them.
    let lines = server
        .api
        .bytes(&format!("/v3/job/{id}/log/lines?count=2000"))
        .await;
    assert!(lines.len() < 8 << 20, "{} bytes", lines.len());
}

#[tokio::test]
async fn binary_bytes_arrive_as_they_are() {
    let server = Setup::up().start().await;
    let blob: Vec<u8> = (0..1_u32 << 16)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let path = server.dir("files").join("blob");
    std::fs::write(&path, &blob).unwrap();
    let yaml = format!("script: echo; cat {}; echo\n", path.display());
    server.quick("acme/binary", &yaml).await;
    let job = run(&server, "acme/binary", MINUTE).await;
    let log = server.api.log(job["id"].as_i64().unwrap()).await;
    let from = log
        .windows(64)
        .position(|part| part == &blob[..64])
        .unwrap();
    assert_eq!(sha256(&log[from..from + blob.len()]), sha256(&blob));
    assert_eq!(job["attempt"]["log_sha256"], sha256(&log));
}

#[tokio::test]
async fn a_log_past_its_limit_stops_the_job() {
    let server = Setup::up()
        .toml("[limits]\nlog_bytes = 1000000\n")
        .start()
        .await;
    server.quick("acme/flood", "script: yes\n").await;
    let job = run(&server, "acme/flood", MINUTE).await;
    stopped(&server, &job, "1000000 bytes that a log may hold").await;
    let length = job["attempt"]["log_length"].as_u64().unwrap();
    assert!((1_000_000..1_010_000).contains(&length), "{length}");
}

#[tokio::test]
async fn a_silent_job_is_stopped() {
    let server = Setup::up()
        .toml("[limits]\nsilence_seconds = 1\n")
        .start()
        .await;
    server.quick("acme/quiet", "script: sleep 30\n").await;
    let began = Instant::now();
    let job = run(&server, "acme/quiet", MINUTE).await;
    stopped(&server, &job, "printed nothing for 1 second").await;
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_job_that_talks_for_too_long_is_stopped() {
    let server = Setup::up()
        .toml("[limits]\ntotal_seconds = 2\n")
        .start()
        .await;
    server
        .quick("acme/endless", "script: while sleep 0.1; do date; done\n")
        .await;
    let job = run(&server, "acme/endless", MINUTE).await;
    stopped(&server, &job, "longer than the 2 seconds").await;
}

#[tokio::test]
async fn a_job_that_ignores_sigterm_is_canceled_quickly() {
    let server = Setup::up().start().await;
    let marks = server.dir("marks");
    let yaml = format!(
        "script:\n  - trap '' TERM INT HUP; echo deaf; while true; do date +%s%N > {}/beat; sleep 0.05; done\n",
        marks.display()
    );
    server.quick("acme/deaf", &yaml).await;
    let build = server.api.trigger("acme/deaf").await;
    let job = server.api.first_job(build).await;
    server.api.printed(job, "\ndeaf\n").await;
    until("a beat", MINUTE, || async {
        marks.join("beat").exists().then_some(())
    })
    .await;
    let began = Instant::now();
    server
        .api
        .post(&format!("/v3/job/{job}/cancel"), &Value::Null)
        .await
        .expect(202);
    server.api.job_in(job, "canceled").await;
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    // And its attempt ends, which takes as long as a polite job may take to clean up.
    let over = until("the attempt's end", MINUTE, || async {
        let job = server.api.job(job).await;
        (job["attempt"]["state"] == "finished").then_some(job)
    })
    .await;
    assert_eq!(over["attempt"]["outcome"], "canceled");
    let log = server.api.log_text(job).await;
    assert!(log.contains("the job was canceled"), "{log}");
    let beat = std::fs::read(marks.join("beat")).unwrap();
    let still = until("ten beats' time", MINUTE, || async {
        let moved = std::fs::read(marks.join("beat")).unwrap() != beat;
        (moved || began.elapsed() > Duration::from_secs(12)).then_some(moved)
    });
    // It is dead when nothing beats for half a second.
    let silent = tokio::time::timeout(Duration::from_millis(500), still).await;
    assert!(silent.is_err(), "the job goes on after its end");
}

#[tokio::test]
async fn a_job_that_forks_without_end_meets_its_limit_and_the_machine_lives() {
    if !can_isolate("fork bomb") {
        return;
    }
    let server = Setup::up()
        .toml("[limits]\nprocesses = 64\ntotal_seconds = 5\n")
        .flags(&["--executor", "namespace"])
        .start()
        .await;
    let limits = lent(&server).await;
    if !limits
        .as_array()
        .unwrap()
        .iter()
        .any(|limit| limit == "processes")
    {
        println!("skipped: fork bomb: this machine lends no limit of processes");
        return;
    }
    let yaml = "script:\n  - for i in $(seq 1 300); do sleep 3 & done 2>&1 | head -c 2000; wait; echo survived\n";
    server.quick("acme/bomb", yaml).await;
    let job = run(&server, "acme/bomb", MINUTE).await;
    let log = server.api.log_text(job["id"].as_i64().unwrap()).await;
    assert!(log.contains("Resource temporarily unavailable"), "{log}");
    assert_eq!(server.api.get("/health").await.status, 200);
}

#[tokio::test]
async fn a_memory_hog_is_stopped_with_the_limit_named() {
    if !can_isolate("memory hog") {
        return;
    }
    let server = Setup::up()
        .toml("[limits]\nmemory_bytes = 67108864\n")
        .flags(&["--executor", "namespace"])
        .start()
        .await;
    let limits = lent(&server).await;
    if !limits
        .as_array()
        .unwrap()
        .iter()
        .any(|limit| limit == "memory")
    {
        println!("skipped: memory hog: this machine lends no limit of memory");
        return;
    }
    server.quick("acme/hog", "script: tail /dev/zero\n").await;
    let job = run(&server, "acme/hog", MINUTE).await;
    let said = format!(
        "{} {}",
        job["reason"],
        server.api.log_text(job["id"].as_i64().unwrap()).await
    );
    assert_ne!(job["state"], "passed");
    assert!(
        said.contains("64 MB of memory") || said.contains("Killed"),
        "{said}"
    );
}

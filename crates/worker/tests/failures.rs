//! Servers that vanish, leases that end, workers that die.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use std::time::{Duration, Instant};

use support::{Fake, Link, Worker, dummy};
use travis_sandbox::{Host, ToolDirs};
use travis_worker::WorkerError;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_within_the_lease_is_not_noticed_by_the_job() {
    let data = tempfile::tempdir().unwrap();
    let fake = Fake::start().await;
    let link = Link::to(fake.address).await;
    fake.assign(1, "echo begun\nsleep 1.5\necho end\n");
    let worker = Worker::start(&link.url(), data.path(), dummy());
    fake.printed(1, "begun").await;
    link.cut().await;
    // Time has to pass: it is the time that the server is away.
    tokio::time::sleep(Duration::from_secs(3)).await;
    // What a server that was started again forgets.
    fake.change(|known| known.sessions.push("another".to_owned()));
    link.restore().await;
    assert_eq!(fake.finished(1).await.outcome, "passed");
    assert_eq!(fake.output(1), b"begun\nend\n");
    worker.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn past_its_lease_a_worker_kills_and_keeps_silent() {
    let data = tempfile::tempdir().unwrap();
    let fake = Fake::start().await;
    fake.change(|known| known.lease_ms = 900);
    let link = Link::to(fake.address).await;
    let alive = data.path().join("alive");
    fake.assign(
        1,
        &format!(
            "echo begun\nwhile :; do echo >> {}; sleep 0.01; done\n",
            alive.display()
        ),
    );
    let executor = std::sync::Arc::new(Host::new(data.path().join("sandbox"), ToolDirs::default()));
    let worker = Worker::start(&link.url(), data.path(), executor);
    fake.printed(1, "begun").await;
    let since = Instant::now();
    link.cut().await;
    let spools = data.path().join("spool");
    let jobs = data.path().join("sandbox/jobs");
    let empty = |path: &std::path::Path| std::fs::read_dir(path).unwrap().next().is_none();
    while !empty(&spools) || !empty(&jobs) {
        assert!(since.elapsed() < Duration::from_secs(10));
        tokio::task::yield_now().await;
    }
    assert!(
        since.elapsed() < Duration::from_secs(3),
        "{:?}",
        since.elapsed()
    );
    let size = std::fs::metadata(&alive).unwrap().len();
    let before = fake.log(1);
    link.restore().await;
    fake.until("it polls without the attempt", |known| {
        known
            .polls
            .last()
            .filter(|poll| poll.running.is_empty())
            .map(drop)
    })
    .await;
    assert_eq!(
        std::fs::metadata(&alive).unwrap().len(),
        size,
        "the job is dead"
    );
    assert_eq!(fake.log(1), before);
    assert!(fake.known.lock().unwrap().attempts[&1].finish.is_none());
    worker.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_is_gone_or_lost_is_killed_without_a_word() {
    let data = tempfile::tempdir().unwrap();
    let fake = Fake::start().await;
    fake.assign(1, "echo begun\nsleep 0.2\necho more\nhang\n");
    fake.assign(2, "echo begun\nhang\n");
    let worker = Worker::start(&fake.url(), data.path(), dummy());
    fake.printed(1, "begun").await;
    fake.printed(2, "begun").await;
    // The answer to the next log call is 410.
    fake.change(|known| known.attempts.get_mut(&1).unwrap().gone = true);
    fake.change(|known| known.lost.push(2));
    fake.change(|known| known.attempts.get_mut(&2).unwrap().gone = true);
    fake.assign(3, "exit 0\n");
    fake.finished(3).await;
    let known = std::sync::Arc::clone(&fake.known);
    worker.leave().await.unwrap();
    let known = known.lock().unwrap();
    for attempt in [1, 2] {
        assert!(known.attempts[&attempt].finish.is_none());
    }
    assert!(known.refused.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_finishes_what_runs_and_takes_nothing_new() {
    let data = tempfile::tempdir().unwrap();
    let fake = Fake::start().await;
    fake.assign(1, "echo begun\nsleep 0.5\necho end\n");
    let worker = Worker::start(&fake.url(), data.path(), dummy());
    fake.printed(1, "begun").await;
    worker.shutdown.cancel();
    fake.until("it says so", |known| {
        known
            .polls
            .last()
            .filter(|poll| poll.draining && poll.slots == 0)
            .map(drop)
    })
    .await;
    fake.assign(2, "exit 0\n");
    worker.leave().await.unwrap();
    let known = fake.known.lock().unwrap();
    assert!(known.attempts[&1].sealed);
    assert!(!known.attempts.contains_key(&2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hard_stop_gives_jobs_back_at_once() {
    let data = tempfile::tempdir().unwrap();
    let fake = Fake::start().await;
    fake.assign(1, "echo begun\nhang\n");
    let worker = Worker::start(&fake.url(), data.path(), dummy());
    fake.printed(1, "begun").await;
    let since = Instant::now();
    worker.hard.cancel();
    worker.leave().await.unwrap();
    assert!(since.elapsed() < Duration::from_secs(1));
    let known = fake.known.lock().unwrap();
    // It is said again until a poll was answered.
    let mut given_back: Vec<_> = known.refused.iter().map(|one| one.attempt).collect();
    given_back.dedup();
    assert_eq!(given_back, [1]);
    assert!(known.attempts[&1].finish.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_worker_left_is_removed_at_the_next_start() {
    let data = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(data.path().join("spool")).unwrap();
    std::fs::write(data.path().join("spool/7.log"), "left").unwrap();
    std::fs::create_dir_all(data.path().join("sandbox/jobs/7/home/x")).unwrap();
    let fake = Fake::start().await;
    let executor = std::sync::Arc::new(Host::new(data.path().join("sandbox"), ToolDirs::default()));
    let worker = Worker::start(&fake.url(), data.path(), executor.clone());
    fake.assign(7, "exit 0\n");
    fake.finished(7).await;
    let second = Worker::start(&fake.url(), data.path(), executor);
    assert!(matches!(second.leave().await, Err(WorkerError::InUse(_))));
    worker.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_told_what_to_do() {
    let data = tempfile::tempdir().unwrap();
    let fake = Fake::start().await;
    let mut config = support::config(&fake.url(), data.path(), dummy());
    config.enrolment_token = None;
    let worker = Worker::with(config.clone());
    assert!(matches!(
        worker.task.await.unwrap(),
        Err(WorkerError::NotEnrolled)
    ));
    config.enrolment_token = Some("used up".to_owned());
    let worker = Worker::with(config.clone());
    assert!(matches!(
        worker.task.await.unwrap(),
        Err(WorkerError::EnrolmentRefused(_))
    ));
    config.server = "ftp://example.org".to_owned();
    let worker = Worker::with(config.clone());
    assert!(matches!(
        worker.task.await.unwrap(),
        Err(WorkerError::Server(..))
    ));
    config.server = fake.url();
    let found = travis_worker::doctor(&config).await;
    assert!(
        found
            .iter()
            .any(|finding| finding.name == "server" && finding.ok)
    );
}

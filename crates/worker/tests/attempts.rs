//! Attempts end to end against a server that looks closely.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use support::{Fake, Worker, assignment, dummy};
use travis_api::worker::{CancelOrder, Limits};
use travis_sandbox::{Executor, Host, ToolDirs};

fn host(data: &std::path::Path) -> Arc<dyn Executor> {
    Arc::new(Host::new(data.join("sandbox"), ToolDirs::default()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_from_enrolment_to_seal() {
    let data = tempfile::tempdir().unwrap();
    let fake = Fake::start().await;
    fake.assign(1, "echo hello\nexit 0\n");
    fake.assign(2, "echo bad\nexit 1\n");
    fake.assign(3, "exit 3\n");
    let worker = Worker::start(&fake.url(), data.path(), dummy());
    let one = fake.finished(1).await;
    assert_eq!((one.outcome.as_str(), one.exit_code), ("passed", Some(0)));
    assert_eq!(fake.output(1), b"hello\n");
    let log = String::from_utf8(fake.log(1)).unwrap();
    assert!(log.starts_with("travis_fold:start:worker_info\r\x1b[0K\x1b[33;1mWorker information\x1b[0m\nhostname: tester\n"), "{log}");
    assert_eq!(fake.finished(2).await.outcome, "failed");
    let three = fake.finished(3).await;
    assert_eq!(
        (three.outcome.as_str(), three.exit_code),
        ("errored", Some(3))
    );
    assert_eq!(fake.known.lock().unwrap().attempts[&1].states, ["running"]);
    worker.leave().await.unwrap();
    let last = fake.known.lock().unwrap().polls.last().cloned().unwrap();
    assert!(last.draining && last.slots == 0 && last.running.is_empty());
    let spools = std::fs::read_dir(data.path().join("spool")).unwrap();
    assert_eq!(spools.count(), 0);

    // It is known now, without the token.
    let mut config = support::config(&fake.url(), data.path(), dummy());
    config.enrolment_token = None;
    let worker = Worker::with(config);
    fake.assign(4, "exit 0\n");
    fake.finished(4).await;
    assert_eq!(fake.known.lock().unwrap().enrolments, 1);
    worker.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn binary_output_arrives_as_printed_and_secrets_do_not() {
    let data = tempfile::tempdir().unwrap();
    let fake = Fake::start().await;
    let script = "for i in $(seq 0 255); do printf \"\\\\x$(printf %02x $i)\"; done | head -c 256 > all; for i in $(seq 100); do cat all; done; sha256sum all >/dev/null; printf 'so secret!'\n";
    let mut job = assignment(1, script);
    job.secrets = vec!["secret!".to_owned()];
    fake.assign_as(job);
    let worker = Worker::start(&fake.url(), data.path(), host(data.path()));
    assert_eq!(fake.finished(1).await.outcome, "passed");
    let mut expected: Vec<u8> = (0..100).flat_map(|_| 0..=255).collect();
    expected.extend_from_slice(b"so [secure]");
    let output = fake.output(1);
    assert_eq!(output.len(), expected.len());
    assert_eq!(
        digest(&SHA256, &output).as_ref(),
        digest(&SHA256, &expected).as_ref()
    );
    worker.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_forgot_is_sent_again() {
    let data = tempfile::tempdir().unwrap();
    let fake = Fake::start().await;
    fake.change(|known| {
        let attempt = known.attempts.entry(1).or_default();
        attempt.sealed = false;
        attempt.forget_to = Some(300);
        attempt.forget_at_finish = Some(10);
    });
    fake.assign(
        1,
        "echo first\nflood 3000000\necho then\nflood 3000000\necho end\n",
    );
    let mut config = support::config(&fake.url(), data.path(), dummy());
    // The entry above counts as one that runs.
    config.slots = 3;
    let worker = Worker::with(config);
    fake.finished(1).await;
    let output = fake.output(1);
    assert_eq!(output.len(), 6 + 3_000_000 + 5 + 3_000_000 + 4);
    assert_eq!(fake.known.lock().unwrap().attempts[&1].finish_calls, 2);
    worker.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_order_ends_a_stubborn_job_within_a_second() {
    let data = tempfile::tempdir().unwrap();
    let fake = Fake::start().await;
    fake.assign(
        1,
        "trap '' TERM INT HUP\necho begun\nwhile :; do sleep 100; done\n",
    );
    let worker = Worker::start(&fake.url(), data.path(), host(data.path()));
    fake.printed(1, "begun").await;
    let since = Instant::now();
    fake.change(|known| {
        known.cancel.push(CancelOrder {
            attempt: 1,
            reason: "Canceled by joe.".to_owned(),
        });
    });
    let finish = fake.finished(1).await;
    assert!(
        since.elapsed() < Duration::from_secs(1),
        "{:?}",
        since.elapsed()
    );
    assert_eq!(
        (finish.outcome.as_str(), finish.exit_code),
        ("canceled", None)
    );
    let output = String::from_utf8(fake.output(1)).unwrap();
    assert_eq!(
        output,
        "begun\n\n\nDone: the job was canceled.\n\nCanceled by joe.\n"
    );
    worker.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_named_in_the_log() {
    let data = tempfile::tempdir().unwrap();
    let fake = Fake::start().await;
    let generous = assignment(0, "").limits;
    let cases = [
        (
            1,
            "hang",
            Limits {
                silence_seconds: 1,
                ..generous.clone()
            },
            "printed nothing for 1 second",
        ),
        (
            2,
            "hang",
            Limits {
                total_seconds: 1,
                ..generous.clone()
            },
            "longer than the 1 second",
        ),
        (
            3,
            "flood 100000000",
            Limits {
                log_bytes: 100_000,
                ..generous
            },
            "more than the 100000 bytes",
        ),
    ];
    for (id, script, limits, _) in &cases {
        let mut job = assignment(*id, script);
        job.limits = limits.clone();
        fake.assign_as(job);
    }
    let worker = Worker::start(&fake.url(), data.path(), dummy());
    for (id, _, _, text) in &cases {
        let finish = fake.finished(*id).await;
        assert_eq!(finish.outcome, "errored");
        assert!(finish.reason.unwrap().contains(text));
        let log = fake.log(*id);
        assert!(String::from_utf8_lossy(&log).contains(text));
        assert!(log.len() < 102_000);
    }
    worker.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_100_mb_passes() {
    let data = tempfile::tempdir().unwrap();
    let fake = Fake::start().await;
    fake.assign(1, "head -c 100000000 /dev/zero | tr '\\0' x\n");
    let worker = Worker::start(&fake.url(), data.path(), host(data.path()));
    let finish = fake.finished(1).await;
    assert_eq!(finish.outcome, "passed");
    let output = fake.output(1);
    assert!(output.len() == 100_000_000 && output.iter().all(|byte| *byte == b'x'));
    worker.leave().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_url_that_is_not_allowed_is_an_errored_job() {
    let data = tempfile::tempdir().unwrap();
    let fake = Fake::start().await;
    let mut job = assignment(1, "echo never\n");
    job.source = Some(travis_api::worker::Source {
        url: "file:///etc".to_owned(),
        sha: "0".repeat(40),
        refs: Vec::new(),
        // The server would allow it; this worker's owner does not.
        allow_local: true,
        private: None,
    });
    fake.assign_as(job);
    let worker = Worker::start(&fake.url(), data.path(), dummy());
    let finish = fake.finished(1).await;
    assert_eq!(finish.outcome, "errored");
    assert!(finish.reason.unwrap().contains("can't be fetched"));
    assert!(!String::from_utf8_lossy(&fake.log(1)).contains("never"));
    worker.leave().await.unwrap();
}

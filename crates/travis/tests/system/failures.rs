//! Servers, workers and wires that break in mid-job.

use crate::support::{Api, FakeWorker, Held, Link, SOON, Server, Setup, Worker, sha256, until};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Prints `lines` numbered lines, one each 20 ms, between two marks.
fn counting(lines: u32) -> String {
    format!(
        "script:\n  - echo begin-payload; for i in $(seq 1 {lines}); do echo \"line $i\"; sleep 0.02; done; echo end-payload\n"
    )
}

/// What [`counting`] prints between its marks.
fn counted(lines: u32) -> String {
    (1..=lines).map(|i| format!("line {i}\n")).collect()
}

/// What stands between the marks of a log. The command's own echo holds both marks and no line
/// break after the first.
fn payload(log: &[u8]) -> String {
    let text = String::from_utf8_lossy(log);
    let from = text.find("\nbegin-payload\n").expect("the first mark") + "\nbegin-payload\n".len();
    let to = text[from..].find("end-payload\n").expect("the last mark");
    text[from..from + to].to_owned()
}

/// The log that the server serves is the one that the worker digested, byte by byte.
async fn log_is_whole(api: &Api, job: &Value, lines: u32) {
    let log = api.log(job["id"].as_i64().unwrap()).await;
    assert_eq!(job["attempt"]["log_sha256"], sha256(&log));
    assert_eq!(job["attempt"]["log_length"], log.len());
    assert_eq!(
        sha256(payload(&log).as_bytes()),
        sha256(counted(lines).as_bytes())
    );
}

#[tokio::test]
async fn a_server_killed_in_mid_build_goes_on_where_it_was() {
    const LINES: u32 = 120;
    let server = Setup::server().start().await;
    let _worker = Worker::start(&server, "steady", &[]).await;
    server.quick("acme/rocket", &counting(LINES)).await;
    let build = server.api.trigger("acme/rocket").await;
    let job = server.api.first_job(build).await;
    server.api.printed(job, "\nline 20\n").await;

    // Drop sends SIGKILL; the worker goes on printing meanwhile.
    let server = server.start_again();
    let build = server.api.finished(build).await;
    assert_eq!(build["state"], "passed");
    let job = server.api.job(job).await;
    assert_eq!(job["attempts"].as_array().unwrap().len(), 1, "{job}");
    log_is_whole(&server.api, &job, LINES).await;
}

#[tokio::test]
async fn a_server_that_stays_away_for_a_while_finds_the_end_of_the_job() {
    const LINES: u32 = 60;
    let server = Setup::server().start().await;
    let _worker = Worker::start(&server, "patient", &[]).await;
    let mark = server.dir("marks").join("done");
    let yaml = format!("{}  - touch {}\n", counting(LINES), mark.display());
    server.quick("acme/rocket", &yaml).await;
    let build = server.api.trigger("acme/rocket").await;
    let job = server.api.first_job(build).await;
    server.api.printed(job, "\nline 5\n").await;
    let mut server = server;
    server.process.kill();
    // The job ends while nobody listens.
    until("the job's end", SOON, || async {
        mark.exists().then_some(())
    })
    .await;
    let server = server.start_again();
    let build = server.api.finished(build).await;
    assert_eq!(build["state"], "passed");
    let job = server.api.job(job).await;
    assert_eq!(job["attempts"].as_array().unwrap().len(), 1, "{job}");
    log_is_whole(&server.api, &job, LINES).await;
}

/// The one test with the real lease of 15 s. Security case 9 and 10: words of a lost attempt.
#[tokio::test]
async fn a_killed_workers_job_runs_elsewhere_and_its_late_words_change_nothing() {
    let server = Setup::server().start().await;
    let link = Link::to(server.address()).await;
    let mut doomed = Worker::start_at(&server, &link.url, "doomed", &[]).await;
    let gate = server.dir("marks").join("gate");
    let yaml = format!(
        "script:\n  - echo started; until [ -e {} ]; do sleep 0.05; done\n",
        gate.display()
    );
    server.quick("acme/rocket", &yaml).await;
    let build = server.api.trigger("acme/rocket").await;
    let job = server.api.first_job(build).await;
    server.api.printed(job, "\nstarted\n").await;
    let first = server.api.job(job).await["attempt"]["id"].as_i64().unwrap();
    let held = Held {
        attempt: first,
        job,
        token: link.token_of(first),
    };
    let thief = FakeWorker::steal(&server, &doomed.data).await;
    let _heir = Worker::start(&server, "heir", &[]).await;

    doomed.process.kill();
    let killed = Instant::now();
    let second = until(
        "the job on the other worker",
        Duration::from_secs(20),
        || async {
            let job = server.api.job(job).await;
            let now = &job["attempt"];
            (now["id"] != first && now["worker"]["name"] == "heir").then(|| now["id"].clone())
        },
    )
    .await;
    assert!(killed.elapsed() < Duration::from_secs(20));

    let before = server.api.job(job).await;
    assert_eq!(before["attempts"].as_array().unwrap().len(), 2);
    let lost = attempt(&before, first);
    assert_eq!(lost["state"], "lost");
    assert!(
        lost["reason"].as_str().unwrap().contains("not heard of"),
        "{lost}"
    );

    let old_log = server
        .api
        .bytes(&format!("/v3/job/{job}/log.txt?attempt={first}"))
        .await;
    let late = [
        thief
            .log(&held, old_log.len() as u64, b"late words\n")
            .await,
        thief.log(&held, 0, b"other words\n").await,
        thief.running(&held).await,
        thief.finish(&held, "failed", b"late words\n").await,
        thief.finish(&held, "passed", &old_log).await,
    ];
    for answer in &late {
        assert!(matches!(answer.status, 401 | 410), "{answer:?}");
    }
    let after = server.api.job(job).await;
    assert_eq!(attempt(&after, first), attempt(&before, first));
    assert_eq!(after["attempt"]["id"], second);
    let log_now = server
        .api
        .bytes(&format!("/v3/job/{job}/log.txt?attempt={first}"))
        .await;
    assert_eq!(log_now, old_log);

    std::fs::write(gate, "").unwrap();
    assert_eq!(server.api.finished(build).await["state"], "passed");
}

fn attempt(job: &Value, id: i64) -> Value {
    let mut all = job["attempts"].as_array().unwrap().iter();
    all.find(|attempt| attempt["id"] == id).unwrap().clone()
}

#[tokio::test]
async fn a_worker_that_starts_again_gives_its_job_back_at_once() {
    let server = Setup::server().start().await;
    let mut worker = Worker::start(&server, "forgetful", &[]).await;
    let gate = server.dir("marks").join("gate");
    let yaml = format!(
        "script:\n  - echo started; until [ -e {} ]; do sleep 0.05; done\n",
        gate.display()
    );
    server.quick("acme/rocket", &yaml).await;
    let build = server.api.trigger("acme/rocket").await;
    let job = server.api.first_job(build).await;
    server.api.printed(job, "\nstarted\n").await;
    let first = server.api.job(job).await["attempt"]["id"].as_i64().unwrap();

    worker.start_again();
    // Long before the lease ends.
    until("a second attempt", Duration::from_secs(8), || async {
        let job = server.api.job(job).await;
        (job["attempt"]["id"] != first && job["state"] == "started").then_some(())
    })
    .await;
    let job = server.api.job(job).await;
    assert_eq!(attempt(&job, first)["state"], "refused");
    std::fs::write(gate, "").unwrap();
    assert_eq!(server.api.finished(build).await["state"], "passed");
}

#[tokio::test]
async fn a_wire_cut_for_ten_seconds_loses_nothing() {
    const LINES: u32 = 640;
    let server = Setup::server().start().await;
    let link = Link::to(server.address()).await;
    let _worker = Worker::start_at(&server, &link.url, "remote", &[]).await;
    server.quick("acme/rocket", &counting(LINES)).await;
    let build = server.api.trigger("acme/rocket").await;
    let job = server.api.first_job(build).await;
    server.api.printed(job, "\nline 30\n").await;
    let cut = Instant::now();
    link.cut();
    until("ten seconds", SOON, || async {
        (cut.elapsed() >= Duration::from_secs(10)).then_some(())
    })
    .await;
    assert_eq!(server.api.job(job).await["state"], "started");
    link.mend();
    let build = server.api.finished(build).await;
    assert_eq!(build["state"], "passed");
    let job = server.api.job(job).await;
    assert_eq!(job["attempts"].as_array().unwrap().len(), 1, "{job}");
    log_is_whole(&server.api, &job, LINES).await;
}

/// With a lease of 3 s and a cut of 6 s in the place of 15 s and 60 s.
#[tokio::test]
async fn a_wire_cut_for_longer_than_the_lease_moves_the_job_and_kills_the_old_sandbox() {
    let server = Setup::server()
        .toml("[leases]\nseconds = 3\n")
        .start()
        .await;
    let link = Link::to(server.address()).await;
    let _cut_off = Worker::start_at(&server, &link.url, "cut-off", &[]).await;
    let marks = server.dir("marks");
    // Every run beats in a file of its own until it is told to end.
    let yaml = format!(
        "script:\n  - echo started; until [ -e {0}/gate ]; do date +%s%N > {0}/beat.$$; sleep 0.05; done\n",
        marks.display()
    );
    server.quick("acme/rocket", &yaml).await;
    let build = server.api.trigger("acme/rocket").await;
    let job = server.api.first_job(build).await;
    server.api.printed(job, "\nstarted\n").await;
    let first = server.api.job(job).await["attempt"]["id"].as_i64().unwrap();
    let old_beat = until("a beat", SOON, || async { beats(&marks).pop() }).await;
    let _near = Worker::start(&server, "near", &[]).await;

    let cut = Instant::now();
    link.cut();
    until("the job on the other worker", SOON, || async {
        let job = server.api.job(job).await;
        (job["attempt"]["worker"]["name"] == "near" && job["state"] == "started").then_some(())
    })
    .await;
    until("the end of the old sandbox", SOON, || async {
        let text = std::fs::read(&old_beat).unwrap();
        let later = until_changed(&old_beat, &text).await;
        (!later).then_some(())
    })
    .await;
    until("six seconds", SOON, || async {
        (cut.elapsed() >= Duration::from_secs(6)).then_some(())
    })
    .await;
    link.mend();
    std::fs::write(marks.join("gate"), "").unwrap();
    assert_eq!(server.api.finished(build).await["state"], "passed");
    let job = server.api.job(job).await;
    assert_eq!(attempt(&job, first)["state"], "lost");
    assert_eq!(job["attempts"].as_array().unwrap().len(), 2);
}

/// The files in which runs beat.
fn beats(marks: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(marks).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("beat."))
        .collect()
}

/// Whether the file changes within half a second, ten times the beat.
async fn until_changed(path: &std::path::Path, before: &[u8]) -> bool {
    let began = Instant::now();
    until("a beat or silence", SOON, || async {
        let changed = std::fs::read(path).unwrap() != before;
        (changed || began.elapsed() > Duration::from_millis(500)).then_some(changed)
    })
    .await
}

#[tokio::test]
async fn a_job_whose_workers_are_lost_three_times_is_errored_with_the_reason() {
    let server = Setup::server().start().await;
    let worker = FakeWorker::enrol(&server, "clumsy").await;
    server.quick("acme/rocket", "script: 'true'\n").await;
    let build = server.api.trigger("acme/rocket").await;
    let job = server.api.first_job(build).await;
    for _ in 0..3 {
        let held = worker.take().await;
        assert_eq!(worker.running(&held).await.status, 204);
        // It does not name the attempt as running: it was started anew.
        worker.poll(&[], 0).await.expect(200);
        let gone = worker.poll(&[held.attempt], 0).await.expect(200);
        assert_eq!(gone["lost"], json!([held.attempt]));
    }
    let job = server.api.job_in(job, "errored").await;
    assert!(
        job["reason"]
            .as_str()
            .unwrap()
            .contains("workers in a row were lost"),
        "{job}"
    );
    assert_eq!(server.api.build(build).await["state"], "errored");
}

/// An assignment that never arrived comes again, to the same attempt and with a new token.
#[tokio::test]
async fn an_assignment_whose_answer_was_lost_comes_again() {
    let server = Setup::server().start().await;
    let worker = FakeWorker::enrol(&server, "deaf").await;
    server.quick("acme/rocket", "script: 'true'\n").await;
    let build = server.api.trigger("acme/rocket").await;
    let first = worker.take().await;
    let again = worker.take().await;
    assert_eq!(first.attempt, again.attempt);
    assert_ne!(first.token, again.token);
    assert_eq!(worker.running(&first).await.status, 401);
    assert_eq!(worker.running(&again).await.status, 204);
    assert_eq!(worker.log(&again, 0, b"hello\n").await.status, 200);
    let sealed = worker
        .finish(&again, "passed", b"hello\n")
        .await
        .expect(200);
    assert_eq!(sealed["sealed"], true);
    assert_eq!(server.api.finished(build).await["state"], "passed");
    check_one_attempt(&server, again.job).await;
}

async fn check_one_attempt(server: &Server, job: i64) {
    let job = server.api.job(job).await;
    assert_eq!(job["attempts"].as_array().unwrap().len(), 1);
}

//! What jobs leave: files that come once, tests from files and logs, and what earlier builds say of
//! them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod support;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use support::{Agent, World};
use travis_blobs::Blobs as _;
use travis_engine::{
    ARTIFACT, BuildDemand, Declared, EngineError, JobTests, Offer, REPORT, Wanted,
};
use travis_model::{Outcome, Repository, Timestamp};

const YAML: &str = "language: shell\nscript: 'true'\n";
const GOOD: &str = "<testsuite><testcase name='a' classname='s' time='0.5'/><testcase name='b' classname='s'/></testsuite>";
const BAD: &str = "<testsuite><testcase name='a' classname='s'><failure message='broke &amp; fell'/></testcase><testcase name='b' classname='s'/></testsuite>";

fn declared(kind: &str, path: &str, text: &str) -> Declared {
    Declared {
        kind: kind.to_owned(),
        path: path.to_owned(),
        size: text.len() as u64,
        sha256: hex::encode(digest(&SHA256, text.as_bytes())),
    }
}

async fn declare(
    world: &World,
    offer: &Offer,
    files: &[Declared],
) -> Result<Vec<Wanted>, EngineError> {
    let token = offer.token.reveal();
    let access = world.engine.attempt_access(offer.attempt, token).await?;
    world.engine.declare_results(access, files).await
}

async fn send(
    world: &World,
    offer: &Offer,
    wanted: &Wanted,
    text: &str,
) -> Result<(), EngineError> {
    let token = offer.token.reveal();
    let access = world.engine.attempt_access(offer.attempt, token).await?;
    let Some(mut upload) = world.engine.begin_result(access, wanted.id).await? else {
        return Ok(());
    };
    for piece in text.as_bytes().chunks(5) {
        upload.write(Bytes::copy_from_slice(piece)).await?;
    }
    world.engine.finish_result(access, upload).await
}

/// Ends an attempt that printed this.
async fn end(agent: &Agent, offer: &Offer, log: &str) {
    agent.end(offer, Outcome::Failed, log, log).await.unwrap();
}

async fn demand(world: &World, repository: &Repository) {
    world.demand(repository, BuildDemand::default()).await;
}

/// A build whose job leaves a file of tests.
async fn run(world: &World, agent: &Agent, repository: &Repository, text: &str) -> JobTests {
    demand(world, repository).await;
    let offer = agent.begin().await;
    let files = [declared(REPORT, "junit.xml", text)];
    let wanted = declare(world, &offer, &files).await.unwrap();
    send(world, &offer, &wanted[0], text).await.unwrap();
    end(agent, &offer, "hello\n").await;
    let job = world.jobs(offer.job.build_id).await.remove(0);
    world.engine.job_tests(&job, None).await.unwrap()
}

#[tokio::test]
async fn files_come_once_and_whole() {
    let world = World::new().await;
    let repository = world.repository(YAML).await;
    let agent = world.worker(1).await;
    demand(&world, &repository).await;
    let offer = agent.begin().await;
    let files = [
        declared(ARTIFACT, "out/a.txt", "hello"),
        declared(ARTIFACT, "out/never.txt", "gone"),
        Declared {
            size: 1 << 40,
            ..declared(ARTIFACT, "out/large", "")
        },
    ];
    let wanted = declare(&world, &offer, &files).await.unwrap();
    let paths: Vec<&str> = wanted.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, ["out/a.txt", "out/never.txt"]);
    // Other bytes, fewer and more are refused, and nothing of them stays.
    for wrong in ["hellO", "hell", "hello!"] {
        let sent = send(&world, &offer, &wanted[0], wrong).await;
        assert!(matches!(sent, Err(EngineError::Invalid { .. })), "{wrong}");
    }
    send(&world, &offer, &wanted[0], "hello").await.unwrap();
    send(&world, &offer, &wanted[0], "again, unread")
        .await
        .unwrap();
    let again = declare(&world, &offer, &files).await.unwrap();
    assert_eq!(again.len(), 1, "what is here is not wanted again");
    for path in ["../a", "/etc/passwd", "a//b", ""] {
        let bad = declare(&world, &offer, &[declared(ARTIFACT, path, "x")]).await;
        assert!(matches!(bad, Err(EngineError::Invalid { .. })), "{path}");
    }
    end(&agent, &offer, "hello\n").await;
    let late = declare(&world, &offer, &files).await;
    assert!(matches!(late, Err(EngineError::AttemptOver)));
    let mut reader = world.engine.store().reader().await.unwrap();
    let rows = reader.artifacts(offer.attempt).await.unwrap();
    drop(reader);
    assert_eq!(rows.len(), 2);
    let blob = world.engine.artifact_bytes(&rows[0], Some((1, 3))).await;
    let pieces: Vec<Bytes> = blob.unwrap().pieces.try_collect().await.unwrap();
    assert_eq!(pieces.concat(), b"ell");
    // One that never arrived stays visible as that, and the sweep leaves what is named.
    assert!(world.engine.artifact_bytes(&rows[1], None).await.is_err());
    world.pass(std::time::Duration::from_secs(24 * 3600));
    world.engine.sweep_caches().await.unwrap();
    let left = world.blobs.older_than(Timestamp(i64::MAX));
    assert_eq!(left.try_collect::<Vec<_>>().await.unwrap().len(), 1);
}

#[tokio::test]
async fn tests_are_compared_with_earlier_builds() {
    let world = World::new().await;
    let repository = world.repository(YAML).await;
    let agent = world.worker(1).await;
    let first = run(&world, &agent, &repository, GOOD).await;
    assert_eq!((first.counts.passed, first.counts.micros), (2, 500_000));
    let second = run(&world, &agent, &repository, BAD).await;
    let broken = &second.cases[0];
    assert_eq!(broken.case.message.as_deref(), Some("broke & fell"));
    assert!(broken.story.standing.newly_failing);
    // The same commit, so it can't be the code.
    assert!(broken.story.standing.flaky);
    assert_eq!(broken.story.dots.len(), 1);
    let third = run(&world, &agent, &repository, BAD).await;
    assert!(!third.cases[0].story.standing.newly_failing);
    let key = third.cases[0].case.key();
    let history = world
        .engine
        .test_history(repository.id, "main", key)
        .await
        .unwrap();
    let outcomes: Vec<&str> = history.iter().map(|run| run.outcome.as_str()).collect();
    assert_eq!(outcomes, ["failed", "failed", "passed"]);
    // What was read is not kept.
    let left = world.blobs.older_than(Timestamp(i64::MAX));
    assert_eq!(left.try_collect::<Vec<_>>().await.unwrap().len(), 0);
    let broken = run(&world, &agent, &repository, "<testsuite>").await;
    assert!(broken.files[0].error.is_some() && broken.cases.is_empty());
}

#[tokio::test]
async fn a_running_log_tells_of_failed_tests() {
    let world = World::new().await;
    let repository = world.repository(YAML).await;
    let agent = world.worker(1).await;
    demand(&world, &repository).await;
    let offer = agent.begin().await;
    let token = offer.token.reveal();
    let access = world
        .engine
        .attempt_access(offer.attempt, token)
        .await
        .unwrap();
    let log = "test a ... ok\ntest b ... FAILED\ntest c ... FAI";
    let append = |from: usize, text: &'static str| {
        world
            .engine
            .append_log(access, from as u64, Bytes::from_static(text.as_bytes()))
    };
    append(0, log).await.unwrap();
    world.engine.watch_tests().await;
    let job = world.jobs(offer.job.build_id).await.remove(0);
    let tests = world.engine.job_tests(&job, None).await.unwrap();
    // The last line may go on.
    assert_eq!((tests.counts.total(), tests.counts.failed), (2, 1));
    assert!(tests.running && tests.cases[0].case.name == "b");
    append(log.len(), "LED\n").await.unwrap();
    world.engine.watch_tests().await;
    let counts = world.engine.test_counts(&[offer.attempt]).await.unwrap();
    assert_eq!(counts[&offer.attempt].failed, 2);
    let whole = format!("{log}LED\n");
    agent
        .end(&offer, Outcome::Failed, &whole, &whole)
        .await
        .unwrap();
    let job = world.jobs(offer.job.build_id).await.remove(0);
    let tests = world.engine.job_tests(&job, None).await.unwrap();
    assert_eq!((tests.running, tests.cases.len()), (false, 3));
    assert_eq!(tests.cases[2].case.log_line, Some(2));
}

//! The use cases together: planner, dispatcher, reaper, stages.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod support;

use std::time::Duration;
use support::{LEASE, World, until};
use travis_engine::{BuildDemand, EngineError, Finished, Secret};
use travis_model::{AttemptState, Outcome, RequestState};

const ONE: &str = "language: generic\nscript: 'true'\n";
const TWO: &str = "language: generic\nenv: [A=1, A=2]\nscript: 'true'\n";
const STAGES: &str = "language: generic\njobs:\n  include:\n    - {stage: test, script: 'true'}\n    - {stage: deploy, script: 'true'}\n";

#[tokio::test]
async fn a_waiting_poll_is_answered_as_soon_as_there_is_a_job() {
    let world = World::new().await;
    let repository = world.repository(ONE).await;
    let worker = world.worker(1).await;
    // Long before the poll would be answered anyway.
    let soon = Duration::from_secs(5);
    let waiting = tokio::time::timeout(soon, worker.poll(&[], Duration::from_secs(10)));
    let (orders, build) = tokio::join!(waiting, world.build(&repository));
    let offer = orders.unwrap().offers.pop().unwrap();
    assert_eq!(offer.job.build_id, build.id);
    assert!(offer.script.contains("true"));
    assert!(offer.checkout.is_some());
    worker.start(&offer).await.unwrap();
    worker.done(&offer, Outcome::Passed).await;
    assert_eq!(world.build_now(build.id).await.state.as_str(), "passed");
}

#[tokio::test]
async fn slots_pauses_and_platforms_bound_what_a_worker_gets() {
    let world = World::new().await;
    let repository = world.repository(TWO).await;
    let build = world.build(&repository).await;
    let admin = world.viewer.user.clone().unwrap();
    let foreign = world.worker_of(&admin, 4, "s390x").await;
    assert!(foreign.look(&[]).await.offers.is_empty());

    let worker = world.worker(1).await;
    world
        .engine
        .pause_worker(&world.viewer, worker.id, true)
        .await
        .unwrap();
    assert!(worker.look(&[]).await.offers.is_empty());
    world
        .engine
        .pause_worker(&world.viewer, worker.id, false)
        .await
        .unwrap();
    let first = worker.look(&[]).await.offers;
    assert_eq!(first.len(), 1, "one slot, one job");
    assert!(worker.look(&[first[0].attempt]).await.offers.is_empty());
    let wide = world.worker(8).await;
    assert_eq!(
        wide.look(&[]).await.offers.len(),
        1,
        "each job goes to one worker"
    );
    assert_eq!(world.states(build.id).await, ["received", "received"]);
}

#[tokio::test]
async fn an_assignment_that_was_not_acknowledged_comes_again() {
    let world = World::new().await;
    let repository = world.repository(ONE).await;
    let build = world.build(&repository).await;
    let worker = world.worker(2).await;
    let first = worker.look(&[]).await.offers.pop().unwrap();
    let again = worker.look(&[]).await.offers.pop().unwrap();
    assert_eq!(first.attempt, again.attempt);
    assert!(matches!(
        worker.start(&first).await,
        Err(EngineError::Unauthorized)
    ));
    worker.start(&again).await.unwrap();
    let orders = worker.look(&[again.attempt]).await;
    assert!(orders.offers.is_empty() && orders.lost.is_empty());
    assert_eq!(orders.renewed, [again.attempt]);
    // Once it runs, a poll that does not name it says that the worker was started anew.
    let fresh = worker.look(&[]).await.offers.pop().unwrap();
    assert_ne!(fresh.attempt, again.attempt);
    let job = world.jobs(build.id).await.remove(0);
    let states: Vec<_> = world
        .attempts(&job)
        .await
        .iter()
        .map(|row| row.state)
        .collect();
    assert!(states.contains(&AttemptState::Refused) && states.contains(&AttemptState::Leased));
}

#[tokio::test]
async fn a_silent_workers_job_is_queued_again_and_three_times_is_enough() {
    let world = World::new().await;
    let repository = world.repository(ONE).await;
    let build = world.build(&repository).await;
    let worker = world.worker(1).await;
    for round in 1..=3 {
        let offer = worker.begin().await;
        // A renewed lease holds, a silent one ends.
        world.pass(LEASE / 2);
        assert_eq!(worker.look(&[offer.attempt]).await.renewed, [offer.attempt]);
        world.pass(LEASE + Duration::from_millis(1));
        let wanted = if round < 3 { "queued" } else { "errored" };
        until("the attempt lost", async || {
            (world.states(build.id).await == [wanted]).then_some(())
        })
        .await;
        assert!(matches!(
            worker.start(&offer).await,
            Err(EngineError::AttemptOver)
        ));
        let late = worker.end(&offer, Outcome::Passed, "ok\n", "ok\n").await;
        assert!(matches!(late, Err(EngineError::AttemptOver)));
        assert_eq!(worker.look(&[offer.attempt]).await.lost, [offer.attempt]);
        // That poll may have brought the next attempt; it is not begun, so it comes again.
    }
    let job = world.jobs(build.id).await.remove(0);
    assert!(
        job.reason
            .unwrap()
            .starts_with("3 workers in a row were lost")
    );
    assert_eq!(world.build_now(build.id).await.state.as_str(), "errored");
}

#[tokio::test]
async fn the_end_counts_when_the_log_is_whole() {
    let world = World::new().await;
    let repository = world.repository(ONE).await;
    let build = world.build(&repository).await;
    let worker = world.worker(1).await;
    let offer = worker.begin().await;
    let short = worker
        .end(&offer, Outcome::Passed, "half ", "half whole")
        .await
        .unwrap();
    assert_eq!(short, Finished::Missing { held: 5 });
    let other = worker
        .end(&offer, Outcome::Passed, "half ", "HALF ")
        .await
        .unwrap();
    assert_eq!(other, Finished::Missing { held: 0 });
    assert_eq!(world.states(build.id).await, ["started"]);
    let thief = world.worker(1).await;
    let stolen = thief.end(&offer, Outcome::Failed, "half ", "half ").await;
    assert!(matches!(stolen, Err(EngineError::Unauthorized)));
    let end = worker
        .end(&offer, Outcome::Passed, "half ", "half ")
        .await
        .unwrap();
    assert_eq!(end, Finished::Sealed { held: 5 });
    assert_eq!(world.states(build.id).await, ["passed"]);
}

#[tokio::test]
async fn stages_follow_each_other_and_a_restart_brings_back_what_never_ran() {
    let world = World::new().await;
    let repository = world.repository(STAGES).await;
    let build = world.build(&repository).await;
    let worker = world.worker(4).await;
    assert_eq!(world.states(build.id).await, ["queued", "created"]);
    let offer = worker.begin().await;
    assert!(
        worker.look(&[offer.attempt]).await.offers.is_empty(),
        "the second stage waits"
    );
    worker.done(&offer, Outcome::Failed).await;
    assert_eq!(world.states(build.id).await, ["failed", "canceled"]);
    assert_eq!(world.build_now(build.id).await.state.as_str(), "failed");

    let failed = world.jobs(build.id).await.remove(0);
    world
        .engine
        .restart_job(&world.viewer, failed.id)
        .await
        .unwrap();
    assert_eq!(world.states(build.id).await, ["queued", "created"]);
    for _ in 0..2 {
        let offer = worker.begin().await;
        worker.done(&offer, Outcome::Passed).await;
    }
    assert_eq!(world.states(build.id).await, ["passed", "passed"]);
    assert_eq!(world.build_now(build.id).await.state.as_str(), "passed");
}

#[tokio::test]
async fn a_cancel_reaches_the_worker_and_its_last_word_does_not_change_the_state() {
    let world = World::new().await;
    let repository = world.repository(ONE).await;
    let build = world.build(&repository).await;
    let worker = world.worker(1).await;
    let offer = worker.begin().await;
    let running = [offer.attempt];
    let soon = Duration::from_secs(5);
    let waiting = tokio::time::timeout(soon, worker.poll(&running, Duration::from_secs(10)));
    let cancel = world.engine.cancel_build(&world.viewer, build.id);
    let (orders, canceled) = tokio::join!(waiting, cancel);
    canceled.unwrap();
    let orders = orders.unwrap();
    assert_eq!(orders.cancel.len(), 1);
    assert!(
        orders.cancel[0].1.contains("admin"),
        "{}",
        orders.cancel[0].1
    );
    assert_eq!(world.states(build.id).await, ["canceled"]);
    worker.done(&offer, Outcome::Passed).await;
    assert_eq!(world.states(build.id).await, ["canceled"]);
}

#[tokio::test]
async fn requests_without_a_build_keep_their_reason() {
    let world = World::new().await;
    let repository = world.repository(ONE).await;
    let on = |branch: &str| BuildDemand {
        branch: Some(branch.to_owned()),
        ..BuildDemand::default()
    };
    world.forge.add_commit(1, "bare", &[("README", "")], "Bare");
    let bare = world.demand(&repository, on("bare")).await;
    assert_eq!(bare.state, RequestState::Rejected);
    assert!(bare.reason.unwrap().contains(".travis.yml"));
    let missing = world.demand(&repository, on("nowhere")).await;
    assert_eq!(missing.state, RequestState::Rejected);

    let yaml = "language: generic\nbranches: {only: [main]}\nscript: 'true'\n";
    let side = world
        .forge
        .add_commit(1, "side", &[(".travis.yml", yaml)], "Side");
    let skip = world
        .forge
        .add_commit(1, "skip", &[(".travis.yml", ONE)], "Docs [ci skip]");
    for (branch, sha, words) in [
        ("side", &side, "Branch not included"),
        ("skip", &skip, "skipped via commit message"),
    ] {
        let body = format!(r#"{{"ref": "refs/heads/{branch}", "after": "{sha}"}}"#);
        let request = ping(&world, body.as_bytes()).await;
        assert_eq!(request.state, RequestState::Rejected, "{branch}");
        assert!(request.reason.unwrap().contains(words), "{branch}");
    }
    // Whoever asks for the branch by hand gets it.
    let request = world.demand(&repository, on("side")).await;
    assert_eq!(request.state, RequestState::Accepted);
    assert_eq!(world.newest().await.unwrap().branch, "side");
}

/// A signed ping, settled.
async fn ping(world: &World, body: &[u8]) -> travis_model::Request {
    let (repository, secret) = world.engine.ping_secret(&world.viewer, "1").await.unwrap();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.reveal().as_bytes());
    let signature = format!(
        "sha256={}",
        hex::encode(aws_lc_rs::hmac::sign(&key, body).as_ref())
    );
    let mut headers = http::HeaderMap::new();
    headers.insert("x-hub-signature-256", signature.parse().unwrap());
    headers.insert("x-github-event", "push".parse().unwrap());
    let engine = &world.engine;
    let taken = engine.take_ping(repository.id, &headers, body).await;
    let taken = taken.unwrap();
    match taken.request {
        Some(request) => world.settled(&request).await,
        None => panic!("{:?}", taken.outcome),
    }
}

#[tokio::test]
async fn a_file_that_can_not_be_read_makes_an_errored_build_that_says_where() {
    let world = World::new().await;
    let repository = world.repository("script: [a\nb: c\n").await;
    let build = world.build(&repository).await;
    assert_eq!(build.state.as_str(), "errored");
    let job = world.jobs(build.id).await.remove(0);
    let reason = job.reason.unwrap();
    assert!(reason.contains("line ") && reason.contains('^'), "{reason}");
    let worker = world.worker(1).await;
    assert!(worker.look(&[]).await.offers.is_empty(), "it never runs");
}

/// Secrets are decided in one place: only for workers of the people who run the installation.
#[tokio::test]
async fn a_strangers_worker_gets_no_secrets() {
    let world = World::new().await;
    let repository = world.repository(TWO).await;
    let value = Secret::new("hush-hush-hush");
    world
        .engine
        .set_env_var(&world.viewer, "1", "HUSH", &value, false, None)
        .await
        .unwrap();
    world.build(&repository).await;
    let mut tx = world.engine.store().begin().await.unwrap();
    let at = world.engine.now();
    let id = tx.insert_user("stranger", None, false, at).await.unwrap();
    tx.commit().await.unwrap();
    let mut reader = world.engine.store().reader().await.unwrap();
    let stranger = reader.user(id).await.unwrap().unwrap();
    let worker = world.worker_of(&stranger, 1, "amd64").await;
    let offer = worker.look(&[]).await.offers.pop().unwrap();
    assert!(!offer.script.contains("hush-hush-hush") && offer.secrets.is_empty());
    let own = world.worker(1).await;
    let offer = own.look(&[]).await.offers.pop().unwrap();
    assert!(offer.script.contains("hush-hush-hush"));
    assert!(offer.secrets.contains(&"hush-hush-hush".to_owned()));
}

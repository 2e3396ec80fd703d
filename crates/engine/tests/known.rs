//! Known-answer jobs: what comes before anything else on a stranger's machine, and that saying
//! "passed" is not enough.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod support;

use std::time::Duration;
use support::World;
use travis_model::{AttemptState, Outcome};

#[tokio::test]
async fn a_stranger_gets_known_answers_before_jobs_and_fails_by_guessing() {
    let world = World::with_known_answers().await;
    let repository = world
        .repository("language: generic\nscript: 'true'\n")
        .await;
    let build = world.build(&repository).await;
    let person = world.hub.add_person("mallory");
    let owner = world.sign_in(&person).await;
    let agent = world.worker_of(&owner, 1, "amd64").await;
    let orders = agent.look(&[]).await;
    assert!(
        orders.offers.is_empty(),
        "no job before it has shown what it can"
    );
    let known = orders.known.expect("a known-answer job");
    assert!(known.script.contains("git hash-object"));
    // An assignment that never arrived comes again, with another token.
    let again = agent.look(&[]).await.known.expect("the same one again");
    assert_eq!(again.attempt, known.attempt);
    assert_ne!(again.token.reveal(), known.token.reveal());
    let engine = &world.engine;
    let old = engine
        .attempt_access(known.attempt, known.token.reveal())
        .await;
    assert!(old.is_err(), "the first token is worth nothing");
    assert!(
        agent.look(&[again.attempt]).await.known.is_none(),
        "one at a time"
    );

    // It says that it passed, and has run nothing.
    agent.end_known(&again, Outcome::Passed, "ok\n").await;
    let mut reader = engine.store().reader().await.unwrap();
    let rows = reader.known_answers(agent.id, 9).await.unwrap();
    assert_eq!(
        (rows[0].state, rows[0].passed),
        (AttemptState::Finished, Some(false))
    );
    let standing = reader.standing(agent.id).await.unwrap();
    assert_eq!((standing.known_passed, standing.known_failed), (0, 1));
    let problem = standing.known_problem.unwrap();
    assert!(problem.starts_with("the known job failed: "), "{problem}");
    drop(reader);
    // Not at once again, and no job either.
    let orders = agent.look(&[]).await;
    assert!(orders.known.is_none() && orders.offers.is_empty());
    world.pass(Duration::from_secs(31));
    assert!(agent.look(&[]).await.known.is_some());
    assert_eq!(world.states(build.id).await, ["queued"]);
    // The page can show what it printed.
    let log = engine
        .logs()
        .read(again.attempt.get(), 0, 100)
        .await
        .unwrap();
    assert_eq!(&log[..], b"ok\n");
    // An ended one takes nothing more.
    let late = engine
        .attempt_access(again.attempt, again.token.reveal())
        .await;
    assert!(late.is_err());
}

#[tokio::test]
async fn the_operators_own_is_tested_beside_its_work() {
    let world = World::with_known_answers().await;
    let repository = world
        .repository("language: generic\nscript: 'true'\n")
        .await;
    world.build(&repository).await;
    let agent = world.worker(1).await;
    let orders = agent.look(&[]).await;
    assert!(orders.known.is_none(), "jobs come first");
    let offer = orders.offers.into_iter().next().unwrap();
    agent.start(&offer).await.unwrap();
    agent.done(&offer, Outcome::Passed).await;
    assert!(agent.look(&[]).await.known.is_some());
}

#[tokio::test]
async fn a_known_answer_takes_a_slot_as_a_job_does() {
    let world = World::with_known_answers().await;
    let agent = world.worker(1).await;
    let known = agent.look(&[]).await.known.expect("a known-answer job");
    let yaml = "language: generic\nscript: 'true'\nenv: [A=1, A=2]\n";
    let repository = world.repository(yaml).await;
    let build = world.build(&repository).await;
    // While it works on that one, its only slot is taken.
    let orders = agent.look(&[known.attempt]).await;
    assert_eq!(orders.renewed, [known.attempt]);
    assert!(orders.offers.is_empty(), "two jobs in one slot");
    assert_eq!(world.states(build.id).await, ["queued", "queued"]);
    // A poll that is held meanwhile hears of its end at once.
    let running = [known.attempt];
    let held = agent.poll(&running, Duration::from_secs(20));
    let ends = agent.end_known(&known, Outcome::Failed, "ok\n");
    let (orders, ()) = tokio::join!(held, ends);
    assert_eq!(orders.offers.len(), 1);

    // With two slots there is room for one beside it.
    let wide = world.worker(2).await;
    let known = loop {
        let orders = wide.look(&[]).await;
        for offer in orders.offers {
            wide.start(&offer).await.unwrap();
            wide.done(&offer, Outcome::Passed).await;
        }
        if let Some(known) = orders.known {
            break known;
        }
    };
    world.build(&repository).await;
    assert_eq!(wide.look(&[known.attempt]).await.offers.len(), 1);
}

#[tokio::test]
async fn a_known_answer_comes_under_a_name_that_the_owner_lends_for() {
    let world = World::with_known_answers().await;
    world
        .repository("language: generic\nscript: 'true'\n")
        .await;
    let agent = world.worker(1).await;
    let lend = async |only: &str| {
        let lending = serde_json::json!({"only_repositories": [only]});
        agent.says(lending).await;
        let known = agent.look(&[]).await.known.expect("a known-answer job");
        assert!(known.script.contains(&known.repository));
        known.repository
    };
    assert_eq!(lend("*").await, "acme/rocket", "it looks like one of these");
    assert_eq!(lend("me/*").await, "me/known-answer");
    assert_eq!(lend("me/tool").await, "me/tool");
}

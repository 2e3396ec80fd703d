//! Pings that did not arrive are made up for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod support;

use std::time::Duration;
use support::{COMPARE_EVERY, World, until};
use travis_model::{Repository, Request, RequestState};

const YAML: &str = "language: generic\nscript: 'true'\n";

/// Waits until the repository was compared after this moment.
async fn compared(world: &World, repository: &Repository) {
    let before = world.engine.now();
    world.pass(COMPARE_EVERY + Duration::from_secs(1));
    until("the comparison", async || {
        let mut reader = world.engine.store().reader().await.unwrap();
        let row = reader.repository(repository.id).await.unwrap().unwrap();
        let at = row.hosting.unwrap().compared_at;
        at.is_some_and(|at| at > before).then_some(())
    })
    .await;
}

async fn the_one(world: &World, repository: &Repository, known: usize) -> Request {
    let mut all = world.requests(repository).await;
    assert_eq!(all.len(), known + 1, "{all:?}");
    let newest = all.remove(0);
    world.settled(&newest).await
}

#[tokio::test]
async fn what_was_missed_is_made_up_for_once() {
    let world = World::new().await;
    let owner = world.hub.add_person("kestrel");
    let at = world.hub.add_repository(&owner, "rocket", false);
    let files = [(".travis.yml", YAML)];
    world.hub.push(&at, "main", &files, "First", &owner);
    let user = world.sign_in(&owner).await;
    let repository = world.hosted(&at, &user).await;
    let mut tx = world.engine.store().begin().await.unwrap();
    let mut row = tx.repository(repository.id).await.unwrap().unwrap();
    row.hosting.as_mut().unwrap().compared_at = None;
    tx.update_repository(&row).await.unwrap();
    tx.commit().await.unwrap();
    compared(&world, &repository).await;
    assert!(
        world.requests(&repository).await.is_empty(),
        "the first time only notes"
    );

    let sha = world.hub.push(&at, "main", &[("a", "1")], "Second", &owner);
    let lost = world.hub.take_deliveries();
    compared(&world, &repository).await;
    let found = the_one(&world, &repository, 0).await;
    assert_eq!(found.state, RequestState::Accepted, "{found:?}");
    assert_eq!(found.sha.as_deref(), Some(sha.as_str()));
    assert!(found.message.unwrap().contains("did not arrive"));
    assert_eq!(
        world
            .build_of(&world.requests(&repository).await[0])
            .await
            .message,
        None
    );
    // The message comes after all.
    for sent in lost {
        let taken = world
            .engine
            .take_ping(repository.id, &sent.headers, &sent.body)
            .await
            .unwrap();
        let done = world.delivered(taken.delivery).await;
        assert!(done.outcome.unwrap().contains("no second one"));
    }

    let number = world
        .hub
        .open_pull(&at, &at, "topic", &[("b", "1")], "Topic", &owner);
    world.hub.take_deliveries();
    compared(&world, &repository).await;
    let all = world.requests(&repository).await;
    let pull = all.iter().find(|request| request.pull_request.is_some());
    let pull = pull.unwrap().pull_request.as_ref().unwrap();
    assert_eq!((pull.number, pull.fork), (number, false));
    let count = all.len();
    compared(&world, &repository).await;
    assert_eq!(world.requests(&repository).await.len(), count);
}

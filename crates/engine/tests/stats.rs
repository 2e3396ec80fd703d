//! How things went over time: what charts are drawn from, and who may have it.
#![allow(
    clippy::unwrap_used,
    reason = "an answer that is not as promised is the finding"
)]

mod support;

use std::time::Duration;
use support::World;
use travis_engine::{EngineError, Viewer};
use travis_model::Outcome;

const YAML: &str = "script: make\n";
const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_repository_s_builds_are_counted_by_day() {
    let world = World::new().await;
    let repository = world.repository(YAML).await;
    let key = repository.id.to_string();
    let worker = world.worker(1).await;
    for outcome in [Outcome::Passed, Outcome::Failed] {
        world.build(&repository).await;
        let offer = worker.begin().await;
        world.pass(Duration::from_secs(8));
        worker.done(&offer, outcome).await;
    }
    world.pass(Duration::from_secs(24 * 3600));
    let stats = async |branch, days| {
        let engine = &world.engine;
        engine
            .repository_stats(&world.viewer, &key, branch, days)
            .await
    };
    let week = stats(None, 7).await.unwrap();
    assert_eq!((week.days.len(), week.builds.len()), (7, 2));
    let yesterday = &week.days[5];
    assert_eq!((yesterday.passed, yesterday.failed), (1, 1));
    assert_eq!(yesterday.duration.p50, Some(8_000));
    assert_eq!(yesterday.waiting.count, 2);
    assert!(week.complete && week.days[6].passed == 0);
    assert_eq!((week.total.passed, week.total.day), (1, week.days[0].day));
    assert_eq!(stats(None, 1).await.unwrap().builds, []);
    assert_eq!(stats(Some("main"), 7).await.unwrap().total.failed, 1);
    assert_eq!(stats(Some("other"), 7).await.unwrap().total.failed, 0);
    for days in [0, 366] {
        let refused = stats(None, days).await;
        assert!(matches!(refused, Err(EngineError::Invalid { .. })));
    }

    // A build that is asked to run again has no end until it has one again.
    let again = week.builds[1].id;
    world
        .engine
        .restart_build(&world.viewer, again)
        .await
        .unwrap();
    assert_eq!(stats(None, 7).await.unwrap().total.failed, 0);
    let offer = worker.begin().await;
    worker.done(&offer, Outcome::Passed).await;
    let after = stats(None, 7).await.unwrap();
    assert_eq!((after.total.passed, after.days[6].passed), (2, 1));
}

#[tokio::test]
async fn a_private_repository_s_numbers_are_for_those_who_may_read_it() {
    let world = World::new().await;
    let repository = world.repository(YAML).await;
    let key = repository.id.to_string();
    let nobody = Viewer::default();
    let stats = async || world.engine.repository_stats(&nobody, &key, None, 7).await;
    assert!(stats().await.is_ok());
    let mut tx = world.engine.store().begin().await.unwrap();
    let mut row = tx.repository(repository.id).await.unwrap().unwrap();
    row.private = true;
    tx.update_repository(&row).await.unwrap();
    tx.commit().await.unwrap();
    assert!(matches!(stats().await, Err(EngineError::NotFound(_))));
}

#[tokio::test]
async fn the_fleet_and_the_queue_are_noted_once_a_minute() {
    let world = World::new().await;
    let repository = world.repository(YAML).await;
    world.build(&repository).await;
    // The loops may have noted the minute in which there was no build yet.
    world.pass(MINUTE);
    world.engine.sample_fleet().await.unwrap();
    world.pass(MINUTE);
    // Two servers look in the same minute.
    let (a, b) = tokio::join!(world.engine.sample_fleet(), world.engine.sample_fleet());
    assert_eq!(u8::from(a.unwrap()) + u8::from(b.unwrap()), 1);
    let queue = world.engine.queue_stats(1).await.unwrap();
    assert_eq!((queue.waiting.len(), queue.step), (60, MINUTE));
    assert_eq!(queue.waiting[58..], [Some(1.0), Some(1.0)]);
    assert_eq!((queue.platforms[0].most, queue.platforms.len()), (1, 1));
    assert_eq!(queue.platforms[0].waited.count, 0);

    let worker = world.worker(3).await;
    let offer = worker.begin().await;
    world.pass(MINUTE);
    worker.look(&[offer.attempt]).await;
    world.engine.sample_fleet().await.unwrap();
    let fleet = world.engine.fleet_stats(1).await.unwrap();
    let now = fleet.slices[59].unwrap();
    assert_eq!((now.workers, now.slots, now.busy), (1.0, 3.0, 1.0));
    assert_eq!(now.core_ms, Some(0));
    assert_eq!(fleet.slices[58].unwrap().workers, 0.0);
    assert_eq!(fleet.slices[3], None);
    let queue = world.engine.queue_stats(1).await.unwrap();
    assert_eq!(queue.waiting[59], Some(0.0));
    assert_eq!(queue.platforms[0].waited.count, 1);

    // What it does counts when it is done, in the minute in which it is.
    worker.done(&offer, Outcome::Passed).await;
    world.pass(MINUTE);
    world.engine.sample_fleet().await.unwrap();
    let fleet = world.engine.fleet_stats(1).await.unwrap();
    assert!(fleet.slices[59].unwrap().core_ms.unwrap() >= 60_000);
    for hours in [0, 721] {
        assert!(world.engine.queue_stats(hours).await.is_err());
        assert!(world.engine.fleet_stats(hours).await.is_err());
    }
}

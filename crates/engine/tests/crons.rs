//! Builds that are asked for again and again.
#![allow(
    clippy::unwrap_used,
    reason = "an answer that is not as promised is the finding"
)]

mod support;

use std::time::Duration;
use support::World;
use travis_engine::{BuildDemand, CronWish, EngineError, Viewer};
use travis_model::{Cron, Repository, Request, RequestState, cron::CronInterval};

const DAY: Duration = Duration::from_secs(24 * 3600);
const YAML: &str =
    "jobs:\n  include:\n    - script: make\n    - script: nightly\n      if: type = cron\n";

async fn cron(world: &World, repository: &Repository, skip_if_recent: bool) -> Cron {
    let wish = CronWish {
        interval: CronInterval::Daily,
        skip_if_recent,
    };
    let key = repository.id.to_string();
    let made = world.engine.make_cron(&world.viewer, &key, "main", wish);
    made.await.unwrap().1
}

async fn requests(world: &World, repository: &Repository) -> Vec<Request> {
    let mut all = world.requests(repository).await;
    all.retain(|request| request.event_type == "cron");
    all
}

#[tokio::test]
async fn a_cron_builds_its_branch_once_a_day() {
    let world = World::new().await;
    let repository = world.repository(YAML).await;
    let cron = cron(&world, &repository, false).await;
    assert_eq!(world.engine.run_due_crons().await.unwrap(), 0);
    world.pass(Duration::from_secs(61));
    // Two servers look at the same moment.
    let (a, b) = tokio::join!(world.engine.run_due_crons(), world.engine.run_due_crons());
    assert_eq!(a.unwrap() + b.unwrap(), 1);
    let asked = requests(&world, &repository).await;
    assert_eq!(asked.len(), 1);
    let settled = world.settled(&asked[0]).await;
    assert_eq!(
        (settled.state, settled.reason),
        (RequestState::Accepted, None)
    );
    let build = world.build_of(&asked[0]).await;
    assert_eq!(
        (build.event_type.as_str(), build.branch.as_str()),
        ("cron", "main")
    );
    // Both jobs: the second one is for crons.
    assert_eq!(world.jobs(build.id).await.len(), 2);
    let (_, row) = world.engine.cron(&world.viewer, cron.id).await.unwrap();
    assert_eq!(row.last_request_id, Some(asked[0].id));
    assert_eq!(row.next_run, cron.created_at.plus(DAY));
    // Away for ten days: asked for once, and then in the old rhythm.
    world.pass(10 * DAY);
    assert_eq!(world.engine.run_due_crons().await.unwrap(), 1);
    assert_eq!(world.engine.run_due_crons().await.unwrap(), 0);
    let (_, row) = world.engine.cron(&world.viewer, cron.id).await.unwrap();
    assert_eq!(row.next_run, cron.created_at.plus(11 * DAY));
    // A build that somebody asks for is no cron's.
    let pushed = world.demand(&repository, BuildDemand::default()).await;
    let build = world.build_of(&world.settled(&pushed).await).await;
    assert_eq!(world.jobs(build.id).await.len(), 1);
}

#[tokio::test]
async fn nothing_is_built_after_a_recent_build_and_the_reason_is_kept() {
    let world = World::new().await;
    let repository = world.repository("script: make\n").await;
    let pushed = world.demand(&repository, BuildDemand::default()).await;
    world.build_of(&world.settled(&pushed).await).await;
    cron(&world, &repository, true).await;
    world.pass(Duration::from_secs(61));
    assert_eq!(world.engine.run_due_crons().await.unwrap(), 1);
    let asked = requests(&world, &repository).await;
    assert_eq!(asked[0].state, RequestState::Rejected);
    let reason = asked[0].reason.as_deref().unwrap_or_default();
    assert!(reason.starts_with("Build #1 of this branch"), "{reason}");
    // A day later the last build is old.
    world.pass(DAY);
    assert_eq!(world.engine.run_due_crons().await.unwrap(), 1);
    let asked = requests(&world, &repository).await;
    let settled = world.settled(&asked[0]).await;
    assert_eq!(settled.state, RequestState::Accepted);
}

#[tokio::test]
async fn what_is_off_waits_and_what_is_removed_is_gone() {
    let world = World::new().await;
    let repository = world.repository("script: make\n").await;
    let key = repository.id.to_string();
    let first = cron(&world, &repository, false).await;
    // Another one for the branch takes its place.
    let cron = cron(&world, &repository, false).await;
    let (_, all) = world.engine.crons(&world.viewer, &key).await.unwrap();
    assert_eq!(all.iter().map(|c| c.id).collect::<Vec<_>>(), [cron.id]);
    assert!(world.engine.cron(&world.viewer, first.id).await.is_err());
    world.engine.deactivate(&world.viewer, &key).await.unwrap();
    world.pass(3 * DAY);
    assert_eq!(world.engine.run_due_crons().await.unwrap(), 0);
    world.engine.activate(&world.viewer, &key).await.unwrap();
    assert_eq!(world.engine.run_due_crons().await.unwrap(), 1);
    world
        .engine
        .remove_cron(&world.viewer, cron.id)
        .await
        .unwrap();
    world.pass(3 * DAY);
    assert_eq!(world.engine.run_due_crons().await.unwrap(), 0);
    assert_eq!(requests(&world, &repository).await.len(), 1);
}

#[tokio::test]
async fn only_branches_and_only_by_administrators() {
    let world = World::new().await;
    let repository = world.repository("script: make\n").await;
    let key = repository.id.to_string();
    let wish = CronWish {
        interval: CronInterval::Weekly,
        skip_if_recent: false,
    };
    let make = async |viewer: &Viewer, branch: &str| {
        let made = world.engine.make_cron(viewer, &key, branch, wish).await;
        made.map(|(_, cron)| cron.branch)
    };
    let who = &world.viewer;
    assert!(matches!(
        make(who, "refs/pull/3/merge").await,
        Err(EngineError::Invalid {
            field: "branch",
            ..
        })
    ));
    assert!(matches!(
        make(who, "nowhere").await,
        Err(EngineError::NotFound("branch"))
    ));
    assert!(matches!(
        make(&Viewer::default(), "main").await,
        Err(EngineError::LoginRequired)
    ));
    assert_eq!(make(who, "refs/heads/main").await.unwrap(), "main");
}

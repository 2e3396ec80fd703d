//! Messages of hooks: checked, stored once, and what comes of pushes and of the repository's own
//! changes. Security cases 1 to 3.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod support;

use std::time::Duration;
use support::{ALL, APP_SECRET, World, until};
use travis_engine::{EngineError, Secret};
use travis_forge::ForgeError;
use travis_forge::hosting::{
    Event, Hook, MemberChange, Permission, PushedCommit, RemotePerson, RemoteRef, RepositoryChange,
    Rerun,
};
use travis_model::{DeliveryState, Level, Outcome, Repository, RequestState, User};

const YAML: &str = "language: generic\nscript: 'true'\n";

/// A repository of somebody's on the forge, switched on.
async fn scene() -> (World, RemotePerson, User, RemoteRef, Repository) {
    let world = World::new().await;
    let owner = world.hub.add_person("kestrel");
    let at = world.hub.add_repository(&owner, "rocket", false);
    world
        .hub
        .push(&at, "main", &[(".travis.yml", YAML)], "First", &owner);
    let user = world.sign_in(&owner).await;
    let repository = world.hosted(&at, &user).await;
    (world, owner, user, at, repository)
}

#[tokio::test]
async fn a_push_makes_one_build_however_often_it_is_told() {
    let (world, owner, _, at, repository) = scene().await;
    let sha = world.hub.push(&at, "main", &[("a", "1")], "Second", &owner);
    let sent = world.hub.take_deliveries().pop().unwrap();
    let engine = &world.engine;
    let first = engine
        .take_ping(repository.id, &sent.headers, &sent.body)
        .await
        .unwrap();
    let again = engine
        .take_ping(repository.id, &sent.headers, &sent.body)
        .await
        .unwrap();
    assert_eq!(first.delivery, again.delivery);
    let done = world.delivered(first.delivery).await;
    assert_eq!(done.state, DeliveryState::Done);
    let request = world.request_of(&done).await;
    assert_eq!(request.state, RequestState::Accepted, "{request:?}");
    assert_eq!(request.sha.as_deref(), Some(sha.as_str()));
    assert_eq!(request.sender.unwrap().remote_id, owner.id);
    assert_eq!(request.delivery_id, Some(first.delivery));
    // Asked for again by a person: it says what came of it, and makes no second build.
    let row = engine
        .redeliver(&world.viewer, &repository, first.delivery)
        .await
        .unwrap();
    assert_eq!(row.state, DeliveryState::Pending);
    let done = world.delivered(first.delivery).await;
    assert!(done.outcome.unwrap().contains("no second one"));
    assert_eq!(world.requests(&repository).await.len(), 1);
}

#[tokio::test]
async fn what_is_not_signed_changes_nothing() {
    let (world, owner, _, at, repository) = scene().await;
    world.hub.push(&at, "main", &[("a", "1")], "Second", &owner);
    let sent = world.hub.take_deliveries().pop().unwrap();
    let mut bare = sent.headers.clone();
    bare.remove("x-memory-signature");
    let mut altered = sent.body.clone();
    altered[0] ^= 1;
    let engine = &world.engine;
    for (headers, body) in [(&bare, &sent.body), (&sent.headers, &altered)] {
        let taken = engine.take_ping(repository.id, headers, body).await;
        assert!(matches!(taken, Err(EngineError::Unauthorized)), "{taken:?}");
        let forge = repository.hosting.as_ref().unwrap().forge_id;
        let taken = engine.take_hook(forge, headers, body).await;
        assert!(matches!(taken, Err(EngineError::Unauthorized)), "{taken:?}");
    }
    let mut reader = engine.store().reader().await.unwrap();
    assert_eq!(
        reader.deliveries(repository.id, ALL).await.unwrap().count,
        0
    );
    assert_eq!(reader.requests(repository.id, ALL).await.unwrap().count, 0);
}

#[tokio::test]
async fn the_apps_hook_finds_the_repository_by_the_forges_number() {
    let (world, owner, _, at, repository) = scene().await;
    world.hub.push(&at, "main", &[("a", "1")], "Second", &owner);
    let sent = world.hub.take_deliveries().pop().unwrap();
    let api: &dyn travis_forge::hosting::ForgeApi = world.hub.as_ref();
    let hook = api.read_hook(&sent.headers, &sent.body).unwrap();
    let hook = Hook {
        delivery: None,
        ..hook
    };
    let (headers, body) = world.hub.message(&Secret::new(APP_SECRET), hook);
    let forge = repository.hosting.as_ref().unwrap().forge_id;
    let taken = world
        .engine
        .take_hook(forge, &headers, &body)
        .await
        .unwrap();
    let done = world.delivered(taken.delivery).await;
    assert_eq!(done.repository_id, Some(repository.id));
    let request = world.request_of(&done).await;
    assert_eq!(request.state, RequestState::Accepted);
}

/// The last commit that asks for no build is skipped for the one before it, and is told so.
#[tokio::test]
async fn a_skipped_head_is_told_so_while_the_commit_before_it_is_built() {
    let (world, owner, _, at, repository) = scene().await;
    let hub = &world.hub;
    let first = hub.push(&at, "main", &[("a", "1")], "Second", &owner);
    let head = hub.push(&at, "main", &[("a", "2")], "Docs [skip ci]", &owner);
    let sent = hub.take_deliveries().pop().unwrap();
    let api: &dyn travis_forge::hosting::ForgeApi = hub.as_ref();
    let mut hook = api.read_hook(&sent.headers, &sent.body).unwrap();
    let Event::Push(push) = &mut hook.what else {
        panic!("no push");
    };
    let before = PushedCommit {
        sha: first.clone(),
        message: "Second".to_owned(),
    };
    push.commits.insert(0, before);
    let (headers, body) = hub.message(&Secret::new(APP_SECRET), hook);
    let forge = repository.hosting.as_ref().unwrap().forge_id;
    let taken = world.engine.take_hook(forge, &headers, &body).await;
    let done = world.delivered(taken.unwrap().delivery).await;
    let request = world.request_of(&done).await;
    assert_eq!(request.sha, Some(first));
    assert_eq!(request.state, RequestState::Accepted);
    let told = until("the head's request settled", async || {
        let mut reader = world.engine.store().reader().await.unwrap();
        let all = reader.requests_for_commit(repository.id, &head, 5).await;
        let mut settled = all.unwrap();
        settled.retain(|request| request.state == RequestState::Rejected);
        settled.pop()
    })
    .await;
    assert_eq!(
        told.reason.as_deref(),
        Some("Build skipped via commit message")
    );
}

#[tokio::test]
async fn rules_give_their_reasons() {
    let (world, owner, _, at, repository) = scene().await;
    let hub = &world.hub;
    hub.push(&at, "main", &[("a", "1")], "Docs [skip ci]", &owner);
    let request = world.one_request().await;
    let reason = |request: &travis_model::Request| request.reason.clone().unwrap_or_default();
    assert_eq!(reason(&request), "Build skipped via commit message");
    assert!(request.sha.is_some());
    hub.push(&at, "gh-pages", &[("a", "2")], "Pages", &owner);
    let request = world.one_request().await;
    assert_eq!(reason(&request), "Branch not included per configuration");
    let except = "language: generic\nscript: 'true'\nbranches: {except: [wip]}\n";
    hub.push(&at, "wip", &[(".travis.yml", except)], "Wip", &owner);
    let request = world.one_request().await;
    assert_eq!(reason(&request), "Branch excluded per configuration");
    let mut tx = world.engine.store().begin().await.unwrap();
    let mut row = tx.repository(repository.id).await.unwrap().unwrap();
    row.settings.build_pushes = false;
    tx.update_repository(&row).await.unwrap();
    tx.commit().await.unwrap();
    hub.push(&at, "main", &[("a", "3")], "Third", &owner);
    let request = world.one_request().await;
    assert_eq!(
        reason(&request),
        "Build type disabled via repository settings"
    );
    hub.delete_branch(&at, "wip", &owner);
    let done = world.deliver().await;
    assert!(done[0].outcome.as_ref().unwrap().contains("deleted"));
    let mut reader = world.engine.store().reader().await.unwrap();
    let wip = reader.branch(repository.id, "wip").await.unwrap().unwrap();
    assert!(wip.gone);
}

#[tokio::test]
async fn a_newer_push_cancels_older_builds_where_that_is_wanted() {
    let (world, owner, _, at, repository) = scene().await;
    let mut tx = world.engine.store().begin().await.unwrap();
    let mut row = tx.repository(repository.id).await.unwrap().unwrap();
    row.settings.auto_cancel_pushes = true;
    tx.update_repository(&row).await.unwrap();
    tx.commit().await.unwrap();
    let worker = world.worker(1).await;
    world.hub.push(&at, "main", &[("a", "1")], "Second", &owner);
    let old = world.build_of(&world.one_request().await).await;
    let offer = worker.begin().await;
    world.hub.push(&at, "side", &[("a", "2")], "Side", &owner);
    let side = world.build_of(&world.one_request().await).await;
    world.hub.push(&at, "main", &[("a", "3")], "Third", &owner);
    let new = world.build_of(&world.one_request().await).await;
    assert_eq!(world.build_now(old.id).await.state.as_str(), "canceled");
    assert_eq!(world.build_now(side.id).await.state.as_str(), "queued");
    let job = world.jobs(old.id).await.remove(0);
    let reason = format!("A newer commit came: canceled by build #{}.", new.number);
    assert_eq!(job.reason.as_deref(), Some(reason.as_str()));
    let orders = worker.look(&[offer.attempt]).await;
    assert_eq!(orders.cancel, [(offer.attempt, reason)]);
}

#[tokio::test]
async fn a_repository_that_is_deleted_there_is_over_here() {
    let (world, owner, _, at, repository) = scene().await;
    world.hub.push(&at, "main", &[("a", "1")], "Second", &owner);
    let build = world.build_of(&world.one_request().await).await;
    world.hub.rename(&at, "kestrel/saturn", &owner);
    world.deliver().await;
    world.hub.describe(&at, |about| about.private = true);
    let changed = Event::Repository(RepositoryChange::Changed);
    world
        .hub
        .tell(&at, "repository", Some("privatized"), &owner, changed);
    world.deliver().await;
    let mut reader = world.engine.store().reader().await.unwrap();
    let row = reader.repository(repository.id).await.unwrap().unwrap();
    assert_eq!(row.slug.to_string(), "kestrel/saturn");
    assert!(row.private);
    world.hub.delete_repository(&at, &owner);
    world.deliver().await;
    let row = reader.repository(repository.id).await.unwrap().unwrap();
    assert!(!row.active && row.hosting.unwrap().gone_at.is_some());
    assert_eq!(world.build_now(build.id).await.state.as_str(), "canceled");
}

#[tokio::test]
async fn a_check_runs_again_for_whoever_may_push() {
    let (world, owner, _, at, _) = scene().await;
    let sha = world.hub.push(&at, "main", &[("a", "1")], "Second", &owner);
    let build = world.build_of(&world.one_request().await).await;
    let worker = world.worker(1).await;
    let offer = worker.begin().await;
    worker.done(&offer, Outcome::Failed).await;
    let stranger = world.hub.add_person("stranger");
    let again = |by: &RemotePerson| {
        let rerun = Event::Rerun(Rerun {
            sha: sha.clone(),
            external_id: Some(build.id.to_string()),
        });
        world
            .hub
            .tell(&at, "check_run", Some("rerequested"), by, rerun);
    };
    again(&stranger);
    let done = world.deliver().await;
    assert!(done[0].outcome.as_ref().unwrap().contains("may not push"));
    assert_eq!(world.build_now(build.id).await.state.as_str(), "failed");
    again(&owner);
    let done = world.deliver().await;
    assert!(done[0].outcome.as_ref().unwrap().starts_with("Runs again"));
    assert!(!world.build_now(build.id).await.state.is_finished());
}

#[tokio::test]
async fn a_forge_that_does_not_answer_is_asked_again_in_order() {
    let (world, owner, _, at, repository) = scene().await;
    let fork = world.hub.add_repository(&owner, "fork", false);
    world
        .hub
        .fail(Some("permission"), Some(1), || ForgeError::Unreachable {
            detail: "down".to_owned(),
        });
    let files = [("b", "1")];
    world
        .hub
        .open_pull(&at, &fork, "topic", &files, "Topic", &owner);
    world.hub.push(&at, "main", &[("a", "1")], "Second", &owner);
    let ids = world.arrive().await;
    until("the first try", async || {
        let mut reader = world.engine.store().reader().await.unwrap();
        let row = reader.delivery(ids[0]).await.unwrap().unwrap();
        (row.tries == 1).then_some(())
    })
    .await;
    world.pass(Duration::from_secs(10));
    let done = world.delivered(ids[0]).await;
    assert_eq!(done.state, DeliveryState::Done, "{done:?}");
    world.delivered(ids[1]).await;
    let requests = world.requests(&repository).await;
    // Newest first: the pull request came before the push.
    assert_eq!(requests[0].event_type, "push");
    assert_eq!(requests[1].event_type, "pull_request");
}

#[tokio::test]
async fn a_repository_runs_no_more_jobs_at_once_than_it_may() {
    let (world, owner, _, at, repository) = scene().await;
    let mut tx = world.engine.store().begin().await.unwrap();
    let mut row = tx.repository(repository.id).await.unwrap().unwrap();
    row.settings.maximum_number_of_builds = 1;
    tx.update_repository(&row).await.unwrap();
    tx.commit().await.unwrap();
    for message in ["Second", "Third"] {
        world
            .hub
            .push(&at, "main", &[("a", message)], message, &owner);
        world.one_request().await;
    }
    let worker = world.worker(4).await;
    let offers = worker.look(&[]).await.offers;
    assert_eq!(offers.len(), 1);
    worker.start(&offers[0]).await.unwrap();
    let waits = {
        let mut reader = world.engine.store().reader().await.unwrap();
        let waits = world.engine.waits(reader.as_mut()).await.unwrap();
        let job = world.jobs(world.newest().await.unwrap().id).await.remove(0);
        let why = waits.of(reader.as_mut(), &job, &[]).await;
        why.unwrap().unwrap()
    };
    assert_eq!(waits.code, "repository_limit");
    worker.done(&offers[0], Outcome::Passed).await;
    assert_eq!(worker.look(&[]).await.offers.len(), 1);
}

#[tokio::test]
async fn changed_rights_are_asked_for_again() {
    let (world, owner, _, at, repository) = scene().await;
    let other = world.hub.add_person("wren");
    world.hub.allow(&at, &other, Permission::Write);
    let user = world.sign_in(&other).await;
    world.grant(&user, &repository, Some(Level::Write)).await;
    let member = Event::Member(MemberChange {
        person: Some(other),
        organization: None,
    });
    world
        .hub
        .tell(&at, "member", Some("removed"), &owner, member);
    world.deliver().await;
    let mut reader = world.engine.store().reader().await.unwrap();
    let right = reader.right(user.id, repository.id).await.unwrap().unwrap();
    assert_eq!(right.checked_at.0, 0);
}

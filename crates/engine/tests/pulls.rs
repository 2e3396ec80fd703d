//! Pull requests: what is held, who lets it go on, and what ends that. Security cases 4 to 6.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod support;

use support::World;
use travis_engine::{EngineError, Viewer};
use travis_forge::hosting::{PullChange, RemotePerson, RemoteRef};
use travis_model::{Level, Repository, Request, RequestState};

const YAML: &str = "language: generic\nscript: 'true'\n";
const FILES: &[(&str, &str)] = &[("b", "1")];

struct Scene {
    world: World,
    owner: RemotePerson,
    stranger: RemotePerson,
    at: RemoteRef,
    fork: RemoteRef,
    repository: Repository,
    admin: Viewer,
}

async fn scene() -> Scene {
    let world = World::new().await;
    let owner = world.hub.add_person("kestrel");
    let stranger = world.hub.add_person("stranger");
    let at = world.hub.add_repository(&owner, "rocket", false);
    let fork = world.hub.add_repository(&stranger, "rocket", false);
    world
        .hub
        .push(&at, "main", &[(".travis.yml", YAML)], "First", &owner);
    let user = world.sign_in(&owner).await;
    let repository = world.hosted(&at, &user).await;
    let admin = world.viewer_of(&user).await;
    Scene {
        world,
        owner,
        stranger,
        at,
        fork,
        repository,
        admin,
    }
}

impl Scene {
    fn open(&self, by: &RemotePerson) -> i64 {
        let hub = &self.world.hub;
        hub.open_pull(&self.at, &self.fork, "topic", FILES, "Topic", by)
    }

    async fn approve(&self, request: &Request, secrets: bool) -> Result<Request, EngineError> {
        let engine = &self.world.engine;
        engine
            .approve(&self.admin, &self.repository, request.id, secrets)
            .await
    }
}

fn is_held(request: &Request) -> bool {
    request.state == RequestState::Pending && request.held_at.is_some()
}

#[tokio::test]
async fn a_strangers_pull_request_waits_and_is_built_once_approved() {
    let scene = scene().await;
    scene.open(&scene.stranger);
    let held = scene.world.one_request().await;
    assert!(is_held(&held), "{held:?}");
    let going = scene.approve(&held, false).await.unwrap();
    assert_eq!(going.id, held.id);
    let done = scene.world.settled(&going).await;
    assert_eq!(done.state, RequestState::Accepted, "{done:?}");
    let build = scene.world.build_of(&done).await;
    let pull = build.pull_request.unwrap();
    assert!(pull.fork);
    assert_eq!(build.branch, "main");
    assert_eq!(build.event_type, "pull_request");
    // What is built is the merge, not the head.
    assert_ne!(done.sha.as_deref(), Some(pull.head_sha.as_str()));
    let again = scene.approve(&held, false).await;
    assert!(matches!(
        again,
        Err(EngineError::NotNow {
            code: "request_not_held",
            ..
        })
    ));
}

#[tokio::test]
async fn names_count_for_nothing() {
    let scene = scene().await;
    // A look-alike of a person with rights, whose commits claim to be that person's: the forge's
    // number is another one.
    let alike = scene.world.hub.add_person("kestrel");
    scene.open(&alike);
    assert!(is_held(&scene.world.one_request().await));
}

#[tokio::test]
async fn both_the_author_and_whoever_did_it_have_to_be_trusted() {
    let scene = scene().await;
    let number = scene.open(&scene.owner);
    let open = scene.world.one_request().await;
    assert_eq!(open.state, RequestState::Accepted, "{open:?}");
    let hub = &scene.world.hub;
    hub.push_to_pull(&scene.at, number, &[("b", "2")], "More", &scene.stranger);
    assert!(is_held(&scene.world.one_request().await));
}

#[tokio::test]
async fn somebody_whose_pull_request_was_merged_does_not_wait_again() {
    let scene = scene().await;
    let number = scene.open(&scene.stranger);
    let held = scene.world.one_request().await;
    let hub = &scene.world.hub;
    hub.change_pull(
        &scene.at,
        number,
        PullChange::Closed,
        &scene.owner,
        |pull| {
            (pull.open, pull.merged) = (false, true);
        },
    );
    scene.world.deliver().await;
    let over = scene.world.settled(&held).await;
    assert_eq!(over.state, RequestState::Rejected);
    scene.open(&scene.stranger);
    let next = scene.world.one_request().await;
    assert_eq!(next.state, RequestState::Accepted, "{next:?}");
}

#[tokio::test]
async fn an_approval_is_for_one_commit_and_ends_with_what_changes() {
    let scene = scene().await;
    let hub = &scene.world.hub;
    let number = scene.open(&scene.stranger);
    let held = scene.world.one_request().await;
    scene.approve(&held, true).await.unwrap();
    scene.world.settled(&held).await;
    let approvals = async || {
        let mut reader = scene.world.engine.store().reader().await.unwrap();
        let found = reader.approvals(scene.repository.id, number).await.unwrap();
        found.len()
    };
    assert_eq!(approvals().await, 1);
    hub.change_pull(&scene.at, number, PullChange::Labeled, &scene.owner, |_| {});
    scene.world.deliver().await;
    assert_eq!(approvals().await, 0, "a label re-arms");
    for change in [PullChange::Reopened, PullChange::BaseChanged] {
        hub.change_pull(&scene.at, number, change, &scene.owner, |_| {});
        let held = scene.world.one_request().await;
        assert!(is_held(&held), "{change:?}: {held:?}");
        scene.approve(&held, false).await.unwrap();
        scene.world.settled(&held).await;
    }
    hub.push_to_pull(&scene.at, number, &[("b", "2")], "More", &scene.stranger);
    let newer = scene.world.one_request().await;
    assert!(is_held(&newer), "a new push re-arms");
    assert_eq!(approvals().await, 0);
    // Too late: while somebody looked, the head moved, and its message is not even here yet.
    hub.push_to_pull(&scene.at, number, &[("b", "3")], "Evil", &scene.stranger);
    let late = scene.approve(&newer, false).await;
    assert!(
        matches!(
            late,
            Err(EngineError::NotNow {
                code: "head_moved",
                ..
            })
        ),
        "{late:?}"
    );
    scene.world.deliver().await;
    let over = scene.world.settled(&newer).await;
    assert_eq!(over.state, RequestState::Rejected);
}

#[tokio::test]
async fn who_may_approve() {
    let scene = scene().await;
    scene.open(&scene.stranger);
    let held = scene.world.one_request().await;
    let engine = &scene.world.engine;
    let writer = scene.world.hub.add_person("wren");
    let permission = travis_forge::hosting::Permission::Write;
    scene.world.hub.allow(&scene.at, &writer, permission);
    let user = scene.world.sign_in(&writer).await;
    let nobody = scene.world.viewer_of(&user).await;
    let refused = engine
        .approve(&nobody, &scene.repository, held.id, false)
        .await;
    assert!(
        matches!(refused, Err(EngineError::Forbidden(_))),
        "{refused:?}"
    );
    scene
        .world
        .grant(&user, &scene.repository, Some(Level::Write))
        .await;
    let writer = scene.world.viewer_of(&user).await;
    let refused = engine
        .approve(&writer, &scene.repository, held.id, true)
        .await;
    assert!(
        matches!(refused, Err(EngineError::Forbidden(_))),
        "{refused:?}"
    );
    engine
        .approve(&writer, &scene.repository, held.id, false)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_does_not_merge_is_told_so() {
    let scene = scene().await;
    let hub = &scene.world.hub;
    let number = scene.open(&scene.owner);
    scene.world.one_request().await;
    hub.change_pull(
        &scene.at,
        number,
        PullChange::Reopened,
        &scene.owner,
        |pull| {
            pull.mergeable = Some(false);
        },
    );
    let request = scene.world.one_request().await;
    assert_eq!(request.state, RequestState::Rejected);
    assert!(request.reason.unwrap().contains("missing a merge commit"));
}

#[tokio::test]
async fn a_newer_head_cancels_older_builds_and_closing_cancels_all() {
    let scene = scene().await;
    let hub = &scene.world.hub;
    let number = scene.open(&scene.owner);
    let first = scene.world.build_of(&scene.world.one_request().await).await;
    hub.push_to_pull(&scene.at, number, &[("b", "2")], "More", &scene.owner);
    let second = scene.world.build_of(&scene.world.one_request().await).await;
    let state = async |id| scene.world.build_now(id).await.state.as_str();
    assert_eq!(state(first.id).await, "canceled");
    assert_eq!(state(second.id).await, "queued");
    hub.change_pull(
        &scene.at,
        number,
        PullChange::Closed,
        &scene.owner,
        |pull| {
            pull.open = false;
        },
    );
    scene.world.deliver().await;
    assert_eq!(state(second.id).await, "canceled");
}

//! Caches: what a job finds, what it may write, and what nobody may bring into a branch's builds.
//! Security case 15.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod support;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use std::time::Duration;
use support::{Agent, World};
use travis_blobs::Blobs as _;
use travis_engine::{BuildDemand, CacheFilter, CachePolicy, EngineError, Offer, Viewer};
use travis_forge::hosting::{RemotePerson, RemoteRef};
use travis_model::{Level, Outcome, Repository, Timestamp};

const YAML: &str = "language: shell\nscript: 'true'\ncache:\n  directories: [kept]\n";
const DAY: Duration = Duration::from_secs(24 * 3600);

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

async fn fetch(world: &World, offer: &Offer) -> Result<Option<String>, EngineError> {
    let access = world
        .engine
        .attempt_access(offer.attempt, offer.token.reveal())
        .await?;
    let Some((cache, blob)) = world.engine.fetch_cache(access).await? else {
        return Ok(None);
    };
    let pieces: Vec<Bytes> = blob.pieces.try_collect().await.unwrap();
    let bytes = pieces.concat();
    assert_eq!(
        (cache.size, cache.sha256),
        (bytes.len() as u64, sha256(&bytes))
    );
    Ok(Some(String::from_utf8(bytes).unwrap()))
}

/// Stores a text that was announced as another one.
async fn store_as(
    world: &World,
    offer: &Offer,
    text: &str,
    length: usize,
    announced: &str,
) -> Result<(), EngineError> {
    let access = world
        .engine
        .attempt_access(offer.attempt, offer.token.reveal())
        .await?;
    let mut upload = world
        .engine
        .begin_cache(access, length as u64, announced)
        .await?;
    for piece in text.as_bytes().chunks(3) {
        upload.write(Bytes::copy_from_slice(piece)).await?;
    }
    world.engine.finish_cache(access, upload).await
}

async fn store(world: &World, offer: &Offer, text: &str) -> Result<(), EngineError> {
    store_as(world, offer, text, text.len(), &sha256(text.as_bytes())).await
}

async fn objects(world: &World) -> usize {
    let all = world.blobs.older_than(Timestamp(i64::MAX));
    all.try_collect::<Vec<_>>().await.unwrap().len()
}

/// Runs a job that finds this and leaves that.
async fn run(world: &World, agent: &Agent, leaves: &str) -> Option<String> {
    let offer = agent.begin().await;
    let found = fetch(world, &offer).await.unwrap();
    store(world, &offer, leaves).await.unwrap();
    agent.done(&offer, Outcome::Passed).await;
    found
}

async fn demand(world: &World, repository: &Repository, branch: &str) {
    let demand = BuildDemand {
        branch: Some(branch.to_owned()),
        ..BuildDemand::default()
    };
    world.demand(repository, demand).await;
}

#[tokio::test]
async fn the_second_build_finds_what_the_first_one_left() {
    let world = World::new().await;
    let repository = world.repository(YAML).await;
    let agent = world.worker(1).await;
    demand(&world, &repository, "main").await;
    assert_eq!(run(&world, &agent, "one").await, None);
    demand(&world, &repository, "main").await;
    assert_eq!(run(&world, &agent, "two").await.as_deref(), Some("one"));
    assert_eq!(objects(&world).await, 1, "what was replaced is gone");
    // A branch without one reads that of the default branch and leaves it alone.
    world
        .forge
        .add_commit(1, "topic", &[(".travis.yml", YAML)], "Topic");
    demand(&world, &repository, "topic").await;
    assert_eq!(run(&world, &agent, "topic's").await.as_deref(), Some("two"));
    demand(&world, &repository, "main").await;
    assert_eq!(run(&world, &agent, "three").await.as_deref(), Some("two"));
    let (_, rows) = world
        .engine
        .caches(&world.viewer, "1", &CacheFilter::default())
        .await
        .unwrap();
    let mut labels: Vec<String> = rows.iter().map(|row| row.scope.label()).collect();
    labels.sort_unstable();
    assert_eq!(labels, ["main", "topic"]);
}

#[tokio::test]
async fn other_bytes_than_announced_leave_the_old_ones() {
    let world = World::with_caches(CachePolicy {
        cache_bytes: 10,
        ..CachePolicy::default()
    })
    .await;
    let repository = world.repository(YAML).await;
    let agent = world.worker(1).await;
    demand(&world, &repository, "main").await;
    run(&world, &agent, "old").await;
    demand(&world, &repository, "main").await;
    let offer = agent.begin().await;
    let cache = offer.cache.unwrap();
    assert!(cache.fetch && cache.store && cache.most_bytes == 10);
    let right = sha256(b"new");
    for (length, announced) in [
        (4, right.as_str()),
        (2, right.as_str()),
        (3, &sha256(b"other")),
        (3, ""),
        (3, &right.to_uppercase()),
    ] {
        let refused = store_as(&world, &offer, "new", length, announced).await;
        assert!(
            matches!(refused, Err(EngineError::Invalid { .. })),
            "{length} {announced} {refused:?}"
        );
    }
    let large = store(&world, &offer, "more than ten").await;
    assert!(matches!(large, Err(EngineError::TooLarge(_))), "{large:?}");
    assert_eq!(fetch(&world, &offer).await.unwrap().as_deref(), Some("old"));
    assert_eq!(objects(&world).await, 1);

    // An upload that never ends leaves it, too.
    let access = world
        .engine
        .attempt_access(offer.attempt, offer.token.reveal())
        .await
        .unwrap();
    let mut upload = world.engine.begin_cache(access, 3, &right).await.unwrap();
    upload.write(Bytes::from_static(b"ne")).await.unwrap();
    drop(upload);
    assert_eq!(fetch(&world, &offer).await.unwrap().as_deref(), Some("old"));

    // The bytes are there, and the attempt is over before they count.
    let mut upload = world.engine.begin_cache(access, 3, &right).await.unwrap();
    upload.write(Bytes::from_static(b"new")).await.unwrap();
    agent.done(&offer, Outcome::Passed).await;
    let late = world.engine.finish_cache(access, upload).await;
    assert!(matches!(late, Err(EngineError::AttemptOver)), "{late:?}");
    assert_eq!(objects(&world).await, 1);
    let over = fetch(&world, &offer).await;
    assert!(matches!(over, Err(EngineError::AttemptOver)), "{over:?}");
    let wrong = world
        .engine
        .attempt_access(offer.attempt, "another token")
        .await;
    assert!(matches!(wrong, Err(EngineError::Unauthorized)));
    demand(&world, &repository, "main").await;
    let offer = agent.begin().await;
    assert_eq!(fetch(&world, &offer).await.unwrap().as_deref(), Some("old"));
    // Canceled: it has nothing to say any more, though it is live until its worker stopped it.
    world
        .engine
        .cancel_build(&world.viewer, offer.job.build_id)
        .await
        .unwrap();
    let canceled = store(&world, &offer, "canceled").await;
    assert!(matches!(canceled, Err(EngineError::AttemptOver)));
}

#[tokio::test]
async fn jobs_without_a_cache_have_none() {
    let world = World::new().await;
    let repository = world.repository("language: shell\nscript: 'true'\n").await;
    let agent = world.worker(1).await;
    demand(&world, &repository, "main").await;
    let offer = agent.begin().await;
    assert_eq!(offer.cache, None);
    assert_eq!(fetch(&world, &offer).await.unwrap(), None);
    let refused = store(&world, &offer, "x").await;
    assert!(matches!(refused, Err(EngineError::Forbidden(_))));
}

struct Scene {
    world: World,
    owner: RemotePerson,
    stranger: RemotePerson,
    at: RemoteRef,
    fork: RemoteRef,
    repository: Repository,
    admin: Viewer,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let owner = world.hub.add_person("kestrel");
        let stranger = world.hub.add_person("stranger");
        let at = world.hub.add_repository(&owner, "rocket", false);
        let fork = world.hub.add_repository(&stranger, "rocket", false);
        let files = [(".travis.yml", YAML)];
        world.hub.push(&at, "main", &files, "First", &owner);
        let user = world.sign_in(&owner).await;
        let repository = world.hosted(&at, &user).await;
        let admin = world.viewer_of(&user).await;
        Self {
            world,
            owner,
            stranger,
            at,
            fork,
            repository,
            admin,
        }
    }

    async fn push(&self, text: &str) {
        let files = [("a", text)];
        self.world
            .hub
            .push(&self.at, "main", &files, text, &self.owner);
        let request = self.world.one_request().await;
        self.world.build_of(&request).await;
    }

    async fn pull(&self, secrets: bool) {
        let files = [("b", "1")];
        self.world.hub.open_pull(
            &self.at,
            &self.fork,
            "topic",
            &files,
            "Topic",
            &self.stranger,
        );
        let request = self.world.one_request().await;
        self.world
            .engine
            .approve(&self.admin, &self.repository, request.id, secrets)
            .await
            .unwrap();
        let request = self.world.settled(&request).await;
        self.world.build_of(&request).await;
    }
}

#[tokio::test]
async fn a_fork_reads_and_its_writing_is_read_by_itself_alone() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let agent = world.worker(1).await;
    scene.push("1").await;
    assert_eq!(run(world, &agent, "main's").await, None);
    scene.pull(false).await;
    let found = run(world, &agent, "poison").await;
    assert_eq!(found.as_deref(), Some("main's"));
    scene.push("2").await;
    let found = run(world, &agent, "main's").await;
    assert_eq!(found.as_deref(), Some("main's"), "no poison");
}

#[tokio::test]
async fn what_ran_with_secrets_leaves_nothing_for_the_next_head() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let agent = world.worker(1).await;
    scene.push("1").await;
    run(world, &agent, "main's").await;
    scene.pull(true).await;
    let offer = agent.begin().await;
    let cache = offer.cache.unwrap();
    assert!(cache.fetch && !cache.store);
    assert_eq!(
        fetch(world, &offer).await.unwrap().as_deref(),
        Some("main's")
    );
    let refused = store(world, &offer, "secret").await;
    assert!(matches!(refused, Err(EngineError::Forbidden(_))));
    // The word is taken back while the job runs: still nothing.
    let mut tx = world.engine.store().begin().await.unwrap();
    tx.revoke_approvals(scene.repository.id, 1, world.engine.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let refused = store(world, &offer, "secret").await;
    assert!(matches!(refused, Err(EngineError::Forbidden(_))));
}

#[tokio::test]
async fn a_stranger_s_machine_only_reads() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let agent = world.worker(1).await;
    scene.push("1").await;
    run(world, &agent, "main's").await;
    let lender = world.hub.add_person("lender");
    let lender = world.sign_in(&lender).await;
    let machine = world.worker_of(&lender, 1, "amd64").await;
    scene.push("2").await;
    let offer = machine.begin().await;
    let cache = offer.cache.unwrap();
    assert!(cache.fetch && !cache.store);
    assert_eq!(
        fetch(world, &offer).await.unwrap().as_deref(),
        Some("main's")
    );
    let refused = store(world, &offer, "poison").await;
    assert!(matches!(refused, Err(EngineError::Forbidden(_))));
}

#[tokio::test]
async fn caches_make_room_and_grow_old() {
    let world = World::with_caches(CachePolicy {
        cache_bytes: 10,
        repository_bytes: 10,
        unused: DAY * 45,
    })
    .await;
    let repository = world.repository(YAML).await;
    let agent = world.worker(1).await;
    for branch in ["a", "b"] {
        world
            .forge
            .add_commit(1, branch, &[(".travis.yml", YAML)], branch);
    }
    for (branch, leaves) in [("main", "12345"), ("a", "12345"), ("b", "1")] {
        world.pass(Duration::from_secs(100));
        demand(&world, &repository, branch).await;
        run(&world, &agent, leaves).await;
    }
    // "a" and "b" read main's; that was its last use before b's.
    let branches = async || {
        let all = CacheFilter::default();
        let (_, rows) = world.engine.caches(&world.viewer, "1", &all).await.unwrap();
        rows.iter().map(|row| row.scope.label()).collect::<Vec<_>>()
    };
    assert_eq!(branches().await, ["b", "main"], "a was the longest unused");
    assert_eq!(objects(&world).await, 2);

    world.pass(DAY * 44);
    world.engine.sweep_caches().await.unwrap();
    assert_eq!(branches().await.len(), 2);
    world.pass(DAY * 2);
    // An object whose row never came.
    let lost = world.blobs.begin("caches/1/lost").await.unwrap();
    lost.finish().await.unwrap();
    world.engine.sweep_caches().await.unwrap();
    assert!(branches().await.is_empty());
    assert_eq!(objects(&world).await, 1, "it may belong to an upload");
    // Objects have the time of the machine.
    world.pass(DAY * 365 * 100);
    world.engine.sweep_caches().await.unwrap();
    assert_eq!(objects(&world).await, 0);
}

#[tokio::test]
async fn maintainers_see_and_remove() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let agent = world.worker(1).await;
    scene.push("1").await;
    run(world, &agent, "main's").await;
    let key = scene.repository.id.to_string();
    let of = |branch: &str, contains: &str| CacheFilter {
        branch: Some(branch.to_owned()),
        contains: Some(contains.to_owned()),
        name: None,
    };
    let engine = &world.engine;
    let reader = world.sign_in(&scene.stranger).await;
    world
        .grant(&reader, &scene.repository, Some(Level::Write))
        .await;
    let reader = world.viewer_of(&reader).await;
    let all = CacheFilter::default();
    for viewer in [&reader, &Viewer::default()] {
        assert!(engine.caches(viewer, &key, &all).await.is_err());
        assert!(engine.delete_caches(viewer, &key, &all).await.is_err());
    }
    let admin = &scene.admin;
    for filter in [of("PR.1", "linux"), of("main", "osx")] {
        let (_, none) = engine.delete_caches(admin, &key, &filter).await.unwrap();
        assert!(none.is_empty());
    }
    assert_eq!(engine.caches(admin, &key, &all).await.unwrap().1.len(), 1);
    let (_, gone) = engine
        .delete_caches(admin, &key, &of("main", "linux"))
        .await
        .unwrap();
    assert_eq!(gone.len(), 1);
    assert_eq!(objects(world).await, 0);
    assert!(engine.caches(admin, &key, &all).await.unwrap().1.is_empty());
}

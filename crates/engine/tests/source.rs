//! Private repositories for workers: read as long as the attempt is live, and never with the
//! forge's credentials in the worker's hands.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a broken set-up may end a test"
)]

mod support;

use support::*;
use travis_engine::EngineError;
use travis_forge::hosting::Access;
use travis_model::Outcome;

#[tokio::test(flavor = "multi_thread")]
async fn a_private_repository_is_read_while_its_attempt_lives() {
    let world = World::new().await;
    let owner = world.hub.add_person("kestrel");
    let at = world.hub.add_repository(&owner, "secret", true);
    let user = world.sign_in(&owner).await;
    world.hosted(&at, &user).await;
    let files = [(".travis.yml", "script: make\n")];
    world.hub.push(&at, "main", &files, "First", &owner);
    world.one_request().await;
    let agent = world.worker(1).await;
    let offer = agent.begin().await;
    let access = world
        .engine
        .attempt_access(offer.attempt, offer.token.reveal())
        .await
        .unwrap();
    let source = world.engine.attempt_source(access).await.unwrap();
    assert_eq!(source.url, "https://memory.example/kestrel/secret.git");
    let (_, password) = source.credentials.unwrap();
    assert!(!offer.script.contains(password.reveal()));
    assert!(!offer.secrets.iter().any(|one| one == password.reveal()));
    assert!(matches!(world.hub.token_for(&owner), Access::User(_)));
    agent.done(&offer, Outcome::Passed).await;
    let again = world.engine.attempt_source(access).await;
    assert!(matches!(again, Err(EngineError::AttemptOver)));
    let token = world
        .engine
        .attempt_access(offer.attempt, offer.token.reveal())
        .await;
    assert!(matches!(token, Err(EngineError::AttemptOver)));
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_git_is_read_from_its_own_address() {
    let world = World::new().await;
    let repository = world.repository("script: make\n").await;
    world.build(&repository).await;
    let agent = world.worker(1).await;
    let offer = agent.begin().await;
    let access = world
        .engine
        .attempt_access(offer.attempt, offer.token.reveal())
        .await
        .unwrap();
    let source = world.engine.attempt_source(access).await;
    assert!(matches!(source, Err(EngineError::NotFound(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_badge_s_token_is_of_one_repository() {
    let world = World::new().await;
    let owner = world.hub.add_person("kestrel");
    let user = world.sign_in(&owner).await;
    let at = |name| world.hub.add_repository(&owner, name, true);
    let one = world.hosted(&at("one"), &user).await;
    let two = world.hosted(&at("two"), &user).await;
    let token = world.engine.badge_token(one.id);
    assert!(world.engine.shows_badge(&one, &token));
    assert!(!world.engine.shows_badge(&two, &token));
    for bad in ["", "00", &token[1..], &token.to_uppercase().repeat(4)] {
        assert!(!world.engine.shows_badge(&one, bad), "{bad}");
    }
}

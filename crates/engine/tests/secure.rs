//! Encrypted values of `.travis.yml`, and masking by the server. Security case 20.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken set-up may end a test"
)]

mod support;

use support::World;
use travis_engine::keys::{self, KeyLength};
use travis_engine::{BuildDemand, Finished, Offer, Secret, Viewer};
use travis_model::Outcome;

const SECRET: &str = "hush-hush-hush";

/// A scene's repository with this configuration: what its only job is given on the operator's
/// machine.
async fn offered(yaml: &str, with_key: bool) -> (World, Offer) {
    let world = World::new().await;
    let repository = world.repository(yaml).await;
    if with_key {
        world
            .engine
            .repository_key(&world.viewer, &repository.id.to_string())
            .await
            .unwrap();
    }
    world.demand(&repository, BuildDemand::default()).await;
    let worker = world.worker(1).await;
    let offer = worker.look(&[]).await.offers.pop().unwrap();
    (world, offer)
}

#[tokio::test]
async fn a_value_of_another_repository_is_told_of_and_never_set() {
    let foreign = keys::generate(KeyLength::Bits2048).unwrap();
    let cipher = keys::encrypt(&keys::pem(&foreign.public), "QUIET=quiet-quiet").unwrap();
    let yaml = format!(
        "script: 'true'\nenv:\n- secure: {cipher}\n\
         deploy:\n  provider: heroku\n  api_key:\n    secure: {cipher}\n"
    );
    for with_key in [false, true] {
        let (_world, offer) = offered(&yaml, with_key).await;
        assert!(offer.script.contains("travis encrypt -r acme/rocket"));
        assert!(offer.script.contains("deploy.api_key"));
        assert_eq!(offer.script.contains("SHA256:"), with_key);
        assert!(!offer.script.contains("QUIET"));
        assert!(!offer.script.contains(&cipher[..60]));
    }
}

#[tokio::test]
async fn keys_are_made_once_and_their_private_half_is_encrypted() {
    let world = World::new().await;
    let repository = world.repository("script: 'true'\n").await;
    let key = repository.id.to_string();
    let (one, two) = tokio::join!(
        world.engine.repository_key(&world.viewer, &key),
        world.engine.repository_key(&world.viewer, &key),
    );
    let (one, two) = (one.unwrap().1, two.unwrap().1);
    assert_eq!(one, two);
    assert!(world.vault().unseal(&one.private_key).is_ok());
    let stranger = world.engine.repository_key(&Viewer::default(), &key).await;
    assert_eq!(stranger.is_ok(), !repository.private);
}

#[tokio::test]
async fn the_server_masks_what_a_worker_did_not() {
    let world = World::new().await;
    let repository = world.repository("script: 'true'\n").await;
    let key = repository.id.to_string();
    let value = Secret::new(SECRET);
    world
        .engine
        .set_env_var(&world.viewer, &key, "HUSH", &value, false, None)
        .await
        .unwrap();
    world.demand(&repository, BuildDemand::default()).await;
    let worker = world.worker(1).await;
    let offer = worker.look(&[]).await.offers.pop().unwrap();
    let access = || {
        world
            .engine
            .attempt_access(offer.attempt, offer.token.reveal())
    };
    let send = async |offset, text: &'static str| {
        let access = access().await.unwrap();
        world
            .engine
            .append_log(access, offset, text.into())
            .await
            .unwrap()
    };
    // Cut in the secret, sent twice, and with more behind it.
    assert_eq!(send(0, "a hush-hu").await, 9);
    assert_eq!(send(2, "hush-hu").await, 9);
    assert_eq!(send(9, "sh-hush b").await, 18);
    let log = world.engine.logs().read(offer.attempt.get(), 0, 100).await;
    assert_eq!(log.unwrap(), "a [secure]****** b");
    let text = "a hush-hush-hush b";
    let end = worker.end(&offer, Outcome::Passed, text, text).await;
    assert_eq!(end.unwrap(), Finished::Sealed { held: 18 });
    let job = &world.jobs(offer.job.build_id).await[0];
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"a [secure]****** b");
    let kept = world.attempts(job).await[0].log_sha256.clone();
    assert_eq!(
        kept.unwrap(),
        hex::encode(digest),
        "the digest is that of what is kept"
    );
}

#[tokio::test]
async fn what_begins_as_a_secret_is_shown_after_a_pause() {
    let world = World::new().await;
    let repository = world.repository("script: 'true'\n").await;
    let key = repository.id.to_string();
    let value = Secret::new(SECRET);
    world
        .engine
        .set_env_var(&world.viewer, &key, "HUSH", &value, false, None)
        .await
        .unwrap();
    world.demand(&repository, BuildDemand::default()).await;
    let worker = world.worker(1).await;
    let offer = worker.look(&[]).await.offers.pop().unwrap();
    let access = world
        .engine
        .attempt_access(offer.attempt, offer.token.reveal())
        .await
        .unwrap();
    let mut tip = world.engine.logs().watch(offer.attempt.get());
    world
        .engine
        .append_log(access, 0, "say hush".into())
        .await
        .unwrap();
    let whole = tip.wait_for(|tip| tip.length == 8);
    tokio::time::timeout(std::time::Duration::from_secs(20), whole)
        .await
        .unwrap()
        .unwrap();
}

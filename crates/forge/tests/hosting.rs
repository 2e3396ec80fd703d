//! The contract suite of the hosting port, run by every adapter against the fake of its forge.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

#[path = "hosting/stage.rs"]
mod stage;

use stage::FakeStage;
use travis_fake_forge::Kind;
use travis_forge::hosting::contract;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn github_keeps_the_contract() {
    contract::check(&FakeStage::start("github", Kind::Github).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gitea_keeps_the_contract() {
    contract::check(&FakeStage::start("gitea", Kind::Gitea).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gitlab_keeps_the_contract() {
    contract::check(&FakeStage::start("gitlab", Kind::Gitlab).await).await;
}

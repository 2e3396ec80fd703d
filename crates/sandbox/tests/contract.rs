//! What every executor promises, run for each that needs nothing but the machine.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod suite;

use suite::{FLOOD, Tempo, holds_its_promises, nothing_stays};
use travis_sandbox::{Cgroups, Dummy, Executor as _, Host, Namespace, ToolDirs};

#[tokio::test(flavor = "multi_thread")]
async fn dummy() {
    holds_its_promises(&Dummy::new(), "flood 30000000\n", Tempo::Process).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn host() {
    let root = tempfile::tempdir().unwrap();
    let executor = Host::new(root.path().to_owned(), ToolDirs::default());
    holds_its_promises(&executor, FLOOD, Tempo::Process).await;
    nothing_stays(root.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn host_without_groups() {
    let root = tempfile::tempdir().unwrap();
    let executor = Host::with_cgroups(root.path().to_owned(), ToolDirs::default(), Cgroups::none());
    holds_its_promises(&executor, FLOOD, Tempo::Process).await;
    nothing_stays(root.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn namespace() {
    let root = tempfile::tempdir().unwrap();
    let executor = Namespace::new(root.path().to_owned(), Vec::new(), ToolDirs::detect());
    if let Some(reason) = executor
        .check()
        .await
        .iter()
        .take(2)
        .find(|found| !found.ok)
    {
        println!("skipped: {}", reason.detail);
        return;
    }
    holds_its_promises(&executor, FLOOD, Tempo::Process).await;
    nothing_stays(root.path());
}

#[tokio::test(flavor = "multi_thread")]
async fn namespace_without_groups() {
    let root = tempfile::tempdir().unwrap();
    let executor = Namespace::with_cgroups(
        root.path().to_owned(),
        Vec::new(),
        ToolDirs::default(),
        Cgroups::none(),
    );
    if let Some(reason) = executor
        .check()
        .await
        .iter()
        .take(2)
        .find(|found| !found.ok)
    {
        println!("skipped: {}", reason.detail);
        return;
    }
    holds_its_promises(&executor, FLOOD, Tempo::Process).await;
    nothing_stays(root.path());
}

//! What every executor promises, run for each that needs nothing but the machine.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod suite;

use async_trait::async_trait;
use suite::{FLOOD, Tempo, holds_its_promises, nothing_stays};
use travis_egress::{Gateway, Policy};
use travis_sandbox::{
    Cgroups, Dummy, Executor, Finding, Host, Namespace, Network, Networks, Sandbox, SandboxError,
    Spec, ToolDirs,
};

/// The same executor, whose jobs have another network.
struct Within(Namespace, Network);

#[async_trait]
impl Executor for Within {
    fn kind(&self) -> &'static str {
        self.0.kind()
    }

    fn limits(&self) -> Vec<&'static str> {
        self.0.limits()
    }

    async fn prepare(&self, spec: &Spec) -> Result<Box<dyn Sandbox>, SandboxError> {
        let spec = Spec {
            network: self.1.clone(),
            ..spec.clone()
        };
        self.0.prepare(&spec).await
    }

    async fn sweep(&self) {
        self.0.sweep().await;
    }

    async fn check(&self) -> Vec<Finding> {
        self.0.check().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn namespace_with_other_networks() {
    let networks = Networks::by(env!("CARGO_BIN_EXE_make-job-network").into());
    if let Err(error) = networks.check().await {
        println!("skipped: {error}");
        return;
    }
    let gateway = Gateway::new(Policy::default());
    for network in [Network::Off, Network::Guarded(gateway)] {
        let root = tempfile::tempdir().unwrap();
        let executor = Namespace::new(root.path().to_owned(), Vec::new(), ToolDirs::detect());
        if executor.check().await.iter().take(2).any(|found| !found.ok) {
            println!("skipped: no namespaces here");
            return;
        }
        let executor = Within(executor.with_networks(networks.clone()), network);
        holds_its_promises(&executor, FLOOD, Tempo::Process).await;
        nothing_stays(root.path());
    }
}

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

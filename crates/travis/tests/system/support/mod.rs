//! What scenarios are made of: servers, workers, repositories, a client, cuts in the wire.

mod api;
mod forge;
mod link;
mod live;
mod person;
mod process;
mod repo;
mod server;
mod wire;
mod worker;
mod working;

pub use api::{Answer, Api, is_over, send};
pub use forge::{CLIENT_SECRET, FaultMode, Hosted, forge};
pub use link::Link;
pub use live::Live;
pub use person::{Browser, Person, press};
pub use process::{Process, travis};
pub use repo::Repo;
pub use server::{Server, Setup, finish};
pub use wire::{FakeWorker, Held, facts};
pub use worker::Worker;
pub use working::{Working, git, ran};

use std::time::{Duration, Instant};

/// How long anything may take that is not being measured. Long, since the machine may be busy.
pub const SOON: Duration = Duration::from_secs(30);

/// Looks again and again until there is something, and fails the test at the deadline. The one
/// place where these tests sleep.
#[track_caller]
pub fn until<T, F>(
    what: &str,
    deadline: Duration,
    mut look: impl FnMut() -> F,
) -> impl Future<Output = T>
where
    F: Future<Output = Option<T>>,
{
    let place = std::panic::Location::caller();
    let what = what.to_owned();
    async move {
        let began = Instant::now();
        loop {
            if let Some(found) = look().await {
                return found;
            }
            assert!(
                began.elapsed() < deadline,
                "{place}: not within {deadline:?}: {what}"
            );
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }
}

/// SHA-256 in hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes))
}

/// Whether jobs can be isolated on this machine; says so when not.
pub fn can_isolate(test: &str) -> bool {
    let there = std::process::Command::new("bwrap")
        .args([
            "--unshare-user",
            "--unshare-pid",
            "--ro-bind",
            "/",
            "/",
            "true",
        ])
        .status()
        .is_ok_and(|status| status.success());
    if !there {
        println!("skipped: {test}: bwrap is missing or may not make namespaces here");
    }
    there
}

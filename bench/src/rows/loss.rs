//! A worker dies without a word.

use crate::bed::{Ground, Parts};
use crate::samples::wall_clock;
use crate::table::{Line, Verdict};
use anyhow::{Context as _, Result, bail, ensure};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use travis_api::v3;

const LOOK: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(60);
const CONFIG: &str = "language: generic\ngit:\n  clone: false\nscript: sleep 300\n";

/// One of two workers is killed while it runs a job; the other one gets the job.
pub async fn worker(ground: &Ground) -> Result<Vec<Line>> {
    let parts = Parts::server(ground).await?;
    let one = parts.worker(ground, "one", "host", 1).await?;
    let two = parts.worker(ground, "two", "host", 2).await?;
    let repository = parts.repository("loss", &[(".travis.yml", CONFIG)]).await?;
    let (request, _) = parts.api.trigger(repository).await?;
    let build = parts.api.build_of(repository, request, LOOK).await?;
    let jobs = parts.api.jobs(build.id).await?;
    let job = jobs.first().context("a build without a job")?.id;
    let first = running(&parts, job, 1, PATIENCE).await?;
    let (dies, lives) = match first.worker.name.as_str() {
        "one" => (one, two),
        "two" => (two, one),
        other => bail!("an unknown worker {other} has the job"),
    };
    let killed = wall_clock();
    dies.crash().await?;
    let second = running(&parts, job, 2, PATIENCE).await?;
    let seconds = (wall_clock() - killed) / 1000.0;
    ensure!(
        second.worker.id != first.worker.id,
        "the job runs on the dead worker"
    );
    let _: v3::PendingChange = parts
        .api
        .post(&format!("/v3/job/{job}/cancel"), &serde_json::json!({}))
        .await?;
    parts.api.finished(build.id, LOOK, PATIENCE).await?;
    lives.stop().await?;
    parts.server.stop().await?;
    Ok(vec![Line {
        measure: "worker killed → its job runs elsewhere".to_owned(),
        peers: "NativeLink 5 s, Concourse ~60 s, Buildkite 240 s, GitHub 600 s and fails"
            .to_owned(),
        bound: "≤ 20 s".to_owned(),
        ours: format!("{seconds:.1} s"),
        verdict: Verdict::of(seconds <= 20.0),
    }])
}

/// Waits until this attempt of the job runs.
pub async fn running(
    parts: &Parts,
    job: i64,
    number: i64,
    patience: Duration,
) -> Result<v3::Attempt> {
    let until = Instant::now() + patience;
    loop {
        let job: v3::Job = parts.api.get(&format!("/v3/job/{job}")).await?;
        if let Some(attempt) = job
            .attempt
            .filter(|it| it.number == number && it.state == "running")
        {
            return Ok(attempt);
        }
        ensure!(Instant::now() < until, "attempt {number} does not run");
        sleep(LOOK).await;
    }
}

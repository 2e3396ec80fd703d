//! From the trigger's 202 to the first command of the job's script: the script prints bash's own
//! clock before anything else, so that everything between (planning, queueing, the worker's poll,
//! the sandbox, the shell and the preamble of the script) counts.

use super::pair;
use crate::bed::{Bed, Ground};
use crate::client::Api;
use crate::samples::{Samples, bash_time};
use crate::table::{Line, Verdict};
use anyhow::{Context as _, Result, ensure};
use std::time::Duration;
use tokio::time::sleep;

const TRIGGERS: usize = 200;
const WARM_UP: usize = 10;
/// After a trigger nothing is asked for so long, so that the asking is not measured.
pub(super) const QUIET: Duration = Duration::from_millis(60);
const LOOK: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) const EMPTY: &str =
    "language: generic\ngit:\n  clone: false\nscript: printf 'began=%s\\n' \"$EPOCHREALTIME\"\n";
const CHECKED_OUT: &str = "language: generic\nscript: printf 'began=%s\\n' \"$EPOCHREALTIME\"\n";

pub async fn host(ground: &Ground) -> Result<Vec<Line>> {
    let samples = triggers(ground, "host", EMPTY).await?;
    let (p50, p95) = (samples.percentile(0.5), samples.percentile(0.95));
    Ok(vec![Line {
        measure: "trigger accepted → job's process runs, host, p50 / p95".to_owned(),
        peers: "Laminar 11 / 13 ms, Buildbot 220 / 261, buildomat 1,845 / 1,942".to_owned(),
        bound: "≤ 11 ms p50 (goal 6 / 10)".to_owned(),
        ours: pair(p50, p95, "ms"),
        verdict: Verdict::of(p50 <= 11.0),
    }])
}

pub async fn namespace(ground: &Ground) -> Result<Vec<Line>> {
    let samples = triggers(ground, "namespace", EMPTY).await?;
    let (p50, p95) = (samples.percentile(0.5), samples.percentile(0.95));
    Ok(vec![Line {
        measure: "the same, namespace, p50 / p95".to_owned(),
        peers: "bubblewrap alone 7 ms".to_owned(),
        bound: "≤ 25 ms p50 (goal 15)".to_owned(),
        ours: pair(p50, p95, "ms"),
        verdict: Verdict::of(p50 <= 25.0),
    }])
}

pub async fn host_with_checkout(ground: &Ground) -> Result<Vec<Line>> {
    with_checkout(ground, "host").await
}

pub async fn namespace_with_checkout(ground: &Ground) -> Result<Vec<Line>> {
    with_checkout(ground, "namespace").await
}

async fn with_checkout(ground: &Ground, executor: &str) -> Result<Vec<Line>> {
    let samples = triggers(ground, executor, CHECKED_OUT).await?;
    Ok(vec![Line {
        measure: format!("the same with a checkout from the mirror, {executor}, p50 / p95"),
        peers: "they check nothing out".to_owned(),
        bound: "–".to_owned(),
        ours: pair(samples.percentile(0.5), samples.percentile(0.95), "ms"),
        verdict: Verdict::NoBound,
    }])
}

async fn triggers(ground: &Ground, executor: &str, config: &str) -> Result<Samples> {
    let bed = Bed::up(ground, executor, 2).await?;
    let files = [
        (".travis.yml", config),
        ("README", "A small repository.\n"),
        ("main.c", "int main(void) { return 0; }\n"),
    ];
    let repository = bed.repository("latency", &files).await?;
    let mut samples = Vec::new();
    for number in 0..WARM_UP + ground.amount(TRIGGERS) {
        let sample = one(&bed, repository).await?;
        if number >= WARM_UP {
            samples.push(sample);
        }
    }
    bed.stop().await?;
    let samples = Samples::new(samples);
    ensure!(samples.count() > 0, "nothing was measured");
    Ok(samples)
}

async fn one(bed: &Bed, repository: i64) -> Result<f64> {
    let (request, accepted) = bed.api.trigger(repository).await?;
    sleep(QUIET).await;
    Ok(began(&bed.api, repository, request).await? - accepted)
}

/// When the only job of the build that a request makes began, by its own word.
pub(super) async fn began(api: &Api, repository: i64, request: i64) -> Result<f64> {
    let build = api.build_of(repository, request, LOOK).await?;
    let build = api.finished(build.id, LOOK, PATIENCE).await?;
    let jobs = api.jobs(build.id).await?;
    let job = jobs.first().context("a build without a job")?;
    let log = api.log(job.id).await?;
    let log = String::from_utf8_lossy(&log);
    ensure!(build.state == "passed", "a build {}: {log}", build.state);
    log.lines()
        .find_map(|line| line.strip_prefix("began="))
        .and_then(bash_time)
        .with_context(|| format!("the job did not say when it began: {log}"))
}

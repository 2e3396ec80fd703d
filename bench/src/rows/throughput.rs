//! Empty jobs a second: builds of a wide matrix are queued while the worker pauses; then it
//! resumes. Counted from the first job's start to the last one's end, as the API tells them.

use crate::bed::{Bed, Ground};
use crate::table::{Line, Verdict};
use anyhow::{Context as _, Result, ensure};
use std::time::Duration;
use travis_api::v3;

const BUILDS: usize = 10;
const WIDTH: usize = 150;
const LOOK: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(120);

pub async fn host(ground: &Ground) -> Result<Vec<Line>> {
    let run = run(ground, "host").await?;
    Ok(vec![
        Line {
            measure: "no-op jobs a second, 4 slots, host".to_owned(),
            peers: "Laminar 271, Resque 260, Buildbot 5.2; spawning alone 3,195".to_owned(),
            bound: "≥ 200 (goal 400)".to_owned(),
            ours: format!("{:.0}", run.a_second),
            verdict: Verdict::of(run.a_second >= 200.0),
        },
        cpu("host", "goal 5 ms", &run),
    ])
}

pub async fn namespace(ground: &Ground) -> Result<Vec<Line>> {
    let run = run(ground, "namespace").await?;
    Ok(vec![
        Line {
            measure: "the same, namespace".to_owned(),
            peers: "–".to_owned(),
            bound: "≥ 100 (goal 150)".to_owned(),
            ours: format!("{:.0}", run.a_second),
            verdict: Verdict::of(run.a_second >= 100.0),
        },
        cpu("namespace", "–", &run),
    ])
}

fn cpu(executor: &str, bound: &str, run: &Run) -> Line {
    Line {
        measure: format!(
            "CPU a no-op job, server + worker (and the job's own processes), {executor}"
        ),
        peers: "Laminar 6.2 ms, buildomat 64, Buildbot 214".to_owned(),
        bound: bound.to_owned(),
        ours: format!("{:.1} ms (+ {:.1})", run.own, run.children),
        verdict: Verdict::NoBound,
    }
}

struct Run {
    a_second: f64,
    /// Milliseconds of processor a job.
    own: f64,
    children: f64,
}

async fn run(ground: &Ground, executor: &str) -> Result<Run> {
    let bed = Bed::up(ground, executor, 4).await?;
    let mut config =
        String::from("language: generic\ngit:\n  clone: false\nscript: true\nenv:\n  jobs:\n");
    for number in 0..ground.amount(WIDTH) {
        config.push_str(&format!("    - CELL={number}\n"));
    }
    let repository = bed
        .repository("throughput", &[(".travis.yml", &config)])
        .await?;
    let workers: v3::Workers = bed.api.get("/v3/workers").await?;
    let worker = workers.workers.first().context("no worker")?.id;
    // Nothing is cold afterwards.
    let (warm, _) = bed.api.trigger(repository).await?;
    let warm = bed.api.build_of(repository, warm, LOOK).await?;
    bed.api.finished(warm.id, LOOK, PATIENCE).await?;

    order(&bed, worker, "pause").await?;
    let mut builds = Vec::new();
    for _ in 0..ground.amount(BUILDS) {
        let (request, _) = bed.api.trigger(repository).await?;
        builds.push(bed.api.build_of(repository, request, LOOK).await?.id);
    }
    let before = bed.process.cpu()?;
    order(&bed, worker, "resume").await?;
    for build in &builds {
        let build = bed.api.finished(*build, LOOK, PATIENCE).await?;
        ensure!(
            build.state == "passed",
            "build {} {}",
            build.number,
            build.state
        );
    }
    let after = bed.process.cpu()?;
    let mut times = Vec::new();
    for build in builds {
        for job in bed.api.jobs(build).await? {
            let started = job.started_at.as_deref().and_then(milliseconds);
            let finished = job.finished_at.as_deref().and_then(milliseconds);
            times.push((
                started.context("a job without a start")?,
                finished.context("a job without an end")?,
            ));
        }
    }
    bed.stop().await?;
    let first = times.iter().map(|time| time.0).min().context("no jobs")?;
    let last = times.iter().map(|time| time.1).max().context("no jobs")?;
    let count = times.len() as f64;
    Ok(Run {
        a_second: count * 1000.0 / (last - first).max(1) as f64,
        own: (after.own - before.own) / count,
        children: (after.children - before.children) / count,
    })
}

async fn order(bed: &Bed, worker: i64, what: &str) -> Result<()> {
    let path = format!("/v3/worker/{worker}/{what}");
    let _: serde_json::Value = bed.api.post(&path, &serde_json::json!({})).await?;
    Ok(())
}

/// Milliseconds since midnight of `2026-01-31T12:34:56.789Z`; a run over midnight is no use, and
/// shows itself as a negative span.
fn milliseconds(stamp: &str) -> Option<i64> {
    let clock = stamp.split_once('T')?.1.strip_suffix('Z')?;
    let mut parts = clock.splitn(3, ':');
    let hours: i64 = parts.next()?.parse().ok()?;
    let minutes: i64 = parts.next()?.parse().ok()?;
    let seconds: f64 = parts.next()?.parse().ok()?;
    Some((hours * 60 + minutes) * 60_000 + (seconds * 1000.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_read_to_the_millisecond() {
        assert_eq!(milliseconds("2026-01-31T00:01:02.003Z"), Some(62_003));
        assert_eq!(milliseconds("2026-01-31"), None);
    }
}

//! What the processes cost when nothing happens, and how soon they serve.

use super::megabytes;
use crate::bed::{Ground, Parts, server};
use crate::client::Api;
use crate::samples::{Samples, wall_clock};
use crate::table::{Line, Verdict};
use anyhow::{Result, ensure};
use std::time::Duration;
use tokio::time::sleep;

const IDLE: Duration = Duration::from_secs(5);
/// How long a worker is left alone, and how long it is then watched: two polls each, at least.
const ALONE: Duration = Duration::from_secs(60);
const STARTS: usize = 20;

/// The server, to which a worker is connected that has nothing to do.
pub async fn idle(ground: &Ground) -> Result<Vec<Line>> {
    let parts = Parts::server(ground).await?;
    let worker = parts.worker(ground, "one", "namespace", 1).await?;
    sleep(IDLE).await;
    let of_server = megabytes(parts.server.memory("VmRSS")?);
    worker.stop().await?;
    parts.server.stop().await?;
    Ok(vec![Line {
        measure: "the idle server's memory (VmRSS)".to_owned(),
        peers: "Laminar 8.5 MB, buildomat 20, Buildbot 98, Woodpecker 100".to_owned(),
        bound: "≤ 25 MB (goal 20)".to_owned(),
        ours: format!("{of_server:.1} MB"),
        verdict: Verdict::of(of_server <= 25.0),
    }])
}

/// A worker of its own with nothing to do: a minute alone, then a minute of polls.
pub async fn worker(ground: &Ground) -> Result<Vec<Line>> {
    let span = if ground.quick { ALONE / 6 } else { ALONE };
    let parts = Parts::server(ground).await?;
    let worker = parts.worker(ground, "one", "namespace", 1).await?;
    let peak = megabytes(worker.memory("VmHWM")?);
    sleep(span).await;
    let (before, began) = (worker.cpu()?, wall_clock());
    sleep(span).await;
    let used = worker.cpu()?.own - before.own;
    let percent = used / (wall_clock() - began) * 100.0;
    let resident = megabytes(worker.memory("VmRSS")?);
    let own = megabytes(worker.memory("RssAnon")?);
    let share = megabytes(worker.share_of_memory()?);
    worker.stop().await?;
    parts.server.stop().await?;
    Ok(vec![
        Line {
            measure: "an idle worker's memory (VmRSS)".to_owned(),
            peers: "buildomat 12 MB, Woodpecker 30, Buildbot 54".to_owned(),
            bound: "≤ 8 MB".to_owned(),
            ours: format!(
                "{resident:.1} MB ({own:.1} MB its own, the rest the program's file; \
                 {share:.1} MB by share; {peak:.1} MB when it came online)"
            ),
            verdict: Verdict::of(resident <= 8.0),
        },
        Line {
            measure: "an idle worker's CPU".to_owned(),
            peers: "–".to_owned(),
            bound: "≤ 1 % of a core".to_owned(),
            ours: format!(
                "{percent:.2} % ({used:.0} ms in {:.0} s)",
                span.as_secs_f64()
            ),
            verdict: Verdict::of(percent <= 1.0),
        },
    ])
}

/// The program as the compiler leaves it.
pub async fn size(ground: &Ground) -> Result<Vec<Line>> {
    let size = megabytes(std::fs::metadata(&ground.travis)?.len());
    Ok(vec![Line {
        measure: "the program's file: server, worker, command line and web app".to_owned(),
        peers: "–".to_owned(),
        bound: "≤ 30 MB".to_owned(),
        ours: format!("{size:.1} MB"),
        verdict: Verdict::of(size <= 30.0),
    }])
}

/// From the start of the process to its line `ready:`, on an empty directory and on one in use;
/// the first answer over HTTP must follow.
pub async fn start(ground: &Ground) -> Result<Vec<Line>> {
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for _ in 0..ground.amount(STARTS) {
        let place = ground.place()?;
        for samples in [&mut first, &mut again] {
            let began = wall_clock();
            let (process, base) = server(ground, place.path()).await?;
            let healthy = Api::new(&base, "")?.healthy().await;
            samples.push(wall_clock() - began);
            ensure!(healthy, "a server that is ready does not answer");
            process.stop().await?;
        }
    }
    let (first, again) = (Samples::new(first), Samples::new(again));
    let (fresh, used) = (
        first.percentile(0.5) / 1000.0,
        again.percentile(0.5) / 1000.0,
    );
    Ok(vec![Line {
        measure: "process start → first answer over HTTP, new / existing data, p50".to_owned(),
        peers: "Laminar 0.03 s, buildomat 0.05, Buildbot 1.2".to_owned(),
        bound: "≤ 0.05 s (goal 0.03)".to_owned(),
        ours: format!("{fresh:.3} / {used:.3} s"),
        verdict: Verdict::of(fresh <= 0.05 && used <= 0.05),
    }])
}

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
const STARTS: usize = 20;

/// Server and worker as two processes, connected, with nothing to do.
pub async fn idle(ground: &Ground) -> Result<Vec<Line>> {
    let parts = Parts::server(ground).await?;
    let worker = parts.worker(ground, "one", "namespace", 1).await?;
    sleep(IDLE).await;
    let of_server = megabytes(parts.server.memory("VmRSS")?);
    let of_worker = megabytes(worker.memory("VmRSS")?);
    worker.stop().await?;
    parts.server.stop().await?;
    Ok(vec![Line {
        measure: "idle memory, server / worker".to_owned(),
        peers: "Laminar 8.5 MB, buildomat 20 / 12, Buildbot 98 / 54, Woodpecker 100 / 30"
            .to_owned(),
        bound: "≤ 25 MB server (goal 20 / 8)".to_owned(),
        ours: super::pair(of_server, of_worker, "MB"),
        verdict: Verdict::of(of_server <= 25.0),
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

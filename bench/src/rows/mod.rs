//! Every row of the table: how it is measured, what others reach, what must be reached.
//!
//! Peers' figures were measured on a machine of the same class, state on tmpfs as here, each with
//! its own way of running an empty job: Laminar 1.4 (no workers, no isolation), Buildbot 4.3,
//! buildomat, Resque 3 (a bare queue).

mod config;
mod footprint;
mod latency;
mod logs;
mod loss;
mod owner;
mod pings;
mod sync;
mod throughput;

use crate::bed::Ground;
use crate::table::{Line, Verdict};
use anyhow::{Context as _, Result};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// How long one row may take at most.
const LIMIT: Duration = Duration::from_secs(180);

type Measured<'a> = Pin<Box<dyn Future<Output = Result<Vec<Line>>> + 'a>>;

/// One row, or several that are measured together.
pub struct Row {
    /// For `--only`.
    pub name: &'static str,
    run: for<'a> fn(&'a Ground) -> Measured<'a>,
}

impl Row {
    /// Measures within the time limit; what can't be measured becomes a line that says why.
    pub async fn measure(&self, ground: &Ground) -> Vec<Line> {
        let measured = tokio::time::timeout(LIMIT, (self.run)(ground))
            .await
            .context("it took too long");
        match measured.and_then(|lines| lines) {
            Ok(lines) => lines,
            Err(error) => vec![Line {
                measure: self.name.to_owned(),
                peers: String::new(),
                bound: String::new(),
                ours: format!("{error:#}"),
                verdict: Verdict::Broken,
            }],
        }
    }
}

/// All rows that can be measured now.
pub fn all() -> Vec<Row> {
    vec![
        Row {
            name: "latency-host",
            run: |g| Box::pin(latency::host(g)),
        },
        Row {
            name: "latency-namespace",
            run: |g| Box::pin(latency::namespace(g)),
        },
        Row {
            name: "checkout-host",
            run: |g| Box::pin(latency::host_with_checkout(g)),
        },
        Row {
            name: "checkout-namespace",
            run: |g| Box::pin(latency::namespace_with_checkout(g)),
        },
        Row {
            name: "throughput-host",
            run: |g| Box::pin(throughput::host(g)),
        },
        Row {
            name: "throughput-namespace",
            run: |g| Box::pin(throughput::namespace(g)),
        },
        Row {
            name: "big-log",
            run: |g| Box::pin(logs::big(g)),
        },
        Row {
            name: "live-line",
            run: |g| Box::pin(logs::live(g)),
        },
        Row {
            name: "idle",
            run: |g| Box::pin(footprint::idle(g)),
        },
        Row {
            name: "worker",
            run: |g| Box::pin(footprint::worker(g)),
        },
        Row {
            name: "size",
            run: |g| Box::pin(footprint::size(g)),
        },
        Row {
            name: "start",
            run: |g| Box::pin(footprint::start(g)),
        },
        Row {
            name: "worker-loss",
            run: |g| Box::pin(loss::worker(g)),
        },
        Row {
            name: "owner-work-namespace",
            run: |g| Box::pin(owner::namespace(g)),
        },
        Row {
            name: "owner-work-host",
            run: |g| Box::pin(owner::host(g)),
        },
        Row {
            name: "owner-freeze",
            run: |g| Box::pin(owner::freeze(g)),
        },
        Row {
            name: "owner-hand-back",
            run: |g| Box::pin(owner::hand_back(g)),
        },
        Row {
            name: "forge-ping-answered",
            run: |g| Box::pin(pings::answered(g)),
        },
        Row {
            name: "forge-ping-to-process",
            run: |g| Box::pin(pings::to_process(g)),
        },
        Row {
            name: "forge-ping-rate",
            run: |g| Box::pin(pings::rate(g)),
        },
        Row {
            name: "forge-sync",
            run: |g| Box::pin(sync::account(g)),
        },
        Row {
            name: "lint",
            run: |g| Box::pin(config::lint(g)),
        },
    ]
}

/// Rows of the design whose subject is not built yet, or which need a harness of their own.
pub fn later() -> Vec<Line> {
    let line = |measure: &str, peers: &str, bound: &str| Line {
        measure: measure.to_owned(),
        peers: peers.to_owned(),
        bound: bound.to_owned(),
        ours: String::new(),
        verdict: Verdict::Later,
    };
    vec![
        line(
            "dispatch p99 with 100,000 jobs queued",
            "Woodpecker's queue 9.3 s stall at 20,000",
            "≤ 20 ms, flat",
        ),
        line(
            "jobs a second with simulated workers, PostgreSQL / SQLite",
            "raw dequeue 2,937 to 10,457 / 5,326",
            "≥ 2,000 / ≥ 2,000",
        ),
        line(
            "a 1,000,000-line log in the browser, first lines painted",
            "others cap at 10,000 lines or freeze",
            "≤ 300 ms",
        ),
        line(
            "100 idle workers: server CPU",
            "Laminar none, buildomat 64 ms/s, Buildbot 79 ms/s",
            "≤ 5 ms/s",
        ),
        line(
            "10,000 connected idle workers",
            "–",
            "≤ 300 MB, ≤ 5 % of a core",
        ),
        line(
            "log bytes lost when something is killed",
            "most lose some",
            "0 (shown by tests)",
        ),
        line("pages with 1,000,000 builds stored, p99", "–", "≤ 20 ms"),
    ]
}

/// `5.2 / 6.9 ms`, or with no decimals where they mean nothing.
fn pair(a: f64, b: f64, unit: &str) -> String {
    format!("{a:.1} / {b:.1} {unit}")
}

/// Bytes as the MB (10^6) of the bounds.
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

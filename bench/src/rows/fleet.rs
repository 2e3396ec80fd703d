//! Pages of the fleet with very many workers.

use crate::bed::{Ground, Parts};
use crate::samples::Samples;
use crate::table::{Line, Verdict};
use anyhow::{Context as _, Result};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};
use tokio::time::Instant;
use travis_api::worker::SESSION_CONTEXT;

const WORKERS: usize = 1_000;
/// Machines that join side by side.
const TOGETHER: usize = 8;
const CALLS: usize = 300;
const PATHS: [&str; 3] = ["/v3/fleet", "/v3/workers", "/v3/worker/1"];

/// Workers that joined and were heard of; then each page's call, over and over.
pub async fn pages(ground: &Ground) -> Result<Vec<Line>> {
    let parts = Parts::server(ground).await?;
    let count = ground.amount(WORKERS);
    stream::iter(0..count)
        .map(|number| join(&parts, number))
        .buffer_unordered(TOGETHER)
        .try_collect::<Vec<()>>()
        .await?;
    let mut lines = Vec::new();
    for path in PATHS {
        let mut times = Vec::new();
        for _ in 0..ground.amount(CALLS) {
            let began = Instant::now();
            let _: Value = parts.api.get(path).await?;
            times.push(began.elapsed().as_secs_f64() * 1000.0);
        }
        let times = Samples::new(times);
        let (p50, p99) = (times.percentile(0.5), times.percentile(0.99));
        lines.push(Line {
            measure: format!("{path} with {count} workers online: p50 / p99"),
            peers: "–".to_owned(),
            bound: "p99 ≤ 20 ms".to_owned(),
            ours: super::pair(p50, p99, "ms"),
            verdict: Verdict::of(p99 <= 20.0),
        });
    }
    parts.server.stop().await?;
    Ok(lines)
}

async fn join(parts: &Parts, number: usize) -> Result<()> {
    let api = &parts.api;
    let token: Value = api.post("/v3/workers/enrolment_token", &json!({})).await?;
    let arch = ["amd64", "arm64", "ppc64le", "s390x"][number % 4];
    let facts = json!({
        "os": "linux", "arch": arch, "cores": 8, "memory_bytes": 16_000_000_000_u64,
        "disk_free_bytes": 100_000_000_000_u64, "executors": ["namespace"], "executor": "namespace",
        "limits": [], "distribution": "Debian GNU/Linux 12", "version": env!("CARGO_PKG_VERSION"),
    });
    let key = Ed25519KeyPair::generate().ok().context("no randomness")?;
    let new = json!({
        "token": token["token"], "name": format!("machine-{number}"), "facts": facts, "slots": 2,
        "public_key": BASE64_STANDARD.encode(key.public_key().as_ref()),
    });
    let worker: Value = api.post("/worker/v1/enrol", &new).await?;
    let id = &worker["worker_id"];
    let asked = json!({"worker_id": id});
    let asked: Value = api.post("/worker/v1/challenge", &asked).await?;
    let challenge = asked["challenge"].as_str().context("no challenge")?;
    let signed = key.sign(format!("{SESSION_CONTEXT}{challenge}").as_bytes());
    let session = json!({
        "worker_id": id, "challenge": challenge, "facts": facts, "slots": 2,
        "signature": BASE64_STANDARD.encode(signed.as_ref()),
    });
    let _: Value = api.post("/worker/v1/session", &session).await?;
    Ok(())
}

//! A person with very many repositories signs in.

use crate::bed::Ground;
use crate::hosted::{Hosted, OWNER, synced};
use crate::table::{Line, Verdict};
use anyhow::{Result, ensure};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

const REPOSITORIES: usize = 2_000;
/// Milliseconds that the forge takes for every answer.
const LATENCY: u64 = 50;
const PATIENCE: Duration = Duration::from_secs(120);

/// From the moment at which the forge sends the browser back to the end of the list; then the same
/// list once more.
pub async fn account(ground: &Ground) -> Result<Vec<Line>> {
    let hosted = Hosted::start(ground).await?;
    let count = ground.amount(REPOSITORIES);
    let many = json!({"owner": OWNER, "name": "many", "count": count});
    hosted.control("repos", many).await?;
    hosted.control("latency", json!({"ms": LATENCY})).await?;
    let (api, began) = hosted.sign_in().await?;
    let seen = synced(&api, PATIENCE).await?;
    let first = began.elapsed().as_secs_f64();
    ensure!(seen == count as u64, "{seen} of {count} repositories came");
    let began = Instant::now();
    let _: serde_json::Value = api.post("/v3/user/sync", &json!({})).await?;
    let seen = synced(&api, PATIENCE).await?;
    let again = began.elapsed().as_secs_f64();
    ensure!(seen == count as u64, "{seen} of {count} repositories came");
    hosted.stop().await?;
    Ok(vec![Line {
        measure: format!(
            "an account with {count} repositories is synchronized, {LATENCY} ms a call of the \
             forge: first time / again"
        ),
        peers: "–".to_owned(),
        bound: "≤ 20 s".to_owned(),
        ours: super::pair(first, again, "s"),
        verdict: Verdict::of(first <= 20.0 && again <= 20.0),
    }])
}

//! Signed messages of a forge about pushes, with the fake GitHub behind them.

use super::latency::{EMPTY, QUIET, began};
use super::pair;
use crate::bed::Ground;
use crate::client::Api;
use crate::hosted::{Hosted, Pinger, synced};
use crate::samples::{Samples, wall_clock};
use crate::table::{Line, Verdict};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use travis_api::v3;

const PINGS: usize = 1_000;
const BUILDS: usize = 200;
const WARM_UP: usize = 10;
const A_SECOND: usize = 200;
const SECONDS: usize = 60;
const REPOSITORIES: usize = 20;
/// Commits of a repository that are told in turn.
const COMMITS: usize = 10;
const LOOK: Duration = Duration::from_millis(10);
const PATIENCE: Duration = Duration::from_secs(30);
const SETTLING: Duration = Duration::from_secs(90);
/// Makes a request and a status of it, but no build.
const SKIPPED: &str = "Nothing to build [skip ci]";

/// A forge whose owner is signed in, with repositories that are switched on.
struct Scene {
    hosted: Hosted,
    api: Api,
    repositories: Vec<(Pinger, Vec<String>)>,
}

impl Scene {
    async fn set(ground: &Ground, count: usize, commits: usize, message: &str) -> Result<Self> {
        let hosted = Hosted::start(ground).await?;
        // What a forge would put up with is not measured here.
        let budget = json!({"limit": 1_000_000, "remaining": 1_000_000, "reset_in": 3600});
        hosted.control("limit", budget).await?;
        let mut made = Vec::new();
        for number in 0..count {
            let name = format!("pinged-{number}");
            let shas = hosted.make(&name, EMPTY, commits, message).await?;
            made.push((name, shas));
        }
        let (api, _) = hosted.sign_in().await?;
        synced(&api, PATIENCE).await?;
        let mut repositories = Vec::new();
        for (name, shas) in made {
            repositories.push((hosted.switch_on(&api, &name).await?, shas));
        }
        Ok(Self {
            hosted,
            api,
            repositories,
        })
    }

    fn first(&self) -> Result<&(Pinger, Vec<String>)> {
        self.repositories.first().context("no repository")
    }
}

/// One after another; what comes of each is worked out while the next one is answered.
pub async fn answered(ground: &Ground) -> Result<Vec<Line>> {
    let scene = Scene::set(ground, 1, COMMITS, SKIPPED).await?;
    let (pinger, shas) = scene.first()?;
    let mut samples = Vec::new();
    for (number, sha) in (0..WARM_UP + ground.amount(PINGS)).zip(shas.iter().cycle()) {
        let push = pinger.push(sha, number)?;
        let sent = Instant::now();
        pinger.send(push).await?;
        if number >= WARM_UP {
            samples.push(sent.elapsed().as_secs_f64() * 1000.0);
        }
    }
    settled(&scene.api, pinger.repository).await?;
    scene.hosted.stop().await?;
    let samples = Samples::new(samples);
    let (p50, p95) = (samples.percentile(0.5), samples.percentile(0.95));
    Ok(vec![Line {
        measure: "signed ping → answered (stored before), p50 / p95".to_owned(),
        peers: "–".to_owned(),
        bound: "≤ 5 ms p50".to_owned(),
        ours: pair(p50, p95, "ms"),
        verdict: Verdict::of(p50 <= 5.0),
    }])
}

/// Every ping tells of a commit of its own, so that its configuration is read from the forge.
pub async fn to_process(ground: &Ground) -> Result<Vec<Line>> {
    let count = WARM_UP + ground.amount(BUILDS);
    let scene = Scene::set(ground, 1, count, "Something to build").await?;
    let (pinger, shas) = scene.first()?;
    let mut samples = Vec::new();
    for (number, sha) in shas.iter().enumerate() {
        let push = pinger.push(sha, number)?;
        let sent = wall_clock();
        let delivery = pinger.send(push).await?;
        sleep(QUIET).await;
        let request = request_of(&scene.api, pinger.repository, delivery).await?;
        let began = began(&scene.api, pinger.repository, request).await?;
        if number >= WARM_UP {
            samples.push(began - sent);
        }
    }
    scene.hosted.stop().await?;
    let samples = Samples::new(samples);
    ensure!(samples.count() > 0, "nothing was measured");
    let (p50, p95) = (samples.percentile(0.5), samples.percentile(0.95));
    Ok(vec![Line {
        measure: "ping sent → job's process runs, configuration read from the forge, nothing \
                  checked out, host, p50 / p95"
            .to_owned(),
        peers: "–".to_owned(),
        bound: "≤ 40 ms p50".to_owned(),
        ours: pair(p50, p95, "ms"),
        verdict: Verdict::of(p50 <= 40.0),
    }])
}

/// Pings at fixed moments, whether earlier ones are answered or not; each counts from the moment
/// at which it was due.
pub async fn rate(ground: &Ground) -> Result<Vec<Line>> {
    let scene = Scene::set(ground, REPOSITORIES, COMMITS, SKIPPED).await?;
    let count = A_SECOND * ground.amount(SECONDS);
    let mut running: JoinSet<Result<f64>> = JoinSet::new();
    let began = Instant::now();
    for number in 0..count {
        let due = began + Duration::from_secs_f64(number as f64 / A_SECOND as f64);
        let place = number % scene.repositories.len();
        let Some((pinger, shas)) = scene.repositories.get(place) else {
            break;
        };
        let turn = number / scene.repositories.len();
        let sha = shas.get(turn % shas.len()).context("no commit")?;
        let (pinger, push) = (pinger.clone(), pinger.push(sha, number)?);
        sleep_until(due).await;
        running.spawn(async move {
            pinger.send(push).await?;
            Ok(due.elapsed().as_secs_f64() * 1000.0)
        });
    }
    let (mut samples, mut errors) = (Vec::new(), 0);
    while let Some(done) = running.join_next().await {
        match done? {
            Ok(sample) => samples.push(sample),
            Err(error) => {
                errors += 1;
                eprintln!("a ping failed: {error:#}");
            }
        }
    }
    let a_second = samples.len() as f64 / began.elapsed().as_secs_f64();
    let last = Instant::now();
    let mut kept = 0;
    for (pinger, _) in &scene.repositories {
        kept += settled(&scene.api, pinger.repository).await?;
    }
    let behind = last.elapsed().as_secs_f64();
    scene.hosted.stop().await?;
    ensure!(
        kept == samples.len(),
        "{} pings were answered and {kept} are kept and settled",
        samples.len()
    );
    let p99 = Samples::new(samples).percentile(0.99);
    Ok(vec![Line {
        measure: format!(
            "{A_SECOND} pings a second over {REPOSITORIES} repositories for {} s, SQLite, commits \
             with [skip ci]: answered a second, errors, p99 of the answer",
            count / A_SECOND
        ),
        peers: "–".to_owned(),
        bound: format!("{A_SECOND}, no error"),
        ours: format!(
            "{a_second:.1}, {errors} errors, {p99:.1} ms (the last one settled {behind:.1} s later)"
        ),
        verdict: Verdict::of(errors == 0 && a_second >= A_SECOND as f64 * 0.99),
    }])
}

/// The request that comes of a delivery.
async fn request_of(api: &Api, repository: i64, delivery: i64) -> Result<i64> {
    let path = format!("/v3/repo/{repository}/delivery/{delivery}");
    let until = Instant::now() + PATIENCE;
    loop {
        let now: v3::Delivery = api.get(&path).await?;
        if let Some(request) = now.request {
            return Ok(request.id);
        }
        ensure!(
            now.state == "pending" && Instant::now() < until,
            "no request comes of a ping: {:?}",
            now.outcome
        );
        sleep(LOOK).await;
    }
}

/// Waits until no delivery of a repository is pending. Answers how many of this program's became
/// a request.
async fn settled(api: &Api, repository: i64) -> Result<usize> {
    let until = Instant::now() + SETTLING;
    let list = format!("/v3/repo/{repository}/deliveries?limit=100");
    let (mut offset, mut kept) = (0, 0);
    loop {
        let page: v3::Deliveries = api.get(&format!("{list}&offset={offset}")).await?;
        if page.deliveries.iter().any(|one| one.state == "pending") {
            ensure!(Instant::now() < until, "deliveries are not worked on");
            sleep(LOOK).await;
            continue;
        }
        let ours = |one: &&v3::Delivery| {
            one.guid.starts_with("00000000-") && one.state == "done" && one.request.is_some()
        };
        kept += page.deliveries.iter().filter(ours).count();
        if page.deliveries.is_empty() {
            return Ok(kept);
        }
        offset += page.deliveries.len();
    }
}

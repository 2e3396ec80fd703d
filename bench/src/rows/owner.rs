//! The owner of a lent machine: what their own work feels of jobs, and how soon they have it back.

mod probe;

use crate::bed::{Ground, Parts};
use crate::table::{Line, Verdict};
use anyhow::{Context as _, Result, ensure};
use probe::{Felt, feel};
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use travis_api::v3;

const LOOK: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(60);
/// Lent while nobody uses the machine, which need not be for long; everything else as it is by
/// default.
const IDLE_ONLY: &str = "[lend]\nonly_when_idle = true\n[idle]\nafter_seconds = 1\n";
/// A word on the command line of what burns in a job.
const BURNER: &str = "travis-bench-burner";
/// How often the owner comes.
const VISITS: usize = 5;

/// Compiles on all processors without end, or does what looks like it where there is no compiler.
const BUILD: &str = r#"language: generic
git:
  clone: false
script: |
  work() {
    mkdir -p $1 && cd $1
    if command -v cc >/dev/null; then
      seq 400 | while read n; do echo "int f$n(int a){int s=0;for(int i=0;i<a;i++)s+=i*$n;return s;}"; done > f.c
      while :; do cc -O2 -c f.c -o f.o; done
    else
      while :; do seq 200000 | sort -R | md5sum >/dev/null; done
    fi
  }
  for n in $(seq $(nproc)); do work w$n & done; wait
"#;

/// The owner's own work beside a build on all processors, in namespaces.
pub async fn namespace(ground: &Ground) -> Result<Vec<Line>> {
    beside(ground, "namespace").await
}

/// The same with plain processes.
pub async fn host(ground: &Ground) -> Result<Vec<Line>> {
    beside(ground, "host").await
}

async fn beside(ground: &Ground, executor: &str) -> Result<Vec<Line>> {
    let parts = Parts::server(ground).await?;
    let worker = parts
        .owned_worker(ground, "lent", executor, 1, IDLE_ONLY)
        .await?;
    let repository = parts.repository("build", &[(".travis.yml", BUILD)]).await?;
    let span = Duration::from_secs(ground.amount(8) as u64);
    let (mut alone, mut beside, mut cores) = (Felt::default(), Felt::default(), 0.0_f64);
    // By turns, so that a machine that gets slower by itself counts for neither.
    for _ in 0..2 {
        alone.extend(feel(span).await?);
        let (job, build) = begin(&parts, repository).await?;
        beside.extend(feel(span).await?);
        let now = parts.standing(ground, "lent").await?;
        let used = now.pointer("/jobs/0/cores").and_then(|it| it.as_f64());
        cores = cores.max(used.unwrap_or_default());
        cancel(&parts, job, build).await?;
    }
    worker.stop().await?;
    parts.server.stop().await?;
    ensure!(
        cores > 0.3,
        "the job used {cores:.2} cores: the machine is too busy to be lent"
    );
    let slower = |part: f64| (beside.work(part) / alone.work(part) - 1.0) * 100.0;
    let (median, late) = (slower(0.5), slower(0.95));
    Ok(vec![Line {
        measure: format!("owner's work beside a build, {executor}: slower, p50 / p95"),
        peers: "–".to_owned(),
        bound: "≤ 2 %".to_owned(),
        ours: format!(
            "{median:+.1} / {late:+.1} % ({:.2} / {:.2} ms alone; answer p50 {:.3} → {:.3} ms; jobs on {cores:.1} cores)",
            alone.work(0.5),
            alone.work(0.95),
            alone.answer(0.5),
            beside.answer(0.5),
        ),
        verdict: Verdict::of(median <= 2.0 && late <= 2.0),
    }])
}

/// A program of the owner's begins to use every processor: until the job stands still.
pub async fn freeze(ground: &Ground) -> Result<Vec<Line>> {
    let parts = Parts::server(ground).await?;
    let file = format!("{IDLE_ONLY}thaw_after_seconds = 1\n");
    let worker = parts
        .owned_worker(ground, "lent", "namespace", 1, &file)
        .await?;
    let repository = burner(&parts).await?;
    let (job, build) = begin(&parts, repository).await?;
    let mut taken = Vec::new();
    for _ in 0..ground.amount(VISITS) {
        until("the job runs", || Ok(!stands()? && !burners()?.is_empty())).await?;
        // The worker has seen that nobody is there.
        sleep(Duration::from_millis(1300)).await;
        let came = Instant::now();
        let visit = Visit::come()?;
        until("the job stands still", stands).await?;
        taken.push(came.elapsed().as_secs_f64());
        drop(visit);
    }
    let now = parts.standing(ground, "lent").await?;
    let own = now.pointer("/froze_ms").and_then(|it| it.as_u64());
    cancel(&parts, job, build).await?;
    worker.stop().await?;
    parts.server.stop().await?;
    let most = taken.iter().copied().fold(0.0, f64::max);
    let all: Vec<String> = taken.iter().map(|it| format!("{it:.2}")).collect();
    Ok(vec![Line {
        measure: "owner's program begins → job frozen".to_owned(),
        peers: "–".to_owned(),
        bound: "≤ 1 s".to_owned(),
        ours: format!(
            "{} s (the worker says {:.2} s of the last)",
            all.join(", "),
            own.unwrap_or_default() as f64 / 1000.0
        ),
        verdict: Verdict::of(most <= 1.0),
    }])
}

/// The owner stays, by the times that hold when nobody sets any: until the job runs elsewhere.
pub async fn hand_back(ground: &Ground) -> Result<Vec<Line>> {
    let parts = Parts::server(ground).await?;
    let lent = parts
        .owned_worker(ground, "lent", "namespace", 1, IDLE_ONLY)
        .await?;
    // It ends by itself, and elsewhere it has to.
    let config = format!(
        "language: generic\ngit:\n  clone: false\nscript: timeout 20 bash -c 'while :; do :; done' {BURNER} || true\n"
    );
    let repository = parts
        .repository("stay", &[(".travis.yml", &config)])
        .await?;
    let (job, build) = begin(&parts, repository).await?;
    let other = parts
        .owned_worker(ground, "other", "namespace", 2, "")
        .await?;
    until("the job runs", || Ok(!burners()?.is_empty() && !stands()?)).await?;
    let came = Instant::now();
    let visit = Visit::come()?;
    until("the job stands still", stands).await?;
    let frozen = came.elapsed().as_secs_f64();
    let second = super::loss::running(&parts, job, 2, PATIENCE * 2).await?;
    let elsewhere = came.elapsed().as_secs_f64();
    ensure!(second.worker.name == "other", "it runs on the same machine");
    drop(visit);
    let build = parts.api.finished(build, LOOK, PATIENCE).await?;
    lent.stop().await?;
    other.stop().await?;
    parts.server.stop().await?;
    Ok(vec![Line {
        measure: "owner comes and stays → job runs on another machine".to_owned(),
        peers: "–".to_owned(),
        bound: "≤ 62 s: handed back after 60 s, and green".to_owned(),
        ours: format!(
            "frozen after {frozen:.2} s, elsewhere after {elsewhere:.1} s, {}",
            build.state
        ),
        verdict: Verdict::of(elsewhere <= 62.0 && build.state == "passed"),
    }])
}

async fn burner(parts: &Parts) -> Result<i64> {
    let config = format!(
        "language: generic\ngit:\n  clone: false\nscript: bash -c 'while :; do :; done' {BURNER}\n"
    );
    parts.repository("burn", &[(".travis.yml", &config)]).await
}

/// Starts a build and waits until its job runs; gives both.
async fn begin(parts: &Parts, repository: i64) -> Result<(i64, i64)> {
    let (request, _) = parts.api.trigger(repository).await?;
    let build = parts.api.build_of(repository, request, LOOK).await?;
    let jobs = parts.api.jobs(build.id).await?;
    let job = jobs.first().context("a build without a job")?.id;
    super::loss::running(parts, job, 1, PATIENCE).await?;
    Ok((job, build.id))
}

async fn cancel(parts: &Parts, job: i64, build: i64) -> Result<()> {
    let path = format!("/v3/job/{job}/cancel");
    let _: v3::PendingChange = parts.api.post(&path, &serde_json::json!({})).await?;
    parts.api.finished(build, LOOK, PATIENCE).await.map(drop)
}

async fn until(what: &str, holds: impl Fn() -> Result<bool>) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    while !holds()? {
        ensure!(Instant::now() < end, "in vain: {what}");
        sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Programs of the owner on every processor; gone with this.
struct Visit(Vec<Child>);

impl Visit {
    fn come() -> Result<Self> {
        let cores = std::thread::available_parallelism()?.get();
        let mut visit = Self(Vec::new());
        for _ in 0..cores {
            let child = Command::new("setsid")
                .args([
                    "--wait",
                    "sh",
                    "-c",
                    "while :; do :; done",
                    "an-owners-program",
                ])
                .stdin(Stdio::null())
                .spawn()
                .context("setsid of util-linux is needed")?;
            visit.0.push(child);
        }
        Ok(visit)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Processes of jobs that burn.
fn burners() -> Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let mut words = line.split(|byte| *byte == 0);
        if words.next_back() == Some(b"") && words.next_back() == Some(BURNER.as_bytes()) {
            found.push(pid);
        }
    }
    Ok(found)
}

/// Whether all of them stand still: stopped, or in a control group that is frozen.
fn stands() -> Result<bool> {
    let all = burners()?;
    Ok(!all.is_empty() && all.into_iter().all(stands_still))
}

fn stands_still(pid: u32) -> bool {
    let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let stopped = read("stat")
        .rsplit_once(") ")
        .is_some_and(|(_, rest)| rest.starts_with('T'));
    let group = read("cgroup");
    let group = group.lines().find_map(|line| line.strip_prefix("0::"));
    let frozen = group.is_some_and(|group| {
        fs::read_to_string(format!("/sys/fs/cgroup{group}/cgroup.events"))
            .is_ok_and(|events| events.contains("frozen 1"))
    });
    stopped || frozen
}

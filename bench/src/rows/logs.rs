//! How fast what a job prints is kept, and seen.

use super::{megabytes, pair};
use crate::bed::{Bed, Ground, Parts};
use crate::client::{Heard, is_over};
use crate::samples::{Samples, bash_time, wall_clock};
use crate::table::{Line, Verdict};
use anyhow::{Context as _, Result, ensure};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use travis_api::live::ServerMessage;
use travis_api::v3;

const LINES: usize = 1_000_000;
/// With its end of line.
const WIDTH: usize = 80;
const LOOK: Duration = Duration::from_millis(5);
const PATIENCE: Duration = Duration::from_secs(60);
const TICKS: usize = 500;

/// A big file made beforehand goes to the terminal between two marks.
pub async fn big(ground: &Ground) -> Result<Vec<Line>> {
    let lines = ground.amount(LINES);
    let text = "x".repeat(WIDTH - 1);
    let config = format!(
        "language: generic\ngit:\n  clone: false\ninstall: yes {text} | head -n {lines} > big\nscript:\n  - |\n    printf 'began=%s\\n' \"$EPOCHREALTIME\"; cat big; printf 'ended=%s\\n' \"$EPOCHREALTIME\"\n"
    );
    let parts = Parts::server(ground).await?;
    let worker = parts.worker(ground, "one", "namespace", 1).await?;
    let repository = parts.repository("big", &[(".travis.yml", &config)]).await?;
    let (request, _) = parts.api.trigger(repository).await?;
    let build = parts.api.build_of(repository, request, LOOK).await?;
    let jobs = parts.api.jobs(build.id).await?;
    let job = jobs.first().context("a build without a job")?.id;

    // What the server held, and since when.
    let mut held: Vec<(u64, f64)> = Vec::new();
    let until = Instant::now() + PATIENCE;
    let sealed = loop {
        let index: v3::LogIndex = parts.api.get(&format!("/v3/job/{job}/log/index")).await?;
        let now = wall_clock();
        held.push((index.length, now));
        if index.complete && index.length > 0 {
            break now;
        }
        ensure!(Instant::now() < until, "the log does not get complete");
        sleep(LOOK).await;
    };
    let peak = parts.server.memory("VmHWM")?;
    let worker_peak = worker.memory("VmHWM")?;
    let log = parts.api.log(job).await?;
    worker.stop().await?;
    parts.server.stop().await?;

    let (began, _) = mark(&log, b"\nbegan=").context("no mark before the lines")?;
    let (ended, place) = mark(&log, b"\nended=").context("no mark after the lines")?;
    let printed = log.get(..place).unwrap_or_default();
    let complete = printed.iter().filter(|byte| **byte == b'\n').count() >= lines;
    ensure!(complete, "lines are missing from the log");
    let kept = held.iter().find(|(length, _)| *length >= place as u64);
    let kept = kept.context("the server never held it all")?.1;
    let seconds = (kept - began) / 1000.0;
    let memory = megabytes(peak);
    Ok(vec![Line {
        measure: format!("log of {lines} lines: printed → on the server; its peak memory"),
        peers: "Laminar 0.69 s at 239 MB, Buildbot 15 s, buildomat 30 s; pipe to file 0.15 s"
            .to_owned(),
        bound: "≤ 1 s at ≤ 60 MB (goal 0.6 s, 30 MB)".to_owned(),
        ours: format!(
            "{seconds:.2} s at {memory:.0} MB (printing took {:.2} s, sealed after {:.2} s, worker's peak {:.0} MB)",
            (ended - began) / 1000.0,
            (sealed - began) / 1000.0,
            megabytes(worker_peak),
        ),
        verdict: Verdict::of(seconds <= 1.0 && memory <= 60.0),
    }])
}

/// The time after a mark, and where the mark's line begins.
fn mark(log: &[u8], mark: &[u8]) -> Option<(f64, usize)> {
    let place = log.windows(mark.len()).position(|window| window == mark)?;
    let rest = log.get(place + mark.len()..)?;
    let line = rest.split(|byte| *byte == b'\n').next()?;
    Some((bash_time(std::str::from_utf8(line).ok()?)?, place + 1))
}

/// A line every 5 ms, each with the moment of its printing, seen over the live channel.
pub async fn live(ground: &Ground) -> Result<Vec<Line>> {
    let ticks = ground.amount(TICKS);
    // `read -t` waits without a process of its own; nothing ever comes through the pipe.
    let config = format!(
        "language: generic\ngit:\n  clone: false\nscript:\n  - |\n    exec {{quiet}}<> <(:); read -t 1 -u $quiet; for ((i = 0; i < {ticks}; i++)); do printf 'tick=%s\\n' \"$EPOCHREALTIME\"; read -t 0.005 -u $quiet; done; true\n"
    );
    let bed = Bed::up(ground, "namespace", 2).await?;
    let repository = bed.repository("live", &[(".travis.yml", &config)]).await?;
    let mut live = bed.api.live().await?;
    live.subscribe(format!("repo:{repository}")).await?;
    bed.api.trigger(repository).await?;
    let attempt = loop {
        if let (
            Heard::Message(ServerMessage::Event {
                event,
                data: Some(data),
                ..
            }),
            _,
        ) = live.next().await?
            && event.starts_with("job:")
            && let Ok(job) = serde_json::from_value::<v3::Job>(data)
        {
            ensure!(
                !is_over(&job.state),
                "the job ended at once: {:?}",
                job.reason
            );
            if let Some(attempt) = job.attempt {
                break attempt.id;
            }
        }
    };
    live.subscribe(format!("log:{attempt}@0")).await?;
    let mut samples = Vec::new();
    let mut pending = Vec::new();
    let mut frames = 0;
    loop {
        match live.next().await? {
            (Heard::Log(bytes), at) => {
                frames += 1;
                pending.extend_from_slice(&bytes);
                while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
                    let line: Vec<u8> = pending.drain(..=end).collect();
                    let text = String::from_utf8_lossy(&line);
                    if let Some(printed) = text.strip_prefix("tick=").and_then(bash_time) {
                        samples.push(at - printed);
                    }
                }
            }
            (Heard::Message(ServerMessage::LogEnd { .. }), _) => break,
            _ => {}
        }
    }
    bed.stop().await?;
    let samples = Samples::new(samples);
    ensure!(
        samples.count() == ticks,
        "{} of {ticks} lines came in {frames} frames",
        samples.count()
    );
    let (p50, p95) = (samples.percentile(0.5), samples.percentile(0.95));
    Ok(vec![Line {
        measure: "line printed → at a websocket client, p50 / p95".to_owned(),
        peers:
            "Laminar 0.3 / 0.4 ms (no worker between), buildomat 1.4 / 1.7, Buildbot 2,558 / 4,816"
                .to_owned(),
        bound: "≤ 2 / ≤ 10 ms (goal 1 / 3)".to_owned(),
        ours: pair(p50, p95, "ms"),
        verdict: Verdict::of(p50 <= 2.0 && p95 <= 10.0),
    }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_tell_time_and_place() {
        let log = b"$ printf 'began=%s'\r\nbegan=1.5\r\nxx\r\nended=2.5\r\n";
        assert_eq!(mark(log, b"\nbegan="), Some((1500.0, 21)));
        assert_eq!(mark(log, b"\nended=").map(|found| found.0), Some(2500.0));
        assert_eq!(mark(log, b"\nother="), None);
    }
}

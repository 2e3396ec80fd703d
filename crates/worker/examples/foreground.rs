//! How much the owner's own work slows down while jobs keep every core busy: a piece of work of a
//! few milliseconds, done over and over, alone, beside polite jobs, and beside jobs that are not.
//!
//! `cargo run --release -p travis-worker --example foreground [SECONDS]`

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use travis_sandbox::{Executor as _, Host, Spec, ToolDirs};

/// From one piece of work to the next.
const EVERY: Duration = Duration::from_millis(20);
/// Keeps a core busy with what a build does: processes that come and go, files, and arithmetic.
const WORK: &str = "end=$(($(date +%s) + SECONDS_TO_RUN))\n\
    if command -v cc >/dev/null; then\n\
      seq 400 | while read n; do echo \"int f$n(int a){int s=0;for(int i=0;i<a;i++)s+=i*$n;return s;}\"; done > f.c\n\
      while [ $(date +%s) -lt $end ]; do cc -O2 -c f.c -o f.o; done\n\
    else\n\
      while [ $(date +%s) -lt $end ]; do seq 200000 | sort -R | md5sum >/dev/null; done\n\
    fi\n";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seconds: u64 = std::env::args()
        .nth(1)
        .map_or(Ok(20), |text| text.parse())?;
    let cores = thread::available_parallelism()?.get();
    let alone = probe(seconds).await?;
    println!("alone             {alone}");
    for polite in [true, false] {
        let beside = beside(seconds, cores, polite).await?;
        let slower = (beside.mean / alone.mean - 1.0) * 100.0;
        let words = if polite {
            "beside polite jobs"
        } else {
            "beside other jobs "
        };
        println!("{words} {beside}  {slower:+.1} % in the mean");
    }
    Ok(())
}

async fn beside(
    seconds: u64,
    cores: usize,
    polite: bool,
) -> Result<Figures, Box<dyn std::error::Error>> {
    let place = std::env::temp_dir().join(format!("travis-foreground-{}", std::process::id()));
    let executor = Host::new(place.join("jobs"), ToolDirs::detect());
    let stop = CancellationToken::new();
    let mut jobs = tokio::task::JoinSet::new();
    for number in 0..cores {
        let spec = Spec {
            id: format!("job-{number}"),
            polite,
            ..Spec::default()
        };
        let sandbox = executor.prepare(&spec).await?;
        let stop = stop.clone();
        jobs.spawn(async move {
            let (sink, mut output) = mpsc::channel(16);
            let script = WORK.replace("SECONDS_TO_RUN", "600");
            let drain = async { while output.recv().await.is_some() {} };
            let (exit, ()) = tokio::join!(sandbox.run(&script, sink, stop), drain);
            sandbox.destroy().await;
            exit.map(drop)
        });
    }
    let figures = probe(seconds).await;
    stop.cancel();
    while jobs.join_next().await.is_some() {}
    std::fs::remove_dir_all(&place)?;
    figures
}

struct Figures {
    mean: f64,
    half: f64,
    most: f64,
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "mean {:6.3} ms  p50 {:6.3} ms  p99 {:6.3} ms",
            self.mean, self.half, self.most
        )
    }
}

/// Times pieces of work, each with the delay of its waking, on a thread of its own.
async fn probe(seconds: u64) -> Result<Figures, Box<dyn std::error::Error>> {
    let timed = tokio::task::spawn_blocking(move || {
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut times: Vec<f64> = Vec::new();
        while Instant::now() < end {
            let wake = Instant::now() + EVERY;
            thread::sleep(EVERY);
            piece();
            times.push(wake.elapsed().as_secs_f64() * 1000.0);
        }
        times
    });
    let mut times = timed.await?;
    times.sort_by(f64::total_cmp);
    let at = |part: usize| {
        times
            .get(times.len() * part / 100)
            .copied()
            .unwrap_or(f64::NAN)
    };
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let mean = times.iter().sum::<f64>() / times.len() as f64;
    Ok(Figures {
        mean,
        half: at(50),
        most: at(99),
    })
}

/// A few milliseconds of arithmetic.
fn piece() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..1_500_000 {
        state ^= state >> 12;
        state ^= state << 25;
        state = state.wrapping_mul(0x2545_F491_4F6C_DD1D);
    }
    black_box(state);
}

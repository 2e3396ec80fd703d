//! Measures how quickly a log is taken in, sealed and searched.
//!
//! `cargo run --release -p travis-logs --example measure`

use std::time::Instant;

use bytes::Bytes;
use travis_logs::{FileLogs, Limits, LogError, LogStore, Query, mask::Masker};

const LINES: usize = 1_000_000;

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.unwrap_or("VmHWM unknown").to_owned()
}

#[tokio::main]
async fn main() -> Result<(), LogError> {
    let dir = std::env::temp_dir().join(format!("travis-logs-measure-{}", std::process::id()));
    let logs = FileLogs::open(&dir, Limits::default())?;
    let line = format!("{}\n", "compiling something or other ".repeat(3));
    let line = &line[line.len() - 80..];
    let chunk = Bytes::from(line.repeat(10_000));
    let mut hasher = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    for _ in 0..LINES / 10_000 {
        hasher.update(&chunk);
    }
    let digest = hex::encode(hasher.finish());

    let start = Instant::now();
    let mut held = 0;
    for _ in 0..LINES / 10_000 {
        held = logs.append(1, held, chunk.clone()).await?;
    }
    let took = start.elapsed();
    let rate = held as f64 / took.as_secs_f64() / 1e6;
    println!(
        "append {held} bytes: {took:?}, {rate:.0} MB/s, {}",
        memory()
    );

    let small = Bytes::copy_from_slice(line.as_bytes());
    let start = Instant::now();
    let mut offset = 0;
    for _ in 0..100_000 {
        offset = logs.append(2, offset, small.clone()).await?;
    }
    println!("append a line: {:?}", start.elapsed() / 100_000);

    let query = Query {
        text: "nowhere".to_owned(),
        case_sensitive: false,
        regex: false,
    };
    for sealed in [false, true] {
        if sealed {
            let start = Instant::now();
            let outcome = logs.seal(1, held, &digest).await?;
            println!("seal: {:?} {outcome:?}, {}", start.elapsed(), memory());
        }
        let start = Instant::now();
        let block = logs.lines(1, 765_432, 200).await?;
        println!("{} lines: {:?}", block.lines.len(), start.elapsed());
        let start = Instant::now();
        let found = logs.find(1, &query, 10).await?;
        println!("find {}: {:?}", found.total, start.elapsed());
    }

    let start = Instant::now();
    for attempt in 100..300 {
        logs.append(attempt, 0, small.clone()).await?;
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &small);
        logs.seal(attempt, small.len() as u64, &hex::encode(digest))
            .await?;
    }
    println!("a small log, whole: {:?}", start.elapsed() / 200);

    let mut masker = Masker::new(&[
        "correct horse battery".to_owned(),
        "s3cr3t-t0ken".to_owned(),
    ]);
    let mut out = Vec::with_capacity(2 * chunk.len());
    let start = Instant::now();
    for _ in 0..100 {
        out.clear();
        masker.push(&chunk, &mut out);
    }
    let rate = 100.0 * chunk.len() as f64 / start.elapsed().as_secs_f64() / 1e6;
    println!("mask: {rate:.0} MB/s");
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}

//! `travis-bench`: starts the real binary, measures it from outside over its own API, and prints
//! each figure beside those of others. A missed bound is a finding, not a failure: the exit code
//! is 0 unless something could not be measured.

mod bed;
mod client;
mod hosted;
mod process;
mod repository;
mod rows;
mod samples;
mod table;

use anyhow::Result;
use clap::Parser;
use std::process::ExitCode;

/// Measures a server and workers, and prints the figures beside those of others.
#[derive(Parser)]
#[command(name = "travis-bench", version)]
struct Args {
    /// Only the row of this name, or else rows whose name contains it
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
    /// A tenth of the work: to see that it runs, not for figures
    #[arg(long)]
    quick: bool,
    /// Print the names of the rows and leave
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    // The benchmark shares the processors with what it measures: one thread is enough.
    let run = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(&args)));
    match run {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything could be measured.
async fn run(args: &Args) -> Result<bool> {
    let mut chosen = rows::all();
    if let Some(part) = args.only.as_deref() {
        let exact = chosen.iter().any(|row| row.name == part);
        chosen.retain(|row| row.name == part || (!exact && row.name.contains(part)));
    }
    anyhow::ensure!(
        !chosen.is_empty(),
        "no row has such a name; `travis-bench --list` prints them"
    );
    if args.list {
        chosen.iter().for_each(|row| println!("{}", row.name));
        return Ok(true);
    }
    let ground = bed::Ground::prepare(args.quick)?;
    eprintln!("{}", ground.description());
    let mut lines = Vec::new();
    for row in chosen {
        eprintln!("measuring {} …", row.name);
        lines.extend(row.measure(&ground).await);
    }
    if args.only.is_none() {
        lines.extend(rows::later());
    }
    if args.json {
        println!("{}", table::json(&ground.description(), &lines)?);
    } else {
        print!("{}", table::text(&lines));
    }
    Ok(lines
        .iter()
        .all(|line| line.verdict != table::Verdict::Broken))
}

//! `fake-forge`: a fake GitHub, Gitea or GitLab as a process of its own.

use anyhow::Context;
use clap::Parser;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::signal::unix::{SignalKind, signal};
use travis_fake_forge::{FakeForge, Kind, Options};

/// Plays a forge for tests: API, pages, hooks and git over HTTP.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Which service is played.
    #[arg(long, value_enum, default_value = "github")]
    kind: Kind,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:0")]
    bind: SocketAddr,
    /// Milliseconds that every answer takes at least.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Ends when standard input is closed, so that it never outlives what started it.
    #[arg(long)]
    until_stdin_closes: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let options = Options {
        bind: arguments.bind,
        latency: Duration::from_millis(arguments.latency_ms),
    };
    let mut terminate = signal(SignalKind::terminate()).context("can't listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("can't listen for SIGINT")?;
    let forge = FakeForge::start(arguments.kind, options).await?;
    println!("ready: {}", forge.url());
    let closed = async {
        if arguments.until_stdin_closes {
            let mut stdin = tokio::io::stdin();
            let mut buffer = [0_u8; 256];
            while matches!(stdin.read(&mut buffer).await, Ok(read) if read > 0) {}
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = closed => {}
    }
    drop(forge);
    // A read of standard input that is still waiting would hold the runtime back.
    std::process::exit(0)
}

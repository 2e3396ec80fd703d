//! How long it takes from `prepare` until a job's first byte, and until it is cleaned away.
//!
//! `cargo run --release -p travis-sandbox --example start -- [namespace|host|container] [rounds] [off|machine|guarded]`
//!
//! Containers use the `images.toml` of the directory in which this is started.
//! Networks are made by the program `make-job-network`, which has to be built beside this one.

use std::path::Path;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use travis_egress::{Gateway, Policy};
use travis_sandbox::{
    Container, Executor, Host, ImageSettings, Namespace, Network, Networks, SandboxError, Spec,
    ToolDirs,
};

fn other(reason: String) -> SandboxError {
    SandboxError::Engine {
        program: "engine".to_owned(),
        task: "detect".to_owned(),
        reason,
    }
}

#[tokio::main]
async fn main() -> Result<(), SandboxError> {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().unwrap_or_else(|| "namespace".to_owned());
    let rounds: usize = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(100);
    let network = match arguments.next().as_deref() {
        Some("off") => Network::Off,
        Some("guarded") => Network::Guarded(Gateway::new(Policy::default())),
        _ => Network::Machine,
    };
    let maker = std::env::current_exe().unwrap_or_default();
    let maker = maker.with_file_name("../make-job-network");
    let root = std::env::temp_dir().join(format!("travis-start-{}", std::process::id()));
    let executor: Box<dyn Executor> = match kind.as_str() {
        "host" => Box::new(Host::new(root.clone(), ToolDirs::detect())),
        "container" => {
            let settings = ImageSettings::read(Path::new(".")).map_err(other)?;
            let settings = settings.unwrap_or_default();
            let container = Container::detect(root.clone(), settings, Vec::new()).await;
            Box::new(container.map_err(other)?.with_networks(Networks::by(maker)))
        }
        _ => Box::new(
            Namespace::new(root.clone(), Vec::new(), ToolDirs::detect())
                .with_networks(Networks::by(maker)),
        ),
    };
    executor.sweep().await;
    let (mut first, mut whole) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        let spec = Spec {
            id: round.to_string(),
            network: network.clone(),
            ..Spec::default()
        };
        let since = Instant::now();
        let sandbox = executor.prepare(&spec).await?;
        let (sink, mut output) = mpsc::channel(4);
        let seeing = async {
            output.recv().await;
            let seen = since.elapsed();
            while output.recv().await.is_some() {}
            seen
        };
        let running = sandbox.run("echo x\n", sink, CancellationToken::new());
        let (exit, seen) = tokio::join!(running, seeing);
        exit?;
        sandbox.destroy().await;
        // The first makes what all share.
        if round > 0 {
            first.push(seen);
            whole.push(since.elapsed());
        }
    }
    for (name, mut times) in [("first byte", first), ("cleaned away", whole)] {
        times.sort_unstable();
        let at = |share: usize| times.get(times.len() * share / 100).copied();
        let show = |time: Option<Duration>| time.unwrap_or_default().as_secs_f64() * 1e3;
        println!(
            "{kind} {network:?}: {name}: p50 {:.2} ms, p95 {:.2} ms",
            show(at(50)),
            show(at(95))
        );
    }
    let _ = std::fs::remove_dir_all(root);
    Ok(())
}

//! How long it takes from `prepare` until a job's first byte, and until it is cleaned away.
//!
//! `cargo run --release -p travis-sandbox --example start -- [namespace|host] [rounds]`
//!
//! `… -- vm|vm-emulated|bare ROUNDS IMAGE`: machines from the image in the directory IMAGE. `bare` is
//! what there is to compare with: QEMU started by hand with the same kernel, initrd and image, until
//! its agent finds no worker and powers off.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use travis_sandbox::{Executor, Host, Namespace, Network, ResourceLimits, Spec, ToolDirs, Vm};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().unwrap_or_else(|| "namespace".to_owned());
    let rounds: usize = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(100);
    let root = std::env::temp_dir().join(format!("travis-start-{}", std::process::id()));
    let image = arguments.next().map(PathBuf::from).unwrap_or_default();
    if kind == "bare" {
        return bare(&image, rounds);
    }
    let executor: Box<dyn Executor> = match kind.as_str() {
        "vm" => Box::new(Vm::open(root.clone(), image, Vec::new()).await?),
        "vm-emulated" => Box::new(Vm::emulated(root.clone(), image, Vec::new()).await?),
        "host" => Box::new(Host::new(root.clone(), ToolDirs::detect())),
        _ => Box::new(Namespace::new(root.clone(), Vec::new(), ToolDirs::detect())),
    };
    executor.sweep().await;
    let (mut first, mut whole) = (Vec::new(), Vec::new());
    for round in 0..=rounds {
        let spec = Spec {
            id: round.to_string(),
            // A machine starts as fast with a network card as without.
            network: if kind.starts_with("vm") {
                Network::Off
            } else {
                Network::Machine
            },
            limits: ResourceLimits {
                cpu_percent: Some(100),
                ..ResourceLimits::default()
            },
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
    println!("{}", executor.detail());
    show(&kind, [("first byte", first), ("cleaned away", whole)]);
    let _ = std::fs::remove_dir_all(root);
    Ok(())
}

/// QEMU by hand.
fn bare(image: &Path, rounds: usize) -> Result<(), Box<dyn std::error::Error>> {
    let mut times = Vec::new();
    for _ in 0..rounds {
        let since = Instant::now();
        let disk = format!(
            "if=none,id=image,format=raw,readonly=on,file={}",
            image.join("disk.raw").display()
        );
        let status = Command::new("qemu-system-x86_64")
            .args(["-nodefaults", "-display", "none", "-no-reboot"])
            .args([
                "-machine",
                "q35",
                "-cpu",
                "max",
                "-accel",
                "tcg,thread=multi",
            ])
            .args([
                "-m",
                "576",
                "-smp",
                "1",
                "-append",
                "quiet panic=-1 mitigations=off",
            ])
            .arg("-kernel")
            .arg(image.join("vmlinuz"))
            .arg("-initrd")
            .arg(image.join("job-initrd.img"))
            .args(["-drive", &disk])
            .args(["-device", "virtio-blk-pci,drive=image,serial=image"])
            .stdin(Stdio::null())
            .status()?;
        if !status.success() {
            return Err(format!("QEMU ended with {status}").into());
        }
        times.push(since.elapsed());
    }
    show("bare", [("powered off", times)]);
    Ok(())
}

fn show<const N: usize>(kind: &str, figures: [(&str, Vec<Duration>); N]) {
    for (name, mut times) in figures {
        times.sort_unstable();
        let at = |share: usize| times.get(times.len() * share / 100).copied();
        let milliseconds = |time: Option<Duration>| time.unwrap_or_default().as_secs_f64() * 1e3;
        println!(
            "{kind}: {name}: p50 {:.2} ms, p95 {:.2} ms",
            milliseconds(at(50)),
            milliseconds(at(95))
        );
    }
}

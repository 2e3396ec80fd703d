//! How long it takes until a job in a machine of its own prints its first byte, and until all of it
//! is gone.
//!
//! `cargo run --release -p travis-sandbox --example start_machine -- vm|emulated|bare IMAGE [rounds]`
//!
//! IMAGE is a directory that `make image` wrote. `bare` is what there is to compare with: QEMU
//! started by hand with the same kernel, initrd and image, until its agent finds no worker and
//! powers off.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use travis_sandbox::{Executor as _, ResourceLimits, Spec, Vm};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().unwrap_or_else(|| "vm".to_owned());
    let image = PathBuf::from(arguments.next().ok_or("which image?")?);
    let rounds: usize = arguments.next().and_then(|n| n.parse().ok()).unwrap_or(5);
    if kind == "bare" {
        return bare(&image, rounds);
    }
    let root = std::env::temp_dir().join(format!("travis-start-{}", std::process::id()));
    let executor = match kind.as_str() {
        "vm" => Vm::open(root.clone(), image, Vec::new()).await?,
        _ => Vm::emulated(root.clone(), image, Vec::new()).await?,
    };
    let (mut up, mut first, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let spec = Spec {
            id: round.to_string(),
            limits: ResourceLimits {
                memory_bytes: Some(384 << 20),
                ..ResourceLimits::default()
            },
            ..Spec::default()
        };
        let since = Instant::now();
        let sandbox = executor.prepare(&spec).await?;
        up.push(since.elapsed());
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
        first.push(seen);
        whole.push(since.elapsed());
    }
    println!("{}", executor.detail());
    show("the agent is there", up);
    show("first byte", first);
    show("cleaned away", whole);
    let _ = std::fs::remove_dir_all(root);
    Ok(())
}

/// QEMU by hand.
fn bare(image: &Path, rounds: usize) -> Result<(), Box<dyn std::error::Error>> {
    let mut times = Vec::new();
    let (disk, format) = match image.join("disk.qcow2") {
        disk if disk.is_file() => (disk, "qcow2"),
        _ => (image.join("disk.raw"), "raw"),
    };
    let drive = format!(
        "if=none,id=image,format={format},readonly=on,file={}",
        disk.display()
    );
    for _ in 0..rounds {
        let since = Instant::now();
        let status = Command::new("qemu-system-x86_64")
            .args(["-nodefaults", "-display", "none", "-no-reboot"])
            .args(["-machine", "q35", "-cpu", "max"])
            .args(["-accel", "tcg,thread=multi", "-m", "576", "-smp", "2"])
            .args(["-append", "quiet panic=-1 mitigations=off", "-kernel"])
            .arg(image.join("vmlinuz"))
            .arg("-initrd")
            .arg(image.join("job-initrd.img"))
            .args(["-drive", &drive])
            .args(["-device", "virtio-blk-pci,drive=image,serial=image"])
            .stdin(Stdio::null())
            .status()?;
        if !status.success() {
            return Err(format!("QEMU ended with {status}").into());
        }
        times.push(since.elapsed());
    }
    show("bare QEMU, emulated, powered off", times);
    Ok(())
}

fn show(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let middle = times.get(times.len() / 2).copied().unwrap_or_default();
    let least = times.first().copied().unwrap_or_default();
    println!(
        "{name}: least {:.2} s, p50 {:.2} s",
        least.as_secs_f64(),
        middle.as_secs_f64()
    );
}

//! Reads what the machine's owner handed in, as root, once at each start.

use super::nocloud;
use super::offer::{Offer, read_bounded};
use anyhow::{Context as _, Result, bail};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;
use tokio::process::Command;

/// Where systemd puts credentials of the machine.
const CREDENTIALS: &str = "/run/credentials/@system";
/// Labels of a seed disk, as cloud-init knows them.
const SEEDS: [&str; 2] = ["CIDATA", "cidata"];
/// How long a disk may take to be mounted.
const PATIENCE: Duration = Duration::from_secs(30);

/// Writes the offer into `run`, which belongs to the worker's user.
///
/// # Errors
/// When the file can't be written. What can't be read is told in the offer.
pub async fn setup(run: &Path) -> Result<ExitCode> {
    let line = std::fs::read_to_string("/proc/cmdline").unwrap_or_default();
    let mut offer = Offer::of_command_line(&line);
    if let Some(seed) = seed_disk() {
        offer.overlay(of_seed(&seed).await.unwrap_or_else(|error| Offer {
            trouble: Some(format!("the seed disk can't be used: {error:#}")),
            ..Offer::default()
        }));
    }
    offer.overlay(Offer::of_credentials(Path::new(CREDENTIALS)));
    let path = run.join("offer.json");
    let owner = std::fs::metadata(run).with_context(|| format!("{} is missing", run.display()))?;
    offer
        .write(&path)
        .and_then(|()| chown(&path, Some(owner.uid()), Some(owner.gid())))
        .with_context(|| format!("{} can't be written", path.display()))?;
    let has = |what: &Option<String>| if what.is_some() { "yes" } else { "no" };
    // Never the token itself: this goes to the journal.
    println!(
        "server: {}, token: {}, settings: {}",
        offer.server.as_deref().unwrap_or("none"),
        has(&offer.token),
        has(&offer.settings)
    );
    if let Some(trouble) = &offer.trouble {
        println!("{trouble}");
    }
    Ok(ExitCode::SUCCESS)
}

fn seed_disk() -> Option<PathBuf> {
    let labels = Path::new("/dev/disk/by-label");
    let named = SEEDS.iter().map(|label| labels.join(label));
    named.into_iter().find(|path| path.exists())
}

async fn of_seed(disk: &Path) -> Result<Offer> {
    let place = tempfile::tempdir().context("there is no place to mount it at")?;
    call(
        Command::new("mount")
            .args(["--read-only", "--options", "nosuid,nodev,noexec"])
            .arg(disk)
            .arg(place.path()),
    )
    .await?;
    let read = read_bounded(&place.path().join("user-data"));
    call(Command::new("umount").arg(place.path())).await?;
    let text = read.context("it has no file user-data that is text")?;
    nocloud::offer(&text).map_err(|error| anyhow::anyhow!("user-data: {error}"))
}

async fn call(command: &mut Command) -> Result<()> {
    let running = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let done = tokio::time::timeout(PATIENCE, running)
        .await
        .context("it does not answer")??;
    if !done.status.success() {
        bail!("{}", String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(())
}

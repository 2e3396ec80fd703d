//! The machine's disks, made by qemu-img.

use super::chosen::{Chosen, MIB};
use super::image::{self, Image};
use super::machine::{KEPT, ROOT};
use crate::cli::worker::VmArgs;
use crate::failure::{Failure, Status};
use crate::session::Session;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// How long qemu-img may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The root is a layer over the image and made anew for a new one; what the machine keeps has a
/// disk of its own.
///
/// # Errors
/// When qemu-img fails, or a disk was to become smaller.
pub async fn prepare(
    args: &VmArgs,
    chosen: &mut Chosen,
    image: &Image,
    place: &Path,
    session: &mut Session,
) -> Result<(), Failure> {
    let root = place.join(ROOT);
    if chosen.image.as_ref() != Some(&image.sha256) || !root.is_file() {
        let _ = fs::remove_file(&root);
        let mut create = Command::new("qemu-img");
        create
            .args(["create", "-q", "-f", "qcow2", "-F", "qcow2", "-b"])
            .arg(&image.disk)
            .arg(ROOT);
        tool(create, place).await?;
        if chosen.image.is_some() {
            session.screen.remark(
                "A newer image: the machine starts from it and keeps its place at the server.",
            )?;
        }
        chosen.image = Some(image.sha256.clone());
        image::forget_others(&place.join("images"), image);
    }
    let kept = place.join(KEPT);
    let wanted = args.disk.map(|bytes| bytes / MIB * MIB);
    if !kept.is_file() {
        let size = wanted.unwrap_or(20 << 30).max(2 << 30);
        let mut create = Command::new("qemu-img");
        create
            .args(["create", "-q", "-f", "qcow2", KEPT])
            .arg(size.to_string());
        tool(create, place).await?;
    } else if let Some(wanted) = wanted {
        let mut resize = Command::new("qemu-img");
        resize.args(["resize", "-q", KEPT]).arg(wanted.to_string());
        tool(resize, place).await.map_err(|error| {
            error.remedy("A machine's disk can only grow. Remove state.qcow2 to begin with a new one and a new token.")
        })?;
    }
    Ok(())
}

async fn tool(mut command: Command, place: &Path) -> Result<(), Failure> {
    command
        .current_dir(place)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let done = tokio::time::timeout(PATIENCE, command.output())
        .await
        .map_err(|_| Failure::new(Status::Io, "qemu-img does not come to an end"))??;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(Failure::new(Status::Io, said.trim().to_owned()))
}

//! Virtual machines for jobs, as a worker sets them up.

use super::files;
use super::settings::Worker;
use std::path::{Path, PathBuf};
use travis_sandbox::{Executor as _, Finding, Vm, VmError};

/// Where a worker's images for jobs' machines lie: where the owner says, else in its data
/// directory, else in the one of this user's worker.
pub fn images(data: &Path, owner: &Worker) -> PathBuf {
    if let Some(said) = &owner.vm_images {
        return said.clone();
    }
    let own = data.join("images/vm");
    if own.is_dir() {
        return own;
    }
    match files::default_data("travis-worker").map(|data| data.join("images/vm")) {
        Ok(users) if users.is_dir() => users,
        _ => own,
    }
}

/// Where a worker's images for jobs' machines are put.
///
/// # Errors
/// When the settings can't be read.
pub fn place(data: &Path) -> anyhow::Result<PathBuf> {
    let said = super::settings::Settings::read(None, Some(data))?.worker;
    Ok(said.vm_images.unwrap_or_else(|| data.join("images/vm")))
}

/// What `travis doctor` says of virtual machines where the owner chose them: whether QEMU and an
/// image are there. Starts no machine.
pub async fn examine(data: &Path, owner: &Worker) -> Vec<Finding> {
    match Vm::emulated(data.join("jobs"), images(data, owner), Vec::new()).await {
        Ok(vm) => {
            let mut found = vm.check().await;
            // Whether the processor helps was not tried out.
            found.retain(|finding| finding.name != "virtual machines");
            found
        }
        Err(error @ VmError::NoImage(_)) => vec![Finding::bad(
            "virtual machines",
            error.to_string(),
            "travis worker image fetch",
        )],
        Err(error) => vec![Finding::bad(
            "virtual machines",
            error.to_string(),
            "or choose another executor in worker.toml",
        )],
    }
}

/// The executor `vm`.
///
/// # Errors
/// When QEMU or an image is missing; says what to do.
pub async fn executor(data: &Path, owner: &Worker) -> Result<Vm, VmError> {
    let given = owner.job_env.clone().into_iter().collect();
    Vm::open(data.join("jobs"), images(data, owner), given).await
}

/// The same where it is the default: machines that are emulated would be ten times slower than
/// what else there is, so only with the processor's help.
pub async fn by_default(data: &Path, owner: &Worker) -> Option<Vm> {
    match executor(data, owner).await {
        Ok(vm) if vm.accelerated() => Some(vm),
        Ok(_) => {
            tracing::debug!("virtual machines are emulated here, so they are not the default");
            None
        }
        Err(error) => {
            tracing::debug!(%error, "no virtual machines for jobs");
            None
        }
    }
}

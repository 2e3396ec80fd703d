//! A worker's configuration from what the command line says.

use super::settings::Worker;
use crate::cli::serve::Executor as Choice;

use anyhow::{Result, bail};
use std::path::Path;
use std::sync::Arc;
use travis_sandbox::{Executor, Host, Namespace, ToolDirs};

/// The executor that was chosen, or the strongest that works here.
pub async fn executor(
    choice: Option<Choice>,
    data: &Path,
    hidden: &[&Path],
    owner: &Worker,
) -> Result<Arc<dyn Executor>> {
    match choice {
        Some(Choice::Vm) => return Ok(Arc::new(super::vm::executor(data, owner).await?)),
        None => {
            if let Some(vm) = super::vm::by_default(data, owner).await {
                return Ok(Arc::new(vm));
            }
        }
        Some(Choice::Namespace | Choice::Host) => {}
    }
    let root = data.join("jobs");
    let mut tools = ToolDirs::detect();
    let given = owner.job_env.iter();
    tools
        .environment
        .extend(given.map(|(name, value)| (name.clone(), value.clone())));
    if choice == Some(Choice::Host) {
        return Ok(Arc::new(Host::new(root, tools)));
    }
    let hidden = hidden.iter().map(|path| (*path).to_owned()).collect();
    let images = travis_sandbox::images::Images::new(images_of(data));
    let namespace = Namespace::new(root, hidden, tools).with_images(images);
    let broken: Vec<String> = namespace
        .check()
        .await
        .into_iter()
        .filter(|finding| !finding.ok && finding.name == "bubblewrap")
        .map(|finding| format!("{}: {}", finding.detail, finding.remedy.unwrap_or_default()))
        .collect();
    if !broken.is_empty() {
        bail!(
            "jobs can't be isolated here ({}). Or run jobs without a sandbox, only for code that you trust: --executor host",
            broken.join("; ")
        );
    }
    Ok(Arc::new(namespace))
}

/// Where root file systems by name lie.
pub fn images_of(data: &Path) -> std::path::PathBuf {
    data.join("images/rootfs")
}

/// The machine's name.
pub fn host_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

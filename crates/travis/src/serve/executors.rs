//! Which executors a worker has, the strongest first: virtual machines, containers, namespaces.

use super::settings::Worker;
use crate::cli::serve::Executor as Choice;

use anyhow::{Result, anyhow, bail};
use std::path::Path;
use std::sync::Arc;
use travis_sandbox::{
    Container, Executor, Finding, Host, ImageSettings, ImageWish, Namespace, ToolDirs,
};

/// What a worker runs jobs with.
pub struct Executors {
    /// For jobs that demand nothing.
    pub used: Arc<dyn Executor>,
    /// Stronger ones, for jobs that demand one; the strongest first.
    pub stronger: Vec<Arc<dyn Executor>>,
}

/// The executor that was chosen and the stronger ones that work here; without a choice the
/// strongest that is worth being the default:
///
/// - virtual machines with the processor's help;
/// - containers where the owner has set them up (`images.toml` in the data directory) or the usual
///   image is here: a newcomer's first job does not wait for gigabytes of images;
/// - namespaces.
///
/// Without isolation only by choice.
///
/// # Errors
/// When the chosen one does not work here, or none does; says what to do.
pub async fn executors(
    choice: Option<Choice>,
    data: &Path,
    hidden: &[&Path],
    owner: &Worker,
) -> Result<Executors> {
    if choice == Some(Choice::Vm) {
        let vm = super::vm::executor(data, owner).await?;
        return Ok(Executors::only(Arc::new(vm)));
    }
    let settings = ImageSettings::read(data).map_err(anyhow::Error::msg)?;
    let set_up = settings.is_some();
    let container = container(data, settings.unwrap_or_default(), owner).await;
    let vm = super::vm::by_default(data, owner).await;
    let vm: Option<Arc<dyn Executor>> = vm.map(|vm| Arc::new(vm) as Arc<dyn Executor>);
    if choice == Some(Choice::Container) {
        let container = container.map_err(|reason| {
            anyhow!(
                "containers don't work here: {reason}. Or choose another executor: --executor namespace"
            )
        })?;
        return Ok(Executors {
            used: Arc::new(container),
            stronger: vm.into_iter().collect(),
        });
    }
    let container = match container {
        Ok(container) => Some(Arc::new(container)),
        Err(reason) if set_up => bail!(
            "images.toml asks for containers, which don't work here: {reason}. Mend that, or choose another executor: --executor namespace"
        ),
        Err(reason) => {
            tracing::debug!(reason, "no containers for jobs");
            None
        }
    };
    if choice.is_none() {
        if let Some(vm) = vm {
            return Ok(Executors::only(vm));
        }
        if let Some(container) = &container
            && (set_up || container.has_image(&ImageWish::default()).await)
        {
            return Ok(Executors::only(Arc::clone(container) as Arc<dyn Executor>));
        }
    }
    let stronger = container.map(|container| container as Arc<dyn Executor>);
    Ok(Executors {
        used: weakest(choice, data, hidden, owner).await?,
        stronger: vm.into_iter().chain(stronger).collect(),
    })
}

impl Executors {
    fn only(used: Arc<dyn Executor>) -> Self {
        Self {
            used,
            stronger: Vec::new(),
        }
    }
}

/// The one executor that was chosen, for jobs that are run by hand.
///
/// # Errors
/// When it does not work here; says what to do.
pub async fn executor(
    choice: Choice,
    data: &Path,
    hidden: &[&Path],
    owner: &Worker,
) -> Result<Arc<dyn Executor>> {
    match choice {
        Choice::Vm | Choice::Container => {
            let all = executors(Some(choice), data, hidden, owner).await?;
            Ok(all.used)
        }
        Choice::Namespace | Choice::Host => weakest(Some(choice), data, hidden, owner).await,
    }
}

/// Containers, when an engine starts them here.
async fn container(
    data: &Path,
    settings: ImageSettings,
    owner: &Worker,
) -> Result<Container, String> {
    let given = owner.job_env.clone().into_iter().collect();
    let container = Container::detect(data.join("containers"), settings, given).await?;
    match broken(&container.check().await, &["container start"]) {
        None => Ok(container),
        Some(reason) => Err(reason),
    }
}

/// What those need that use the machine's own programs.
async fn weakest(
    choice: Option<Choice>,
    data: &Path,
    hidden: &[&Path],
    owner: &Worker,
) -> Result<Arc<dyn Executor>> {
    let root = data.join("jobs");
    let mut tools = ToolDirs::detect();
    tools.environment.extend(owner.job_env.clone());
    if choice == Some(Choice::Host) {
        return Ok(Arc::new(Host::new(root, tools)));
    }
    let hidden = hidden.iter().map(|path| (*path).to_owned()).collect();
    let images = travis_sandbox::images::Images::new(images_of(data));
    let namespace = Namespace::new(root, hidden, tools).with_images(images);
    if let Some(reason) = broken(&namespace.check().await, &["bubblewrap", "namespaces"]) {
        bail!(
            "jobs can't be isolated here ({reason}). Or run jobs without a sandbox, only for code that you trust: --executor host"
        );
    }
    Ok(Arc::new(namespace))
}

fn broken(found: &[Finding], names: &[&str]) -> Option<String> {
    let bad = found
        .iter()
        .filter(|one| !one.ok && names.contains(&one.name.as_str()));
    let texts: Vec<String> = bad
        .map(|one| {
            let remedy = one.remedy.as_deref().unwrap_or_default();
            format!("{}: {remedy}", one.detail)
        })
        .collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

/// What `travis doctor` says of engines of containers: nothing where there is none and nobody asked
/// for one, since none is needed. `chosen` says that the owner chose containers.
pub async fn examine_containers(data: &Path, chosen: bool) -> Vec<Finding> {
    let (settings, chosen) = match ImageSettings::read(data) {
        Ok(settings) => (
            settings.clone().unwrap_or_default(),
            chosen || settings.is_some(),
        ),
        Err(error) => {
            return vec![Finding::bad(
                "images.toml",
                error,
                "mend the file; docs/containers.md says what it may hold",
            )];
        }
    };
    match Container::detect(data.join("containers"), settings, Vec::new()).await {
        Ok(container) => container.check().await,
        Err(reason) if chosen => vec![Finding::bad(
            "containers",
            reason,
            "or choose another executor in worker.toml, and remove images.toml",
        )],
        Err(reason) => {
            tracing::debug!(reason, "no containers for jobs");
            Vec::new()
        }
    }
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

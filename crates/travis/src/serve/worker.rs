//! `travis worker`.

use super::settings::Settings;
use super::{executors, files, missing, signals};
use crate::cli::serve::Executor;
use crate::cli::worker::RunArgs;
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use travis_api::lend::Lending;
use travis_sandbox::Finding;
use travis_worker::{NetworkUse, Order, OwnerSettings, WorkerConfig};

/// A worker.
///
/// # Errors
/// When it can't start.
pub async fn worker(args: RunArgs) -> Result<ExitCode> {
    super::start_log("info");
    let (drain, hard) = signals::stops()?;
    let config = config(args).await?;
    hear_owner(config.data_dir.clone())?;
    travis_worker::run(config, drain, hard).await?;
    Ok(ExitCode::SUCCESS)
}

/// SIGUSR1 pauses, SIGUSR2 resumes, SIGHUP reads the settings again: the same orders as by the
/// control socket.
fn hear_owner(data: PathBuf) -> std::io::Result<()> {
    let mut pause = signal(SignalKind::user_defined1())?;
    let mut resume = signal(SignalKind::user_defined2())?;
    let mut reload = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        loop {
            let order = tokio::select! {
                _ = pause.recv() => Order::Pause,
                _ = resume.recv() => Order::Resume,
                _ = reload.recv() => Order::Reload,
            };
            let data = data.clone();
            let asked = tokio::task::spawn_blocking(move || travis_worker::ask(&data, order));
            if let Ok(Err(error)) = asked.await {
                tracing::warn!(%error, "an order by signal was not heard");
            }
        }
    });
    Ok(())
}

/// Where a worker keeps its data when nothing is said.
///
/// # Errors
/// When the environment names no place.
pub fn worker_data() -> Result<std::path::PathBuf> {
    files::default_data("travis-worker")
}

/// Where a worker in a virtual machine keeps the machine's disks when nothing is said.
///
/// # Errors
/// When the environment names no place.
pub fn worker_vm_data() -> Result<std::path::PathBuf> {
    files::default_data("travis-worker-vm")
}

async fn config(args: RunArgs) -> Result<WorkerConfig> {
    let data = match args.data {
        Some(data) => data,
        None => worker_data()?,
    };
    let data_dir = files::private_dir(&data)?;
    let mut of_jobs = Settings::read(None, Some(&data_dir))?.worker;
    let settings_path = args
        .config
        .unwrap_or_else(|| data_dir.join(travis_worker::SETTINGS));
    let owner = OwnerSettings::read(&settings_path)?;
    of_jobs.add(&owner.job_env)?;
    let Some(server) = args
        .join
        .server
        .or_else(|| owner.server.clone())
        .or_else(|| travis_worker::enrolled_with(&data_dir))
    else {
        bail!("which server? say it with --server URL; later starts remember it");
    };
    let choice = match (args.jobs.executor, &owner.executor) {
        (None, Some(name)) => Some(
            Executor::named(name)
                .with_context(|| format!("{}: {name:?} is no executor", settings_path.display()))?,
        ),
        (choice, _) => choice,
    };
    let authorities = match args.join.ca.as_ref().or(owner.ca.as_ref()) {
        None => Vec::new(),
        Some(path) => std::fs::read(path)
            .with_context(|| format!("the certificates in {} can't be read", path.display()))?,
    };
    missing::provide(
        !matches!(
            choice,
            Some(Executor::Host | Executor::Vm | Executor::Container)
        ),
        args.install_missing,
    )
    .await?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let executors = executors::executors(choice, &data_dir, &[&data_dir], &of_jobs).await?;
    let wanted = if args.no_network {
        NetworkUse::None
    } else {
        owner.network
    };
    let network = super::network::of_worker(wanted, &*executors.used).await;
    Ok(WorkerConfig {
        name: args
            .join
            .name
            .or_else(|| owner.name.clone())
            .unwrap_or_else(executors::host_name),
        slots: u32::try_from(cores / 2).unwrap_or(1).max(1),
        flags: Lending {
            slots: args.jobs.slots,
            ..Lending::default()
        },
        enrolment_token: args.join.token.or_else(credential),
        network,
        allow_local_git: args.allow_local_git,
        owner,
        settings_path,
        polite: true,
        local_page: args.local_page,
        authorities,
        started_by: started_by().to_owned(),
        stronger: executors.stronger,
        ..WorkerConfig::new(server.trim_end_matches('/'), data_dir, executors.used)
    })
}

/// The enrolment token that systemd hands over, from a file that only root can read.
fn credential() -> Option<String> {
    let directory = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    let text = std::fs::read_to_string(Path::new(&directory).join("enrolment-token")).ok()?;
    Some(text.trim().to_owned()).filter(|token| !token.is_empty())
}

/// How this worker was started, for its page.
fn started_by() -> &'static str {
    let set = |name: &str| std::env::var_os(name).is_some();
    if std::env::var_os("TRAVIS_STARTED_BY").is_some_and(|by| by == "image") {
        "image"
    } else if set("INVOCATION_ID") {
        "systemd"
    } else if Path::new("/.dockerenv").exists() || Path::new("/run/.containerenv").exists() {
        "container"
    } else {
        "command"
    }
}

/// The executor for jobs that are run here by hand, with its files below `place`.
///
/// # Errors
/// When jobs can't be isolated that way here; says what to do.
pub async fn executor_for(
    choice: Executor,
    place: &Path,
) -> Result<Arc<dyn travis_sandbox::Executor>> {
    let owner = super::settings::Worker::default();
    executors::executor(choice, place, &[place], &owner).await
}

/// Looks at this machine as a worker would that keeps its data there, else where one does by
/// default, for `travis doctor`. Changes nothing.
pub async fn examine(data: Option<PathBuf>) -> Vec<Finding> {
    let place = data.map_or_else(|| files::default_data("travis-worker"), Ok);
    let place = place.unwrap_or_else(|_| std::env::temp_dir());
    // The directory need not be there yet; what holds it has the same disk.
    let place = place
        .ancestors()
        .find(|path| path.is_dir())
        .map_or_else(std::env::temp_dir, Path::to_owned);
    let tools = travis_sandbox::ToolDirs::detect();
    let executor = travis_sandbox::Namespace::new(place.join("jobs"), vec![place.clone()], tools);
    let mut found = travis_worker::machine(&executor, &place).await;
    let owner = OwnerSettings::read(&place.join(travis_worker::SETTINGS)).unwrap_or_default();
    let chosen = owner.executor.as_deref() == Some("container");
    found.extend(executors::examine_containers(&place, chosen).await);
    if owner.executor.as_deref() == Some("vm") {
        let of_jobs = Settings::read(None, Some(&place)).map(|said| said.worker);
        found.extend(super::vm::examine(&place, &of_jobs.unwrap_or_default()).await);
    }
    found
}

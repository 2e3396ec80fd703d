//! `travis worker`.

use super::settings::Settings;
use super::{files, local_worker, signals};
use crate::cli::serve::Executor;
use crate::cli::worker::RunArgs;
use anyhow::{Result, bail};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use travis_sandbox::Finding;
use travis_worker::{MaxLimits, WorkerConfig};

/// A worker.
///
/// # Errors
/// When it can't start.
pub async fn worker(args: RunArgs) -> Result<ExitCode> {
    super::start_log("info");
    let (drain, hard) = signals::stops()?;
    let config = config(args).await?;
    travis_worker::run(config, drain, hard).await?;
    Ok(ExitCode::SUCCESS)
}

/// Where a worker keeps its data when nothing is said.
///
/// # Errors
/// When the environment names no place.
pub fn worker_data() -> Result<std::path::PathBuf> {
    files::default_data("travis-worker")
}

async fn config(args: RunArgs) -> Result<WorkerConfig> {
    let data = match args.data {
        Some(data) => data,
        None => worker_data()?,
    };
    let data_dir = files::private_dir(&data)?;
    let owner = Settings::read(None, Some(&data_dir))?.worker;
    let Some(server) = args
        .server
        .or_else(|| travis_worker::enrolled_with(&data_dir))
    else {
        bail!("which server? say it with --server URL; later starts remember it");
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(WorkerConfig {
        server: server.trim_end_matches('/').to_owned(),
        name: args.name.unwrap_or_else(local_worker::host_name),
        slots: args
            .slots
            .unwrap_or_else(|| u32::try_from(cores / 2).unwrap_or(1).max(1)),
        executor: local_worker::executor(args.executor, &data_dir, &[&data_dir], &owner).await?,
        enrolment_token: args.token,
        max_limits: MaxLimits::default(),
        network_allowed: !args.no_network,
        allow_local_git: args.allow_local_git,
        data_dir,
    })
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
    local_worker::executor(Some(choice), place, &[place], &owner).await
}

/// Looks at this machine as a worker would, for `travis doctor`. Changes nothing.
pub async fn examine() -> Vec<Finding> {
    let place = files::default_data("travis-worker").unwrap_or_else(|_| std::env::temp_dir());
    // The directory need not be there yet; what holds it has the same disk.
    let place = place
        .ancestors()
        .find(|path| path.is_dir())
        .map_or_else(std::env::temp_dir, Path::to_owned);
    let tools = travis_sandbox::ToolDirs::detect();
    let executor = travis_sandbox::Namespace::new(place.join("jobs"), vec![place.clone()], tools);
    travis_worker::machine(&executor, &place).await
}

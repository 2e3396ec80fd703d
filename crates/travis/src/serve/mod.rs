//! The long-running commands: `up`, `server`, `worker`.

use crate::cli::serve::{ServerArgs, UpArgs, WorkerArgs};
use std::process::ExitCode;

/// Everything in one process.
///
/// # Errors
/// When it can't start.
#[expect(clippy::unused_async, reason = "the wiring that goes here awaits")]
pub async fn up(args: UpArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!(
        "`travis up` is not part of this build: nothing was started (executor {})",
        args.executor.name()
    )
}

/// The server alone.
///
/// # Errors
/// When it can't start.
#[expect(clippy::unused_async, reason = "the wiring that goes here awaits")]
pub async fn server(args: ServerArgs) -> anyhow::Result<ExitCode> {
    anyhow::bail!("`travis server` is not part of this build: nothing was started ({args:?})")
}

/// A worker.
///
/// # Errors
/// When it can't start.
#[expect(clippy::unused_async, reason = "the wiring that goes here awaits")]
pub async fn worker(args: WorkerArgs) -> anyhow::Result<ExitCode> {
    let WorkerArgs { server, .. } = args;
    anyhow::bail!("`travis worker` is not part of this build: nothing was started for {server}")
}

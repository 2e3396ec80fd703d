//! A worker's start: its directory, its identity, its first session.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use travis_forge::mirror::Mirrors;

use super::Agent;
use crate::backoff::Backoff;
use crate::client::Client;
use crate::error::on;
use crate::identity::Identity;
use crate::owner::{Desk, LocalPage, SharedDesk, Socket, keep};
use crate::runner::Workshop;
use crate::session::{Session, SessionError};
use crate::{WorkerConfig, WorkerError, facts, speed, spool};

/// How long the lock of a worker that ended is waited for.
const LOCK_FREES: Duration = Duration::from_secs(2);

/// Runs a worker until it is told to leave.
///
/// `shutdown` lets it finish what runs, take nothing new and leave. `hard` kills what runs and gives
/// it back to the server.
///
/// # Errors
/// When the worker can't start, or the server does not let it in. A server that does not answer is
/// no error: it is tried without end.
pub async fn run(
    config: WorkerConfig,
    shutdown: CancellationToken,
    hard: CancellationToken,
) -> Result<(), WorkerError> {
    let client = Client::new(&config.server, &config.authorities)?;
    make_private(&config.data_dir)?;
    let _lock = lock(&config.data_dir).await?;
    let desk = Arc::new(Desk::new(config.clone(), shutdown.clone(), hard.clone()));
    let mut attending = attend(&desk).await?;
    let worked = be(config, client, &desk, &shutdown, &hard).await;
    // Waited for: its socket is gone with the worker.
    attending.shutdown().await;
    worked
}

/// Signs in and works until told to leave.
async fn be(
    config: WorkerConfig,
    client: Client,
    desk: &SharedDesk,
    shutdown: &CancellationToken,
    hard: &CancellationToken,
) -> Result<(), WorkerError> {
    let identity = Arc::new(Identity::open(&config.data_dir)?);
    let spools = config.data_dir.join("spool");
    make_private(&spools)?;
    spool::sweep(&spools).map_err(on("clean", &spools))?;
    for executor in config.stronger.iter().chain([&config.executor]) {
        executor.sweep().await;
    }
    let mirrors = Mirrors::new(config.data_dir.join("mirrors"), config.allow_local_git)?;
    let place = config.data_dir.clone();
    let speed = tokio::task::spawn_blocking(move || speed::measured(&place));
    let speed = speed.await.ok().flatten();
    let session = Session::new(
        config.clone(),
        client.clone(),
        Arc::clone(&identity),
        Arc::clone(desk),
        speed,
    );
    let Some(name) = sign_in(&session, shutdown, hard).await? else {
        return Ok(());
    };
    tracing::info!(%name, server = %config.server, executor = config.executor.kind(), "worker is online");
    desk.set_name(&name);
    desk.set_connected(true);
    let facts = facts::of_worker(&config, desk, speed).await;
    let workshop = Workshop {
        config,
        client,
        identity,
        mirrors,
        desk: Arc::clone(desk),
        facts,
        name,
        spools,
    };
    let served = Agent::new(workshop, session).serve(shutdown, hard).await;
    desk.keep_month();
    served
}

/// Looks at the machine, listens to its owner, and hears signals.
async fn attend(desk: &SharedDesk) -> Result<JoinSet<()>, WorkerError> {
    let mut tasks = JoinSet::new();
    let socket = Socket::open(desk).map_err(on("make the control socket in", desk.data_dir()))?;
    tasks.spawn(socket.serve(Arc::clone(desk)));
    tasks.spawn(keep(Arc::clone(desk)));
    if let Some(at) = desk.local_page() {
        match LocalPage::open(desk, at).await {
            Ok(page) => {
                tasks.spawn(page.serve());
            }
            // The worker is of use without it.
            Err(error) => tracing::warn!(%at, %error, "there is no local page"),
        }
    }
    Ok(tasks)
}

fn make_private(directory: &Path) -> Result<(), WorkerError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(on("create", directory))
}

/// The lock is held as long as the file is open, and gone with the process however it ends.
///
/// A program that is just being started has a copy of every open file until its image is loaded, so
/// the lock of a worker that ended may outlive it by a moment: that moment is waited for.
async fn lock(directory: &Path) -> Result<File, WorkerError> {
    let path = directory.join("lock");
    let file = fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(on("open", &path))?;
    let mut backoff = Backoff::brisk();
    let until = Instant::now() + LOCK_FREES;
    while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        if Instant::now() >= until {
            return Err(WorkerError::InUse(directory.to_owned()));
        }
        backoff.pause().await;
    }
    Ok(file)
}

/// Opens the first session; `None` when told to leave meanwhile.
async fn sign_in(
    session: &Session,
    shutdown: &CancellationToken,
    hard: &CancellationToken,
) -> Result<Option<String>, WorkerError> {
    let mut backoff = patient();
    loop {
        let pause = tokio::select! {
            () = shutdown.cancelled() => return Ok(None),
            () = hard.cancelled() => return Ok(None),
            opened = session.open() => match opened {
                Ok(name) => return Ok(Some(name)),
                Err(SessionError::Final(error)) => return Err(error),
                Err(SessionError::Again(reason)) => {
                    tracing::warn!(%reason, "the server can't be reached; trying again");
                    backoff.draw()
                }
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return Ok(None),
            () = hard.cancelled() => return Ok(None),
            () = sleep(pause) => {}
        }
    }
}

pub(super) fn patient() -> Backoff {
    Backoff::new(Duration::from_millis(100), Duration::from_secs(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_lock_that_a_child_still_holds_is_waited_for() {
        let place = tempfile::tempdir().unwrap();
        let first = lock(place.path()).await.unwrap();
        // What a fork leaves in the child until it executes its program.
        let copy = first.try_clone().unwrap();
        drop(first);
        let directory = place.path().to_owned();
        let second = tokio::spawn(async move { lock(&directory).await });
        sleep(LOCK_FREES / 4).await;
        assert!(!second.is_finished());
        drop(copy);
        assert!(second.await.unwrap().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_second_worker_is_told_so() {
        let place = tempfile::tempdir().unwrap();
        let _first = lock(place.path()).await.unwrap();
        let refused = lock(place.path()).await;
        assert!(matches!(refused, Err(WorkerError::InUse(_))));
    }
}

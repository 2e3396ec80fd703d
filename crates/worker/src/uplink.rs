//! A log's way to the server.
//!
//! One call at a time: what is printed meanwhile goes with the next one, so that the calls grow
//! with the load by themselves. The bytes come from the spool, so nothing is held in memory but
//! the chunk on its way.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use travis_api::worker::StateRequest;

use crate::backoff::Backoff;
use crate::client::{CallError, Client};
use crate::intake::Extent;
use crate::spool::Spool;

/// Most bytes in one call.
const CHUNK: u64 = 1024 * 1024;
/// What a chunk is cut down to when calls fail.
const SMALLEST: usize = 64 * 1024;
/// A call with at least this much shows that the job prints faster than calls are made.
const LOADED: u64 = 16 * 1024;
/// Under load, how long a call waits for its chunk to fill.
const GATHER: Duration = Duration::from_millis(5);
/// How long the worker's first lines wait for the job's.
const FIRST: Duration = Duration::from_millis(25);

/// The attempt is over for this worker: the server said so.
#[derive(Debug)]
pub(crate) struct Over(pub(crate) String);

/// Sends one attempt's log and states.
#[derive(Clone)]
pub(crate) struct Uplink {
    pub(crate) client: Client,
    pub(crate) attempt: i64,
    pub(crate) token: String,
    pub(crate) spool: Arc<Spool>,
}

impl Uplink {
    /// Sends the log as it grows, until it is complete and sent.
    pub(crate) async fn follow(&self, mut extent: watch::Receiver<Extent>) -> Result<(), Over> {
        let mut sent = 0;
        let mut last = 0;
        wait_first(&mut extent).await;
        loop {
            let now = *extent.borrow_and_update();
            if now.length > sent {
                if last >= LOADED && now.length - sent < CHUNK / 2 && !now.complete {
                    gather(&mut extent, sent + CHUNK / 2).await;
                }
                let until = extent.borrow().length.min(sent + CHUNK);
                last = until - sent;
                sent = self.send(sent, until).await?;
            } else if now.complete {
                return Ok(());
            } else if extent.changed().await.is_err() {
                // The attempt was given up.
                return Ok(());
            } else {
                // What comes after a silence goes at once.
                last = 0;
            }
        }
    }

    /// Sends all of `from..to`, from wherever the server wants it.
    pub(crate) async fn resend(&self, from: u64, to: u64) -> Result<(), Over> {
        let mut sent = from;
        while sent < to {
            sent = self.send(sent, to.min(sent + CHUNK)).await?;
        }
        Ok(())
    }

    /// Sends one chunk until the server answers; gives where to go on.
    async fn send(&self, from: u64, to: u64) -> Result<u64, Over> {
        let mut backoff = Backoff::brisk();
        let most = usize::try_from(to - from).unwrap_or(usize::MAX);
        let mut bytes = self
            .spool
            .read(from, most)
            .map_err(|error| Over(format!("its spool can't be read: {error}")))?;
        loop {
            match self
                .client
                .log(self.attempt, &self.token, from, bytes.clone())
                .await
            {
                // The server may hold more from an earlier call whose answer was lost, but never
                // more than was printed.
                Ok(answer) if answer.length > from => return Ok(answer.length.min(to)),
                Ok(_) => backoff.pause().await,
                Err(CallError::Refused {
                    status: 409,
                    held: Some(held),
                    ..
                }) if held != from => return Ok(held.min(to)),
                Err(CallError::Again(reason)) => {
                    tracing::debug!(attempt = self.attempt, %reason, "log not taken yet");
                    // A slow line may need longer for a large chunk than a call may take.
                    bytes.truncate(SMALLEST.max(bytes.len() / 2));
                    backoff.pause().await;
                }
                Err(error) => return Err(Over(error.to_string())),
            }
        }
    }

    /// Says that the script runs.
    pub(crate) async fn running(&self, executor: &str) -> Result<(), Over> {
        let request = StateRequest {
            state: "running".to_owned(),
            executor: executor.to_owned(),
        };
        let mut backoff = Backoff::brisk();
        loop {
            match self.client.state(self.attempt, &self.token, &request).await {
                Ok(()) => return Ok(()),
                // It is known already, or does not matter any more.
                Err(CallError::Refused { status: 409, .. }) => return Ok(()),
                Err(CallError::Again(_)) => backoff.pause().await,
                Err(error) => return Err(Over(error.to_string())),
            }
        }
    }
}

/// The worker's lines about itself go with the job's first output, which saves a call for each
/// short job.
async fn wait_first(extent: &mut watch::Receiver<Extent>) {
    let length = extent.borrow().length;
    let more = extent.wait_for(|now| now.length > length || now.complete);
    let _ = tokio::time::timeout(FIRST, more).await;
}

async fn gather(extent: &mut watch::Receiver<Extent>, wanted: u64) {
    let enough = extent.wait_for(|now| now.length >= wanted || now.complete);
    let _ = tokio::time::timeout(GATHER, enough).await;
}

//! Masks what workers send. A worker masks already, before it spools; this is for one that does
//! not, or that let the halves of a secret go with a pause between.
//!
//! Offsets are the worker's: a mask has the length of what it hides, and what is held back counts
//! as taken. When the server forgets (a restart), the log is shorter than the worker thinks, which
//! it is told as a gap and sends the rest again.

use crate::EngineError;
use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Mutex as Turn;
use travis_logs::{LogError, LogStore, SealOutcome, mask::Masker};
use travis_model::AttemptId;

/// How long the beginning of a secret waits for its end before it is shown.
const HELD_BACK: Duration = Duration::from_millis(150);
/// Streams kept in memory. One that is forgotten is made again.
const MOST: usize = 4096;
const READ: usize = 1 << 20;

/// The streams of running attempts.
#[derive(Default)]
pub(crate) struct Masks(Mutex<HashMap<AttemptId, Entry>>);

struct Entry {
    /// None for an attempt without secrets.
    stream: Option<Arc<Turn<Stream>>>,
    used: Instant,
}

/// What an attempt sends.
pub(crate) struct Stream {
    masker: Masker,
    /// Bytes taken, those held back among them.
    taken: u64,
    idle: Option<tokio::task::JoinHandle<()>>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(idle) = &self.idle {
            idle.abort();
        }
    }
}

impl Masks {
    /// Notes what an attempt was given.
    pub(crate) fn put(&self, id: AttemptId, secrets: &[String]) -> Option<Arc<Turn<Stream>>> {
        let masker = Masker::keeping_length(secrets);
        let stream = (!masker.is_idle()).then(|| {
            Arc::new(Turn::new(Stream {
                masker,
                taken: 0,
                idle: None,
            }))
        });
        let entry = Entry {
            stream: stream.clone(),
            used: Instant::now(),
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(id, entry);
        if all.len() > MOST {
            let mut ages: Vec<(Instant, AttemptId)> =
                all.iter().map(|(id, entry)| (entry.used, *id)).collect();
            ages.sort_unstable();
            for (_, id) in ages.iter().take(MOST / 8) {
                all.remove(id);
            }
        }
        stream
    }

    /// What is known of an attempt; the inner `None` is one without secrets.
    pub(crate) fn get(&self, id: AttemptId) -> Option<Option<Arc<Turn<Stream>>>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = all.get_mut(&id)?;
        entry.used = Instant::now();
        Some(entry.stream.clone())
    }

    pub(crate) fn forget(&self, id: AttemptId) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
    }
}

/// What masks the same secrets, with nothing held back.
pub(crate) async fn fresh(stream: &Arc<Turn<Stream>>) -> Masker {
    stream.lock().await.masker.fresh()
}

/// Takes bytes of a log. Answers how many were taken in all.
pub(crate) async fn append(
    stream: &Arc<Turn<Stream>>,
    logs: &Arc<dyn LogStore>,
    id: AttemptId,
    offset: u64,
    bytes: &Bytes,
) -> Result<u64, EngineError> {
    let mut turn = stream.lock().await;
    turn.agree(logs, id).await?;
    if offset > turn.taken {
        return Err(LogError::Gap { held: turn.taken }.into());
    }
    let known = usize::try_from(turn.taken - offset).unwrap_or(usize::MAX);
    if known >= bytes.len() {
        return Ok(turn.taken);
    }
    let fresh = bytes.slice(known..);
    let mut clear = Vec::with_capacity(fresh.len());
    turn.masker.push(&fresh, &mut clear);
    turn.taken += fresh.len() as u64;
    turn.keep(logs, id, clear).await?;
    if let Some(idle) = turn.idle.take() {
        idle.abort();
    }
    if turn.masker.pending() {
        let (weak, logs) = (Arc::downgrade(stream), Arc::clone(logs));
        turn.idle = Some(tokio::spawn(async move {
            tokio::time::sleep(HELD_BACK).await;
            let Some(stream) = weak.upgrade() else { return };
            let mut turn = stream.lock().await;
            // Nobody aborts this any more: who has the lock does the aborting.
            turn.idle = None;
            if let Err(error) = turn.let_go(&logs, id).await {
                tracing::debug!(attempt = id.get(), %error, "held-back log not written");
            }
        }));
    }
    Ok(turn.taken)
}

/// Writes what is held back, then seals.
pub(crate) async fn seal(
    stream: &Arc<Turn<Stream>>,
    logs: &Arc<dyn LogStore>,
    id: AttemptId,
    length: u64,
    sha256_hex: &str,
) -> Result<(SealOutcome, String), EngineError> {
    let mut turn = stream.lock().await;
    turn.agree(logs, id).await?;
    turn.let_go(logs, id).await?;
    let held = logs.info(id.get()).await?.length;
    let masked = turn.masker.has_found() && held == length;
    let digest = if masked {
        // The worker's digest is that of bytes which are not kept; what came was checked by its
        // offsets only.
        tracing::warn!(
            attempt = id.get(),
            "a worker's log held a secret; it was masked by the server"
        );
        digest(logs, id).await?
    } else {
        sha256_hex.to_owned()
    };
    Ok((logs.seal(id.get(), length, &digest).await?, digest))
}

async fn digest(logs: &Arc<dyn LogStore>, id: AttemptId) -> Result<String, EngineError> {
    let mut digest = Context::new(&SHA256);
    let mut from = 0;
    loop {
        let bytes = logs.read(id.get(), from, READ).await?;
        if bytes.is_empty() {
            return Ok(hex::encode(digest.finish()));
        }
        digest.update(&bytes);
        from += bytes.len() as u64;
    }
}

impl Stream {
    /// Begins again where the log stands when that is not where this stream thinks.
    async fn agree(&mut self, logs: &Arc<dyn LogStore>, id: AttemptId) -> Result<(), LogError> {
        let held = logs.info(id.get()).await?.length;
        if held + self.masker.held() as u64 != self.taken {
            self.masker.restart();
            self.taken = held;
        }
        Ok(())
    }

    async fn let_go(&mut self, logs: &Arc<dyn LogStore>, id: AttemptId) -> Result<(), LogError> {
        let mut clear = Vec::new();
        self.masker.flush_partial(&mut clear);
        self.keep(logs, id, clear).await
    }

    async fn keep(
        &mut self,
        logs: &Arc<dyn LogStore>,
        id: AttemptId,
        clear: Vec<u8>,
    ) -> Result<(), LogError> {
        if clear.is_empty() {
            return Ok(());
        }
        let held = self.taken - self.masker.held() as u64 - clear.len() as u64;
        logs.append(id.get(), held, Bytes::from(clear)).await?;
        Ok(())
    }
}

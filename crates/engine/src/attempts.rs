//! What workers say of their attempts: running, log, end; and what becomes of lost ones. Every
//! word is checked against the attempt's token and its live lease; a late one changes nothing.

use crate::{Engine, EngineError, Vault, changes::Changes, masks, runs::Run};
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use travis_bus::Wake;
use travis_logs::SealOutcome;
use travis_model::{
    Attempt, AttemptEvent, AttemptId, AttemptState, JobEvent, Outcome, WorkerId, attempt_transition,
};

/// How long a checked token is believed without looking again. Another server may have ended the
/// attempt meanwhile; until then its log may grow, which harms nobody.
const BELIEVED: Duration = Duration::from_secs(2);
const KEYS: usize = 4096;

/// Tokens checked lately, so that a log chunk costs no query.
#[derive(Debug, Default)]
pub(crate) struct KeyCache(Mutex<HashMap<AttemptId, Checked>>);

/// A token's hash, whose attempt it is, and when that was looked up.
type Checked = (Vec<u8>, WorkerId, Instant);

impl KeyCache {
    fn get(&self, id: AttemptId, hash: &[u8]) -> Option<WorkerId> {
        let keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, worker, at) = keys.get(&id)?;
        (at.elapsed() < BELIEVED && Vault::same(known, hash)).then_some(*worker)
    }

    fn put(&self, id: AttemptId, hash: Vec<u8>, worker: WorkerId) {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= KEYS {
            keys.retain(|_, (_, _, at)| at.elapsed() < BELIEVED);
        }
        keys.insert(id, (hash, worker, Instant::now()));
    }

    pub fn forget(&self, id: AttemptId) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
    }
}

/// Proof that a request carried the token of a live attempt.
#[derive(Debug, Clone, Copy)]
pub struct AttemptAccess {
    id: AttemptId,
    worker: WorkerId,
}

impl AttemptAccess {
    pub(crate) const fn id(self) -> AttemptId {
        self.id
    }
}

/// How an attempt ended, in its worker's words.
#[derive(Debug, Clone)]
pub struct Finishing {
    /// How it ended.
    pub outcome: Outcome,
    /// The script's exit code.
    pub exit_code: Option<i32>,
    /// Why, when the exit code does not say so.
    pub reason: Option<String>,
    /// Bytes of its log.
    pub log_length: u64,
    /// SHA-256 of its log in hex.
    pub log_sha256: String,
    /// The worker's signature over the statement.
    pub signature: Vec<u8>,
}

/// What the server made of the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// The log is complete and checked; the end counts.
    Sealed {
        /// Bytes held.
        held: u64,
    },
    /// The log lacks bytes from here on: send them and say so again.
    Missing {
        /// Bytes held.
        held: u64,
    },
}

impl Engine {
    /// Checks an attempt's token.
    ///
    /// # Errors
    /// [`EngineError::Unauthorized`] for an unknown attempt or a wrong token,
    /// [`EngineError::AttemptOver`] when the attempt has ended.
    pub async fn attempt_access(
        &self,
        id: AttemptId,
        token: &str,
    ) -> Result<AttemptAccess, EngineError> {
        let hash = Vault::hash(token);
        if let Some(worker) = self.keys.get(id, &hash) {
            return Ok(AttemptAccess { id, worker });
        }
        let (worker, state, known) = self
            .store
            .reader()
            .await?
            .attempt_key(id)
            .await?
            .ok_or(EngineError::Unauthorized)?;
        if !Vault::same(&known, &hash) {
            return Err(EngineError::Unauthorized);
        }
        if !state.is_live() {
            return Err(EngineError::AttemptOver);
        }
        self.keys.put(id, hash, worker);
        Ok(AttemptAccess { id, worker })
    }

    /// Takes bytes of a log. Answers the length held.
    ///
    /// # Errors
    /// [`travis_logs::LogError::Gap`] when bytes are missing before them.
    pub async fn append_log(
        &self,
        access: AttemptAccess,
        offset: u64,
        bytes: Bytes,
    ) -> Result<u64, EngineError> {
        match self.mask_of(access).await? {
            Some(stream) => masks::append(&stream, &self.logs, access.id, offset, &bytes).await,
            None => Ok(self.logs.append(access.id.get(), offset, bytes).await?),
        }
    }

    /// The script began.
    ///
    /// # Errors
    /// [`EngineError::AttemptOver`] when the attempt has ended.
    pub async fn attempt_running(
        &self,
        access: AttemptAccess,
        executor: &str,
    ) -> Result<(), EngineError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let attempt = tx
            .attempt(access.id)
            .await?
            .ok_or(EngineError::AttemptOver)?;
        if attempt.state == AttemptState::Running {
            return Ok(());
        }
        let job = tx
            .job(attempt.job_id)
            .await?
            .ok_or(EngineError::AttemptOver)?;
        let mut build = tx
            .lock_build(job.build_id)
            .await?
            .ok_or(EngineError::AttemptOver)?;
        let mut attempt = tx
            .attempt(access.id)
            .await?
            .ok_or(EngineError::AttemptOver)?;
        let mut job = tx
            .job(attempt.job_id)
            .await?
            .ok_or(EngineError::AttemptOver)?;
        let before = attempt.state;
        attempt.state =
            attempt_transition(before, AttemptEvent::Run).map_err(|_| EngineError::AttemptOver)?;
        attempt.started_at = Some(now);
        executor.clone_into(&mut attempt.executor);
        tx.save_attempt(&attempt, before).await?;
        let mut changes = Changes::default();
        if job.attempt_id == Some(attempt.id) {
            let mut run = Run {
                tx: tx.as_mut(),
                changes: &mut changes,
                now,
            };
            if run.apply(&mut job, JobEvent::Start).await?.is_ok() {
                run.follow(&mut build, &job).await?;
            }
        }
        tx.commit().await?;
        changes.send(self.bus.as_ref());
        Ok(())
    }

    /// The attempt ended. Counts only when the server holds the whole log and its digest agrees.
    /// `statement` builds the signed text from the attempt's and the job's number.
    ///
    /// # Errors
    /// [`EngineError::AttemptOver`] when it had ended before; [`EngineError::Unauthorized`] when
    /// the signature is not the worker's.
    pub async fn finish_attempt(
        &self,
        access: AttemptAccess,
        end: Finishing,
        statement: &(dyn Fn(i64, i64) -> String + Sync),
    ) -> Result<Finished, EngineError> {
        let mut reader = self.store.reader().await?;
        let attempt = reader
            .attempt(access.id)
            .await?
            .ok_or(EngineError::AttemptOver)?;
        let worker = reader
            .worker(access.worker)
            .await?
            .ok_or(EngineError::AttemptOver)?;
        drop(reader);
        let signed = statement(attempt.id.get(), attempt.job_id.get());
        if !crate::workers::signed_by(&worker.public_key, signed.as_bytes(), &end.signature) {
            return Err(EngineError::Unauthorized);
        }
        let (length, sha256) = (end.log_length, &end.log_sha256);
        let (sealed, sha256) = match self.mask_of(access).await? {
            Some(stream) => masks::seal(&stream, &self.logs, access.id, length, sha256).await?,
            None => {
                let sealed = self.logs.seal(access.id.get(), length, sha256).await?;
                (sealed, sha256.clone())
            }
        };
        match sealed {
            SealOutcome::Sealed => {}
            SealOutcome::Missing { held } => return Ok(Finished::Missing { held }),
            SealOutcome::Mismatch => return Ok(Finished::Missing { held: 0 }),
        }
        self.end_attempt(access.id, AttemptEvent::Finish(end.outcome), |attempt| {
            attempt.outcome = Some(end.outcome);
            attempt.exit_code = end.exit_code;
            attempt.reason.clone_from(&end.reason);
            attempt.log_length = i64::try_from(end.log_length).ok();
            attempt.log_sha256 = Some(sha256.clone());
            attempt.log_sealed = true;
            attempt.signature = Some(end.signature.clone());
        })
        .await?;
        Ok(Finished::Sealed {
            held: end.log_length,
        })
    }

    /// A worker was lost, or gives an attempt back.
    pub(crate) async fn give_up(
        &self,
        id: AttemptId,
        event: AttemptEvent,
        reason: &str,
    ) -> Result<(), EngineError> {
        match self
            .end_attempt(id, event, |attempt| {
                attempt.reason = Some(reason.to_owned())
            })
            .await
        {
            // Somebody else saw it first.
            Err(EngineError::AttemptOver) => Ok(()),
            other => other,
        }
    }

    async fn end_attempt(
        &self,
        id: AttemptId,
        event: AttemptEvent,
        note: impl FnOnce(&mut Attempt) + Send,
    ) -> Result<(), EngineError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let attempt = tx.attempt(id).await?.ok_or(EngineError::AttemptOver)?;
        let job = tx
            .job(attempt.job_id)
            .await?
            .ok_or(EngineError::AttemptOver)?;
        let mut build = tx
            .lock_build(job.build_id)
            .await?
            .ok_or(EngineError::AttemptOver)?;
        let mut attempt = tx.attempt(id).await?.ok_or(EngineError::AttemptOver)?;
        let mut job = tx
            .job(attempt.job_id)
            .await?
            .ok_or(EngineError::AttemptOver)?;
        if event == AttemptEvent::Expire && attempt.lease_until > now {
            return Err(EngineError::AttemptOver);
        }
        let before = attempt.state;
        attempt.state = attempt_transition(before, event).map_err(|_| EngineError::AttemptOver)?;
        attempt.finished_at = Some(now);
        note(&mut attempt);
        tx.save_attempt(&attempt, before).await?;
        crate::ledger::note(tx.as_mut(), &attempt, &job, event).await?;
        self.keys.forget(id);
        self.masks.forget(id);
        let mut changes = Changes::default();
        // A canceled or restarted job has gone its own way; only the attempt that counts moves it.
        if job.attempt_id == Some(id) && job.state.is_held() {
            let job_event = match event {
                AttemptEvent::Finish(outcome) => {
                    job.reason.clone_from(&attempt.reason);
                    JobEvent::Finish(outcome)
                }
                _ => JobEvent::Lose { lost: job.lost + 1 },
            };
            let mut run = Run {
                tx: tx.as_mut(),
                changes: &mut changes,
                now,
            };
            if run.apply(&mut job, job_event).await?.is_ok() {
                run.recompute(&mut build).await?;
            }
        } else {
            changes.job(&job);
        }
        tx.commit().await?;
        if self.was_waited_for(job.repository_id) {
            changes.wake(Wake::Queue);
        }
        changes.worker(attempt.worker_id);
        changes.wake(Wake::Worker(attempt.worker_id.get()));
        changes.send(self.bus.as_ref());
        Ok(())
    }
}

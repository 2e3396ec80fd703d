//! What workers say of their attempts: running, log, end; and what becomes of lost ones. Every
//! word is checked against the attempt's token and its live lease; a late one changes nothing.

use crate::{
    Engine, EngineError, Vault, changes::Changes, claims, masks, runs::Run, standing::server_least,
};
use bytes::Bytes;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use travis_bus::Wake;
use travis_logs::SealOutcome;
use travis_model::{
    Attempt, AttemptEvent, AttemptId, AttemptState, JobEvent, KnownAnswerId, Outcome, Purpose,
    WorkerId, attempt_transition,
    scheduling::ExecutorKind,
    trust::{Tier, least_executor},
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

    pub(crate) const fn worker(self) -> WorkerId {
        self.worker
    }

    /// Access to a known-answer job.
    pub(crate) const fn to_known(id: KnownAnswerId, worker: WorkerId) -> Self {
        Self {
            id: id.attempt(),
            worker,
        }
    }

    pub(crate) const fn known(self) -> Option<KnownAnswerId> {
        KnownAnswerId::of_attempt(self.id)
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
        if let Some(known) = KnownAnswerId::of_attempt(id) {
            return self.known_access(known, &hash).await;
        }
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
        if access.known().is_some() {
            return self.append_known_log(access, offset, bytes).await;
        }
        let held = match self.mask_of(access).await? {
            Some(stream) => masks::append(&stream, &self.logs, access.id, offset, &bytes).await?,
            None => self.logs.append(access.id.get(), offset, bytes).await?,
        };
        self.tests.grew(access.id);
        Ok(held)
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
        if let Some(known) = access.known() {
            return self.known_running(known, executor).await;
        }
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
        let repository = tx
            .repository(job.repository_id)
            .await?
            .ok_or(EngineError::AttemptOver)?;
        self.must_isolate(&attempt, repository.settings.min_executor, executor)?;
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

    /// A worker that says itself that it isolates a job less than was demanded does not run it.
    fn must_isolate(
        &self,
        attempt: &Attempt,
        demanded: Option<ExecutorKind>,
        executor: &str,
    ) -> Result<(), EngineError> {
        let tier = attempt.tier.unwrap_or_default();
        let server = server_least(tier, &self.policy.workers);
        match least_executor(tier, demanded, server) {
            Some(least) if ExecutorKind::parse(executor) < Some(least) => {
                Err(EngineError::invalid(
                    "executor",
                    format!(
                        "the job may not run in {executor:?}; run it in {} or stronger, or give it back",
                        least.as_str()
                    ),
                ))
            }
            _ => Ok(()),
        }
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
        if let Some(known) = access.known() {
            return self.finish_known(access, known, end, statement).await;
        }
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
            SealOutcome::Mismatch => {
                self.tests.forget(access.id);
                return Ok(Finished::Missing { held: 0 });
            }
        }
        // Before the end is told, so that whoever hears of it finds them.
        self.keep_tests(access, &attempt).await;
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

    /// A worker gives an attempt back, for a reason of its own or because its owner came.
    pub(crate) async fn hand_back(
        &self,
        id: AttemptId,
        reason: &str,
        yielded: bool,
    ) -> Result<(), EngineError> {
        let note = |attempt: &mut Attempt| {
            attempt.reason = Some(reason.to_owned());
            attempt.yielded = yielded;
        };
        match self.end_attempt(id, AttemptEvent::Refuse, note).await {
            // Somebody else saw it first.
            Err(EngineError::AttemptOver) => Ok(()),
            other => other,
        }
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
        let counts = claims::counts(&job, &attempt);
        // What somebody canceled costs its worker nothing.
        if counts {
            self.note_lease_end(tx.as_mut(), &attempt, event, now)
                .await?;
        }
        self.keys.forget(id);
        self.masks.forget(id);
        self.tests.forget(id);
        let mut changes = Changes::default();
        let mut liars = Vec::new();
        // A canceled or restarted job has gone its own way; only the attempt that counts moves it.
        if counts && attempt.purpose == Purpose::Opinion {
            let mut run = Run {
                tx: tx.as_mut(),
                changes: &mut changes,
                now,
            };
            liars = self
                .opinion_ended(&mut run, &mut build, &mut job, &attempt, event)
                .await?;
        } else if counts {
            let job_event = match event {
                // Nobody canceled it: a stranger's machine can't.
                AttemptEvent::Finish(Outcome::Canceled)
                    if !attempt.tier.is_none_or(Tier::is_trusted) =>
                {
                    JobEvent::Lose { lost: job.lost + 1 }
                }
                AttemptEvent::Finish(outcome) => {
                    job.reason.clone_from(&attempt.reason);
                    self.note_doubt(tx.as_mut(), &mut job, &attempt, outcome)
                        .await?;
                    JobEvent::Finish(outcome)
                }
                // Nothing is wrong with it: it goes on elsewhere at once.
                _ if attempt.yielded => {
                    job.yielded_at = Some(now);
                    JobEvent::Lose { lost: job.lost }
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
            if job.verification.is_open() {
                changes.wake(Wake::Queue);
            }
        } else {
            changes.job(&job);
        }
        crate::ledger::note(tx.as_mut(), &attempt, &job, event).await?;
        tx.commit().await?;
        if self.was_waited_for(job.repository_id) {
            changes.wake(Wake::Queue);
        }
        changes.worker(attempt.worker_id);
        changes.wake(Wake::Worker(attempt.worker_id.get()));
        changes.send(self.bus.as_ref());
        if !liars.is_empty() {
            // What is not done here the reaper does.
            Box::pin(self.after_lies(&liars)).await?;
        }
        Ok(())
    }
}

//! Known-answer jobs: what a new worker runs before anything else, and every worker now and then.
//! They show that its sandbox works, and that it runs what it is given. They have rows of their own,
//! and numbers beside those of attempts; no build and no queue knows of them.

mod guise;
mod script;

use crate::{
    AttemptAccess, Engine, EngineError, Finished, Finishing, ImageWish, Secret, Vault,
    changes::Changes, standing::Candidate,
};
use bytes::Bytes;
use std::time::Duration;
use travis_logs::SealOutcome;
use travis_model::{
    AttemptId, AttemptState, KnownAnswer, KnownAnswerId, Outcome, Timestamp, Worker, WorkerId,
    scheduling::ExecutorKind,
    trust::{KNOWN_ANSWERS, Standing, StandingEvent, Tier},
};
use travis_store::NewKnownAnswer;

/// A worker that is not trusted runs one so often.
const EVERY: Duration = Duration::from_secs(24 * 3600);
/// After a failure it is tried again after this, twice it after two, …
const PAUSE: Duration = Duration::from_secs(30);
/// The longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);
/// The longest log that is taken, in bytes.
const LOG_BYTES: u64 = 256 * 1024;
/// How many of a worker are kept.
const KEPT: u64 = 12;
/// Random bytes of a nonce.
const NONCE: usize = 12;

/// A known-answer job for a worker.
pub struct KnownOffer {
    /// The number under which the worker knows it.
    pub attempt: AttemptId,
    /// Its token.
    pub token: Secret,
    /// The repository that it is said to be of.
    pub repository: String,
    /// The number that stands for a job's in the signed statement.
    pub job_id: i64,
    /// For people.
    pub job_number: String,
    /// The script.
    pub script: String,
    /// The weakest executor that may run it.
    pub least_executor: Option<ExecutorKind>,
    /// The image that it asks for.
    pub image: ImageWish,
}

/// So many in a row come before anything else.
const fn wanted(trusted: bool) -> u32 {
    if trusted { 1 } else { KNOWN_ANSWERS }
}

/// Whether a worker is to run one now.
fn is_due(standing: &Standing, trusted: bool, now: Timestamp) -> bool {
    if standing.known_failed > 0 {
        let pause = PAUSE * 2_u32.saturating_pow(standing.known_failed.saturating_sub(1).min(16));
        let pause = pause.min(LONGEST_PAUSE);
        return standing.known_at.is_none_or(|at| now.since(at) >= pause);
    }
    let wanted = wanted(trusted);
    let old = || standing.known_at.is_none_or(|at| now.since(at) >= EVERY);
    standing.known_passed < wanted || (!trusted && old())
}

impl Engine {
    /// So many known-answer jobs a worker of this tier has to get right in a row when it is new.
    #[must_use]
    pub const fn known_wanted(&self, tier: Tier) -> u32 {
        if self.policy.workers.known_answers {
            wanted(tier.is_trusted())
        } else {
            0
        }
    }

    /// The known-answer job that a worker is to run now, if it is to run one.
    pub(crate) async fn known_for(
        &self,
        worker: &Worker,
        running: &[AttemptId],
    ) -> Result<Option<KnownOffer>, EngineError> {
        if !self.policy.workers.known_answers {
            return Ok(None);
        }
        let now = self.now();
        let mut reader = self.store.reader().await?;
        let standing = reader.standing(worker.id).await?;
        // Most often the row alone says no.
        if !is_due(&standing, false, now) {
            return Ok(None);
        }
        let candidate = Candidate::read(reader.as_mut(), worker).await?;
        if !is_due(&standing, candidate.is_unbounded(), now) {
            return Ok(None);
        }
        let live = reader.known_answers(worker.id, KEPT).await?;
        let slug = guise::slug(reader.as_mut(), &candidate).await?;
        drop(reader);
        let live = live.into_iter().find(|known| known.state.is_live());
        if live
            .as_ref()
            .is_some_and(|live| running.contains(&live.id.attempt()))
        {
            return Ok(None);
        }
        let token = Vault::new_token("attempt")?;
        let hash = Vault::hash(token.reveal());
        let lease_until = now.plus(self.policy.lease);
        let mut tx = self.store.begin().await?;
        let known = match live {
            // Its assignment never arrived: it comes again.
            Some(known) if known.state == AttemptState::Leased => {
                let fresh = KnownAnswer {
                    token_hash: hash,
                    lease_until,
                    ..known
                };
                tx.save_known_answer(&fresh, AttemptState::Leased).await?;
                fresh
            }
            // The worker was started anew and does not know it any more.
            Some(known) => {
                drop(tx);
                self.known_lost(known.id, AttemptState::Refused).await?;
                return Ok(None);
            }
            None => {
                let new = NewKnownAnswer {
                    worker_id: worker.id,
                    nonce: nonce()?,
                    token_hash: hash,
                    lease_until,
                    executor: worker.executor.clone(),
                    at: now,
                };
                tx.insert_known_answer(&new).await?
            }
        };
        tx.commit().await?;
        self.tell_pages(worker.id);
        Ok(Some(self.known_offer(
            &known,
            slug,
            token,
            candidate.is_unbounded(),
        )))
    }

    /// How many of the attempts that a worker works on are known-answer jobs which have not ended:
    /// they take slots as others do.
    pub(crate) async fn known_running_on(
        &self,
        worker: WorkerId,
        running: &[AttemptId],
    ) -> Result<usize, EngineError> {
        // Most often the numbers alone say no.
        if !running
            .iter()
            .any(|id| KnownAnswerId::of_attempt(*id).is_some())
        {
            return Ok(0);
        }
        let known = self
            .store
            .reader()
            .await?
            .known_answers(worker, KEPT)
            .await?;
        let live = known.iter().filter(|known| known.state.is_live());
        Ok(live
            .filter(|known| running.contains(&known.id.attempt()))
            .count())
    }

    fn known_offer(
        &self,
        known: &KnownAnswer,
        slug: String,
        token: Secret,
        trusted: bool,
    ) -> KnownOffer {
        let number = known.id.get();
        let input = script::input(&known.nonce, number, &slug, &self.policy.public_url);
        let script = match travis_script::compile(&input) {
            Ok(script) => script.text,
            Err(error) => travis_script::config_error(&error.to_string()).text,
        };
        KnownOffer {
            attempt: known.id.attempt(),
            token,
            repository: slug,
            job_id: number,
            image: ImageWish::of_config(&input.config),
            job_number: input.job_number,
            script,
            least_executor: (!trusted).then_some(ExecutorKind::Namespace),
        }
    }

    /// Checks a known-answer job's token.
    pub(crate) async fn known_access(
        &self,
        id: KnownAnswerId,
        hash: &[u8],
    ) -> Result<AttemptAccess, EngineError> {
        let known = self.store.reader().await?.known_answer(id).await?;
        let known = known.ok_or(EngineError::Unauthorized)?;
        if !Vault::same(&known.token_hash, hash) {
            return Err(EngineError::Unauthorized);
        }
        if !known.state.is_live() {
            return Err(EngineError::AttemptOver);
        }
        Ok(AttemptAccess::to_known(id, known.worker_id))
    }

    /// Takes bytes of its log.
    pub(crate) async fn append_known_log(
        &self,
        access: AttemptAccess,
        offset: u64,
        bytes: Bytes,
    ) -> Result<u64, EngineError> {
        if offset.saturating_add(bytes.len() as u64) > LOG_BYTES {
            return Err(EngineError::TooLarge(format!(
                "the log of a known-answer job has {LOG_BYTES} bytes at most"
            )));
        }
        Ok(self.logs.append(access.id().get(), offset, bytes).await?)
    }

    /// Its script began.
    pub(crate) async fn known_running(
        &self,
        id: KnownAnswerId,
        executor: &str,
    ) -> Result<(), EngineError> {
        let mut tx = self.store.begin().await?;
        let known = tx.known_answer(id).await?;
        let mut known = known
            .filter(|known| known.state.is_live())
            .ok_or(EngineError::AttemptOver)?;
        if known.state == AttemptState::Running {
            return Ok(());
        }
        known.state = AttemptState::Running;
        known.started_at = Some(self.now());
        executor.clone_into(&mut known.executor);
        tx.save_known_answer(&known, AttemptState::Leased).await?;
        tx.commit().await?;
        self.tell_pages(known.worker_id);
        Ok(())
    }

    /// It ended: its log is read for the answer.
    pub(crate) async fn finish_known(
        &self,
        access: AttemptAccess,
        id: KnownAnswerId,
        end: Finishing,
        statement: &(dyn Fn(i64, i64) -> String + Sync),
    ) -> Result<Finished, EngineError> {
        let worker = self.store.reader().await?.worker(access.worker()).await?;
        let worker = worker.ok_or(EngineError::AttemptOver)?;
        let signed = statement(id.attempt().get(), id.get());
        if !crate::workers::signed_by(&worker.public_key, signed.as_bytes(), &end.signature) {
            return Err(EngineError::Unauthorized);
        }
        let log = id.attempt().get();
        match self.logs.seal(log, end.log_length, &end.log_sha256).await? {
            SealOutcome::Sealed => {}
            SealOutcome::Missing { held } => return Ok(Finished::Missing { held }),
            SealOutcome::Mismatch => return Ok(Finished::Missing { held: 0 }),
        }
        let mut text = Vec::new();
        while (text.len() as u64) < end.log_length.min(LOG_BYTES) {
            let piece = self.logs.read(log, text.len() as u64, 64 * 1024).await?;
            if piece.is_empty() {
                break;
            }
            text.extend_from_slice(&piece);
        }
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let known = tx.known_answer(id).await?;
        let mut known = known
            .filter(|known| known.state.is_live())
            .ok_or(EngineError::AttemptOver)?;
        let before = known.state;
        let passed = end.outcome == Outcome::Passed;
        let problem = script::judge(&String::from_utf8_lossy(&text), &known.nonce, passed);
        let problem = problem.map(|problem| match &end.reason {
            Some(reason) if !passed => reason.chars().take(300).collect(),
            _ => problem,
        });
        known.state = AttemptState::Finished;
        known.finished_at = Some(now);
        known.passed = Some(problem.is_none());
        known.problem.clone_from(&problem);
        tx.save_known_answer(&known, before).await?;
        let mut standing = tx.lock_standing(worker.id).await?;
        standing.since = standing.since.or(Some(worker.created_at));
        let event = match problem {
            None => StandingEvent::KnownPassed,
            Some(problem) => StandingEvent::KnownFailed(format!("the known job failed: {problem}")),
        };
        tx.save_standing(worker.id, &standing.after(event, now))
            .await?;
        let dead = tx.drop_known_answers(worker.id, KEPT).await?;
        tx.commit().await?;
        for old in dead {
            if let Err(error) = self.logs.remove(old.attempt().get()).await {
                tracing::warn!(%error, "the log of an old known-answer job stays behind");
            }
        }
        // It may have to run the next one, or may have jobs now.
        self.tell_worker(worker.id);
        Ok(Finished::Sealed {
            held: end.log_length,
        })
    }

    /// Its worker gives it back.
    pub(crate) async fn known_given_back(
        &self,
        worker: WorkerId,
        id: KnownAnswerId,
        reason: &str,
        yielded: bool,
    ) -> Result<(), EngineError> {
        let known = self.store.reader().await?.known_answer(id).await?;
        if known.is_none_or(|known| known.worker_id != worker || !known.state.is_live()) {
            return Ok(());
        }
        self.known_lost(id, AttemptState::Refused).await?;
        if !yielded {
            let mut tx = self.store.begin().await?;
            let standing = tx.lock_standing(worker).await?;
            let failed =
                StandingEvent::KnownFailed(format!("the known job could not be run: {reason}"));
            tx.save_standing(worker, &standing.after(failed, self.now()))
                .await?;
            tx.commit().await?;
            self.tell_pages(worker);
        }
        Ok(())
    }

    async fn known_lost(&self, id: KnownAnswerId, state: AttemptState) -> Result<(), EngineError> {
        let mut tx = self.store.begin().await?;
        let Some(mut known) = tx
            .known_answer(id)
            .await?
            .filter(|known| known.state.is_live())
        else {
            return Ok(());
        };
        let before = known.state;
        known.state = state;
        known.finished_at = Some(self.now());
        tx.save_known_answer(&known, before).await?;
        tx.commit().await?;
        self.tell_pages(known.worker_id);
        Ok(())
    }

    /// Leases of known-answer jobs that ran out: the next poll of the worker gets another.
    pub(crate) async fn reap_known_answers(&self) -> Result<(), EngineError> {
        let expired = self
            .store
            .reader()
            .await?
            .expired_known_answers(self.now(), 100)
            .await?;
        for known in expired {
            self.known_lost(known.id, AttemptState::Lost).await?;
        }
        Ok(())
    }

    fn tell_pages(&self, worker: WorkerId) {
        let mut changes = Changes::default();
        changes.worker(worker);
        changes.send(self.bus.as_ref());
    }
}

/// Letters and digits that nobody can guess.
fn nonce() -> Result<String, EngineError> {
    let mut bytes = [0; NONCE];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| crate::VaultError::Crypto)?;
    Ok(hex::encode(bytes))
}

//! Giving out work: which of what waits goes to a worker that has room, in one transaction each.

use crate::{
    Engine, EngineError, Vault,
    changes::Changes,
    limits::FullRepositories,
    offer::Offer,
    runs::Run,
    standing::{Candidate, Home, WorkerPolicy, cores},
};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;
use travis_model::{
    Attempt, AttemptEvent, AttemptState, Job, JobEvent, JobState, Purpose, RepositoryId, Timestamp,
    Worker,
    trust::{self, Tier, may_opine},
};
use travis_store::{NewAttempt, Reader, Tx};

/// For so long a job does not go back to a worker whose owner wanted the machine.
const AFTER_YIELD: Duration = Duration::from_secs(10 * 60);
/// Jobs looked at that want an opinion.
const OPINIONS: u64 = 64;

/// Something that waits for a worker.
#[derive(Debug, Clone)]
enum Waiting {
    /// A job.
    Job(Job),
    /// A job whose result wants one more word.
    Opinion(Job),
}

/// What one look of a worker's poll gives out.
pub(crate) struct Claims {
    worker: Worker,
    /// Read when something waits.
    known: Option<Candidate>,
    /// What was read for an earlier slot; read again when none is left.
    queue: VecDeque<Waiting>,
    homes: HashMap<RepositoryId, Option<Home>>,
    /// Leases that it may still have for jobs of others; counted when first needed.
    room: Option<u32>,
    live: u32,
}

impl Claims {
    pub fn new(worker: Worker, live: usize) -> Self {
        Self {
            worker,
            known: None,
            queue: VecDeque::new(),
            homes: HashMap::new(),
            room: None,
            live: u32::try_from(live).unwrap_or(u32::MAX),
        }
    }

    /// The platform whose jobs it runs.
    pub fn platform(&self) -> (String, String) {
        (self.worker.os.clone(), self.worker.arch.clone())
    }

    async fn candidate(&mut self, reader: &mut dyn Reader) -> Result<Candidate, EngineError> {
        if let Some(known) = &self.known {
            return Ok(known.clone());
        }
        let read = Candidate::read(reader, &self.worker).await?;
        self.known = Some(read.clone());
        Ok(read)
    }

    /// Whether no job of a repository, on the worker's own platform, may go to the worker.
    pub async fn is_closed(
        &mut self,
        reader: &mut dyn Reader,
        id: RepositoryId,
        policy: &WorkerPolicy,
    ) -> Result<bool, EngineError> {
        let Some(home) = self.home(reader, id).await? else {
            return Ok(true);
        };
        let candidate = self.candidate(reader).await?;
        let Worker { os, arch, .. } = &self.worker;
        Ok(candidate.fits(&home, os, arch, policy).is_err())
    }

    async fn home(
        &mut self,
        reader: &mut dyn Reader,
        id: RepositoryId,
    ) -> Result<Option<Home>, EngineError> {
        if let Some(known) = self.homes.get(&id) {
            return Ok(known.clone());
        }
        let home = match reader.repository(id).await? {
            Some(repository) => {
                Some(Home::towards(reader, &repository, self.worker.owner_id).await?)
            }
            None => None,
        };
        self.homes.insert(id, home.clone());
        Ok(home)
    }
}

impl Engine {
    /// Gives a worker the next job that fits it.
    pub(crate) async fn claim(&self, claims: &mut Claims) -> Result<Option<Offer>, EngineError> {
        let mut full = FullRepositories::default();
        if claims.queue.is_empty() {
            claims.queue = self.waiting_for(claims, &mut full).await?;
        }
        while let Some(waiting) = claims.queue.pop_front() {
            let (Waiting::Job(job) | Waiting::Opinion(job)) = &waiting;
            if full.is_full(job) {
                continue;
            }
            let mut reader = self.store.reader().await?;
            let Some(home) = claims.home(reader.as_mut(), job.repository_id).await? else {
                continue;
            };
            let candidate = claims.candidate(reader.as_mut()).await?;
            let policy = &self.policy.workers;
            if candidate.fits(&home, &job.os, &job.arch, policy).is_err() {
                continue;
            }
            let tier = candidate.tier(&home);
            let trusted = tier.is_trusted();
            if !trusted
                && !self
                    .has_lease_left(reader.as_mut(), claims, &candidate)
                    .await?
            {
                continue;
            }
            drop(reader);
            let offer = match waiting {
                Waiting::Job(job) => self.claim_job(&candidate, &job, tier, &mut full).await?,
                Waiting::Opinion(job) => self.claim_opinion(&candidate, &job, tier).await?,
            };
            if offer.is_some() {
                claims.live = claims.live.saturating_add(1);
                claims.room = claims.room.map(|room| room.saturating_sub(1));
                return Ok(offer);
            }
        }
        Ok(None)
    }

    /// What waits for a worker like this one, in the order in which it is given out: an opinion
    /// that holds up a build as early as its job was, one that only checks after everything else.
    async fn waiting_for(
        &self,
        claims: &mut Claims,
        full: &mut FullRepositories,
    ) -> Result<VecDeque<Waiting>, EngineError> {
        let mut queue: Vec<Waiting> = Vec::new();
        let mut reader = self.store.reader().await?;
        let Worker { os, arch, .. } = &claims.worker;
        let opinions = reader.jobs_wanting_opinions(os, arch, OPINIONS).await?;
        drop(reader);
        let jobs = self.candidates(claims, full).await?;
        let (urgent, later): (Vec<Job>, Vec<Job>) =
            opinions.into_iter().partition(|job| job.provisional);
        queue.extend(jobs.into_iter().map(Waiting::Job));
        queue.extend(urgent.into_iter().map(Waiting::Opinion));
        queue.sort_by_key(|(Waiting::Job(job) | Waiting::Opinion(job))| job.id);
        queue.extend(later.into_iter().map(Waiting::Opinion));
        Ok(queue.into())
    }

    /// Whether a worker, and its owner's workers together, may hold one more lease of others' jobs.
    async fn has_lease_left(
        &self,
        reader: &mut dyn Reader,
        claims: &mut Claims,
        candidate: &Candidate,
    ) -> Result<bool, EngineError> {
        if let Some(room) = claims.room {
            return Ok(room > 0);
        }
        let Candidate {
            worker, standing, ..
        } = candidate;
        let unbounded = candidate.is_unbounded();
        let own = trust::lease_cap(standing.earned, unbounded, cores(worker));
        let mut best = standing.earned;
        let mut siblings = Vec::new();
        for other in reader.workers().await? {
            if other.owner_id == worker.owner_id {
                best = best.max(reader.standing(other.id).await?.earned);
                siblings.push(other.id);
            }
        }
        let live = reader.all_live_attempts().await?;
        let theirs = live
            .iter()
            .filter(|attempt| siblings.contains(&attempt.worker_id))
            .count();
        let theirs = u32::try_from(theirs).unwrap_or(u32::MAX);
        let owners = trust::owner_cap(best, unbounded).saturating_sub(theirs);
        let room = own.saturating_sub(claims.live).min(owners);
        claims.room = Some(room);
        Ok(room > 0)
    }

    async fn claim_job(
        &self,
        candidate: &Candidate,
        waiting: &Job,
        tier: Tier,
        full: &mut FullRepositories,
    ) -> Result<Option<Offer>, EngineError> {
        let worker = &candidate.worker;
        let now = self.now();
        let token = Vault::new_token("attempt")?;
        let mut tx = self.store.begin().await?;
        if !self.has_room(tx.as_mut(), waiting.repository_id).await? {
            full.note(waiting.repository_id);
            return Ok(None);
        }
        let Some(mut build) = tx.lock_build(waiting.build_id).await? else {
            return Ok(None);
        };
        let Some(mut job) = tx.job(waiting.id).await? else {
            return Ok(None);
        };
        if job.state != JobState::Queued || was_yielded(tx.as_mut(), &job, worker, now).await? {
            return Ok(None);
        }
        let new = self.new_attempt(candidate, &job, Purpose::Job, tier, token.reveal(), now);
        let attempt = tx.insert_attempt(&new).await?;
        job.attempt_id = Some(attempt.id);
        let mut changes = Changes::default();
        let mut run = Run {
            tx: tx.as_mut(),
            changes: &mut changes,
            now,
        };
        if run.apply(&mut job, JobEvent::Receive).await?.is_err() {
            return Ok(None);
        }
        run.follow(&mut build, &job).await?;
        let offer = self
            .offer(tx.as_mut(), worker, &attempt, token, job, &build)
            .await?;
        tx.commit().await?;
        changes.worker(worker.id);
        changes.send(self.bus.as_ref());
        Ok(Some(offer))
    }

    async fn claim_opinion(
        &self,
        candidate: &Candidate,
        waiting: &Job,
        tier: Tier,
    ) -> Result<Option<Offer>, EngineError> {
        let worker = &candidate.worker;
        let now = self.now();
        let mut reader = self.store.reader().await?;
        // Looked at before anything is locked: most of them are for somebody else.
        if !self
            .may_give_opinion(reader.as_mut(), candidate, waiting, tier)
            .await?
        {
            return Ok(None);
        }
        drop(reader);
        let token = Vault::new_token("attempt")?;
        let mut tx = self.store.begin().await?;
        let Some(build) = tx.lock_build(waiting.build_id).await? else {
            return Ok(None);
        };
        let Some(mut job) = tx.job(waiting.id).await? else {
            return Ok(None);
        };
        let wanted = job.verification.is_open()
            && job.opinion_id.is_none()
            && job.version == waiting.version
            && job.state.is_finished();
        if !wanted || was_yielded(tx.as_mut(), &job, worker, now).await? {
            return Ok(None);
        }
        let new = self.new_attempt(candidate, &job, Purpose::Opinion, tier, token.reveal(), now);
        let attempt = tx.insert_attempt(&new).await?;
        job.opinion_id = Some(attempt.id);
        job.updated_at = now;
        tx.save_job(&job).await?;
        job.version += 1;
        let mut changes = Changes::default();
        changes.job(&job);
        let offer = self
            .offer(tx.as_mut(), worker, &attempt, token, job, &build)
            .await?;
        tx.commit().await?;
        changes.worker(worker.id);
        changes.send(self.bus.as_ref());
        Ok(Some(offer))
    }

    /// Whether a worker may give the word that a job waits for.
    async fn may_give_opinion(
        &self,
        reader: &mut dyn Reader,
        candidate: &Candidate,
        job: &Job,
        tier: Tier,
    ) -> Result<bool, EngineError> {
        let words = self.words(reader, job).await?;
        let words: Vec<_> = words.into_iter().map(|(_, word)| word).collect();
        let trusted_only = job.verification == travis_model::Verification::Third;
        let silent = crate::verify::silent(candidate, tier);
        if may_opine(&silent, &words, trusted_only, false).is_err() {
            return Ok(false);
        }
        if trust::binds(tier) {
            return Ok(true);
        }
        Ok(!self.is_better_online(reader, job, &words).await?)
    }

    fn new_attempt(
        &self,
        candidate: &Candidate,
        job: &Job,
        purpose: Purpose,
        tier: Tier,
        token: &str,
        now: Timestamp,
    ) -> NewAttempt {
        NewAttempt {
            job_id: job.id,
            run: job.run,
            worker_id: candidate.worker.id,
            token_hash: Vault::hash(token),
            lease_until: now.plus(self.policy.lease),
            executor: candidate.worker.executor.clone(),
            purpose,
            tier: Some(tier),
            network: candidate.network.clone(),
            at: now,
        }
    }

    /// Gives an assignment once more that never arrived.
    pub(crate) async fn offer_again(
        &self,
        worker: &Worker,
        attempt: &Attempt,
    ) -> Result<Option<Offer>, EngineError> {
        let token = Vault::new_token("attempt")?;
        let mut tx: Box<dyn Tx> = self.store.begin().await?;
        let Some(mut fresh) = tx.attempt(attempt.id).await? else {
            return Ok(None);
        };
        let Some(job) = tx.job(fresh.job_id).await? else {
            return Ok(None);
        };
        if fresh.state != AttemptState::Leased || !counts(&job, &fresh) {
            drop(tx);
            self.give_up(
                attempt.id,
                AttemptEvent::Refuse,
                "it was canceled before its worker had it",
            )
            .await?;
            return Ok(None);
        }
        fresh.token_hash = Vault::hash(token.reveal());
        fresh.lease_until = self.now().plus(self.policy.lease);
        tx.save_attempt(&fresh, AttemptState::Leased).await?;
        self.keys.forget(fresh.id);
        let Some(build) = tx.build(job.build_id).await? else {
            return Ok(None);
        };
        let offer = self
            .offer(tx.as_mut(), worker, &fresh, token, job, &build)
            .await?;
        tx.commit().await?;
        Ok(Some(offer))
    }
}

/// Whether anything waits for the end of an attempt: the job that it runs, or the result that it
/// checks.
pub(crate) fn counts(job: &Job, attempt: &Attempt) -> bool {
    match attempt.purpose {
        Purpose::Job => job.attempt_id == Some(attempt.id) && job.state.is_held(),
        Purpose::Opinion => job.opinion_id == Some(attempt.id),
    }
}

/// Whether this worker handed the job back a moment ago.
async fn was_yielded(
    tx: &mut dyn Tx,
    job: &Job,
    worker: &Worker,
    now: Timestamp,
) -> Result<bool, EngineError> {
    if job.yielded_at.is_none_or(|at| now.since(at) > AFTER_YIELD) {
        return Ok(false);
    }
    let attempts = tx.attempts(job.id).await?;
    Ok(attempts.iter().any(|attempt| {
        attempt.yielded
            && attempt.worker_id == worker.id
            && attempt
                .finished_at
                .is_some_and(|at| now.since(at) <= AFTER_YIELD)
    }))
}

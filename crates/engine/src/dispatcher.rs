//! Who gets which job: polls of workers, answered as soon as there is something to say.

use crate::{
    Engine, EngineError, PageOrders, Vault, changes::Changes, limits::FullRepositories,
    offer::Offer, runs::Run,
};
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use travis_bus::Wake;
use travis_model::{
    Attempt, AttemptEvent, AttemptId, AttemptState, Job, JobEvent, JobId, Worker, WorkerId,
    scheduling::{ExecutorKind, Platform, Requirements, may_run},
};
use travis_store::{NewAttempt, Tx};

/// Why an attempt is stopped when its job does not say so.
const REASON_CANCELED: &str = "The job was canceled.";

/// A worker's poll.
#[derive(Debug, Clone)]
pub struct PollCall {
    /// Jobs that its owner allows side by side now.
    pub slots: u32,
    /// Attempts that it works on.
    pub running: Vec<AttemptId>,
    /// Attempts that it gives back, with the reason.
    pub refused: Vec<(AttemptId, String)>,
    /// It is about to leave.
    pub draining: bool,
    /// How long it wants the call to be held at most.
    pub hold: Option<Duration>,
}

/// What a worker is to do.
#[derive(Default)]
pub struct Orders {
    /// New work.
    pub offers: Vec<Offer>,
    /// Attempts to stop because somebody canceled them, with the reason.
    pub cancel: Vec<(AttemptId, String)>,
    /// Attempts that are over for it.
    pub lost: Vec<AttemptId>,
    /// Leases renewed.
    pub renewed: Vec<AttemptId>,
    /// Leave when nothing runs.
    pub drain: bool,
    /// What its page tells it.
    pub page: PageOrders,
}

/// Which poll of each worker is the newest: an older one is answered by nobody's wish, and what it
/// gave out would only come again with the next.
#[derive(Debug, Default)]
pub(crate) struct HeldPolls(Mutex<HashMap<WorkerId, u64>>);

impl HeldPolls {
    fn begin(&self, worker: WorkerId) -> u64 {
        let mut polls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let newest = polls.entry(worker).or_default();
        *newest += 1;
        *newest
    }

    fn is_newest(&self, worker: WorkerId, poll: u64) -> bool {
        let polls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        polls.get(&worker).is_none_or(|newest| *newest == poll)
    }
}

impl Orders {
    fn is_urgent(&self) -> bool {
        self.page.news
            || !(self.offers.is_empty() && self.cancel.is_empty() && self.lost.is_empty())
    }
}

impl Engine {
    /// Answers a worker's poll: at once when there is something, else when there is, else after a
    /// while. Every poll renews the leases of what the worker runs.
    ///
    /// # Errors
    /// [`EngineError::Unauthorized`] when the worker was removed.
    pub async fn poll(&self, id: WorkerId, call: PollCall) -> Result<Orders, EngineError> {
        let began = Instant::now();
        let mine = self.held.begin(id);
        // A poll that is still held for this worker has lost its listener: it gives way.
        self.bus.wake(Wake::Worker(id.get()));
        let mut wakes = self.bus.wakes();
        for (attempt, reason) in &call.refused {
            self.give_back(id, *attempt, reason).await?;
        }
        let limit = if call.running.is_empty() {
            self.policy.idle_poll
        } else {
            self.policy.heartbeat
        };
        let until = began + call.hold.map_or(limit, |hold| hold.min(limit));
        let renewed = self.renew(id, &call).await?;
        let mut first = true;
        loop {
            if !self.held.is_newest(id, mine) {
                return Ok(Orders::default());
            }
            let mut orders = self.look(id, &call, &renewed, first).await?;
            first = false;
            if orders.is_urgent() || Instant::now() >= until {
                orders.renewed = renewed;
                self.note_told(id, &orders.page);
                return Ok(orders);
            }
            let woken = async {
                loop {
                    match wakes.recv().await {
                        Ok(Wake::Queue)
                        | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => break,
                        Ok(Wake::Worker(worker)) if worker == id.get() => break,
                        Ok(_) => {}
                        Err(tokio::sync::broadcast::error::RecvError::Closed) => {
                            std::future::pending::<()>().await;
                        }
                    }
                }
            };
            // On a time-out the loop looks once more and answers.
            drop(tokio::time::timeout_at(until, woken).await);
        }
    }

    /// Notes that the worker lives and lengthens the leases of what it runs.
    async fn renew(&self, id: WorkerId, call: &PollCall) -> Result<Vec<AttemptId>, EngineError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let mut worker = tx
            .worker(id)
            .await?
            .filter(|worker| !worker.banned)
            .ok_or(EngineError::Unauthorized)?;
        let appears = worker
            .last_seen_at
            .is_none_or(|seen| now.since(seen) > self.silence());
        if call.draining && !worker.draining {
            worker.draining = true;
            tx.update_worker(&worker).await?;
        }
        tx.touch_worker(id, now).await?;
        let renewed = if call.running.is_empty() {
            Vec::new()
        } else {
            tx.renew_leases(id, &call.running, now.plus(self.policy.lease))
                .await?
        };
        tx.commit().await?;
        if appears {
            self.tell_worker(id);
        }
        Ok(renewed)
    }

    /// How long a worker may be silent before it counts as offline.
    #[must_use]
    pub fn silence(&self) -> Duration {
        self.policy.idle_poll + self.policy.lease
    }

    async fn give_back(
        &self,
        worker: WorkerId,
        id: AttemptId,
        reason: &str,
    ) -> Result<(), EngineError> {
        let attempt = self.store.reader().await?.attempt(id).await?;
        if attempt.is_some_and(|attempt| attempt.worker_id == worker) {
            let reason: String = reason.chars().take(500).collect();
            self.give_up(id, AttemptEvent::Refuse, &reason).await?;
        }
        Ok(())
    }

    /// Looks once for something to say.
    async fn look(
        &self,
        id: WorkerId,
        call: &PollCall,
        renewed: &[AttemptId],
        first: bool,
    ) -> Result<Orders, EngineError> {
        let mut orders = Orders::default();
        let mut reader = self.store.reader().await?;
        let worker = reader
            .worker(id)
            .await?
            .filter(|worker| !worker.banned)
            .ok_or(EngineError::Unauthorized)?;
        let live = reader.live_attempts(id).await?;
        orders
            .lost
            .extend(call.running.iter().filter(|id| !renewed.contains(id)));
        let known = |attempt: &&Attempt| call.running.contains(&attempt.id);
        let jobs: Vec<JobId> = live.iter().filter(known).map(|a| a.job_id).collect();
        let jobs = match jobs.as_slice() {
            [] => Vec::new(),
            jobs => reader.jobs_by_id(jobs).await?,
        };
        for attempt in live.iter().filter(known) {
            let job = jobs.iter().find(|job| job.id == attempt.job_id);
            let counts =
                job.is_some_and(|job| job.attempt_id == Some(attempt.id) && job.state.is_held());
            if !counts {
                let reason = job
                    .and_then(|job| job.reason.clone())
                    .unwrap_or_else(|| REASON_CANCELED.to_owned());
                orders.cancel.push((attempt.id, reason));
            }
        }
        orders.drain = worker.draining;
        orders.page = self.page_orders(reader.as_mut(), &worker).await?;
        drop(reader);
        let mut unchanged = true;
        if first {
            for attempt in live
                .iter()
                .filter(|attempt| !call.running.contains(&attempt.id))
            {
                unchanged = false;
                match attempt.state {
                    // Its assignment never arrived: it comes again.
                    AttemptState::Leased => orders
                        .offers
                        .extend(self.offer_again(&worker, attempt).await?),
                    // The worker was started anew and does not know it any more.
                    _ => {
                        self.give_up(
                            attempt.id,
                            AttemptEvent::Refuse,
                            "its worker was started anew",
                        )
                        .await?;
                    }
                }
            }
        }
        let lent = if worker.paused || worker.draining || call.draining || self.is_too_old(&worker)
        {
            0
        } else {
            call.slots.min(worker.slots)
        };
        let live = if unchanged {
            live.len()
        } else {
            self.store.reader().await?.live_attempts(id).await?.len()
        };
        let mut free = (lent as usize).saturating_sub(live);
        let mut candidates = VecDeque::new();
        while free > 0 {
            let Some(offer) = self.claim(&worker, &mut candidates).await? else {
                break;
            };
            orders.offers.push(offer);
            free -= 1;
        }
        Ok(orders)
    }

    /// Gives a worker the next job that fits it. `candidates` are those that were read for an
    /// earlier slot; they are read again when none is left.
    async fn claim(
        &self,
        worker: &Worker,
        candidates: &mut VecDeque<Job>,
    ) -> Result<Option<Offer>, EngineError> {
        let platform = Platform {
            os: worker.os.clone(),
            arch: worker.arch.clone(),
            executor: ExecutorKind::parse(&worker.executor).unwrap_or(ExecutorKind::Host),
        };
        let mut full = FullRepositories::default();
        if candidates.is_empty() {
            candidates.extend(self.candidates(worker, &mut full).await?);
        }
        while let Some(candidate) = candidates.pop_front() {
            if full.is_full(&candidate) {
                continue;
            }
            let needs = Requirements {
                os: candidate.os.clone(),
                arch: candidate.arch.clone(),
            };
            if may_run(&needs, &platform).is_err() {
                continue;
            }
            let now = self.now();
            let token = Vault::new_token("attempt")?;
            let mut tx = self.store.begin().await?;
            if !self.has_room(tx.as_mut(), candidate.repository_id).await? {
                full.note(candidate.repository_id);
                continue;
            }
            let Some(mut build) = tx.lock_build(candidate.build_id).await? else {
                continue;
            };
            let Some(mut job) = tx.job(candidate.id).await? else {
                continue;
            };
            if job.state != travis_model::JobState::Queued {
                continue;
            }
            let attempt = tx
                .insert_attempt(&NewAttempt {
                    job_id: job.id,
                    run: job.run,
                    worker_id: worker.id,
                    token_hash: Vault::hash(token.reveal()),
                    lease_until: now.plus(self.policy.lease),
                    executor: worker.executor.clone(),
                    at: now,
                })
                .await?;
            job.attempt_id = Some(attempt.id);
            let mut changes = Changes::default();
            let mut run = Run {
                tx: tx.as_mut(),
                changes: &mut changes,
                now,
            };
            if run.apply(&mut job, JobEvent::Receive).await?.is_err() {
                continue;
            }
            run.follow(&mut build, &job).await?;
            let offer = self
                .offer(tx.as_mut(), worker, &attempt, token, job, &build)
                .await?;
            tx.commit().await?;
            changes.worker(worker.id);
            changes.send(self.bus.as_ref());
            return Ok(Some(offer));
        }
        Ok(None)
    }

    async fn offer_again(
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
        if fresh.state != AttemptState::Leased
            || job.attempt_id != Some(fresh.id)
            || !job.state.is_held()
        {
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

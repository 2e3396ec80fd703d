//! Who gets which job: polls of workers, answered as soon as there is something to say.

use crate::{
    Engine, EngineError, PageOrders,
    claims::{self, Claims},
    known::KnownOffer,
    offer::Offer,
};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use travis_bus::Wake;
use travis_model::{
    Attempt, AttemptEvent, AttemptId, AttemptState, JobId, KnownAnswerId, WorkerId,
};

/// Why an attempt is stopped when its job does not say so.
const REASON_CANCELED: &str = "The job was canceled.";

/// A worker's poll.
#[derive(Debug, Clone)]
pub struct PollCall {
    /// Jobs that its owner allows side by side now.
    pub slots: u32,
    /// Attempts that it works on.
    pub running: Vec<AttemptId>,
    /// Attempts that it gives back.
    pub refused: Vec<GivenBack>,
    /// It is about to leave.
    pub draining: bool,
    /// How long it wants the call to be held at most.
    pub hold: Option<Duration>,
}

/// An attempt that a worker gives back.
#[derive(Debug, Clone)]
pub struct GivenBack {
    /// Which.
    pub attempt: AttemptId,
    /// Why.
    pub reason: String,
    /// The machine's owner wanted it: nothing is wrong with job or worker.
    pub yielded: bool,
}

/// What a worker is to do.
#[derive(Default)]
pub struct Orders {
    /// New work.
    pub offers: Vec<Offer>,
    /// A job whose answer is known.
    pub known: Option<KnownOffer>,
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
            || self.known.is_some()
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
        for given in &call.refused {
            self.give_back(id, given).await?;
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
            let until = now.plus(self.policy.lease);
            let (known, jobs): (Vec<AttemptId>, Vec<AttemptId>) = call
                .running
                .iter()
                .partition(|id| KnownAnswerId::of_attempt(**id).is_some());
            let mut renewed = match jobs.as_slice() {
                [] => Vec::new(),
                jobs => tx.renew_leases(id, jobs, until).await?,
            };
            if !known.is_empty() {
                let known: Vec<_> = known
                    .into_iter()
                    .filter_map(KnownAnswerId::of_attempt)
                    .collect();
                let live = tx.renew_known_answers(id, &known, until).await?;
                renewed.extend(live.into_iter().map(KnownAnswerId::attempt));
            }
            renewed
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

    async fn give_back(&self, worker: WorkerId, given: &GivenBack) -> Result<(), EngineError> {
        let reason: String = given.reason.chars().take(500).collect();
        if let Some(known) = KnownAnswerId::of_attempt(given.attempt) {
            return self
                .known_given_back(worker, known, &reason, given.yielded)
                .await;
        }
        let attempt = self.store.reader().await?.attempt(given.attempt).await?;
        if attempt.is_some_and(|attempt| attempt.worker_id == worker) {
            self.hand_back(given.attempt, &reason, given.yielded)
                .await?;
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
            if !job.is_some_and(|job| claims::counts(job, attempt)) {
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
        let tested = self.known_running_on(id, &call.running).await?;
        let mut free = (lent as usize).saturating_sub(live + tested);
        let mut claims = Claims::new(worker.clone(), live);
        while free > 0 {
            let Some(offer) = self.claim(&mut claims).await? else {
                break;
            };
            orders.offers.push(offer);
            free -= 1;
        }
        // What is known already waits for work that is not.
        if free > 0 && orders.offers.is_empty() {
            orders.known = self.known_for(&worker, &call.running).await?;
        }
        Ok(orders)
    }
}

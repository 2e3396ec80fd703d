//! The poll loop: heartbeat, request for work and ear for orders in one.

mod start;
mod yielding;

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use travis_api::worker::{Assignment, PollRequest, PollResponse, RefusedAttempt};

pub use start::run;

use crate::control::Control;
use crate::owner::Stand;
use crate::runner::{Left, Workshop, work};
use crate::session::{Session, SessionError};
use crate::{WorkerError, facts};
use start::patient;

/// Attempts that ended here lately; a late answer may name them once more.
const REMEMBERED: usize = 256;
/// How long the last words to the server may take.
const FAREWELL: Duration = Duration::from_secs(3);
/// How long killed attempts may take to be cleaned away.
const CLEANING: Duration = Duration::from_secs(10);

/// A poll that was held for this long and brought no work: nothing goes on here.
const QUIET: Duration = Duration::from_secs(5);
/// How long a poll may be held while jobs run, in milliseconds.
const BUSY_HOLD_MS: u64 = 2000;

struct Agent {
    shop: Arc<Workshop>,
    session: Arc<Session>,
    live: HashMap<i64, Arc<Control>>,
    tasks: JoinSet<(i64, Left)>,
    ended: VecDeque<i64>,
    refused: Vec<RefusedAttempt>,
    /// Handed back to the server because the owner wants the machine.
    yielded: HashSet<i64>,
    /// What the owner's side says.
    stands: watch::Receiver<Stand>,
    lent: watch::Receiver<u64>,
    draining: bool,
}

/// What ended a wait.
enum Event {
    Answered(Box<Result<PollResponse, SessionError>>),
    /// What the server should hear at once.
    News,
    /// The machine lends itself anew, or does not.
    Stand,
    Shutdown,
    Hard,
}

impl Agent {
    fn new(workshop: Workshop, session: Session) -> Self {
        Self {
            stands: workshop.desk.stands(),
            lent: workshop.desk.lent_versions(),
            shop: Arc::new(workshop),
            session: Arc::new(session),
            live: HashMap::new(),
            tasks: JoinSet::new(),
            ended: VecDeque::new(),
            refused: Vec::new(),
            yielded: HashSet::new(),
            draining: false,
        }
    }

    async fn serve(
        mut self,
        shutdown: &CancellationToken,
        hard: &CancellationToken,
    ) -> Result<(), WorkerError> {
        let mut ids: HashMap<Id, i64> = HashMap::new();
        let mut backoff = patient();
        let mut pause = Duration::ZERO;
        let mut unheard = false;
        loop {
            if self.draining && self.live.is_empty() {
                self.say_farewell().await;
                return Ok(());
            }
            let mut request = self.request();
            if !request.running.is_empty() {
                // A lease counts from the sending of a poll. Were a poll held for a third of the
                // lease, a connection that breaks before its answer would leave little of it. And
                // after a break nothing matters more than an answer.
                request.hold_ms = Some(if unheard { 0 } else { BUSY_HOLD_MS });
            }
            let told = (request.refused.len(), request.froze_ms);
            let mut sent = Instant::now();
            let event = {
                let session = Arc::clone(&self.session);
                let mut polling = std::pin::pin!(async {
                    // Even a pause of nothing would wait for the timer's next tick.
                    if !pause.is_zero() {
                        sleep(pause).await;
                    }
                    sent = Instant::now();
                    session.poll(&mut request).await
                });
                loop {
                    tokio::select! {
                        biased;
                        () = hard.cancelled() => break Event::Hard,
                        () = shutdown.cancelled(), if !self.draining => break Event::Shutdown,
                        Ok(()) = self.stands.changed() => break Event::Stand,
                        Ok(()) = self.lent.changed() => break Event::News,
                        Some(done) = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => {
                            let (id, left) = match done {
                                Ok((id, (_, left))) => (id, left),
                                Err(error) => (error.id(), Left::Refused("the worker failed on it".to_owned())),
                            };
                            let Some(attempt) = ids.remove(&id) else { continue };
                            self.live.remove(&attempt);
                            self.note_end(attempt, &left);
                            if let Left::Refused(reason) = left {
                                tracing::warn!(attempt, %reason, "gave an attempt back");
                                self.refused.push(RefusedAttempt { attempt, reason, yielded: false });
                                break Event::News;
                            }
                            if self.draining && self.live.is_empty() {
                                break Event::News;
                            }
                        }
                        answer = &mut polling => break Event::Answered(Box::new(answer)),
                    }
                }
            };
            pause = Duration::ZERO;
            match event {
                Event::Answered(answer) => match *answer {
                    Ok(response) => {
                        backoff.reset();
                        self.shop.desk.set_connected(true);
                        unheard = false;
                        self.refused.drain(..told.0);
                        self.shop.desk.told_froze(told.1);
                        self.heed(response, sent, &mut ids);
                        if self.live.is_empty() && sent.elapsed() >= QUIET {
                            be_small();
                        }
                    }
                    Err(SessionError::Again(reason)) => {
                        pause = backoff.draw();
                        unheard = true;
                        self.shop.desk.set_connected(false);
                        tracing::warn!(%reason, "poll failed; trying again");
                    }
                    Err(SessionError::Final(error)) => {
                        self.end_all("the server does not let this worker in").await;
                        return Err(error);
                    }
                },
                Event::News => {}
                Event::Stand => self.heed_owner(),
                Event::Shutdown => {
                    tracing::info!(running = self.live.len(), "leaving when what runs is done");
                    self.set_draining();
                }
                Event::Hard => {
                    self.give_back_all().await;
                    self.say_farewell().await;
                    return Ok(());
                }
            }
        }
    }

    fn request(&self) -> PollRequest {
        let running = self.live.iter();
        let mut running: Vec<i64> = running
            .filter(|(_, control)| !control.is_over())
            .map(|(attempt, _)| *attempt)
            .collect();
        running.sort_unstable();
        PollRequest {
            slots: if self.draining {
                0
            } else {
                self.stands.borrow().slots
            },
            frozen: self.frozen(),
            running,
            refused: self.refused.clone(),
            load: facts::load(),
            draining: self.draining,
            hold_ms: None,
            froze_ms: self.shop.desk.froze_ms(),
            presence: Some(self.shop.desk.presence()),
            usage: Some(self.shop.desk.usage()),
            lending: None,
            images: None,
            image_table: None,
        }
    }

    fn heed(&mut self, response: PollResponse, sent: Instant, ids: &mut HashMap<Id, i64>) {
        for lease in &response.leases {
            if let Some(control) = self.live.get(&lease.attempt) {
                control.renew(sent + Duration::from_millis(lease.valid_for_ms));
            }
        }
        for attempt in &response.lost {
            if let Some(control) = self.live.get(attempt) {
                control.end("the server gave it up");
            }
        }
        for order in &response.cancel {
            if let Some(control) = self.live.get(&order.attempt) {
                control.cancel(&order.reason);
            }
        }
        for assignment in response.assignments {
            self.take_on(assignment, ids);
        }
        if response.drain && !self.draining {
            tracing::info!("the server asks this worker to leave when what runs is done");
            self.set_draining();
        }
        let desk = &self.shop.desk;
        desk.hear_page(response.pause, response.lending.as_ref());
    }

    fn set_draining(&mut self) {
        self.draining = true;
        self.shop.desk.set_draining();
    }

    fn take_on(&mut self, assignment: Assignment, ids: &mut HashMap<Id, i64>) {
        let attempt = assignment.attempt;
        if self.live.contains_key(&attempt) || self.ended.contains(&attempt) {
            return;
        }
        if let Some(refused) = self.turn_down(&assignment) {
            self.refused.push(refused);
            return;
        }
        // The poll that brought it may have been held for long, so this lease counts from now.
        let until = Instant::now() + Duration::from_millis(assignment.lease_ms);
        let control = Arc::new(Control::new(until));
        self.live.insert(attempt, Arc::clone(&control));
        tracing::info!(attempt, repository = %assignment.repository, job = %assignment.job_number, "took a job");
        let shop = Arc::clone(&self.shop);
        shop.desk
            .job_came(attempt, &assignment.repository, &assignment.job_number);
        let task = self.tasks.spawn(async move {
            let left = work(shop, assignment, control).await;
            tracing::info!(attempt, ?left, "done with a job");
            (attempt, left)
        });
        ids.insert(task.id(), attempt);
    }

    /// Kills what runs so that the server can give it to another worker.
    async fn give_back_all(&mut self) {
        // What is over is another's already; there is nothing to give back.
        let held = self.live.iter().filter(|(_, control)| !control.is_over());
        self.refused.extend(held.map(|(attempt, _)| RefusedAttempt {
            attempt: *attempt,
            reason: "the worker was stopped".to_owned(),
            yielded: false,
        }));
        self.set_draining();
        self.end_all("the worker was stopped").await;
    }

    async fn end_all(&mut self, reason: &str) {
        for control in self.live.values() {
            control.end(reason);
        }
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(CLEANING, all).await.is_err() {
            tracing::warn!("some sandboxes were not cleaned away; the next start does it");
        }
        self.live.clear();
    }

    /// Says good-bye, so that the server need not wait for the worker's silence.
    async fn say_farewell(&mut self) {
        for _ in 0..3 {
            let mut request = self.request();
            request.hold_ms = Some(0);
            match tokio::time::timeout(FAREWELL, self.session.poll(&mut request)).await {
                Ok(Ok(response)) if response.assignments.is_empty() => return,
                // Given to the poll before, whose answer nobody heard.
                Ok(Ok(response)) => {
                    self.refused.clear();
                    for assignment in response.assignments {
                        self.refused.push(RefusedAttempt {
                            attempt: assignment.attempt,
                            reason: "the worker is leaving".to_owned(),
                            yielded: false,
                        });
                    }
                }
                Ok(Err(_)) | Err(_) => {
                    tracing::warn!("could not say good-bye to the server; it will notice");
                    return;
                }
            }
        }
    }
}

/// Who lends a machine sees what a worker holds of its memory: what it started with, or what the last
/// job needed, need not stay in it.
fn be_small() {
    travis_memory::let_go_of_free();
    match travis_memory::let_go_of_code() {
        Ok(bytes) => tracing::debug!(bytes, "let go of code that nothing needs now"),
        Err(error) => tracing::debug!(%error, "kept the code in memory"),
    }
}

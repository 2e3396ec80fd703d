//! The poll loop: heartbeat, request for work and ear for orders in one.

use std::collections::{HashMap, VecDeque};
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use tokio::task::{Id, JoinSet};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use travis_api::worker::{Assignment, PollRequest, PollResponse, RefusedAttempt};
use travis_forge::mirror::Mirrors;

use crate::backoff::Backoff;
use crate::client::Client;
use crate::control::Control;
use crate::error::on;
use crate::identity::Identity;
use crate::runner::{Left, Workshop, work};
use crate::session::{Session, SessionError};
use crate::{WorkerConfig, WorkerError, facts, spool};

/// Attempts that ended here lately; a late answer may name them once more.
const REMEMBERED: usize = 256;
/// How long the last words to the server may take.
const FAREWELL: Duration = Duration::from_secs(3);
/// How long killed attempts may take to be cleaned away.
const CLEANING: Duration = Duration::from_secs(10);

/// How long a poll may be held while jobs run, in milliseconds.
const BUSY_HOLD_MS: u64 = 2000;

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
    let client = Client::new(&config.server)?;
    make_private(&config.data_dir)?;
    let _lock = lock(&config.data_dir)?;
    let identity = Arc::new(Identity::open(&config.data_dir)?);
    let spools = config.data_dir.join("spool");
    make_private(&spools)?;
    spool::sweep(&spools).map_err(on("clean", &spools))?;
    config.executor.sweep().await;
    let mirrors = Mirrors::new(config.data_dir.join("mirrors"), config.allow_local_git)?;
    let session = Session::new(config.clone(), client.clone(), Arc::clone(&identity));
    let Some(name) = sign_in(&session, &shutdown, &hard).await? else {
        return Ok(());
    };
    tracing::info!(%name, server = %config.server, executor = config.executor.kind(), "worker is online");
    let facts = facts::measure(&*config.executor, &config.data_dir);
    let agent = Agent {
        shop: Arc::new(Workshop {
            config,
            client,
            identity,
            mirrors,
            facts,
            name,
            spools,
        }),
        session,
        live: HashMap::new(),
        tasks: JoinSet::new(),
        ended: VecDeque::new(),
        refused: Vec::new(),
        draining: false,
    };
    agent.serve(&shutdown, &hard).await
}

fn make_private(directory: &Path) -> Result<(), WorkerError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(on("create", directory))
}

/// The lock is held as long as the file is open, and gone with the process however it ends.
fn lock(directory: &Path) -> Result<File, WorkerError> {
    let path = directory.join("lock");
    let file = fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(on("open", &path))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| WorkerError::InUse(directory.to_owned()))?;
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

fn patient() -> Backoff {
    Backoff::new(Duration::from_millis(100), Duration::from_secs(2))
}

struct Agent {
    shop: Arc<Workshop>,
    session: Session,
    live: HashMap<i64, Arc<Control>>,
    tasks: JoinSet<(i64, Left)>,
    ended: VecDeque<i64>,
    refused: Vec<RefusedAttempt>,
    draining: bool,
}

/// What ended a wait.
enum Event {
    Answered(Result<PollResponse, SessionError>),
    /// What the server should hear at once.
    News,
    Shutdown,
    Hard,
}

impl Agent {
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
            let told = request.refused.len();
            let mut sent = Instant::now();
            let event = {
                let mut polling = std::pin::pin!(async {
                    // Even a pause of nothing would wait for the timer's next tick.
                    if !pause.is_zero() {
                        sleep(pause).await;
                    }
                    sent = Instant::now();
                    self.session.poll(&request).await
                });
                loop {
                    tokio::select! {
                        biased;
                        () = hard.cancelled() => break Event::Hard,
                        () = shutdown.cancelled(), if !self.draining => break Event::Shutdown,
                        Some(done) = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => {
                            let (id, left) = match done {
                                Ok((id, (_, left))) => (id, left),
                                Err(error) => (error.id(), Left::Refused("the worker failed on it".to_owned())),
                            };
                            let Some(attempt) = ids.remove(&id) else { continue };
                            self.live.remove(&attempt);
                            self.ended.push_back(attempt);
                            if self.ended.len() > REMEMBERED {
                                self.ended.pop_front();
                            }
                            if let Left::Refused(reason) = left {
                                tracing::warn!(attempt, %reason, "gave an attempt back");
                                self.refused.push(RefusedAttempt { attempt, reason, yielded: false });
                                break Event::News;
                            }
                            if self.draining && self.live.is_empty() {
                                break Event::News;
                            }
                        }
                        answer = &mut polling => break Event::Answered(answer),
                    }
                }
            };
            pause = Duration::ZERO;
            match event {
                Event::Answered(Ok(response)) => {
                    backoff.reset();
                    unheard = false;
                    self.refused.drain(..told);
                    self.heed(response, sent, &mut ids);
                }
                Event::Answered(Err(SessionError::Again(reason))) => {
                    pause = backoff.draw();
                    unheard = true;
                    tracing::warn!(%reason, "poll failed; trying again");
                }
                Event::Answered(Err(SessionError::Final(error))) => {
                    self.end_all("the server does not let this worker in").await;
                    return Err(error);
                }
                Event::News => {}
                Event::Shutdown => {
                    tracing::info!(running = self.live.len(), "leaving when what runs is done");
                    self.draining = true;
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
                self.shop.config.slots
            },
            running,
            refused: self.refused.clone(),
            load: facts::load(),
            draining: self.draining,
            hold_ms: None,
            frozen: Vec::new(),
            froze_ms: None,
            presence: None,
            usage: None,
            lending: None,
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
            self.draining = true;
        }
    }

    fn take_on(&mut self, assignment: Assignment, ids: &mut HashMap<Id, i64>) {
        let attempt = assignment.attempt;
        if self.live.contains_key(&attempt) || self.ended.contains(&attempt) {
            return;
        }
        if self.draining {
            self.refused.push(RefusedAttempt {
                attempt,
                reason: "the worker is leaving".to_owned(),
                yielded: false,
            });
            return;
        }
        // The poll that brought it may have been held for long, so this lease counts from now.
        let until = Instant::now() + Duration::from_millis(assignment.lease_ms);
        let control = Arc::new(Control::new(until));
        self.live.insert(attempt, Arc::clone(&control));
        tracing::info!(attempt, repository = %assignment.repository, job = %assignment.job_number, "took a job");
        let shop = Arc::clone(&self.shop);
        let task = self.tasks.spawn(async move {
            let left = work(shop, assignment, control).await;
            tracing::info!(attempt, ?left, "done with a job");
            (attempt, left)
        });
        ids.insert(task.id(), attempt);
    }

    /// Kills what runs so that the server can give it to another worker.
    async fn give_back_all(&mut self) {
        for attempt in self.live.keys() {
            self.refused.push(RefusedAttempt {
                attempt: *attempt,
                reason: "the worker was stopped".to_owned(),
                yielded: false,
            });
        }
        self.draining = true;
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
            match tokio::time::timeout(FAREWELL, self.session.poll(&request)).await {
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

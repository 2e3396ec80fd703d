//! One attempt: prepare, run, report, seal.

mod prepare;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;
use travis_api::worker::{Assignment, Facts, Limits};
use travis_forge::mirror::Mirrors;
use travis_sandbox::{Executor, Exit, Network, Sandbox};

use crate::WorkerConfig;
use crate::cache::Cache;
use crate::client::Client;
use crate::control::Control;
use crate::drive::{Broken, Ear, Stands, Take as _, drive};
use crate::identity::Identity;
use crate::intake::Intake;
use crate::owner::{JobStep, SharedDesk};
use crate::preamble::worker_info;
use crate::report::Report;
use crate::results::Results;
use crate::spool::Spool;
use crate::uplink::Uplink;
use crate::verdict::{Stopped, Verdict};

/// What all attempts of this worker share.
pub(crate) struct Workshop {
    pub(crate) config: WorkerConfig,
    pub(crate) client: Client,
    pub(crate) identity: Arc<Identity>,
    pub(crate) mirrors: Mirrors,
    pub(crate) desk: SharedDesk,
    pub(crate) facts: Facts,
    pub(crate) name: String,
    pub(crate) spools: PathBuf,
}

/// How an attempt left this worker.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Reported and sealed.
    Sealed,
    /// It was no longer this worker's.
    Over,
    /// This machine can't do it; another may.
    Refused(String),
}

/// What is done about a cache.
#[derive(Clone, Copy)]
enum Step {
    Fetch,
    Store,
}

/// Why the way to the end was left.
enum Halt {
    Over,
    Refused(String),
    Verdict(Verdict),
}

/// Works one attempt off.
pub(crate) async fn work(
    shop: Arc<Workshop>,
    assignment: Assignment,
    control: Arc<Control>,
) -> Left {
    let attempt = assignment.attempt;
    let spool = match Spool::create(&shop.spools, attempt) {
        Ok(spool) => spool,
        Err(error) => return Left::Refused(format!("the log's spool can't be made: {error}")),
    };
    let own = shop.config.max_limits.with(shop.desk.max_limits());
    let limits = own.bound(&assignment.limits);
    let Some(executor) = shop.config.executor_for(assignment.min_executor.as_deref()) else {
        let least = assignment.min_executor.as_deref().unwrap_or_default();
        return Left::Refused(format!(
            "the job demands the executor {least} or a stronger one, and this machine has none"
        ));
    };
    let executor = Arc::clone(executor);
    let uplink = Uplink {
        client: shop.client.clone(),
        attempt,
        token: assignment.token.clone(),
        spool: Arc::clone(&spool),
    };
    let mut intake = Intake::new(spool, &assignment.secrets, limits.log_bytes);
    let network = if assignment.network {
        shop.config.network.clone()
    } else {
        Network::Off
    };
    let about = worker_info(
        &shop.name,
        &shop.facts,
        executor.kind(),
        assignment
            .image
            .as_ref()
            .and_then(|image| image.name.as_deref()),
        network.is_on(),
        &assignment.thanks,
    );
    if let Err(error) = intake.write(about.as_bytes()) {
        return left(disk(error));
    }
    let (began, starts) = oneshot::channel();
    let sending = send_along(
        executor.kind(),
        uplink.clone(),
        &intake,
        starts,
        Arc::clone(&control),
    );
    let mut job = Job {
        shop,
        assignment,
        control,
        executor,
        limits,
        network,
        intake,
        began: Some(began),
    };
    let (verdict, sandbox, mirror) = match job.prepare().await {
        Ok(ready) => match job.carry_out(&*ready.sandbox).await {
            Ok(verdict) | Err(Halt::Verdict(verdict)) => {
                (verdict, Some(ready.sandbox), ready.mirror)
            }
            Err(halt) => {
                ready.sandbox.destroy().await;
                return left(halt);
            }
        },
        Err(Halt::Verdict(verdict)) => (verdict, None, None),
        Err(halt) => return left(halt),
    };
    let cleaning = async {
        if let Some(sandbox) = sandbox {
            sandbox.destroy().await;
        }
        // It was mounted until now.
        drop(mirror);
    };
    let (reported, ()) = tokio::join!(job.report(verdict, uplink, sending), cleaning);
    reported
}

fn left(halt: Halt) -> Left {
    match halt {
        Halt::Refused(reason) => Left::Refused(reason),
        _ => Left::Over,
    }
}

/// Sends log and state while the job goes on; a server that says that the attempt is over is
/// heard by the job.
fn send_along(
    executor: &'static str,
    uplink: Uplink,
    intake: &Intake,
    starts: oneshot::Receiver<()>,
    control: Arc<Control>,
) -> AbortOnDropHandle<()> {
    let extent = intake.extent();
    AbortOnDropHandle::new(tokio::spawn(async move {
        let state = async {
            match starts.await {
                Ok(()) => uplink.running(executor).await,
                // It never began.
                Err(_) => Ok(()),
            }
        };
        if let Err(over) = tokio::try_join!(uplink.follow(extent), state) {
            control.end(&over.0);
        }
    }))
}

struct Job {
    shop: Arc<Workshop>,
    assignment: Assignment,
    control: Arc<Control>,
    executor: Arc<dyn Executor>,
    limits: Limits,
    network: Network,
    intake: Intake,
    began: Option<oneshot::Sender<()>>,
}

impl Job {
    /// Runs the job with its cache.
    async fn carry_out(&mut self, sandbox: &dyn Sandbox) -> Result<Verdict, Halt> {
        self.use_cache(sandbox, Step::Fetch).await?;
        let verdict = self.run(sandbox).await?;
        if verdict.outcome == "passed" {
            self.use_cache(sandbox, Step::Store).await?;
        }
        if verdict.outcome != "canceled" {
            self.hand_over_results(sandbox).await?;
        }
        Ok(verdict)
    }

    /// Fetches or stores the job's cache, and says so in the log.
    async fn use_cache(&mut self, sandbox: &dyn Sandbox, step: Step) -> Result<(), Halt> {
        let (Some(spec), Some(lent)) = (&self.assignment.cache, sandbox.lent()) else {
            return Ok(());
        };
        let cache = Cache {
            client: &self.shop.client,
            attempt: self.assignment.attempt,
            token: &self.assignment.token,
            spec,
        };
        let said = tokio::select! {
            biased;
            _ = self.control.over() => return Err(Halt::Over),
            reason = self.control.canceled() => {
                let stopped = Stopped::Canceled(reason);
                let verdict = Verdict::of(Exit::default(), Some(&stopped), &self.limits);
                return Err(Halt::Verdict(verdict));
            }
            said = async {
                match step {
                    Step::Fetch => cache.fetch(lent).await,
                    Step::Store => cache.store(lent).await,
                }
            } => said,
        };
        if let Some(line) = said {
            // A log that is full by this line was all but full without it.
            self.intake.say(line.as_bytes()).map_err(disk)?;
        }
        Ok(())
    }

    /// Sends what the job left, and says in the log what could not be sent.
    async fn hand_over_results(&mut self, sandbox: &dyn Sandbox) -> Result<(), Halt> {
        let (Some(spec), Some(lent)) = (&self.assignment.results, sandbox.lent()) else {
            return Ok(());
        };
        let results = Results {
            client: &self.shop.client,
            attempt: self.assignment.attempt,
            token: &self.assignment.token,
            spec,
        };
        let said = tokio::select! {
            biased;
            _ = self.control.over() => return Err(Halt::Over),
            // Its outcome stands; only what it left is given up.
            _ = self.control.canceled() => None,
            said = results.hand_over(lent) => said,
        };
        if let Some(line) = said {
            // A log that is full by this line was all but full without it.
            self.intake.write(line.as_bytes()).map_err(disk)?;
        }
        Ok(())
    }

    /// Runs the script under its limits.
    async fn run(&mut self, sandbox: &dyn Sandbox) -> Result<Verdict, Halt> {
        let script = std::mem::take(&mut self.assignment.script);
        let control = Arc::clone(&self.control);
        let over = async {
            control.over().await;
        };
        if let Some(began) = self.began.take() {
            // The uplink ends before this only when the attempt is over.
            let _ = began.send(());
        }
        let (attempt, desk) = (self.assignment.attempt, Arc::clone(&self.shop.desk));
        desk.job_is_at(attempt, JobStep::Running);
        let ear = Ear {
            canceled: control.canceled(),
            over,
            frozen: control.frozen(),
            leave: desk.leave(),
            stands: &Noted {
                attempt,
                desk: &desk,
            },
            gauge: |used| desk.job_uses(attempt, used),
        };
        let driven = drive(sandbox, &script, &self.limits, &mut self.intake, ear).await;
        desk.job_is_at(attempt, JobStep::Reporting);
        driven.map_err(|broken| match broken {
            Broken::Over => Halt::Over,
            Broken::Output(error) => disk(error),
        })
    }

    /// Closes the log, tells the server and stays until the log is sealed.
    async fn report(
        self,
        verdict: Verdict,
        uplink: Uplink,
        sending: AbortOnDropHandle<()>,
    ) -> Left {
        // A job that never began has no state to send.
        drop(self.began);
        let (length, digest) = match self.intake.close(&verdict.last_words) {
            Ok(closed) => closed,
            Err(error) => return left(disk(error)),
        };
        let report = Report {
            identity: &self.shop.identity,
            uplink: &uplink,
            job: self.assignment.job_id,
            verdict: &verdict,
            length,
            digest: &digest,
        };
        tokio::select! {
            biased;
            _ = self.control.over() => Left::Over,
            sealed = async {
                if sending.await.is_err() || self.control.is_over() {
                    return false;
                }
                report.seal().await
            } => if sealed { Left::Sealed } else { Left::Over },
        }
    }
}

/// Notes on the desk whether a job stands still.
struct Noted<'a> {
    attempt: i64,
    desk: &'a SharedDesk,
}

impl Stands for Noted<'_> {
    fn stands(&self, still: bool) {
        let waited = self.desk.job_is_frozen(self.attempt, still);
        let attempt = self.attempt;
        match waited {
            Some(froze_ms) => tracing::info!(attempt, froze_ms, "a job stands still"),
            None => tracing::info!(attempt, "a job goes on"),
        }
    }
}

fn disk(error: std::io::Error) -> Halt {
    Halt::Refused(format!(
        "the log can't be kept on the worker's disk: {error}"
    ))
}

//! Drives a script in its sandbox to its end, under its limits.

use std::io;
use std::pin::pin;

use tokio::sync::{mpsc, watch as told};
use tokio::time::{Duration, Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use travis_api::worker::Limits;
use travis_sandbox::{Exit, Sandbox, SandboxError, Use};

use crate::verdict::{Stopped, Verdict};
use crate::watch::{Due, Watch};

/// Chunks of output between the terminal and whoever takes it, of at most 64 KiB.
const OUTPUT: usize = 16;

/// How often a sandbox is asked what it uses.
const GAUGE: Duration = Duration::from_millis(250);
/// How long it may take to say so.
const GAUGING: Duration = Duration::from_millis(200);
/// A sandbox whose process is only starting can't be frozen yet.
const NOT_YET: Duration = Duration::from_millis(20);

/// What a script hears of while it runs, and whom it tells.
pub(crate) struct Ear<'a, C, O, G> {
    /// Ends with the reason to stop it.
    pub(crate) canceled: C,
    /// Ends when nobody may know of its end anymore.
    pub(crate) over: O,
    /// Whether it has to stand still.
    pub(crate) frozen: told::Receiver<bool>,
    /// How many cores it leaves to the owner's programs.
    pub(crate) leave: told::Receiver<u32>,
    /// Hears whether it stands still.
    pub(crate) stands: &'a dyn Stands,
    /// Hears what it uses of the machine.
    pub(crate) gauge: G,
}

/// Hears whether a script stands still.
pub(crate) trait Stands: Sync {
    /// It does, or does no more.
    fn stands(&self, still: bool);
}

impl Stands for () {
    fn stands(&self, _still: bool) {}
}

/// Takes a script's output.
pub(crate) trait Take {
    /// Takes output as it comes. `false` when no more fits.
    fn write(&mut self, bytes: &[u8]) -> io::Result<bool>;
    /// Whether bytes are held back because they may begin a secret.
    fn holds_back(&self) -> bool;
    /// Lets go of what is held back.
    fn let_go(&mut self) -> io::Result<()>;
}

/// Why a script was not driven to its end.
pub(crate) enum Broken {
    /// Nobody may know of its end anymore; it is dead.
    Over,
    /// Its output can't be taken; it is dead.
    Output(io::Error),
}

/// Runs the script until it ends, breaks a limit, or there is a reason to stop it. When it is over
/// first it is killed and nothing is said of it. While it is frozen its clocks stand still, too.
pub(crate) async fn drive(
    sandbox: &dyn Sandbox,
    script: &str,
    limits: &Limits,
    taker: &mut impl Take,
    ear: Ear<'_, impl Future<Output = String>, impl Future<Output = ()>, impl FnMut(Use)>,
) -> Result<Verdict, Broken> {
    let Ear {
        canceled,
        over,
        mut frozen,
        mut leave,
        stands,
        mut gauge,
    } = ear;
    let (sink, mut output) = mpsc::channel(OUTPUT);
    let stop = CancellationToken::new();
    let mut canceled = pin!(canceled);
    let mut over = pin!(over);
    let mut running = pin!(sandbox.run(script, sink, stop.clone()));
    let mut watch = Watch::start(limits, Instant::now());
    let mut stopped: Option<Stopped> = None;
    let mut ended: Option<Result<Exit, SandboxError>> = None;
    let mut open = true;
    let mut still = false;
    // Set when it is to be frozen or thawed.
    let mut change_at = frozen.borrow_and_update().then(Instant::now);
    let mut asks = true;
    let mut begun = change_at.is_none();
    let mut gauge_at = Instant::now() + GAUGE;
    // Set while cores are left, and once when they no longer are.
    let mut leave_at = (*leave.borrow_and_update() > 0).then(Instant::now);
    let mut leave_asks = true;
    let mut again = NOT_YET;
    while open || ended.is_none() {
        tokio::select! {
            biased;
            () = &mut over => {
                // Dropping the run kills it, but the slot is free only when it is dead.
                sandbox.kill().await;
                return Err(Broken::Over);
            }
            reason = &mut canceled, if stopped.is_none() => {
                stopped = Some(Stopped::Canceled(reason));
                stop.cancel();
            }
            piece = output.recv(), if open => match piece {
                // After the order to stop, output is only drained.
                Some(_) if stopped.is_some() => {}
                Some(piece) => {
                    if !taker.write(&piece).map_err(Broken::Output)? {
                        stopped = Some(Stopped::LogFull);
                        stop.cancel();
                    }
                    watch.output(Instant::now(), taker.holds_back());
                }
                None => open = false,
            },
            exit = &mut running, if begun && ended.is_none() => ended = Some(exit),
            changed = frozen.changed(), if asks => {
                // Nobody freezes any more what nobody can.
                asks = changed.is_ok();
                change_at = Some(Instant::now());
            }
            () = at(change_at), if change_at.is_some() => {
                let wanted = *frozen.borrow_and_update() && stopped.is_none();
                let done = match (wanted, begun) {
                    (_, false) => Ok(()),
                    (true, true) => sandbox.freeze().await,
                    (false, true) => sandbox.thaw().await,
                };
                // Before it has begun, waiting is all that there is to do.
                begun |= !wanted;
                change_at = match done {
                    Err(SandboxError::NotRunning(_)) if wanted && ended.is_none() => {
                        Some(Instant::now() + NOT_YET)
                    }
                    Err(error) if ended.is_none() => {
                        tracing::warn!(%error, wanted, "a job can't be frozen or thawed");
                        None
                    }
                    _ => None,
                };
                if change_at.is_none() && still != wanted {
                    still = wanted;
                    if still {
                        watch.freeze(Instant::now());
                    } else {
                        watch.thaw(Instant::now());
                    }
                    stands.stands(still);
                }
            }
            changed = leave.changed(), if leave_asks => {
                leave_asks = changed.is_ok();
                leave_at = Some(Instant::now());
            }
            () = at(leave_at), if leave_at.is_some() && begun && ended.is_none() => {
                let left = *leave.borrow_and_update();
                sandbox.leave_cores(left).await;
                // Soon at first, since it may be only starting.
                leave_at = (left > 0).then(|| Instant::now() + again);
                again = (again * 2).min(GAUGE);
            }
            () = sleep_until(gauge_at), if begun && ended.is_none() => {
                gauge_at = Instant::now() + GAUGE;
                if let Ok(Some(used)) = timeout(GAUGING, sandbox.usage()).await {
                    gauge(used);
                }
            }
            () = sleep_until(watch.next()), if stopped.is_none() && ended.is_none() => {
                match watch.due(Instant::now()) {
                    Due::Stop(why) => {
                        stopped = Some(why);
                        stop.cancel();
                    }
                    Due::LetGo => taker.let_go().map_err(Broken::Output)?,
                    Due::Nothing => {}
                }
            }
        }
    }
    Ok(match ended {
        Some(Ok(exit)) => Verdict::of(exit, stopped.as_ref(), limits),
        Some(Err(error)) => Verdict::errored(format!("The job's sandbox failed: {error}.")),
        None => Verdict::errored("The job's sandbox ended without a word.".to_owned()),
    })
}

/// Waits for a time, when there is one.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;

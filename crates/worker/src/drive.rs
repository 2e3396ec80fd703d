//! Drives a script in its sandbox to its end, under its limits.

use std::io;
use std::pin::pin;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use travis_api::worker::Limits;
use travis_sandbox::{Exit, Sandbox, SandboxError};

use crate::verdict::{Stopped, Verdict};
use crate::watch::{Due, Watch};

/// Chunks of output between the terminal and whoever takes it, of at most 64 KiB.
const OUTPUT: usize = 16;

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

/// Runs the script until it ends, breaks a limit, or `canceled` gives a reason to stop it. When
/// `over` ends first it is killed and nothing is said of it.
pub(crate) async fn drive(
    sandbox: &dyn Sandbox,
    script: &str,
    limits: &Limits,
    taker: &mut impl Take,
    canceled: impl Future<Output = String>,
    over: impl Future<Output = ()>,
) -> Result<Verdict, Broken> {
    let (sink, mut output) = mpsc::channel(OUTPUT);
    let stop = CancellationToken::new();
    let mut canceled = pin!(canceled);
    let mut over = pin!(over);
    let mut running = pin!(sandbox.run(script, sink, stop.clone()));
    let mut watch = Watch::start(limits, Instant::now());
    let mut stopped: Option<Stopped> = None;
    let mut ended: Option<Result<Exit, SandboxError>> = None;
    let mut open = true;
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
            exit = &mut running, if ended.is_none() => ended = Some(exit),
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

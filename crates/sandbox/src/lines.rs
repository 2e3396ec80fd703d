//! A job's output with lines of the worker's own between its lines, never within one.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Mutex, MutexGuard, mpsc};
use tokio::time::timeout;
use travis_egress::Refusal;

use crate::{Sink, network};

/// How long a line of the worker's waits for the end of one of the job's. Prompts and open folds
/// may stay where they are for ever.
const PATIENCE: Duration = Duration::from_secs(1);
/// Refused targets that the log names.
const TOLD: usize = 20;

/// Nobody reads any more.
pub(crate) struct Closed;

/// Where a job's output goes, and what the worker has to say in between.
pub(crate) struct Lines {
    sink: Sink,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The job's last line goes on.
    within: bool,
    /// Said, and not yet to be seen.
    waiting: VecDeque<Bytes>,
    /// Told when something that waited can be seen.
    seen: Vec<tokio::sync::oneshot::Sender<()>>,
}

impl Lines {
    pub(crate) fn new(sink: Sink) -> Self {
        Self {
            sink,
            state: Mutex::default(),
        }
    }

    /// Passes on what the job printed, from a thread of its own. Blocks while nobody reads.
    pub(crate) fn print_blocking(&self, piece: Bytes) -> Result<(), Closed> {
        let mut state = self.state.blocking_lock();
        for part in parts(piece, &mut state) {
            self.sink.blocking_send(part).map_err(|_| Closed)?;
        }
        Ok(())
    }

    /// Says a line of the worker's own at the next end of a line, or on a line of its own after a
    /// while.
    pub(crate) async fn say(&self, line: Bytes) {
        let mut state = self.state.lock().await;
        if !state.within {
            // A reader that is gone ends the job, and with it this.
            let _ = self.sink.send(line).await;
            return;
        }
        let (seen, shown) = tokio::sync::oneshot::channel();
        state.waiting.push_back(line);
        state.seen.push(seen);
        drop(state);
        if timeout(PATIENCE, shown).await.is_err() {
            self.say_now(self.state.lock().await).await;
        }
    }

    /// Ends the job's line where it is.
    async fn say_now(&self, mut state: MutexGuard<'_, State>) {
        let lines: Vec<Bytes> = state.waiting.drain(..).collect();
        state.seen.clear();
        if lines.is_empty() {
            return;
        }
        let begin = if state.within { "\n" } else { "" };
        let mut text = begin.as_bytes().to_vec();
        text.extend(lines.iter().flatten());
        state.within = false;
        let _ = self.sink.send(text.into()).await;
    }

    /// Says in the job's log what of the network is refused to it, for ever.
    pub(crate) async fn tell(&self, refusals: Option<mpsc::Receiver<Refusal>>) -> Infallible {
        if let Some(mut refusals) = refusals {
            let mut left = TOLD;
            while let Some(refusal) = refusals.recv().await {
                self.say(network::line(&refusal, left)).await;
                left -= 1;
                if left == 0 {
                    break;
                }
            }
        }
        std::future::pending().await
    }
}

/// The piece, with what waited after its last whole line.
fn parts(piece: Bytes, state: &mut State) -> Vec<Bytes> {
    let Some(last) = piece.last() else {
        return Vec::new();
    };
    state.within = *last != b'\n';
    let end = piece.iter().rposition(|byte| *byte == b'\n');
    let Some(end) = end.filter(|_| !state.waiting.is_empty()) else {
        return vec![piece];
    };
    let mut all = vec![piece.slice(..=end)];
    all.extend(state.waiting.drain(..));
    // Nobody waits any more when the job is over.
    for seen in state.seen.drain(..) {
        let _ = seen.send(());
    }
    let rest = piece.slice(end + 1..);
    if !rest.is_empty() {
        all.push(rest);
    }
    all
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    async fn print(lines: &Arc<Lines>, text: &'static str) {
        let lines = Arc::clone(lines);
        let printing = tokio::task::spawn_blocking(move || {
            lines.print_blocking(Bytes::from_static(text.as_bytes()))
        });
        assert!(printing.await.unwrap().is_ok());
    }

    async fn all(output: &mut mpsc::Receiver<Bytes>) -> String {
        let mut all = Vec::new();
        while let Ok(piece) = output.try_recv() {
            all.extend_from_slice(&piece);
        }
        String::from_utf8(all).unwrap()
    }

    #[tokio::test]
    async fn a_line_of_ours_waits_for_the_end_of_the_jobs() {
        let (sink, mut output) = mpsc::channel(64);
        let lines = Arc::new(Lines::new(sink));
        lines.say("before\n".into()).await;
        print(&lines, "travis_fold:start:git\r\x1b[0K").await;
        let said = Arc::clone(&lines);
        let saying = tokio::spawn(async move { said.say("refused\n".into()).await });
        while lines.state.lock().await.waiting.is_empty() {
            tokio::task::yield_now().await;
        }
        print(&lines, "$ git clone\nCloning: 4").await;
        saying.await.unwrap();
        print(&lines, "0 %\n").await;
        assert_eq!(
            all(&mut output).await,
            "before\ntravis_fold:start:git\r\x1b[0K$ git clone\nrefused\nCloning: 40 %\n"
        );
    }

    #[tokio::test]
    async fn a_line_that_never_ends_is_ended() {
        let (sink, mut output) = mpsc::channel(64);
        let lines = Arc::new(Lines::new(sink));
        print(&lines, "travis_fold:start:ask\r\x1b[0KContinue? ").await;
        lines.say("refused\n".into()).await;
        lines.say("refused too\n".into()).await;
        print(&lines, "yes\n").await;
        assert_eq!(
            all(&mut output).await,
            "travis_fold:start:ask\r\x1b[0KContinue? \nrefused\nrefused too\nyes\n"
        );
    }
}

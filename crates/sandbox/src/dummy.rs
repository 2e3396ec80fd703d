//! The dummy executor: acts a script out in this process. For tests, and for measuring a server
//! without the cost of processes.
//!
//! A line is an order; others are passed over, so that real scripts can be given to it:
//!
//! - `echo TEXT` prints the text and a line feed;
//! - `flood BYTES` prints so many bytes without a line feed;
//! - `sleep SECONDS` waits (fractions allowed), `hang` waits for the end of time;
//! - `exit CODE` ends it, `signal NUMBER` ends it as that signal would.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{Executor, Exit, Finding, Sandbox, SandboxError, Sink, Spec};

/// Acts scripts out.
#[derive(Debug, Default)]
pub struct Dummy {
    taken: Arc<Mutex<BTreeSet<String>>>,
}

impl Dummy {
    /// An executor without sandboxes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl Executor for Dummy {
    fn kind(&self) -> &'static str {
        "dummy"
    }

    fn limits(&self) -> Vec<&'static str> {
        Vec::new()
    }

    async fn prepare(&self, spec: &Spec) -> Result<Box<dyn Sandbox>, SandboxError> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if !taken.insert(spec.id.clone()) {
            return Err(SandboxError::Exists(spec.id.clone()));
        }
        Ok(Box::new(Stage {
            id: spec.id.clone(),
            taken: Arc::clone(&self.taken),
            killed: CancellationToken::new(),
            frozen: watch::channel(false).0,
        }))
    }

    async fn sweep(&self) {}

    async fn check(&self) -> Vec<Finding> {
        vec![Finding::good(
            "dummy",
            "scripts are acted out, nothing runs",
        )]
    }
}

struct Stage {
    id: String,
    taken: Arc<Mutex<BTreeSet<String>>>,
    killed: CancellationToken,
    frozen: watch::Sender<bool>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.remove(&self.id);
    }
}

impl Stage {
    async fn act(&self, script: &str, sink: &Sink) -> Exit {
        let mut frozen = self.frozen.subscribe();
        for line in script.lines() {
            // The sender lives as long as this.
            let _ = frozen.wait_for(|frozen| !frozen).await;
            let (order, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
            let number = rest.trim().parse::<i32>().ok();
            match (order, number) {
                ("echo", _) => {
                    let line = Bytes::from(format!("{rest}\n"));
                    let Ok(()) = sink.send(line).await else {
                        return killed();
                    };
                }
                ("flood", Some(bytes)) => {
                    let piece = Bytes::from(vec![b'x'; 64 * 1024]);
                    let mut left = usize::try_from(bytes).unwrap_or(0);
                    while left > 0 {
                        let size = left.min(piece.len());
                        if sink.send(piece.slice(..size)).await.is_err() {
                            return killed();
                        }
                        left -= size;
                    }
                }
                ("hang", _) => std::future::pending::<()>().await,
                ("sleep", _) => {
                    let seconds = rest.trim().parse().unwrap_or(0.0);
                    let time = Duration::try_from_secs_f64(seconds).unwrap_or_default();
                    tokio::time::sleep(time).await;
                }
                ("exit", Some(code)) => {
                    return Exit {
                        code: Some(code),
                        ..Exit::default()
                    };
                }
                ("signal", Some(signal)) => {
                    return Exit {
                        signal: Some(signal),
                        ..Exit::default()
                    };
                }
                _ => {}
            }
        }
        Exit {
            code: Some(0),
            ..Exit::default()
        }
    }
}

fn killed() -> Exit {
    Exit {
        signal: Some(9),
        killed: true,
        ..Exit::default()
    }
}

#[async_trait]
impl Sandbox for Stage {
    async fn run(
        &self,
        script: &str,
        sink: Sink,
        stop: CancellationToken,
    ) -> Result<Exit, SandboxError> {
        tokio::select! {
            biased;
            () = stop.cancelled() => Ok(killed()),
            () = self.killed.cancelled() => Ok(killed()),
            exit = self.act(script, &sink) => Ok(exit),
        }
    }

    async fn freeze(&self) -> Result<(), SandboxError> {
        self.frozen.send_replace(true);
        Ok(())
    }

    async fn thaw(&self) -> Result<(), SandboxError> {
        self.frozen.send_replace(false);
        Ok(())
    }

    async fn kill(&self) {
        self.killed.cancel();
    }

    async fn destroy(self: Box<Self>) {
        self.killed.cancel();
    }
}

//! Ctrl-C and SIGTERM.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Two tokens: the first signal cancels the first, the second signal the second.
pub fn stops() -> std::io::Result<(CancellationToken, CancellationToken)> {
    let (first, second) = (CancellationToken::new(), CancellationToken::new());
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stops = [first.clone(), second.clone()];
    tokio::spawn(async move {
        for stop in stops {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            stop.cancel();
        }
    });
    Ok((first, second))
}

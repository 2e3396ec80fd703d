//! What reaches a running attempt from outside: its lease and orders.

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// One attempt's ear. The agent speaks, the runner and the uplink listen.
#[derive(Debug)]
pub(crate) struct Control {
    lease: watch::Sender<Instant>,
    canceled: watch::Sender<Option<String>>,
    over: watch::Sender<Option<String>>,
    frozen: watch::Sender<bool>,
}

impl Control {
    pub(crate) fn new(lease: Instant) -> Self {
        Self {
            lease: watch::channel(lease).0,
            canceled: watch::channel(None).0,
            over: watch::channel(None).0,
            frozen: watch::channel(false).0,
        }
    }

    /// The lease holds until then. Never shortens it: answers may overtake each other.
    pub(crate) fn renew(&self, until: Instant) {
        self.lease.send_if_modified(|lease| {
            let longer = until > *lease;
            if longer {
                *lease = until;
            }
            longer
        });
    }

    /// Somebody canceled the job.
    pub(crate) fn cancel(&self, reason: &str) {
        set_first(&self.canceled, reason);
    }

    /// The attempt is no longer this worker's: kill it, say nothing more about it.
    pub(crate) fn end(&self, reason: &str) {
        set_first(&self.over, reason);
    }

    /// Whether the job has to stand still because the owner uses the machine.
    pub(crate) fn set_frozen(&self, frozen: bool) {
        self.frozen.send_replace(frozen);
    }

    pub(crate) fn frozen(&self) -> watch::Receiver<bool> {
        self.frozen.subscribe()
    }

    pub(crate) fn is_frozen(&self) -> bool {
        *self.frozen.borrow()
    }

    /// Waits for a cancel order.
    pub(crate) async fn canceled(&self) -> String {
        told(&self.canceled).await
    }

    /// Waits until the attempt is no longer this worker's: it was told so, or its lease ran out
    /// and another worker may be running the job.
    pub(crate) async fn over(&self) -> String {
        tokio::select! {
            biased;
            reason = told(&self.over) => reason,
            () = self.lease_ends() => {
                self.end("its lease ran out");
                told(&self.over).await
            }
        }
    }

    /// Whether it is over already.
    pub(crate) fn is_over(&self) -> bool {
        self.over.borrow().is_some()
    }

    async fn lease_ends(&self) {
        let mut lease = self.lease.subscribe();
        loop {
            let until = *lease.borrow_and_update();
            tokio::select! {
                () = sleep_until(until) => return,
                // The sender lives as long as this.
                _ = lease.changed() => {}
            }
        }
    }
}

fn set_first(to: &watch::Sender<Option<String>>, reason: &str) {
    to.send_if_modified(|now| {
        let first = now.is_none();
        if first {
            *now = Some(reason.to_owned());
        }
        first
    });
}

async fn told(by: &watch::Sender<Option<String>>) -> String {
    let mut said = by.subscribe();
    loop {
        if let Some(reason) = said.borrow_and_update().clone() {
            return reason;
        }
        if said.changed().await.is_err() {
            // Never: the sender lives as long as this.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_lease_ends_unless_renewed() {
        let start = Instant::now();
        let control = Control::new(start + Duration::from_secs(15));
        let renewing = async {
            sleep_until(start + Duration::from_secs(10)).await;
            control.renew(start + Duration::from_secs(25));
            control.renew(start + Duration::from_secs(5));
        };
        let (reason, ()) = tokio::join!(control.over(), renewing);
        assert_eq!(start.elapsed().as_secs(), 25);
        assert_eq!(reason, "its lease ran out");
        assert!(control.is_over());
    }

    #[tokio::test]
    async fn the_first_order_counts() {
        let control = Control::new(Instant::now() + Duration::from_secs(15));
        control.cancel("first");
        control.cancel("second");
        assert_eq!(control.canceled().await, "first");
        control.end("gone");
        assert_eq!(control.over().await, "gone");
    }
}

use crate::{Bus, Event, Wake};
use std::sync::Arc;
use tokio::sync::broadcast;

/// The bus inside one process.
#[derive(Debug)]
pub struct MemoryBus {
    wakes: broadcast::Sender<Wake>,
    events: broadcast::Sender<Arc<Event>>,
}

impl MemoryBus {
    /// Wake-ups and events that a slow listener may lag behind before it misses some.
    const BOUND: usize = 4096;
}

impl Default for MemoryBus {
    fn default() -> Self {
        Self {
            wakes: broadcast::channel(Self::BOUND).0,
            events: broadcast::channel(Self::BOUND).0,
        }
    }
}

impl Bus for MemoryBus {
    fn wake(&self, wake: Wake) {
        // No listener is no failure.
        drop(self.wakes.send(wake));
    }

    fn wakes(&self) -> broadcast::Receiver<Wake> {
        self.wakes.subscribe()
    }

    fn publish(&self, event: Event) {
        drop(self.events.send(Arc::new(event)));
    }

    fn events(&self) -> broadcast::Receiver<Arc<Event>> {
        self.events.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Subject;

    #[tokio::test]
    async fn everybody_who_listens_hears() {
        let bus = MemoryBus::default();
        let (mut first, mut second) = (bus.wakes(), bus.wakes());
        bus.wake(Wake::Worker(3));
        assert_eq!(first.recv().await, Ok(Wake::Worker(3)));
        assert_eq!(second.recv().await, Ok(Wake::Worker(3)));
        let mut events = bus.events();
        let event = Event {
            topics: vec!["repo:1".into()],
            name: "job:started",
            subject: Subject::Job(2),
        };
        bus.publish(event.clone());
        assert_eq!(*events.recv().await.unwrap(), event);
    }

    #[tokio::test]
    async fn who_is_too_slow_is_told_so() {
        let bus = MemoryBus::default();
        let mut slow = bus.wakes();
        for _ in 0..=MemoryBus::BOUND {
            bus.wake(Wake::Queue);
        }
        assert!(matches!(
            slow.recv().await,
            Err(broadcast::error::RecvError::Lagged(_))
        ));
    }

    #[test]
    fn nobody_listening_is_no_failure() {
        MemoryBus::default().wake(Wake::Outbox);
    }
}

//! Who is told: wake-ups for loops, and live events for viewers. Losing any of it loses nothing:
//! loops also look every few seconds, and viewers fetch again when an event number is missing.

mod memory;

pub use memory::MemoryBus;

use std::sync::Arc;
use tokio::sync::broadcast;

/// A place to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wake {
    /// A request was stored.
    Requests,
    /// A job was queued, or a slot became free.
    Queue,
    /// A worker has orders or may get work.
    Worker(i64),
    /// The outbox has something new.
    Outbox,
    /// A hook's message was stored.
    Deliveries,
    /// Somebody's list of repositories is to be synchronised.
    Sync,
}

/// Something that viewers see changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Topics that it belongs to, such as `repo:7`.
    pub topics: Vec<String>,
    /// Its name, such as `job:started`.
    pub name: &'static str,
    /// What it is about; the viewer's side fetches and represents it.
    pub subject: Subject,
}

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A repository.
    Repository(i64),
    /// A build.
    Build(i64),
    /// A job.
    Job(i64),
    /// A request.
    Request(i64),
    /// A worker.
    Worker(i64),
    /// A hook's message.
    Delivery(i64),
    /// A part of a repository's settings.
    Settings(i64),
    /// A person: how far their synchronisation is.
    User(i64),
}

/// Tells loops and viewers. Sending never waits and never fails: who is too slow misses
/// something and looks for itself.
pub trait Bus: Send + Sync {
    /// Wakes whoever waits for this.
    fn wake(&self, wake: Wake);
    /// Hears wake-ups from now on. [`broadcast::error::RecvError::Lagged`] means: look everywhere.
    fn wakes(&self) -> broadcast::Receiver<Wake>;
    /// Tells viewers.
    fn publish(&self, event: Event);
    /// Hears events from now on.
    fn events(&self) -> broadcast::Receiver<Arc<Event>>;
}

//! What jobs contacted, and what was refused to them.

use std::collections::{HashMap, VecDeque, hash_map};
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;

use crate::Refused;

/// Targets that are kept of one job; what comes beyond is counted with the last of them.
const TARGETS: usize = 2_000;
/// Jobs that are kept after their end.
const ENDED: usize = 100;
/// Listeners of one job.
const LISTENERS: usize = 4;
/// Refusals that wait for a listener.
const UNHEARD: usize = 64;

/// How a job spoke with a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Anything else; never allowed.
    Other(u8),
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp => f.write_str("tcp"),
            Self::Udp => f.write_str("udp"),
            Self::Other(number) => write!(f, "protocol {number}"),
        }
    }
}

/// Where a job connected to, or wanted to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// How.
    pub protocol: Protocol,
    /// The address.
    pub ip: IpAddr,
    /// The port; 0 for protocols without.
    pub port: u16,
    /// The host name for which the gateway's resolver gave the job this address, the latest.
    pub host: Option<String>,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = std::net::SocketAddr::new(self.ip, self.port);
        match &self.host {
            Some(host) => write!(f, "{host} ({address})"),
            None => write!(f, "{address}"),
        }
    }
}

/// A target that a job contacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// With whom.
    pub target: Target,
    /// Connections, or exchanges of datagrams.
    pub connections: u64,
    /// Bytes that the job sent.
    pub sent: u64,
    /// Bytes that the job received.
    pub received: u64,
    /// The first time.
    pub first: SystemTime,
    /// The last time.
    pub last: SystemTime,
}

/// A target that was refused to a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which.
    pub target: Target,
    /// Why.
    pub reason: Refused,
    /// How often the job tried.
    pub times: u64,
    /// The first time.
    pub first: SystemTime,
    /// The last time.
    pub last: SystemTime,
}

/// What is written down of every job.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    jobs: Mutex<Jobs>,
}

#[derive(Debug, Default)]
struct Jobs {
    by_name: HashMap<String, Job>,
    /// Jobs that ended, the longest ago first.
    ended: VecDeque<String>,
}

#[derive(Debug, Default)]
struct Job {
    contacts: HashMap<Key, Arc<Entry>>,
    /// Of what is beyond the bound.
    overflow: Option<Arc<Entry>>,
    refusals: HashMap<(Key, String), Refusal>,
    listeners: Vec<mpsc::Sender<Refusal>>,
    attached: bool,
}

type Key = (Protocol, IpAddr, u16);

/// One target's figures; shared by its connections.
#[derive(Debug)]
pub(crate) struct Entry {
    target: Target,
    first: SystemTime,
    /// Milliseconds after `first`.
    last: AtomicU64,
    connections: AtomicU64,
    sent: AtomicU64,
    received: AtomicU64,
}

impl Entry {
    fn new(target: Target) -> Self {
        Self {
            target,
            first: SystemTime::now(),
            last: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
        }
    }

    /// Counts what passed.
    pub(crate) fn passed(&self, sent: u64, received: u64) {
        self.sent.fetch_add(sent, Ordering::Relaxed);
        self.received.fetch_add(received, Ordering::Relaxed);
        let since = self.first.elapsed().unwrap_or_default().as_millis();
        let since = u64::try_from(since).unwrap_or(u64::MAX);
        self.last.store(since, Ordering::Relaxed);
    }

    fn contact(&self) -> Contact {
        let last = Duration::from_millis(self.last.load(Ordering::Relaxed));
        Contact {
            target: self.target.clone(),
            connections: self.connections.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
            first: self.first,
            last: self.first + last,
        }
    }
}

impl Ledger {
    fn lock(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A job's network begins. What an earlier job of this name did is forgotten.
    pub(crate) fn begin(&self, job: &str) {
        let mut jobs = self.lock();
        jobs.ended.retain(|name| name != job);
        let job = jobs.by_name.entry(job.to_owned()).or_default();
        let listeners = std::mem::take(&mut job.listeners);
        *job = Job {
            listeners,
            attached: true,
            ..Job::default()
        };
    }

    /// A job's network ended; its record is kept for a while.
    pub(crate) fn end(&self, name: &str) {
        let mut jobs = self.lock();
        if let Some(job) = jobs.by_name.get_mut(name) {
            job.listeners.clear();
            job.attached = false;
            jobs.ended.push_back(name.to_owned());
        }
        while jobs.ended.len() > ENDED {
            if let Some(oldest) = jobs.ended.pop_front() {
                jobs.by_name.remove(&oldest);
            }
        }
    }

    /// Tells the first refusal of each target and reason.
    pub(crate) fn listen(&self, job: &str) -> mpsc::Receiver<Refusal> {
        let (sender, receiver) = mpsc::channel(UNHEARD);
        let mut jobs = self.lock();
        let listeners = &mut jobs.by_name.entry(job.to_owned()).or_default().listeners;
        listeners.retain(|listener| !listener.is_closed());
        listeners.truncate(LISTENERS - 1);
        listeners.push(sender);
        receiver
    }

    /// A connection to this target was made.
    pub(crate) fn connected(&self, job: &str, target: Target) -> Arc<Entry> {
        let mut jobs = self.lock();
        let Some(job) = jobs.by_name.get_mut(job) else {
            return Arc::new(Entry::new(target));
        };
        let full = job.contacts.len() >= TARGETS;
        let entry = match job.contacts.entry(key(&target)) {
            hash_map::Entry::Occupied(known) => Arc::clone(known.get()),
            hash_map::Entry::Vacant(_) if full => {
                let rest = job.overflow.get_or_insert_with(|| {
                    Arc::new(Entry::new(Target {
                        host: Some("others".to_owned()),
                        ..target
                    }))
                });
                Arc::clone(rest)
            }
            hash_map::Entry::Vacant(new) => Arc::clone(new.insert(Arc::new(Entry::new(target)))),
        };
        entry.connections.fetch_add(1, Ordering::Relaxed);
        entry
    }

    /// A connection to this target was refused.
    pub(crate) fn refused(&self, job: &str, target: Target, reason: Refused) {
        let now = SystemTime::now();
        let mut jobs = self.lock();
        let Some(job) = jobs.by_name.get_mut(job) else {
            return;
        };
        let full = job.refusals.len() >= TARGETS;
        let key = (key(&target), target.host.clone().unwrap_or_default());
        match job.refusals.entry(key) {
            hash_map::Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.times += 1;
                known.last = now;
            }
            hash_map::Entry::Vacant(_) if full => {}
            hash_map::Entry::Vacant(new) => {
                let refusal = Refusal {
                    target,
                    reason,
                    times: 1,
                    first: now,
                    last: now,
                };
                for listener in &job.listeners {
                    // Whoever does not listen misses it; it stays written down.
                    let _ = listener.try_send(refusal.clone());
                }
                new.insert(refusal);
            }
        }
    }

    /// Names of the jobs of which something is known, those that run first.
    pub(crate) fn jobs(&self) -> Vec<String> {
        let jobs = self.lock();
        let running = jobs.by_name.iter().filter(|(_, job)| job.attached);
        let mut all: Vec<String> = running.map(|(name, _)| name.clone()).collect();
        all.sort();
        all.extend(jobs.ended.iter().rev().cloned());
        all
    }

    /// Whom a job contacted, the first one first.
    pub(crate) fn contacts(&self, job: &str) -> Vec<Contact> {
        let jobs = self.lock();
        let Some(job) = jobs.by_name.get(job) else {
            return Vec::new();
        };
        let mut all: Vec<Contact> = job.contacts.values().map(|entry| entry.contact()).collect();
        all.sort_by_key(|contact| contact.first);
        all.extend(job.overflow.iter().map(|entry| entry.contact()));
        all
    }

    /// What was refused to a job, the first one first.
    pub(crate) fn refusals(&self, job: &str) -> Vec<Refusal> {
        let jobs = self.lock();
        let found = jobs.by_name.get(job);
        let mut all: Vec<Refusal> =
            found.map_or_else(Vec::new, |job| job.refusals.values().cloned().collect());
        all.sort_by_key(|refusal| refusal.first);
        all
    }
}

fn key(target: &Target) -> Key {
    (target.protocol, target.ip, target.port)
}

#[cfg(test)]
mod tests;

//! The jobs on this machine and what is used of it, as the desk knows them.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use travis_api::lend::{Presence, Usage};
use travis_sandbox::Network;

use super::{Desk, lock};
use crate::owner::{Done, JobStanding, JobStep, Standing, network};

/// Jobs that are here.
#[derive(Default)]
pub(super) struct Jobs {
    here: BTreeMap<i64, Card>,
    /// Processor time of those that left.
    gone: Duration,
}

/// What is known of a job here.
struct Card {
    repository: String,
    number: String,
    since: Instant,
    step: JobStep,
    frozen: bool,
    /// From the first sign of the owner to its last standstill, in milliseconds.
    froze_ms: Option<u64>,
    cpu: Duration,
    measured: Option<Instant>,
    cores: f64,
    memory: u64,
}

/// How long the owner waited for jobs to stand still, in milliseconds.
#[derive(Default)]
pub(super) struct Froze {
    last: Option<u64>,
    /// The server does not know of it yet.
    untold: Option<u64>,
}

/// How an attempt ended, for the counts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ended {
    Finished,
    Yielded,
    GivenUp,
}

impl Desk {
    /// A job came.
    pub(crate) fn job_came(&self, attempt: i64, repository: &str, number: &str) {
        let card = Card {
            repository: repository.to_owned(),
            number: number.to_owned(),
            since: Instant::now(),
            step: JobStep::Preparing,
            frozen: false,
            froze_ms: None,
            cpu: Duration::ZERO,
            measured: None,
            cores: 0.0,
            memory: 0,
        };
        self.jobs().here.insert(attempt, card);
        self.nudge.notify_one();
    }

    pub(crate) fn job_is_at(&self, attempt: i64, step: JobStep) {
        if let Some(card) = self.jobs().here.get_mut(&attempt) {
            card.step = step;
        }
    }

    pub(crate) fn job_step(&self, attempt: i64) -> JobStep {
        self.jobs()
            .here
            .get(&attempt)
            .map_or(JobStep::Reporting, |card| card.step)
    }

    /// Notes whether a job stands still; gives how long the owner waited for that.
    pub(crate) fn job_is_frozen(&self, attempt: i64, frozen: bool) -> Option<u64> {
        let sign = self.started + self.stand().sign;
        let mut jobs = self.jobs();
        let card = jobs.here.get_mut(&attempt)?;
        card.frozen = frozen;
        if !frozen {
            return None;
        }
        // A job may have come while the owner did.
        let waited = sign.max(card.since).elapsed().as_millis();
        let waited = u64::try_from(waited).unwrap_or(u64::MAX);
        card.froze_ms = Some(waited);
        drop(jobs);
        let mut froze = lock(&self.froze);
        froze.last = Some(waited);
        froze.untold = froze.untold.max(Some(waited));
        Some(waited)
    }

    /// How long the owner waited for jobs to stand still, when the server does not know yet.
    pub(crate) fn froze_ms(&self) -> Option<u64> {
        lock(&self.froze).untold
    }

    /// The server knows of this.
    pub(crate) fn told_froze(&self, told: Option<u64>) {
        let mut froze = lock(&self.froze);
        if froze.untold == told {
            froze.untold = None;
        }
    }

    /// What a job's sandbox uses.
    pub(crate) fn job_uses(&self, attempt: i64, use_: travis_sandbox::Use) {
        let mut jobs = self.jobs();
        let Some(card) = jobs.here.get_mut(&attempt) else {
            return;
        };
        let now = Instant::now();
        if let Some(then) = card.measured {
            let seconds = (now - then).as_secs_f64();
            if seconds < 0.2 {
                return;
            }
            let cores = use_.cpu.saturating_sub(card.cpu).as_secs_f64() / seconds;
            // Smoothed over about a second.
            card.cores += (cores - card.cores) * seconds.min(1.0);
        }
        card.measured = Some(now);
        card.cpu = card.cpu.max(use_.cpu);
        card.memory = use_.memory_bytes;
    }

    /// A job left.
    pub(crate) fn job_left(&self, attempt: i64, how: Ended) {
        let mut jobs = self.jobs();
        if let Some(card) = jobs.here.remove(&attempt) {
            jobs.gone += card.cpu;
        }
        drop(jobs);
        let [finished, yielded, given_up] = &self.done;
        let count = match how {
            Ended::Finished => finished,
            Ended::Yielded => yielded,
            Ended::GivenUp => given_up,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn has_jobs(&self) -> bool {
        !self.jobs().here.is_empty()
    }

    /// Processor time of all jobs since the start, as their sandboxes say.
    pub(crate) fn jobs_cpu(&self) -> Duration {
        let jobs = self.jobs();
        jobs.gone + jobs.here.values().map(|card| card.cpu).sum::<Duration>()
    }

    /// Notes what the machine is used for, and counts the month's bytes on.
    pub(crate) fn note_usage(&self, others_percent: Option<f64>) {
        let (cores, memory_bytes) = {
            let jobs = self.jobs();
            let running = || jobs.here.values();
            (
                // A sum of nothing is a negative zero.
                running().map(|card| card.cores).sum::<f64>() + 0.0,
                running().map(|card| card.memory).sum(),
            )
        };
        let month_bytes = {
            let mut month = lock(&self.month);
            if let Network::Guarded(gateway) = &self.config.network {
                month.count(gateway.bytes());
            }
            month.bytes()
        };
        let was_used_up = {
            let mut usage = lock(&self.usage);
            let most = self.wishes().effective.bytes_per_month.unwrap_or(u64::MAX);
            let before = usage.month_bytes >= most;
            *usage = Usage {
                cores,
                memory_bytes,
                disk_bytes: self.disk().unwrap_or(usage.disk_bytes),
                month_bytes,
                others_percent: others_percent.unwrap_or(usage.others_percent),
            };
            (before, month_bytes >= most)
        };
        if was_used_up.0 != was_used_up.1 {
            self.apply_to_network();
        }
    }

    /// Notes what lies in the data directory.
    pub(crate) fn note_disk(&self, bytes: u64) {
        *lock(&self.disk) = Some(bytes);
    }

    /// Bytes in the data directory, once they were added up.
    pub(crate) fn disk(&self) -> Option<u64> {
        *lock(&self.disk)
    }

    pub(crate) fn keep_month(&self) {
        lock(&self.month).keep();
    }

    pub(crate) fn usage(&self) -> Usage {
        lock(&self.usage).clone()
    }

    pub(crate) fn presence(&self) -> Presence {
        let stand = self.stand();
        Presence {
            state: stand.state,
            text: stand.text,
            since_seconds: self.started.elapsed().saturating_sub(stand.since).as_secs(),
        }
    }

    /// All of it, for the owner.
    pub(crate) fn standing(&self) -> Standing {
        let (lending, _) = self.lending();
        let [finished, yielded, given_up] = &self.done;
        let contacts = match &self.config.network {
            Network::Guarded(gateway) => network::contacts(gateway),
            _ => Vec::new(),
        };
        let mut jobs: Vec<JobStanding> = self
            .jobs()
            .here
            .iter()
            .map(|(attempt, card)| JobStanding {
                attempt: *attempt,
                repository: card.repository.clone(),
                job: card.number.clone(),
                step: card.step,
                frozen: card.frozen,
                froze_ms: card.froze_ms,
                seconds: card.since.elapsed().as_secs(),
                cores: card.cores,
                memory_bytes: card.memory,
                network_bytes: 0,
            })
            .collect();
        for job in &mut jobs {
            let name = job.attempt.to_string();
            let of_job = contacts.iter().filter(|contact| contact.job == name);
            job.network_bytes = of_job.map(|contact| contact.sent + contact.received).sum();
        }
        Standing {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            name: lock(&self.name).clone(),
            server: self.config.server.clone(),
            connected: self.connected.load(Ordering::Relaxed),
            up_seconds: self.started.elapsed().as_secs(),
            executor: self.config.executor.kind().to_owned(),
            cpu_cap: self.config.executor.cpu_cap().to_owned(),
            froze_ms: lock(&self.froze).last,
            presence: self.presence(),
            slots: self.stand().slots,
            most_slots: self.rules().slots,
            lending,
            lent: self.lent(),
            cores: self.cores,
            memory_bytes: self.memory,
            cores_left: if jobs.is_empty() {
                0
            } else {
                self.stand().leave
            },
            usage: self.usage(),
            jobs,
            done: Done {
                finished: finished.load(Ordering::Relaxed),
                yielded: yielded.load(Ordering::Relaxed),
                given_up: given_up.load(Ordering::Relaxed),
            },
            contacts,
            trouble: self.wishes().trouble.clone(),
            page: lock(&self.page_at).clone(),
        }
    }
}

//! Logs are read for tests while they grow, beside everything else: a log that is appended to is only
//! noted, and one task reads on.

use crate::{Engine, EngineError};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use travis_bus::{Event, Subject};
use travis_model::AttemptId;
use travis_results::{Case, Counts, LogScan};

/// How often logs that grew are read on: viewers hear of failed tests that soon.
const EVERY: Duration = Duration::from_millis(500);
/// Logs that are read at once. One that is forgotten is read from its beginning again.
const MOST: usize = 128;
/// Lines read of one log in a turn.
const TURN: u64 = 50_000;
/// Lines read at a time.
const LINES: u32 = 2_000;
/// Failed cases that are told of a running log.
const FAILED: usize = 200;

/// Logs that are being read.
#[derive(Default)]
pub(crate) struct Live {
    grown: Mutex<HashSet<AttemptId>>,
    scans: Mutex<HashMap<AttemptId, Watched>>,
}

/// One log, as far as it was read.
pub(super) struct Watched {
    pub(super) scan: LogScan,
    pub(super) next: u64,
    told: Counts,
    used: Instant,
}

impl Watched {
    fn new() -> Self {
        Self {
            scan: LogScan::default(),
            next: 0,
            told: Counts::default(),
            used: Instant::now(),
        }
    }
}

impl Live {
    /// A log grew.
    pub(crate) fn grew(&self, id: AttemptId) {
        self.grown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id);
    }

    pub(crate) fn forget(&self, id: AttemptId) {
        drop(self.take(id));
        self.grown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
    }

    fn grown(&self) -> HashSet<AttemptId> {
        std::mem::take(&mut *self.grown.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take(&self, id: AttemptId) -> Option<Watched> {
        self.scans
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id)
    }

    fn put(&self, id: AttemptId, mut watched: Watched) {
        watched.used = Instant::now();
        let mut all = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(id, watched);
        if all.len() > MOST {
            let oldest = all
                .iter()
                .min_by_key(|(_, one)| one.used)
                .map(|(id, _)| *id);
            if let Some(oldest) = oldest {
                all.remove(&oldest);
            }
        }
    }

    /// Tests of a running attempt so far.
    pub(crate) fn counts(&self, id: AttemptId) -> Option<Counts> {
        let all = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = all.get(&id)?.scan.counts();
        (counts.total() > 0).then_some(counts)
    }

    /// The same with the cases that failed so far.
    pub(super) fn failed(&self, id: AttemptId) -> Option<(Counts, Vec<Case>)> {
        let all = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        let scan = &all.get(&id)?.scan;
        let failed = scan.failed().take(FAILED).cloned().collect();
        Some((scan.counts(), failed))
    }
}

impl Engine {
    /// Tests of a running attempt so far, as its log tells.
    #[must_use]
    pub fn tests_so_far(&self, id: AttemptId) -> Option<Counts> {
        self.tests.counts(id)
    }

    pub(crate) async fn watch_tests_for_ever(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.watch_tests().await;
        }
    }

    /// One turn: reads on the logs that grew, and tells who looks at their jobs.
    pub async fn watch_tests(&self) {
        for id in self.tests.grown() {
            let watched = self.tests.take(id).unwrap_or_else(Watched::new);
            match self.read_on(id, watched, false, TURN).await {
                Ok(mut watched) => {
                    let counts = watched.scan.counts();
                    let news = counts != watched.told;
                    watched.told = counts;
                    self.tests.put(id, watched);
                    if news && let Err(error) = self.tell_tests(id).await {
                        tracing::debug!(attempt = id.get(), %error, "failed tests are not told yet");
                    }
                }
                Err(error) => {
                    tracing::debug!(attempt = id.get(), %error, "a log can't be read for tests");
                }
            }
        }
    }

    /// Reads a log from where it was left: whole lines, or all when it is over.
    async fn read_on(
        &self,
        id: AttemptId,
        mut watched: Watched,
        over: bool,
        most: u64,
    ) -> Result<Watched, EngineError> {
        let until = watched.next.saturating_add(most);
        loop {
            let block = self.logs.lines(id.get(), watched.next, LINES).await?;
            if block.total < watched.next {
                // It was emptied, and comes again.
                watched = Watched::new();
                continue;
            }
            let ended = over || block.sealed || self.ends_a_line(id, block.next_offset).await?;
            // The last line may still grow.
            let whole = block.total.saturating_sub(u64::from(!ended));
            if block.lines.is_empty() || watched.next >= whole {
                return Ok(watched);
            }
            let came = block.lines.len() as u64;
            let task = tokio::task::spawn_blocking(move || {
                let mut next = watched.next;
                for line in block.lines {
                    if next >= whole {
                        break;
                    }
                    watched.scan.line(next, &line);
                    next += 1;
                }
                watched.next = next;
                watched
            });
            watched = match task.await {
                Ok(watched) => watched,
                Err(_) => return Ok(Watched::new()),
            };
            if watched.next >= until {
                // The rest in the next turn.
                self.tests.grew(id);
                return Ok(watched);
            }
            if came < u64::from(LINES) && watched.next >= whole {
                return Ok(watched);
            }
        }
    }

    /// Whether the byte before this one ends a line.
    async fn ends_a_line(&self, id: AttemptId, offset: u64) -> Result<bool, EngineError> {
        let Some(last) = offset.checked_sub(1) else {
            return Ok(true);
        };
        let byte = self.logs.read(id.get(), last, 1).await?;
        Ok(byte.first() == Some(&b'\n'))
    }

    /// All of a log that is over.
    pub(super) async fn read_whole(&self, id: AttemptId) -> Result<LogScan, EngineError> {
        let watched = self.tests.take(id).unwrap_or_else(Watched::new);
        let watched = self.read_on(id, watched, true, u64::MAX).await?;
        self.tests.forget(id);
        Ok(watched.scan)
    }

    async fn tell_tests(&self, id: AttemptId) -> Result<(), EngineError> {
        let mut reader = self.store.reader().await?;
        let Some(attempt) = reader.attempt(id).await? else {
            return Ok(());
        };
        let Some(job) = reader.job(attempt.job_id).await? else {
            return Ok(());
        };
        drop(reader);
        if job.attempt_id == Some(id) {
            self.bus.publish(Event {
                topics: vec![
                    format!("repo:{}", job.repository_id),
                    format!("job:{}", job.id),
                ],
                name: "job:tests",
                subject: Subject::Job(job.id.get()),
            });
        }
        Ok(())
    }
}

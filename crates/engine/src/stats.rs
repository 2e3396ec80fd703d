//! How things went over time: builds of a repository by day, the queue, the fleet. Builds and
//! waiting times are read from their rows; for the queue and the fleet a sample is kept a minute.

use crate::{Engine, EngineError, Viewer, fleet::is_heard};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use travis_model::{JobState, Repository, Spread, Timestamp};
use travis_store::{BuildEnd, EndsWanted, FleetSample, FleetSlice};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// Days and hours that can be asked for.
const DAYS: std::ops::RangeInclusive<u32> = 1..=365;
const HOURS: std::ops::RangeInclusive<u32> = 1..=720;
/// How long samples are kept; an hour more than can be asked for.
const KEPT: Duration = Duration::from_secs((30 * 24 + 1) * 3600);
/// Builds that one answer is made of; of a busier repository the newest.
const BUILDS: u64 = 10_000;
/// With so few builds each is named.
const NAMED: usize = 100;
/// Waiting jobs that one answer is made of, over all platforms.
const WAITS: u64 = 20_000;
/// How long the slices of a span are, in minutes, for a hundred and some points.
const SLICES: [(u32, i64); 6] = [(2, 1), (8, 5), (24, 15), (96, 60), (192, 120), (720, 360)];
/// How often it is looked whether the minute has its sample.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// Builds that ended in a day, or in a whole span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BuildCounts {
    /// Days since 1970; of a span its first.
    pub day: i64,
    /// All commands returned 0.
    pub passed: u64,
    /// The project's commands failed.
    pub failed: u64,
    /// Could not be run.
    pub errored: u64,
    /// By a person, or overtaken.
    pub canceled: u64,
    /// Milliseconds of those that passed or failed.
    pub duration: Spread,
    /// Milliseconds that their jobs waited for workers.
    pub waiting: Spread,
}

impl BuildCounts {
    fn of(day: i64, ends: &[BuildEnd]) -> Self {
        let count = |state| ends.iter().filter(|end| end.state == state).count() as u64;
        let whole = |end: &&BuildEnd| matches!(end.state, JobState::Passed | JobState::Failed);
        Self {
            day,
            passed: count(JobState::Passed),
            failed: count(JobState::Failed),
            errored: count(JobState::Errored),
            canceled: count(JobState::Canceled),
            duration: Spread::of(
                ends.iter()
                    .filter(whole)
                    .filter_map(|end| end.took)
                    .collect(),
            ),
            waiting: Spread::of(
                ends.iter()
                    .flat_map(|end| end.waits.iter().copied())
                    .collect(),
            ),
        }
    }
}

fn day_of(end: &BuildEnd) -> i64 {
    end.at.0.div_euclid(DAY_MS)
}

/// Builds of a repository over time.
#[derive(Debug, Clone, PartialEq)]
pub struct RepositoryStats {
    /// Which.
    pub repository: Repository,
    /// From there on the answer is whole; later than asked for when there were too many builds.
    pub since: Timestamp,
    /// Nothing is left out.
    pub complete: bool,
    /// Of the whole span.
    pub total: BuildCounts,
    /// By day in UTC, the oldest first, those without builds too.
    pub days: Vec<BuildCounts>,
    /// Each of them when they are few, the oldest first; else none.
    pub builds: Vec<BuildEnd>,
}

/// The queue over time.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueStats {
    /// When the first slice began.
    pub since: Timestamp,
    /// How long a slice is.
    pub step: Duration,
    /// Over all platforms; `None` in slices without a sample.
    pub waiting: Vec<Option<f64>>,
    /// By platform.
    pub platforms: Vec<PlatformQueue>,
}

/// The queue of a platform over time.
#[derive(Debug, Clone, PartialEq)]
pub struct PlatformQueue {
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub arch: String,
    /// Milliseconds that jobs waited, in the whole span.
    pub waited: Spread,
    /// The most jobs that waited at once.
    pub most: u64,
    /// Jobs that waited on average, and how long those waited that were received, by slice.
    pub slices: Vec<(Option<f64>, Spread)>,
}

/// The fleet over time.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetStats {
    /// When the first slice began.
    pub since: Timestamp,
    /// How long a slice is.
    pub step: Duration,
    /// By slice; `None` in those without a sample.
    pub slices: Vec<Option<FleetPoint>>,
}

/// The fleet in a slice of time, on average.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FleetPoint {
    /// Workers connected.
    pub workers: f64,
    /// Slots lent.
    pub slots: f64,
    /// Slots that ran attempts.
    pub busy: f64,
    /// Milliseconds times cores of work that was finished in it; none when it is not known how
    /// much there was before.
    pub core_ms: Option<i64>,
}

/// The slices of a span that ends now.
#[derive(Clone, Copy)]
struct Slices {
    first: i64,
    count: usize,
    minutes: i64,
}

impl Slices {
    fn new(hours: u32, now: Timestamp) -> Result<Self, EngineError> {
        if !HOURS.contains(&hours) {
            return Err(EngineError::invalid("hours", "use 1 to 720"));
        }
        let fits = SLICES.iter().find(|(most, _)| hours <= *most);
        let minutes = fits.map_or(360, |(_, minutes)| *minutes);
        let last = now.0.div_euclid(minutes * MINUTE_MS);
        let count = i64::from(hours) * 60 / minutes;
        Ok(Self {
            first: last - count + 1,
            count: usize::try_from(count).unwrap_or_default(),
            minutes,
        })
    }

    fn place(self, slice: i64) -> Option<usize> {
        let at = usize::try_from(slice - self.first).ok()?;
        (at < self.count).then_some(at)
    }

    fn since(self) -> Timestamp {
        Timestamp(self.first * self.minutes * MINUTE_MS)
    }

    fn step(self) -> Duration {
        Duration::from_millis(u64::try_from(self.minutes * MINUTE_MS).unwrap_or_default())
    }
}

impl Engine {
    /// Builds of a repository, or of one branch without pull requests, that ended in the last days.
    ///
    /// # Errors
    /// When the viewer may not see the repository; when `days` is not 1 to 365.
    pub async fn repository_stats(
        &self,
        viewer: &Viewer,
        key: &str,
        branch: Option<&str>,
        days: u32,
    ) -> Result<RepositoryStats, EngineError> {
        if !DAYS.contains(&days) {
            return Err(EngineError::invalid("days", "use 1 to 365"));
        }
        let repository = self.repository(viewer, key).await?;
        let today = self.now().0.div_euclid(DAY_MS);
        let first = today - i64::from(days) + 1;
        let wanted = EndsWanted {
            repository: repository.id,
            branch,
            since: Timestamp(first * DAY_MS),
            limit: BUILDS,
        };
        let ends = self.store.reader().await?.build_ends(wanted).await?;
        let complete = (ends.len() as u64) < BUILDS;
        let since = match ends.first() {
            Some(oldest) if !complete => oldest.at,
            _ => wanted.since,
        };
        let by_day: HashMap<i64, &[BuildEnd]> = ends
            .chunk_by(|a, b| day_of(a) == day_of(b))
            .filter_map(|those| those.first().map(|first| (day_of(first), those)))
            .collect();
        let of = |day| BuildCounts::of(day, by_day.get(&day).copied().unwrap_or_default());
        Ok(RepositoryStats {
            repository,
            since,
            complete,
            total: BuildCounts::of(first, &ends),
            days: (first..=today).map(of).collect(),
            builds: match ends.len() {
                ..=NAMED => ends,
                _ => Vec::new(),
            },
        })
    }

    /// The queue over the last hours. No repository is named, so anybody may see it.
    ///
    /// # Errors
    /// When `hours` is not 1 to 720.
    pub async fn queue_stats(&self, hours: u32) -> Result<QueueStats, EngineError> {
        let slices = Slices::new(hours, self.now())?;
        let since_minute = slices.first * slices.minutes;
        let mut reader = self.store.reader().await?;
        let mut samples = vec![0_u64; slices.count];
        for row in reader.fleet_slices(since_minute, slices.minutes).await? {
            if let Some(at) = slices.place(row.slice) {
                samples[at] = row.samples;
            }
        }
        let mut sums = vec![0_u64; slices.count];
        let mut platforms: HashMap<(String, String), (Vec<u64>, u64)> = HashMap::new();
        for row in reader.queue_slices(since_minute, slices.minutes).await? {
            let Some(at) = slices.place(row.slice) else {
                continue;
            };
            sums[at] += row.waiting;
            let of = platforms
                .entry((row.os, row.arch))
                .or_insert_with(|| (vec![0; slices.count], 0));
            of.0[at] += row.waiting;
            of.1 = of.1.max(row.most);
        }
        let received = reader.platforms_received(slices.since()).await?;
        for platform in received {
            platforms
                .entry(platform)
                .or_insert_with(|| (vec![0; slices.count], 0));
        }
        let average = |sums: &[u64], at: usize| mean(sums[at], samples[at]);
        let each = WAITS / (platforms.len() as u64).max(1);
        let mut answer = QueueStats {
            since: slices.since(),
            step: slices.step(),
            waiting: (0..slices.count).map(|at| average(&sums, at)).collect(),
            platforms: Vec::with_capacity(platforms.len()),
        };
        for ((os, arch), (sums, most)) in platforms {
            let waits = reader
                .waits_received(&os, &arch, slices.since(), slices.minutes, each)
                .await?;
            let waited = Spread::of(waits.iter().flat_map(|(_, waits)| waits.clone()).collect());
            let mut by_slice = vec![Spread::default(); slices.count];
            for (slice, waits) in waits {
                if let Some(at) = slices.place(slice) {
                    by_slice[at] = Spread::of(waits);
                }
            }
            answer.platforms.push(PlatformQueue {
                os,
                arch,
                waited,
                most,
                slices: by_slice
                    .into_iter()
                    .enumerate()
                    .map(|(at, spread)| (average(&sums, at), spread))
                    .collect(),
            });
        }
        answer.platforms.sort_by(|a, b| {
            (b.waited.count.cmp(&a.waited.count))
                .then_with(|| (&a.os, &a.arch).cmp(&(&b.os, &b.arch)))
        });
        Ok(answer)
    }

    /// The fleet over the last hours.
    ///
    /// # Errors
    /// When `hours` is not 1 to 720.
    pub async fn fleet_stats(&self, hours: u32) -> Result<FleetStats, EngineError> {
        let slices = Slices::new(hours, self.now())?;
        // One slice more: what was done in the first one is known from the one before it.
        let since_minute = (slices.first - 1) * slices.minutes;
        let mut reader = self.store.reader().await?;
        let rows = reader.fleet_slices(since_minute, slices.minutes).await?;
        let mut points = vec![None; slices.count];
        let mut before: Option<&FleetSlice> = None;
        for row in &rows {
            if let Some(at) = slices.place(row.slice) {
                points[at] = Some(FleetPoint {
                    workers: mean(row.workers, row.samples).unwrap_or_default(),
                    slots: mean(row.slots, row.samples).unwrap_or_default(),
                    busy: mean(row.busy, row.samples).unwrap_or_default(),
                    // A result that was found false takes its work away again.
                    core_ms: before.map(|before| (row.core_ms - before.core_ms).max(0)),
                });
            }
            before = Some(row);
        }
        Ok(FleetStats {
            since: slices.since(),
            step: slices.step(),
            slices: points,
        })
    }

    pub(crate) async fn sample_fleet_for_ever(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut done = None;
        loop {
            ticks.tick().await;
            let minute = self.now().0.div_euclid(MINUTE_MS);
            if done == Some(minute) {
                continue;
            }
            match self.sample_fleet().await {
                Ok(_) => done = Some(minute),
                Err(error) => {
                    tracing::warn!(%error, "the fleet's state could not be noted for charts; the next turn tries again");
                }
            }
        }
    }

    /// Notes how fleet and queue stand in this minute, in one transaction. `false` when another
    /// server did so already.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn sample_fleet(&self) -> Result<bool, EngineError> {
        let mut reader = self.store.reader().await?;
        let workers = self.count(reader.as_mut()).await?.workers;
        let queued = reader.queued_platforms().await?;
        drop(reader);
        let now = self.now();
        let minute = now.0.div_euclid(MINUTE_MS);
        let heard = workers.iter().filter(|(_, slots)| is_heard(slots.state));
        let sample = FleetSample {
            minute,
            workers: u32::try_from(heard.clone().count()).unwrap_or(u32::MAX),
            slots: heard
                .clone()
                .map(|(_, slots)| slots.busy + slots.free)
                .sum(),
            busy: heard.map(|(_, slots)| slots.busy).sum(),
            waiting: queued
                .into_iter()
                .map(|row| (row.os, row.arch, row.jobs))
                .collect(),
        };
        let mut tx = self.store.begin().await?;
        let new = tx.put_sample(&sample, now.minus(KEPT)).await?;
        tx.commit().await?;
        Ok(new)
    }
}

/// The mean of a sum of samples; none without a sample.
fn mean(sum: u64, samples: u64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
    let mean = sum as f64 / samples as f64;
    (samples > 0).then_some(mean)
}

#[cfg(test)]
mod tests;

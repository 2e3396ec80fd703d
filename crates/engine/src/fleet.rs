//! All workers together: how busy each platform is, and what waits why. The work is bounded by
//! the number of workers and by a fixed number of groups of waiting jobs, whatever the queue.

use crate::{Engine, EngineError, Viewer};
use std::collections::HashMap;
use std::time::Duration;
use travis_model::{
    Job, Repository, Timestamp, UserId, Worker, WorkerId, WorkerState, worker_state,
};
use travis_store::{QueuedPlatform, Reader};

/// Groups of jobs (platform and repository) that are looked at; the rest is counted.
const GROUPS: u64 = 200;
/// Platforms that are shown.
const PLATFORMS: usize = 50;
/// Waits that the usual one is the middle of.
const USUAL_OF: u64 = 50;
/// Jobs named with each reason.
const NAMED: usize = 3;
/// Half hours that are shown: a day of them.
const PERIODS: usize = 48;
const PERIOD_MS: i64 = 30 * 60 * 1000;
const PERIOD: Duration = Duration::from_secs(30 * 60);

/// How a worker stands, with what is known of its slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotView {
    /// Where it stands.
    pub state: WorkerState,
    /// Slots that run attempts.
    pub busy: u32,
    /// Slots that wait for jobs.
    pub free: u32,
}

/// All workers together.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetView {
    /// Workers in all.
    pub workers: u32,
    /// Those of whom something was heard.
    pub online: u32,
    /// People who lend those.
    pub people: u32,
    /// Their busy slots.
    pub busy: u32,
    /// Their slots that are lent now, busy or free.
    pub slots: u32,
    /// Jobs that wait.
    pub waiting: u64,
    /// How long jobs usually wait, over all platforms with workers online.
    pub usual_wait: Option<Duration>,
    /// Milliseconds times cores in this month.
    pub month_core_ms: u64,
    /// Workers online that are too old.
    pub too_old: u32,
    /// Versions of those online with how many have them, the most common first.
    pub versions: Vec<(String, u32)>,
    /// By platform.
    pub platforms: Vec<PlatformView>,
}

/// A platform.
#[derive(Debug, Clone, PartialEq)]
pub struct PlatformView {
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub arch: String,
    /// Workers online.
    pub workers: u32,
    /// Their busy slots.
    pub busy: u32,
    /// Their slots that are lent now, busy or free.
    pub slots: u32,
    /// Jobs that wait.
    pub waiting: u64,
    /// How long jobs usually wait; with no worker online, how long the oldest one waits.
    pub usual_wait: Option<Duration>,
    /// Slots busy on average by half hour, the oldest first, of the last day.
    pub load: Vec<f64>,
}

/// What waits, by reason.
#[derive(Debug, Clone, Default)]
pub struct FleetWaits {
    /// The reasons, the most-blocked first.
    pub groups: Vec<WaitGroup>,
}

/// Jobs that wait for the same reason.
#[derive(Debug, Clone)]
pub struct WaitGroup {
    /// The reason for programs.
    pub code: String,
    /// The reason of the first of them, for people.
    pub text: String,
    /// The platform that they ask for.
    pub os: String,
    /// The platform that they ask for.
    pub arch: String,
    /// The repository, when the reason is its own.
    pub repository: Option<Repository>,
    /// How many.
    pub jobs: u64,
    /// The oldest one waits since then.
    pub since: Timestamp,
    /// The first of those that the viewer may see.
    pub next: Vec<(Job, Repository)>,
}

/// How blocked a reason is: those at the top get better by a deed alone.
fn rank(code: &str) -> u8 {
    match code {
        "no_worker" | "no_fitting_worker" => 0,
        "no_trusted_worker" | "no_second_opinion" => 1,
        "busy" => 3,
        "repository_limit" => 4,
        "second_opinion" => 5,
        "queue" => 7,
        "next" => 8,
        // What is not known here is as bad as it gets without a machine missing.
        _ => 2,
    }
}

/// Whether a reason is one of the repository, not of the platform.
fn is_own(code: &str) -> bool {
    matches!(code, "repository_limit" | "no_trusted_worker")
}

/// Workers with their slots, counted once for a whole answer.
pub(crate) struct Counted {
    pub workers: Vec<(Worker, SlotView)>,
    /// When each busy slot began, by platform.
    running: HashMap<(String, String), Vec<Timestamp>>,
}

impl Engine {
    /// Where a worker stands now.
    #[must_use]
    pub fn state_of(&self, worker: &Worker, now: Timestamp) -> WorkerState {
        worker_state(
            worker.banned,
            worker.paused,
            worker.draining,
            worker.last_seen_at,
            now,
            self.silence(),
        )
    }

    /// Slots of a worker by what they do: it runs so many attempts, and lends so many now, as far
    /// as it said.
    #[must_use]
    pub fn slots_of(
        &self,
        worker: &Worker,
        state: WorkerState,
        busy: u32,
        said: Option<u32>,
    ) -> SlotView {
        let lent = if state == WorkerState::Online && !self.is_too_old(worker) {
            said.unwrap_or(worker.slots).min(worker.slots)
        } else {
            0
        };
        SlotView {
            state,
            busy,
            free: lent.saturating_sub(busy),
        }
    }

    pub(crate) async fn count(&self, reader: &mut dyn Reader) -> Result<Counted, EngineError> {
        let now = self.now();
        let rows = reader.workers().await?;
        let ids: Vec<WorkerId> = rows.iter().map(|row| row.id).collect();
        let said: HashMap<WorkerId, u32> = reader
            .workers_now(&ids)
            .await?
            .into_iter()
            .map(|said| (said.worker_id, said.slots))
            .collect();
        let mut busy: HashMap<WorkerId, Vec<Timestamp>> = HashMap::new();
        for attempt in reader.all_live_attempts().await? {
            busy.entry(attempt.worker_id)
                .or_default()
                .push(attempt.leased_at);
        }
        let mut running: HashMap<(String, String), Vec<Timestamp>> = HashMap::new();
        let workers = rows
            .into_iter()
            .map(|row| {
                let mine = busy.remove(&row.id).unwrap_or_default();
                let count = u32::try_from(mine.len()).unwrap_or(u32::MAX);
                let state = self.state_of(&row, now);
                let view = self.slots_of(&row, state, count, said.get(&row.id).copied());
                running
                    .entry((row.os.clone(), row.arch.clone()))
                    .or_default()
                    .extend(mine);
                (row, view)
            })
            .collect();
        Ok(Counted { workers, running })
    }

    /// The fleet as it stands. `month` is when the month began whose work is summed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn fleet(
        &self,
        reader: &mut dyn Reader,
        month: Timestamp,
    ) -> Result<FleetView, EngineError> {
        let now = self.now();
        let counted = self.count(reader).await?;
        let queued = reader.queued_platforms().await?;
        let mut platforms: HashMap<(String, String), PlatformView> = HashMap::new();
        let mut people: Vec<UserId> = Vec::new();
        let mut versions: HashMap<String, u32> = HashMap::new();
        let (mut online, mut too_old) = (0, 0);
        for (worker, slots) in &counted.workers {
            if !is_heard(slots.state) {
                continue;
            }
            online += 1;
            people.push(worker.owner_id);
            too_old += u32::from(self.is_too_old(worker));
            let version = worker
                .facts
                .get("version")
                .and_then(serde_json::Value::as_str)
                .unwrap_or("unknown");
            *versions
                .entry(version.chars().take(40).collect())
                .or_default() += 1;
            let platform = platform(&mut platforms, &worker.os, &worker.arch);
            platform.workers += 1;
            platform.busy += slots.busy;
            platform.slots += slots.busy + slots.free;
        }
        for QueuedPlatform { os, arch, jobs, .. } in &queued {
            platform(&mut platforms, os, arch).waiting = *jobs;
        }
        people.sort_unstable();
        people.dedup();
        let mut platforms: Vec<PlatformView> = platforms.into_values().collect();
        platforms.sort_by(|a, b| {
            (b.workers, b.waiting)
                .cmp(&(a.workers, a.waiting))
                .then_with(|| (&a.os, &a.arch).cmp(&(&b.os, &b.arch)))
        });
        platforms.truncate(PLATFORMS);
        let load = self.load(reader, &counted, now).await?;
        let mut all_waits = Vec::new();
        for platform in &mut platforms {
            let key = (platform.os.clone(), platform.arch.clone());
            platform.load = load
                .get(&key)
                .cloned()
                .unwrap_or_else(|| vec![0.0; PERIODS]);
            if platform.workers == 0 {
                platform.usual_wait = queued
                    .iter()
                    .find(|queued| (&queued.os, &queued.arch) == (&key.0, &key.1))
                    .map(|queued| now.since(queued.since));
                continue;
            }
            let waits = reader.last_waits(&key.0, &key.1, USUAL_OF).await?;
            all_waits.extend_from_slice(&waits);
            platform.usual_wait = middle(waits);
        }
        let mut versions: Vec<(String, u32)> = versions.into_iter().collect();
        versions.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Ok(FleetView {
            workers: u32::try_from(counted.workers.len()).unwrap_or(u32::MAX),
            online,
            people: u32::try_from(people.len()).unwrap_or(u32::MAX),
            busy: platforms.iter().map(|platform| platform.busy).sum(),
            slots: platforms.iter().map(|platform| platform.slots).sum(),
            waiting: queued.iter().map(|queued| queued.jobs).sum(),
            usual_wait: middle(all_waits),
            month_core_ms: reader.core_ms_since(month).await?,
            too_old,
            versions,
            platforms,
        })
    }

    /// Slots busy on average, by platform and half hour of the last day.
    async fn load(
        &self,
        reader: &mut dyn Reader,
        counted: &Counted,
        now: Timestamp,
    ) -> Result<HashMap<(String, String), Vec<f64>>, EngineError> {
        let spans = u32::try_from(PERIODS - 1).unwrap_or_default();
        let from = now.minus(PERIOD * spans).0.div_euclid(PERIOD_MS);
        let mut busy: HashMap<(String, String), Vec<i64>> = HashMap::new();
        let place = |period: i64| {
            usize::try_from(period - from)
                .ok()
                .filter(|at| *at < PERIODS)
        };
        for row in reader.platform_load(Timestamp(from * PERIOD_MS)).await? {
            if let Some(at) = place(row.period) {
                let of = busy
                    .entry((row.os, row.arch))
                    .or_insert_with(|| vec![0; PERIODS]);
                of[at] += row.busy_ms;
            }
        }
        // What runs now has no row yet.
        for (key, began) in &counted.running {
            let of = busy.entry(key.clone()).or_insert_with(|| vec![0; PERIODS]);
            for began in began {
                for (at, sum) in of.iter_mut().enumerate() {
                    let begin = (from + i64::try_from(at).unwrap_or_default()) * PERIOD_MS;
                    let end = (begin + PERIOD_MS).min(now.0);
                    *sum += (end - begin.max(began.0)).max(0);
                }
            }
        }
        let last = (now.0 - now.0.div_euclid(PERIOD_MS) * PERIOD_MS).max(1);
        Ok(busy
            .into_iter()
            .map(|(key, sums)| {
                let load = sums
                    .iter()
                    .enumerate()
                    .map(|(at, sum)| {
                        let length = if at + 1 == PERIODS { last } else { PERIOD_MS };
                        share(*sum, length)
                    })
                    .collect();
                (key, load)
            })
            .collect())
    }

    /// What waits and why, the most-blocked first. What a viewer may not see is counted and not
    /// named.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn fleet_waits(
        &self,
        reader: &mut dyn Reader,
        viewer: &Viewer,
    ) -> Result<FleetWaits, EngineError> {
        let queued = reader.queued_groups(GROUPS + 1).await?;
        // Nothing waits: the workers need not be looked at one by one.
        if queued.is_empty() {
            return Ok(FleetWaits::default());
        }
        let looked = &queued[..queued
            .len()
            .min(usize::try_from(GROUPS).unwrap_or(usize::MAX))];
        let ids: Vec<_> = looked.iter().map(|group| group.first).collect();
        let jobs: HashMap<_, _> = reader
            .jobs_by_id(&ids)
            .await?
            .into_iter()
            .map(|job| (job.id, job))
            .collect();
        let homes: Vec<_> = looked.iter().map(|group| group.repository_id).collect();
        let homes: HashMap<_, _> = reader
            .repositories_by_id(&homes)
            .await?
            .into_iter()
            .map(|home| (home.id, home))
            .collect();
        let waits = self.waits(reader).await?;
        let mut groups: Vec<WaitGroup> = Vec::new();
        let mut counted = 0;
        for group in looked {
            let (Some(job), Some(home)) = (jobs.get(&group.first), homes.get(&group.repository_id))
            else {
                continue;
            };
            // It was taken in the meantime.
            let Some(wait) = waits.of(reader, job, &[]).await? else {
                continue;
            };
            counted += group.jobs;
            let seen = viewer.sees(home);
            let own = is_own(&wait.code);
            let place = groups.iter().position(|known| {
                known.code == wait.code
                    && (&known.os, &known.arch) == (&group.os, &group.arch)
                    && (!own || known.repository.as_ref().map(|known| known.id) == Some(home.id))
            });
            let at = match place {
                Some(at) => at,
                None => {
                    groups.push(WaitGroup {
                        code: wait.code,
                        text: wait.text,
                        os: group.os.clone(),
                        arch: group.arch.clone(),
                        repository: own.then(|| home.clone()),
                        jobs: 0,
                        since: group.since,
                        next: Vec::new(),
                    });
                    groups.len() - 1
                }
            };
            let known = &mut groups[at];
            known.jobs += group.jobs;
            known.since = known.since.min(group.since);
            if seen && known.next.len() < NAMED {
                known.next.push((job.clone(), home.clone()));
            }
        }
        if queued.len() > looked.len() {
            let all = reader.queue_depth().await?.queued;
            groups.push(WaitGroup {
                code: "queue".to_owned(),
                text: "These have not come to the front of the queue.".to_owned(),
                os: String::new(),
                arch: String::new(),
                repository: None,
                jobs: all.saturating_sub(counted),
                since: queued.last().map_or(self.now(), |group| group.since),
                next: Vec::new(),
            });
        }
        groups.sort_by_key(|group| (rank(&group.code), group.since));
        Ok(FleetWaits { groups })
    }
}

/// Heard of a moment ago, whatever its owner decided.
pub(crate) fn is_heard(state: WorkerState) -> bool {
    matches!(
        state,
        WorkerState::Online | WorkerState::Paused | WorkerState::Draining
    )
}

fn platform<'a>(
    all: &'a mut HashMap<(String, String), PlatformView>,
    os: &str,
    arch: &str,
) -> &'a mut PlatformView {
    all.entry((os.to_owned(), arch.to_owned()))
        .or_insert_with(|| PlatformView {
            os: os.to_owned(),
            arch: arch.to_owned(),
            workers: 0,
            busy: 0,
            slots: 0,
            waiting: 0,
            usual_wait: None,
            load: Vec::new(),
        })
}

/// The middle one.
fn middle(mut waits: Vec<i64>) -> Option<Duration> {
    waits.sort_unstable();
    let wait = *waits.get(waits.len() / 2)?;
    Some(Duration::from_millis(u64::try_from(wait).unwrap_or(0)))
}

/// Slots busy on average, to hundredths.
fn share(busy_ms: i64, length_ms: i64) -> f64 {
    let hundredths = busy_ms.saturating_mul(100) / length_ms.max(1);
    f64::from(i32::try_from(hundredths).unwrap_or(i32::MAX)) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_blocked_comes_before_what_moves() {
        assert!(rank("no_fitting_worker") < rank("busy"));
        assert!(rank("something_new") < rank("busy"));
        assert!(rank("busy") < rank("next"));
    }
}

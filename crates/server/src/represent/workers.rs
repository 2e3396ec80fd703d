use super::{Represent, job_minimal, repository_minimal};
use crate::{
    error::ApiError,
    wire::{time, time_opt},
};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::time::Duration;
use travis_api::{
    lend::{Lending, Presence},
    v3,
    worker::Facts,
};
use travis_model::{
    Attempt, Job, Purpose, Repository, Timestamp, Worker, WorkerId, WorkerState,
    trust::{Standing, Tier},
};
use travis_store::{WorkerNow, WorkerTally};

/// What the recent record of a worker is about: 30 days.
pub(crate) const RECENT: Duration = Duration::from_secs(30 * 24 * 3600);

/// What is read once for all workers of an answer.
struct Around {
    live: HashMap<WorkerId, Vec<Attempt>>,
    jobs: HashMap<travis_model::JobId, Job>,
    homes: HashMap<travis_model::RepositoryId, Repository>,
    now: HashMap<WorkerId, WorkerNow>,
    wishes: HashMap<WorkerId, Lending>,
    tallies: HashMap<WorkerId, WorkerTally>,
    standings: HashMap<WorkerId, (Standing, Tier)>,
}

impl Represent<'_> {
    /// Workers in the order given.
    pub async fn workers(&mut self, rows: Vec<Worker>) -> Result<Vec<v3::Worker>, ApiError> {
        self.know_people(rows.iter().map(|row| row.owner_id))
            .await?;
        let around = self.around(&rows).await?;
        Ok(rows
            .into_iter()
            .map(|row| self.worker(row, &around))
            .collect())
    }

    /// The number of queries does not grow with the number of workers.
    async fn around(&mut self, rows: &[Worker]) -> Result<Around, ApiError> {
        let ids: Vec<WorkerId> = rows.iter().map(|row| row.id).collect();
        let attempts = match ids.as_slice() {
            [one] => self.reader.live_attempts(*one).await?,
            _ => self.reader.all_live_attempts().await?,
        };
        let job_ids: Vec<_> = attempts.iter().map(|attempt| attempt.job_id).collect();
        let jobs = self.reader.jobs_by_id(&job_ids).await?;
        let homes: Vec<_> = jobs.iter().map(|job| job.repository_id).collect();
        let homes = self.reader.repositories_by_id(&homes).await?;
        let mut live: HashMap<WorkerId, Vec<Attempt>> = HashMap::new();
        for attempt in attempts {
            live.entry(attempt.worker_id).or_default().push(attempt);
        }
        let said = self.reader.workers_now(&ids).await?;
        let wishes = self.reader.worker_wishes(&ids).await?;
        let since = self.now.minus(RECENT);
        let tallies = self.reader.worker_tallies(&ids, since).await?;
        let standings = self.engine.standings_of(self.reader.as_mut(), rows).await?;
        Ok(Around {
            standings: ids.iter().copied().zip(standings).collect(),
            live,
            jobs: jobs.into_iter().map(|job| (job.id, job)).collect(),
            homes: homes.into_iter().map(|home| (home.id, home)).collect(),
            now: said
                .into_iter()
                .map(|said| (said.worker_id, said))
                .collect(),
            wishes: wishes
                .into_iter()
                .filter_map(|wish| Some((wish.worker_id, read(&wish.lending)?)))
                .collect(),
            tallies: ids.into_iter().zip(tallies).collect(),
        })
    }

    fn worker(&self, row: Worker, around: &Around) -> v3::Worker {
        let none = Vec::new();
        let live = around.live.get(&row.id).unwrap_or(&none);
        let said = around.now.get(&row.id);
        let frozen = said.map_or(&[][..], |said| &said.frozen);
        let running = live
            .iter()
            .filter_map(|attempt| {
                let job = around.jobs.get(&attempt.job_id)?;
                // What a private repository does is nobody else's business.
                let home = around
                    .homes
                    .get(&job.repository_id)
                    .filter(|home| self.viewer.sees(home))?;
                Some(v3::RunningAttempt {
                    attempt: attempt.id.get(),
                    job: job_minimal(job),
                    repository: repository_minimal(home),
                    leased_at: time(attempt.leased_at),
                    purpose: match attempt.purpose {
                        Purpose::Job => "job",
                        Purpose::Opinion => "verification",
                    }
                    .to_owned(),
                    frozen: frozen.contains(&attempt.id),
                })
            })
            .collect();
        let state = self.engine.state_of(&row, self.now);
        let heard = matches!(
            state,
            WorkerState::Online | WorkerState::Paused | WorkerState::Draining
        );
        // What it said before it fell silent says nothing of now.
        let said = said.filter(|_| heard);
        let busy = u32::try_from(live.len()).unwrap_or(u32::MAX);
        let slots = self
            .engine
            .slots_of(&row, state, busy, said.map(|said| said.slots));
        let commands = self.viewer.commands(&row);
        let facts = facts(&row);
        let tally = around.tallies.get(&row.id).copied().unwrap_or_default();
        let (standing, tier) = around.standings.get(&row.id).cloned().unwrap_or_default();
        v3::Worker {
            head: v3::Head::standard("worker", format!("/v3/worker/{}", row.id)),
            id: row.id.get(),
            owner: self.owner_of(row.owner_id),
            state: state.as_str().to_owned(),
            slots: row.slots,
            slot_use: v3::SlotUse {
                busy,
                free: slots.free,
                unlent: row.slots.saturating_sub(busy.saturating_add(slots.free)),
            },
            tier: tier.as_str().to_owned(),
            tier_fixed: standing.fixed.is_some(),
            too_old: self.engine.is_too_old(&row),
            presence: said.and_then(|said| presence(said, self.now)),
            usage: said.and_then(|said| read(said.usage.as_ref()?)),
            lent: facts.lent.clone(),
            lending: said
                .filter(|_| commands)
                .and_then(|said| read(said.lending.as_ref()?)),
            wanted_lending: around.wishes.get(&row.id).filter(|_| commands).cloned(),
            record: record(tally, &standing, self.engine.known_wanted(tier)),
            page: page(row.id),
            badge: format!("/workers/{}.svg", row.id),
            running,
            finished_jobs: tally.jobs,
            created_at: time(row.created_at),
            online_since: said.map(|said| time(said.online_since)),
            last_seen_at: time_opt(row.last_seen_at),
            permissions: v3::WorkerPermissions {
                admin: commands,
                operate: self.viewer.operates(),
            },
            name: row.name,
            os: row.os,
            arch: row.arch,
            executor: row.executor,
            facts,
        }
    }

    /// A worker as it stands with what it ran.
    pub(super) fn worker_minimal(
        &self,
        id: WorkerId,
        worker: Option<&Worker>,
    ) -> v3::WorkerMinimal {
        let name = worker.map_or_else(|| format!("worker-{id}"), |worker| worker.name.clone());
        let owner = worker.map_or_else(
            || super::owner("unknown"),
            |worker| self.owner_of(worker.owner_id),
        );
        v3::WorkerMinimal {
            head: v3::Head::minimal("worker", format!("/v3/worker/{id}")),
            id: id.get(),
            page: page(id),
            thanks: thanks(&name, &owner.login),
            name,
            owner,
        }
    }
}

/// The thanks that stand with each job.
pub(crate) fn thanks(worker: &str, owner: &str) -> String {
    format!("Built on {worker}, provided by {owner}. Thank you!")
}

/// The public page of a worker.
pub(crate) fn page(id: WorkerId) -> String {
    format!("/workers/{id}")
}

fn record(tally: WorkerTally, standing: &Standing, known_wanted: u32) -> v3::WorkerRecord {
    let taken = tally.recent_kept + tally.recent_broken;
    v3::WorkerRecord {
        core_seconds: tally.core_ms / 1000,
        jobs_30_days: tally.recent_jobs,
        repositories_30_days: tally.recent_repositories,
        kept_word_percent: (taken > 0).then(|| percent(tally.recent_kept, taken)),
        checked: u64::from(standing.checked),
        agreed: u64::from(standing.agreed),
        known_passed: standing.known_passed.min(known_wanted),
        known_wanted,
        agreed_in_a_row: u64::from(standing.streak),
        yields: tally.yields,
        usual_freeze_ms: tally.freeze_ms,
    }
}

/// To tenths, rounded down: what is not whole does not look whole.
fn percent(part: u64, whole: u64) -> f64 {
    let thousandths = part.saturating_mul(1000) / whole.max(1);
    f64::from(u32::try_from(thousandths).unwrap_or(u32::MAX)) / 10.0
}

fn presence(said: &WorkerNow, now: Timestamp) -> Option<Presence> {
    let mut presence: Presence = read(said.presence.as_ref()?)?;
    if let Some(since) = said.presence_since {
        presence.since_seconds = now.since(since).as_secs();
    }
    Some(presence)
}

/// What a newer or older worker said in a form of its own is left out.
fn read<T: DeserializeOwned>(value: &serde_json::Value) -> Option<T> {
    T::deserialize(value).ok()
}

/// What the worker said; what an older worker did not say yet is empty.
fn facts(row: &Worker) -> Facts {
    read(&row.facts).unwrap_or_else(|| Facts {
        os: row.os.clone(),
        arch: row.arch.clone(),
        executors: vec![row.executor.clone()],
        executor: row.executor.clone(),
        ..Facts::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_broken_once_is_not_kept_whole() {
        assert_eq!(percent(9999, 10_000), 99.9);
        assert_eq!(percent(3, 3), 100.0);
        assert_eq!(percent(0, 2), 0.0);
    }
}

use super::{Represent, job_minimal, repository_minimal};
use crate::{
    error::ApiError,
    wire::{time, time_opt},
};
use travis_api::{v3, worker::Facts};
use travis_model::{Worker, WorkerId, trust::KNOWN_ANSWERS, worker_state};

impl Represent<'_> {
    /// Workers in the order given.
    pub async fn workers(&mut self, rows: Vec<Worker>) -> Result<Vec<v3::Worker>, ApiError> {
        self.know_people(rows.iter().map(|row| row.owner_id))
            .await?;
        let standings = self
            .engine
            .standings_of(self.reader.as_mut(), &rows)
            .await?;
        let mut answer = Vec::with_capacity(rows.len());
        for (row, (standing, tier)) in rows.into_iter().zip(standings) {
            let live = self.reader.live_attempts(row.id).await?;
            let ids: Vec<_> = live.iter().map(|attempt| attempt.job_id).collect();
            let jobs = self.reader.jobs_by_id(&ids).await?;
            let homes: Vec<_> = jobs.iter().map(|job| job.repository_id).collect();
            let homes = self.reader.repositories_by_id(&homes).await?;
            let running: Vec<_> = live
                .iter()
                .filter_map(|attempt| {
                    let job = jobs.iter().find(|job| job.id == attempt.job_id)?;
                    // What a private repository does is nobody else's business.
                    let home = homes
                        .iter()
                        .find(|home| home.id == job.repository_id)
                        .filter(|home| self.viewer.sees(home))?;
                    Some(v3::RunningAttempt {
                        attempt: attempt.id.get(),
                        job: job_minimal(job),
                        repository: repository_minimal(home),
                        leased_at: time(attempt.leased_at),
                        purpose: "job".to_owned(),
                        frozen: false,
                    })
                })
                .collect();
            let state = worker_state(
                row.banned,
                row.paused,
                row.draining,
                row.last_seen_at,
                self.now,
                self.engine.silence(),
            );
            let busy = u32::try_from(live.len()).unwrap_or(u32::MAX);
            let lent = if state == travis_model::WorkerState::Online {
                row.slots
            } else {
                0
            };
            let free = lent.saturating_sub(busy);
            answer.push(v3::Worker {
                head: v3::Head::standard("worker", format!("/v3/worker/{}", row.id)),
                id: row.id.get(),
                name: row.name.clone(),
                owner: self.owner_of(row.owner_id),
                state: state.as_str().to_owned(),
                os: row.os.clone(),
                arch: row.arch.clone(),
                executor: row.executor.clone(),
                slots: row.slots,
                slot_use: v3::SlotUse {
                    busy,
                    free,
                    unlent: row.slots.saturating_sub(busy + free),
                },
                tier: tier.as_str().to_owned(),
                tier_fixed: standing.fixed.is_some(),
                too_old: false,
                presence: None,
                usage: None,
                lent: facts(&row).lent,
                lending: None,
                wanted_lending: None,
                record: v3::WorkerRecord {
                    checked: u64::from(standing.checked),
                    agreed: u64::from(standing.agreed),
                    agreed_in_a_row: u64::from(standing.streak),
                    known_passed: standing.known_passed,
                    known_wanted: KNOWN_ANSWERS,
                    ..v3::WorkerRecord::default()
                },
                page: page(row.id),
                badge: format!("/workers/{}.svg", row.id),
                running,
                facts: facts(&row),
                finished_jobs: self.reader.finished_attempts(row.id).await?,
                created_at: time(row.created_at),
                online_since: None,
                last_seen_at: time_opt(row.last_seen_at),
                permissions: v3::WorkerPermissions {
                    admin: self.viewer.commands(&row),
                    operate: self.viewer.operates(),
                },
            });
        }
        Ok(answer)
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
            thanks: format!("Built on {name}, provided by {}. Thank you!", owner.login),
            name,
            owner,
        }
    }
}

/// The public page of a worker.
pub(crate) fn page(id: WorkerId) -> String {
    format!("/workers/{id}")
}

/// What the worker said; what an older worker did not say yet is empty.
fn facts(row: &Worker) -> Facts {
    serde_json::from_value(row.facts.clone()).unwrap_or_else(|_| Facts {
        os: row.os.clone(),
        arch: row.arch.clone(),
        executors: vec![row.executor.clone()],
        executor: row.executor.clone(),
        ..Facts::default()
    })
}

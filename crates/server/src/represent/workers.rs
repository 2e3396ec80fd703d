use super::{Represent, job_minimal, repository_minimal};
use crate::{
    error::ApiError,
    wire::{time, time_opt},
};
use travis_api::{v3, worker::Facts};
use travis_model::{Worker, worker_state};

impl Represent<'_> {
    /// Workers in the order given.
    pub async fn workers(&mut self, rows: Vec<Worker>) -> Result<Vec<v3::Worker>, ApiError> {
        self.know_people(rows.iter().map(|row| row.owner_id))
            .await?;
        let mut answer = Vec::with_capacity(rows.len());
        for row in rows {
            let live = self.reader.live_attempts(row.id).await?;
            let ids: Vec<_> = live.iter().map(|attempt| attempt.job_id).collect();
            let jobs = self.reader.jobs_by_id(&ids).await?;
            let homes: Vec<_> = jobs.iter().map(|job| job.repository_id).collect();
            let homes = self.reader.repositories_by_id(&homes).await?;
            let running = live
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
                running,
                facts: facts(&row),
                finished_jobs: self.reader.finished_attempts(row.id).await?,
                created_at: time(row.created_at),
                last_seen_at: time_opt(row.last_seen_at),
                permissions: v3::WorkerPermissions {
                    admin: self.viewer.commands(&row),
                },
            });
        }
        Ok(answer)
    }
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

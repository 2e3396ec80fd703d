//! Why jobs wait: gathers the facts once for a whole page.

use crate::{Engine, EngineError};
use std::collections::HashMap;
use travis_model::{
    Job, JobState, Stage, Worker, WorkerId, WorkerState,
    scheduling::Requirements,
    waiting::{Wait, WaitFacts, why},
    worker_state,
};
use travis_store::Reader;

/// What is known of workers, for answering why jobs wait.
pub struct Waits {
    online: Vec<(Worker, u32)>,
}

impl Engine {
    /// Gathers what is known of workers now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn waits(&self, reader: &mut dyn Reader) -> Result<Waits, EngineError> {
        let now = self.now();
        let mut busy: HashMap<WorkerId, u32> = HashMap::new();
        for attempt in reader.all_live_attempts().await? {
            *busy.entry(attempt.worker_id).or_default() += 1;
        }
        let online = reader
            .workers()
            .await?
            .into_iter()
            .filter(|worker| {
                worker_state(
                    worker.banned,
                    worker.paused,
                    worker.draining,
                    worker.last_seen_at,
                    now,
                    self.silence(),
                ) == WorkerState::Online
            })
            .map(|worker| {
                let free = worker
                    .slots
                    .saturating_sub(busy.get(&worker.id).copied().unwrap_or(0));
                (worker, free)
            })
            .collect();
        Ok(Waits { online })
    }
}

impl Waits {
    /// Why a job waits; `None` when it does not.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of(
        &self,
        reader: &mut dyn Reader,
        job: &Job,
        stages: &[Stage],
    ) -> Result<Option<Wait>, EngineError> {
        let needs = Requirements {
            os: job.os.clone(),
            arch: job.arch.clone(),
        };
        let private = job.state == JobState::Queued
            && reader
                .repository(job.repository_id)
                .await?
                .is_some_and(|row| row.private);
        let mut fitting = Vec::new();
        for (worker, free) in &self.online {
            if worker.os == needs.os
                && worker.arch == needs.arch
                && (!private
                    || crate::limits::may_lend(reader, worker.owner_id, job.repository_id).await?)
            {
                fitting.push(*free);
            }
        }
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let free_slots = fitting.iter().sum();
        let ahead = if job.state == JobState::Queued && free_slots == 0 {
            u32::try_from(reader.jobs_ahead(job).await?).unwrap_or(u32::MAX)
        } else {
            0
        };
        let waits_for_stage = stages
            .iter()
            .filter(|stage| stage.build_id == job.build_id && stage.number < job.stage_number)
            .find(|stage| !stage.state.is_finished())
            .map(|stage| stage.name.clone());
        let repository_limit = match job.state {
            JobState::Queued => crate::limits::reached_limit(reader, job.repository_id).await?,
            _ => None,
        };
        Ok(why(&WaitFacts {
            state: job.state,
            waits_for_stage,
            fitting_workers: count(fitting.len()),
            private,
            free_slots,
            online_workers: count(self.online.len()),
            ahead,
            repository_limit,
            needs,
        }))
    }
}

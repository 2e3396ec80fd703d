//! Why jobs wait: gathers the facts once for a whole page.

use crate::{
    Engine, EngineError,
    standing::{Candidate, Home, WorkerPolicy},
};
use std::collections::HashMap;
use travis_model::{
    Job, JobState, Stage, WorkerId,
    scheduling::{Mismatch, Requirements},
    waiting::{Wait, WaitFacts, why},
};
use travis_store::Reader;

/// What is known of workers, for answering why jobs wait.
pub struct Waits {
    online: Vec<(Candidate, u32)>,
    policy: WorkerPolicy,
}

impl Engine {
    /// Gathers what is known of workers now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn waits(&self, reader: &mut dyn Reader) -> Result<Waits, EngineError> {
        let mut busy: HashMap<WorkerId, u32> = HashMap::new();
        for attempt in reader.all_live_attempts().await? {
            *busy.entry(attempt.worker_id).or_default() += 1;
        }
        let online = self
            .candidates_online(reader)
            .await?
            .into_iter()
            .map(|candidate| {
                let taken = busy.get(&candidate.worker.id).copied().unwrap_or(0);
                let free = candidate.worker.slots.saturating_sub(taken);
                (candidate, free)
            });
        let online = online.collect();
        let policy = self.policy.workers;
        Ok(Waits { online, policy })
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
        let mut needs = Requirements {
            os: job.os.clone(),
            arch: job.arch.clone(),
            least_executor: None,
        };
        let mut fitting = Vec::new();
        let mut unlent = 0;
        let mut private = false;
        if job.state == JobState::Queued
            && let Some(repository) = reader.repository(job.repository_id).await?
        {
            private = repository.private;
            needs.least_executor = repository.settings.min_executor;
            let home = Home::read(reader, &repository).await?;
            for (candidate, free) in &self.online {
                match candidate.fits(&home, &needs.os, &needs.arch, &self.policy) {
                    Ok(()) => fitting.push(*free),
                    Err(Mismatch::NotWanted) => unlent += 1,
                    Err(_) => {}
                }
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
            .find(|stage| !stage.state.is_finished());
        let unconfirmed_stage = match waits_for_stage {
            Some(stage) => {
                let jobs = reader.job_progress(job.build_id).await?;
                let mut of_stage = jobs
                    .iter()
                    .filter(|other| other.stage_number == stage.number);
                of_stage.all(|other| other.state.is_finished())
            }
            None => false,
        };
        let waits_for_stage = waits_for_stage.map(|stage| stage.name.clone());
        let repository_limit = match job.state {
            JobState::Queued => crate::limits::reached_limit(reader, job.repository_id).await?,
            _ => None,
        };
        Ok(why(&WaitFacts {
            state: job.state,
            waits_for_stage,
            fitting_workers: count(fitting.len()),
            unlent_workers: unlent,
            private,
            free_slots,
            online_workers: count(self.online.len()),
            ahead,
            repository_limit,
            unconfirmed_stage,
            needs,
        }))
    }
}

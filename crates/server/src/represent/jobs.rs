mod opinions;

use super::{Represent, USUAL_OF, build_minimal, repository_minimal, stage};
use crate::{
    error::ApiError,
    wire::{median, time, time_opt},
};
use std::collections::HashMap;
use travis_api::v3;
use travis_model::{Attempt, Job, JobState, Verification, Worker};

impl Represent<'_> {
    /// Jobs in the order given. With `detail` each carries its attempts and its configuration.
    pub async fn jobs(&mut self, rows: Vec<Job>, detail: bool) -> Result<Vec<v3::Job>, ApiError> {
        let mut build_ids: Vec<_> = rows.iter().map(|row| row.build_id).collect();
        build_ids.dedup();
        let mut repository_ids: Vec<_> = rows.iter().map(|row| row.repository_id).collect();
        repository_ids.dedup();
        let builds = self.reader.builds_by_id(&build_ids).await?;
        let repositories = self.reader.repositories_by_id(&repository_ids).await?;
        let stages = self.reader.stages(&build_ids).await?;
        let attempt_ids: Vec<_> = rows.iter().filter_map(|row| row.attempt_id).collect();
        let attempts = self.reader.attempts_by_id(&attempt_ids).await?;
        let attempts = self.attempts(attempts).await?;
        let tests = self.engine.test_counts(&attempt_ids).await?;
        let waiting = rows
            .iter()
            .any(|row| !row.state.is_finished() && row.state != JobState::Started);
        let waits = if waiting {
            Some(self.engine.waits(self.reader.as_mut()).await?)
        } else {
            None
        };
        let mut usual: HashMap<(i64, String), Option<i64>> = HashMap::new();
        let mut answer = Vec::with_capacity(rows.len());
        for row in rows {
            let build = builds.iter().find(|build| build.id == row.build_id);
            let home = repositories
                .iter()
                .find(|repository| repository.id == row.repository_id);
            let own_stage = stages.iter().find(|stage| stage.id == row.stage_id);
            let (Some(build), Some(home), Some(own_stage)) = (build, home, own_stage) else {
                continue;
            };
            let key = (row.repository_id.get(), row.cell.clone());
            let usual_seconds = match usual.get(&key) {
                Some(known) => *known,
                None => {
                    let spans = self
                        .reader
                        .passed_job_seconds(row.repository_id, &row.cell, USUAL_OF)
                        .await?;
                    *usual.entry(key).or_insert(median(spans))
                }
            };
            let wait = match &waits {
                Some(waits) => waits.of(self.reader.as_mut(), &row, &stages).await?,
                None => None,
            };
            let maintains = self.viewer.maintains(home);
            let all = if detail {
                let all = self.reader.attempts(row.id).await?;
                Some(self.attempts(all).await?)
            } else {
                None
            };
            let checked = row.verification != Verification::None;
            let opinions = if row.verification.is_open() || (checked && detail) {
                self.opinions(&row).await?
            } else {
                Vec::new()
            };
            let name = travis_engine::job_label(row.name.as_deref(), &row.config);
            // A job that is called by its environment does not name it twice.
            let env = Some(travis_engine::env_label(&row.config))
                .filter(|env| *env != name)
                .unwrap_or_default();
            answer.push(v3::Job {
                head: v3::Head::standard("job", format!("/v3/job/{}", row.id)),
                id: row.id.get(),
                number: row.number.clone(),
                state: row.state.as_str().to_owned(),
                name,
                env,
                os: row.os.clone(),
                arch: row.arch.clone(),
                allow_failure: row.allow_failure,
                stage: stage(own_stage),
                build: build_minimal(build, self.now),
                repository: repository_minimal(home),
                waiting: wait.map(|wait| v3::Waiting {
                    code: wait.code,
                    text: wait.text,
                }),
                reason: row.reason.clone(),
                provisional: row.provisional,
                verification: row.verification.as_str().to_owned(),
                flaky: row.flaky,
                opinions,
                created_at: time(row.created_at),
                queued_at: time_opt(row.queued_at),
                received_at: time_opt(row.received_at),
                started_at: time_opt(row.started_at),
                finished_at: time_opt(row.finished_at),
                restarted_at: time_opt(row.restarted_at),
                updated_at: time(row.updated_at),
                version: row.version,
                usual_seconds,
                tests: row
                    .attempt_id
                    .and_then(|id| tests.get(&id))
                    .map(|counts| super::results::counts(*counts)),
                attempt: row.attempt_id.and_then(|id| {
                    attempts
                        .iter()
                        .find(|attempt| attempt.id == id.get())
                        .cloned()
                }),
                attempts: all,
                config: (detail || self.with_config).then(|| row.config.clone()),
                permissions: v3::RunPermissions {
                    read: true,
                    cancel: maintains && !row.state.is_finished(),
                    restart: maintains && row.state.is_finished(),
                },
            });
        }
        Ok(answer)
    }

    async fn attempts(&mut self, rows: Vec<Attempt>) -> Result<Vec<v3::Attempt>, ApiError> {
        let ids: Vec<_> = rows.iter().map(|row| row.worker_id).collect();
        let workers = self.reader.workers_by_id(&ids).await?;
        self.know_people(workers.iter().map(|worker| worker.owner_id))
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let worker = workers.iter().find(|worker| worker.id == row.worker_id);
                self.attempt(row, worker)
            })
            .collect())
    }

    fn attempt(&self, row: Attempt, worker: Option<&Worker>) -> v3::Attempt {
        v3::Attempt {
            head: v3::Head::standard(
                "attempt",
                format!("/v3/job/{}?attempt={}", row.job_id, row.id),
            ),
            id: row.id.get(),
            number: row.number,
            state: row.state.as_str().to_owned(),
            outcome: row.outcome.map(|outcome| outcome.as_str().to_owned()),
            exit_code: row.exit_code,
            reason: row.reason,
            executor: row.executor,
            purpose: row.purpose.as_str().to_owned(),
            tier: row.tier.map(|tier| tier.as_str().to_owned()),
            yielded: row.yielded,
            worker: self.worker_minimal(row.worker_id, worker),
            leased_at: time(row.leased_at),
            started_at: time_opt(row.started_at),
            finished_at: time_opt(row.finished_at),
            log_length: row.log_length,
            log_sha256: row.log_sha256,
            log_complete: row.log_sealed,
        }
    }
}

//! The words on a job that is checked.

use super::{Represent, time_opt};
use crate::error::ApiError;
use travis_api::v3;
use travis_model::{Attempt, AttemptState, Job, Outcome, Worker};

impl Represent<'_> {
    /// The words on a job, the first one first, and last the one that is waited for.
    pub(super) async fn opinions(&mut self, job: &Job) -> Result<Vec<v3::Opinion>, ApiError> {
        let mut rows = self.reader.attempts(job.id).await?;
        rows.retain(|row| row.run == job.run && is_word(row, job));
        let ids: Vec<_> = rows.iter().map(|row| row.worker_id).collect();
        let workers = self.reader.workers_by_id(&ids).await?;
        self.know_people(workers.iter().map(|worker| worker.owner_id))
            .await?;
        let stands = rows
            .iter()
            .find(|row| Some(row.id) == job.attempt_id)
            .cloned();
        let first = rows.first().cloned();
        let mut opinions = Vec::with_capacity(rows.len() + 1);
        for (at, row) in rows.iter().enumerate() {
            let worker = workers.iter().find(|worker| worker.id == row.worker_id);
            let over = row.state == AttemptState::Finished;
            let agrees = stands
                .as_ref()
                .filter(|_| over && !job.provisional)
                .map(|stands| (stands.outcome, stands.exit_code) == (row.outcome, row.exit_code));
            let known = |network: &Option<String>| network.as_ref().is_some_and(|n| !n.is_empty());
            let other_network = first.as_ref().is_some_and(|first| {
                known(&first.network) && known(&row.network) && first.network != row.network
            });
            opinions.push(self.opinion(at, row, worker, agrees, other_network));
        }
        if job.verification.is_open() && job.opinion_id.is_none() {
            let wait = self.engine.opinion_wait(self.reader.as_mut(), job).await?;
            opinions.push(v3::Opinion {
                role: role(rows.len()),
                state: "waiting".to_owned(),
                attempt: None,
                worker: None,
                tier: None,
                exit_code: None,
                agrees: None,
                other_network: false,
                started_at: None,
                finished_at: None,
                waiting: Some(v3::Waiting {
                    code: wait.code,
                    text: wait.text,
                }),
            });
        }
        Ok(opinions)
    }

    fn opinion(
        &self,
        at: usize,
        row: &Attempt,
        worker: Option<&Worker>,
        agrees: Option<bool>,
        other_network: bool,
    ) -> v3::Opinion {
        let state = row.outcome.map_or("running", Outcome::as_str);
        v3::Opinion {
            role: role(at),
            state: state.to_owned(),
            attempt: Some(row.id.get()),
            worker: Some(self.worker_minimal(row.worker_id, worker)),
            tier: row.tier.map(|tier| tier.as_str().to_owned()),
            exit_code: row.exit_code,
            agrees,
            other_network,
            started_at: time_opt(row.started_at),
            finished_at: time_opt(row.finished_at),
            waiting: None,
        }
    }
}

/// Whether an attempt says, or is about to say, how the job ends.
fn is_word(row: &Attempt, job: &Job) -> bool {
    let spoke = row.state == AttemptState::Finished && row.outcome != Some(Outcome::Canceled);
    let speaks = row.state.is_live() && job.opinion_id == Some(row.id);
    spoke || speaks
}

fn role(at: usize) -> String {
    ["first", "second"].get(at).unwrap_or(&"third").to_string()
}

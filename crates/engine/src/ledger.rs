//! What workers did, noted with the end of each attempt.

use crate::EngineError;
use travis_model::{
    Attempt, AttemptEvent, Job, Outcome, Purpose, Verification, Worker, trust::binds,
};
use travis_store::{Tx, WorkDone, WorkEnd};

/// Cores that one job counts with at most: a machine says itself how many it has.
const MOST_CORES: f64 = 64.0;

/// Cores that a job has on a worker: those lent, shared by its slots; one at least.
fn cores(worker: &Worker) -> f64 {
    let lent = worker
        .facts
        .pointer("/lent/cores")
        .or_else(|| worker.facts.get("cores"))
        .and_then(serde_json::Value::as_f64)
        .unwrap_or(1.0);
    (lent / f64::from(worker.slots.max(1))).clamp(1.0, MOST_CORES)
}

/// Milliseconds times cores of an attempt that has ended.
pub(crate) fn core_ms(attempt: &Attempt, worker: &Worker) -> i64 {
    let Some(ended) = attempt.finished_at else {
        return 0;
    };
    let worked = ended.since(attempt.started_at.unwrap_or(attempt.leased_at));
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float turned into an integer stops at its ends"
    )]
    let counted = (worked.as_secs_f64() * 1000.0 * cores(worker)) as i64;
    counted
}

/// Whether a result counts as it stands. What others are asked about counts when they agree, and
/// what was canceled is no result.
fn stands(attempt: &Attempt, job: &Job, event: AttemptEvent) -> bool {
    matches!(event, AttemptEvent::Finish(outcome) if outcome != Outcome::Canceled)
        && attempt.purpose == Purpose::Job
        && job.verification == Verification::None
        && attempt.tier.is_none_or(binds)
}

/// Notes an attempt that has just ended, in the transaction that ends it, after the job has moved.
pub(crate) async fn note(
    tx: &mut dyn Tx,
    attempt: &Attempt,
    job: &Job,
    event: AttemptEvent,
) -> Result<(), EngineError> {
    let Some(worker) = tx.workers_by_id(&[attempt.worker_id]).await?.pop() else {
        return Ok(());
    };
    let end = match event {
        AttemptEvent::Finish(_) => WorkEnd::Finished,
        _ if attempt.yielded => WorkEnd::Yielded,
        _ => WorkEnd::Broken,
    };
    tx.note_work(&WorkDone {
        worker_id: worker.id,
        os: worker.os.clone(),
        arch: worker.arch.clone(),
        repository_id: Some(job.repository_id),
        began: attempt.leased_at,
        ended: attempt.finished_at.unwrap_or(attempt.leased_at),
        end,
        core_ms: if stands(attempt, job, event) {
            core_ms(attempt, &worker)
        } else {
            0
        },
    })
    .await?;
    Ok(())
}

//! What follows for workers whose results prove false, and for what they said before.

use crate::{Engine, EngineError, changes::Changes, runs::Run};
use std::time::Duration;
use travis_bus::Wake;
use travis_model::{Verification, WorkerId, trust::StandingEvent};
use travis_store::AuditEntry;

/// Results of a worker that proved false are checked so far back.
const RECHECKED: Duration = Duration::from_secs(7 * 24 * 3600);
/// Of them so many in one go.
const RECHECKED_AT_ONCE: u64 = 500;

impl Engine {
    /// A worker's word proved false: for the record; the second time it is shut out.
    pub(crate) async fn note_liar(
        &self,
        run: &mut Run<'_>,
        id: WorkerId,
        out: bool,
    ) -> Result<(), EngineError> {
        tracing::warn!(worker = id.get(), out, "a worker's result proved false");
        run.tx
            .append_audit(&AuditEntry {
                actor: "system".to_owned(),
                action: "worker.proven_false".to_owned(),
                subject: format!("worker:{id}"),
                detail: if out {
                    "the second time: shut out"
                } else {
                    "back to quarantine"
                }
                .to_owned(),
                at: run.now,
            })
            .await?;
        let Some(mut worker) = run
            .tx
            .worker(id)
            .await?
            .filter(|worker| out && !worker.banned)
        else {
            return Ok(());
        };
        worker.banned = true;
        run.tx.update_worker(&worker).await?;
        let others = run.tx.workers().await?;
        let siblings = others
            .iter()
            .filter(|other| other.owner_id == worker.owner_id && other.id != id);
        for other in siblings {
            let standing = run.tx.lock_standing(other.id).await?;
            let lower = standing.after(StandingEvent::OwnerDistrusted, run.now);
            run.tx.save_standing(other.id, &lower).await?;
            run.changes.worker(other.id);
        }
        Ok(())
    }

    /// After the commit: what a worker said lately is looked at again, and a worker that was shut
    /// out loses what it holds. Killed before or meanwhile, [`Engine::recheck_liars`] does the rest.
    pub(crate) async fn after_lies(&self, liars: &[WorkerId]) -> Result<(), EngineError> {
        for id in liars {
            self.recheck_worker(*id).await?;
            let worker = self.store.reader().await?.worker(*id).await?;
            if worker.is_some_and(|worker| worker.banned) {
                self.take_all_from(*id, "its worker was shut out").await?;
            }
        }
        Ok(())
    }

    /// Looks again at what workers said in the days before they proved false.
    pub(crate) async fn recheck_liars(&self) -> Result<(), EngineError> {
        let now = self.now();
        let standings = self.store.reader().await?.standings().await?;
        for (worker, standing) in standings {
            if standing
                .proven_false_at
                .is_some_and(|at| now.since(at) < RECHECKED)
            {
                self.recheck_worker(worker).await?;
            }
        }
        Ok(())
    }

    async fn recheck_worker(&self, worker: WorkerId) -> Result<(), EngineError> {
        let now = self.now();
        let mut reader = self.store.reader().await?;
        let since = reader
            .standing(worker)
            .await?
            .proven_false_at
            .map_or(now, |at| at.minus(RECHECKED));
        let jobs = reader
            .unchecked_jobs(worker, since, RECHECKED_AT_ONCE)
            .await?;
        drop(reader);
        for found in jobs {
            let mut tx = self.store.begin().await?;
            if tx.lock_build(found.build_id).await?.is_none() {
                continue;
            }
            let Some(mut job) = tx.job(found.id).await? else {
                continue;
            };
            let attempt = match job.attempt_id {
                Some(id) => tx.attempt(id).await?,
                None => None,
            };
            // Its owner's own repositories are its owner's risk.
            let untrusted = attempt
                .and_then(|attempt| attempt.tier)
                .is_some_and(|tier| !tier.is_trusted());
            if !untrusted || job.version != found.version {
                continue;
            }
            job.verification = Verification::Second;
            job.updated_at = now;
            tx.save_job(&job).await?;
            tx.commit().await?;
            let mut changes = Changes::default();
            changes.job(&job);
            changes.wake(Wake::Queue);
            changes.send(self.bus.as_ref());
        }
        Ok(())
    }
}

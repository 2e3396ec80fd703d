//! Leases that ran out: the attempt is lost, its job runs elsewhere.

use crate::{Engine, EngineError};
use std::sync::Arc;
use std::time::Duration;
use travis_model::AttemptEvent;

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often it is looked for what takes no second.
const LOOK_BROADLY: Duration = Duration::from_secs(60);
/// So much longer than its time limit an attempt may be live: for fetching, freezing and its log.
const OVERTIME: Duration = Duration::from_secs(15 * 60);

impl Engine {
    pub(crate) async fn reap_for_ever(self: Arc<Self>) {
        // Workers could not renew their leases while no server was there: they get one lease's
        // time to be heard of.
        tokio::time::sleep(self.policy.lease).await;
        let mut ticks = tokio::time::interval(LOOK_EVERY.min(self.policy.lease / 2));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut last_sweep = None;
        let mut last_broad = None;
        loop {
            ticks.tick().await;
            if let Err(error) = self.reap().await {
                tracing::warn!(%error, "ended leases could not be looked for");
            }
            let now = self.now();
            if last_broad.is_none_or(|last| now.since(last) > LOOK_BROADLY) {
                last_broad = Some(now);
                if let Err(error) = self.end_stalled().await {
                    tracing::warn!(%error, "stalled attempts could not be looked for");
                }
                if let Err(error) = self.recheck_liars().await {
                    tracing::warn!(%error, "results of contradicted workers could not be checked");
                }
            }
            if last_sweep.is_none_or(|last| now.since(last) > Duration::from_secs(3600)) {
                last_sweep = Some(now);
                if let Err(error) = self.sweep().await {
                    tracing::warn!(%error, "ended sessions could not be removed");
                }
            }
        }
    }

    async fn reap(&self) -> Result<(), EngineError> {
        self.reap_known_answers().await?;
        loop {
            let expired = self
                .store
                .reader()
                .await?
                .expired_attempts(self.now(), 100)
                .await?;
            if expired.is_empty() {
                return Ok(());
            }
            for attempt in expired {
                tracing::info!(
                    attempt = attempt.id.get(),
                    worker = attempt.worker_id.get(),
                    "a worker was lost"
                );
                self.give_up(
                    attempt.id,
                    AttemptEvent::Expire,
                    "its worker was not heard of for longer than its lease",
                )
                .await?;
            }
        }
    }

    /// Ends attempts whose workers live and never say how they ended: a worker counts the time
    /// itself, and one that does not must not keep a job for ever.
    async fn end_stalled(&self) -> Result<(), EngineError> {
        let longest = self.policy.limits.total + OVERTIME;
        let now = self.now();
        for attempt in self.store.reader().await?.all_live_attempts().await? {
            if now.since(attempt.leased_at) > longest {
                self.give_up(
                    attempt.id,
                    AttemptEvent::Refuse,
                    "its worker did not end it long after its time was over",
                )
                .await?;
            }
        }
        Ok(())
    }

    async fn sweep(&self) -> Result<(), EngineError> {
        let mut tx = self.store.begin().await?;
        tx.sweep_expired(self.now()).await?;
        Ok(tx.commit().await?)
    }
}

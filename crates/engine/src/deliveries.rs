//! What hooks sent is worked on: after the answer, one repository's messages in order, several
//! repositories side by side.

use crate::{Engine, EngineError, Viewer, changes::Changes};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use travis_bus::Wake;
use travis_forge::ForgeError;
use travis_model::{Delivery, DeliveryId, ForgeId, Repository, RepositoryId, Timestamp};
use travis_store::StoreError;

/// Messages read in one go.
const AT_ONCE: u64 = 256;
/// Repositories side by side.
const SIDE_BY_SIDE: usize = 8;
/// How often the loop looks without being woken.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// Tries before a message whose forge does not answer counts as failed.
const TRIES: u32 = 8;

/// What is worked on in order: messages about the same thing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Lane {
    Here(RepositoryId),
    There(ForgeId, String),
    Alone(DeliveryId),
}

/// Lanes whose first message waits for its next try: those behind it wait too.
#[derive(Default)]
struct Waiting(HashMap<Lane, (DeliveryId, Timestamp)>);

impl Waiting {
    fn holds(&self, lane: &Lane, id: DeliveryId, now: Timestamp) -> bool {
        self.0
            .get(lane)
            .is_some_and(|(first, until)| *first <= id && *until > now)
    }
}

impl Engine {
    pub(crate) async fn deliver_for_ever(self: Arc<Self>) {
        let mut wakes = self.bus.wakes();
        let mut waiting = Waiting::default();
        loop {
            if let Err(error) = self.deliver_due(&mut waiting).await {
                tracing::warn!(%error, "the messages of hooks could not be read; they are looked for again in a moment");
            }
            let woken = async {
                // A lag means that something was missed: look.
                while let Ok(wake) = wakes.recv().await {
                    if wake == Wake::Deliveries {
                        break;
                    }
                }
            };
            drop(tokio::time::timeout(LOOK_EVERY, woken).await);
        }
    }

    /// Works on everything that is due.
    async fn deliver_due(self: &Arc<Self>, waiting: &mut Waiting) -> Result<(), EngineError> {
        loop {
            let now = self.now();
            let due = self
                .store
                .reader()
                .await?
                .deliveries_due(now, AT_ONCE)
                .await?;
            let mut lanes: Vec<(Lane, Vec<Delivery>)> = Vec::new();
            for row in due {
                let lane = self.lane(&row).await;
                if waiting.holds(&lane, row.id, now) {
                    continue;
                }
                match lanes.iter_mut().find(|(known, _)| *known == lane) {
                    Some((_, rows)) => rows.push(row),
                    None => lanes.push((lane, vec![row])),
                }
            }
            if lanes.is_empty() {
                waiting.0.retain(|_, (_, until)| *until > now);
                return Ok(());
            }
            let mut tasks = JoinSet::new();
            for (lane, rows) in lanes {
                if tasks.len() >= SIDE_BY_SIDE
                    && let Some(done) = tasks.join_next().await
                {
                    note(waiting, done);
                }
                let engine = self.clone();
                tasks.spawn(async move { (lane, engine.work_along(rows).await) });
            }
            while let Some(done) = tasks.join_next().await {
                note(waiting, done);
            }
        }
    }

    /// Which messages this one has to wait for.
    async fn lane(&self, row: &Delivery) -> Lane {
        if let Some(repository) = row.repository_id {
            return Lane::Here(repository);
        }
        let Some(forge) = row.forge_id else {
            return Lane::Alone(row.id);
        };
        let Ok(forged) = self.forge_by_id(forge).await else {
            return Lane::Alone(row.id);
        };
        match forged.api.read_hook(&headers_of(row), &row.body) {
            Ok(hook) => hook
                .repository
                .map_or(Lane::Alone(row.id), |about| Lane::There(forge, about.at.id)),
            Err(_) => Lane::Alone(row.id),
        }
    }

    /// Works on messages in order. Answers at which one it stopped, and until when.
    async fn work_along(&self, rows: Vec<Delivery>) -> Option<(DeliveryId, Timestamp)> {
        for row in rows {
            if let Some(until) = self.work_on(&row).await {
                return Some((row.id, until));
            }
        }
        None
    }

    /// Works on a message. Answers when it is to be tried again.
    async fn work_on(&self, row: &Delivery) -> Option<Timestamp> {
        let result = match row.forge_id {
            None => self.deliver_plain(row).await,
            Some(forge) => self.deliver_hook(row, forge).await,
        };
        let error = match result {
            Ok(()) => return None,
            // Another server was quicker.
            Err(EngineError::Store(StoreError::Conflict(_) | StoreError::NotFound(_))) => {
                return None;
            }
            Err(error) => error,
        };
        let passes = match &error {
            EngineError::Forge(error) => error.may_pass(),
            EngineError::Store(_) => true,
            _ => false,
        };
        // The database's troubles are nobody's fault: such a message never counts as failed.
        let gives_up =
            !passes || (row.tries + 1 >= TRIES && !matches!(error, EngineError::Store(_)));
        match self.after_failure(row, &error, gives_up).await {
            Ok(until) => until,
            Err(worse) => {
                tracing::warn!(delivery = row.id.get(), %error, %worse, "a hook's message could not be worked on");
                Some(self.now().plus(LOOK_EVERY))
            }
        }
    }

    async fn after_failure(
        &self,
        row: &Delivery,
        error: &EngineError,
        gives_up: bool,
    ) -> Result<Option<Timestamp>, EngineError> {
        let now = self.now();
        let mut tx = self.store.begin().await?;
        let until = if gives_up {
            let change = self.settled(row.id, true, error.to_string());
            tx.settle_delivery(&change).await?;
            None
        } else {
            let wait = match error {
                EngineError::Forge(ForgeError::RateLimited { retry_after_s }) => *retry_after_s,
                _ => 1 << row.tries.min(8),
            };
            let until = now.plus(Duration::from_secs(wait));
            let why = format!("Is tried again: {error}");
            tx.retry_delivery(row.id, until, &why).await?;
            Some(until)
        };
        tx.commit().await?;
        let mut changes = Changes::default();
        changes.delivery(row.repository_id, row.id);
        changes.send(self.bus.as_ref());
        Ok(until)
    }

    /// A message about a repository, whole.
    ///
    /// # Errors
    /// [`EngineError::NotFound`]; [`EngineError::Forbidden`] for whoever may not push there.
    pub async fn delivery(
        &self,
        viewer: &Viewer,
        repository: &Repository,
        id: DeliveryId,
    ) -> Result<Delivery, EngineError> {
        self.must_build(viewer, repository).await?;
        let found = self.store.reader().await?.delivery(id).await?;
        found
            .filter(|row| row.repository_id == Some(repository.id))
            .ok_or(EngineError::NotFound("delivery"))
    }

    /// Works on a message once more. One of which a request came already makes no second one.
    ///
    /// # Errors
    /// As [`Self::delivery`]; [`EngineError::NotNow`] for one whose body is not kept any more.
    pub async fn redeliver(
        &self,
        viewer: &Viewer,
        repository: &Repository,
        id: DeliveryId,
    ) -> Result<Delivery, EngineError> {
        let row = self.delivery(viewer, repository, id).await?;
        if row.body.is_empty() {
            return Err(EngineError::NotNow {
                code: "delivery_too_old",
                message: "its body is kept for 30 days and is gone; ask for a build instead"
                    .to_owned(),
            });
        }
        let mut tx = self.store.begin().await?;
        tx.redeliver(id, self.now()).await?;
        tx.append_audit(&self.deed(
            viewer,
            "delivery.redeliver",
            format!("delivery:{id}"),
            row.event.clone(),
        ))
        .await?;
        let row = tx
            .delivery(id)
            .await?
            .ok_or(EngineError::NotFound("delivery"))?;
        tx.commit().await?;
        let mut changes = Changes::default();
        changes.wake(Wake::Deliveries);
        changes.delivery(row.repository_id, id);
        changes.send(self.bus.as_ref());
        Ok(row)
    }
}

type Worked = (Lane, Option<(DeliveryId, Timestamp)>);

fn note(waiting: &mut Waiting, done: Result<Worked, tokio::task::JoinError>) {
    match done {
        Ok((lane, Some(stopped))) => {
            waiting.0.insert(lane, stopped);
        }
        Ok((lane, None)) => {
            waiting.0.remove(&lane);
        }
        Err(error) => tracing::error!(%error, "working on a hook's messages ended unexpectedly"),
    }
}

/// The headers that were kept.
pub(crate) fn headers_of(row: &Delivery) -> HeaderMap {
    row.headers
        .iter()
        .filter_map(|(name, value)| {
            let name = name.parse::<HeaderName>().ok()?;
            Some((name, HeaderValue::from_str(value).ok()?))
        })
        .collect()
}

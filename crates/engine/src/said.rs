//! What workers say of themselves with each poll, and what their pages tell them.

use crate::{Engine, EngineError, changes::Changes};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use travis_model::{AttemptId, Timestamp, Worker, WorkerId};
use travis_store::WorkerNow;

/// What changes all the time is kept, and told to pages, at most so often.
const REFRESH: Duration = Duration::from_secs(10);
/// More than any machine takes to freeze a job, in milliseconds.
const LONGEST_FREEZE: u64 = 600_000;

/// What a worker says of itself with a poll.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// Jobs that it takes side by side now.
    pub slots: u32,
    /// Whether the machine lends itself now, in the words of the wire.
    pub presence: Option<Value>,
    /// It says so for so long.
    pub presence_for: Duration,
    /// What jobs use of it.
    pub usage: Option<Value>,
    /// What it lends, when it says so.
    pub lending: Option<Value>,
    /// Images that it has by name, when it says so.
    pub images: Option<Vec<String>>,
    /// Attempts that are frozen.
    pub frozen: Vec<AttemptId>,
    /// How long it took to freeze them, in milliseconds, when it just did.
    pub froze_ms: Option<u64>,
    /// The network that it calls from.
    pub network: Option<String>,
}

/// What a worker's page tells it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PageOrders {
    /// Freeze what runs.
    pub pause: bool,
    /// What it may lend, when its page says so. Told with each answer, since answers get lost.
    pub lending: Option<Value>,
    /// It differs from what the worker was told last: the poll is answered now.
    pub(crate) news: bool,
    told: Told,
}

/// What a worker was told last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Told {
    pause: bool,
    drain: bool,
    wish: Option<Timestamp>,
}

#[derive(Debug, Default)]
struct Entry {
    told: Told,
    /// What was kept last, and when.
    kept: Option<(WorkerNow, Timestamp)>,
}

/// What workers said and were told a moment ago. Losing it costs a row that is written once more,
/// and a wish that is told twice.
#[derive(Debug, Default)]
pub(crate) struct Said(Mutex<HashMap<WorkerId, Entry>>);

impl Said {
    fn with<T>(&self, id: WorkerId, act: impl FnOnce(&mut Entry) -> T) -> T {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        act(entries.entry(id).or_default())
    }

    /// A session begins, or the worker is gone: everything is new to it.
    pub fn forget(&self, id: WorkerId) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.remove(&id);
    }
}

/// Whether a worker says something that pages want to show at once.
fn differs(a: &WorkerNow, b: &WorkerNow) -> bool {
    let state = |now: &WorkerNow| {
        now.presence
            .as_ref()
            .and_then(|presence| presence.get("state").cloned())
    };
    a.slots != b.slots
        || a.online_since != b.online_since
        || a.lending != b.lending
        || a.frozen != b.frozen
        || a.network != b.network
        || state(a) != state(b)
}

impl Engine {
    /// Keeps what a worker says of itself. Writes only what pages would show differently.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn hear(&self, id: WorkerId, heard: Heard) -> Result<(), EngineError> {
        let now = self.now();
        let kept = self.said.with(id, |entry| entry.kept.clone());
        let mut reader = self.store.reader().await?;
        let (before, written) = match kept {
            Some((before, written)) => (Some(before), Some(written)),
            None => (reader.workers_now(&[id]).await?.pop(), None),
        };
        let Some(row) = reader.worker(id).await? else {
            return Err(EngineError::Unauthorized);
        };
        drop(reader);
        // Without a gap: it was heard of a moment ago, and was online since then.
        let gap = row
            .last_seen_at
            .is_none_or(|seen| now.since(seen) > self.silence());
        let said = WorkerNow {
            worker_id: id,
            online_since: before
                .as_ref()
                .filter(|_| !gap)
                .map_or(now, |before| before.online_since),
            slots: heard.slots.min(row.slots),
            presence_since: heard
                .presence
                .as_ref()
                .map(|_| now.minus(heard.presence_for)),
            presence: heard.presence,
            usage: heard.usage,
            lending: heard
                .lending
                .or_else(|| before.as_ref().and_then(|before| before.lending.clone())),
            frozen: heard.frozen,
            network: heard.network,
        };
        let news = before.as_ref().is_none_or(|before| differs(before, &said));
        let refresh = written.is_none_or(|at| now.since(at) >= REFRESH)
            && before.as_ref().is_none_or(|before| {
                before.usage != said.usage || before.presence != said.presence
            });
        if !(news || refresh) && heard.froze_ms.is_none() && heard.images.is_none() {
            return Ok(());
        }
        let mut tx = self.store.begin().await?;
        tx.put_worker_now(&said).await?;
        if let Some(ms) = heard.froze_ms {
            tx.note_freeze(id, ms.min(LONGEST_FREEZE)).await?;
        }
        let images = heard.images.map(Value::from);
        let mut learned = false;
        if let Some(images) = images
            && let Some(mut row) = tx.worker(id).await?
            && let Some(facts) = row.facts.as_object_mut()
            && facts.get("images") != Some(&images)
        {
            facts.insert("images".to_owned(), images);
            tx.update_worker(&row).await?;
            learned = true;
        }
        tx.commit().await?;
        self.said.with(id, |entry| entry.kept = Some((said, now)));
        let mut changes = Changes::default();
        if news || learned {
            changes.worker(id);
        } else {
            changes.worker_usage(id);
        }
        changes.send(self.bus.as_ref());
        Ok(())
    }

    /// What a worker is to be told.
    pub(crate) async fn page_orders(
        &self,
        reader: &mut dyn travis_store::Reader,
        worker: &Worker,
    ) -> Result<PageOrders, EngineError> {
        let wish = reader.worker_wishes(&[worker.id]).await?.pop();
        let told = Told {
            pause: worker.paused,
            drain: worker.draining,
            wish: wish.as_ref().map(|wish| wish.updated_at),
        };
        Ok(PageOrders {
            pause: worker.paused,
            lending: wish.map(|wish| wish.lending),
            news: self.said.with(worker.id, |entry| entry.told) != told,
            told,
        })
    }

    /// A worker's poll is answered with these.
    pub(crate) fn note_told(&self, id: WorkerId, orders: &PageOrders) {
        self.said.with(id, |entry| entry.told = orders.told);
    }
}

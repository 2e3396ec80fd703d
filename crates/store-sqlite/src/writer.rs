//! The one connection that writes.
//!
//! A transaction of the port is a savepoint on it. When others wait for the writer at a commit,
//! they go first, within the same transaction of the database, and one `COMMIT` makes all of them
//! durable; only then is any of them answered. Nobody waits when nobody else is there.

use crate::dialect::db_error;
use crate::shared::{Conn, Poison, delegate_reader, delegate_tx};
use sqlx::{SqliteConnection, query};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use travis_store::StoreError;

/// Begins a transaction of the database and one of the port in it.
const BEGIN: &str = "BEGIN IMMEDIATE; SAVEPOINT part";
const NEXT: &str = "SAVEPOINT part";
const RELEASE: &str = "RELEASE part";
const UNDO: &str = "ROLLBACK TO part; RELEASE part";
/// Fails when the database has undone the whole by itself: then the savepoint is gone.
const RELEASE_AND_COMMIT: &str = "RELEASE part; COMMIT";

/// The writer and those who wait for it.
pub struct Writer {
    inner: Arc<Mutex<Inner>>,
    waiting: Arc<AtomicUsize>,
    wait: Duration,
    group_size: usize,
    group_time: Duration,
}

struct Inner {
    conn: SqliteConnection,
    /// A transaction of the database is open.
    open: bool,
    /// A transaction of the port was dropped and its savepoint is still there.
    abandoned: bool,
    /// When the oldest of `pending` was put off.
    since: Instant,
    /// Transactions of the port that are released and not durable yet.
    pending: Vec<oneshot::Sender<Result<(), StoreError>>>,
}

impl Writer {
    pub fn new(
        conn: SqliteConnection,
        wait: Duration,
        group_size: usize,
        group_time: Duration,
    ) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner {
                conn,
                open: false,
                abandoned: false,
                since: Instant::now(),
                pending: Vec::new(),
            })),
            waiting: Arc::new(AtomicUsize::new(0)),
            wait,
            group_size,
            group_time,
        }
    }

    /// Begins a transaction, when those that came before are done.
    pub async fn begin(&self) -> Result<SqliteTx, StoreError> {
        let queued = Queued::new(&self.waiting);
        let lock = Arc::clone(&self.inner).lock_owned();
        let mut inner = tokio::time::timeout(self.wait, lock).await.map_err(|_| {
            StoreError::Unavailable("another transaction holds the database too long".to_owned())
        })?;
        drop(queued);
        inner.clean().await;
        // From here on a drop leaves a savepoint that the next one cleans up.
        let sql = if inner.open { NEXT } else { BEGIN };
        inner.open = true;
        inner.abandoned = true;
        if let Err(error) = query(sql).execute(&mut inner.conn).await {
            let error = db_error(error);
            inner.abandoned = false;
            inner.fail(&error).await;
            return Err(error);
        }
        Ok(SqliteTx {
            inner: Some(inner),
            shared: Arc::clone(&self.inner),
            waiting: Arc::clone(&self.waiting),
            group_size: self.group_size,
            group_time: self.group_time,
            poison: Poison::default(),
        })
    }
}

/// Counts one that waits for the writer, for as long as it is kept.
struct Queued(Arc<AtomicUsize>);

impl Queued {
    fn new(waiting: &Arc<AtomicUsize>) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(waiting))
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Inner {
    /// Undoes what a dropped transaction left behind. The connection carries out one statement
    /// after another, so one that was still running when its caller went away ends before.
    async fn clean(&mut self) {
        if !self.abandoned {
            return;
        }
        let undone = if self.pending.is_empty() {
            query("ROLLBACK")
                .execute(&mut self.conn)
                .await
                .map(|_| self.open = false)
        } else {
            query(UNDO).execute(&mut self.conn).await.map(|_| ())
        };
        self.abandoned = false;
        if let Err(error) = undone {
            self.fail(&db_error(error)).await;
        }
    }

    /// Makes everything that is released durable and tells everybody.
    async fn flush(&mut self, sql: &'static str) -> Result<(), StoreError> {
        match query(sql).execute(&mut self.conn).await {
            Ok(_) => {
                self.open = false;
                self.abandoned = false;
                for waiter in self.pending.drain(..) {
                    // One that went away does not want to know.
                    let _ = waiter.send(Ok(()));
                }
                Ok(())
            }
            Err(error) => {
                let error = db_error(error);
                self.abandoned = false;
                self.fail(&error).await;
                Err(error)
            }
        }
    }

    /// Undoes everything that is not durable and tells everybody.
    async fn fail(&mut self, error: &StoreError) {
        tracing::error!(%error, transactions = self.pending.len(), "a commit failed");
        // The database may have undone it already; then this one is refused, and that is fine.
        let _ = query("ROLLBACK").execute(&mut self.conn).await;
        self.open = false;
        for waiter in self.pending.drain(..) {
            let _ = waiter.send(Err(StoreError::Unavailable(error.to_string())));
        }
    }
}

/// A transaction. It holds the writer until its end.
pub struct SqliteTx {
    inner: Option<OwnedMutexGuard<Inner>>,
    shared: Arc<Mutex<Inner>>,
    waiting: Arc<AtomicUsize>,
    group_size: usize,
    group_time: Duration,
    poison: Poison,
}

impl SqliteTx {
    async fn lease(&mut self) -> Result<&mut Conn, StoreError> {
        self.poison.check()?;
        match &mut self.inner {
            Some(inner) => Ok(&mut inner.conn),
            None => Err(StoreError::Database("the transaction has ended".to_owned())),
        }
    }

    fn note<T>(&mut self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        self.poison.note(answer)
    }

    async fn commit_all(mut self) -> Result<(), StoreError> {
        self.poison.check()?;
        let Some(mut inner) = self.inner.take() else {
            return Ok(());
        };
        let first = inner.pending.is_empty();
        let alone = self.waiting.load(Ordering::Relaxed) == 0;
        let full = inner.pending.len() + 1 >= self.group_size
            || (!first && inner.since.elapsed() >= self.group_time);
        let (done, told) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        // A task of its own, so that a caller who goes away neither stops the others' commit nor
        // leaves this one half done.
        tokio::spawn(async move {
            if (first && alone) || full {
                let _ = done.send(inner.flush(RELEASE_AND_COMMIT).await);
                return;
            }
            if let Err(error) = query(RELEASE).execute(&mut inner.conn).await {
                let error = db_error(error);
                inner.abandoned = false;
                inner.fail(&error).await;
                let _ = done.send(Err(error));
                return;
            }
            inner.abandoned = false;
            if first {
                inner.since = Instant::now();
            }
            inner.pending.push(done);
            drop(inner);
            if first {
                // The lock is fair: those who wait now go first, then all become durable.
                let mut inner = shared.lock().await;
                inner.clean().await;
                if !inner.pending.is_empty() {
                    let _ = inner.flush("COMMIT").await;
                }
            }
        });
        told.await
            .unwrap_or_else(|_| Err(StoreError::Unavailable("the writer has stopped".to_owned())))
    }

    async fn undo_all(mut self) -> Result<(), StoreError> {
        if let Some(mut inner) = self.inner.take() {
            inner.clean().await;
        }
        Ok(())
    }
}

// Dropping a transaction lets the writer go with `abandoned` set; the next one to have the writer
// undoes it. Nothing needs to run in between: nobody else reads what is not committed.
delegate_reader!(SqliteTx);
delegate_tx!(SqliteTx);

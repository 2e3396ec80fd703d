use crate::dialect::{Db, db_error};
use crate::shared::{Conn, Poison, delegate_reader, delegate_tx, migrations};
use async_trait::async_trait;
use sqlx::{
    ConnectOptions as _, Connection as _, PgPool, Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    query,
};
use std::{str::FromStr as _, time::Duration};
use travis_store::{Reader, Store, StoreError, Tx};

/// The key of the lock under which one server at a time changes the schema.
const MIGRATION_LOCK: i64 = 0x7472_6176_6973;

/// How a server of databases is used.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// Connections at most.
    pub connections: u32,
    /// How long to wait for a connection.
    pub wait: Duration,
    /// How long a statement may take.
    pub statement_timeout: Duration,
    /// How long a statement may wait for another transaction.
    pub lock_timeout: Duration,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            connections: 10,
            wait: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(10),
        }
    }
}

/// Rows in a PostgreSQL database.
pub struct PostgresStore {
    pool: PgPool,
}

impl PostgresStore {
    /// Connects and brings the database to the newest schema.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`] when a newer server wrote it, [`StoreError::Unavailable`] when
    /// it can't be reached.
    pub async fn connect(url: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        let settings = settings(url, &options)?;
        let pool = PgPoolOptions::new()
            .max_connections(options.connections.max(1))
            .acquire_timeout(options.wait)
            .test_before_acquire(false)
            // A connection that was idle may be gone; one just used is not asked again.
            .before_acquire(|conn, meta| {
                Box::pin(async move {
                    if meta.idle_for > Duration::from_secs(1) {
                        conn.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(settings)
            .await
            .map_err(db_error)?;
        migrate_to(&pool, migrations::NEWEST).await?;
        Ok(Self { pool })
    }

    /// Leads the schema back or forward, for going back to an older program. No server may be
    /// connected.
    ///
    /// # Errors
    /// As [`PostgresStore::connect`].
    pub async fn migrate(
        url: &str,
        version: i64,
        options: PostgresOptions,
    ) -> Result<(), StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(options.wait)
            .connect_with(settings(url, &options)?)
            .await
            .map_err(db_error)?;
        let done = migrate_to(&pool, version.clamp(0, migrations::NEWEST)).await;
        pool.close().await;
        done
    }

    /// The newest schema that this program knows.
    #[must_use]
    pub const fn newest_schema() -> i64 {
        migrations::NEWEST
    }

    /// Closes the connections.
    pub async fn close(self) {
        self.pool.close().await;
    }
}

fn settings(url: &str, options: &PostgresOptions) -> Result<PgConnectOptions, StoreError> {
    let milliseconds = |span: Duration| span.as_millis().to_string();
    Ok(PgConnectOptions::from_str(url)
        .map_err(db_error)?
        .application_name("travis")
        .statement_cache_capacity(200)
        .options([
            ("statement_timeout", milliseconds(options.statement_timeout)),
            ("lock_timeout", milliseconds(options.lock_timeout)),
            // A server that hangs in the middle of a transaction must not hold its locks.
            (
                "idle_in_transaction_session_timeout",
                milliseconds(options.statement_timeout),
            ),
        ])
        .disable_statement_logging())
}

async fn migrate_to(pool: &PgPool, version: i64) -> Result<(), StoreError> {
    let mut tx = pool.begin().await.map_err(db_error)?;
    query("SELECT pg_advisory_xact_lock($1)")
        .bind(MIGRATION_LOCK)
        .execute(&mut *tx)
        .await
        .map_err(db_error)?;
    migrations::migrate(&mut tx, version).await?;
    tx.commit().await.map_err(db_error)
}

#[async_trait]
impl Store for PostgresStore {
    async fn reader(&self) -> Result<Box<dyn Reader>, StoreError> {
        Ok(Box::new(PostgresReader {
            pool: self.pool.clone(),
        }))
    }

    async fn begin(&self) -> Result<Box<dyn Tx>, StoreError> {
        Ok(Box::new(PostgresTx {
            tx: self.pool.begin().await.map_err(db_error)?,
            poison: Poison::default(),
        }))
    }

    async fn check(&self) -> Result<(), StoreError> {
        query("SELECT version FROM schema_version")
            .fetch_one(&self.pool)
            .await
            .map_err(db_error)?;
        Ok(())
    }
}

/// Reads committed rows; takes a connection for each read.
struct PostgresReader {
    pool: PgPool,
}

impl PostgresReader {
    async fn lease(&mut self) -> Result<PoolConnection<Db>, StoreError> {
        self.pool.acquire().await.map_err(db_error)
    }

    fn note<T>(&mut self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        answer
    }
}

/// A transaction; dropped, its connection undoes it before it is used again.
struct PostgresTx {
    tx: Transaction<'static, Db>,
    poison: Poison,
}

impl PostgresTx {
    async fn lease(&mut self) -> Result<&mut Conn, StoreError> {
        self.poison.check()?;
        Ok(&mut self.tx)
    }

    fn note<T>(&mut self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        self.poison.note(answer)
    }

    async fn commit_all(self) -> Result<(), StoreError> {
        // The database would answer the commit of a failed transaction by undoing it, as if all
        // were well.
        self.poison.check()?;
        self.tx.commit().await.map_err(db_error)
    }

    async fn undo_all(self) -> Result<(), StoreError> {
        self.tx.rollback().await.map_err(db_error)
    }
}

delegate_reader!(PostgresReader);
delegate_reader!(PostgresTx);
delegate_tx!(PostgresTx);

use crate::dialect::{Db, db_error};
use crate::options::SqliteOptions;
use crate::shared::{delegate_reader, migrations};
use crate::writer::Writer;
use async_trait::async_trait;
use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection, SqlitePool,
    pool::PoolConnection,
    query,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};
use travis_store::{Reader, Store, StoreError, Tx};

/// Rows in an SQLite file, for this process alone.
pub struct SqliteStore {
    readers: SqlitePool,
    writer: Writer,
    /// Locked as long as it is open.
    _lock: File,
}

impl SqliteStore {
    /// Opens a database, makes it when there is none and brings it to the newest schema.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another server has it open, [`StoreError::NewerSchema`] when a
    /// newer one wrote it, [`StoreError::Unavailable`] when the file can't be written.
    pub async fn open(path: &Path, options: SqliteOptions) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        let mut conn = connect(path, &options).await?;
        migrate_to(&mut conn, migrations::NEWEST).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(options.readers.max(1))
            .acquire_timeout(options.wait)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_lazy_with(settings(path, &options).read_only(true));
        Ok(Self {
            readers,
            writer: Writer::new(conn, options.wait, options.group_size, options.group_time),
            _lock: lock,
        })
    }

    /// Leads the schema of a closed database back or forward, for going back to an older program.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub async fn migrate(
        path: &Path,
        version: i64,
        options: SqliteOptions,
    ) -> Result<(), StoreError> {
        let _lock = lock(path)?;
        let mut conn = connect(path, &options).await?;
        migrate_to(&mut conn, version.clamp(0, migrations::NEWEST)).await?;
        conn.close().await.map_err(db_error)
    }

    /// The newest schema that this program knows.
    #[must_use]
    pub const fn newest_schema() -> i64 {
        migrations::NEWEST
    }

    /// Closes the connections. A transaction that is still open then fails.
    pub async fn close(self) {
        self.readers.close().await;
    }
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let unavailable = |error: std::io::Error| {
        StoreError::Unavailable(format!("{}: {error}", Path::new(&name).display()))
    };
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .map_err(unavailable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(unavailable(error)),
    }
}

fn settings(path: &Path, options: &SqliteOptions) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .busy_timeout(options.wait)
        .synchronous(SqliteSynchronous::Full)
        .statement_cache_capacity(200)
        // Long lists come in few hand-overs from thread to thread.
        .row_buffer_size(512)
        .pragma("cache_size", format!("-{}", options.cache_kib))
        .disable_statement_logging()
}

async fn connect(path: &Path, options: &SqliteOptions) -> Result<SqliteConnection, StoreError> {
    settings(path, options)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .connect()
        .await
        .map_err(db_error)
}

async fn migrate_to(conn: &mut SqliteConnection, version: i64) -> Result<(), StoreError> {
    query("BEGIN IMMEDIATE")
        .execute(&mut *conn)
        .await
        .map_err(db_error)?;
    migrations::migrate(conn, version).await?;
    query("COMMIT").execute(conn).await.map_err(db_error)?;
    Ok(())
}

#[async_trait]
impl Store for SqliteStore {
    async fn reader(&self) -> Result<Box<dyn Reader>, StoreError> {
        Ok(Box::new(SqliteReader {
            pool: self.readers.clone(),
        }))
    }

    async fn begin(&self) -> Result<Box<dyn Tx>, StoreError> {
        Ok(Box::new(self.writer.begin().await?))
    }

    async fn check(&self) -> Result<(), StoreError> {
        query("SELECT version FROM schema_version")
            .fetch_one(&self.readers)
            .await
            .map_err(db_error)?;
        Ok(())
    }
}

/// Reads committed rows; takes a connection for each read.
struct SqliteReader {
    pool: SqlitePool,
}

impl SqliteReader {
    async fn lease(&mut self) -> Result<PoolConnection<Db>, StoreError> {
        self.pool.acquire().await.map_err(db_error)
    }

    fn note<T>(&mut self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        answer
    }
}

delegate_reader!(SqliteReader);

//! The contract, and what only SQLite has.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection, query, query_scalar};
use std::{path::PathBuf, sync::Arc};
use tempfile::TempDir;
use travis_store::{
    Store, StoreError,
    contract::{Database, run_all},
};
use travis_store_sqlite::{SqliteOptions, SqliteStore};

struct InDirectory(TempDir);

impl InDirectory {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("rows.db")
    }

    async fn raw(&self) -> SqliteConnection {
        SqliteConnection::connect(&format!("sqlite://{}", self.path().display()))
            .await
            .unwrap()
    }
}

#[async_trait]
impl Database for InDirectory {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(
            SqliteStore::open(&self.path(), SqliteOptions::default())
                .await
                .unwrap(),
        )
    }

    async fn rows(&self, table: &str) -> i64 {
        query_scalar(AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}")))
            .fetch_one(&mut self.raw().await)
            .await
            .unwrap()
    }

    async fn migrate(&self, version: i64) {
        SqliteStore::migrate(&self.path(), version, SqliteOptions::default())
            .await
            .unwrap();
    }

    async fn run(&self, sql: &'static str) {
        query(sql).execute(&mut self.raw().await).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract() {
    run_all(|| async { Box::new(InDirectory::new()) as Box<dyn Database> }).await;
}

#[tokio::test]
async fn two_servers_can_not_share_a_file() {
    let directory = InDirectory::new();
    let first = directory.open().await;
    let second = SqliteStore::open(&directory.path(), SqliteOptions::default()).await;
    assert!(matches!(second, Err(StoreError::InUse(_))));
    drop(first);
    directory.open().await;
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let directory = InDirectory::new();
    drop(directory.open().await);
    query("UPDATE schema_version SET version = 99")
        .execute(&mut directory.raw().await)
        .await
        .unwrap();
    let opened = SqliteStore::open(&directory.path(), SqliteOptions::default()).await;
    assert!(matches!(
        opened,
        Err(StoreError::NewerSchema { found: 99, .. })
    ));
}

//! The contract, on a server that the test starts.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use async_trait::async_trait;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, query, query_scalar};
use std::sync::Arc;
use travis_store::{
    Store,
    contract::{Database, run_all},
};
use travis_store_postgres::{PostgresOptions, PostgresStore, testing::start_postgres};

struct OnServer(String);

#[async_trait]
impl Database for OnServer {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(
            PostgresStore::connect(&self.0, PostgresOptions::default())
                .await
                .unwrap(),
        )
    }

    async fn rows(&self, table: &str) -> i64 {
        let mut conn = PgConnection::connect(&self.0).await.unwrap();
        query_scalar(AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}")))
            .fetch_one(&mut conn)
            .await
            .unwrap()
    }

    async fn migrate(&self, version: i64) {
        PostgresStore::migrate(&self.0, version, PostgresOptions::default())
            .await
            .unwrap();
    }

    async fn run(&self, sql: &'static str) {
        let mut conn = PgConnection::connect(&self.0).await.unwrap();
        query(sql).execute(&mut conn).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract() {
    let server = match start_postgres().await {
        Ok(server) => server,
        Err(reason) => {
            println!("skipped: {reason}");
            return;
        }
    };
    run_all(|| async {
        Box::new(OnServer(server.fresh_database().await.unwrap())) as Box<dyn Database>
    })
    .await;
}

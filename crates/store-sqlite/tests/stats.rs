//! What charts ask of a repository with many builds.

use sqlx::{Connection as _, SqliteConnection, query};
use std::time::{Duration, Instant};
use travis_model::{RepositoryId, Timestamp};
use travis_store::{EndsWanted, Store};
use travis_store_sqlite::{SqliteOptions, SqliteStore};

const DAY: i64 = 86_400_000;
/// For a program that is not optimized, on a busy machine; optimized it is some milliseconds.
const BOUND: Duration = Duration::from_millis(400);

#[tokio::test]
async fn a_hundred_thousand_builds_are_not_all_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rows.db");
    drop(
        SqliteStore::open(&path, SqliteOptions::default())
            .await
            .unwrap(),
    );
    let address = format!("sqlite://{}", path.display());
    let mut raw = SqliteConnection::connect(&address).await.unwrap();
    query("PRAGMA foreign_keys = OFF")
        .execute(&mut raw)
        .await
        .unwrap();
    // A build every 100 s: 115 days of them, on 20 branches.
    query(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
         INSERT INTO build_ends (build_id, repository_id, branch, number, state, ended_at, took, \
         waits) SELECT i, 1, 'branch-' || (i % 20), i, 'passed', i * 100000, 60000 + i % 977, \
         '12 340 5600 9' FROM n",
    )
    .execute(&mut raw)
    .await
    .unwrap();
    drop(raw);
    let store = SqliteStore::open(&path, SqliteOptions::default())
        .await
        .unwrap();
    for (branch, days, builds) in [
        (None, 7, 6_048),
        (None, 90, 10_000),
        (Some("branch-3"), 90, 3_888),
        (Some("gone"), 90, 0),
    ] {
        let wanted = EndsWanted {
            repository: RepositoryId(1),
            branch,
            since: Timestamp(100_000 * 100_000 - days * DAY + 1),
            limit: 10_000,
        };
        let mut best = Duration::MAX;
        for _ in 0..3 {
            let began = Instant::now();
            let mut reader = store.reader().await.unwrap();
            let found = reader.build_ends(wanted).await.unwrap();
            best = best.min(began.elapsed());
            assert_eq!(found.len(), builds, "{branch:?}, {days} days");
        }
        println!("{branch:?}, {days} days: {builds} builds of 100,000 in {best:?}");
        assert!(best < BOUND, "{branch:?}, {days} days: {best:?}");
    }
}

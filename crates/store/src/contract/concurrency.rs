use super::fleet::new_enrolment;
use super::forges::new_identity;
use super::{ALL, Database, build, forge, hosted, repository, user};
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::{sync::oneshot, task::JoinSet};
use travis_model::{JobState, Level, RepositorySettings, Scope, Timestamp};

pub async fn dropped_is_undone(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    user(&mut *tx, "a").await;
    drop(tx);
    let mut tx = store.begin().await.unwrap();
    user(&mut *tx, "b").await;
    tx.rollback().await.unwrap();
    // Given up at every await on the way, also within a statement.
    for polls in 0..40 {
        let mut work = Box::pin(async {
            let mut tx = store.begin().await.unwrap();
            let id = repository(&mut *tx, &format!("a/r{polls}")).await;
            build(&mut *tx, id, "main").await;
            std::future::pending::<()>().await;
        });
        for _ in 0..polls {
            let _ = tokio::time::timeout(Duration::from_micros(50), &mut work).await;
        }
    }
    let mut tx = store.begin().await.unwrap();
    user(&mut *tx, "c").await;
    tx.commit().await.unwrap();
    assert_eq!(database.rows("users").await, 1);
    assert_eq!(database.rows("repositories").await, 0);
    assert_eq!(database.rows("builds").await, 0);
}

pub async fn isolation(database: &dyn Database) {
    let store = database.open().await;
    let mut reader = store.reader().await.unwrap();
    let mut tx = store.begin().await.unwrap();
    let id = user(&mut *tx, "a").await;
    assert!(tx.user(id).await.unwrap().is_some());
    assert_eq!(reader.user(id).await.unwrap(), None);
    tx.commit().await.unwrap();
    assert!(reader.user(id).await.unwrap().is_some());
}

pub async fn numbers_have_no_gap(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    tx.commit().await.unwrap();
    let mut tasks = JoinSet::new();
    for n in 0..32 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            if n % 8 == 0 {
                let mut tx = store.begin().await.unwrap();
                build(&mut *tx, id, "undone").await;
                tx.rollback().await.unwrap();
            }
            let mut tx = store.begin().await.unwrap();
            let key = build(&mut *tx, id, "main").await;
            tx.commit().await.unwrap();
            key.number
        });
    }
    let mut numbers = tasks.join_all().await;
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=32).collect::<Vec<i64>>());
}

pub async fn a_locked_build_waits(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    let key = build(&mut *tx, id, "main").await;
    tx.commit().await.unwrap();
    let mut first = store.begin().await.unwrap();
    let mut row = first.lock_build(key.id).await.unwrap().unwrap();
    let (came, has_come) = oneshot::channel();
    let other = Arc::clone(&store);
    let second = tokio::spawn(async move {
        came.send(()).unwrap();
        let mut tx = other.begin().await.unwrap();
        let row = tx.lock_build(key.id).await.unwrap().unwrap();
        tx.rollback().await.unwrap();
        row.state
    });
    has_come.await.unwrap();
    row.state = JobState::Started;
    first.update_build(&row).await.unwrap();
    assert!(!second.is_finished());
    first.commit().await.unwrap();
    assert_eq!(second.await.unwrap(), JobState::Started);
}

pub async fn tokens_are_taken_once(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let a = user(&mut *tx, "a").await;
    let enrolment = new_enrolment(a, b"x", 1, 10);
    tx.insert_enrolment(&enrolment).await.unwrap();
    tx.insert_sign_in_link(a, b"x", Timestamp(10))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let one = tx.take_enrolment(b"x", Timestamp(1)).await.unwrap();
            let two = tx.take_sign_in_link(b"x", Timestamp(1)).await.unwrap();
            tx.commit().await.unwrap();
            usize::from(one.is_some()) + usize::from(two.is_some())
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().sum::<usize>(), 2);
}

/// The same thing told by many at once is one row.
pub async fn what_forges_say_is_one_row(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let hub = forge(&mut *tx, "hub").await;
    let a = user(&mut *tx, "a").await;
    tx.commit().await.unwrap();
    let mut tasks = JoinSet::new();
    for n in 0..16 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let same = forge(&mut *tx, "hub").await;
            assert_eq!(same, hub);
            let repository = tx.put_hosted(&hosted(hub, "1", "h/one")).await.unwrap();
            let identity = tx.put_identity(&new_identity(a, hub, "7")).await.unwrap();
            tx.put_right(a, repository, Some(Level::Read), Timestamp(n))
                .await
                .unwrap();
            tx.commit().await.unwrap();
            (repository, identity)
        });
    }
    let mut keys = tasks.join_all().await;
    keys.dedup();
    assert_eq!(keys.len(), 1);
    assert_eq!(database.rows("permissions").await, 1);
    // Two at once who do not wait for each other at another row.
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let id = tx.put_hosted(&hosted(hub, "2", "h/two")).await.unwrap();
            tx.commit().await.unwrap();
            id
        });
    }
    let mut keys = tasks.join_all().await;
    keys.dedup();
    assert_eq!(keys.len(), 1);
}

pub async fn many_writers(database: &dyn Database) {
    let store = database.open().await;
    let mut tasks = JoinSet::new();
    for n in 0..64 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            for m in 0..5 {
                let mut tx = store.begin().await.unwrap();
                let id = user(&mut *tx, &format!("u{n}-{m}")).await;
                match (n + m) % 4 {
                    0 => tx.rollback().await.unwrap(),
                    1 => drop(tx),
                    _ => {
                        tx.commit().await.unwrap();
                        // Whoever has the answer sees it in the rows.
                        let mut reader = store.reader().await.unwrap();
                        assert!(reader.user(id).await.unwrap().is_some());
                    }
                }
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(database.rows("users").await, 160);
}

pub async fn reopening_keeps_everything(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    let key = build(&mut *tx, id, "main").await;
    let jobs = tx.jobs(&[key.id]).await.unwrap();
    tx.commit().await.unwrap();
    drop(store);
    let store = database.open().await;
    let mut reader = store.reader().await.unwrap();
    assert_eq!(reader.jobs(&[key.id]).await.unwrap(), jobs);
    drop(reader);
    let mut tx = store.begin().await.unwrap();
    assert_eq!(build(&mut *tx, id, "main").await.number, 2);
    tx.commit().await.unwrap();
}

pub async fn down_and_up_again(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    build(&mut *tx, id, "main").await;
    tx.commit().await.unwrap();
    drop(store);
    database.migrate(0).await;
    database.migrate(i64::MAX).await;
    assert_eq!(database.rows("builds").await, 0);
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    assert_eq!(build(&mut *tx, id, "main").await.number, 1);
    tx.commit().await.unwrap();
}

/// What the first schema holds comes through the second one and back.
pub async fn rows_of_the_first_schema_stay(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let a = user(&mut *tx, "a").await;
    let id = repository(&mut *tx, "a/a").await;
    let key = build(&mut *tx, id, "main").await;
    let end = Timestamp(100);
    tx.insert_session(a, b"s", "", Timestamp(1), end)
        .await
        .unwrap();
    tx.insert_api_token(a, "t", Scope::All, b"t", Timestamp(1), None)
        .await
        .unwrap();
    // Rows that the first schema does not know, and that must not be in the way.
    let hub = forge(&mut *tx, "hub").await;
    let hosted = tx.put_hosted(&hosted(hub, "1", "h/one")).await.unwrap();
    tx.put_right(a, hosted, Some(Level::Admin), Timestamp(1))
        .await
        .unwrap();
    tx.insert_approval(hosted, 1, "aa", a, true, Timestamp(1))
        .await
        .unwrap();
    tx.append_outbox("status", "k", &json!(1), Timestamp(1))
        .await
        .unwrap();
    let repository = tx.repository(id).await.unwrap();
    let mut whole = tx.build(key.id).await.unwrap();
    let jobs = tx.jobs(&[key.id]).await.unwrap();
    let requests = tx.requests(id, ALL).await.unwrap();
    let branches = tx.branches(id, ALL).await.unwrap();
    let session = tx.session(b"s", Timestamp(9)).await.unwrap();
    let token = tx.api_token(b"t", Timestamp(9)).await.unwrap();
    tx.commit().await.unwrap();
    drop(store);

    // The first schema has no column for what a build imported.
    if let Some(whole) = &mut whole {
        whole.imports.clear();
    }
    database.migrate(1).await;
    assert_eq!(database.rows("repositories").await, 2);
    assert_eq!(database.rows("builds").await, 1);
    database
        .run(
            "INSERT INTO repositories (owner, owner_key, name, slug_key, clone_url, \
             default_branch, private, active, ping_secret, created_at, updated_at) \
             SELECT 'O', 'o', 'old', 'o/old', clone_url, default_branch, private, active, \
             ping_secret, 7, 8 FROM repositories WHERE slug_key = 'a/a'",
        )
        .await;
    database
        .run("INSERT INTO outbox (kind, payload, tries, next_at) VALUES ('status', '1', 0, 1)")
        .await;
    database.migrate(2).await;

    let store = database.open().await;
    let mut reader = store.reader().await.unwrap();
    assert_eq!(reader.repository(id).await.unwrap(), repository);
    assert_eq!(reader.build(key.id).await.unwrap(), whole);
    assert_eq!(reader.jobs(&[key.id]).await.unwrap(), jobs);
    assert_eq!(reader.requests(id, ALL).await.unwrap(), requests);
    assert_eq!(reader.branches(id, ALL).await.unwrap(), branches);
    assert_eq!(reader.session(b"s", Timestamp(9)).await.unwrap(), session);
    assert_eq!(reader.api_token(b"t", Timestamp(9)).await.unwrap(), token);
    let slug = "o/old".parse().unwrap();
    let old = reader.repository_by_slug(&slug).await.unwrap().unwrap();
    assert_eq!(
        (old.hosting, old.settings, old.created_at),
        (None, RepositorySettings::default(), Timestamp(7))
    );
    assert_eq!(reader.forges().await.unwrap(), []);
    assert_eq!(reader.outbox_next().await.unwrap(), None);
}

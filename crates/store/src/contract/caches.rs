use super::{Database, repository, user};
use crate::{NewCache, Tx};
use std::sync::Arc;
use tokio::task::JoinSet;
use travis_model::{Cache, CacheId, RepositoryId, Timestamp, cache::CacheScope};

pub(super) fn new_cache(repository_id: RepositoryId, branch: &str, key: &str, at: i64) -> NewCache {
    NewCache {
        repository_id,
        scope: CacheScope::Branch(branch.into()),
        slug: "cache-linux--ruby".into(),
        object_key: key.into(),
        size: 1 << 40,
        sha256: "ab".repeat(32),
        at: Timestamp(at),
    }
}

async fn find(tx: &mut dyn Tx, new: &NewCache) -> Option<Cache> {
    let (id, scope) = (new.repository_id, &new.scope);
    tx.cache(id, scope, &new.slug).await.unwrap()
}

fn keys(list: &[Cache]) -> Vec<&str> {
    list.iter().map(|cache| cache.object_key.as_str()).collect()
}

pub async fn caches_are_replaced(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let tx = &mut *tx;
    let id = repository(tx, "a/a").await;
    let other = repository(tx, "a/b").await;
    let new = new_cache(id, "main", "k1", 10);
    assert_eq!(find(tx, &new).await, None);
    assert_eq!(tx.put_cache(&new).await.unwrap(), None);
    let row = find(tx, &new).await.unwrap();
    assert_eq!(
        (row.size, &row.scope, &row.sha256),
        (1 << 40, &new.scope, &new.sha256)
    );
    // Another repository, another scope of nearly that name, another slug: other caches.
    tx.put_cache(&new_cache(other, "main", "k2", 10))
        .await
        .unwrap();
    let pull = NewCache {
        scope: CacheScope::Pull(7),
        ..new_cache(id, "", "k3", 11)
    };
    tx.put_cache(&pull).await.unwrap();
    tx.put_cache(&new_cache(id, "PR.7", "k4", 12))
        .await
        .unwrap();
    let slug = NewCache {
        slug: "cache-osx".into(),
        ..new_cache(id, "main", "k5", 13)
    };
    tx.put_cache(&slug).await.unwrap();
    assert_eq!(find(tx, &pull).await.unwrap().object_key, "k3");

    let again = new_cache(id, "main", "k6", 20);
    let old = tx.put_cache(&again).await.unwrap();
    assert_eq!(old.as_deref(), Some("k1"));
    let now = find(tx, &again).await.unwrap();
    assert_eq!((now.id, now.object_key.as_str()), (row.id, "k6"));
    assert_eq!(
        (now.created_at, now.updated_at, now.used_at),
        (Timestamp(10), Timestamp(20), Timestamp(20))
    );
    assert_eq!(
        keys(&tx.caches(id).await.unwrap()),
        ["k3", "k4", "k5", "k6"]
    );
    assert!(!tx.is_cache_object("k1").await.unwrap());
    assert!(tx.is_cache_object("k6").await.unwrap());
    // Who means the older one does not remove the newer one.
    assert!(!tx.delete_cache(row.id, "k1").await.unwrap());
    assert!(tx.delete_cache(row.id, "k6").await.unwrap());
    assert!(!tx.delete_cache(row.id, "k6").await.unwrap());
    assert_eq!(find(tx, &again).await, None);
}

pub async fn unused_caches_are_found(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let tx = &mut *tx;
    let id = repository(tx, "a/a").await;
    let other = repository(tx, "a/b").await;
    for (repository, branch, key, at) in [
        (id, "a", "k1", 10),
        (other, "b", "k2", 20),
        (id, "c", "k3", 30),
    ] {
        tx.put_cache(&new_cache(repository, branch, key, at))
            .await
            .unwrap();
    }
    let unused = tx.caches_unused(Timestamp(30), 9).await.unwrap();
    assert_eq!(keys(&unused), ["k1", "k2"]);
    assert_eq!(tx.caches_unused(Timestamp(31), 1).await.unwrap().len(), 1);
    tx.touch_cache(unused[0].id, Timestamp(40)).await.unwrap();
    tx.touch_cache(unused[0].id, Timestamp(35)).await.unwrap();
    tx.touch_cache(CacheId(999), Timestamp(1)).await.unwrap();
    assert_eq!(keys(&tx.caches(id).await.unwrap()), ["k3", "k1"]);
    let last = tx.caches(id).await.unwrap().pop().unwrap();
    assert_eq!(
        (last.used_at, last.updated_at),
        (Timestamp(40), Timestamp(10))
    );

    let over = |bytes| (bytes, 9);
    for ((bytes, limit), found) in [
        (over((2 << 40) - 1), vec![id]),
        (over(2 << 40), vec![]),
        (over(5), vec![id, other]),
        ((5, 1), vec![id]),
        (over(u64::MAX), vec![]),
    ] {
        let over = tx.repositories_caching_over(bytes, limit).await.unwrap();
        assert_eq!(over, found);
    }
}

pub async fn one_cache_stays_of_many(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    tx.put_cache(&new_cache(id, "main", "first", 1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut tasks = JoinSet::new();
    for n in 0..8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let new = new_cache(id, "main", &format!("k{n}"), 2);
            let old = tx.put_cache(&new).await.unwrap();
            tx.commit().await.unwrap();
            old.unwrap()
        });
    }
    let mut replaced = tasks.join_all().await;
    let mut tx = store.begin().await.unwrap();
    let left = tx.caches(id).await.unwrap();
    assert_eq!(left.len(), 1);
    // Each but the last was replaced once, so every object but one can be removed.
    replaced.push(left[0].object_key.clone());
    replaced.sort_unstable();
    replaced.dedup();
    assert_eq!(replaced.len(), 9);
}

pub async fn secrets_that_were_given_are_remembered(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let tx = &mut *tx;
    let id = repository(tx, "a/a").await;
    let who = user(tx, "u").await;
    for (pull, head, secrets) in [(5, "aa", true), (5, "bb", false), (6, "cc", true)] {
        tx.insert_approval(id, pull, head, who, secrets, Timestamp(1))
            .await
            .unwrap();
    }
    tx.revoke_approvals(id, 5, Timestamp(2)).await.unwrap();
    for (pull, head, had) in [
        (5, "aa", true),
        (5, "bb", false),
        (6, "aa", false),
        (6, "cc", true),
    ] {
        let found = tx.had_secrets(id, pull, head).await.unwrap();
        assert_eq!(found, had, "{pull} {head}");
    }
}

use super::{Database, new_worker, user};
use crate::StoreError;
use serde_json::json;
use travis_model::{Scope, Timestamp, TokenId, UserId, WorkerId};

pub async fn people(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let a = tx
        .insert_user("Kestrel", Some("K."), true, Timestamp(7))
        .await
        .unwrap();
    let taken = tx.insert_user("kESTREL", None, false, Timestamp(8)).await;
    assert!(matches!(taken, Err(StoreError::Exists(_))));
    // A refusal leaves the transaction whole.
    let b = user(&mut *tx, "osprey").await;
    tx.commit().await.unwrap();
    let mut reader = store.reader().await.unwrap();
    let found = reader.user_by_login("KESTREL").await.unwrap().unwrap();
    assert_eq!(
        (found.id, found.login.as_str(), found.admin),
        (a, "Kestrel", true)
    );
    assert_eq!(
        (found.name.as_deref(), found.created_at),
        (Some("K."), Timestamp(7))
    );
    assert_eq!(reader.user(a).await.unwrap(), Some(found));
    let ids: Vec<UserId> = reader
        .users(&[b, UserId(999), a])
        .await
        .unwrap()
        .iter()
        .map(|u| u.id)
        .collect();
    assert_eq!(ids, [b, a]);
    assert_eq!(reader.users(&[]).await.unwrap(), []);
}

pub async fn sessions_end(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let a = user(&mut *tx, "a").await;
    tx.insert_session(a, b"one", "", Timestamp(1), Timestamp(10))
        .await
        .unwrap();
    assert_eq!(
        tx.session(b"one", Timestamp(9))
            .await
            .unwrap()
            .unwrap()
            .user_id,
        a
    );
    assert_eq!(tx.session(b"one", Timestamp(10)).await.unwrap(), None);
    assert_eq!(tx.session(b"two", Timestamp(1)).await.unwrap(), None);
    tx.delete_session(b"one").await.unwrap();
    tx.delete_session(b"one").await.unwrap();
    assert_eq!(tx.session(b"one", Timestamp(1)).await.unwrap(), None);
    tx.rollback().await.unwrap();
}

pub async fn api_tokens(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let (a, b) = (user(&mut *tx, "a").await, user(&mut *tx, "b").await);
    let one = tx
        .insert_api_token(a, "one", Scope::All, b"1", Timestamp(1), None)
        .await
        .unwrap();
    let until = Some(Timestamp(10));
    let two = tx
        .insert_api_token(a, "two", Scope::All, b"2", Timestamp(1), until)
        .await
        .unwrap();
    tx.touch_api_token(one, Timestamp(5)).await.unwrap();
    let list = tx.api_tokens(a).await.unwrap();
    assert_eq!(list.iter().map(|t| t.id).collect::<Vec<_>>(), [two, one]);
    assert_eq!(list[1].last_used_at, Some(Timestamp(5)));
    assert_eq!(
        tx.api_token(b"1", Timestamp(99)).await.unwrap().unwrap().id,
        one
    );
    assert_eq!(tx.api_token(b"2", Timestamp(10)).await.unwrap(), None);
    let wrong = tx.delete_api_token(b, one).await;
    assert!(matches!(wrong, Err(StoreError::NotFound(_))));
    let unknown = tx.touch_api_token(TokenId(999), Timestamp(1)).await;
    assert!(matches!(unknown, Err(StoreError::NotFound(_))));
    tx.delete_api_token(a, one).await.unwrap();
    assert_eq!(tx.api_tokens(a).await.unwrap().len(), 1);
    tx.commit().await.unwrap();
}

pub async fn once_only_tokens(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let a = user(&mut *tx, "a").await;
    tx.insert_sign_in_link(a, b"x", Timestamp(10))
        .await
        .unwrap();
    assert_eq!(
        tx.take_sign_in_link(b"x", Timestamp(10)).await.unwrap(),
        None
    );
    assert_eq!(
        tx.take_sign_in_link(b"x", Timestamp(9)).await.unwrap(),
        Some(a)
    );
    assert_eq!(
        tx.take_sign_in_link(b"x", Timestamp(9)).await.unwrap(),
        None
    );
    tx.commit().await.unwrap();
}

pub async fn sweeping(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let a = user(&mut *tx, "a").await;
    let worker = tx.insert_worker(&new_worker(a, "w")).await.unwrap().id;
    for (name, end) in [(b"1", 10), (b"2", 20)] {
        let end = Timestamp(end);
        tx.insert_session(a, name, "", Timestamp(1), end)
            .await
            .unwrap();
        tx.insert_sign_in_link(a, name, end).await.unwrap();
        tx.insert_api_token(a, "t", Scope::All, name, Timestamp(1), Some(end))
            .await
            .unwrap();
        tx.insert_worker_session(worker, name, end).await.unwrap();
    }
    tx.insert_api_token(a, "t", Scope::All, b"3", Timestamp(1), None)
        .await
        .unwrap();
    assert_eq!(tx.sweep_expired(Timestamp(10)).await.unwrap(), 4);
    assert_eq!(tx.sweep_expired(Timestamp(10)).await.unwrap(), 0);
    assert_eq!(tx.api_tokens(a).await.unwrap().len(), 2);
    tx.commit().await.unwrap();
}

pub async fn workers(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let (a, b) = (user(&mut *tx, "a").await, user(&mut *tx, "b").await);
    let first = tx.insert_worker(&new_worker(a, "anvil")).await.unwrap();
    let second = tx.insert_worker(&new_worker(a, "Anvil")).await.unwrap();
    let other = tx.insert_worker(&new_worker(b, "anvil")).await.unwrap();
    assert_eq!(
        (second.name.as_str(), other.name.as_str()),
        ("Anvil-2", "anvil")
    );
    assert_eq!(tx.worker(first.id).await.unwrap(), Some(first.clone()));

    let mut changed = first.clone();
    changed.paused = true;
    changed.slots = 8;
    changed.name = "beam".into();
    changed.facts = json!({"cpus": 4});
    tx.update_worker(&changed).await.unwrap();
    tx.touch_worker(first.id, Timestamp(50)).await.unwrap();
    changed.last_seen_at = Some(Timestamp(50));
    assert_eq!(tx.worker(first.id).await.unwrap(), Some(changed.clone()));
    changed.name = "anvil-2".into();
    assert!(matches!(
        tx.update_worker(&changed).await,
        Err(StoreError::Exists(_))
    ));
    let names: Vec<String> = tx
        .workers()
        .await
        .unwrap()
        .into_iter()
        .map(|w| w.name)
        .collect();
    assert_eq!(names, ["anvil", "Anvil-2", "beam"]);

    tx.insert_worker_session(first.id, b"s", Timestamp(10))
        .await
        .unwrap();
    assert_eq!(
        tx.worker_session(b"s", Timestamp(9)).await.unwrap(),
        Some(first.id)
    );
    assert_eq!(tx.worker_session(b"s", Timestamp(10)).await.unwrap(), None);
    tx.remove_worker(first.id).await.unwrap();
    assert_eq!(tx.worker_session(b"s", Timestamp(9)).await.unwrap(), None);
    assert_eq!(tx.worker(first.id).await.unwrap(), None);
    assert_eq!(tx.workers().await.unwrap().len(), 2);
    let kept = tx
        .workers_by_id(&[second.id, first.id, WorkerId(999)])
        .await
        .unwrap();
    assert_eq!(
        kept.iter().map(|w| w.id).collect::<Vec<_>>(),
        [second.id, first.id]
    );
    assert!(matches!(
        tx.remove_worker(first.id).await,
        Err(StoreError::NotFound(_))
    ));
    let unknown = tx.touch_worker(WorkerId(999), Timestamp(1)).await;
    assert!(matches!(unknown, Err(StoreError::NotFound(_))));
    tx.commit().await.unwrap();
}

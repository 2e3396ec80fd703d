use super::{Database, forge, repository};
use crate::{DeliveryChange, NewDelivery, Page, StoreError};
use std::sync::Arc;
use tokio::task::JoinSet;
use travis_model::{
    Delivery, DeliveryId, DeliveryState, ForgeId, RepositoryId, RequestId, Timestamp,
};

fn new_delivery(
    forge_id: Option<ForgeId>,
    repository_id: Option<RepositoryId>,
    guid: &str,
) -> NewDelivery {
    NewDelivery {
        forge_id,
        repository_id,
        guid: guid.into(),
        event: "push".into(),
        action: None,
        headers: vec![("x-event".into(), "push ✓".into())],
        body: vec![0, 159, 255],
        at: Timestamp(10),
    }
}

fn ids(list: &[Delivery]) -> Vec<DeliveryId> {
    list.iter().map(|d| d.id).collect()
}

pub async fn a_delivery_is_stored_once(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let hub = forge(&mut *tx, "hub").await;
    let lab = forge(&mut *tx, "lab").await;
    let id = repository(&mut *tx, "a/a").await;
    let of_app = new_delivery(Some(hub), None, "g");
    let (one, new) = tx.insert_delivery(&of_app).await.unwrap();
    assert!(new);
    assert_eq!(tx.insert_delivery(&of_app).await.unwrap(), (one, false));
    // The same number from another hook is another message.
    for other in [
        new_delivery(Some(lab), None, "g"),
        new_delivery(Some(hub), Some(id), "g"),
        new_delivery(Some(hub), None, "h"),
        new_delivery(None, None, "g"),
    ] {
        assert!(tx.insert_delivery(&other).await.unwrap().1);
        assert!(!tx.insert_delivery(&other).await.unwrap().1);
    }
    let row = tx.delivery(one).await.unwrap().unwrap();
    assert_eq!((&row.headers, &row.body), (&of_app.headers, &of_app.body));
    assert_eq!(
        (row.state, row.tries, row.received_at, row.forge_id),
        (DeliveryState::Pending, 0, Timestamp(10), Some(hub))
    );
    assert_eq!(tx.delivery(DeliveryId(999)).await.unwrap(), None);
    tx.commit().await.unwrap();

    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let new = new_delivery(Some(ForgeId(1)), None, "many");
            let answer = tx.insert_delivery(&new).await.unwrap();
            tx.commit().await.unwrap();
            answer
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|(_, new)| *new).count(), 1);
    assert!(answers.iter().all(|(id, _)| *id == answers[0].0));
}

pub async fn deliveries_are_settled(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let hub = forge(&mut *tx, "hub").await;
    let id = repository(&mut *tx, "a/a").await;
    let mut keys = Vec::new();
    for guid in ["1", "2", "3"] {
        let new = new_delivery(Some(hub), None, guid);
        keys.push(tx.insert_delivery(&new).await.unwrap().0);
    }
    assert_eq!(tx.deliveries_due(Timestamp(9), 9).await.unwrap(), []);
    let due = tx.deliveries_due(Timestamp(10), 9).await.unwrap();
    assert_eq!(ids(&due), keys);
    assert_eq!(due[0].body, [0, 159, 255]);
    assert_eq!(tx.deliveries_due(Timestamp(10), 2).await.unwrap().len(), 2);
    tx.retry_delivery(keys[0], Timestamp(50), "no answer")
        .await
        .unwrap();
    let mut change = DeliveryChange {
        id: keys[1],
        failed: false,
        outcome: "built".into(),
        repository_id: Some(id),
        request_id: Some(RequestId(4)),
        at: Timestamp(20),
    };
    tx.settle_delivery(&change).await.unwrap();
    let due = tx.deliveries_due(Timestamp(49), 9).await.unwrap();
    assert_eq!(ids(&due), [keys[2]]);
    let due = tx.deliveries_due(Timestamp(50), 9).await.unwrap();
    assert_eq!(ids(&due), [keys[0], keys[2]], "the oldest first");
    assert_eq!(
        (due[0].tries, due[0].outcome.as_deref()),
        (1, Some("no answer"))
    );
    for refused in [
        tx.settle_delivery(&change).await,
        tx.retry_delivery(keys[1], Timestamp(60), "late").await,
    ] {
        assert!(matches!(refused, Err(StoreError::Conflict(_))));
    }
    let done = tx.delivery(keys[1]).await.unwrap().unwrap();
    assert_eq!(
        (done.state, done.outcome.as_deref(), done.done_at),
        (DeliveryState::Done, Some("built"), Some(Timestamp(20)))
    );
    assert_eq!(
        (done.repository_id, done.request_id),
        (Some(id), Some(RequestId(4)))
    );

    tx.redeliver(keys[1], Timestamp(70)).await.unwrap();
    let due = tx.deliveries_due(Timestamp(70), 9).await.unwrap();
    assert_eq!(ids(&due), keys);
    assert_eq!((due[1].done_at, due[1].tries), (None, 0));
    change.failed = true;
    change.repository_id = None;
    change.outcome = "unreadable".into();
    tx.settle_delivery(&change).await.unwrap();
    let failed = tx.delivery(keys[1]).await.unwrap().unwrap();
    assert_eq!(
        (failed.state, failed.repository_id),
        (DeliveryState::Failed, Some(id))
    );
    change.id = DeliveryId(999);
    for refused in [
        tx.settle_delivery(&change).await,
        tx.retry_delivery(change.id, Timestamp(1), "").await,
        tx.redeliver(change.id, Timestamp(1)).await,
    ] {
        assert!(matches!(refused, Err(StoreError::NotFound(_))));
    }

    let own = new_delivery(Some(hub), Some(id), "own");
    let own = tx.insert_delivery(&own).await.unwrap().0;
    let page = |offset| Page { offset, limit: 1 };
    let listing = tx.deliveries(id, page(0)).await.unwrap();
    assert_eq!((ids(&listing.items), listing.count), (vec![own], 2));
    assert!(listing.items[0].body.is_empty());
    let listing = tx.deliveries(id, page(1)).await.unwrap();
    assert_eq!(ids(&listing.items), [keys[1]]);

    // Old ones are swept, and those of a repository go with it.
    let month = 30 * 24 * 60 * 60 * 1000;
    assert_eq!(tx.sweep_expired(Timestamp(month + 10)).await.unwrap(), 0);
    tx.delete_repository(id).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(database.rows("deliveries").await, 2);
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.sweep_expired(Timestamp(month + 11)).await.unwrap(), 2);
    tx.commit().await.unwrap();
}

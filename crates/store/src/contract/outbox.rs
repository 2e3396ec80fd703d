use super::{ALL, Database};
use crate::{AuditEntry, OutboxEntry, Page, Tx};
use serde_json::json;
use std::sync::Arc;
use tokio::task::JoinSet;
use travis_model::Timestamp;

async fn append(tx: &mut dyn Tx, key: &str, n: i64, at: i64) {
    tx.append_outbox("status", key, &json!({"n": n}), Timestamp(at))
        .await
        .unwrap();
}

async fn claim(tx: &mut dyn Tx, now: i64, until: i64, limit: u64) -> Vec<OutboxEntry> {
    tx.claim_outbox("status", Timestamp(now), Timestamp(until), limit)
        .await
        .unwrap()
}

fn keys(list: &[OutboxEntry]) -> Vec<&str> {
    list.iter().map(|entry| entry.key.as_str()).collect()
}

async fn entry(tx: &mut dyn Tx, key: &str) -> OutboxEntry {
    tx.outbox_entry("status", key).await.unwrap().unwrap()
}

pub async fn what_is_due_is_claimed(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let tx = &mut *tx;
    assert_eq!(tx.outbox_next().await.unwrap(), None);
    append(tx, "late", 1, 30).await;
    append(tx, "first", 1, 10).await;
    append(tx, "second", 1, 20).await;
    tx.append_outbox("mail", "first", &json!(1), Timestamp(5))
        .await
        .unwrap();
    assert_eq!(tx.outbox_next().await.unwrap(), Some(Timestamp(5)));
    // Another change does not take its place away.
    append(tx, "first", 2, 25).await;
    assert_eq!(entry(tx, "first").await.version, 2);
    assert_eq!(keys(&claim(tx, 9, 100, 9).await), Vec::<&str>::new());
    let claimed = claim(tx, 29, 100, 1).await;
    assert_eq!(keys(&claimed), ["first"], "the longest due first");
    assert_eq!(
        (&claimed[0].payload, claimed[0].tries),
        (&json!({"n": 2}), 0)
    );
    assert_eq!(keys(&claim(tx, 30, 90, 9).await), ["second", "late"]);
    assert_eq!(keys(&claim(tx, 89, 200, 9).await), Vec::<&str>::new());
    // Who took them does not come back: they are given to another.
    assert_eq!(keys(&claim(tx, 99, 200, 9).await), ["second", "late"]);
    let mail = tx.outbox_entry("mail", "first").await.unwrap().unwrap();
    tx.outbox_done(mail.id, 1, None, None).await.unwrap();
    assert_eq!(tx.outbox_next().await.unwrap(), Some(Timestamp(100)));
    assert_eq!(tx.outbox_entry("status", "none").await.unwrap(), None);
}

pub async fn an_older_version_takes_nothing_away(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let tx = &mut *tx;
    append(tx, "k", 1, 10).await;
    let told = claim(tx, 10, 100, 9).await.remove(0);
    append(tx, "k", 2, 20).await;
    assert!(claim(tx, 50, 100, 9).await.is_empty(), "it is claimed");
    let memo = json!({"check": 7});
    tx.outbox_done(told.id, told.version, Some(&memo), None)
        .await
        .unwrap();
    let again = claim(tx, 50, 100, 9).await.remove(0);
    assert_eq!((again.version, &again.payload), (2, &json!({"n": 2})));
    assert_eq!(again.memo.as_ref(), Some(&memo));

    tx.outbox_retry(again.id, 2, Some(Timestamp(70)), "no answer", None)
        .await
        .unwrap();
    let row = entry(tx, "k").await;
    assert_eq!((row.tries, row.error.as_deref()), (1, Some("no answer")));
    assert_eq!(row.memo.as_ref(), Some(&memo), "no memo keeps the old one");
    assert!(claim(tx, 69, 100, 9).await.is_empty());
    assert_eq!(tx.outbox_next().await.unwrap(), Some(Timestamp(70)));
    let again = claim(tx, 70, 100, 9).await.remove(0);
    // A change meanwhile: the failure of the older one counts for nothing.
    append(tx, "k", 3, 71).await;
    tx.outbox_retry(again.id, 2, None, "refused", Some(&json!(null)))
        .await
        .unwrap();
    let again = claim(tx, 71, 100, 9).await.remove(0);
    assert_eq!((again.version, again.tries, &again.error), (3, 0, &None));
    assert_eq!(again.memo, Some(json!(null)));
    // Told, with one more look asked for; then told for good.
    tx.outbox_done(again.id, 3, None, Some(Timestamp(500)))
        .await
        .unwrap();
    assert_eq!(tx.outbox_next().await.unwrap(), Some(Timestamp(500)));
    assert_eq!(claim(tx, 500, 600, 9).await.remove(0).version, 3);
    tx.outbox_done(again.id, 3, None, None).await.unwrap();
    assert_eq!(tx.outbox_next().await.unwrap(), None);
    // A late answer about an older version does not wake it.
    tx.outbox_done(again.id, 1, None, Some(Timestamp(1)))
        .await
        .unwrap();
    tx.outbox_retry(again.id, 2, Some(Timestamp(1)), "late", None)
        .await
        .unwrap();
    assert_eq!(tx.outbox_next().await.unwrap(), None);

    // Given up after a failure; a change begins anew.
    append(tx, "k", 4, 700).await;
    let again = claim(tx, 700, 800, 9).await.remove(0);
    tx.outbox_retry(again.id, 4, None, "forbidden", None)
        .await
        .unwrap();
    assert_eq!(tx.outbox_next().await.unwrap(), None);
    assert_eq!(entry(tx, "k").await.error.as_deref(), Some("forbidden"));
    append(tx, "k", 5, 710).await;
    let again = claim(tx, 710, 800, 9).await.remove(0);
    assert_eq!((again.version, again.tries, again.error), (5, 0, None));

    // What is told is kept for a month, what waits for ever.
    let month = 30 * 24 * 60 * 60 * 1000;
    append(tx, "waits", 1, 1).await;
    assert_eq!(tx.sweep_expired(Timestamp(month + 711)).await.unwrap(), 0);
    tx.outbox_done(again.id, 5, None, None).await.unwrap();
    assert_eq!(tx.sweep_expired(Timestamp(month + 710)).await.unwrap(), 0);
    assert_eq!(tx.sweep_expired(Timestamp(month + 711)).await.unwrap(), 1);
    assert_eq!(tx.outbox_next().await.unwrap(), Some(Timestamp(1)));
}

pub async fn nothing_is_claimed_twice(database: &dyn Database) {
    let store = database.open().await;
    let mut tasks = JoinSet::new();
    for n in 0..20 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut tx = store.begin().await.unwrap();
            append(&mut *tx, &format!("k{}", n % 10), n, 1).await;
            tx.commit().await.unwrap();
        });
    }
    tasks.join_all().await;
    assert_eq!(database.rows("outbox").await, 10);
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let claimed = claim(&mut *tx, 5, 100, 3).await;
            assert!(claimed.iter().all(|entry| entry.version == 2));
            tx.commit().await.unwrap();
            claimed
                .into_iter()
                .map(|entry| entry.key)
                .collect::<Vec<_>>()
        });
    }
    let mut all = tasks.join_all().await.concat();
    // Those who met others may have left some out; nobody else holds the rest now.
    let mut tx = store.begin().await.unwrap();
    let rest = claim(&mut *tx, 5, 100, 10).await;
    all.extend(rest.into_iter().map(|entry| entry.key));
    tx.commit().await.unwrap();
    all.sort_unstable();
    assert_eq!(all, (0..10).map(|n| format!("k{n}")).collect::<Vec<_>>());
}

pub async fn audit_and_settings(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    for n in 0..3 {
        tx.append_audit(&AuditEntry {
            actor: "system".into(),
            action: "job.cancel".into(),
            subject: format!("job:{n}"),
            detail: String::new(),
            at: Timestamp(n),
        })
        .await
        .unwrap();
    }
    assert_eq!(tx.audit_log(ALL).await.unwrap().items[0].subject, "job:2");
    let last = tx
        .audit_log(Page {
            offset: 2,
            limit: 5,
        })
        .await
        .unwrap();
    assert_eq!((last.items.len(), last.count), (1, 3));

    assert_eq!(tx.setting("k").await.unwrap(), None);
    tx.put_setting("k", "1").await.unwrap();
    tx.put_setting("k", "2").await.unwrap();
    assert_eq!(tx.setting("k").await.unwrap().as_deref(), Some("2"));
    tx.commit().await.unwrap();
}

use super::{Database, repository};
use crate::{NewCron, StoreError};
use std::sync::Arc;
use tokio::task::JoinSet;
use travis_model::{RepositoryId, RequestId, SshKey, Timestamp, cron::CronInterval};

pub(super) fn new_cron(repository_id: RepositoryId, branch: &str, next: i64) -> NewCron {
    NewCron {
        repository_id,
        branch: branch.into(),
        interval: CronInterval::Weekly,
        skip_if_recent: true,
        next_run: Timestamp(next),
        created_by: None,
        at: Timestamp(3),
    }
}

pub(super) fn new_ssh_key(repository_id: RepositoryId, at: i64) -> SshKey {
    SshKey {
        repository_id,
        description: "submodules".into(),
        public_key: "ssh-ed25519 AAAA".into(),
        fingerprint: "SHA256:abc".into(),
        private_key: vec![0, 255, 7],
        created_at: Timestamp(at),
    }
}

pub async fn a_branch_has_one_cron(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    let other = repository(&mut *tx, "a/b").await;
    let first = tx.put_cron(&new_cron(id, "main", 10)).await.unwrap();
    let next = tx.put_cron(&new_cron(id, "a-branch", 20)).await.unwrap();
    let far = tx.put_cron(&new_cron(other, "main", 30)).await.unwrap();
    let one = tx.cron(first).await.unwrap().unwrap();
    assert_eq!(
        (one.branch.as_str(), one.interval, one.skip_if_recent),
        ("main", CronInterval::Weekly, true)
    );
    assert_eq!((one.last_run, one.last_request_id), (None, None));
    let again = NewCron {
        interval: CronInterval::Monthly,
        skip_if_recent: false,
        ..new_cron(id, "main", 40)
    };
    let again = tx.put_cron(&again).await.unwrap();
    assert_eq!(tx.cron(first).await.unwrap(), None);
    let ids: Vec<_> = tx.crons(id).await.unwrap().iter().map(|c| c.id).collect();
    assert_eq!(ids, [next, again]);
    tx.delete_cron(next).await.unwrap();
    assert!(matches!(
        tx.delete_cron(next).await,
        Err(StoreError::NotFound(_))
    ));
    assert_eq!(tx.crons(id).await.unwrap().len(), 1);
    assert_eq!(tx.crons(other).await.unwrap()[0].id, far);
    tx.commit().await.unwrap();
}

pub async fn a_due_cron_runs_once(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    let off = repository(&mut *tx, "a/off").await;
    let late = tx.put_cron(&new_cron(id, "late", 20)).await.unwrap();
    let due = tx.put_cron(&new_cron(id, "due", 10)).await.unwrap();
    tx.put_cron(&new_cron(id, "later", 31)).await.unwrap();
    tx.put_cron(&new_cron(off, "main", 1)).await.unwrap();
    // What is off asks for nothing.
    let mut row = tx.repository(off).await.unwrap().unwrap();
    row.active = false;
    tx.update_repository(&row).await.unwrap();
    tx.commit().await.unwrap();
    let mut reader = store.reader().await.unwrap();
    let found = reader.crons_due(Timestamp(30), 10).await.unwrap();
    assert_eq!(found.iter().map(|c| c.id).collect::<Vec<_>>(), [due, late]);
    assert_eq!(reader.crons_due(Timestamp(30), 1).await.unwrap().len(), 1);
    drop(reader);

    // Several servers at once: one of them has it.
    let mut tasks = JoinSet::new();
    for at in 30..36 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            loop {
                let mut tx = store.begin().await.unwrap();
                let mine = tx
                    .run_cron(due, Timestamp(10), Timestamp(100), Timestamp(at))
                    .await;
                let done = match mine {
                    Ok(mine) => tx.commit().await.map(|()| mine),
                    Err(error) => Err(error),
                };
                match done {
                    Ok(mine) => return mine,
                    Err(StoreError::Retry) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    let mine = tasks.join_all().await;
    assert_eq!(mine.iter().filter(|mine| **mine).count(), 1);
    let mut tx = store.begin().await.unwrap();
    tx.note_cron(due, RequestId(77)).await.unwrap();
    let row = tx.cron(due).await.unwrap().unwrap();
    assert_eq!(row.next_run, Timestamp(100));
    assert_eq!(row.last_request_id, Some(RequestId(77)));
    assert!(row.last_run >= Some(Timestamp(30)));
    tx.commit().await.unwrap();
}

pub async fn ssh_keys_are_replaced(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    assert_eq!(tx.ssh_key(id).await.unwrap(), None);
    tx.put_ssh_key(&new_ssh_key(id, 1)).await.unwrap();
    let newer = SshKey {
        description: "deploys".into(),
        private_key: vec![9],
        ..new_ssh_key(id, 2)
    };
    tx.put_ssh_key(&newer).await.unwrap();
    assert_eq!(tx.ssh_key(id).await.unwrap(), Some(newer));
    tx.delete_ssh_key(id).await.unwrap();
    assert!(matches!(
        tx.delete_ssh_key(id).await,
        Err(StoreError::NotFound(_))
    ));
    tx.commit().await.unwrap();
}

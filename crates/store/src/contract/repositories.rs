use super::caches::new_cache;
use super::crons::{new_cron, new_ssh_key};
use super::{
    ALL, Database, OWNED, build, new_attempt, new_commit, new_repository, new_request, new_worker,
    repository, user,
};
use crate::{Page, RepositoryFilter, RequestChange, SeenBy, StoreError};
use travis_model::{
    CommitId, JobState, Level, RepositoryId, RepositoryKey, RequestId, RequestState, Timestamp,
};

pub async fn slugs_are_unique_case_apart(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "Harbor/Beacon").await;
    let taken = tx.insert_repository(&new_repository("harbor/beacon")).await;
    assert!(matches!(taken, Err(StoreError::Exists(_))));
    let other = repository(&mut *tx, "harbor/buoy").await;
    let slug = "HARBOR/BEACON".parse().unwrap();
    let mut found = tx.repository_by_slug(&slug).await.unwrap().unwrap();
    assert_eq!(
        (found.id, found.slug.to_string().as_str()),
        (id, "Harbor/Beacon")
    );
    found.slug = "harbor/BUOY".parse().unwrap();
    assert!(matches!(
        tx.update_repository(&found).await,
        Err(StoreError::Exists(_))
    ));
    found.slug = "harbor/pier".parse().unwrap();
    found.description = None;
    found.private = true;
    found.active = false;
    found.poll_seconds = Some(60);
    found.polled_at = Some(Timestamp(77));
    found.ping_secret = vec![1];
    tx.update_repository(&found).await.unwrap();
    assert_eq!(tx.repository(id).await.unwrap(), Some(found.clone()));
    let ids = [other, RepositoryId(999), id];
    let list = tx.repositories_by_id(&ids).await.unwrap();
    assert_eq!(list.iter().map(|r| r.id).collect::<Vec<_>>(), [other, id]);
    found.id = RepositoryId(999);
    found.slug = "un/known".parse().unwrap();
    assert!(matches!(
        tx.update_repository(&found).await,
        Err(StoreError::NotFound(_))
    ));
    tx.commit().await.unwrap();
}

pub async fn filters_and_order(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let never = repository(&mut *tx, "a/never").await;
    let done = repository(&mut *tx, "a/done_").await;
    let running = repository(&mut *tx, "B/running").await;
    let mut hidden = new_repository("a/hidden");
    hidden.private = true;
    hidden.active = false;
    let hidden = tx.insert_repository(&hidden).await.unwrap();
    build(&mut *tx, running, "main").await;
    let ended = build(&mut *tx, done, "main").await;
    let mut row = tx.build(ended.id).await.unwrap().unwrap();
    row.state = JobState::Passed;
    tx.update_build(&row).await.unwrap();

    let mut ids = async |filter: RepositoryFilter, page| {
        let listing = tx.repositories(&filter, page).await.unwrap();
        (
            listing.items.iter().map(|r| r.id).collect::<Vec<_>>(),
            listing.count,
        )
    };
    let all = RepositoryFilter {
        seen_by: SeenBy::Operator,
        ..Default::default()
    };
    assert_eq!(
        ids(all.clone(), ALL).await,
        (vec![running, done, hidden, never], 4)
    );
    assert_eq!(
        ids(
            all.clone(),
            Page {
                offset: 1,
                limit: 2
            }
        )
        .await,
        (vec![done, hidden], 4)
    );
    assert_eq!(
        ids(RepositoryFilter::default(), ALL).await,
        (vec![running, done, never], 3)
    );
    let search = |text: &str| RepositoryFilter {
        search: Some(text.into()),
        ..all.clone()
    };
    assert_eq!(ids(search("NE_"), ALL).await.0, [done]);
    assert_eq!(ids(search("%"), ALL).await.1, 0);
    assert_eq!(ids(search("b/RUN"), ALL).await.0, [running]);
    let owner = RepositoryFilter {
        owner: Some("b".into()),
        ..all.clone()
    };
    assert_eq!(ids(owner, ALL).await.0, [running]);
    let inactive = RepositoryFilter {
        active: Some(false),
        ..all
    };
    assert_eq!(ids(inactive, ALL).await.0, [hidden]);
    tx.commit().await.unwrap();
}

pub async fn polling(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let mut ids = Vec::new();
    for (n, polled) in [Some(5_000), Some(1_000), None, Some(9_500)]
        .into_iter()
        .enumerate()
    {
        let id = repository(&mut *tx, &format!("a/r{n}")).await;
        let mut row = tx.repository(id).await.unwrap().unwrap();
        row.poll_seconds = Some(5);
        row.polled_at = polled.map(Timestamp);
        tx.update_repository(&row).await.unwrap();
        ids.push(id);
    }
    repository(&mut *tx, "a/unpolled").await;
    let due = tx.repositories_to_poll(Timestamp(10_000), 9).await.unwrap();
    let due: Vec<_> = due.iter().map(|r| r.id).collect();
    assert_eq!(due, [ids[2], ids[1], ids[0]]);
    assert_eq!(
        tx.repositories_to_poll(Timestamp(10_000), 1)
            .await
            .unwrap()
            .len(),
        1
    );
    tx.commit().await.unwrap();
}

pub async fn variables(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/b").await;
    let other = repository(&mut *tx, "a/c").await;
    let z = tx.put_env_var(id, "Z", b"1", false, None).await.unwrap();
    let on_main = tx
        .put_env_var(id, "Z", b"2", false, Some("main"))
        .await
        .unwrap();
    let a = tx.put_env_var(id, "A", b"3", true, None).await.unwrap();
    assert_eq!(tx.put_env_var(id, "Z", b"4", true, None).await.unwrap(), z);
    let list = tx.env_vars(id).await.unwrap();
    assert_eq!(
        list.iter().map(|v| v.id).collect::<Vec<_>>(),
        [a, z, on_main]
    );
    assert_eq!(
        (list[1].value.as_slice(), list[1].public),
        (b"4".as_slice(), true)
    );
    assert!(matches!(
        tx.delete_env_var(other, z).await,
        Err(StoreError::NotFound(_))
    ));
    let mut moved = list[2].clone();
    moved.branch = None;
    assert!(matches!(
        tx.update_env_var(&moved).await,
        Err(StoreError::Exists(_))
    ));
    moved.name = "Y".to_owned();
    moved.value = b"5".to_vec();
    moved.public = true;
    tx.update_env_var(&moved).await.unwrap();
    assert_eq!(tx.env_vars(id).await.unwrap()[1], moved);
    moved.repository_id = other;
    assert!(matches!(
        tx.update_env_var(&moved).await,
        Err(StoreError::NotFound(_))
    ));
    tx.delete_env_var(id, z).await.unwrap();
    assert_eq!(tx.env_vars(id).await.unwrap().len(), 2);
    tx.commit().await.unwrap();
}

fn key_of(repository_id: RepositoryId, public_key: &[u8]) -> RepositoryKey {
    RepositoryKey {
        repository_id,
        public_key: public_key.to_vec(),
        private_key: b"sealed".to_vec(),
        created_at: Timestamp(7),
    }
}

pub async fn keys_are_made_once(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/b").await;
    assert_eq!(tx.repository_key(id).await.unwrap(), None);
    let first = key_of(id, b"one");
    assert_eq!(tx.put_repository_key(&first).await.unwrap(), first);
    assert_eq!(
        tx.put_repository_key(&key_of(id, b"two")).await.unwrap(),
        first
    );
    tx.commit().await.unwrap();
    let mut reader = store.reader().await.unwrap();
    assert_eq!(reader.repository_key(id).await.unwrap(), Some(first));
}

pub async fn requests_once_per_delivery(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let (a, b) = (
        repository(&mut *tx, "a/a").await,
        repository(&mut *tx, "a/b").await,
    );
    let (one, new) = tx.insert_request(&new_request(a, Some("d"))).await.unwrap();
    assert!(new);
    assert_eq!(
        tx.insert_request(&new_request(a, Some("d"))).await.unwrap(),
        (one, false)
    );
    assert!(
        tx.insert_request(&new_request(b, Some("d")))
            .await
            .unwrap()
            .1
    );
    let (two, new) = tx.insert_request(&new_request(a, None)).await.unwrap();
    assert!(new && tx.insert_request(&new_request(a, None)).await.unwrap().1);
    let listing = tx
        .requests(
            a,
            Page {
                offset: 1,
                limit: 2,
            },
        )
        .await
        .unwrap();
    assert_eq!(
        listing.items.iter().map(|r| r.id).collect::<Vec<_>>(),
        [two, one]
    );
    assert_eq!(listing.count, 3);
    assert_eq!(tx.pending_requests(2).await.unwrap()[0].id, one);
    let mut change = RequestChange {
        id: one,
        state: RequestState::Rejected,
        reason: Some("no config".into()),
        branch: None,
        sha: Some("ff".into()),
    };
    tx.settle_request(&change).await.unwrap();
    let row = tx.request(one).await.unwrap().unwrap();
    assert_eq!(
        (row.state, row.reason.as_deref()),
        (RequestState::Rejected, Some("no config"))
    );
    assert_eq!(
        (row.branch.as_deref(), row.sha.as_deref()),
        (Some("main"), Some("ff"))
    );
    assert!(matches!(
        tx.settle_request(&change).await,
        Err(StoreError::Conflict(_))
    ));
    change.id = RequestId(999);
    assert!(matches!(
        tx.settle_request(&change).await,
        Err(StoreError::NotFound(_))
    ));
    tx.commit().await.unwrap();
}

pub async fn commits_and_branches(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    let one = tx.put_commit(&new_commit(id, "1")).await.unwrap();
    let two = tx.put_commit(&new_commit(id, "2")).await.unwrap();
    assert_eq!(tx.put_commit(&new_commit(id, "1")).await.unwrap(), one);
    let list = tx.commits(&[two, CommitId(999), one]).await.unwrap();
    assert_eq!(list.iter().map(|c| c.id).collect::<Vec<_>>(), [two, one]);
    assert_eq!(list[0].message, "change\n\nlong ✓");

    tx.put_branch(id, "quiet", None, Some("aa")).await.unwrap();
    let old = build(&mut *tx, id, "old").await;
    let main = build(&mut *tx, id, "main").await;
    tx.put_branch(id, "main", None, Some("bb")).await.unwrap();
    let branch = tx.branch(id, "main").await.unwrap().unwrap();
    assert_eq!(
        (branch.last_build_id, branch.head_sha.as_deref()),
        (Some(main.id), Some("bb"))
    );
    let listing = tx.branches(id, ALL).await.unwrap();
    let names: Vec<_> = listing.items.iter().map(|b| b.name.as_str()).collect();
    assert_eq!((names, listing.count), (vec!["main", "old", "quiet"], 3));
    assert_eq!(listing.items[1].last_build_id, Some(old.id));
    assert_eq!(tx.branch(id, "Main").await.unwrap(), None);

    tx.mark_branch(id, "main", true).await.unwrap();
    tx.mark_branch(id, "quiet", true).await.unwrap();
    tx.mark_branch(id, "quiet", false).await.unwrap();
    tx.mark_branch(id, "unknown", true).await.unwrap();
    assert!(tx.branch(id, "main").await.unwrap().unwrap().gone);
    assert!(!tx.branch(id, "quiet").await.unwrap().unwrap().gone);
    assert_eq!(tx.branch(id, "unknown").await.unwrap(), None);
    tx.put_branch(id, "main", None, Some("cc")).await.unwrap();
    assert!(!tx.branch(id, "main").await.unwrap().unwrap().gone);
    tx.commit().await.unwrap();
}

pub async fn removal_leaves_nothing(database: &dyn Database) {
    let store = database.open().await;
    let mut before = Vec::new();
    let mut doomed = None;
    for slug in ["a/kept", "a/doomed"] {
        for table in OWNED {
            before.push(database.rows(table).await);
        }
        let mut tx = store.begin().await.unwrap();
        let id = repository(&mut *tx, slug).await;
        let key = build(&mut *tx, id, "main").await;
        tx.put_env_var(id, "A", b"1", true, None).await.unwrap();
        tx.put_repository_key(&key_of(id, b"public")).await.unwrap();
        let owner = user(&mut *tx, &slug.replace('/', "-")).await;
        tx.put_right(owner, id, Some(Level::Read), Timestamp(1))
            .await
            .unwrap();
        tx.put_cache(&new_cache(id, "main", slug, 1)).await.unwrap();
        tx.put_cron(&new_cron(id, "main", 1)).await.unwrap();
        tx.put_ssh_key(&new_ssh_key(id, 1)).await.unwrap();
        tx.put_star(owner, id, true).await.unwrap();
        tx.put_contributor(id, "7", Timestamp(1)).await.unwrap();
        tx.insert_approval(id, 5, "aa", owner, false, Timestamp(1))
            .await
            .unwrap();
        let worker = tx.insert_worker(&new_worker(owner, "w")).await.unwrap().id;
        let job = tx.jobs(&[key.id]).await.unwrap()[1].id;
        let attempt = tx
            .insert_attempt(&new_attempt(job, worker, 50))
            .await
            .unwrap()
            .id;
        tx.put_test_report(&super::results::report(id, key.id, job, attempt))
            .await
            .unwrap();
        tx.put_artifact(&super::results::new_artifact(id, attempt))
            .await
            .unwrap();
        super::stats::end_build(&mut *tx, key.id, travis_model::JobState::Passed, 1, 2).await;
        tx.commit().await.unwrap();
        doomed = Some((id, attempt));
    }
    let (id, attempt) = doomed.unwrap();
    let mut tx = store.begin().await.unwrap();
    assert_eq!(tx.delete_repository(id).await.unwrap(), [attempt]);
    assert!(matches!(
        tx.delete_repository(id).await,
        Err(StoreError::NotFound(_))
    ));
    tx.commit().await.unwrap();
    for (table, rows) in OWNED.into_iter().zip(before.split_off(OWNED.len())) {
        assert_eq!(database.rows(table).await, rows, "rows of {table} stayed");
    }
}

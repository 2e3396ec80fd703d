use super::{
    ALL, Database, build, forge, hosted, new_pull, new_repository, new_request, repository, user,
};
use crate::{BuildFilter, RepositoryFilter, RequestChange, SeenBy, StoreError, Tx};
use travis_model::{BuildId, Level, RepositoryId, RequestId, RequestState, Timestamp};

async fn listed(tx: &mut dyn Tx, filter: RepositoryFilter) -> Vec<RepositoryId> {
    let listing = tx.repositories(&filter, ALL).await.unwrap();
    assert_eq!(listing.count, listing.items.len() as u64);
    let mut ids: Vec<_> = listing.items.iter().map(|r| r.id).collect();
    ids.sort_unstable();
    ids
}

async fn built(tx: &mut dyn Tx, filter: BuildFilter) -> Vec<BuildId> {
    let listing = tx.builds(&filter, ALL).await.unwrap();
    assert_eq!(listing.count, listing.items.len() as u64);
    let mut ids: Vec<_> = listing.items.iter().map(|b| b.id).collect();
    ids.sort_unstable();
    ids
}

pub async fn who_sees_what(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let tx = &mut *tx;
    let hub = forge(tx, "hub").await;
    let (a, b) = (user(tx, "a").await, user(tx, "b").await);
    let plain = repository(tx, "git/plain").await;
    let mut new = new_repository("git/asleep");
    new.active = false;
    let asleep = tx.insert_repository(&new).await.unwrap();
    let open = tx.put_hosted(&hosted(hub, "1", "h/open")).await.unwrap();
    let idle = tx.put_hosted(&hosted(hub, "2", "h/idle")).await.unwrap();
    let mut new = hosted(hub, "3", "h/hidden");
    new.private = true;
    let hidden = tx.put_hosted(&new).await.unwrap();
    new = hosted(hub, "4", "h/gone");
    let gone = tx.put_hosted(&new).await.unwrap();
    for id in [open, hidden, gone] {
        let mut row = tx.repository(id).await.unwrap().unwrap();
        row.active = true;
        if id == gone {
            row.hosting.as_mut().unwrap().gone_at = Some(Timestamp(3));
        }
        tx.update_repository(&row).await.unwrap();
    }
    for id in [idle, hidden, gone] {
        tx.put_right(a, id, Some(Level::Read), Timestamp(5))
            .await
            .unwrap();
    }
    tx.put_star(b, hidden, true).await.unwrap();
    tx.put_star(b, open, true).await.unwrap();

    let by = |seen_by| RepositoryFilter {
        seen_by,
        ..Default::default()
    };
    let everybody = [plain, asleep, open];
    assert_eq!(listed(tx, by(SeenBy::Everybody)).await, everybody);
    assert_eq!(listed(tx, by(SeenBy::User(b))).await, everybody);
    let mine = [plain, asleep, open, idle, hidden];
    assert_eq!(listed(tx, by(SeenBy::User(a))).await, mine);
    assert_eq!(listed(tx, by(SeenBy::Operator)).await, mine);
    // No filter shows more than whose eyes may see.
    let starred = |seen_by| RepositoryFilter {
        starred_by: Some(b),
        ..by(seen_by)
    };
    assert_eq!(listed(tx, starred(SeenBy::User(b))).await, [open]);
    assert_eq!(listed(tx, starred(SeenBy::User(a))).await, [open, hidden]);
    let member = |seen_by| RepositoryFilter {
        member: Some(a),
        ..by(seen_by)
    };
    assert_eq!(listed(tx, member(SeenBy::User(a))).await, [idle, hidden]);
    assert_eq!(listed(tx, member(SeenBy::User(b))).await, []);
    let search = |seen_by| RepositoryFilter {
        search: Some("hidden".into()),
        ..by(seen_by)
    };
    assert_eq!(listed(tx, search(SeenBy::Everybody)).await, []);
    assert_eq!(listed(tx, search(SeenBy::User(a))).await, [hidden]);
    // By its address it is still found.
    assert!(tx.repository(gone).await.unwrap().is_some());

    let shown = build(tx, open, "main").await.id;
    let secret = build(tx, hidden, "main").await.id;
    for branch in [None, Some("main")] {
        let by = |seen_by, repository| BuildFilter {
            seen_by,
            repository,
            branch: branch.map(str::to_owned),
            ..Default::default()
        };
        let all = [shown, secret];
        assert_eq!(built(tx, by(SeenBy::Everybody, None)).await, [shown]);
        assert_eq!(built(tx, by(SeenBy::User(b), None)).await, [shown]);
        assert_eq!(built(tx, by(SeenBy::User(a), None)).await, all);
        assert_eq!(built(tx, by(SeenBy::Operator, None)).await, all);
        let of_hidden = Some(hidden);
        assert_eq!(built(tx, by(SeenBy::User(b), of_hidden)).await, []);
        assert_eq!(built(tx, by(SeenBy::User(a), of_hidden)).await, [secret]);
    }
    tx.put_right(a, hidden, None, Timestamp(6)).await.unwrap();
    assert_eq!(listed(tx, search(SeenBy::User(a))).await, []);
    let mine = BuildFilter {
        seen_by: SeenBy::User(a),
        ..Default::default()
    };
    assert_eq!(built(tx, mine).await, [shown]);
}

pub async fn rights_are_confirmed_and_doubted(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let hub = forge(&mut *tx, "hub").await;
    let lab = forge(&mut *tx, "lab").await;
    let (a, b) = (user(&mut *tx, "a").await, user(&mut *tx, "b").await);
    let c = user(&mut *tx, "c").await;
    let one = tx.put_hosted(&hosted(hub, "1", "h/one")).await.unwrap();
    let two = tx.put_hosted(&hosted(hub, "2", "h/two")).await.unwrap();
    let far = tx.put_hosted(&hosted(lab, "1", "l/far")).await.unwrap();
    let plain = repository(&mut *tx, "git/plain").await;
    for (who, what, level, at) in [
        (a, one, Level::Read, 10),
        (a, one, Level::Write, 20),
        (a, two, Level::Read, 10),
        (a, far, Level::Admin, 10),
        (a, plain, Level::Admin, 10),
        (b, one, Level::Admin, 10),
        (c, one, Level::Read, 10),
    ] {
        tx.put_right(who, what, Some(level), Timestamp(at))
            .await
            .unwrap();
    }
    let right = tx.right(a, one).await.unwrap().unwrap();
    assert_eq!(
        (right.level, right.checked_at),
        (Level::Write, Timestamp(20))
    );
    assert_eq!(tx.right(b, two).await.unwrap(), None);
    let on: Vec<_> = tx.rights_on(one).await.unwrap();
    let on: Vec<_> = on.iter().map(|r| (r.user_id, r.level)).collect();
    assert_eq!(on, [(b, Level::Admin), (a, Level::Write), (c, Level::Read)]);
    // Only what was not confirmed, only on this forge.
    assert_eq!(tx.drop_rights(a, hub, Timestamp(20)).await.unwrap(), 1);
    let left: Vec<_> = tx.rights(a).await.unwrap();
    let left: Vec<_> = left.iter().map(|r| r.repository_id).collect();
    assert_eq!(left, [one, far, plain]);

    tx.doubt_rights(Some(a), Some(one)).await.unwrap();
    let checked =
        async |tx: &mut dyn Tx, who, what| tx.right(who, what).await.unwrap().unwrap().checked_at.0;
    assert_eq!(checked(&mut *tx, a, one).await, 0);
    assert_eq!(checked(&mut *tx, a, far).await, 10);
    assert_eq!(checked(&mut *tx, b, one).await, 10);
    tx.doubt_rights(Some(a), None).await.unwrap();
    assert_eq!(checked(&mut *tx, a, far).await, 0);
    assert_eq!(checked(&mut *tx, b, one).await, 10);
    tx.doubt_rights(None, Some(one)).await.unwrap();
    assert_eq!(checked(&mut *tx, b, one).await, 0);
    // A doubted right holds until it is confirmed or dropped.
    tx.put_right(b, one, Some(Level::Read), Timestamp(40))
        .await
        .unwrap();
    assert_eq!(tx.drop_rights(b, hub, Timestamp(40)).await.unwrap(), 0);
    assert_eq!(tx.drop_rights(c, hub, Timestamp(1)).await.unwrap(), 1);

    for _ in 0..2 {
        tx.put_star(a, two, true).await.unwrap();
        tx.put_star(a, one, true).await.unwrap();
    }
    assert_eq!(tx.stars(a).await.unwrap(), [one, two]);
    tx.put_star(a, one, false).await.unwrap();
    tx.put_star(a, one, false).await.unwrap();
    assert_eq!(tx.stars(a).await.unwrap(), [two]);
    assert_eq!(tx.stars(b).await.unwrap(), []);
    tx.commit().await.unwrap();
}

pub async fn approvals(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let a = user(&mut *tx, "a").await;
    let id = repository(&mut *tx, "a/a").await;
    let other = repository(&mut *tx, "a/b").await;
    let one = tx
        .insert_approval(id, 5, "aa", a, false, Timestamp(1))
        .await
        .unwrap();
    let two = tx
        .insert_approval(id, 5, "bb", a, true, Timestamp(2))
        .await
        .unwrap();
    for (repository, number) in [(id, 6), (other, 5)] {
        tx.insert_approval(repository, number, "aa", a, false, Timestamp(3))
            .await
            .unwrap();
    }
    let list = tx.approvals(id, 5).await.unwrap();
    let ids: Vec<_> = list.iter().map(|x| (x.id, x.secrets)).collect();
    assert_eq!(ids, [(one, false), (two, true)]);
    assert_eq!(
        (
            list[1].head_sha.as_str(),
            list[1].user_id,
            list[1].created_at
        ),
        ("bb", a, Timestamp(2))
    );
    let revoked = tx.revoke_approvals(id, 5, Timestamp(4)).await.unwrap();
    assert_eq!(revoked, 2);
    let revoked = tx.revoke_approvals(id, 5, Timestamp(5)).await.unwrap();
    assert_eq!(revoked, 0);
    assert_eq!(tx.approvals(id, 5).await.unwrap(), []);
    assert_eq!(tx.approvals(id, 6).await.unwrap().len(), 1);
    assert_eq!(tx.approvals(other, 5).await.unwrap().len(), 1);

    assert!(!tx.has_contributed(id, "7").await.unwrap());
    tx.put_contributor(id, "7", Timestamp(1)).await.unwrap();
    tx.put_contributor(id, "7", Timestamp(2)).await.unwrap();
    assert!(tx.has_contributed(id, "7").await.unwrap());
    assert!(!tx.has_contributed(other, "7").await.unwrap());
    tx.commit().await.unwrap();
}

pub async fn requests_wait_for_a_word(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let id = repository(&mut *tx, "a/a").await;
    let mut new = new_request(id, None);
    new.event_type = "pull_request".into();
    new.sha = Some("merge".into());
    new.pull_request = Some(new_pull(5, "head"));
    new.sender = new.pull_request.as_ref().map(|pull| travis_model::Sender {
        remote_id: pull.author_id.clone(),
        login: "✓".into(),
        avatar_url: None,
    });
    new.before_sha = Some("before".into());
    new.compare_url = Some("https://git.example/compare".into());
    new.delivery_id = Some(travis_model::DeliveryId(3));
    new.held = true;
    let held = tx.insert_request(&new).await.unwrap().0;
    let row = tx.request(held).await.unwrap().unwrap();
    assert_eq!(row.pull_request, new.pull_request);
    assert_eq!(row.sender, new.sender);
    assert_eq!(
        (row.before_sha, row.compare_url, row.delivery_id),
        (
            new.before_sha.clone(),
            new.compare_url.clone(),
            new.delivery_id
        )
    );
    assert_eq!(row.held_at, Some(new.at));
    let free = tx.insert_request(&new_request(id, None)).await.unwrap().0;
    let pending = async |tx: &mut dyn Tx| {
        let list = tx.pending_requests(9).await.unwrap();
        list.iter().map(|r| r.id).collect::<Vec<_>>()
    };
    assert_eq!(pending(&mut *tx).await, [free]);
    tx.hold_request(held, None).await.unwrap();
    assert_eq!(pending(&mut *tx).await, [held, free]);
    tx.hold_request(free, Some(Timestamp(8))).await.unwrap();
    assert_eq!(pending(&mut *tx).await, [held]);
    tx.settle_request(&RequestChange {
        id: held,
        state: RequestState::Rejected,
        reason: None,
        branch: None,
        sha: None,
    })
    .await
    .unwrap();
    assert!(matches!(
        tx.hold_request(held, None).await,
        Err(StoreError::Conflict(_))
    ));
    assert!(matches!(
        tx.hold_request(RequestId(999), None).await,
        Err(StoreError::NotFound(_))
    ));

    new.pull_request = Some(new_pull(6, "head"));
    let newer = tx.insert_request(&new).await.unwrap().0;
    let mut push = new_request(id, None);
    push.sha = Some("head".into());
    let push = tx.insert_request(&push).await.unwrap().0;
    let ids = |list: Vec<travis_model::Request>| list.iter().map(|r| r.id).collect::<Vec<_>>();
    assert_eq!(ids(tx.requests_of_pull(id, 5, 9).await.unwrap()), [held]);
    assert_eq!(ids(tx.requests_of_pull(id, 7, 9).await.unwrap()), []);
    let of_head = ids(tx.requests_for_commit(id, "head", 9).await.unwrap());
    assert_eq!(of_head, [push, newer, held]);
    let of_head = ids(tx.requests_for_commit(id, "head", 1).await.unwrap());
    assert_eq!(of_head, [push]);
    let of_merge = tx.requests_for_commit(id, "merge", 9).await.unwrap();
    assert_eq!(of_merge, []);
    tx.commit().await.unwrap();
}

use super::{Database, build, new_attempt, new_worker, repository, user};
use crate::{
    NewEnrolment, Page, PlatformLoad, SeenBy, StoreError, Tx, WorkDone, WorkEnd, WorkerNow,
    WorkerTally, WorkerWish,
};
use serde_json::json;
use travis_model::{AttemptId, EnrolmentId, JobState, RepositoryId, Timestamp, UserId, WorkerId};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

pub(super) fn new_enrolment(user_id: UserId, hash: &[u8], at: i64, end: i64) -> NewEnrolment {
    NewEnrolment {
        user_id,
        token_hash: hash.to_vec(),
        way: "image".into(),
        name: Some("attic".into()),
        lending: Some(json!({"slots": 2})),
        at: Timestamp(at),
        expires_at: Timestamp(end),
    }
}

pub async fn enrolments(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let tx = &mut *tx;
    let (a, b) = (user(tx, "a").await, user(tx, "b").await);
    let add = async |tx: &mut dyn Tx, hash: &[u8], at| {
        let new = new_enrolment(a, hash, at, 10);
        tx.insert_enrolment(&new).await.unwrap()
    };
    let one = add(tx, b"1", 1).await;
    let two = add(tx, b"2", 2).await;
    let three = add(tx, b"3", 3).await;
    assert_eq!(tx.take_enrolment(b"x", Timestamp(9)).await.unwrap(), None);
    assert_eq!(tx.take_enrolment(b"1", Timestamp(10)).await.unwrap(), None);
    // What waits may be changed, and the machine comes with what was said last.
    let mut wish = tx.enrolment(one).await.unwrap().unwrap();
    wish.lending = Some(json!({"slots": 3}));
    assert!(!tx.change_enrolment(&wish, Timestamp(10)).await.unwrap());
    assert!(tx.change_enrolment(&wish, Timestamp(9)).await.unwrap());
    wish.lending = Some(json!({"slots": 4}));
    wish.name = Some("shed".to_owned());
    wish.way = "image".to_owned();
    assert!(tx.change_enrolment(&wish, Timestamp(9)).await.unwrap());
    let taken = tx.take_enrolment(b"1", Timestamp(9)).await.unwrap();
    let taken = taken.unwrap();
    assert_eq!((taken.id, taken.user_id), (one, a));
    assert_eq!(taken.used_at, Some(Timestamp(9)));
    assert_eq!(taken.lending, Some(json!({"slots": 4})));
    assert_eq!(taken.name.as_deref(), Some("shed"));
    assert!(!tx.change_enrolment(&wish, Timestamp(9)).await.unwrap());
    // Once alone.
    assert_eq!(tx.take_enrolment(b"1", Timestamp(9)).await.unwrap(), None);
    let worker = tx.insert_worker(&new_worker(a, "w")).await.unwrap().id;
    tx.note_enrolled(one, worker).await.unwrap();
    let row = tx.enrolment(one).await.unwrap().unwrap();
    assert_eq!((row.worker_id, row.way.as_str()), (Some(worker), "image"));

    // Only whoever made it makes it worthless, and only while it is not used.
    for (user, id) in [(b, two), (a, one), (a, EnrolmentId(999))] {
        let refused = tx.revoke_enrolment(user, id, Timestamp(5)).await;
        assert!(matches!(refused, Err(StoreError::NotFound(_))));
    }
    tx.revoke_enrolment(a, two, Timestamp(5)).await.unwrap();
    let revoked = tx.enrolment(two).await.unwrap().unwrap();
    assert!(!tx.change_enrolment(&revoked, Timestamp(6)).await.unwrap());
    assert_eq!(tx.take_enrolment(b"2", Timestamp(6)).await.unwrap(), None);

    let ids = async |tx: &mut dyn Tx, user, since| {
        let list = tx.enrolments(user, Timestamp(since), 10).await.unwrap();
        list.iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(tx, a, 0).await, [three, two, one]);
    assert_eq!(ids(tx, a, 2).await, [three, two]);
    assert_eq!(ids(tx, b, 0).await, []);
    // What became of a token is known for a day after its end.
    assert_eq!(tx.sweep_expired(Timestamp(10 + DAY)).await.unwrap(), 0);
    assert_eq!(tx.sweep_expired(Timestamp(11 + DAY)).await.unwrap(), 3);
}

pub async fn workers_speak_of_themselves(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let tx = &mut *tx;
    let a = user(tx, "a").await;
    let one = tx.insert_worker(&new_worker(a, "w")).await.unwrap().id;
    let two = tx.insert_worker(&new_worker(a, "x")).await.unwrap().id;
    let mut now = WorkerNow {
        worker_id: one,
        online_since: Timestamp(5),
        slots: 2,
        presence: Some(json!({"state": "lending"})),
        presence_since: Some(Timestamp(4)),
        usage: None,
        lending: Some(json!({"cores_percent": 50})),
        frozen: vec![AttemptId(3), AttemptId(9)],
        network: Some("192.0.2.0/24".into()),
    };
    tx.put_worker_now(&now).await.unwrap();
    assert_eq!(
        tx.workers_now(&[two, one]).await.unwrap(),
        std::slice::from_ref(&now)
    );
    (now.frozen, now.presence, now.slots) = (Vec::new(), None, 0);
    tx.put_worker_now(&now).await.unwrap();
    assert_eq!(tx.workers_now(&[one]).await.unwrap(), [now]);

    let mut wish = WorkerWish {
        worker_id: two,
        lending: json!({}),
        updated_at: Timestamp(1),
    };
    tx.put_worker_wish(&wish).await.unwrap();
    (wish.lending, wish.updated_at) = (json!({"slots": 1}), Timestamp(2));
    tx.put_worker_wish(&wish).await.unwrap();
    assert_eq!(tx.worker_wishes(&[one, two]).await.unwrap(), [wish]);
}

fn work(worker_id: WorkerId, home: RepositoryId, began: i64, ended: i64) -> WorkDone {
    WorkDone {
        worker_id,
        os: "linux".into(),
        arch: "amd64".into(),
        repository_id: Some(home),
        began: Timestamp(began),
        ended: Timestamp(ended),
        end: WorkEnd::Finished,
        core_ms: 2 * (ended - began),
    }
}

pub async fn work_is_added_up(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let tx = &mut *tx;
    let a = user(tx, "a").await;
    let one = tx.insert_worker(&new_worker(a, "w")).await.unwrap().id;
    let two = tx.insert_worker(&new_worker(a, "x")).await.unwrap().id;
    let home = repository(tx, "a/a").await;
    let other = repository(tx, "a/b").await;
    // Over midnight, and over the border of a half hour.
    let late = 40 * DAY - HOUR / 4;
    tx.note_work(&work(one, home, late, late + HOUR / 2))
        .await
        .unwrap();
    tx.note_work(&work(one, other, DAY, DAY + 10))
        .await
        .unwrap();
    for end in [WorkEnd::Yielded, WorkEnd::Broken] {
        let ended = WorkDone {
            end,
            core_ms: 0,
            ..work(one, other, late, late + 1)
        };
        tx.note_work(&ended).await.unwrap();
    }
    // A repository that is gone by now.
    tx.note_work(&work(one, RepositoryId(999), late, late))
        .await
        .unwrap();
    tx.credit_work(one, Timestamp(late), 500).await.unwrap();
    tx.note_freeze(one, 400).await.unwrap();
    tx.note_freeze(one, 800).await.unwrap();
    let since = Timestamp(30 * DAY);
    let tallies = tx.worker_tallies(&[two, one], since).await.unwrap();
    assert_eq!(tallies[0], WorkerTally::default());
    assert_eq!(
        tallies[1],
        WorkerTally {
            jobs: 3,
            core_ms: u64::try_from(HOUR).unwrap() + 20 + 500,
            yields: 1,
            freeze_ms: Some(500),
            recent_jobs: 2,
            recent_kept: 3,
            recent_broken: 1,
            recent_repositories: 1,
        }
    );
    let hours = tx.worker_hours(one, since).await.unwrap();
    let hours: Vec<(i64, i64)> = hours.iter().map(|hour| (hour.hour, hour.busy_ms)).collect();
    assert_eq!(hours, [(40 * 24 - 1, HOUR / 4 + 2), (40 * 24, HOUR / 4)]);
    assert_eq!(
        tx.platform_load(since).await.unwrap(),
        [
            PlatformLoad {
                os: "linux".into(),
                arch: "amd64".into(),
                period: 2 * 40 * 24 - 1,
                busy_ms: HOUR / 4 + 2,
            },
            PlatformLoad {
                os: "linux".into(),
                arch: "amd64".into(),
                period: 2 * 40 * 24,
                busy_ms: HOUR / 4,
            }
        ]
    );
    let sum = tx.core_ms_since(since).await.unwrap();
    assert_eq!(sum, u64::try_from(HOUR).unwrap() + 500);
    // What a removed worker did stays its owner's.
    tx.remove_worker(one).await.unwrap();
    let ledger = tx.owner_ledger(a).await.unwrap();
    assert_eq!((ledger.since, ledger.jobs), (Some(Timestamp(4)), 3));
    assert_eq!(ledger.repositories, 2);
    let days: Vec<(i64, u64)> = ledger.days.iter().map(|day| (day.0, day.1)).collect();
    assert_eq!(days, [(40, 1), (39, 1), (1, 1)]);
    let nobody = tx.owner_ledger(UserId(999)).await.unwrap();
    assert_eq!(nobody, crate::OwnerLedger::default());
    // Hours are kept for as long as they are shown.
    tx.sweep_expired(Timestamp(60 * DAY)).await.unwrap();
    assert_eq!(tx.worker_hours(one, Timestamp(0)).await.unwrap(), []);
    assert_eq!(tx.platform_load(Timestamp(0)).await.unwrap(), []);
    assert_eq!(tx.owner_ledger(a).await.unwrap(), ledger);
}

pub async fn histories_and_queues(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let tx = &mut *tx;
    let a = user(tx, "a").await;
    let worker = tx.insert_worker(&new_worker(a, "w")).await.unwrap().id;
    let open = repository(tx, "a/open").await;
    let closed = repository(tx, "a/closed").await;
    let mut row = tx.repository(closed).await.unwrap().unwrap();
    row.private = true;
    tx.update_repository(&row).await.unwrap();
    let mut first = Vec::new();
    for home in [open, closed] {
        let key = build(tx, home, "main").await;
        let jobs = tx.jobs(&[key.id]).await.unwrap();
        for (at, mut job) in jobs.into_iter().enumerate() {
            let attempt = tx
                .insert_attempt(&new_attempt(job.id, worker, 100))
                .await
                .unwrap();
            job.queued_at = Some(Timestamp(30 + home.get()));
            job.state = JobState::Queued;
            if at == 2 {
                job.state = JobState::Received;
                job.received_at = Some(Timestamp(45 + home.get()));
            }
            job.attempt_id = Some(attempt.id);
            tx.save_job(&job).await.unwrap();
            if at == 0 {
                first.push(job.id);
            }
        }
    }
    let page = Page {
        offset: 1,
        limit: 2,
    };
    let all = tx.attempts_of_worker(worker, SeenBy::Operator, page).await;
    let all = all.unwrap();
    assert_eq!((all.count, all.items.len()), (6, 2));
    assert!(all.items[0].id > all.items[1].id);
    for seen_by in [SeenBy::Everybody, SeenBy::User(a)] {
        let seen = tx.attempts_of_worker(worker, seen_by, page).await.unwrap();
        assert_eq!(seen.count, 3);
    }
    let groups = tx.queued_groups(10).await.unwrap();
    let found: Vec<_> = groups
        .iter()
        .map(|group| (group.repository_id, group.jobs, group.since.0, group.first))
        .collect();
    assert_eq!(
        found,
        [
            (open, 2, 30 + open.get(), first[0]),
            (closed, 2, 30 + closed.get(), first[1])
        ]
    );
    assert_eq!(tx.queued_groups(1).await.unwrap().len(), 1);
    let platforms = tx.queued_platforms().await.unwrap();
    assert_eq!(platforms.len(), 1);
    assert_eq!(
        (platforms[0].jobs, platforms[0].since.0),
        (4, 30 + open.get())
    );
    let waits = tx.last_waits("linux", "amd64", 1).await.unwrap();
    assert_eq!(waits, [15]);
    assert!(tx.last_waits("linux", "arm64", 9).await.unwrap().is_empty());
}

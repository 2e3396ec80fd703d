use super::{Database, build, new_build, repository};
use crate::{BuildEnd, EndsWanted, FleetSample, FleetSlice, QueueSlice, Tx};
use travis_model::{BuildId, JobState, RepositoryId, Timestamp};

const DAY: i64 = 86_400_000;

pub(super) async fn end_build(
    tx: &mut dyn Tx,
    id: BuildId,
    state: JobState,
    began: i64,
    ended: i64,
) {
    let mut whole = tx.lock_build(id).await.unwrap().unwrap();
    whole.state = state;
    whole.started_at = Some(Timestamp(began));
    whole.finished_at = state.is_finished().then_some(Timestamp(ended));
    tx.update_build(&whole).await.unwrap();
}

fn wanted(repository: RepositoryId, branch: Option<&str>, since: i64) -> EndsWanted<'_> {
    EndsWanted {
        repository,
        branch,
        since: Timestamp(since),
        limit: 100,
    }
}

pub async fn ends_of_builds_are_kept(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let tx = &mut *tx;
    let home = repository(tx, "a/a").await;
    let other = repository(tx, "a/b").await;
    let one = build(tx, home, "main").await;
    let two = build(tx, home, "side").await;
    let mut pull = new_build(tx, home, "main").await;
    pull.event_type = "pull_request".into();
    let pull = tx.insert_build(&pull).await.unwrap();
    let foreign = build(tx, other, "main").await;
    let ends = async |tx: &mut dyn Tx, wanted| tx.build_ends(wanted).await.unwrap();
    assert_eq!(ends(tx, wanted(home, None, 0)).await, []);

    // A job waits from when it may run until a worker has it.
    let jobs = tx.jobs(&[one.id]).await.unwrap();
    for (mut job, wait) in jobs.into_iter().zip([Some(30), Some(4_000), None]) {
        job.queued_at = Some(Timestamp(100));
        job.received_at = wait.map(|wait| Timestamp(100 + wait));
        tx.save_job(&job).await.unwrap();
    }
    end_build(tx, one.id, JobState::Passed, 150, DAY + 7).await;
    end_build(tx, two.id, JobState::Failed, 150, 200).await;
    end_build(tx, pull.id, JobState::Errored, 160, 3 * DAY).await;
    end_build(tx, foreign.id, JobState::Passed, 160, 170).await;
    let all = ends(tx, wanted(home, None, 0)).await;
    let of = |id: BuildId| all.iter().find(|end| end.id == id).unwrap();
    assert_eq!(
        all.iter().map(|end| end.id).collect::<Vec<_>>(),
        [two.id, one.id, pull.id]
    );
    let mut waits = of(one.id).waits.clone();
    waits.sort_unstable();
    assert_eq!(waits, [30, 4_000]);
    assert_eq!(
        *of(two.id),
        BuildEnd {
            id: two.id,
            number: 2,
            state: JobState::Failed,
            at: Timestamp(200),
            took: Some(50),
            waits: Vec::new(),
        }
    );
    // A branch's are without pull requests, and none is older than asked for.
    let numbers = |ends: Vec<BuildEnd>| ends.iter().map(|end| end.number).collect::<Vec<_>>();
    assert_eq!(numbers(ends(tx, wanted(home, Some("main"), 0)).await), [1]);
    assert_eq!(numbers(ends(tx, wanted(home, None, 201)).await), [1, 3]);
    let newest = EndsWanted {
        limit: 2,
        ..wanted(home, None, 0)
    };
    assert_eq!(numbers(ends(tx, newest).await), [1, 3]);

    // A build that runs again has not ended, and ends anew.
    end_build(tx, one.id, JobState::Started, 4 * DAY, 0).await;
    assert_eq!(numbers(ends(tx, wanted(home, None, 0)).await), [2, 3]);
    end_build(tx, one.id, JobState::Canceled, 4 * DAY, 4 * DAY + 1).await;
    end_build(tx, one.id, JobState::Passed, 4 * DAY, 4 * DAY + 2).await;
    let last = ends(tx, wanted(home, None, 4 * DAY)).await;
    assert_eq!((last.len(), last[0].state), (1, JobState::Passed));
    assert_eq!(last[0].took, Some(2));
}

pub async fn ends_known_before_there_were_charts(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let home = repository(&mut *tx, "a/a").await;
    let one = build(&mut *tx, home, "main").await;
    build(&mut *tx, home, "main").await;
    let mut job = tx.jobs(&[one.id]).await.unwrap().remove(0);
    job.queued_at = Some(Timestamp(100));
    job.received_at = Some(Timestamp(140));
    tx.save_job(&job).await.unwrap();
    end_build(&mut *tx, one.id, JobState::Passed, 150, 190).await;
    let before = tx.build_ends(wanted(home, None, 0)).await.unwrap();
    assert_eq!(
        (before.len(), before[0].waits.as_slice()),
        (1, [40].as_slice())
    );
    tx.commit().await.unwrap();
    drop(store);
    database.migrate(9).await;
    database.migrate(i64::MAX).await;
    let store = database.open().await;
    let mut reader = store.reader().await.unwrap();
    let after = reader
        .build_ends(wanted(home, Some("main"), 0))
        .await
        .unwrap();
    assert_eq!(after, before);
}

fn sample(minute: i64, busy: u32, waiting: &[(&str, u64)]) -> FleetSample {
    FleetSample {
        minute,
        workers: 2,
        slots: 4,
        busy,
        waiting: waiting
            .iter()
            .map(|(os, jobs)| ((*os).to_owned(), "amd64".to_owned(), *jobs))
            .collect(),
    }
}

pub async fn samples_are_taken_once_a_minute(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let tx = &mut *tx;
    for (sample, new) in [
        (sample(100, 1, &[("linux", 3), ("osx", 1)]), true),
        (sample(100, 4, &[("linux", 9)]), false),
        (sample(101, 2, &[]), true),
        (sample(104, 4, &[("linux", 7)]), true),
        (sample(105, 0, &[("linux", 2)]), true),
    ] {
        assert_eq!(tx.put_sample(&sample, Timestamp(0)).await.unwrap(), new);
    }
    let slice = |slice, samples, busy| FleetSlice {
        slice,
        samples,
        workers: samples * 2,
        slots: samples * 4,
        busy,
        core_ms: 0,
    };
    assert_eq!(
        tx.fleet_slices(0, 5).await.unwrap(),
        [slice(20, 3, 7), slice(21, 1, 0)]
    );
    assert_eq!(tx.fleet_slices(105, 1).await.unwrap(), [slice(105, 1, 0)]);
    let queue = |os: &str, slice, waiting, most| QueueSlice {
        os: os.into(),
        arch: "amd64".into(),
        slice,
        waiting,
        most,
    };
    assert_eq!(
        tx.queue_slices(0, 5).await.unwrap(),
        [
            queue("linux", 20, 10, 7),
            queue("linux", 21, 2, 2),
            queue("osx", 20, 1, 1),
        ]
    );
    // What is too old goes with the next one.
    assert!(
        tx.put_sample(&sample(106, 0, &[]), Timestamp(104 * 60_000))
            .await
            .unwrap()
    );
    assert_eq!(tx.fleet_slices(0, 1).await.unwrap().len(), 3);
    assert_eq!(tx.queue_slices(0, 1).await.unwrap().len(), 2);
}

pub async fn waits_are_found_by_platform(database: &dyn Database) {
    let store = database.open().await;
    let mut tx = store.begin().await.unwrap();
    let tx = &mut *tx;
    let home = repository(tx, "a/a").await;
    assert_eq!(tx.platforms_received(Timestamp(0)).await.unwrap(), []);
    let (one, two) = (build(tx, home, "main").await, build(tx, home, "main").await);
    let mut jobs = tx.jobs(&[one.id, two.id]).await.unwrap();
    let platform = (jobs[0].os.clone(), jobs[0].arch.clone());
    for (job, received) in jobs.iter_mut().zip([1_000, 59_000, 61_000, 200_000]) {
        job.queued_at = Some(Timestamp(900));
        job.received_at = Some(Timestamp(received));
        tx.save_job(job).await.unwrap();
    }
    let platforms =
        async |tx: &mut dyn Tx, since| tx.platforms_received(Timestamp(since)).await.unwrap();
    assert_eq!(platforms(tx, 0).await, std::slice::from_ref(&platform));
    assert_eq!(platforms(tx, 200_001).await, []);
    let (os, arch) = &platform;
    let waits = async |tx: &mut dyn Tx, since, minutes, limit| {
        let mut found = tx
            .waits_received(os, arch, Timestamp(since), minutes, limit)
            .await
            .unwrap();
        found
            .iter_mut()
            .for_each(|(_, waits)| waits.sort_unstable());
        found
    };
    assert_eq!(
        waits(tx, 0, 1, 100).await,
        [
            (0, vec![100, 58_100]),
            (1, vec![60_100]),
            (3, vec![199_100])
        ]
    );
    assert_eq!(waits(tx, 60_000, 10, 1).await, [(0, vec![199_100])]);
    let none = tx.waits_received("beos", arch, Timestamp(0), 1, 9).await;
    assert_eq!(none.unwrap(), []);
}
